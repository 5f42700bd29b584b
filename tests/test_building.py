"""The simulated building: where everybody is, and what its cameras miscount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

import pytest

from .simulator import OUTSIDE, Building, Counts, Door, Errors, Hours

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TUESDAY = date(2021, 4, 13)
MINUTE = timedelta(minutes=1)

MAIN = Door("Main entrance", OUTSIDE, "Shop")
# Makes a circle; its camera counts `in` for people who leave the building.
YARD = Door("Yard door", "Café", OUTSIDE)
ARCH = Door("Arch", "Shop", "Café")
# Not connected to the outside.
KITCHEN = Door("Kitchen door", "Café", "Kitchen")
DOORS = (MAIN, YARD, ARCH, KITCHEN)


def _building(seed: int = 1, *, zone: ZoneInfo = STOCKHOLM, hours: Hours | None = None, errors: float = 0) -> Building:
    """Return the building of these tests, with missed and double counts at the same rate."""
    return Building(seed, zone, DOORS, hours=hours, error_rate=errors, double=errors > 0)


def _minutes(day: date, zone: ZoneInfo = STOCKHOLM, days: int = 1) -> list[datetime]:
    """Return the start of each minute of so many local days, and their end."""
    start, end = (datetime.combine(day + timedelta(days=later), time(), zone).astimezone(UTC) for later in (0, days))
    return [start + minute * MINUTE for minute in range((end - start) // MINUTE + 1)]


def _change(door: Door, counts: Counts, place: str) -> int:
    """Return how many more people are in a place after these counts of a door."""
    entered = counts.in_ - counts.out
    return entered if door.second == place else -entered if door.first == place else 0


def _whereabouts(building: Building, day: date, instant: datetime) -> Counter[str]:
    """Return how many people are in each place, by following each walk."""
    found: Counter[str] = Counter()
    for walk in building.walks(day):
        place = OUTSIDE
        for passage in walk:
            if (passage.minute + 1) * 60 <= instant.timestamp():
                place = passage.destination
        found[place] += 1
    return found


def _seen(building: Building, door: Door, start: datetime, end: datetime) -> Counts:
    """Return the counts of a door's camera."""
    return building.seen(door).between(int(start.timestamp() // 60), int(end.timestamp() // 60))


# Walks


def test_walks() -> None:
    """Generate walks from outside to outside, with at most one passage a minute."""
    building = _building()
    walks = building.walks(TUESDAY)
    for walk in walks:
        assert walk[0].origin == walk[-1].destination == OUTSIDE
        assert all(OUTSIDE not in (passage.door.first, passage.door.second) for passage in walk[1:-1])
        assert all(
            {passage.origin, passage.destination} == {passage.door.first, passage.door.second} for passage in walk
        )
        assert all(before.destination == after.origin for before, after in pairwise(walk))
        # So the order of doors within a minute makes no difference.
        assert all(before.minute < after.minute for before, after in pairwise(walk))
        assert len({passage.adult for passage in walk}) == 1
    assert len(walks) > 100
    assert {(walk[0].door, walk[-1].door) for walk in walks} >= {(MAIN, YARD), (YARD, MAIN), (MAIN, MAIN)}
    there_and_back = [MAIN, ARCH, ARCH, MAIN]
    assert any([passage.door for passage in walk] == there_and_back for walk in walks)
    assert 0.7 < sum(walk[0].adult for walk in walks) / len(walks) < 0.95


def test_same_seed_same_walks() -> None:
    """Generate the same walks for the same seed, in whatever order days are asked for."""
    first, again, other = _building(1, errors=0.1), _building(1, errors=0.1), _building(2, errors=0.1)
    tomorrow = TUESDAY + timedelta(days=1)
    forwards = [first.walks(TUESDAY), first.walks(tomorrow)]
    backwards = [again.walks(tomorrow), again.walks(TUESDAY)]
    assert forwards == backwards[::-1]
    # Hardly anybody enters at the same minute.
    pairs = list(zip(forwards[0], other.walks(TUESDAY), strict=False))
    assert sum(walk[0].minute == other_walk[0].minute for walk, other_walk in pairs) < len(pairs) / 10
    assert [len(walk) for walk in forwards[0]] != [len(walk) for walk in forwards[1]]


# Where people are


@pytest.mark.parametrize("seed", [1, 2])
def test_inside(seed: int) -> None:
    """Return the same number inside as the doors and the walks give, at every minute."""
    building = _building(seed, errors=0.2)
    assert building.places == ("Shop", "Café", "Kitchen")
    minutes = _minutes(TUESDAY)
    people = len(building.walks(TUESDAY))
    by_doors = dict.fromkeys(building.places, 0)
    most = dict.fromkeys(building.places, 0)
    for number, (start, end) in enumerate(pairwise(minutes)):
        passed = {door: building.passed(door, start, end) for door in building.doors}
        for place in building.places:
            by_doors[place] += sum(_change(door, counts, place) for door, counts in passed.items())
            assert building.inside(place, end) == by_doors[place] >= 0
            most[place] = max(most[place], by_doors[place])
        # The number changes at the end of a minute.
        assert building.inside("Shop", end - timedelta(seconds=1)) == building.inside("Shop", start)
        if number % 5 == 0:
            where = _whereabouts(building, TUESDAY, end)
            assert by_doors == {place: where[place] for place in building.places}
            assert sum(by_doors.values()) == people - where[OUTSIDE]
    assert min(most.values()) > 3
    main, yard = (building.passed(door, minutes[0], minutes[-1]) for door in (MAIN, YARD))
    assert main.in_ + yard.out == main.out + yard.in_ == people


def test_adults() -> None:
    """Let as many adults leave as have entered."""
    building = _building()
    start, *_, end = _minutes(TUESDAY)
    came, went = building.passed(MAIN, start, end), building.passed(YARD, start, end)
    assert came.adults_in - came.adults_out == went.adults_in - went.adults_out
    assert 0 < came.adults_in < came.in_
    kitchen = building.passed(KITCHEN, start, end)
    assert kitchen.adults_in == kitchen.adults_out > 0


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Asia/Kathmandu", "America/Los_Angeles"])
@pytest.mark.parametrize("day", [date(2021, 3, 27), date(2021, 10, 30), TUESDAY])
def test_empty_at_night(zone: str, day: date) -> None:
    """Have nobody inside outside of opening hours, also around a change of the clock."""
    building = _building(zone=ZoneInfo(zone), errors=0.1)
    seen = 0
    for start, end in pairwise(_minutes(day, building.zone, days=2)):
        counts = [building.passed(door, start, end) for door in DOORS]
        seen += _seen(building, MAIN, start, end).in_
        if not 9 <= start.astimezone(building.zone).hour < 20:
            assert all(count == Counts() for count in counts)
            assert not any(building.inside(place, end) for place in building.places)
            assert building.errors("Shop", start, end).total == 0
    assert seen > 100


def test_short_opening_hours() -> None:
    """Let nobody in who couldn't leave in time."""
    # In a row of 40 rooms, a long walk takes more than an hour.
    doors = [Door(f"{room}", OUTSIDE if room == 0 else f"Room {room}", f"Room {room + 1}") for room in range(40)]
    building = Building(1, STOCKHOLM, doors, hours=Hours(9, 10, 900, 900))
    passages = list(chain.from_iterable(building.walks(TUESDAY)))
    hours = [datetime.fromtimestamp(passage.minute * 60, STOCKHOLM).hour for passage in passages]
    assert set(hours) == {9}
    assert max(len(walk) for walk in building.walks(TUESDAY)) > 40


@pytest.mark.parametrize(("day", "hours"), [(date(2021, 3, 28), 23), (date(2021, 10, 31), 25), (TUESDAY, 24)])
def test_days_of_23_and_25_hours(day: date, hours: int) -> None:
    """Keep all passages of a day between its midnights, also without opening hours."""
    building = _building(hours=Hours(0, 24, 900, 900), errors=0.05)
    minutes = _minutes(day)
    assert len(minutes) == hours * 60 + 1
    passages = list(chain.from_iterable(building.walks(day)))
    first, after = (int(minute.timestamp() // 60) for minute in (minutes[0], minutes[-1]))
    assert first <= min(passage.minute for passage in passages) < first + 60
    assert after - 60 <= max(passage.minute for passage in passages) < after
    # All passages of the day lie between its midnights, and none of another day does.
    for door in DOORS:
        expected = sum((passage.counts(1) for passage in passages if passage.door == door), Counts())
        assert building.passed(door, minutes[0], minutes[-1]) == expected
    for start, end in pairwise(minutes[::60]):
        assert any(building.passed(door, start, end) != Counts() for door in DOORS)
    for end in minutes[::20]:
        where = _whereabouts(building, day, end)
        assert [building.inside(place, end) for place in building.places] == [where[place] for place in building.places]
    assert not any(building.inside(place, minutes[-1]) for place in building.places)
    assert _holds(building, minutes, DOORS)


# Errors


def test_errors() -> None:
    """Explain each difference between counts and truth by errors; leave the walks alone."""
    right, wrong = _building(), _building(errors=0.1)
    minutes = _minutes(TUESDAY)
    start, end = minutes[0], minutes[-1]
    for place in right.places:
        assert right.errors(place, start, end) == Errors(0, 0)
        assert [right.inside(place, minute) for minute in minutes] == [
            wrong.inside(place, minute) for minute in minutes
        ]
    for door in DOORS:
        assert right.passed(door, start, end) == wrong.passed(door, start, end) == _seen(right, door, start, end)
        truth, seen = wrong.passed(door, start, end), _seen(wrong, door, start, end)
        passages = [passage for walk in wrong.walks(TUESDAY) for passage in walk if passage.door == door]
        assert {passage.counted for passage in passages} == {0, 1, 2}
        assert seen != truth
        assert seen == sum((passage.counts(passage.counted) for passage in passages), Counts())
    # The kitchen has one door, so its errors are the difference of the sums.
    errors = wrong.errors("Kitchen", start, end)
    truth, seen = wrong.passed(KITCHEN, start, end), _seen(wrong, KITCHEN, start, end)
    assert seen.in_ + seen.out - truth.in_ - truth.out == errors.extra - errors.missed
    assert min(errors.missed, errors.extra) > 0
    # Minute by minute, each error is in one part.
    parts = [wrong.errors("Kitchen", first, after) for first, after in pairwise(minutes)]
    assert Errors(sum(part.missed for part in parts), sum(part.extra for part in parts)) == errors


def test_errors_of_both_sides() -> None:
    """Count an error at a door for the places on both sides."""
    building = _building(errors=0.05)
    start, *_, end = _minutes(TUESDAY)
    by_door = Counter(passage.door for walk in building.walks(TUESDAY) for passage in walk if passage.counted != 1)
    totals = {place: building.errors(place, start, end).total for place in (*building.places, OUTSIDE)}
    assert totals == {
        "Shop": by_door[MAIN] + by_door[ARCH],
        "Café": by_door[YARD] + by_door[ARCH] + by_door[KITCHEN],
        "Kitchen": by_door[KITCHEN],
        OUTSIDE: by_door[MAIN] + by_door[YARD],
    }
    assert by_door[ARCH] > 0


def test_errors_of_several_days() -> None:
    """Add up the errors of several days from any minute to any minute."""
    building = _building(errors=0.05)
    minutes = _minutes(TUESDAY, days=3)
    noons = [minute for minute in minutes if (minute.hour, minute.minute) == (12, 0)]
    whole = building.errors("Shop", minutes[0], minutes[-1]).total
    cuts = [minutes[0], *noons, minutes[-1]]
    parts = [building.errors("Shop", start, end).total for start, end in pairwise(cuts)]
    assert sum(parts) == whole
    assert min(parts) > 0


@pytest.mark.parametrize("double", [False, True])
def test_rate_of_errors(double: bool) -> None:
    """Miss that share of the passages; count as many twice, or none."""
    building = Building(1, STOCKHOLM, DOORS, hours=Hours(9, 20, 5000), error_rate=0.1, double=double)
    counted = Counter(passage.counted for walk in building.walks(TUESDAY) for passage in walk)
    assert counted[0] / counted.total() == pytest.approx(0.1, abs=0.01)
    assert counted[2] / counted.total() == pytest.approx(0.1 if double else 0, abs=0.01)


def _holds(building: Building, minutes: Sequence[datetime], order: Iterable[Door]) -> list[int]:
    """Assert that occupancies by the cameras' counts are off by no more than the errors since the first minute.

    They start with the truth and never fall below 0. Returns by how much each was off.
    """
    order = tuple(order)
    shown = {place: building.inside(place, minutes[0]) for place in building.places}
    off: list[int] = []
    for start, end in pairwise(minutes):
        for door in order:
            counts = _seen(building, door, start, end)
            for place in building.places:
                shown[place] = max(0, shown[place] + _change(door, counts, place))
        for place, people in shown.items():
            off.append(abs(people - building.inside(place, end)))
            assert off[-1] <= building.errors(place, minutes[0], end).total
    return off


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("order", [DOORS, DOORS[::-1]])
def test_bound_of_occupancy(seed: int, order: Sequence[Door]) -> None:
    """Keep the occupancy by cameras within the errors since it was right."""
    building = _building(seed, errors=0.03)
    minutes = _minutes(TUESDAY)
    assert max(_holds(building, minutes, order)) > 3
    noon = (12 * 60) + 7
    assert building.inside("Shop", minutes[noon]) > 0
    assert max(_holds(building, minutes[noon:], order)) > 1
    # Without errors it is the truth.
    assert not any(_holds(_building(seed), minutes, order))


def test_single_error() -> None:
    """Reach the bound with a single error."""
    building = _building(errors=0.01)
    start, *minutes = _minutes(TUESDAY)
    first = next(end for end in minutes if building.errors("Kitchen", start, end).total == 1)
    seen = _change(KITCHEN, _seen(building, KITCHEN, start, first), "Kitchen")
    assert abs(seen - building.inside("Kitchen", first)) == 1


# Invalid arguments


@pytest.mark.parametrize(
    ("doors", "reason"),
    [
        ([], "way to every place"),
        ([ARCH], "way to every place"),
        ([MAIN, KITCHEN], "way to every place"),
        ([MAIN, Door("Main entrance", "Shop", "Café")], "same name"),
        ([MAIN, Door("Wall", "Shop", "Shop")], "to another"),
    ],
)
def test_impossible_buildings(doors: list[Door], reason: str) -> None:
    """Raise ValueError for doors that don't make a building."""
    with pytest.raises(ValueError, match=reason):
        Building(1, STOCKHOLM, doors)


@pytest.mark.parametrize(("rate", "double"), [(-0.1, False), (1, False), (0.6, True)])
def test_impossible_rates(rate: float, double: bool) -> None:
    """Raise ValueError for a rate of errors beyond all passages."""
    with pytest.raises(ValueError, match="rate"):
        Building(1, STOCKHOLM, DOORS, error_rate=rate, double=double)


def test_unknown_places() -> None:
    """Raise ValueError for a place whose people can't be counted."""
    building = _building()
    noon = datetime(2021, 4, 13, 12, tzinfo=UTC)
    for place in ("shop", OUTSIDE):
        with pytest.raises(ValueError, match=place):
            building.inside(place, noon)
    with pytest.raises(ValueError, match="shop"):
        building.errors("shop", noon, noon)
