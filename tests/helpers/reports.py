"""A shop with weeks of counts, and calls of the action create_report."""

from datetime import UTC, date, datetime, timedelta
import json
from typing import Any, Final
from zoneinfo import ZoneInfo

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import Context, HomeAssistant

from .places import push_two_doors
from .pusher import Document, Pusher, measurement

ZONE: Final = ZoneInfo("Europe/Stockholm")
HOUR: Final = timedelta(hours=1)

type Answer = dict[str, Any]


def hours_of(day: date, visitors: int) -> list[Document]:
    """Return each hour of a day: all come at noon, and leave at two in the afternoon."""
    start, end = (
        datetime.combine(some, datetime.min.time(), ZONE).astimezone(UTC) for some in (day, day + timedelta(days=1))
    )
    found: list[Document] = []
    while start < end:
        hour = start.astimezone(ZONE).hour
        found.append(measurement(start, visitors if hour == 12 else 0, visitors if hour == 14 else 0, minutes=60))
        start += HOUR
    return found


async def push_days(pusher: Pusher, first: date, visitors: tuple[int, ...]) -> None:
    """Push whole days from both doors; nobody uses the back door."""
    days = [first + timedelta(days=number) for number in range(len(visitors))]
    main = [hour for day, count in zip(days, visitors, strict=True) for hour in hours_of(day, count)]
    await push_two_doors(pusher, main=main, back=[hour for day in days for hour in hours_of(day, 0)])


async def report(hass: HomeAssistant, context: Context | None = None, **data: Any) -> Answer:
    """Return the answer of the action, as scripts and the API receive it."""
    answer = await hass.services.async_call(
        DOMAIN, "create_report", data, blocking=True, return_response=True, context=context
    )
    found: Answer = json.loads(json.dumps(answer))
    return found
