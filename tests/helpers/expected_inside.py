"""Calculates slowly and simply, minute by minute, how many people were inside in each open hour of a place."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

from .expected_report import MINUTE, ExpectedReport


def expected_inside(expected: ExpectedReport, day: date, now: int) -> dict[str, Any]:
    """Return what the chart has to contain of a day."""
    known = expected.local.open_minutes(day)
    minutes = expected.local.minutes(day)
    return {
        "day": day.isoformat(),
        "hours_known": known is not None,
        "hours": list(_hours(expected, minutes, set(minutes if known is None else known), now)),
    }


def _hours(
    expected: ExpectedReport, minutes: Sequence[int], opened: Collection[int], now: int
) -> Iterator[dict[str, Any]]:
    zone = expected.local.zone
    changes = [at for at, _, _ in expected.steps]
    before: int | None = None

    def on_the_clock(at: int) -> tuple[date, int, timedelta | None]:
        local = datetime.fromtimestamp(at, zone)
        return local.date(), local.hour, local.utcoffset()

    for _, group in groupby(minutes, key=on_the_clock):
        whole = list(group)
        of_hour = [at for at in whole if at in opened]
        if not of_hour or of_hour[0] >= now:
            continue
        counted = [at for at in of_hour if any(at in covered for covered in expected.covered.values())]
        people = sum(_level(expected, changes, at) for at in counted)
        yield {
            "hour": f"{datetime.fromtimestamp(whole[0], zone):%H:%M}",
            "average": Fraction(people, len(counted)) if counted else None,
            "most": max((inside for at in counted for inside in _levels(expected, changes, at, counted)), default=None),
            "complete": all(at in covered for at in of_hour for covered in expected.covered.values()),
            "after_break": before is not None and of_hour[0] != before,
        }
        before = of_hour[-1] + MINUTE


def _level(expected: ExpectedReport, changes: Sequence[int], at: int) -> int:
    """Return how many people are inside from an instant on."""
    earlier = [inside[-1] for (_, inside, _), change in zip(expected.steps, changes, strict=True) if change <= at]
    return earlier[-1] if earlier else 0


def _levels(expected: ExpectedReport, changes: Sequence[int], at: int, counted: Sequence[int]) -> Iterator[int]:
    """Yield how many people were inside in a minute: at its end, people have passed, but nothing was set yet."""
    yield _level(expected, changes, at)
    for change, inside, _ in expected.steps:
        if change == at and at - MINUTE in counted:
            yield from inside
        if change == at + MINUTE and expected.has_passages(change):
            yield inside[0]
