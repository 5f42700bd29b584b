"""Whatever doors report in whatever order, and whatever is said of a place: it stands as a simple calculation says."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting.occupancy import Correction, Level, Source
from custom_components.axis_people_counter.counting.protocol import Interval
from custom_components.axis_people_counter.ledger import places
from custom_components.axis_people_counter.ledger.places import Door, Place, PlaceToday
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.ledgers import START, TIMEOUT, opened, push, sensor
from .helpers.places import add_place, entity_of, shown
from .helpers.pusher import Pusher, measurement
from .helpers.recorded import go_on

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
# Longer than any story here.
LIFE: Final = 7 * DAY

# In and out.
type People = tuple[int, int]
type Happening = tuple[str, Any]


def instant_of(text: str) -> int:
    """Return an instant in seconds since 1970 UTC."""
    return int(datetime.fromisoformat(text).timestamp())


# A slow and simple calculation of how a place stands


def clock(zone: str, instant: int) -> datetime:
    """Return what the clock shows in a zone."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


@cache
def day_of(zone: str, now: int) -> range:
    """Return the minutes of the date that the clock shows in a zone."""
    today = clock(zone, now).date()
    around = range(now // MINUTE * MINUTE - 26 * HOUR, now + 26 * HOUR, MINUTE)
    minutes = [minute for minute in around if clock(zone, minute).date() == today]
    return range(minutes[0], minutes[-1] + MINUTE, MINUTE)


@cache
def turns(zone: str, at: time, begin: int, end: int) -> list[int]:
    """Return the first minute of each date, but the first, at which the clock shows a time or a later one.

    Where the clock is set, that is to another hour of the same date.
    """
    found = []
    date = clock(zone, begin).date()
    for minute in range(begin, end, MINUTE):
        local = clock(zone, minute)
        if local.date() > date and local.time() >= at:
            date = local.date()
            found.append(minute)
    return found


class Layout(NamedTuple):
    """How a camera divides time: its widths in even and in odd hours, and how late its hours begin, in minutes."""

    widths: tuple[int, int]
    shift: int

    def intervals(self, instant: int, counted: list[People]) -> Iterator[tuple[int, int, int, int]]:
        """Yield start, end, in and out of intervals, the first of which has an instant in it."""
        for entered, exited in counted:
            start, end = self._interval_at(instant)
            yield start, end, entered, exited
            instant = end

    def _interval_at(self, instant: int) -> tuple[int, int]:
        hour = (instant - self.shift * MINUTE) // HOUR
        begin = hour * HOUR + self.shift * MINUTE
        width = self.widths[hour % 2] * MINUTE
        start = begin + (instant - begin) // width * width
        return start, start + width


class Counts:
    """What cameras said, and which of them the user reversed."""

    def __init__(self) -> None:
        # Of each interval of each camera what was sent last: when, in, out.
        self.told: dict[tuple[str, int, int], tuple[int, int, int]] = {}
        self.reversed: set[str] = set()

    def tell(self, serial: str, sent: int, start: int, end: int, entered: int, exited: int) -> None:
        """Note an interval."""
        key, told = (serial, start, end), (sent, entered, exited)
        self.told[key] = max(told, self.told.get(key, told))


class Step(NamedTuple):
    """All levels at an instant, the last of which stays, and how many left without having come."""

    at: int
    levels: list[int]
    drift: int


@dataclass
class Truth:
    """What was said of a place, and what follows from it and from the counts, worked out minute by minute."""

    # Long before anything is known.
    begin: int
    counts: Counts
    zone: str
    # By serial, and whether they lead out of it.
    doors: dict[str, bool]
    reset: time | None
    reset_value: int = 0
    corrections: list[tuple[int, int]] = field(default_factory=list)

    def passages(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield start, end, in and out of all intervals, in the direction of the place."""
        for (serial, start, end), (_, entered, exited) in self.counts.told.items():
            if serial in self.doors:
                is_reversed = self.doors[serial] != (serial in self.counts.reversed)
                yield (start, end, exited, entered) if is_reversed else (start, end, entered, exited)

    @property
    def resets(self) -> list[int]:
        """Return when it starts anew."""
        return [] if self.reset is None else turns(self.zone, self.reset, self.begin, self.begin + LIFE)

    def day(self, now: int) -> range:
        """Return the minutes of the day."""
        return day_of(self.zone, now)

    def steps(self, now: int, end: int) -> Iterator[Step]:
        """Go through every minute, and every instant at which somebody said something; it is reset up to now.

        Who left without having come may be one of those who came in an interval that isn't over.
        """
        passages = [one for one in self.passages() if any(one[2:])]
        net: Counter[int] = Counter()
        for _, finish, entered, exited in passages:
            net[finish] += entered - exited
        resets = {reset for reset in self.resets if reset <= now}
        said: dict[int, list[int]] = {}
        for at, value in self.corrections:
            said.setdefault(at, []).append(value)
        running = 0
        for instant in sorted([*range(self.begin, end + 1, MINUTE), *(at for at in said if at % MINUTE)]):
            drift = 0
            if instant in net:
                running += net[instant]
                pending = sum(entered for start, finish, entered, _ in passages if start < instant < finish)
                drift = max(0, -running - pending)
                running += drift
            levels = [running]
            if instant in resets:
                levels.append(self.reset_value)
            levels += said.get(instant, [])
            running = levels[-1]
            yield Step(instant, [self.shown(level) for level in levels], drift)

    def shown(self, running: int) -> int:
        """Return what is shown of a plain sum."""
        return max(0, running)

    def counted(self, day: range) -> tuple[int, int]:
        """Return who came and who left in the intervals that begin in a day."""
        of_day = [(entered, exited) for start, _, entered, exited in self.passages() if start in day]
        return sum(entered for entered, _ in of_day), sum(exited for _, exited in of_day)

    def counted_until(self) -> dict[str, int]:
        """Return up to when each door has reported, as far as it ever has."""
        return {serial: end for serial, _, end in sorted(self.counts.told) if serial in self.doors}


# Places as the ledger knows them, without Home Assistant

# The clocks in Europe go back in the first of two nights.
BEGIN: Final = instant_of("2026-10-24T18:00:00Z")
BEFORE: Final = BEGIN - DAY
END: Final = BEGIN + 36 * HOUR
# Hours from there to midnights and resets somewhere, and to questions.
TURNS: Final = (0.5, 4, 6, 6, 6, 6.5, 24.5, 29, 30, 30, 31.5)
NOWS: Final = (7, 24, 29.5, 32, 49)
# One comes twice, one is midnight, one is midnight in UTC, and one lies within intervals.
RESETS: Final = (
    ("Europe/Stockholm", time(2, 30)),
    ("Europe/Stockholm", time()),
    ("Asia/Kolkata", time(5, 30)),
    ("UTC", time(0, 3)),
)
SERIALS: Final = tuple(sensor(number).serial for number in range(4))

type Doors = dict[str, bool]
type Delivery = tuple[int, int, list[tuple[int, list[People]]]]
type Saying = tuple[str, int, int]

examples: Final = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Leave Home Assistant out where it isn't asked for."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _one_day_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger work out checkpoints one by one."""
    monkeypatch.setattr(places, "DAYS_AT_ONCE", 1)


people: Final[st.SearchStrategy[People]] = st.tuples(st.integers(0, 3), st.integers(0, 3))
layouts: Final = st.builds(
    Layout, st.sampled_from([(1, 1), (1, 1), (5, 1), (15, 5), (15, 15)]), st.sampled_from([0, 0, 2, 7])
)
four_layouts: Final = st.tuples(layouts, layouts, layouts, layouts)
door_sets: Final[st.SearchStrategy[Doors]] = st.lists(st.booleans(), min_size=1, max_size=4).map(
    lambda ways: dict(zip(SERIALS, ways, strict=False))
)
keys: Final = st.sampled_from(["daily", "endless"])
# Near those at which something else happens, so that much happens at the same one.
moments: Final = st.builds(
    lambda hours, minutes: BEGIN + int(hours * HOUR) + minutes * MINUTE,
    st.sampled_from(TURNS),
    st.sampled_from([0, 0, 0, *range(-5, 6)]),
)
questions: Final = st.sampled_from(NOWS).map(lambda hours: BEGIN + int(hours * HOUR))
# Of which camera, when it was sent, and what it counted from some instants on, interval by interval.
deliveries: Final[st.SearchStrategy[Delivery]] = st.tuples(
    st.sampled_from([0, 0, 0, 1, 1, 2, 3]),
    st.integers(0, 20),
    st.lists(st.tuples(moments, st.lists(people, min_size=1, max_size=6)), min_size=1, max_size=3),
)
# What somebody says needs no whole minute.
sayings: Final[st.SearchStrategy[Saying]] = st.tuples(
    keys, st.builds(int.__add__, moments, st.sampled_from([0, 0, 0, 1, 59])), st.sampled_from([0, 1, 5, 20])
)
happenings: Final[st.SearchStrategy[Happening]] = st.one_of(
    st.tuples(st.just("push"), deliveries),
    st.tuples(st.just("push"), deliveries),
    st.tuples(st.just("push"), deliveries),
    st.tuples(st.just("correct"), sayings),
    st.tuples(st.just("reverse"), st.tuples(st.integers(0, 3))),
    st.tuples(st.just("change"), st.tuples(keys, door_sets)),
    st.just(("restart", ())),
)


class Places:
    """Two places in a ledger, one of which starts anew each day, with the truth about each."""

    def __init__(
        self, path: Path, at: tuple[str, time], reset_value: int, doors: Doors, layouts: tuple[Layout, ...]
    ) -> None:
        """Begin a ledger."""
        self.counts = Counts()
        self.layouts = layouts
        zone, reset = at
        self.truths = {
            "daily": Truth(BEFORE, self.counts, zone, doors, reset, reset_value),
            "endless": Truth(BEFORE, self.counts, zone, doors, None),
        }
        self._path = path
        self._open = ExitStack()
        self.restart()

    def happens(self, what: str, of_it: Any) -> None:
        """Let something happen."""
        match what:
            case "push":
                self.push(*of_it)
            case "correct":
                self.correct(*of_it)
            case "reverse":
                self.reverse(*of_it)
            case "change":
                self.change(*of_it)
            case "restart":
                self.restart()
            case "ask":
                self.check(*of_it)

    def restart(self) -> None:
        """Open the ledger, and say which places there are, as Home Assistant does when it starts."""
        self.close()
        self.ledger = self._open.enter_context(opened(self._path))
        self.set_places()

    def close(self) -> None:
        """Close the ledger."""
        self._open.close()

    def place(self, key: str) -> Place:
        """Return what the ledger has to know of a place."""
        truth = self.truths[key]
        doors = tuple(Door(serial, is_reversed) for serial, is_reversed in truth.doors.items())
        return Place(key, doors, f"{truth.reset} {truth.zone}")

    def set_places(self) -> None:
        """Say which places there are."""
        self.ledger.set_places([self.place(key) for key in self.truths]).result(TIMEOUT)

    def push(self, number: int, sent: int, stretches: list[tuple[int, list[People]]]) -> None:
        """Push from a camera."""
        intervals = [one for stretch in stretches for one in self.layouts[number].intervals(*stretch)]
        for one in intervals:
            self.counts.tell(SERIALS[number], sent, *one)
        document = push(sent, *(Interval(*one, None, None) for one in intervals), sender=sensor(number))
        self.ledger.record(document, START).result(TIMEOUT)

    def correct(self, key: str, at: int, value: int) -> None:
        """Say what the occupancy is at any instant."""
        self.truths[key].corrections.append((at, value))
        self.ledger.correct_place(self.place(key), at, value, Source.ACTION).result(TIMEOUT)

    def reverse(self, number: int) -> None:
        """Say that a camera counts the other way; one has to be known for that."""
        serial = SERIALS[number]
        if any(told[0] == serial for told in self.counts.told):
            self.counts.reversed ^= {serial}
            self.ledger.set_reversed(serial, serial in self.counts.reversed).result(TIMEOUT)

    def change(self, key: str, doors: Doors) -> None:
        """Give a place other doors."""
        self.truths[key].doors = doors
        self.set_places()

    def ask(self, key: str, now: int) -> tuple[int, PlaceToday]:
        """Return from when on the ledger tells how a place stands, and what it tells."""
        truth, day = self.truths[key], self.truths[key].day(now)
        base = max((reset for reset in truth.resets if reset <= day.start), default=day.start // DAY * DAY)
        resets = [Correction(reset, truth.reset_value) for reset in truth.resets if base <= reset <= now]

        def read() -> PlaceToday | None:
            return self.ledger.place_today(key, day.start, day.stop, resets).result(TIMEOUT)

        if (today := read()) is None:
            while self.ledger.advance_place(self.place(key), day.start).result(TIMEOUT):
                pass
            today = read()
        assert today
        return base, today

    def check(self, now: int) -> None:
        """See how both stand in each minute."""
        for key, truth in self.truths.items():
            base, today = self.ask(key, now)
            assert (today.entered, today.exited) == truth.counted(truth.day(now))
            assert today.counted_until == truth.counted_until()
            steps = {step.at: step.levels[-1] for step in truth.steps(now, END)}
            minutes = range(base, END, MINUTE)
            assert levels_in(minutes, truth.shown(today.running), today.levels) == [steps[minute] for minute in minutes]


def levels_in(minutes: range, inside: int, levels: list[Level]) -> list[int]:
    """Return how many are inside in each minute."""
    found = []
    following = deque(levels)
    for minute in minutes:
        while following and following[0].at <= minute:
            inside = following.popleft().inside
        found.append(inside)
    return found


@given(
    at=st.sampled_from(RESETS),
    reset_value=st.sampled_from([0, 0, 7]),
    doors=door_sets,
    layouts=four_layouts,
    story=st.lists(st.tuples(happenings, st.none() | questions), min_size=8, max_size=24),
    last=questions,
)
# Who left before a midnight came in an interval that goes over it.
@example(
    at=("UTC", time(0, 3)),
    reset_value=0,
    doors={SERIALS[0]: False, SERIALS[1]: False},
    layouts=(Layout((15, 15), 7), *3 * (Layout((1, 1), 0),)),
    story=[
        (("push", (0, 0, [(BEGIN + 6 * HOUR, [(3, 0)])])), None),
        (("push", (1, 0, [(BEGIN + 6 * HOUR - MINUTE, [(0, 2)])])), None),
    ],
    last=BEGIN + 7 * HOUR,
)
# Somebody said how many are inside on the day before anybody was counted.
@example(
    at=("UTC", time()),
    reset_value=0,
    doors={SERIALS[0]: False},
    layouts=4 * (Layout((1, 1), 0),),
    story=[
        (("correct", ("endless", BEGIN + 4 * HOUR, 5)), None),
        (("push", (0, 0, [(BEGIN + 7 * HOUR, [(2, 0)])])), None),
    ],
    last=BEGIN + 32 * HOUR,
)
@examples
def test_place_in_any_story(
    at: tuple[str, time],
    reset_value: int,
    doors: Doors,
    layouts: tuple[Layout, ...],
    story: list[tuple[Happening, int | None]],
    last: int,
) -> None:
    """Late, replaced, repeated and out of order, with corrections, reversals, other doors and restarts between."""
    with TemporaryDirectory() as folder:
        shops = Places(Path(folder) / "ledger.db", at, reset_value, doors, layouts)
        with closing(shops):
            for (what, of_it), now in story:
                shops.happens(what, of_it)
                if now is not None:
                    shops.check(now)
            shops.check(last)


@given(
    at=st.sampled_from(RESETS),
    doors=door_sets,
    layouts=four_layouts,
    told=st.lists(deliveries, min_size=3, max_size=10),
    said=st.lists(sayings, max_size=3, unique_by=lambda saying: saying[1]),
    data=st.data(),
)
@examples
def test_order_makes_no_difference(
    at: tuple[str, time],
    doors: Doors,
    layouts: tuple[Layout, ...],
    told: list[Delivery],
    said: list[Saying],
    data: st.DataObject,
) -> None:
    """The ledger answers the same to the last level when all comes in another order, torn apart, and some twice."""
    corrections: list[Happening] = [("correct", saying) for saying in said]
    torn: list[Happening] = [
        ("push", (number, sent, [(start, [(entered, exited)])]))
        for number, sent, stretches in told
        for stretch in stretches
        for start, _, entered, exited in layouts[number].intervals(*stretch)
    ]
    again = data.draw(st.lists(st.sampled_from(torn), max_size=4))
    asked: list[Happening] = [("ask", (now,)) for now in data.draw(st.lists(questions, max_size=3))]
    answers = []
    for story in (
        [*(("push", delivery) for delivery in told), *corrections],
        data.draw(st.permutations([*torn, *again, *corrections, *asked])),
    ):
        with TemporaryDirectory() as folder:
            shops = Places(Path(folder) / "ledger.db", at, 0, doors, layouts)
            with closing(shops):
                for what, of_it in story:
                    shops.happens(what, of_it)
                answers.append([shops.ask(key, BEGIN + hours * HOUR) for key in shops.truths for hours in (7, 32, 49)])
    assert answers[0] == answers[1]


# Places in Home Assistant

# A zone, the time at which a place starts anew there, and the beginning of a night.
NIGHTS: Final = {
    "time comes twice": ("Europe/Stockholm", time(2, 30), "2026-10-24T21:30:00Z"),
    "time doesn't exist": ("Europe/Stockholm", time(2, 30), "2026-03-28T22:30:00Z"),
    "no reset, long day": ("Europe/Stockholm", None, "2026-10-24T21:40:00Z"),
    "half an hour": ("Asia/Kolkata", time(), "2026-12-31T18:00:00Z"),
    "no reset, half an hour": ("Asia/Kolkata", None, "2026-12-31T18:20:00Z"),
    "Home Assistant's zone": (None, time(0, 7), "2026-09-16T06:30:00Z"),
}
CAMERA_ZONES: Final = ("Europe/Stockholm", "America/New_York", "Asia/Tokyo")
# Whoever has been heard within this time isn't silent.
HEARD: Final = 5 * MINUTE
_numbers: Iterator[int] = count(1)


class Shop:
    """A place in Home Assistant, and the truth about it."""

    def __init__(
        self, hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, truth: Truth, layouts: list[Layout]
    ) -> None:
        """Take its doors; the place isn't there yet."""
        self.hass = hass
        self.clock = noon
        self.pusher = pusher
        self.truth = truth
        self.layouts = layouts
        self.serials = list(truth.doors)
        self.key = ""
        self.heard = 0

    @property
    def now(self) -> int:
        """What the clock says."""
        return int(datetime.now(UTC).timestamp())

    async def add(self, entry: MockConfigEntry, zone: str | None) -> None:
        """Have all cameras heard for the first time, and add the place."""
        truth = self.truth
        for number in range(len(self.serials)):
            await self.push(number, 0, 0, [])
        self.key = await add_place(
            self.hass,
            entry,
            tuple(serial for serial in self.serials if not truth.doors[serial]),
            tuple(serial for serial in self.serials if truth.doors[serial]),
            daily_reset=truth.reset is not None,
            reset_time=str(truth.reset or time()),
            reset_value=truth.reset_value,
            time_zone=zone,
        )

    async def remove(self, entry: MockConfigEntry) -> None:
        """Leave nothing."""
        self.hass.config_entries.async_remove_subentry(entry, self.key)
        await self.hass.async_block_till_done()
        for serial in self.serials:
            await entry.runtime_data.async_remove_camera(serial)

    async def happens(self, entry: MockConfigEntry, what: str, of_it: Any) -> None:
        """Let something happen."""
        match what:
            case "push":
                await self.push(*of_it)
            case "wait":
                await self.wait(*of_it)
            case "turn":
                await self.turn()
            case "correct":
                await self.correct(*of_it)
            case "reverse":
                await self.reverse(*of_it)
            case "restart":
                await self.restart(entry, *of_it)

    async def push(self, number: int, delay: int, ago: int, counted: list[People]) -> None:
        """Push from a door what it counted from so many minutes ago on; that was sent some minutes ago itself."""
        number %= len(self.serials)
        serial, sent = self.serials[number], self.now - delay * MINUTE
        documents = []
        for start, end, entered, exited in self.layouts[number].intervals(sent - ago * MINUTE, counted):
            if end <= sent:
                self.truth.counts.tell(serial, sent, start, end, entered, exited)
                begin = datetime.fromtimestamp(start, UTC)
                documents.append(measurement(begin, entered, exited, minutes=(end - start) // MINUTE))
        await self.pusher.push(
            *documents,
            sent=datetime.fromtimestamp(sent, UTC),
            sensor={"serial": serial, "name": serial, "timeZone": CAMERA_ZONES[number]},
        )
        self.heard = self.now

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await go_on(self.hass, self.clock, seconds / MINUTE, with_recorder=False)

    async def turn(self) -> None:
        """Let the day end, or the place start anew, without a word from any door in the last minute."""
        turn = min(instant for instant in (self.truth.day(self.now).stop, *self.truth.resets) if instant > self.now)
        if turn - self.now > MINUTE:
            await self.wait(turn - self.now - MINUTE)
            await self.push(0, 0, 0, [])
            self.check()
        await self.wait(turn - self.now)

    async def correct(self, how: str, value: int) -> None:
        """Say what the occupancy is, by some means."""
        if how == "action" and shown(self.hass, self.key, "occupancy") == "unavailable":
            return
        value = max(0, value)
        match how:
            case "action":
                await self._call(DOMAIN, "set_occupancy", "occupancy", value=value)
            case "number":
                await self._call("number", "set_value", "occupancy_correction", value=value)
            case "button":
                value = 0
                await self._call("button", "press", "reset_occupancy")
        self.truth.corrections.append((self.now, value))

    async def _call(self, domain: str, service: str, name: str, **data: Any) -> None:
        data["entity_id"] = entity_of(self.hass, self.key, name)
        await self.hass.services.async_call(domain, service, data, blocking=True)

    async def reverse(self, number: int) -> None:
        """Turn a camera round."""
        serial = self.serials[number % len(self.serials)]
        self.truth.counts.reversed ^= {serial}
        entity = er.async_get(self.hass).async_get_entity_id("switch", DOMAIN, f"{serial}_reverse_direction")
        await self.hass.services.async_call("switch", "toggle", {"entity_id": entity}, blocking=True)
        await self.hass.async_block_till_done()

    async def restart(self, entry: MockConfigEntry, minutes: int) -> None:
        """Be away for some minutes."""
        assert await self.hass.config_entries.async_unload(entry.entry_id)
        await self.wait(minutes * MINUTE)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        await self.hass.async_block_till_done()

    def check(self) -> None:
        """See that what is shown is the truth."""
        expected = self.expected()
        found = {name: shown(self.hass, self.key, name) for name in expected}
        if found["occupancy"] == "unavailable":
            assert self.now - self.heard >= HEARD
            # This is known all the same.
            known = ("complete_until", "occupancy_correction")
            expected = {name: value if name in known else "unavailable" for name, value in expected.items()}
        assert found == expected

    def expected(self) -> dict[str, str]:
        """Return what should be shown of the place."""
        truth, now = self.truth, self.now
        day = truth.day(now)
        midnight, *since = (step for step in truth.steps(now, now) if step.at >= day.start)
        levels = [midnight.levels[-1], *(level for step in since for level in step.levels)]
        entered, exited = truth.counted(day)
        until = truth.counted_until()
        complete = datetime.fromtimestamp(min(until.values()), UTC) if len(until) == len(truth.doors) else None
        return {
            "occupancy": str(levels[-1]),
            "occupancy_correction": str(levels[-1]),
            "in_today": str(entered),
            "out_today": str(exited),
            "peak_today": str(max(levels)),
            "drift_today": str(sum(step.drift for step in since)),
            "complete_until": complete.isoformat() if complete else "unknown",
        }


# Now, of this night, and of the day before.
minutes_ago: Final = st.integers(1, 20) | st.integers(1, 120) | st.integers(1, 26 * 60)
shop_pushes: Final[st.SearchStrategy[Happening]] = st.tuples(
    st.just("push"),
    st.tuples(st.integers(0, 2), st.integers(0, 9), minutes_ago, st.lists(people, min_size=1, max_size=20)),
)
shop_corrections: Final[st.SearchStrategy[Happening]] = st.tuples(
    st.just("correct"), st.tuples(st.sampled_from(["action", "number", "button"]), st.integers(-5, 20))
)
shop_happenings: Final[st.SearchStrategy[Happening]] = st.one_of(
    shop_pushes,
    shop_pushes,
    shop_corrections,
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([7, 40, 60, 120, 240, 31 * MINUTE, 70 * MINUTE]))),
    st.tuples(st.just("reverse"), st.tuples(st.integers(0, 2))),
    st.tuples(st.just("restart"), st.tuples(st.integers(0, 3))),
)


@st.composite
def nights(draw: st.DrawFn) -> list[Happening]:
    """Draw what happens in a night that has two turns in it; something happens just then."""
    story = draw(st.lists(shop_pushes, min_size=1, max_size=3))
    for _ in range(2):
        story += draw(st.lists(shop_happenings, max_size=4))
        story.append(("turn", ()))
        story += draw(st.lists(shop_corrections | shop_pushes, max_size=1))
    return story + draw(st.lists(shop_happenings, max_size=4))


@pytest.mark.parametrize(("zone", "reset", "begin"), NIGHTS.values(), ids=NIGHTS)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    reset_value=st.sampled_from([0, 0, 7]),
    doors=st.lists(st.tuples(st.booleans(), layouts), min_size=1, max_size=3),
    story=nights(),
)
async def test_entities_of_a_place_in_any_night(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    zone: str | None,
    reset: time | None,
    begin: str,
    reset_value: int,
    doors: list[tuple[bool, Layout]],
    story: list[Happening],
) -> None:
    """What is shown of a place is true after all that happens, and when its day ends or it starts anew."""
    noon.move_to(begin)
    serials = {f"accc8e{next(_numbers):06x}": is_reversed for is_reversed, _ in doors}
    truth = Truth(
        instant_of(begin) - 4 * DAY,
        Counts(),
        zone or hass.config.time_zone,
        serials,
        reset,
        0 if reset is None else reset_value,
    )
    shop = Shop(hass, noon, pusher, truth, [layout for _, layout in doors])
    await shop.add(entry, zone)
    try:
        shop.check()
        for what, of_it in story:
            await shop.happens(entry, what, of_it)
            shop.check()
    finally:
        await shop.remove(entry)
