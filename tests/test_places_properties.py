"""Places as the ledger returns them, whatever doors report in whatever order: equal to a slow, simple calculation."""

from contextlib import ExitStack, closing
from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Correction, Source, has_reached, thresholds
from custom_components.axis_people_counter.ledger import places
from custom_components.axis_people_counter.ledger.place_today import PlaceToday
from custom_components.axis_people_counter.ledger.places import Door, Place

from .helpers.bare_ledger import START, TIMEOUT, opened, push, sender
from .helpers.expected_place import (
    DAY,
    HOUR,
    MINUTE,
    Counts,
    ExpectedPlace,
    Layout,
    People,
    instant_of,
    layouts,
    people,
)

type Happening = tuple[str, Any]


# A slow and simple calculation of the data of a place


# The clocks in Europe go back in the first of two nights.
BEGIN: Final = instant_of("2026-10-24T18:00:00Z")
BEFORE: Final = BEGIN - DAY
END: Final = BEGIN + 36 * HOUR
# Hours from BEGIN to midnights and resets in some zone, and to checks.
TURNS: Final = (0.5, 4, 6, 6, 6, 6.5, 24.5, 29, 30, 30, 31.5)
NOWS: Final = (7, 24, 29.5, 32, 49)
# A reset time that occurs twice, midnight, midnight in UTC, and one inside intervals.
RESETS: Final = (
    ("Europe/Stockholm", time(2, 30)),
    ("Europe/Stockholm", time()),
    ("Asia/Kolkata", time(5, 30)),
    ("UTC", time(0, 3)),
)
SERIALS: Final = tuple(sender(number).serial for number in range(4))

type Doors = dict[str, bool]
type Delivery = tuple[int, int, list[tuple[int, list[People]]]]
type SetOccupancy = tuple[str, int, int]

examples: Final = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def _one_day_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the ledger add one checkpoint at a time."""
    monkeypatch.setattr(places, "DAYS_AT_ONCE", 1)


four_layouts: Final = st.tuples(layouts, layouts, layouts, layouts)
door_sets: Final[st.SearchStrategy[Doors]] = st.lists(st.booleans(), min_size=1, max_size=4).map(
    lambda ways: dict(zip(SERIALS, ways, strict=False))
)
keys: Final = st.sampled_from(["daily", "endless"])
# Times near TURNS, so that many events happen at the same time.
moments: Final = st.builds(
    lambda hours, minutes: BEGIN + int(hours * HOUR) + minutes * MINUTE,
    st.sampled_from(TURNS),
    st.sampled_from([0, 0, 0, *range(-5, 6)]),
)
questions: Final = st.sampled_from(NOWS).map(lambda hours: BEGIN + int(hours * HOUR))
# The camera's number, when the push was sent, and the counts of consecutive intervals from some times on.
deliveries: Final[st.SearchStrategy[Delivery]] = st.tuples(
    st.sampled_from([0, 0, 0, 1, 1, 2, 3]),
    st.integers(0, 20),
    st.lists(st.tuples(moments, st.lists(people, min_size=1, max_size=6)), min_size=1, max_size=3),
)
# Key, time and value of a correction; its time needs no whole minute.
set_occupancies: Final[st.SearchStrategy[SetOccupancy]] = st.tuples(
    keys, st.builds(int.__add__, moments, st.sampled_from([0, 0, 0, 1, 59])), st.sampled_from([0, 1, 5, 20])
)
# A capacity and a warning level.
limits_of_a_place: Final = st.lists(st.none() | st.integers(1, 30), min_size=2, max_size=2)
happenings: Final[st.SearchStrategy[Happening]] = st.one_of(
    st.tuples(st.just("push"), deliveries),
    st.tuples(st.just("push"), deliveries),
    st.tuples(st.just("push"), deliveries),
    st.tuples(st.just("correct"), set_occupancies),
    st.tuples(st.just("reverse"), st.tuples(st.integers(0, 3))),
    st.tuples(st.just("change"), st.tuples(keys, door_sets)),
    st.tuples(st.just("limit"), st.tuples(keys, limits_of_a_place, st.sampled_from([0, 0, 2, 9]))),
    st.just(("restart", ())),
)


class Places:
    """Two places in a ledger, one with a daily reset and one without, and the expected data of each."""

    def __init__(
        self, path: Path, at: tuple[str, time], reset_value: int, doors: Doors, layouts: tuple[Layout, ...]
    ) -> None:
        """Create the ledger."""
        self.counts = Counts()
        self.layouts = layouts
        self.limits: dict[str, tuple[list[int | None], int]] = {"daily": ([7, 4], 2), "endless": ([7, 4], 2)}
        zone, reset = at
        self.truths = {
            "daily": ExpectedPlace(BEFORE, self.counts, zone, doors, reset, reset_value),
            "endless": ExpectedPlace(BEFORE, self.counts, zone, doors, None),
        }
        self._path = path
        self._open = ExitStack()
        self.restart()

    def happens(self, what: str, of_it: Any) -> None:
        """Carry out an event."""
        match what:
            case "push":
                self.push(*of_it)
            case "correct":
                self.correct(*of_it)
            case "reverse":
                self.reverse(*of_it)
            case "change":
                self.change(*of_it)
            case "limit":
                self.limit(*of_it)
            case "restart":
                self.restart()
            case "ask":
                self.check(*of_it)

    def restart(self) -> None:
        """Open the ledger and store the places, as at a start of Home Assistant."""
        self.close()
        self.ledger = self._open.enter_context(opened(self._path))
        self.set_places()

    def close(self) -> None:
        """Close the ledger."""
        self._open.close()

    def place(self, key: str) -> Place:
        """Return a place as the ledger stores it."""
        truth = self.truths[key]
        doors = tuple(Door(serial, is_reversed) for serial, is_reversed in truth.doors.items())
        limits, hysteresis = self.limits[key]
        return Place(key, doors, f"{truth.reset} {truth.zone}", thresholds(limits, hysteresis=hysteresis))

    def set_places(self) -> None:
        """Store the places in the ledger."""
        self.ledger.set_places([self.place(key) for key in self.truths]).result(TIMEOUT)

    def push(self, number: int, sent: int, stretches: list[tuple[int, list[People]]]) -> None:
        """Push from a camera."""
        intervals = [interval for stretch in stretches for interval in self.layouts[number].intervals(*stretch)]
        for interval in intervals:
            self.counts.measure(SERIALS[number], sent, *interval)
        document = push(sent, *(Interval(*interval, None, None) for interval in intervals), sender=sender(number))
        self.ledger.record(document, START).result(TIMEOUT)

    def correct(self, key: str, at: int, value: int) -> None:
        """Set the occupancy at any time."""
        self.truths[key].corrections.append((at, value))
        self.ledger.correct_place(self.place(key), at, value, Source.ACTION).result(TIMEOUT)

    def reverse(self, number: int) -> None:
        """Reverse the direction of a camera that has pushed."""
        serial = SERIALS[number]
        if any(camera == serial for camera, _, _ in self.counts.latest):
            self.counts.reversed ^= {serial}
            self.ledger.set_reversed(serial, serial in self.counts.reversed).result(TIMEOUT)

    def change(self, key: str, doors: Doors) -> None:
        """Change the doors of a place."""
        self.truths[key].doors = doors
        self.set_places()

    def limit(self, key: str, limits: list[int | None], hysteresis: int) -> None:
        """Change the limits of a place."""
        self.limits[key] = limits, hysteresis
        self.set_places()

    def ask(self, key: str, now: int) -> PlaceToday:
        """Return the data of a place from the ledger."""
        truth, day = self.truths[key], self.truths[key].day(now)
        base = max((reset for reset in truth.resets if reset <= day.start), default=0)
        resets = [Correction(reset, truth.reset_value) for reset in truth.resets if base <= reset <= now]

        def read() -> PlaceToday | None:
            return self.ledger.place_today(key, day.start, day.stop, resets).result(TIMEOUT)

        if (today := read()) is None:
            while self.ledger.advance_place(self.place(key), day.start).result(TIMEOUT):
                pass
            today = read()
        assert today
        return today

    def check(self, now: int) -> None:
        """Assert that both places have the expected counts and occupancy, and reach the expected limits."""
        for key, truth in self.truths.items():
            today, day = self.ask(key, now), truth.day(now)
            steps = list(truth.steps(now, END))
            before = next(step.levels[-1] for step in reversed(steps) if step.at <= day.start)
            later = [step for step in steps if step.at > day.start]
            assert (today.entered, today.exited) == truth.counted(day)
            assert today.counted_until == truth.counted_until()
            assert today.occupancy == steps[-1].levels[-1]
            assert today.peak == max([before, *(level for step in later for level in step.levels)])
            assert today.drift == sum(step.drift for step in later)
            inside = list(truth.since_reset(steps, now))
            limits, hysteresis = self.limits[key]
            for limit in filter(None, limits):
                reached = has_reached(limit, today.occupancies, hysteresis=hysteresis)
                assert reached is has_reached(limit, inside, hysteresis=hysteresis), (limit, hysteresis)


@given(
    at=st.sampled_from(RESETS),
    reset_value=st.sampled_from([0, 0, 7]),
    doors=door_sets,
    layouts=four_layouts,
    story=st.lists(st.tuples(happenings, st.none() | questions), min_size=8, max_size=24),
    last=questions,
)
# People who left before midnight had entered in an interval over midnight.
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
# The occupancy was set on the day before the first count.
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
@pytest.mark.slow
def test_place_in_any_story(
    at: tuple[str, time],
    reset_value: int,
    doors: Doors,
    layouts: tuple[Layout, ...],
    story: list[tuple[Happening, int | None]],
    last: int,
) -> None:
    """Places are right after late, replaced, repeated counts, corrections, reversals, other doors and restarts."""
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
    sent_deliveries=st.lists(deliveries, min_size=3, max_size=10),
    set_values=st.lists(set_occupancies, max_size=3, unique_by=lambda correction: correction[1]),
    data=st.data(),
)
@examples
@pytest.mark.slow
def test_order_makes_no_difference(
    at: tuple[str, time],
    doors: Doors,
    layouts: tuple[Layout, ...],
    sent_deliveries: list[Delivery],
    set_values: list[SetOccupancy],
    data: st.DataObject,
) -> None:
    """The ledger returns the same data if the same counts come in another order, in pieces, and twice."""
    corrections: list[Happening] = [("correct", correction) for correction in set_values]
    torn: list[Happening] = [
        ("push", (number, sent, [(start, [(entered, exited)])]))
        for number, sent, stretches in sent_deliveries
        for stretch in stretches
        for start, _, entered, exited in layouts[number].intervals(*stretch)
    ]
    again = data.draw(st.lists(st.sampled_from(torn), max_size=4))
    asked: list[Happening] = [("ask", (now,)) for now in data.draw(st.lists(questions, max_size=3))]
    answers = []
    for story in (
        [*(("push", delivery) for delivery in sent_deliveries), *corrections],
        data.draw(st.permutations([*torn, *again, *corrections, *asked])),
    ):
        with TemporaryDirectory() as folder:
            shops = Places(Path(folder) / "ledger.db", at, 0, doors, layouts)
            with closing(shops):
                for what, of_it in story:
                    shops.happens(what, of_it)
                answers.append([shops.ask(key, BEGIN + hours * HOUR) for key in shops.truths for hours in (7, 32, 49)])
    assert answers[0] == answers[1]
