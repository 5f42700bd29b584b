"""Quarantined intervals are tried again, or dropped."""

from concurrent.futures import Future
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.ledger import retry as ledger_retry
from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.retry import Retried

from ..helpers.bare_ledger import (
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    camera_row,
    contents,
    interval,
    keep,
    memory_folder,
    opened,
    push,
    quarantined,
    quarter,
    query,
    record,
    sender,
    stored,
    waiting,
)
from ..helpers.histories import Report, aligned, cutting, examples, history


def retry(ledger: Ledger, at: int, **known: list[Interval]) -> Retried:
    """Retry the quarantine, with the intervals that are read from some contents."""
    return ledger.retry(SERIAL, lambda content, _: known.get(content), START + at).result(TIMEOUT)


def test_readable_interval_leaves_quarantine(path: Path, ledger: Ledger) -> None:
    """A readable interval counts once, like one that is pushed; unreadable ones stay."""
    record(ledger, 60, interval(0, 1))
    keep(ledger, 120, "readable", "unreadable", "readable as nothing")
    ledger.begin_writing_camera(SERIAL, "basis").result(TIMEOUT)
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    counted = interval(1, 5, 2, adults=(3, 0))
    retried = retry(ledger, 600, **{"readable": [counted], "readable as nothing": []})
    assert (retried.settled, retried.left) == (2, 1)
    assert (retried.changes.new_intervals, retried.changes.since) == ((counted,), START + 60)
    assert stored(path) == [interval(0, 1), counted]
    assert camera_row(path, "total_entered, total_exited, total_adults_entered, total_adults_exited") == (6, 2, 3, 0)
    assert camera_row(path, "changed_since") == (START + 60,)
    # The camera itself hasn't sent anything.
    assert camera_row(path, "sent, received") == (START + 120, START + 120)
    assert (retried.changes.camera.total_entered, retried.changes.camera.received) == (6, START + 120)
    (held,) = ledger.quarantined(SERIAL, 10).result(TIMEOUT)
    assert held.content == "unreadable"

    retried = retry(ledger, 660, readable=[counted])
    assert (retried.settled, retried.left, retried.changes.since) == (0, 1, None)
    changes = record(ledger, 720, counted)
    assert (changes.since, stored(path)) == (None, [interval(0, 1), counted])


def test_retried_interval_keeps_its_time_of_sending(path: Path, ledger: Ledger) -> None:
    """Counts that were sent after a retried interval win."""
    keep(ledger, 60, "old")
    record(ledger, 120, interval(0, 7))
    retried = retry(ledger, 180, old=[interval(0, 5)])
    assert (retried.settled, retried.left, retried.changes.since) == (1, 0, None)
    assert stored(path) == [interval(0, 7)]

    keep(ledger, 240, "new")
    assert retry(ledger, 300, new=[interval(0, 9)]).settled == 1
    record(ledger, 180, interval(0, 8))
    assert stored(path) == [interval(0, 9)]


def test_reader_gets_the_time_of_sending(ledger: Ledger) -> None:
    """The reader gets the time of sending, which decides whether an interval lies in the future."""
    keep(ledger, 60, "a")
    keep(ledger, 120, "b")
    asked: list[tuple[str, int]] = []
    ledger.retry(SERIAL, lambda content, sent: asked.append((content, sent)), START).result(TIMEOUT)
    assert sorted(asked) == [("a", START + 60), ("b", START + 120)]
    assert quarantined(ledger) == 2


def test_retried_interval_may_have_to_wait(path: Path, ledger: Ledger) -> None:
    """A retried minute of a stored quarter waits for the others."""
    record(ledger, 900, interval(0, 20, minutes=15))
    keep(ledger, 960, "first")
    retried = retry(ledger, 1000, first=quarter(2)[:1])
    assert (retried.settled, retried.left, retried.changes.since) == (0, 1, None)
    assert waiting(path) == [(0, 1)]
    record(ledger, 1020, *quarter(2)[1:])
    assert stored(path) == quarter(2)
    assert quarantined(ledger) == 0


def test_retried_interval_may_make_others_wait(path: Path, ledger: Ledger) -> None:
    """A retried interval makes others wait, as it would have done in time."""
    keep(ledger, 900, "quarter")
    record(ledger, 960, *quarter(2)[:3])
    retried = retry(ledger, 1000, quarter=[interval(0, 20, minutes=15)])
    assert (retried.settled, retried.left) == (0, 3)
    assert stored(path) == [interval(0, 20, minutes=15)]
    assert waiting(path) == [(0, 1), (1, 2), (2, 3)]


def test_waiting_interval_is_retried(path: Path, ledger: Ledger) -> None:
    """A waiting interval is stored once nothing makes it wait any longer."""
    record(ledger, 60, interval(0, 1))
    query(
        path,
        "INSERT INTO quarantine (camera, received, reason, start, stop, entered, exited, sent)"
        " VALUES (1, 0, ?, ?, ?, 4, 0, ?)",
        *(Reason.OVERLAP, START + 60, START + 120, START + 60),
    )
    assert waiting(path) == [(1, 2)]
    retried = retry(ledger, 120)
    assert (retried.settled, retried.left, retried.changes.since) == (1, 0, START + 60)
    assert stored(path) == [interval(0, 1), interval(1, 4)]


def test_retry_that_fails(path: Path, ledger: Ledger) -> None:
    """A retry that fails changes nothing."""
    keep(ledger, 60, "a", "b")

    def read(content: str, _: int) -> list[Interval]:
        if content == "b":
            raise ZeroDivisionError
        return [interval(0, 1)]

    with pytest.raises(ZeroDivisionError):
        ledger.retry(SERIAL, read, START).result(TIMEOUT)
    assert quarantined(ledger) == 2
    assert stored(path) == []


def test_retry_page_by_page(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """No interval is skipped or read twice."""
    monkeypatch.setattr(ledger_retry, "RETRY_PAGE", 3)
    monkeypatch.setattr(ledger_retry, "RETRY_BYTES", 50)
    record(ledger, 900, interval(0, 20, minutes=15))
    record(ledger, 960, *quarter(2)[:4])
    keep(ledger, 961, *"abcde", "f" * 60, "g", "h")
    asked: list[str] = []

    def read(content: str, _: int) -> list[Interval] | None:
        asked.append(content[0])
        return [interval(100 + len(asked), 1)] if content in "bg" else None

    pages: list[str] = []
    after: int | None = 0
    while after is not None:
        retried = ledger.retry(SERIAL, read, START + 1000, after).result(TIMEOUT)
        pages.append("".join(asked[len("".join(pages)) :]))
        after = retried.last
    assert pages == ["", "ab", "cde", "f", "gh", ""]
    assert (retried.settled, retried.left) == (0, 10)
    assert len(stored(path)) == 3


def test_retry_releases_covered_intervals(path: Path, ledger: Ledger) -> None:
    """Unreadable intervals leave if their time has been counted since."""
    record(ledger, 120, interval(1, 5))
    query(
        path,
        "INSERT INTO quarantine (camera, received, reason, content, start, stop, sent)"
        " VALUES (1, 0, 'bad', 'x', ?, ?, ?), (1, 0, 'bad', 'y', ?, ?, ?), (1, 0, 'bad', 'z', NULL, NULL, 0)",
        *(START + 60, START + 120, START + 60, START + 60, START + 120, START + 180),
    )
    retried = retry(ledger, 240)
    assert (retried.settled, retried.left) == (1, 2)
    assert contents(ledger) == ["y", "z"]


def test_retry_of_an_unknown_camera(ledger: Ledger) -> None:
    """Retrying a camera raises LedgerError in a ledger that was begun anew."""
    with pytest.raises(LedgerError, match=SERIAL):
        retry(ledger, 0)


@pytest.mark.slow
@given(data=st.data(), reports=history(aligned() | cutting()))
@examples
def test_retry_makes_no_difference(data: st.DataObject, reports: list[Report]) -> None:
    """Whichever intervals are stored only by a retry, the content is the same in the end."""

    def content(ledger: Ledger) -> list[list[tuple[Any, ...]]]:
        columns = "start, stop, entered, exited, coalesce(adults_entered, 0), coalesce(adults_exited, 0), sent"
        return [
            query(ledger.path, f"SELECT {columns} FROM intervals ORDER BY start"),
            query(ledger.path, f"SELECT {columns} FROM quarantine ORDER BY 1, 2, 7"),
            query(ledger.path, "SELECT total_entered, total_exited, coalesce(total_adults_entered, 0) FROM cameras"),
        ]

    with memory_folder() as folder, opened(folder / "a") as at_once, opened(folder / "b") as later:
        kept: dict[str, list[Interval]] = {}
        answers: list[Future[Any]] = []
        for number, (sent, counted) in enumerate(reports):
            answers.append(at_once.record(push(sent, counted), START + sent))
            if data.draw(st.booleans()):
                kept[str(number)] = [counted]
                answers.append(
                    later.record(push(sent, rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, str(number))]), START + sent)
                )
            else:
                answers.append(later.record(push(sent, counted), START + sent))
            if data.draw(st.integers(0, 5)) == 0:
                retry(later, 0, **kept)
        retry(later, 0, **kept)
        for answer in answers:
            answer.result(TIMEOUT)
        assert content(later) == content(at_once)
        assert_sound(later.path)


def test_overview(ledger: Ledger) -> None:
    """The overview has the number of intervals and the newest; an unknown camera has none."""
    keep(ledger, 60, "a", "b", "c")
    quarantine = ledger.quarantine(SERIAL, 2).result(TIMEOUT)
    assert (quarantine.count, [kept.content for kept in quarantine.newest]) == (3, ["c", "b"])
    nothing = ledger.quarantine(sender(1).serial, 2).result(TIMEOUT)
    assert (nothing.count, nothing.newest) == (0, [])


def test_long_content_is_shown_in_part(ledger: Ledger) -> None:
    """A long content is stored whole, to be read again."""
    keep(ledger, 60, "x" * 200_000)
    assert contents(ledger) == ["x" * 4096]
    assert retry(ledger, 120, **{"x" * 200_000: [interval(0, 1)]}).settled == 1


def test_drop(path: Path, ledger: Ledger) -> None:
    """Intervals that came since, other cameras' and stored ones stay."""
    record(ledger, 1, sender=sender(1), rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, "of another")])
    record(ledger, 900, interval(0, 20, minutes=15))
    keep(ledger, 960, "shown")
    record(ledger, 960, interval(3, 1))
    last = ledger.quarantine(SERIAL, 1).result(TIMEOUT).last
    keep(ledger, 1020, "later")
    assert ledger.drop(SERIAL, last).result(TIMEOUT) == 2
    assert [kept.content for kept in ledger.quarantined(SERIAL, 10).result(TIMEOUT)] == ["later"]
    assert quarantined(ledger, sender(1).serial) == 1
    assert stored(path) == [interval(0, 20, minutes=15)]
    assert ledger.drop(SERIAL, last).result(TIMEOUT) == 0


def test_dropped_intervals_sent_again(path: Path, ledger: Ledger) -> None:
    """Dropped intervals that are sent again are set aside again."""
    record(ledger, 900, interval(0, 20, minutes=15))
    for _ in range(2):
        record(ledger, 960, interval(3, 1), rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, "x")])
        assert quarantined(ledger) == 2
        assert waiting(path) == [(3, 4)]
        ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
        assert quarantined(ledger) == 0
