"""The sensors that look back, compared with slow calculations over random histories, and with opening hours."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.clock import move_to, wait
from .helpers.get_counts import HOUR, MINUTE, hours
from .helpers.opening import SCHEDULE, ShopSchedule, settle
from .helpers.places import BACK, BACK_DOOR, add_place, entity_of, push_two_doors, shown
from .helpers.pusher import SERIAL, Pusher, measurement

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
FIVE: Final = timedelta(minutes=5)
CHANGE: Final = "compared_to_last_week"
TYPICAL: Final = "typical_now"

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


class Counted(NamedTuple):
    """A quarter of an hour at a door."""

    entered: int
    exited: int


QUARTER: Final = timedelta(minutes=15)


class Truth:
    """The counts of two doors, and slow answers about them."""

    def __init__(self, zone: str, reset: time) -> None:
        """Begin without counts."""
        self.zone = ZoneInfo(zone)
        self.reset = reset
        self.doors: tuple[dict[datetime, Counted], dict[datetime, Counted]] = ({}, {})

    def on(self, day: date, until: time | None) -> list[datetime]:
        """Return the quarters of a local day, up to a time at which the clock shows something later for good."""
        begin = datetime.combine(day, time(), UTC) - DAY
        quarters = [begin + number * QUARTER for number in range(3 * 96)]
        of_day = [quarter for quarter in quarters if quarter.astimezone(self.zone).date() == day]
        if until is None:
            return of_day
        # The clock first shows the time, or a later one.
        first = next((at for at in of_day if at.astimezone(self.zone).time() >= until), None)
        return [quarter for quarter in of_day if first is None or quarter < first]

    def entered(self, quarters: list[datetime]) -> int | None:
        """Return who came in, None if counts are missing."""
        if any(quarter not in door for door in self.doors for quarter in quarters):
            return None
        return sum(door[quarter].entered for door in self.doors for quarter in quarters)

    def change(self, until: datetime) -> int | None:
        """Return the change in percent up to a time that both doors have reported."""
        local = until.astimezone(self.zone)
        today = self.entered([at for at in self.on(local.date(), None) if at < until])
        before = self.entered(self.on(local.date() - WEEK, local.time()))
        return None if today is None or not before else round(100 * (today - before) / before)

    def inside(self, day: date, at: time) -> int:
        """Return who was inside on a local day when the clock first showed a time, or a later one."""
        found = 0
        instant = datetime.combine(day, time(), UTC) - 2 * DAY
        last_reset = None
        while ((local := instant.astimezone(self.zone)).date(), local.time()) <= (day, at):
            # A quarter of an hour ends, and then a reset may come.
            passed = [door[instant - QUARTER] for door in self.doors if instant - QUARTER in door]
            found = max(0, found + sum(each.entered - each.exited for each in passed))
            if local.time() >= self.reset and local.date() != last_reset:
                found, last_reset = 0, local.date()
            instant += QUARTER
        return found

    def typical(self, now: datetime) -> tuple[int | None, int]:
        """Return how many people are usually inside, and of how many days that was made."""
        local = now.astimezone(self.zone)
        days = [local.date() - week * WEEK for week in range(1, 9)]
        found = [self.inside(day, local.time()) for day in days if self.entered(self.on(day, None)) is not None]
        return (int(median(found) + 0.5) if len(found) >= 3 else None), len(found)


@pytest.mark.parametrize(
    ("seed", "zone", "now"),
    [
        (1, "Europe/Stockholm", "2026-11-01T15:00:00+00:00"),
        (2, "America/New_York", "2026-11-04T01:00:00+00:00"),
        (3, "Asia/Kolkata", "2026-09-16T10:15:00+00:00"),
        (4, "Europe/Stockholm", "2027-04-04T09:00:00+00:00"),
        (5, "Australia/Lord_Howe", "2027-04-04T08:30:00+00:00"),
        (6, "Africa/Cairo", "2027-04-30T17:45:00+00:00"),
    ],
)
async def test_random_histories(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    seed: int,
    zone: str,
    now: str,
) -> None:
    """Both sensors show what a slow calculation finds, at several times of a day, after gaps and late counts."""
    chance = Random(seed)
    at = datetime.fromisoformat(now)
    await move_to(hass, freezer, at)
    truth = Truth(zone, time(3))
    late: list[tuple[int, datetime, Counted]] = []
    for door, counted in enumerate(truth.doors):
        for week in range(9):
            documents = []
            # A day before and after, because the zone's day isn't that of UTC.
            for number in range(-2 * 96, 96):
                start = at - week * WEEK + number * QUARTER
                if start + QUARTER > at:
                    break
                people = Counted(chance.randrange(6), chance.randrange(5))
                if week in (1, 3) and chance.random() < 0.005:
                    late.append((door, start, people))
                    continue
                counted[start] = people
                documents.append(measurement(start, *people, minutes=15))
            await pusher.push(*documents, sensor=BACK_DOOR if door else {})
    key = await add_place(hass, entry, time_zone=zone, reset_time="03:00:00")

    def check(now: datetime) -> None:
        value, days = truth.typical(now)
        assert shown(hass, key, TYPICAL) == ("unknown" if value is None else str(value))
        state = hass.states.get(entity_of(hass, key, TYPICAL))
        assert state
        assert state.attributes["days"] == days
        change = truth.change(now)
        assert shown(hass, key, CHANGE) == ("unknown" if change is None else str(change))

    check(at)
    for step in range(8):
        at += QUARTER
        await move_to(hass, freezer, at)
        if step == 4:
            for door, start, people in late:
                truth.doors[door][start] = people
                await pusher.push(measurement(start, *people, minutes=15), sensor=BACK_DOOR if door else {})
        for door, counted in enumerate(truth.doors):
            counted[at - QUARTER] = people = Counted(chance.randrange(6), chance.randrange(5))
            document = measurement(at - QUARTER, *people, minutes=15)
            await pusher.push(document, sensor=BACK_DOOR if door else {})
        await wait(hass, freezer, 5 * MINUTE)
        value, days = truth.typical(at + 5 * MINUTE)
        assert shown(hass, key, TYPICAL) == ("unknown" if value is None else str(value))
        change = truth.change(at)
        assert shown(hass, key, CHANGE) == ("unknown" if change is None else str(change))
        assert days >= 6
    assert shown(hass, key, CHANGE) != "unknown"


def attributes(hass: HomeAssistant, key: str, name: str) -> dict[str, Any]:
    """Return the attributes of an entity that are its own."""
    state = hass.states.get(entity_of(hass, key, name))
    assert state
    return {name: value for name, value in state.attributes.items() if name in ("today", "last_week", "days")}


@pytest.mark.usefixtures("schedules_and_calendars")
async def test_opening_hours(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, schedule: ShopSchedule, pusher: Pusher
) -> None:
    """Only visitors in opening hours are compared, and gaps at other times don't matter; closed days are left out."""
    await schedule.add(("09:00:00", "18:00:00"), sunday=[])
    midnight = datetime.fromisoformat("2026-09-15T22:00:00Z")
    for week in range(5, 0, -1):
        # Five people come before the shop opens, and in each hour from then on as many as the number of the week.
        entered = [0] * 8 + [5] + [week] * 9 + [0] * 6
        await push_two_doors(
            pusher, main=hours(midnight - week * WEEK, entered), back=hours(midnight - week * WEEK, [0] * 24)
        )
    await push_two_doors(
        pusher,
        main=[*hours(midnight, [0] * 2), *hours(midnight + 8 * HOUR, [9, 4, 4, 4])],
        back=hours(midnight, [0] * 12),
    )
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    await wait(hass, noon, FIVE)
    # From nine to noon.
    assert (shown(hass, key, CHANGE), attributes(hass, key, CHANGE)) == ("300", {"today": 12, "last_week": 3})
    assert shown(hass, key, "visitors_today") == "12"
    # The occupancy is that of everybody.
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)) == (str(5 + 3 * 3), {"days": 5})
    # On Sundays, the shop is closed.
    sunday = midnight + 4 * DAY
    await move_to(hass, noon, sunday + 12 * HOUR)
    for week in range(1, 6):
        begin = sunday - week * WEEK
        await push_two_doors(pusher, main=hours(begin, [1] * 24), back=hours(begin, [0] * 24))
    await push_two_doors(pusher, main=hours(sunday, [1] * 12), back=hours(sunday, [0] * 12))
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, TYPICAL), attributes(hass, key, TYPICAL)) == ("unknown", {"days": 0})
    assert (shown(hass, key, CHANGE), attributes(hass, key, CHANGE)) == ("unknown", {"today": 0, "last_week": 0})


@pytest.mark.usefixtures("schedules_and_calendars")
async def test_unknown_hours(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, schedule: ShopSchedule, pusher: Pusher
) -> None:
    """While nobody knows when the place was open, nothing is compared; it is when the schedule is there."""
    midnight = datetime.fromisoformat("2026-09-15T22:00:00Z")
    for week in range(4, 0, -1):
        begin = midnight - week * WEEK
        await push_two_doors(pusher, main=hours(begin, [1] * 24), back=hours(begin, [0] * 24))
    await push_two_doors(pusher, main=hours(midnight, [2] * 12), back=hours(midnight, [0] * 12))
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    assert (shown(hass, key, CHANGE), shown(hass, key, TYPICAL)) == ("unknown", "unknown")
    await schedule.add(("09:00:00", "18:00:00"))
    await wait(hass, noon, FIVE)
    await settle(hass)
    await wait(hass, noon, FIVE)
    assert (shown(hass, key, CHANGE), shown(hass, key, TYPICAL)) == ("100", "12")


async def test_reversed_door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A person who goes out by a door into the next room has come into the place; turning a camera turns its past."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    midnight = datetime.fromisoformat("2026-09-15T22:00:00Z")
    for begin, number in ((midnight - WEEK, 24), (midnight, 12)):
        await push_two_doors(
            pusher,
            main=hours(begin, [3] * number, [2] * number),
            back=hours(begin, [1] * number, [7 if number == 12 else 5] * number),
        )
    key = await add_place(hass, entry, (SERIAL,), (BACK,))
    assert (shown(hass, key, CHANGE), attributes(hass, key, CHANGE)) == ("25", {"today": 120, "last_week": 96})
    await hass.services.async_call("switch", "turn_on", {"entity_id": entity_of(hass, SERIAL, "reverse_direction")})
    await hass.async_block_till_done()
    await wait(hass, noon, FIVE)
    assert attributes(hass, key, CHANGE) == {"today": 108, "last_week": 84}
