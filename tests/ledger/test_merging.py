"""Old intervals are merged into hours."""

from pathlib import Path

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    HOUR,
    MINUTE,
    START,
    TIMEOUT,
    camera_row,
    interval,
    record,
    sensor,
    stored,
    waiting,
)


def merge_all(ledger: Ledger, before: int) -> int:
    """Merge until there is nothing more; return in how many steps."""
    steps = 0
    while ledger.merge(before).result(TIMEOUT):
        steps += 1
        assert steps < 1000
    return steps


def test_old_minutes_become_hours(path: Path, ledger: Ledger) -> None:
    """Counts, adults and totals are kept; newer intervals stay as they are."""
    minutes = [interval(minute, 1, 2, adults=(1, 0)) for minute in range(180)]
    record(ledger, 1, *minutes)
    merge_all(ledger, START + 2 * HOUR)
    assert stored(path) == [
        interval(0, 60, 120, minutes=60, adults=(60, 0)),
        interval(60, 60, 120, minutes=60, adults=(60, 0)),
        *minutes[120:],
    ]
    assert camera_row(path, "total_entered, total_exited, total_adults_entered, total_adults_exited") == (
        180,
        360,
        180,
        0,
    )


def test_only_whole_hours_are_merged(path: Path, ledger: Ledger) -> None:
    """An unfinished hour is merged the next time."""
    record(ledger, 1, *[interval(minute, 1) for minute in range(60)])
    assert merge_all(ledger, START + HOUR - 1) == 0
    assert len(stored(path)) == 60
    merge_all(ledger, START + HOUR)
    assert stored(path) == [interval(0, 60, minutes=60)]


def test_gaps_are_kept(path: Path, ledger: Ledger) -> None:
    """Late counts find their place in the gaps."""
    known = [interval(minute, 1) for minute in range(60) if minute not in (20, 21, 40)]
    record(ledger, 1, *known)
    merge_all(ledger, START + HOUR)
    assert stored(path) == [
        interval(0, 20, minutes=20),
        interval(22, 18, minutes=18),
        interval(41, 19, minutes=19),
    ]
    assert record(ledger, 2, interval(20, 7)).new_intervals == (interval(20, 7),)


def test_interval_over_the_full_hour_is_not_merged(path: Path, ledger: Ledger) -> None:
    """An interval over the full hour stays; those before and after it are merged."""
    over = interval(55, 9, minutes=10)
    day = interval(200, 5, minutes=1440)
    record(ledger, 1, interval(53, 1), interval(54, 1), over, interval(65, 1), interval(66, 1), day)
    merge_all(ledger, START + 3 * DAY)
    assert stored(path) == [interval(53, 2, minutes=2), over, interval(65, 2, minutes=2), day]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_adults_stay_known(path: Path, ledger: Ledger, order: tuple[int, int]) -> None:
    """A camera that has sent adults counts them, also if a later copy of the interval has none."""
    copies = (interval(0, 3, adults=(2, 0)), interval(0, 3))
    for number in order:
        record(ledger, 100 + number, copies[number])
    assert camera_row(path, "total_entered, total_adults_entered, total_adults_exited") == (3, 0, 0)


def test_adults_of_some_intervals_only(path: Path, ledger: Ledger) -> None:
    """Known adults are summed; they stay unknown where no interval has any."""
    record(ledger, 1, interval(0, 2, adults=(1, 0)), interval(1, 2), interval(60, 1), interval(61, 1))
    merge_all(ledger, START + 2 * HOUR)
    assert stored(path) == [interval(0, 4, minutes=2, adults=(1, 0)), interval(60, 2, minutes=2)]


def test_each_step_merges_a_day_of_a_camera(path: Path, ledger: Ledger) -> None:
    """Years without counts take no steps."""
    old = Interval(START - 3000 * DAY, START - 3000 * DAY + MINUTE, 1, 0, None, None)
    for number in range(2):
        hours = [interval(60 * hour + minute, 1) for hour in range(49) for minute in (0, 1)]
        record(ledger, 1, old, *hours, sender=sensor(number))
    assert merge_all(ledger, START + 3 * DAY) == 2 * (1 + 3)
    assert merge_all(ledger, START + 3 * DAY) == 0
    for number in range(2):
        expected = [old, *(interval(60 * hour, 2, minutes=2) for hour in range(49))]
        assert stored(path, sensor(number).serial) == expected


def test_merging_continues_where_it_ended(path: Path, ledger: Ledger) -> None:
    """Merging continues where it ended, also if the limit was moved back meanwhile."""
    record(ledger, 1, *[interval(minute, 1) for minute in range(240)])
    merge_all(ledger, START + 2 * HOUR)
    assert merge_all(ledger, START + HOUR) == 0
    assert len(stored(path)) == 2 + 120
    merge_all(ledger, START + 4 * HOUR)
    assert stored(path) == [interval(60 * hour, 60, minutes=60) for hour in range(4)]


def test_merged_intervals_sent_again(path: Path, ledger: Ledger) -> None:
    """Merged intervals that are sent again count once, in whatever groups they come."""
    for minute in range(60):
        record(ledger, 60 * (minute + 1), interval(minute, 1))
    merge_all(ledger, START + HOUR)
    record(ledger, 600, interval(9, 1))
    assert stored(path) == [interval(0, 60, minutes=60)]
    assert waiting(path) == []
    record(ledger, 9000, *[interval(minute, 1) for minute in range(60)])
    assert stored(path) == [interval(minute, 1) for minute in range(60)]
