"""A building: people walk through doors from place to place, and the cameras over them may count some wrong."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import chain
from random import Random
from zoneinfo import ZoneInfo

from .counts import Counts, minute_of
from .hours import Hours
from .source import Days, Source

# The place from which everybody comes; nobody knows how many are there.
OUTSIDE = "outside"
# How many of the people are adults, and how many minutes they stay in a place, on average.
ADULTS = 0.85
STAY = 15


@dataclass(frozen=True, slots=True)
class Door:
    """A door between two places; its camera says `in` of those who go from the first to the second."""

    name: str
    first: str
    second: str

    def beyond(self, place: str) -> str:
        """Return the place on the other side."""
        return self.second if place == self.first else self.first


@dataclass(frozen=True, slots=True)
class Passage:
    """One person who goes through a door in a minute since 1970, and how many people its camera takes that for."""

    minute: int
    door: Door
    origin: str
    adult: bool
    counted: int

    @property
    def destination(self) -> str:
        """The place to which the person goes."""
        return self.door.beyond(self.origin)

    def counts(self, people: int) -> Counts:
        """Return what a camera counts that takes the person for so many."""
        adults = people if self.adult else 0
        if self.origin == self.door.first:
            return Counts(in_=people, adults_in=adults)
        return Counts(out=people, adults_out=adults)


# All passages of one person, from the one in to the one out of the building.
type Walk = tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Errors:
    """Passages that cameras missed, and those that they counted double."""

    missed: int
    extra: int

    @property
    def total(self) -> int:
        """How far a number of people inside can be from the truth at most, if it was right before."""
        return self.missed + self.extra


class Building:
    """The truth about all its people. The same seed always gives the same walks, whatever the cameras make of them.

    `hours` tells how many people come: here everybody is a party of one. Nobody is inside while it is closed.
    """

    def __init__(
        self,
        seed: int | str,
        zone: ZoneInfo,
        doors: Sequence[Door],
        *,
        hours: Hours | None = None,
        error_rate: float = 0,
        double: bool = False,
    ) -> None:
        """Make up nothing yet. A camera misses that share of the passages; with `double` it counts as many twice."""
        if not 0 <= error_rate < 1 or (double and error_rate > 0.5):
            raise ValueError(f"Cameras can't err at a rate of {error_rate}.")
        self.zone = zone
        self.doors = tuple(doors)
        # Without the outside, in the order in which the doors name them.
        self.places = _places(self.doors)
        self._seed = seed
        self._hours = hours or Hours()
        self._error_rate = error_rate
        self._double = double
        self._doors_at = {
            place: [door for door in self.doors if place in (door.first, door.second)]
            for place in (OUTSIDE, *self.places)
        }
        # A day is kept, like those of every source.
        self._walks: Callable[[date], tuple[Walk, ...]] = lru_cache(maxsize=200)(self._make_walks)
        self._moves: Callable[[str, date], tuple[list[int], list[int]]] = lru_cache(maxsize=1000)(self._make_moves)
        self._wrong: Callable[[date], list[Passage]] = lru_cache(maxsize=200)(self._make_wrong)
        self._true = {door: Days(zone, partial(self._make_counts, door, as_seen=False)) for door in self.doors}
        self._seen = {door: Days(zone, partial(self._make_counts, door, as_seen=True)) for door in self.doors}

    # The truth

    def walks(self, day: date) -> tuple[Walk, ...]:
        """Return the walks of all people who come on a local day."""
        return self._walks(day)

    def inside(self, place: str, instant: datetime) -> int:
        """Return how many people are in a place once all minutes are over that end by that instant."""
        came, went = self._moves(place, self._day(instant))
        minute = minute_of(instant)
        return bisect_left(came, minute) - bisect_left(went, minute)

    def passed(self, door: Door, start: datetime, end: datetime) -> Counts:
        """Return who really went through a door between two whole minutes."""
        return self._true[door].between(minute_of(start), minute_of(end))

    # The cameras

    def seen(self, door: Door) -> Source:
        """Return what the camera over a door counts."""
        return self._seen[door]

    def errors(self, place: str, start: datetime, end: datetime) -> Errors:
        """Return what was miscounted at all doors of a place, or of the outside, between two whole minutes."""
        if place not in self._doors_at:
            raise ValueError(f"There is no place {place}.")
        first, after = minute_of(start), minute_of(end)
        wrong = [
            passage.counted
            for day in self._days(start, end)
            for passage in self._wrong(day)
            if first <= passage.minute < after and place in (passage.door.first, passage.door.second)
        ]
        missed = wrong.count(0)
        return Errors(missed, len(wrong) - missed)

    # Days

    def _day(self, instant: datetime) -> date:
        """Return the local day."""
        return instant.astimezone(self.zone).date()

    def _days(self, start: datetime, end: datetime) -> Iterator[date]:
        """Yield the local days that a stretch of time touches."""
        day, last = self._day(start), self._day(end)
        while day <= last:
            yield day
            day += timedelta(days=1)

    def _make_walks(self, day: date) -> tuple[Walk, ...]:
        """Make up the walks of all people who come on a local day."""
        minutes = self._hours.minutes(day, self.zone)
        random = Random(f"{self._seed} {day}")
        walks: list[Walk] = []
        for arrival in self._hours.arrivals(self._seed, random, day, self.zone):
            adult = random.random() < ADULTS
            ways = self._ways(random)
            # Who couldn't be out again by closing time doesn't come.
            if len(ways) > len(minutes):
                continue
            walk: list[Passage] = []
            minute = arrival
            for done, (door, origin) in enumerate(ways):
                # There must be a minute left for each door on the way out.
                minute = min(minute, minutes.stop - len(ways) + done)
                # The chance is taken at any rate, so that people walk the same ways at each.
                walk.append(Passage(minute, door, origin, adult, self._people(random.random())))
                # Nobody comes and goes within a minute, so the order of passages in a minute makes no difference.
                minute += 1 + int(random.expovariate(1 / STAY))
            walks.append(tuple(walk))
        return tuple(walks)

    def _ways(self, random: Random) -> list[tuple[Door, str]]:
        """Return the doors that a person goes through, each with the place before it: any way that ends outside."""
        ways: list[tuple[Door, str]] = []
        place = OUTSIDE
        while not ways or place != OUTSIDE:
            door = random.choice(self._doors_at[place])
            ways.append((door, place))
            place = door.beyond(place)
        return ways

    def _people(self, chance: float) -> int:
        """Return how many people a camera takes a person for."""
        if chance < self._error_rate:
            return 0
        return 2 if self._double and chance < 2 * self._error_rate else 1

    def _make_moves(self, place: str, day: date) -> tuple[list[int], list[int]]:
        """Return the minutes at which people come into a place and leave it, in the order of time."""
        if place not in self.places:
            raise ValueError(f"Nobody knows how many people are in {place}.")
        passages = list(chain.from_iterable(self.walks(day)))
        return (
            sorted(passage.minute for passage in passages if passage.destination == place),
            sorted(passage.minute for passage in passages if passage.origin == place),
        )

    def _make_wrong(self, day: date) -> list[Passage]:
        """Return the passages that cameras count wrong."""
        return [passage for passage in chain.from_iterable(self.walks(day)) if passage.counted != 1]

    def _make_counts(self, door: Door, day: date, *, as_seen: bool) -> dict[int, Counts]:
        """Return the counts of a door by minute: those of its camera, or the truth."""
        counts: dict[int, Counts] = {}
        for passage in chain.from_iterable(self.walks(day)):
            if passage.door == door:
                added = passage.counts(passage.counted if as_seen else 1)
                counts[passage.minute] = counts.get(passage.minute, Counts()) + added
        return counts


def _places(doors: Sequence[Door]) -> tuple[str, ...]:
    """Return the places of a building; refuse doors that can't all belong to one."""
    if len({door.name for door in doors}) < len(doors):
        raise ValueError("Two doors have the same name.")
    if any(door.first == door.second for door in doors):
        raise ValueError("A door must lead from one place to another.")
    reached = {OUTSIDE}
    for _ in doors:
        reached.update(*((door.first, door.second) for door in doors if {door.first, door.second} & reached))
    places = dict.fromkeys(place for door in doors for place in (door.first, door.second))
    if not doors or places.keys() - reached:
        raise ValueError("There must be a way to every place from outside.")
    return tuple(place for place in places if place != OUTSIDE)
