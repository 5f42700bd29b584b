"""The days of a report, and those that it needs."""

from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.reports import ComparisonKind, Days, ReportKind, period_of
from custom_components.axis_people_counter.reports.periods import earlier_days, needed_spans, same_time

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def days(first: str, last: str) -> Days:
    """Return some days."""
    return Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("kind", "day", "expected", "previous", "last_year"),
    [
        ("day", "2026-09-16", ("2026-09-16",) * 2, ("2026-09-15",) * 2, ("2025-09-17",) * 2),
        (
            "week",
            "2026-09-20",
            ("2026-09-14", "2026-09-20"),
            ("2026-09-07", "2026-09-13"),
            ("2025-09-15", "2025-09-21"),
        ),
        # 2026 has 53 weeks.
        (
            "week",
            "2027-01-08",
            ("2027-01-04", "2027-01-10"),
            ("2026-12-28", "2027-01-03"),
            ("2025-12-29", "2026-01-04"),
        ),
        (
            "month",
            "2026-03-31",
            ("2026-03-01", "2026-03-31"),
            ("2026-02-01", "2026-02-28"),
            ("2025-03-02", "2025-04-01"),
        ),
        (
            "month",
            "2024-02-29",
            ("2024-02-01", "2024-02-29"),
            ("2024-01-01", "2024-01-31"),
            ("2023-02-02", "2023-03-02"),
        ),
    ],
)
def test_periods(
    kind: str, day: str, expected: tuple[str, str], previous: tuple[str, str], last_year: tuple[str, str]
) -> None:
    """A period is compared with the one before, and with the same weekdays of last year."""
    found = period_of(ReportKind(kind), date.fromisoformat(day))
    assert found == days(*expected)
    assert earlier_days(ReportKind(kind), found) == {
        ComparisonKind.PREVIOUS: days(*previous),
        ComparisonKind.LAST_YEAR: days(*last_year),
    }


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-03-10T14:05", "2026-02-10T14:05"),
        # February has no such day, so all of it is compared.
        ("2026-03-30T14:05", "2026-03-01T00:00"),
        ("2026-04-01T00:00", "2026-03-01T00:00"),
    ],
)
def test_same_time(until: str, expected: str) -> None:
    """A month that isn't over is compared up to the same time of the same day."""
    march, february = days("2026-03-01", "2026-03-31"), days("2026-02-01", "2026-02-28")
    at, same = (int(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp()) for text in (until, expected))
    assert same_time(at, march, february, STOCKHOLM) == same


@pytest.mark.parametrize(("number", "needed"), [(1, 1 + 1 + 56), (400, 400 + 400), (90, 90 + 90 + 90)])
def test_needed_time(number: int, needed: int) -> None:
    """A report asks for each day that it needs once, and only for some at once."""
    last = date(2026, 9, 16)
    spans = needed_spans(ReportKind.RANGE, Days(date.fromordinal(last.toordinal() - number + 1), last), STOCKHOLM)
    assert all(start < end <= start + 61 * 86400 for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert round(sum(end - start for start, end in spans) / 86400) == needed
