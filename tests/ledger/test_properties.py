"""The order, repetition and batching of pushes make no difference to what the ledger holds."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval

from ..helpers.histories import Told, aligned, cutting, examples, history
from ..helpers.ledgers import MINUTE, START, TIMEOUT, assert_sound, memory_folder, opened, push, query


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Leave Home Assistant out: the ledger doesn't know it."""


type Rows = list[tuple[int, ...]]
type Delivery = tuple[int, list[Interval]]


class Content(NamedTuple):
    """What a ledger holds: intervals that count, intervals that wait, totals; adults nobody told as 0."""

    counting: Rows
    waiting: Rows
    totals: Rows


def deliveries(told: Iterable[Told]) -> list[Delivery]:
    """Return one push for each instant, in the order of time."""
    pushes: dict[int, list[Interval]] = {}
    for sent, one in told:
        pushes.setdefault(sent, []).append(one)
    return list(pushes.items())


@st.composite
def any_deliveries(draw: st.DrawFn, told: list[Told]) -> list[Delivery]:
    """Return pushes with all of it, some more than once, in any order, those of one instant torn apart anyhow."""
    again = draw(st.lists(st.sampled_from(told), max_size=6))
    shuffled = draw(st.permutations([*told, *again]))
    pushes: list[Delivery] = []
    for sent, one in shuffled:
        if pushes and pushes[-1][0] == sent and draw(st.booleans()):
            pushes[-1][1].append(one)
        else:
            pushes.append((sent, [one]))
    return pushes


def content_after(pushes: list[Delivery], reopen_before: frozenset[int] = frozenset()) -> Content:
    """Return what a new ledger holds after these pushes, closed and opened again before some of them."""
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


def what_counts(told: list[Told]) -> Rows:
    """Say by going through every minute what counts, where each interval lies inside or outside any other.

    What was told last of a minute counts for it; of what was told in one push the finer. An interval of which no minute
    counts any more is replaced. One that counts only in part, since something finer was told later of the other part,
    goes on to count as a whole: its people can't be divided.
    """

    def width(one: Told) -> int:
        return one.interval.end - one.interval.start

    def belief(one: Told) -> tuple[int, ...]:
        return one.sent, -width(one), *(-1 if value is None else value for value in one.interval)

    newest: dict[int, Told] = {}
    for one in sorted(told, key=belief):
        for minute in minutes_of(*one.interval[:2]):
            newest[minute] = one
    counting = set()
    for minute in newest:
        around = [one for one in set(newest.values()) if minute in minutes_of(*one.interval[:2])]
        counting.add(max(around, key=width))
    return sorted((*(value or 0 for value in one.interval), START + one.sent) for one in counting)


@given(data=st.data(), told=history(aligned()))
@examples
def test_delivery_makes_no_difference(data: st.DataObject, told: list[Told]) -> None:
    """Order, repetition, batches and restarts don't change the content."""
    pushes = data.draw(any_deliveries(told))
    reopen_before = data.draw(st.frozensets(st.integers(1, 20), max_size=3))
    assert content_after(pushes, reopen_before) == content_after(deliveries(told))


@given(data=st.data(), told=history(aligned()))
@examples
def test_content_equals_a_count_minute_by_minute(data: st.DataObject, told: list[Told]) -> None:
    """Intervals and totals equal those of an independent calculation; no minute is lost."""
    content = content_after(data.draw(any_deliveries(told)))
    assert content.counting == what_counts(told)
    assert content.totals == [tuple(sum(row[column] for row in content.counting) for column in (2, 3, 4, 5))]
    covered = [minute for row in content.counting for minute in minutes_of(*row[:2])]
    assert sorted(covered) == sorted({minute for one in told for minute in minutes_of(*one.interval[:2])})


@given(data=st.data(), told=history(cutting()))
@examples
def test_delivery_of_intervals_that_cut_each_other(data: st.DataObject, told: list[Told]) -> None:
    """It makes no difference to which of them count and which wait."""
    pushes = data.draw(any_deliveries(told))
    reopen_before = data.draw(st.frozensets(st.integers(1, 20), max_size=3))
    assert content_after(pushes, reopen_before) == content_after(deliveries(told))
