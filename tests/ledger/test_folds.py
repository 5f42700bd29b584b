"""Folds that are carried on through the day: every answer equals the one from scratch."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, time
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
import sqlite3
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval, reverse
from custom_components.axis_people_counter.counting.local_time import LATEST
from custom_components.axis_people_counter.counting.occupancy import Source, final_occupancy
from custom_components.axis_people_counter.counting.rows import passages
from custom_components.axis_people_counter.counting.schedule import Schedule
from custom_components.axis_people_counter.ledger import folds, place_today, today
from custom_components.axis_people_counter.ledger.folds import (
    UNFINISHED,
    Folds,
    LedgerConnection,
    ReadInSteps,
    Unfinished,
)
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.place_today import PlaceToday
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.today import Today

from ..helpers.bare_ledger import MINUTE, TIMEOUT, memory_folder, opened, push, sender

ZONE: Final = ZoneInfo("Europe/Stockholm")
# The clocks go back in the night that follows.
EVENING: Final = int(datetime(2026, 10, 24, 18, tzinfo=UTC).timestamp())
# The width of each door's intervals, in minutes.
WIDTHS: Final = (1, 1, 15, 5)
SERIALS: Final = tuple(sender(number).serial for number in range(len(WIDTHS)))
KEYS: Final = ("daily", "endless")

type Doors = tuple[Door, ...]
type Happening = tuple[str, tuple[Any, ...]]

seeds: Final = st.integers(0, 999)
door_numbers: Final = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
door_sets: Final[st.SearchStrategy[Doors]] = st.lists(st.booleans(), min_size=1, max_size=len(WIDTHS)).map(
    lambda ways: tuple(Door(*door) for door in zip(SERIALS, ways, strict=False))
)
happenings: Final[st.SearchStrategy[Happening]] = st.one_of(
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([1, 1, 2, 5, 15, 40, 130]))),
    st.tuples(st.just("push"), st.tuples(door_numbers, seeds)),
    st.tuples(st.just("push"), st.tuples(door_numbers, seeds)),
    st.tuples(st.just("push"), st.tuples(door_numbers, seeds)),
    st.tuples(st.just("skip"), st.tuples(door_numbers)),
    st.tuples(st.just("fill"), st.tuples(door_numbers, seeds)),
    st.tuples(st.just("replace"), st.tuples(door_numbers, st.integers(1, 90), seeds)),
    st.tuples(
        st.just("correct"), st.tuples(st.integers(0, 9), st.sampled_from([0, 1, 60, 61, 600]), st.integers(0, 9))
    ),
    st.tuples(st.just("reverse"), st.tuples(door_numbers)),
    st.tuples(st.just("change"), st.tuples(st.sampled_from(KEYS), door_sets)),
)


class Shop:
    """A ledger with some doors and two places, while time goes by."""

    def __init__(self, path: Path, begin: int, reset: time, reset_value: int, doors: Doors, at_once: int) -> None:
        """Open the ledger."""
        self.now = begin
        self._at_once = at_once
        self._opened = opened(path)
        self.ledger = self._opened.__enter__()
        self.schedules = {"daily": Schedule(ZONE, reset, reset_value), "endless": Schedule(ZONE, None)}
        self.doors = dict.fromkeys(KEYS, doors)
        self._sent_until = [begin // (15 * MINUTE) * 15 * MINUTE] * len(WIDTHS)
        self._skipped: list[list[int]] = [[] for _ in WIDTHS]
        self._set_places()

    def close(self) -> None:
        """Close the ledger."""
        self._opened.__exit__(None, None, None)

    def _set_places(self) -> None:
        wanted = [Place(key, self.doors[key], self.schedules[key].basis) for key in KEYS]
        self.ledger.set_places(wanted).result(TIMEOUT)

    def wait(self, minutes: int) -> None:
        """Let time go by."""
        self.now += minutes * MINUTE

    def _due(self, number: int) -> Iterator[int]:
        """Yield the starts of the intervals that a door has counted and not sent yet."""
        width = WIDTHS[number] * MINUTE
        while self._sent_until[number] + width <= self.now:
            yield self._sent_until[number]
            self._sent_until[number] += width

    def _send(self, number: int, starts: list[int], seed: int) -> None:
        """Send intervals with random people."""
        width = WIDTHS[number] * MINUTE
        random = Random(seed)
        intervals = [
            Interval(start, start + width, random.choice((0, 0, 1, 3)), random.choice((0, 0, 1, 2)), None, None)
            for start in starts
        ]
        self.ledger.record(push(self.now, *intervals, sender=sender(number), at=0), self.now).result(TIMEOUT)

    def push(self, number: int, seed: int) -> None:
        """Send what a door has counted since it sent last."""
        self._send(number, list(self._due(number)), seed)

    def skip(self, number: int) -> None:
        """Leave a gap where a door has counted, for now."""
        self._skipped[number] += self._due(number)

    def fill(self, number: int, seed: int) -> None:
        """Send what was skipped."""
        starts, self._skipped[number] = self._skipped[number], []
        self._send(number, starts, seed)

    def replace(self, number: int, ago: int, seed: int) -> None:
        """Send an interval again, with other counts."""
        width = WIDTHS[number] * MINUTE
        self._send(number, [self._sent_until[number] - (ago * MINUTE // width + 1) * width], seed)

    def correct(self, which: int, ago: int, value: int) -> None:
        """Set the occupancy of a camera or a place."""
        at = self.now - ago
        if which < len(SERIALS):
            if self.ledger.camera(SERIALS[which]).result(TIMEOUT):
                self.ledger.correct(SERIALS[which], at, value, Source.ACTION).result(TIMEOUT)
        else:
            key = KEYS[which % 2]
            place = Place(key, self.doors[key], self.schedules[key].basis)
            self.ledger.correct_place(place, at, value, Source.ACTION).result(TIMEOUT)

    def reverse(self, number: int) -> None:
        """Reverse a door's camera, or no longer reverse it."""
        if camera := self.ledger.camera(SERIALS[number]).result(TIMEOUT):
            self.ledger.set_reversed(SERIALS[number], not camera.reversed).result(TIMEOUT)

    def change(self, key: str, doors: Doors) -> None:
        """Give a place other doors."""
        self.doors[key] = doors
        self._set_places()

    def check(self) -> None:
        """Assert that all answers equal those from scratch, and those of a camera a plain sum."""
        schedule = self.schedules["daily"]
        day, next_day = schedule.day(self.now)
        reset, _ = schedule.reset(self.now)
        for serial in SERIALS:
            if self.ledger.camera(serial).result(TIMEOUT):
                read = partial(today.today, key=serial, day=day, next_day=next_day, reset=reset)
                assert_right(self.ledger, serial, both(self.ledger, read, self._at_once), (day, next_day, reset))
        for key, schedule in self.schedules.items():
            day, next_day = schedule.day(self.now)
            resets = schedule.resets(schedule.reset(day)[0], self.now + 1)
            while self.ledger.advance_place(Place(key, self.doors[key], schedule.basis), day).result(TIMEOUT):
                pass
            read_place = partial(place_today.today, key=key, day=day, next_day=next_day, resets=resets)
            assert both(self.ledger, read_place, self._at_once)
            assert both(self.ledger, partial(occupancies_later, read_place), self._at_once)


def occupancies_later(
    read_place: Callable[..., PlaceToday | Unfinished | None], db: sqlite3.Connection, steps: ReadInSteps[Any]
) -> list[int] | Unfinished | None:
    """Return the occupancies of a place with an interval after all others."""
    if not isinstance(found := read_place(db, steps=steps), PlaceToday):
        return found
    end = max(found.counted_until.values(), default=0)
    return found.occupancies_with([Interval(end, end + MINUTE, 3, 1, None, None)])


def both[T](ledger: Ledger, read: Callable[..., T | Unfinished], at_once: int) -> T:
    """Return an answer that is added up in small steps, and assert that it is the same from scratch at once."""

    def in_steps(db: sqlite3.Connection) -> T:
        steps: ReadInSteps[Any] = ReadInSteps()
        while (found := read(db, steps=steps)) is UNFINISHED:
            pass
        return found

    def compare(db: sqlite3.Connection) -> T:
        assert isinstance(db, LedgerConnection)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(folds, "INTERVALS_AT_ONCE", at_once)
            carried_on = in_steps(db)
        cameras, shops = db.cameras, db.places
        db.cameras, db.places = Folds(), Folds()
        from_scratch = read(db, steps=ReadInSteps())
        db.cameras, db.places = cameras, shops
        assert carried_on == from_scratch
        return carried_on

    return ledger.submit(compare).result(TIMEOUT)


def assert_right(ledger: Ledger, key: str, answer: Today, basis: tuple[int, int, int]) -> None:
    """Assert that the data of a camera are the plain sums of its intervals."""
    day, next_day, reset = basis
    found = ledger.intervals(key, 0, LATEST, 10_000).result(TIMEOUT)
    if answer.camera.reversed:
        found = [reverse(interval) for interval in found]
    of_day = [interval for interval in found if day <= interval.start < next_day]
    assert answer.counts.entered == sum(interval.entered for interval in of_day)
    assert answer.counts.exited == sum(interval.exited for interval in of_day)
    set_values = ledger.corrections(key, reset, LATEST).result(TIMEOUT)
    assert answer.occupancy == final_occupancy(passages(found, reset), set_values)
    assert answer.missing_seconds == sum(
        max(0, min(after.start, next_day) - max(before.end, day)) for before, after in pairwise(found)
    )


@pytest.mark.slow
@given(
    begin=st.integers(0, 16 * 60).map(lambda minutes: EVENING + minutes * MINUTE),
    reset=st.sampled_from([time(), time(0, 3), time(2, 30), time(23, 45)]),
    reset_value=st.sampled_from([0, 0, 7]),
    doors=door_sets,
    at_once=st.sampled_from([1, 2, 7, 1000]),
    story=st.lists(happenings, min_size=10, max_size=40),
)
@settings(max_examples=75, suppress_health_check=[HealthCheck.too_slow])
def test_any_story(
    begin: int, reset: time, reset_value: int, doors: Doors, at_once: int, story: list[Happening]
) -> None:
    """Folds are right after late, replaced and lagging counts, corrections, reversals, other doors and resets."""
    with (
        memory_folder() as folder,
        closing(Shop(folder / "ledger.db", begin, reset, reset_value, doors, at_once)) as shop,
    ):
        for what, of_it in story:
            getattr(shop, what)(*of_it)
            shop.check()
