"""A building: people walk through doors from place to place, and the cameras over the doors may miscount them."""

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

# The place from which everybody comes; the number of people there is unknown.
OUTSIDE = "outside"
# The share of adults, and the average minutes that people stay in a place.
ADULTS = 0.85
STAY = 15


@dataclass(frozen=True, slots=True)
class Door:
    """A door between two places; its camera counts `in` from the first to the second."""

    name: str
    first: str
    second: str

    def beyond(self, place: str) -> str:
        """Return the place on the other side."""
        return self.second if place == self.first else self.first


@dataclass(frozen=True, slots=True)
class Passage:
    """One person who goes through a door in a minute since 1970, and how many people its camera counts."""

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
        """Return the counts of a camera that counts the person as so many people."""
        adults = people if self.adult else 0
        if self.origin == self.door.first:
            return Counts(in_=people, adults_in=adults)
        return Counts(out=people, adults_out=adults)


# All passages of one person, from entering the building to leaving it.
type Walk = tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Errors:
    """The number of passages that cameras missed, and of those that they counted twice."""

    missed: int
    extra: int

    @property
    def total(self) -> int:
        """The largest possible error of a number of people inside that was right before."""
        return self.missed + self.extra


class Building:
    """All walks of all its people. The same seed always gives the same walks, at any error rate.

    `hours` has the number of people: every party is one person. Nobody is inside while it is closed.
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
        """Take the share of passages that a camera misses; with `double` it counts as many twice."""
        if not 0 <= error_rate < 1 or (double and error_rate > 0.5):
            raise ValueError(f"Cameras can't err at a rate of {error_rate}.")
        self.zone = zone
        self.doors = tuple(doors)
        # Without OUTSIDE, in the order of the doors.
        self.places = _places(self.doors)
        self._seed = seed
        self._hours = hours or Hours()
        self._error_rate = error_rate
        self._double = double
        self._doors_at = {
            place: [door for door in self.doors if place in (door.first, door.second)]
            for place in (OUTSIDE, *self.places)
        }
        # Days are cached, as in every source.
        self._walks: Callable[[date], tuple[Walk, ...]] = lru_cache(maxsize=200)(self._make_walks)
        self._moves: Callable[[str, date], tuple[list[int], list[int]]] = lru_cache(maxsize=1000)(self._make_moves)
        self._wrong: Callable[[date], list[Passage]] = lru_cache(maxsize=200)(self._make_wrong)
        self._true = {door: Days(zone, partial(self._make_counts, door, as_seen=False)) for door in self.doors}
        self._seen = {door: Days(zone, partial(self._make_counts, door, as_seen=True)) for door in self.doors}

    # The truth

    def walks(self, day: date) -> tuple[Walk, ...]:
        """Return the walks of all people who enter on a local day."""
        return self._walks(day)

    def inside(self, place: str, instant: datetime) -> int:
        """Return how many people are in a place, as of the last whole minute before an instant."""
        came, went = self._moves(place, self._day(instant))
        minute = minute_of(instant)
        return bisect_left(came, minute) - bisect_left(went, minute)

    def passed(self, door: Door, start: datetime, end: datetime) -> Counts:
        """Return the true counts of a door between two whole minutes."""
        return self._true[door].between(minute_of(start), minute_of(end))

    # The cameras

    def seen(self, door: Door) -> Source:
        """Return the counts of the camera over a door, errors included."""
        return self._seen[door]

    def errors(self, place: str, start: datetime, end: datetime) -> Errors:
        """Return the errors at all doors of a place, or of OUTSIDE, between two whole minutes."""
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
        """Yield the local days between two instants, the first and the last included."""
        day, last = self._day(start), self._day(end)
        while day <= last:
            yield day
            day += timedelta(days=1)

    def _make_walks(self, day: date) -> tuple[Walk, ...]:
        """Generate the walks of all people who enter on a local day."""
        minutes = self._hours.minutes(day, self.zone)
        random = Random(f"{self._seed} {day}")
        walks: list[Walk] = []
        for arrival in self._hours.arrivals(self._seed, random, day, self.zone):
            adult = random.random() < ADULTS
            ways = self._ways(random)
            # Skip people who couldn't leave by closing time.
            if len(ways) > len(minutes):
                continue
            walk: list[Passage] = []
            minute = arrival
            for done, (door, origin) in enumerate(ways):
                # Each door on the way out needs a minute.
                minute = min(minute, minutes.stop - len(ways) + done)
                # Draw at any error rate, so that people walk the same ways at each rate.
                walk.append(Passage(minute, door, origin, adult, self._people(random.random())))
                # Nobody has two passages in one minute, so their order within a minute makes no difference.
                minute += 1 + int(random.expovariate(1 / STAY))
            walks.append(tuple(walk))
        return tuple(walks)

    def _ways(self, random: Random) -> list[tuple[Door, str]]:
        """Return the doors that a person goes through, each with the place before it, until the person is outside."""
        ways: list[tuple[Door, str]] = []
        place = OUTSIDE
        while not ways or place != OUTSIDE:
            door = random.choice(self._doors_at[place])
            ways.append((door, place))
            place = door.beyond(place)
        return ways

    def _people(self, chance: float) -> int:
        """Return how many people a camera counts for one person."""
        if chance < self._error_rate:
            return 0
        return 2 if self._double and chance < 2 * self._error_rate else 1

    def _make_moves(self, place: str, day: date) -> tuple[list[int], list[int]]:
        """Return the sorted minutes at which people enter a place, and those at which they leave it."""
        if place not in self.places:
            raise ValueError(f"Nobody knows how many people are in {place}.")
        passages = list(chain.from_iterable(self.walks(day)))
        return (
            sorted(passage.minute for passage in passages if passage.destination == place),
            sorted(passage.minute for passage in passages if passage.origin == place),
        )

    def _make_wrong(self, day: date) -> list[Passage]:
        """Return the passages that cameras miscount."""
        return [passage for passage in chain.from_iterable(self.walks(day)) if passage.counted != 1]

    def _make_counts(self, door: Door, day: date, *, as_seen: bool) -> dict[int, Counts]:
        """Return the counts of a door by minute: those of its camera, or the true ones."""
        counts: dict[int, Counts] = {}
        for passage in chain.from_iterable(self.walks(day)):
            if passage.door == door:
                added = passage.counts(passage.counted if as_seen else 1)
                counts[passage.minute] = counts.get(passage.minute, Counts()) + added
        return counts


def _places(doors: Sequence[Door]) -> tuple[str, ...]:
    """Return the places of a building; raise ValueError if the doors don't make one building."""
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
