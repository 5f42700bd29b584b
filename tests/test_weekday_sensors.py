"""The sensors of a place that look back: the change since last week, and how many people are usually inside now."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.bare_ledger import counted_steps
from .helpers.clock import move_to, wait
from .helpers.get_counts import HOUR, MINUTE, NOON, hours
from .helpers.places import BACK_DOOR, add_place, both, entity_of, push_two_doors, shown
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.replacing import NEW_SENSOR, break_camera, replace

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
FIVE = timedelta(minutes=5)
# Wednesday in Stockholm.
MIDNIGHT = datetime.fromisoformat("2026-09-15T22:00:00Z")
CHANGE = "compared_to_last_week"
TYPICAL = "typical_now"

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


@pytest.fixture(autouse=True)
async def _zone(hass: HomeAssistant, noon: FrozenDateTimeFactory) -> None:
    """Live in Sweden."""
    await hass.config.async_set_time_zone("Europe/Stockholm")


def attributes(hass: HomeAssistant, key: str, name: str) -> dict[str, Any]:
    """Return the attributes of an entity that are its own."""
    state = hass.states.get(entity_of(hass, key, name))
    assert state
    return {name: value for name, value in state.attributes.items() if name in ("today", "last_week", "days")}


@contextmanager
def written(hass: HomeAssistant, entity_id: str) -> Iterator[list[str]]:
    """Collect the states of an entity that are written from now on."""
    events: list[Event[Any]] = async_capture_events(hass, EVENT_STATE_CHANGED)
    states: list[str] = []
    yield states
    states += [event.data["new_state"].state for event in events if event.data["entity_id"] == entity_id]


async def weeks_of_people(pusher: Pusher, until: datetime = MIDNIGHT) -> None:
    """Push eight weeks: each day, as many people come at ten as the number of the week, and leave at two."""
    for week in range(8, 0, -1):
        day = until - week * WEEK
        entered, exited = [0] * 24, [0] * 24
        entered[10], exited[14] = week, week
        await push_two_doors(pusher, main=hours(day, entered, exited), back=hours(day, [0] * 24))


async def test_change(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Compare the people of all doors up to the time that all doors have reported, today and last week."""
    await push_two_doors(
        pusher,
        main=[*hours(MIDNIGHT - WEEK, [10] * 12), measurement(NOON - WEEK, 500)],
        back=hours(MIDNIGHT - WEEK, [0] * 11 + [5] * 13),
    )
    await push_two_doors(
        pusher, main=hours(MIDNIGHT, [11] * 12), back=[*hours(MIDNIGHT, [1] * 10), *hours(NOON - 2 * HOUR, [0])]
    )
    key = await add_place(hass, entry)
    # The back door has reported until eleven.
    assert attributes(hass, key, CHANGE) == {"today": 131, "last_week": 110}
    assert shown(hass, key, CHANGE) == "19"
    state = hass.states.get(entity_of(hass, key, CHANGE))
    assert state
    assert state.attributes["unit_of_measurement"] == "%"


async def test_fewer_people(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Fewer people are a negative percentage, and nobody is less than somebody."""
    await push_two_doors(pusher, main=hours(MIDNIGHT - WEEK, [10] * 24), back=hours(MIDNIGHT - WEEK, [0] * 24))
    await push_two_doors(pusher, main=hours(MIDNIGHT, [0] * 12), back=hours(MIDNIGHT, [0] * 12))
    key = await add_place(hass, entry)
    assert shown(hass, key, CHANGE) == "-100"


@pytest.mark.parametrize(
    ("last_week", "today"),
    [
        pytest.param([0] * 24, [5] * 12, id="nobody last week"),
        pytest.param([], [5] * 12, id="nothing known of last week"),
        pytest.param([5] * 9, [5] * 12, id="a gap last week"),
        pytest.param([5] * 24, [5] * 9, id="a gap today"),
        pytest.param([5] * 24, [], id="no counts today"),
    ],
)
async def test_nothing_to_compare(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, last_week: list[int], today: list[int]
) -> None:
    """Without all counts of both days, or with nobody last week, the change isn't known."""
    await push_two_doors(pusher, main=hours(MIDNIGHT - WEEK, last_week), back=hours(MIDNIGHT - WEEK, [0] * 24))
    await pusher.push(*hours(MIDNIGHT, [5] * 12), sensor=BACK_DOOR)
    if today:
        await pusher.push(*hours(MIDNIGHT, today), measurement(NOON - MINUTE))
    key = await add_place(hass, entry)
    assert shown(hass, key, CHANGE) == "unknown"


async def test_counts_after_the_time_do_not_matter(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A gap last week in the afternoon matters only in the afternoon."""
    await push_two_doors(pusher, main=hours(MIDNIGHT - WEEK, [5] * 12), back=hours(MIDNIGHT - WEEK, [5] * 24))
    await push_two_doors(pusher, main=hours(MIDNIGHT, [10] * 12), back=hours(MIDNIGHT, [5] * 12))
    key = await add_place(hass, entry)
    assert shown(hass, key, CHANGE) == "50"


async def test_silent_door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """While a door is silent, nobody knows who came in there; when it is back, the change is too."""
    await push_two_doors(pusher, main=hours(MIDNIGHT - WEEK, [5] * 24), back=hours(MIDNIGHT - WEEK, [5] * 24))
    await push_two_doors(pusher, main=hours(MIDNIGHT, [5] * 12), back=hours(MIDNIGHT, [10] * 12))
    key = await add_place(hass, entry)
    assert shown(hass, key, CHANGE) == "50"
    await wait(hass, noon, 3 * HOUR)
    await pusher.push(*hours(NOON, [5] * 3))
    assert shown(hass, key, CHANGE) == "unknown"
    await wait(hass, noon, FIVE)
    assert shown(hass, key, CHANGE) == "unknown"
    await pusher.push(*hours(NOON, [10] * 3), sensor=BACK_DOOR)
    await wait(hass, noon, MINUTE)
    assert shown(hass, key, CHANGE) == "50"
    assert attributes(hass, key, CHANGE) == {"today": 15 * 15, "last_week": 15 * 10}


async def test_late_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Counts of last week that arrive late, or are corrected, change the result within five minutes."""
    await push_two_doors(pusher, main=hours(MIDNIGHT - WEEK, [5] * 8), back=hours(MIDNIGHT - WEEK, [0] * 24))
    await push_two_doors(pusher, main=hours(MIDNIGHT, [6] * 12), back=hours(MIDNIGHT, [0] * 12))
    key = await add_place(hass, entry)
    assert shown(hass, key, CHANGE) == "unknown"
    await pusher.push(*hours(MIDNIGHT - WEEK + 8 * HOUR, [5] * 16), sent=NOON)
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, CHANGE), attributes(hass, key, CHANGE)["last_week"]) == ("20", 60)
    await pusher.push(*hours(MIDNIGHT - WEEK, [17]), sent=NOON + FIVE)
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, CHANGE), attributes(hass, key, CHANGE)["last_week"]) == ("0", 72)
    # And of this morning.
    await pusher.push(*hours(MIDNIGHT, [42]), sent=NOON + 2 * FIVE)
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, CHANGE), attributes(hass, key, CHANGE)["today"]) == ("50", 108)


async def test_from_minute_to_minute(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The counts of each further minute are added on both days; a minute isn't counted twice."""
    minutes = [measurement(NOON - WEEK + number * MINUTE, number % 3) for number in range(60)]
    await push_two_doors(
        pusher, main=[*hours(MIDNIGHT - WEEK, [0] * 12), *minutes], back=hours(MIDNIGHT - WEEK, [0] * 24)
    )
    await push_two_doors(pusher, main=hours(MIDNIGHT, [0] * 12), back=hours(MIDNIGHT, [0] * 12))
    key = await add_place(hass, entry)
    for number in range(1, 31):
        await wait(hass, noon, MINUTE)
        await both(pusher, NOON + number * MINUTE, main=(2, 0), back=(0, 1))
    await wait(hass, noon, MINUTE)
    assert attributes(hass, key, CHANGE) == {"today": 60, "last_week": 30}
    assert shown(hass, key, CHANGE) == "100"


async def test_next_day(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """At midnight, the comparison begins with another weekday; until the first counts, it isn't known."""
    for week in (1, 0):
        await push_two_doors(
            pusher,
            main=hours(MIDNIGHT - week * WEEK, [6 - week] * (12 + week * 24)),
            back=hours(MIDNIGHT - week * WEEK, [0] * (12 + week * 24)),
        )
    key = await add_place(hass, entry)
    assert shown(hass, key, CHANGE) == "20"
    await move_to(hass, noon, MIDNIGHT + DAY)
    await push_two_doors(pusher, main=hours(NOON, [6] * 12), back=hours(NOON, [0] * 12))
    await wait(hass, noon, MINUTE)
    assert shown(hass, key, CHANGE) == "unknown"
    await wait(hass, noon, 59 * MINUTE)
    await push_two_doors(pusher, main=hours(MIDNIGHT + DAY, [8]), back=hours(MIDNIGHT + DAY, [0]))
    await wait(hass, noon, FIVE)
    assert attributes(hass, key, CHANGE) == {"today": 8, "last_week": 5}


@pytest.mark.parametrize(
    ("now", "zone", "day", "last_week", "today", "before"),
    [
        ("2026-11-01T12:00:00Z", "Europe/Stockholm", "2026-10-31T23:00:00Z", "2026-10-24T22:00:00Z", 13, 14),
        ("2026-10-25T12:00:00Z", "Europe/Stockholm", "2026-10-24T22:00:00Z", "2026-10-17T22:00:00Z", 14, 13),
        ("2027-03-28T12:00:00Z", "Europe/Stockholm", "2027-03-27T23:00:00Z", "2027-03-20T23:00:00Z", 13, 14),
        ("2027-04-04T12:00:00Z", "Europe/Stockholm", "2027-04-03T22:00:00Z", "2027-03-27T23:00:00Z", 14, 13),
        ("2026-11-01T20:00:00Z", "America/New_York", "2026-11-01T04:00:00Z", "2026-10-25T04:00:00Z", 16, 15),
        ("2026-09-16T10:00:00Z", "Asia/Kolkata", "2026-09-15T18:30:00Z", "2026-09-08T18:30:00Z", 15.5, 15.5),
    ],
)
async def test_clock_changes(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    now: str,
    zone: str,
    day: str,
    last_week: str,
    today: float,
    before: float,
) -> None:
    """Days are compared up to the same time on the clock of the place, also where one of them is an hour longer."""
    await move_to(hass, noon, now)
    begin, begin_last_week = datetime.fromisoformat(day), datetime.fromisoformat(last_week)
    for start, people in ((begin, 3), (begin_last_week, 2)):
        count = min(50, (datetime.fromisoformat(now) - start) // (HOUR / 2))
        await pusher.push(*(measurement(start + number * HOUR / 2, people, minutes=30) for number in range(count)))
    key = await add_place(hass, entry, (SERIAL,), time_zone=zone)
    assert attributes(hass, key, CHANGE) == {"today": 6 * today, "last_week": 4 * before}
    assert shown(hass, key, CHANGE) == str(round(100 * (6 * today / (4 * before) - 1)))


async def test_clock_is_put_back_today(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """When the clock shows a time again, the comparison is up to that time again, with everybody of today."""
    half = HOUR / 2
    midnight = datetime.fromisoformat("2026-10-24T22:00:00Z")
    await move_to(hass, noon, midnight + HOUR)
    last_week = [measurement(midnight - WEEK + number * half, 2, minutes=30) for number in range(48)]
    await pusher.push(*last_week, measurement(midnight, 3, minutes=30), measurement(midnight + half, 3, minutes=30))
    key = await add_place(hass, entry, (SERIAL,))
    found = []
    for number in range(2, 9):
        await move_to(hass, noon, midnight + (number + 1) * half)
        await pusher.push(measurement(midnight + number * half, 3, minutes=30))
        await wait(hass, noon, MINUTE)
        found.append(tuple(attributes(hass, key, CHANGE).values()))
    # From half past one to half past three, with two hours from two on.
    assert found == [(9, 6), (12, 8), (15, 10), (18, 8), (21, 10), (24, 12), (27, 14)]


async def test_quiet(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """States are written at most once a minute while people pass, and else at most every five minutes."""
    minutes = [measurement(NOON - WEEK + number * MINUTE, 3) for number in range(60)]
    await push_two_doors(
        pusher, main=[*hours(MIDNIGHT - WEEK, [1] * 12), *minutes], back=hours(MIDNIGHT - WEEK, [0] * 24)
    )
    await push_two_doors(pusher, main=hours(MIDNIGHT, [1] * 12), back=hours(MIDNIGHT, [0] * 12))
    key = await add_place(hass, entry)
    entity_id = entity_of(hass, key, CHANGE)
    with written(hass, entity_id) as states:
        for number in range(1, 31):
            await wait(hass, noon, MINUTE)
            await both(pusher, NOON + number * MINUTE)
    assert 4 <= len(states) <= 6
    with written(hass, entity_id) as states:
        for number in range(31, 41):
            await wait(hass, noon, MINUTE)
            await both(pusher, NOON + number * MINUTE, main=(5, 0))
            await both(pusher, NOON + number * MINUTE, main=(5, 0), back=(5, 0))
    assert 8 <= len(states) <= 10
    with written(hass, entity_of(hass, key, TYPICAL)) as states:
        for number in range(41, 51):
            await wait(hass, noon, MINUTE)
            await both(pusher, NOON + number * MINUTE, main=(5, 0))
    assert states == []


async def test_typical(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Show the median of how many people were inside at this time on the same weekday of the last eight weeks."""
    await weeks_of_people(pusher)
    # Another weekday, an older week and today don't count.
    await push_two_doors(pusher, main=hours(MIDNIGHT - DAY, [99] * 24), back=hours(MIDNIGHT - DAY, [0] * 24))
    await push_two_doors(pusher, main=hours(MIDNIGHT - 9 * WEEK, [99] * 24), back=hours(MIDNIGHT - 9 * WEEK, [0] * 24))
    await push_two_doors(pusher, main=hours(MIDNIGHT, [99] * 12), back=hours(MIDNIGHT, [0] * 12))
    key = await add_place(hass, entry)
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)) == ("5", {"days": 8})
    state = hass.states.get(entity_of(hass, key, TYPICAL))
    assert state
    assert state.attributes["unit_of_measurement"] == "inside"
    # People leave in the hour from two on: they count at its end.
    await move_to(hass, noon, MIDNIGHT + 15 * HOUR - MINUTE)
    assert shown(hass, key, TYPICAL) == "5"
    await move_to(hass, noon, MIDNIGHT + 15 * HOUR + 4 * MINUTE)
    assert shown(hass, key, TYPICAL) == "0"
    # Nothing is known of Thursdays.
    await move_to(hass, noon, MIDNIGHT + DAY + HOUR)
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)) == ("unknown", {"days": 0})


@pytest.mark.parametrize(("weeks", "expected"), [(2, "unknown"), (3, "2"), (4, "3"), (5, "3")])
async def test_few_weeks(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, weeks: int, expected: str
) -> None:
    """Three days are enough, of which two may be odd; the middle of two is rounded up."""
    for week in range(1, weeks + 1):
        day = MIDNIGHT - week * WEEK
        await push_two_doors(pusher, main=hours(day, [week] + [0] * 23), back=hours(day, [0] * 24))
    key = await add_place(hass, entry)
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)) == (expected, {"days": weeks})


async def test_incomplete_days(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Days on which counts are missing are left out, until these arrive."""
    await weeks_of_people(pusher)
    key = await add_place(hass, entry)
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)["days"]) == ("5", 8)
    await move_to(hass, noon, NOON + WEEK)
    # Last Wednesday has an hour too few.
    await push_two_doors(pusher, main=hours(MIDNIGHT, [50] + [0] * 22), back=hours(MIDNIGHT, [0] * 24))
    await wait(hass, noon, FIVE)
    # Weeks 7 to 1, which are now 8 to 2 weeks ago.
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)["days"]) == ("4", 7)
    await pusher.push(*hours(MIDNIGHT + 23 * HOUR, [0]))
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)["days"]) == ("5", 8)


async def test_corrections(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A correction of the occupancy counts from its time on, and a place without a reset goes on over midnight."""
    for week in (3, 2, 1):
        day = MIDNIGHT - week * WEEK
        await push_two_doors(
            pusher, main=hours(day - DAY, [2] + [0] * 47), back=hours(day - DAY, [0] * 24 + [1] + [0] * 23)
        )
    endless = await add_place(hass, entry, name="Hall", daily_reset=False)
    daily = await add_place(hass, entry)
    assert shown(hass, daily, TYPICAL) == "1"
    assert (shown(hass, endless, TYPICAL), attributes(hass, endless, TYPICAL)) == ("6", {"days": 3})


async def test_replaced_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The counts of a camera that was replaced last week, and of the new one, are those of the door."""
    await break_camera(hass, noon, pusher)
    await replace(hass, entry)
    # The counts of the old camera from before it broke.
    await pusher.push(*hours(MIDNIGHT, [2] * 11), measurement(NOON - HOUR, 2, minutes=50))
    noon.move_to(NOON + WEEK + 2 * HOUR)
    # The new one counted from the eighth minute on.
    await pusher.push(measurement(NOON, minutes=8), measurement(NOON + 10 * MINUTE, 1, minutes=50), sensor=NEW_SENSOR)
    await pusher.push(*hours(NOON + HOUR, [1] * 11), sensor=NEW_SENSOR)
    await pusher.push(*hours(MIDNIGHT + WEEK, [7] * 14), sensor=NEW_SENSOR)
    key = await add_place(hass, entry, (SERIAL,))
    # 34 people by noon, five in the first ten minutes after it, and two later.
    assert attributes(hass, key, CHANGE) == {"today": 98, "last_week": 34 + 5 + 2}
    assert shown(hass, key, CHANGE) == "139"


async def test_ledger_error(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """While the ledger can't be read nothing is known; afterwards, everything is read anew."""
    await weeks_of_people(pusher)
    await push_two_doors(pusher, main=hours(MIDNIGHT, [1] * 12), back=hours(MIDNIGHT, [0] * 12))
    key = await add_place(hass, entry)
    assert (shown(hass, key, CHANGE), shown(hass, key, TYPICAL)) == ("1100", "5")
    ledger = entry.runtime_data.ledger
    await ledger.close()
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, CHANGE), shown(hass, key, TYPICAL)) == ("unknown", "unknown")
    await hass.config_entries.async_reload(entry.entry_id)
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, CHANGE), shown(hass, key, TYPICAL)) == ("1100", "5")


async def test_disabled_at_first(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
) -> None:
    """A sensor that is disabled reads nothing; one that is enabled does after a reload."""
    await weeks_of_people(pusher)
    key = await add_place(hass, entry)
    registry = er.async_get(hass)
    ids = [entity_of(hass, key, name) for name in (CHANGE, TYPICAL)]

    async def steps() -> int:
        with counted_steps(entry.runtime_data.ledger) as counter:
            await wait(hass, noon, FIVE)
        return counter["steps"]

    await wait(hass, noon, 4 * HOUR)
    reading = await steps()
    for entity_id in ids:
        registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.config_entries.async_reload(entry.entry_id)
    # Until nothing else reads: the cameras are silent.
    await wait(hass, noon, 4 * HOUR)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await steps() < reading / 10
    assert [hass.states.get(entity_id) for entity_id in ids] == [None, None]


async def test_cost(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A push late in the day costs no more than an early one, and nothing of past weeks is read again for it."""
    await weeks_of_people(pusher)
    await add_place(hass, entry)

    async def cost(until: datetime) -> int:
        start = until - HOUR
        await move_to(hass, noon, until)
        minutes = [measurement(start + number * MINUTE, 1) for number in range(59)]
        await push_two_doors(pusher, main=minutes, back=minutes)
        await wait(hass, noon, FIVE)
        with counted_steps(entry.runtime_data.ledger) as counter:
            await wait(hass, noon, MINUTE)
            await both(pusher, start + 60 * MINUTE, main=(1, 0))
            await wait(hass, noon, FIVE)
        return counter["steps"]

    early = await cost(MIDNIGHT + DAY + 2 * HOUR)
    for hour in range(3, 20):
        late = await cost(MIDNIGHT + DAY + hour * HOUR)
    assert late < 1.1 * early
