"""The order, repetition and batching of pushes make no difference to what the ledger holds."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval

from ..helpers.bare_ledger import MINUTE, START, TIMEOUT, assert_sound, memory_folder, opened, push, query
from ..helpers.histories import Report, aligned, cutting, examples, history

type Rows = list[tuple[int, ...]]
type Delivery = tuple[int, list[Interval]]


class Content(NamedTuple):
    """The content of a ledger: stored and waiting intervals, and totals; unknown adults are 0."""

    counting: Rows
    waiting: Rows
    totals: Rows


def deliveries(reports: Iterable[Report]) -> list[Delivery]:
    """Return one push for each instant, in the order of time."""
    pushes: dict[int, list[Interval]] = {}
    for sent, counted in reports:
        pushes.setdefault(sent, []).append(counted)
    return list(pushes.items())


@st.composite
def any_deliveries(draw: st.DrawFn, reports: list[Report]) -> list[Delivery]:
    """Return pushes with all reports, some of them repeated, in any order, and divided anyhow."""
    again = draw(st.lists(st.sampled_from(reports), max_size=6))
    shuffled = draw(st.permutations([*reports, *again]))
    pushes: list[Delivery] = []
    for sent, counted in shuffled:
        if pushes and pushes[-1][0] == sent and draw(st.booleans()):
            pushes[-1][1].append(counted)
        else:
            pushes.append((sent, [counted]))
    return pushes


def content_after(pushes: list[Delivery], reopen_before: frozenset[int] = frozenset()) -> Content:
    """Return the content of a new ledger after these pushes, and after reopening it before some of them."""
    with memory_folder() as folder:
        path = folder / "ledger.db"
        starts = sorted({0, *(number for number in reopen_before if number < len(pushes))})
        for begin, end in pairwise([*starts, len(pushes)]):
            with opened(path) as ledger:
                for future in [ledger.record(push(sent, *some), START) for sent, some in pushes[begin:end]]:
                    future.result(TIMEOUT)
        assert_sound(path)
        columns = "start, stop, entered, exited, coalesce(adults_entered, 0), coalesce(adults_exited, 0), sent"
        totals = "total_entered, total_exited, coalesce(total_adults_entered, 0), coalesce(total_adults_exited, 0)"
        return Content(
            query(path, f"SELECT {columns} FROM intervals ORDER BY start"),
            query(path, f"SELECT {columns} FROM quarantine ORDER BY 1, 2, 7"),
            query(path, f"SELECT {totals} FROM cameras"),
        )


def minutes_of(start: int, end: int) -> range:
    """Return the minutes an interval covers."""
    return range((start - START) // MINUTE, (end - START) // MINUTE)


def counting_rows(reports: list[Report]) -> Rows:
    """Return what counts, by going through every minute, where no two intervals cut each other.

    The newest report of a minute counts for it; of one push, the finer one. An interval is replaced when no minute of
    it counts any more. Otherwise it counts as a whole, because its people can't be divided among minutes.
    """

    def width(report: Report) -> int:
        return report.interval.end - report.interval.start

    def belief(report: Report) -> tuple[int, ...]:
        return report.sent, -width(report), *(-1 if value is None else value for value in report.interval)

    newest: dict[int, Report] = {}
    for report in sorted(reports, key=belief):
        for minute in minutes_of(*report.interval[:2]):
            newest[minute] = report
    counting = set()
    for minute in newest:
        around = [report for report in set(newest.values()) if minute in minutes_of(*report.interval[:2])]
        counting.add(max(around, key=width))
    return sorted((*(value or 0 for value in report.interval), START + report.sent) for report in counting)


@pytest.mark.slow
@given(data=st.data(), reports=history(aligned()))
@examples
def test_delivery_makes_no_difference(data: st.DataObject, reports: list[Report]) -> None:
    """Order, repetition, batches and restarts don't change the content."""
    pushes = data.draw(any_deliveries(reports))
    reopen_before = data.draw(st.frozensets(st.integers(1, 20), max_size=3))
    assert content_after(pushes, reopen_before) == content_after(deliveries(reports))


@pytest.mark.slow
@given(data=st.data(), reports=history(aligned()))
@examples
def test_content_equals_a_count_minute_by_minute(data: st.DataObject, reports: list[Report]) -> None:
    """Intervals and totals equal those of an independent calculation; no minute is lost."""
    content = content_after(data.draw(any_deliveries(reports)))
    assert content.counting == counting_rows(reports)
    assert content.totals == [tuple(sum(row[column] for row in content.counting) for column in (2, 3, 4, 5))]
    covered = [minute for row in content.counting for minute in minutes_of(*row[:2])]
    assert sorted(covered) == sorted({minute for report in reports for minute in minutes_of(*report.interval[:2])})


@pytest.mark.slow
@given(data=st.data(), reports=history(cutting()))
@examples
def test_delivery_of_intervals_that_cut_each_other(data: st.DataObject, reports: list[Report]) -> None:
    """Delivery makes no difference to which intervals are accepted and which wait."""
    pushes = data.draw(any_deliveries(reports))
    reopen_before = data.draw(st.frozensets(st.integers(1, 20), max_size=3))
    assert content_after(pushes, reopen_before) == content_after(deliveries(reports))
