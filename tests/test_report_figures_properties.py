"""Each number of a report, over random histories of a place, is that of a slow calculation minute by minute."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest

from custom_components.axis_people_counter.reports import ComparisonKind, Figure, PlaceReport

from .helpers.bare_ledger import memory_folder, opened
from .helpers.expected_report import MINUTE, ExpectedReport, Local
from .helpers.random_place import World


def same_figure(figure: Figure, expected: tuple[int | None, int, bool]) -> bool:
    """Return True if a figure is as expected."""
    return (figure.value, figure.missing_minutes, figure.hours_known) == expected


@pytest.fixture(params=range(25))
def world(request: pytest.FixtureRequest) -> World:
    """Return a random place."""
    return World(request.param)


def check(world: World) -> None:
    """Compare all numbers of a random report."""
    with memory_folder() as folder, opened(Path(folder) / "ledger.db") as ledger:
        world.count(ledger)
        report = world.report(ledger)
    expected = world.expected(world.until)
    local = expected.local
    assert report.until == world.until
    assert (report.start, report.end) == (
        local.minutes(world.dates[0])[0],
        local.minutes(world.dates[-1])[-1] + MINUTE,
    )
    begun = [day for day in world.dates if local.minutes(day)[0] < local.until]
    assert same_figure(report.visitors, expected.figure(local.so_far(day) for day in begun))
    check_outside(world, report, expected, begun)
    check_days(report, expected, begun)
    check_crowds(report, expected, begun)
    check_hours(report, expected, begun)
    check_comparisons(world, report, expected)
    check_estimates(report, expected, begun)
    found = [(one.door, one.start, one.end, one.minutes, one.reason.value, one.whole_days) for one in report.missing]
    assert sorted(found) == sorted(map(tuple, expected.missing()))
    assert [one.start for one in report.missing] == sorted(one.start for one in report.missing)
    assert report.deleted_before == (world.kept_since if world.kept_since > report.start else None)


def check_outside(world: World, report: PlaceReport, expected: ExpectedReport, begun: list[date]) -> None:
    """Compare the visitors outside of the opening hours."""
    if world.opened is None:
        assert report.visitors_outside is None
        assert all(day.visitors_outside is None for day in report.days)
        return
    local = expected.local
    assert report.visitors_outside
    assert same_figure(report.visitors_outside, expected.figure(local.so_far(day, is_open=False) for day in begun))
    for day in report.days:
        assert day.visitors_outside
        assert same_figure(day.visitors_outside, expected.figure([local.so_far(day.day, is_open=False)]))


def check_days(report: PlaceReport, expected: ExpectedReport, begun: list[date]) -> None:
    """Compare the days, and the busiest one."""
    local = expected.local
    assert [day.day for day in report.days] == begun
    for day in report.days:
        assert same_figure(day.visitors, expected.figure([local.so_far(day.day)]))
        minutes, open_minutes = local.minutes(day.day), local.open_minutes(day.day)
        assert (day.start, day.end) == (minutes[0], minutes[-1] + MINUTE)
        assert day.open_minutes == (None if open_minutes is None else len(open_minutes))
    most = max((expected.people(local.so_far(day) or ()) for day in begun), default=0)
    if most:
        first = next(day for day in begun if expected.people(local.so_far(day) or ()) == most)
        assert report.busiest_day
        assert (report.busiest_day.start, report.busiest_day.visitors) == (local.minutes(first)[0], most)
    else:
        assert report.busiest_day is None


def check_crowds(report: PlaceReport, expected: ExpectedReport, begun: list[date]) -> None:
    """Compare peaks, drift, and the time above the capacity."""
    of_days = {day: expected.of_day(day) for day in begun}
    peaks = {day.day: (day.peak.people, day.peak.at) if day.peak else None for day in report.days}
    assert peaks == {day: peak for day, (peak, _, _) in of_days.items()}
    highest = [peak for peak in peaks.values() if peak]
    most = max(highest, key=lambda peak: peak[0], default=None)
    assert (report.peak and (report.peak.people, report.peak.at)) == most
    over = sum(over for _, _, over in of_days.values())
    assert report.over_capacity_seconds == (None if expected.capacity is None else over * MINUTE)
    drifts = {day: drift for day, (_, drift, _) in of_days.items() if drift}
    assert report.drift.people == sum(drifts.values())
    worst = max(drifts, key=lambda day: drifts[day], default=None)
    assert (report.drift.worst_day, report.drift.worst_people) == (worst, drifts[worst] if worst else 0)


def check_hours(report: PlaceReport, expected: ExpectedReport, begun: list[date]) -> None:
    """Compare the heat map and the busiest hour."""
    found = [[cell and (cell.value, cell.complete) for cell in row.hours] for row in report.hours.rows]
    assert report.hours.is_mean == (len(begun) > 7)
    if report.hours.is_mean:
        means = [[expected.mean(weekday, hour) for hour in range(24)] for weekday in range(7)]
        assert found == [
            [mean and (pytest.approx(mean[0]) if mean[0] else mean[0], mean[1]) for mean in row] for row in means
        ]
    else:
        assert [row.day for row in report.hours.rows] == begun
        assert found == [[expected.cell(day, hour) for hour in range(24)] for day in begun]
    busiest = report.busiest_hour
    assert (busiest and (busiest.start, busiest.visitors)) == expected.busiest_hour()


def check_comparisons(world: World, report: PlaceReport, expected: ExpectedReport) -> None:
    """Compare the earlier periods, as far as the report goes."""
    local = expected.local
    comparisons = {comparison.kind: comparison for comparison in report.comparisons}
    for kind, days in ((ComparisonKind.PREVIOUS, world.previous), (ComparisonKind.LAST_YEAR, world.last_year)):
        minutes = cut(world, local, days)
        of_days = [None if of_day is None else of_day for of_day in minutes]
        value, missing, known = expected.figure(of_days)
        if value is None:
            assert kind not in comparisons
            continue
        comparison = comparisons[kind]
        assert same_figure(comparison.visitors, (value, missing, known))
        assert [(figure.value, figure.missing_minutes, figure.hours_known) for figure in comparison.days] == [
            expected.figure([of_day]) for of_day in of_days
        ]
        ours = report.visitors
        if value and not missing and known and ours.complete and ours.value is not None:
            assert comparison.change_percent == pytest.approx((ours.value / value - 1) * 100)
        else:
            assert comparison.change_percent is None


def cut(world: World, local: Local, days: Sequence[date]) -> list[list[int] | None]:
    """Return the open minutes of earlier days, up to the time on the clock at which the report ends."""
    if local.until == local.minutes(world.dates[-1])[-1] + MINUTE:
        return [local.open_minutes(day) for day in days]
    at = datetime.fromtimestamp(local.until, world.zone)
    number = world.dates.index(at.date())
    found = [local.open_minutes(day) for day in days[:number]]
    minutes = local.minutes(days[number])
    # The first time that the clock shows it.
    end = next(
        (minute for minute in minutes if datetime.fromtimestamp(minute, world.zone).time() >= at.time()),
        minutes[-1] + MINUTE,
    )
    if end > minutes[0]:
        open_time = local.open_minutes(days[number])
        found.append(None if open_time is None else [minute for minute in open_time if minute < end])
    return found


def check_estimates(report: PlaceReport, expected: ExpectedReport, begun: list[date]) -> None:
    """Compare the estimates of incomplete numbers."""
    for figure, estimate, days in (
        (report.visitors, report.estimate, begun),
        *((day.visitors, day.estimate, [day.day]) for day in report.days),
    ):
        is_known = figure.complete or not figure.hours_known or not figure.missing_minutes
        missed = None if is_known else expected.missed(days)
        if missed is None:
            assert estimate is None
        else:
            assert estimate
            assert abs(estimate.visitors - (figure.value or 0) - missed) <= 0.5 + 1e-9


def test_report(world: World) -> None:
    """All numbers of a report are right: zones, changed clocks, gaps, doors, corrections, late pushes and hours."""
    check(world)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1150))
def test_many_reports(seed: int) -> None:
    """The same for many more places."""
    check(World(seed))
