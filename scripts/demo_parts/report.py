"""The report of last week in the demo: its link, and whether its numbers are those of the simulated building."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from scripts.demo_parts.place import Place
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError
from tests.helpers.shop import SHOP

MINUTE = timedelta(minutes=1)
type Report = Mapping[str, Any]


async def last_week(home: HomeAssistant, place: Place) -> Report:
    """Let Home Assistant make the report of last week."""
    occupancy = (await home.states())[f"{place.key}_occupancy"]["entity_id"]
    answer = await home.request(
        "POST", f"/api/services/{DOMAIN}/create_report?return_response", {"entity_id": occupancy, "language": "en"}
    )
    report: Report = answer["service_response"]
    return report


async def report_link(home: HomeAssistant, place: Place) -> str:
    """Return the link to the report of last week."""
    return f"{home.url}{(await last_week(home, place))['path']}"


async def report_differences(home: HomeAssistant, place: Place) -> list[str]:
    """Return a sentence for each number of the report that differs from the simulated one."""
    report = await last_week(home, place)
    first = datetime.combine(datetime.fromisoformat(report["first_day"]), time(), place.zone)
    # By the calendar: a week in which clocks are changed is longer or shorter.
    days = [(first + timedelta(days=number)).astimezone(UTC) for number in range(8)]
    visitors = [sum(camera.delivered(start, end).in_ for camera in place.doors) for start, end in pairwise(days)]
    minutes = range((days[-1] - days[0]) // MINUTE)
    (shown,) = report["places"]
    found = {
        "visitors": shown["visitors"],
        "visitors by day": [day["visitors"] for day in shown["days"]],
        "peak": shown["peak"],
        "complete": report["complete"],
    }
    wanted = {
        "visitors": sum(visitors),
        "visitors by day": visitors,
        "peak": max(place.building.inside(SHOP, days[0] + minute * MINUTE) for minute in minutes),
        "complete": True,
    }
    wrong = [
        f"The report of last week: {key} is {found[key]}, but should be {right}"
        for key, right in wanted.items()
        if found[key] != right
    ]
    try:
        page = await home.page(report["path"])
    except HomeAssistantError as error:
        return [*wrong, f"The link to the report of last week: {error}"]
    if f"<strong>{sum(visitors):,}</strong>" not in page:
        wrong.append("The page of the report doesn't show how many visitors came last week")
    return wrong
