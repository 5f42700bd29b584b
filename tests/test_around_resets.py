"""Corrections at the very second of a daily reset, and intervals that contain one."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant

from .helpers.places import BACK, BACK_DOOR, add_place, entity_of
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.recorder_statistics import Row, go_on, rows

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# Midnight in Stockholm.
RESET: Final = datetime(2026, 9, 15, 22, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("recorder_mock")


def occupancy_of(hass: HomeAssistant, key: str) -> str:
    """Return the entity id of the occupancy of a camera or a place."""
    return entity_of(hass, key, "occupancy")


async def correct(hass: HomeAssistant, key: str, value: int) -> None:
    """Set the occupancy."""
    target = {"entity_id": occupancy_of(hass, key)}
    await hass.services.async_call(DOMAIN, "set_occupancy", {"value": value}, blocking=True, target=target)
    await hass.async_block_till_done()


def inside(hass: HomeAssistant, key: str) -> str:
    """Return the state of the occupancy."""
    state = hass.states.get(occupancy_of(hass, key))
    assert state
    return state.state


async def counts(hass: HomeAssistant, key: str, start: datetime, period: str = "hour") -> dict[str, Any]:
    """Return the counts of a camera or a place from get_counts."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "get_counts",
        {"start": start.isoformat(), "period": period},
        blocking=True,
        return_response=True,
        target={"entity_id": occupancy_of(hass, key)},
    )
    found: list[dict[str, Any]] = answer["cameras"] + answer["places"]
    assert len(found) == 1
    return found[0]


async def hour_of(hass: HomeAssistant, key: str, start: datetime) -> Row:
    """Return the statistics of the occupancy in one hour."""
    found = {row["start"]: row for row in await rows(hass, "occupancy", key.lower())}
    return found[start]


async def camera_or_place(hass: HomeAssistant, entry: MockConfigEntry, kind: str, **counting: Any) -> str:
    """Return the key of the camera, or of a place with two doors, one of which is this camera."""
    if kind == "camera":
        return SERIAL
    return await add_place(hass, entry, time_zone="Europe/Stockholm", **counting)


async def push_both(pusher: Pusher, *measurements: Any, **members: Any) -> None:
    """Push from the camera, and from a door where nobody passes."""
    await pusher.push(*measurements, **members)
    nobody = [{**each, "items": None} for each in measurements]
    await pusher.push(*nobody, sensor=BACK_DOOR, **members)


@pytest.mark.parametrize("kind", ["camera", "place"])
async def test_correction_at_a_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, kind: str
) -> None:
    """The correction prevails in the state, in get_counts and in the statistics, until the next reset."""
    freezer.move_to(RESET)
    await push_both(pusher, measurement(RESET - MINUTE, 3))
    key = await camera_or_place(hass, entry, kind)
    await correct(hass, key, 2)
    assert inside(hass, key) == "2"
    freezer.move_to(RESET + 90 * MINUTE)
    await push_both(pusher, *(measurement(RESET + number * MINUTE) for number in range(90)))
    assert inside(hass, key) == "2"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert inside(hass, key) == "2"

    answer = await counts(hass, key, RESET)
    assert [row["occupancy_peak"] for row in answer["rows"]] == [2, 2]
    assert [(each["by"], each["from"], each["to"]) for each in answer["corrections"]] == [
        ("daily_reset", 3, 0),
        ("action", 0, 2),
    ]
    answer = await counts(hass, key, RESET - DAY, "day")
    assert [row["occupancy_peak"] for row in answer["rows"]] == [3, 2]
    await go_on(hass, freezer)
    for hour in (RESET, RESET + HOUR):
        row = await hour_of(hass, key, hour)
        assert (row["min"], row["mean"], row["max"]) == (2, 2, 2)
    # The next reset is after it.
    freezer.move_to(RESET + DAY + 2 * MINUTE)
    await push_both(pusher, measurement(RESET + DAY))
    assert inside(hass, key) == "0"


async def test_two_corrections_at_a_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Both come after the reset, in the order in which they were made."""
    freezer.move_to(RESET)
    await push_both(pusher, measurement(RESET - MINUTE, 3))
    place = await camera_or_place(hass, entry, "place", reset_value=1)
    for key in (SERIAL, place):
        await correct(hass, key, 7)
        await correct(hass, key, 4)
        assert inside(hass, key) == "4"
    freezer.tick(MINUTE)
    for key, reset in ((SERIAL, 0), (place, 1)):
        answer = await counts(hass, key, RESET)
        assert [(each["from"], each["to"]) for each in answer["corrections"]] == [
            (3 + reset, reset),
            (reset, 7),
            (7, 4),
        ]


@pytest.mark.parametrize("kind", ["camera", "place"])
async def test_interval_that_contains_a_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, kind: str
) -> None:
    """Its people may have entered after the reset, so they are inside until the next one, for every start."""
    freezer.move_to(RESET + 12 * HOUR)
    await push_both(
        pusher,
        measurement(RESET - DAY - 5 * MINUTE, 5, minutes=15),
        measurement(RESET - 5 * MINUTE, 7, minutes=15),
        measurement(RESET + 10 * MINUTE),
    )
    key = await camera_or_place(hass, entry, kind)
    assert inside(hass, key) == "7"
    answer = await counts(hass, key, RESET - 12 * HOUR)
    assert [row["occupancy_peak"] for row in answer["rows"]] == [5] * 12 + [7] * 12
    assert [(each["from"], each["to"]) for each in answer["corrections"]] == [(5, 0)]
    # An interval that began earlier covers a part of the row.
    answer = await counts(hass, key, RESET + 5 * MINUTE, "5minute")
    assert [row["complete"] for row in answer["rows"][:3]] == [True, False, False]

    await go_on(hass, freezer)
    later = RESET - 6 * HOUR
    await push_both(pusher, measurement(later, 1))
    await go_on(hass, freezer)
    row = await hour_of(hass, key, later)
    assert (row["min"], row["max"]) == (5, 6)
    row = await hour_of(hass, key, RESET)
    assert (row["min"], row["max"]) == (0, 7)


async def test_first_day_of_a_place_without_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Rows are right if they start within the first day, or within an interval, before there is a checkpoint."""
    morning = datetime(2026, 9, 15, 8, tzinfo=UTC)
    freezer.move_to(morning + 10 * HOUR)
    await push_both(pusher, measurement(morning, 5), measurement(morning + HOUR - 5 * MINUTE, 2, minutes=70))
    key = await add_place(hass, entry, daily_reset=False)
    for start, peaks in ((morning - HOUR, [0, 5, 5, 7]), (morning + HOUR, [5, 7]), (morning + 2 * HOUR, [7, 7])):
        answer = await counts(hass, key, start)
        assert [row["occupancy_peak"] for row in answer["rows"]][: len(peaks)] == peaks
    answer = await counts(hass, key, morning + HOUR)
    assert answer["rows"][0]["complete"] is True
    # The hours from the second one on are written again.
    await go_on(hass, freezer)
    await push_both(pusher, measurement(morning + 3 * HOUR, 1))
    await go_on(hass, freezer)
    found = {row["start"]: (row["min"], row["max"]) for row in await rows(hass, "occupancy", key.lower())}
    assert found == {
        morning: (0, 5),
        morning + HOUR: (5, 5),
        morning + 2 * HOUR: (5, 7),
        morning + 3 * HOUR: (7, 8),
    }


async def test_interval_over_midnight_of_a_place_without_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The running count is stored at each midnight in UTC; the people of an interval around it are added to it once."""
    midnight = datetime(2026, 9, 16, tzinfo=UTC)
    freezer.move_to(midnight + 10 * HOUR)
    around = measurement(midnight - 5 * MINUTE, 7, minutes=15)
    await push_both(pusher, measurement(midnight - 4 * HOUR, 5), around, measurement(midnight + 9 * HOUR))
    key = await add_place(hass, entry, daily_reset=False)
    assert inside(hass, key) == "12"
    for start, peaks in ((-HOUR, [5, 12, 12]), (timedelta(0), [12, 12, 12]), (HOUR, [12, 12, 12])):
        answer = await counts(hass, key, midnight + start)
        assert [row["occupancy_peak"] for row in answer["rows"]][:3] == peaks
    await go_on(hass, freezer)
    # The hours from the second one on are written again.
    await push_both(pusher, measurement(midnight + 2 * HOUR, 1))
    await go_on(hass, freezer)
    found = {row["start"]: (row["min"], row["max"]) for row in await rows(hass, "occupancy", key.lower())}
    assert found[midnight - HOUR] == (5, 5)
    assert found[midnight] == (5, 12)
    assert found[midnight + 2 * HOUR] == (12, 13)


async def test_correction_before_the_first_count(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A place without reset keeps a correction that was made before its camera ever counted."""
    morning = datetime(2026, 9, 15, 6, tzinfo=UTC)
    freezer.move_to(morning)
    await pusher.push(sensor=BACK_DOOR)
    key = await add_place(hass, entry, (BACK,), daily_reset=False)
    await correct(hass, key, 10)
    freezer.move_to(morning + 3 * HOUR)
    await pusher.push(measurement(morning + 2 * HOUR, 1), sensor=BACK_DOOR)
    assert inside(hass, key) == "11"
    answer = await counts(hass, key, morning + 2 * HOUR)
    assert answer["rows"][0]["occupancy_peak"] == 11
    await go_on(hass, freezer)
    row = await hour_of(hass, key, morning + 2 * HOUR)
    assert (row["min"], row["max"]) == (10, 11)


async def test_wide_interval(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Statistics have all hours of a wide interval, also if only the later ones are written again."""
    freezer.move_to(RESET + 12 * HOUR)
    await push_both(pusher, measurement(RESET, 4, minutes=240), measurement(RESET + 6 * HOUR, 1))
    place = await camera_or_place(hass, entry, "place")
    await go_on(hass, freezer)
    for key in (SERIAL, place):
        await correct(hass, key, 3)
    await push_both(pusher, measurement(RESET + 5 * HOUR, 1))
    await go_on(hass, freezer)
    for key in (SERIAL, place):
        known = [row["start"] for row in await rows(hass, "occupancy", key.lower())]
        assert known == [RESET + hour * HOUR for hour in (0, 1, 2, 3, 5, 6)]
