"""Old counts are deleted: totals, statistics and the occupancy of places go on, and later answers stay the same."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.counting.replacements import Replacement, routes_of
from custom_components.axis_people_counter.counting.schedule import Schedule
from custom_components.axis_people_counter.history import PlaceHistory
from custom_components.axis_people_counter.ledger import places, quarantine
from custom_components.axis_people_counter.ledger.hour_counts import NO_COUNTS, HourCounts
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.series import Series
from custom_components.axis_people_counter.settings import PlaceSettings

from ..helpers.bare_ledger import (
    DAY,
    HOUR,
    SERIAL,
    START,
    TIMEOUT,
    bad,
    camera_row,
    contents,
    interval,
    pack_all,
    quarantined,
    query,
    record,
    sender,
    series_of_camera,
    series_of_place,
    stored,
)

MIDNIGHT: Final = START // DAY * DAY
MINUTES_OF_A_DAY: Final = 24 * 60
OTHER: Final = sender(2)
PLACE: Final = Place("place", (Door(SERIAL, False), Door(OTHER.serial, True)), Schedule(ZoneInfo("UTC"), None).basis)
BASIS: Final = "basis"


def fill(ledger: Ledger, days: Iterable[int]) -> None:
    """Count at the same minute of each day: twice as many people as on the day before, one of whom stays."""
    for day in days:
        people = 2**day
        record(ledger, day * DAY + 60, interval(day * MINUTES_OF_A_DAY, people, people - 1, adults=(1, 0)))


def delete(ledger: Ledger, days: int, *, now: int = START + 1000 * DAY, has_recorder: bool = False) -> int:
    """Delete all counts older than so many days; return the number of steps."""
    steps = 0
    while ledger.delete_oldest_day(now, days, [PLACE], has_recorder=has_recorder).result(TIMEOUT):
        steps += 1
        assert steps < 1000
    return steps


def days_stored(path: Path) -> list[int]:
    """Return the days with intervals."""
    return [(found.start - MIDNIGHT) // DAY for found in stored(path)]


def written_camera(ledger: Ledger, *, everything: bool = False) -> Series | None:
    """Return the hours that recorder may lack of the camera, and record that it has them."""
    series = series_of_camera(ledger, basis=BASIS, everything=everything)
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    return series


def written_place(ledger: Ledger, *, everything: bool = False) -> Series | None:
    """Return the hours that recorder may lack of the place, and record that it has them."""
    series = series_of_place(ledger, PLACE, everything=everything)
    ledger.confirm_series(PLACE.key).result(TIMEOUT)
    return series


def sums(series: Series | None) -> dict[int, HourCounts]:
    """Return the sums at the end of each hour that has counts, by day."""
    assert series
    found, so_far = {}, series.before
    for number, counts in enumerate(series.hours.counts()):
        so_far = HourCounts(*map(int.__add__, so_far, counts, strict=True))
        if any(counts):
            found[(series.start + number * HOUR - MIDNIGHT) // DAY] = so_far
    return found


TOTALS: Final = "total_entered, total_exited, total_adults_entered, total_adults_exited"


@pytest.mark.parametrize("is_packed", [False, True])
def test_days_are_deleted_in_full(path: Path, ledger: Ledger, is_packed: bool) -> None:
    """Keep the days that were chosen, and two days that their answers may depend on; totals don't fall."""
    fill(ledger, range(8))
    if is_packed:
        pack_all(ledger, START + 100 * DAY)
    before = camera_row(path, TOTALS)
    # The newest count is from day 7 at ten o'clock, so three days are kept from day 4 on.
    assert delete(ledger, 3) > 0
    assert days_stored(path) == [2, 3, 4, 5, 6, 7]
    assert camera_row(path, TOTALS) == before
    assert camera_row(path, "deleted_entered, deleted_exited, deleted_adults_entered") == (3, 1, 2)
    fill(ledger, [8])
    assert delete(ledger, 3) > 0
    assert days_stored(path) == [3, 4, 5, 6, 7, 8]
    assert camera_row(path, "total_entered") == (2**9 - 1,)


@pytest.mark.parametrize("now", [START + 6 * DAY, START + 4000 * DAY])
def test_neither_clock_alone_deletes(path: Path, ledger: Ledger, now: int) -> None:
    """Delete only what is old by the clock and by the newest count: either of them may be wrong."""
    fill(ledger, range(6 if now > START + 6 * DAY else 60))
    delete(ledger, 4, now=now)
    assert days_stored(path)[0] <= 1


@pytest.mark.parametrize(
    ("ahead", "is_deleted"),
    [
        pytest.param([1], False, id="one of three"),
        pytest.param([1, 2], True, id="two of three"),
    ],
)
def test_clock_and_cameras_that_are_years_ahead(path: Path, ledger: Ledger, ahead: list[int], is_deleted: bool) -> None:
    """While the clock is years ahead, only cameras that have the right time get a 503: most have to agree with it."""
    fill(ledger, range(6))
    record(ledger, 5 * DAY, interval(5 * MINUTES_OF_A_DAY, 1), sender=OTHER)
    record(ledger, 5 * DAY, interval(5 * MINUTES_OF_A_DAY, 1), sender=sender(1))
    for number in ahead:
        record(ledger, 900 * DAY + 60, interval(900 * MINUTES_OF_A_DAY, 1), sender=sender(number))
    delete(ledger, 4, now=START + 900 * DAY)
    assert (days_stored(path)[0] > 0) is is_deleted


def test_removed_cameras_alone_delete_nothing(path: Path, ledger: Ledger) -> None:
    """Keep the counts of cameras that were all removed."""
    fill(ledger, range(8))
    ledger.set_removed(SERIAL).result(TIMEOUT)
    assert delete(ledger, 3) == 0


def test_days_without_counts_take_no_steps(path: Path, ledger: Ledger) -> None:
    """Skip years in which nothing was counted."""
    fill(ledger, [0])
    record(ledger, 4000 * DAY + 60, interval(4000 * MINUTES_OF_A_DAY, 1))
    assert delete(ledger, 100, now=START + 5000 * DAY) > 0
    assert days_stored(path) == [4000]
    assert camera_row(path, "total_entered") == (2,)


def test_newest_interval_of_a_camera_stays(path: Path, ledger: Ledger) -> None:
    """Keep the newest interval of a camera that was removed, so that it is known when it counted last."""
    record(ledger, 2 * DAY, interval(0, 1), interval(1, 2), sender=OTHER)
    fill(ledger, range(2, 20))
    ledger.set_removed(OTHER.serial).result(TIMEOUT)
    before = ledger.counted_until(OTHER.serial).result(TIMEOUT)
    delete(ledger, 3)
    assert days_stored(path)[0] == 14
    assert [counted.entered for counted in stored(path, OTHER.serial)] == [2]
    assert ledger.counted_until(OTHER.serial).result(TIMEOUT) == before
    assert camera_row(path, "total_entered", OTHER.serial) == (3,)


def test_interval_over_midnight_is_deleted_with_the_day_where_it_ends(path: Path, ledger: Ledger) -> None:
    """Keep an interval that reaches into a day that is kept."""
    over = interval(14 * 60 - 30, 4, minutes=60)
    record(ledger, DAY, interval(0, 1), over, interval(14 * 60 + 30, 8))
    fill(ledger, [5])
    assert delete(ledger, 2) > 0
    assert stored(path)[0] == over
    fill(ledger, [6])
    assert delete(ledger, 2) > 0
    assert days_stored(path) == [5, 6]


def test_what_belongs_to_deleted_days_is_deleted(path: Path, ledger: Ledger) -> None:
    """Delete the quarantined intervals, the corrections and the checkpoints of deleted days."""
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(8))
    for day in (0, 7):
        record(ledger, day * DAY + 90, rejected=[bad(day * MINUTES_OF_A_DAY + 5, content=f"day {day}")])
        ledger.correct(SERIAL, START + day * DAY, 1, Source.BUTTON).result(TIMEOUT)
        ledger.correct_place(PLACE, START + day * DAY, 1, Source.BUTTON).result(TIMEOUT)
    delete(ledger, 3)
    assert contents(ledger) == ["day 7"]
    for table in ("corrections", "place_corrections"):
        assert query(path, f"SELECT at FROM {table}") == [(START + 7 * DAY,)]
    assert query(path, "SELECT min(at) FROM checkpoints") == [(MIDNIGHT + 2 * DAY,)]


def test_quarantined_intervals_are_deleted_in_parts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step deletes some of them, however many a camera has, with a time and without one."""
    monkeypatch.setattr(quarantine, "DELETED_AT_ONCE", 2)
    fill(ledger, range(8))
    record(ledger, 90, rejected=[bad(minute) for minute in range(5)])
    record(ledger, 91, rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, f"without a time {number}") for number in range(3)])
    record(ledger, 92, *(interval(minute, 1, minutes=4) for minute in range(10, 28, 3)))
    numbers = [quarantined(ledger)]
    assert numbers == [5 + 3 + 3]
    while ledger.delete_oldest_day(START + 1000 * DAY, 3, [], has_recorder=False).result(TIMEOUT):
        numbers.append(quarantined(ledger))
    assert max(before - after for before, after in pairwise(numbers)) == 2
    assert numbers[-1] == 0


def test_nothing_is_deleted_before_recorder_has_it(path: Path, ledger: Ledger) -> None:
    """Keep hours of cameras and places until recorder has been given them, where there is a recorder."""
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(8))
    assert delete(ledger, 3, has_recorder=True) == 0
    written_camera(ledger)
    # Its second door has never pushed, but recorder is being given its hours.
    ledger.begin_writing_place(PLACE.key).result(TIMEOUT)
    assert delete(ledger, 3, has_recorder=True) == 0
    written_place(ledger)
    ledger.begin_writing_camera(SERIAL, BASIS, everything=True).result(TIMEOUT)
    assert delete(ledger, 3, has_recorder=True) == 0, "recorder may not have the hours that are being written"
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    assert delete(ledger, 3, has_recorder=True) > 0
    assert days_stored(path)[0] == 2


@pytest.mark.parametrize("key", [SERIAL, PLACE.key])
def test_statistics_go_on(ledger: Ledger, key: str) -> None:
    """Sums of later hours stay the same, and deleted hours are never written again."""
    series_of = written_camera if key == SERIAL else written_place
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(8))
    record(ledger, 100, interval(30, 100, 50), sender=OTHER)
    ledger.set_removed(OTHER.serial).result(TIMEOUT)
    before = sums(series_of(ledger))
    delete(ledger, 3)
    assert series_of(ledger) is None
    ledger.rewrite_series(key).result(TIMEOUT)
    after = sums(series_of(ledger))
    assert after == {day: before[day] for day in range(4, 8)}
    # A direction that is reversed changes the hours that are kept, and nothing before.
    ledger.set_reversed(SERIAL, True).result(TIMEOUT)
    reversed_sums = sums(series_of(ledger, everything=True))
    assert reversed_sums[4].entered == before[3].entered + 15
    assert reversed_sums[4].exited == before[3].exited + 16
    fill(ledger, [8])
    delete(ledger, 3)
    assert sums(series_of(ledger, everything=True))[5] == reversed_sums[5]


def test_statistics_that_stopped_before_deleted_hours(ledger: Ledger) -> None:
    """Sums go on rightly after a time without recorder, in which hours that it never had were deleted."""
    fill(ledger, range(2))
    written_camera(ledger)
    fill(ledger, range(2, 8))
    delete(ledger, 3)
    series = written_camera(ledger)
    assert series
    assert series.start == series.first
    assert sums(series)[7] == HourCounts(2**8 - 1, 2**8 - 1 - 8, 8, 0)


@pytest.mark.parametrize("key", [SERIAL, PLACE.key])
def test_recorder_has_deleted_hours_after_later_writes(ledger: Ledger, key: str) -> None:
    """Know that recorder has hours that can't be written again, also after later ones were written."""
    series_of = written_camera if key == SERIAL else written_place
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(8))
    assert series_of(ledger)
    delete(ledger, 3)
    fill(ledger, [8])
    assert series_of(ledger)
    ledger.rewrite_series(key).result(TIMEOUT)
    assert series_of(ledger)
    assert ledger.has_deleted_hours(key).result(TIMEOUT)


def test_changes_of_deleted_hours_wait_for_nothing(path: Path, ledger: Ledger) -> None:
    """Go on deleting although old counts of a camera can't be written into recorder any more."""
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(8))
    written_camera(ledger)
    written_place(ledger)
    delete(ledger, 3, has_recorder=True)
    record(ledger, 8 * DAY, interval(0, 1), interval(1, 1), sender=OTHER)
    ledger.set_removed(OTHER.serial).result(TIMEOUT)
    assert ledger.begin_writing_camera(OTHER.serial, BASIS).result(TIMEOUT) is None
    fill(ledger, [8, 9])
    written_camera(ledger)
    written_place(ledger)
    assert delete(ledger, 3, has_recorder=True) > 0
    assert days_stored(path)[0] == 4


def test_hours_of_a_camera_that_comes_back_to_a_new_ledger(ledger: Ledger) -> None:
    """Add recorder's hours before the kept ones as a sum, once, also to the place of the camera."""
    ledger.set_places([PLACE]).result(TIMEOUT)
    hours = [(MIDNIGHT + day * DAY, HourCounts(10, 5, 0, 0)) for day in range(12)]
    record(ledger, 12 * DAY + 60, interval(12 * MINUTES_OF_A_DAY, 1), sender=OTHER)
    ledger.carry_series(OTHER.serial, hours, MIDNIGHT + 11 * DAY).result(TIMEOUT)
    assert delete(ledger, 4) > 0
    record(ledger, 13 * DAY + 60, interval(13 * MINUTES_OF_A_DAY, 1))
    for _ in range(2):
        ledger.carry_series(SERIAL, hours, MIDNIGHT + 11 * DAY).result(TIMEOUT)
        assert sums(written_camera(ledger, everything=True))[13].entered == 121
    # The other camera is reversed there.
    assert sums(written_place(ledger, everything=True))[13].entered == 121 + 60


def test_deleted_counts_that_are_sent_again(path: Path, ledger: Ledger) -> None:
    """Never count people again whose intervals were deleted."""
    fill(ledger, range(8))
    delete(ledger, 3)
    before, intervals_before = camera_row(path, TOTALS), stored(path)
    fill(ledger, range(8))
    assert camera_row(path, TOTALS) == before
    assert stored(path) == intervals_before


def test_series_of_a_replaced_key_stays(ledger: Ledger) -> None:
    """Keep the hours of deleted counts in the series of a key that no camera counts for any more, and no others."""
    fill(ledger, range(8))
    record(ledger, 8 * DAY, interval(0, 1), sender=OTHER)
    written = written_camera(ledger)
    for kept_since in (0, MIDNIGHT + 4 * DAY):
        replaced = routes_of([Replacement(OTHER.serial, SERIAL, kept_since)])
        ledger.set_routes(replaced, START + 8 * DAY).result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == [SERIAL]
        assert ledger.has_deleted_hours(SERIAL).result(TIMEOUT) is (kept_since > 0)
        # The counts of all other hours have moved.
        left = written_camera(ledger)
        assert left
        assert {*left.hours.counts()} == {NO_COUNTS}
        assert left.before.entered == (2**4 - 1 if kept_since else 0)
        ledger.set_routes({}, START + 8 * DAY).result(TIMEOUT)
        assert sums(written_camera(ledger))[7] == sums(written)[7]
        # The replaced camera is shown again when it pushes.
        fill(ledger, [7])
        ledger.set_removed(OTHER.serial).result(TIMEOUT)
        delete(ledger, 3)
        assert ledger.kept_since().result(TIMEOUT) == MIDNIGHT + 4 * DAY


def test_steps_are_short(ledger: Ledger) -> None:
    """Delete one camera at a time, because pushes wait for each step."""
    for number in range(2, 12):
        for day in range(8):
            record(ledger, day * DAY + 60, interval(day * MINUTES_OF_A_DAY, 1), sender=sender(number))
    assert delete(ledger, 3) == 2 * (1 + 10)


def test_carried_hours_are_deleted(path: Path, ledger: Ledger) -> None:
    """Delete hours that came from recorder as well; their sums stay."""
    fill(ledger, range(4, 8))
    hours = [(MIDNIGHT + day * DAY, HourCounts(10, 5, 0, 0)) for day in range(5)]
    ledger.carry_series(SERIAL, hours, MIDNIGHT + 4 * DAY).result(TIMEOUT)
    before = sums(written_camera(ledger))
    assert delete(ledger, 3) > 0
    kept = [(MIDNIGHT + 3 * DAY,), (MIDNIGHT + 4 * DAY,)]
    assert query(path, "SELECT start FROM carried") == kept
    assert sums(written_camera(ledger, everything=True)) == {day: before[day] for day in range(3, 8)}
    # Recorder still has the deleted hours. They aren't taken from it a second time.
    ledger.carry_series(SERIAL, hours, MIDNIGHT + 4 * DAY).result(TIMEOUT)
    assert query(path, "SELECT start FROM carried") == kept


def test_carried_hours_of_a_camera_that_counts_later(path: Path, ledger: Ledger) -> None:
    """Delete hours that came from recorder also of a camera that has pushed no interval since; then go on."""
    fill(ledger, range(8))
    other = sender(1)
    record(ledger, 60, sender=other)
    hours = [(MIDNIGHT + day * DAY, HourCounts(10, 5, 0, 0)) for day in range(5)]
    ledger.carry_series(other.serial, hours, MIDNIGHT + 4 * DAY).result(TIMEOUT)
    delete(ledger, 3)
    assert query(path, "SELECT start FROM carried") == [(MIDNIGHT + 4 * DAY,)]
    record(ledger, 8 * DAY, interval(7 * 24 * 60, 1), sender=other)
    series = series_of_camera(ledger, key=other.serial)
    assert sums(series)[4].entered == 50
    delete(ledger, 3)


def test_sums_begin_at_zero_in_a_new_recorder(ledger: Ledger) -> None:
    """Begin at zero where recorder has lost the hours whose counts were deleted: a sum of years would be a spike."""
    fill(ledger, range(8))
    written_camera(ledger)
    delete(ledger, 3)
    assert ledger.has_deleted_hours(SERIAL).result(TIMEOUT)
    ledger.forget_deleted_hours(SERIAL).result(TIMEOUT)
    assert sums(written_camera(ledger, everything=True))[4].entered == 16
    ledger.forget_series(SERIAL).result(TIMEOUT)
    assert not ledger.has_deleted_hours(SERIAL).result(TIMEOUT)


def test_missing_minutes_stay(ledger: Ledger) -> None:
    """The time before the first interval that is kept is missing, because others were counted before."""
    fill(ledger, [0, 5, 7])
    day = MIDNIGHT + 5 * DAY

    def missing() -> int:
        return ledger.today(SERIAL, day, day + DAY, day).result(TIMEOUT).missing_seconds

    before = missing()
    assert before == DAY - 60
    assert delete(ledger, 3) > 0
    assert missing() == before


@pytest.mark.parametrize("days_at_once", [1, 100])
def test_place_without_reset_goes_on(ledger: Ledger, days_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep who entered on deleted days inside, also when later counts or the doors change."""
    monkeypatch.setattr(places, "DAYS_AT_ONCE", days_at_once)
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(8))
    delete(ledger, 3)
    assert inside(ledger, PLACE) == 8
    record(ledger, 5 * DAY + 99, interval(5 * MINUTES_OF_A_DAY + 1, 1))
    assert inside(ledger, PLACE) == 9
    other_doors = Place(PLACE.key, PLACE.doors[:1], PLACE.schedule)
    ledger.set_places([other_doors]).result(TIMEOUT)
    assert inside(ledger, other_doors) == 9


def test_peak_of_a_place_without_reset(ledger: Ledger) -> None:
    """Return the same peaks wherever the question begins."""
    ledger.set_places([PLACE]).result(TIMEOUT)
    fill(ledger, range(12))
    before = peaks(ledger, 0)
    assert before[11] == 12
    delete(ledger, 4)
    for first_day in (0, 5, 6, 8):
        assert {day: peak for day, peak in peaks(ledger, first_day).items() if day >= 8} == {
            day: before[day] for day in range(8, 12)
        }


def peaks(ledger: Ledger, first_day: int) -> dict[int, int]:
    """Return the peak of the place by day."""
    settings = PlaceSettings(PLACE.key, "Shop", PLACE.doors, None, None, 0, "UTC", Schedule(ZoneInfo("UTC"), None))
    camera = ledger.camera(SERIAL).result(TIMEOUT)
    assert camera
    history = PlaceHistory(ledger, PLACE.key, "Shop", settings.schedule, settings, {SERIAL: camera})
    bounds = [MIDNIGHT + day * DAY for day in range(first_day, 13)]
    return {(row.start - MIDNIGHT) // DAY: row.occupancy_peak for row in history.rows(bounds, START + 1000 * DAY)}


def inside(ledger: Ledger, place: Place) -> int:
    """Return how many people are inside a place at the end of day 7."""
    at, running = ledger.running_before(place, MIDNIGHT + 8 * DAY)
    assert at == MIDNIGHT + 8 * DAY
    return running
