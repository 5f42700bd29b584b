"""Whatever is filled in or imported, before or after a push: pushes count as if nothing else had been stored."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.overlap import NEVER_SENT, SentInterval, overlapping_groups
from custom_components.axis_people_counter.counting.protocol import Sender
from custom_components.axis_people_counter.counting.rejected import Reason
from custom_components.axis_people_counter.counting.replacements import Replacement, routes_of
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    MINUTE,
    START,
    TIMEOUT,
    assert_sound,
    interval,
    memory_folder,
    opened,
    pack_all,
    push,
    query,
    stored_as_sent,
)

A: Final = "accc8ef3d92e"
B: Final = "b8a44f090004"
NOW: Final = START + 9 * DAY


class Step(NamedTuple):
    """Does something to a ledger; the second argument is False where no gaps are filled."""

    text: str
    run: Callable[[Ledger, bool], None]


cameras: Final = st.sampled_from([A, B])
minutes: Final = st.integers(0, 40)


@st.composite
def pushing(draw: st.DrawFn) -> Step:
    """Push some intervals of any width at any time; those that were sent later may come earlier."""
    camera = Sender(draw(cameras), "Door", None, None, None, None)
    sent = draw(st.integers(0, 6))
    widths = st.sampled_from([1, 1, 2, 5, 15])
    found = [interval(minute, 100, minutes=width) for minute, width in draw(st.lists(st.tuples(minutes, widths)))]

    def run(ledger: Ledger, fills: bool) -> None:
        ledger.record(push(9 * DAY + sent, *found, sender=camera), NOW).result(TIMEOUT)

    return Step(f"push {camera.serial} {sent} {found}", run)


@st.composite
def filling(draw: st.DrawFn) -> Step:
    """Fill gaps of any key with what was read from any camera."""
    key, serial, width = draw(cameras), draw(cameras), draw(st.sampled_from([1, 1, 15]))
    found = [interval(minute, 1, minutes=width) for minute in draw(st.lists(minutes, unique=True))]

    def run(ledger: Ledger, fills: bool) -> None:
        if fills:
            ledger.fill(key, serial, found, NOW).result(TIMEOUT)

    return Step(f"fill {key} {serial} {found}", run)


@st.composite
def importing(draw: st.DrawFn) -> Step:
    """Import old counts of any key from a file, and mostly leave them there."""
    key, width, undoes = draw(cameras), draw(st.sampled_from([1, 5, 60])), draw(st.sampled_from([False, False, True]))
    found = [interval(minute, 1, minutes=width) for minute in draw(st.lists(minutes, unique=True))]

    def run(ledger: Ledger, fills: bool) -> None:
        if fills:
            number = ledger.begin_import("counts.csv", NOW).result(TIMEOUT)
            ledger.store_imported(number, key, sorted(found), NOW).result(TIMEOUT)
            ledger.finish_import(number).result(TIMEOUT)
            while undoes and ledger.undo_import_step(number).result(TIMEOUT):
                pass

    return Step(f"import {key} {found} {undoes}", run)


@st.composite
def replacing(draw: st.DrawFn) -> Step:
    """Let one camera replace the other from some minute on, or undo that."""
    key, serial = draw(st.permutations([A, B]))
    since = draw(st.none() | minutes)
    wanted = [] if since is None else [Replacement(key, serial, START + since * MINUTE)]

    def run(ledger: Ledger, fills: bool) -> None:
        ledger.set_routes(routes_of(wanted), NOW).result(TIMEOUT)

    return Step(f"replace {wanted}", run)


@st.composite
def other(draw: st.DrawFn) -> Step:
    """Delete or retry what is in quarantine, or pack all days."""
    key, what = draw(cameras), draw(st.sampled_from(["drop", "retry", "pack"]))

    def run(ledger: Ledger, fills: bool) -> None:
        match what:
            case "drop":
                ledger.drop(key, ledger.quarantine(key, 0).result(TIMEOUT).last).result(TIMEOUT)
            case "retry":
                ledger.retry(key, lambda *_: None, NOW).result(TIMEOUT)
            case "pack":
                pack_all(ledger, START + 5 * DAY)

    return Step(f"{what} {key}", run)


steps: Final = st.lists(
    st.one_of(pushing(), pushing(), filling(), filling(), importing(), importing(), replacing(), other()), max_size=12
)


def waiting(path: Path, key: str) -> list[SentInterval]:
    """Return the waiting intervals of a camera."""
    rows = query(
        path,
        """
        SELECT start, stop, entered, exited, quarantine.adults_entered, quarantine.adults_exited, quarantine.sent
        FROM quarantine
        JOIN cameras ON cameras.id = camera
        WHERE key = ? AND reason = ?
        """,
        key,
        Reason.OVERLAP,
    )
    return sorted(SentInterval(*row) for row in rows)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_pushes_count_as_if_nothing_had_been_read(steps: list[Step]) -> None:
    """All that is pushed counts or waits as it would alone, and nothing else counts beside it or waits."""
    with memory_folder() as folder, opened(folder / "filled") as filled, opened(folder / "alone") as alone:
        for camera in (A, B):
            for ledger in (filled, alone):
                ledger.record(push(0, sender=Sender(camera, "Door", None, None, None, None)), START).result(TIMEOUT)
        for step in steps:
            step.run(filled, True)
            step.run(alone, False)
            for key in (A, B):
                found = stored_as_sent(folder / "filled", key)
                pushed = [interval for interval in found if interval.sent > NEVER_SENT]
                assert pushed == stored_as_sent(folder / "alone", key)
                waits = waiting(folder / "filled", key)
                assert waits == waiting(folder / "alone", key)
                read = [interval for interval in found if interval.sent <= NEVER_SENT]
                # Groups of intervals that overlap have no interval that was read beside a waiting one.
                for group in overlapping_groups(read + waits):
                    assert len(group) == 1 or all(interval.sent > NEVER_SENT for interval in group)
            assert_sound(folder / "filled")
