"""The blueprint report, run by Home Assistant: it sends the right numbers at the right times."""

from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from ..helpers.blueprints import Calls, automate, run_by_hand, sent_messages
from ..helpers.places import add_place
from ..helpers.pusher import SERIAL, Pusher
from ..helpers.reports import ZONE, push_days

# When Sunday is over.
MIDNIGHT: Final = datetime(2026, 11, 1, 23)  # noqa: DTZ001
PHONE: Final = [{"action": "notify.phone", "data": {"title": "{{ title }}", "message": "{{ message }}"}}]


@pytest.fixture
async def shop(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> str:
    """Return the key of a shop, on the last evening of October; clocks were changed on the 25th."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await hass.config.async_update(external_url="https://home.example.com")
    await hass.async_block_till_done()
    noon.move_to("2026-11-01T20:00:00Z")
    # The first day of the counts is a Monday, the last one a Saturday.
    await push_days(pusher, date(2026, 9, 28), tuple(range(1, 35)))
    return await add_place(hass, entry)


type Until = Callable[[int, int], Coroutine[Any, Any, None]]


@pytest.fixture
def until(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> Until:
    """Return a function that lets the hours pass until a local time in November 2026."""

    async def until(day: int, hour: int) -> None:
        end = datetime(2026, 11, day, hour, tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None)
        while noon() < end:
            noon.tick(timedelta(hours=1))
            if noon() == MIDNIGHT:
                # The counts of Sunday.
                await push_days(pusher, date(2026, 11, 1), (35,))
            async_fire_time_changed(hass)
            await hass.async_block_till_done()

    return until


def lines(message: str) -> list[str]:
    """Return the first line of a message, and the last one up to the address."""
    first, *_, last = message.splitlines()
    return [first, last.partition("?")[0]]


async def test_monday_morning(hass: HomeAssistant, shop: str, until: Until, calls: Calls, pusher: Pusher) -> None:
    """Send last week's numbers on Monday morning, after the clocks were changed, with a link to the report."""
    await automate(hass, "report", actions=PHONE, weather="weather.home")
    await until(2, 6)
    assert not calls["notify.phone"]
    await until(2, 8)
    (call,) = calls["notify.phone"]
    assert call.data["title"].replace("\N{EN DASH}", "-").startswith("Shop: week 44, 26")
    message = call.data["message"]
    # 29 to 35, after 22 to 28.
    assert lines(message) == [
        "Visitors: 224, +28% compared with the week before",
        "The whole report: https://home.example.com/api/axis_people_counter/report",
    ]
    path = message.partition("https://home.example.com")[2]
    assert "<strong>224</strong>" in await (await pusher.client.get(path)).text()
    calls["notify.phone"].clear()
    await until(8, 23)
    assert not calls["notify.phone"]
    await until(9, 8)
    (call,) = calls["notify.phone"]
    # Nothing was pushed since.
    assert lines(call.data["message"])[0] == "Visitors: unknown"


@pytest.mark.parametrize(
    ("inputs", "first", "expected"),
    [
        # Sunday evening, the 1st: the day of the week isn't looked at.
        ({"period": "month", "time": "22:00:00"}, 2, ["Visitors: 589"]),
        ({"period": "month", "time": "20:30:00"}, 30, []),
        ({"period": "day", "time": "06:30:00"}, 2, ["Visitors: 35, +3% compared with the day before"]),
        ({"weekday": "sun", "time": "22:00:00"}, 3, ["Visitors: 175, +39% compared with the week before"]),
        ({"weekday": "tue"}, 3, ["Visitors: 224, +28% compared with the week before"]),
        ({"weekday": "fri"}, 3, []),
        ({"language": "de"}, 3, ["Besucher: 224, +28\N{NO-BREAK SPACE}% gegenüber der Woche davor"]),
    ],
)
async def test_times(
    hass: HomeAssistant,
    shop: str,
    until: Until,
    calls: Calls,
    inputs: dict[str, Any],
    first: int,
    expected: list[str],
) -> None:
    """Send a day each day, a week on one day of the week, and a month on its first day."""
    await automate(hass, "report", actions=PHONE, **inputs)
    await until(first, 12)
    assert [lines(message)[0] for message in sent_messages(calls, "notify.phone")] == expected


async def test_notification_of_some_places(
    hass: HomeAssistant, shop: str, entry: MockConfigEntry, calls: Calls
) -> None:
    """Show the report of the chosen places in Home Assistant's notifications, also if it is run by hand."""
    await add_place(hass, entry, (SERIAL,), name="Entrance hall")
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, shop), entry.entry_id)
    assert device
    await automate(hass, "report", places=[device.id], link_text="Open it")
    await run_by_hand(hass)
    (call,) = calls["persistent_notification.create"]
    assert call.data["title"].startswith("Shop: week 43")
    first, *_, last = call.data["message"].splitlines()
    assert first == "**Visitors: 175, +39% compared with the week before**"
    assert last.startswith("[Open it](https://home.example.com/api/axis_people_counter/report?places=")


async def test_all_places(hass: HomeAssistant, shop: str, entry: MockConfigEntry, calls: Calls) -> None:
    """Without chosen places, send a line about each."""
    await add_place(hass, entry, (SERIAL,), name="Entrance hall")
    await automate(hass, "report", actions=PHONE)
    await run_by_hand(hass)
    (message,) = sent_messages(calls, "notify.phone")
    assert message.splitlines()[:2] == [
        "Shop: Visitors: 175, +39% compared with the week before",
        "Entrance hall: Visitors: 175, +39% compared with the week before",
    ]
