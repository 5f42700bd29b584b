"""The occupancy of a place with live counts of its doors is the truth, whichever door pushes first."""

from collections.abc import Iterator
from datetime import UTC, time
from random import Random
from typing import Final

from hypothesis import example, given, settings, strategies as st

from custom_components.axis_people_counter.counting import (
    NOBODY,
    Interval,
    LiveCounts,
    People,
    Reading,
    Schedule,
    people_of,
)
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place

from ..helpers.bare_ledger import MINUTE, START, TIMEOUT, memory_folder, opened, push, sender

SHOP: Final = "shop"
SCHEDULE: Final = Schedule(UTC, time(), 0, True)


class LiveDoor:
    """A camera over a door, which is asked for live counts and pushes each minute, sometimes late."""

    def __init__(self, number: int, ledger: Ledger, random: Random) -> None:
        """Push a minute in which nobody passed, and ask for the first time."""
        self.sender = sender(number)
        self.ledger = ledger
        self.random = random
        # The people who have passed, each with the time.
        self.passed: list[Interval] = []
        self.until = START
        self.live = LiveCounts(START)
        self.push(START)
        self.read(START + 3)
        self.due = START + MINUTE + random.randint(10, 40)

    def pass_by(self, now: int, people: People) -> None:
        """Let people pass."""
        self.passed.append(Interval(now, now, *people, None, None))

    def read(self, now: int) -> None:
        """Ask the camera."""
        self.live.read(Reading(now, people_of(self.passed).plus(People(100, 30))))

    def push_if_due(self, now: int) -> None:
        """Push the minutes that are over."""
        if now >= self.due:
            self.push(now // MINUTE * MINUTE)
            self.due = self.until + MINUTE + self.random.choice((10, 40, 100))

    def push(self, end: int) -> None:
        """Push the minutes up to an instant, and subtract their people from the live counts."""
        minutes = [self.minute(start) for start in range(self.until, end, MINUTE)] or [self.minute(START - MINUTE)]
        self.ledger.record(push(end - START + 5, *minutes, sender=self.sender), end + 5).result(TIMEOUT)
        self.until = minutes[-1].end
        self.live.pushed(self.until, people_of(minutes))

    def minute(self, start: int) -> Interval:
        """Return the counts of a minute."""
        people = people_of(found for found in self.passed if start <= found.start < start + MINUTE)
        return Interval(start, start + MINUTE, *people, None, None)

    def later(self) -> Interval:
        """Return who has passed after the last push, as far as that is certain."""
        return Interval(self.until, self.live.newest, *self.live.passed(self.until), None, None)

    def known(self) -> People:
        """Return the people who were pushed or counted live."""
        pushed = people_of(found for found in self.passed if found.start < self.until)
        return pushed.plus(self.live.passed(self.until))


def customers(random: Random, doors: list[LiveDoor]) -> Iterator[int]:
    """Yield the seconds in which people enter by one door and exit by another; each time a door is asked."""
    inside = 0
    now = START + 3
    while now < START + 8 * MINUTE:
        now += random.randint(1, 6)
        if random.random() < 0.5:
            exits = inside > 0 and random.random() < 0.6
            random.choice(doors).pass_by(now, People(0, 1) if exits else People(1, 0))
            inside += -1 if exits else 1
        random.choice(doors).read(now)
        for door in doors:
            door.push_if_due(now)
        yield now


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
# Somebody has left by a door, and hasn't been read at the other one by which they entered.
@example(seed=1000000)
def test_any_customers(seed: int) -> None:
    """Whoever enters by one door and exits by another is no longer inside, even while only one of them has pushed."""
    random = Random(seed)
    with memory_folder() as folder, opened(folder / "ledger.db") as ledger:
        doors = [LiveDoor(number, ledger, random) for number in (1, 2)]
        keys = tuple(Door(door.sender.serial, False) for door in doors)
        ledger.set_places([Place(SHOP, keys, SCHEDULE.basis)]).result(TIMEOUT)
        day, next_day = SCHEDULE.day(START)
        for now in customers(random, doors):
            resets = SCHEDULE.resets(SCHEDULE.reset(day)[0], now + 1)
            today = ledger.place_today(SHOP, day, next_day, resets).result(TIMEOUT)
            assert today
            known = NOBODY
            for door in doors:
                known = known.plus(door.known())
            occupancies = today.occupancies_with([door.later() for door in doors])
            entered = sum(people_of(door.passed).entered for door in doors)
            # Whoever has left must have entered before, even if that isn't known yet.
            assert max(0, known.entered - known.exited) <= occupancies[-1] <= entered - known.exited
