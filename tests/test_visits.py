"""The simulated visits of a shop: the same for the same seed, within opening hours, and busy at the right times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from .simulator import Counts, Hours, Visits

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def _day(visits: Visits, day: date) -> list[Counts]:
    """Return all minutes of a UTC day, and of three hours around it."""
    first = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() // 60)
    return [visits.minute(minute) for minute in range(first - 180, first + 27 * 60)]


def test_same_seed() -> None:
    """Generate the same counts for the same seed, in whatever order days are asked for."""
    first, again, other = Visits(1, STOCKHOLM), Visits(1, STOCKHOLM), Visits(2, STOCKHOLM)
    monday, tuesday = date(2021, 4, 12), date(2021, 4, 13)
    forwards = [_day(first, monday), _day(first, tuesday)]
    backwards = [_day(again, tuesday), _day(again, monday)]
    assert forwards == backwards[::-1]
    assert forwards[0] != _day(other, monday)
    assert forwards[0] != forwards[1]


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Asia/Kathmandu", "America/Los_Angeles"])
@pytest.mark.parametrize("day", [date(2021, 3, 28), date(2021, 10, 31), date(2021, 4, 12)])
def test_nobody_at_night(zone: str, day: date) -> None:
    """Have nobody inside at night, nor ever less than nobody."""
    local = ZoneInfo(zone)
    visits = Visits("shop", local)
    opening = datetime(day.year, day.month, day.day, 9, tzinfo=local)
    closing = opening.replace(hour=20)
    inside = adults = seen = 0
    for minute in range(int(opening.timestamp() // 60) - 540, int(closing.timestamp() // 60) + 240):
        counts = visits.minute(minute)
        assert counts.adults_in <= counts.in_
        assert counts.adults_out <= counts.out
        if not opening.timestamp() <= minute * 60 < closing.timestamp():
            assert counts == Counts()
        inside += counts.in_ - counts.out
        adults += counts.adults_in - counts.adults_out
        assert inside >= adults >= 0
        seen += counts.in_
    assert inside == adults == 0
    assert seen > 100


def test_open_all_day() -> None:
    """Leave no gap and no overlap between days that end at 24."""
    visits = Visits("shop", STOCKHOLM, Hours(opens=0, closes=24))
    midnight = int(datetime(2021, 4, 13, tzinfo=STOCKHOLM).timestamp() // 60)
    night = visits.between(midnight, midnight + 6 * 60)
    whole = visits.between(midnight, midnight + 24 * 60)
    assert night.in_ > 0
    assert whole.in_ == whole.out


@pytest.mark.parametrize(("opens", "closes"), [(-1, 20), (20, 9), (9, 25)])
def test_invalid_hours(opens: int, closes: int) -> None:
    """Raise ValueError for hours that no day has."""
    with pytest.raises(ValueError, match=f"from {opens} to {closes}"):
        Hours(opens, closes)


def test_busy_hours() -> None:
    """Have two peaks on weekdays, and more people at weekends."""
    visits = Visits("shop", STOCKHOLM)

    def people(day: int, hour: int, hours: int = 1) -> int:
        start = int(datetime(2021, 6, day, hour, tzinfo=STOCKHOLM).timestamp() // 60)
        return visits.between(start, start + 60 * hours).in_

    weekdays = [day for day in range(1, 31) if date(2021, 6, day).weekday() < 5]
    weekends = [day for day in range(1, 31) if date(2021, 6, day).weekday() >= 5]
    by_hour = {hour: sum(people(day, hour) for day in weekdays) for hour in range(9, 20)}
    assert by_hour[12] > by_hour[10]
    assert by_hour[12] > by_hour[14]
    assert by_hour[17] > by_hour[14]
    assert by_hour[17] > by_hour[19]

    def average(days: list[int]) -> float:
        return sum(people(day, 9, 11) for day in days) / len(days)

    assert average(weekends) > average(weekdays)
