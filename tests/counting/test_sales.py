"""The sales of today, from numbers that begin again at different times."""

import pytest

from custom_components.axis_people_counter.counting import Sales, parse_sales

HOUR = 60 * 60
MIDNIGHT = 1_000_000 * 24 * HOUR


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        ("12.5", 12.5),
        ("1e3", 1000),
        *((text, None) for text in ("", "unknown", "unavailable", "twelve", "12 sales", "-1", "-0.5", "12,5")),
        *((text, None) for text in ("nan", "inf", "-inf", "1e400", "1e10", "0x10")),
    ],
)
def test_parse(text: str, number: float | None) -> None:
    """Take numbers of sales, and nothing else."""
    assert parse_sales(text) == number


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        pytest.param([(9, 4)], 4, id="chosen during the day"),
        pytest.param([(-10, 4)], None, id="not changed since yesterday"),
        pytest.param([(-10, 500), (0.5, 501)], None, id="changed today, but not begun again"),
        pytest.param([(-10, 500), (0.2, 0)], 0, id="begun again after midnight"),
        pytest.param([(-10, 500), (0.2, 0), (9, 3)], 3, id="then counted up"),
        pytest.param([(-10, 500), (9, 3)], 3, id="the 0 was never seen"),
        pytest.param([(-10, 0)], 0, id="no sales yesterday either"),
        pytest.param([(-10, 0), (9, 1)], 1, id="first sale since yesterday"),
        pytest.param([(-20, 0), (-10, 500), (-1, 0), (-0.5, 2), (9, 30)], 30, id="begins again at 23:00"),
        pytest.param([(-20, 0), (-10, 500), (-7, 0), (-6.5, 2), (9, 30)], None, id="begins again at 17:00"),
        pytest.param([(9, 10), (10, 9)], 9, id="a sale was cancelled"),
        pytest.param([(9, 10), (10, 10_000)], 10_000, id="jumps"),
        pytest.param([(-3, 500), (-2.5, 499), (0.1, 499)], None, id="a sale was cancelled in the evening"),
        pytest.param([(-3, 500), (-0.1, 500), (0.1, 499)], None, id="a sale was cancelled after midnight"),
        pytest.param([(-3, 5), (9, 4)], 4, id="few sales, and nobody looked at night"),
    ],
)
def test_of_day(readings: list[tuple[float, float]], expected: float | None) -> None:
    """Read numbers at hours before and after midnight."""
    sales = Sales()
    for hour, number in readings:
        sales.update(number, MIDNIGHT + int(hour * HOUR))
    assert sales.of_day(MIDNIGHT) == expected


def test_that_counts_for_ever() -> None:
    """Take a number that never begins again as today's on no day but the first."""
    sales = Sales()
    days = []
    for day in range(4):
        for hour in range(9, 18):
            sales.update(10_000 + 100 * day + hour, MIDNIGHT + (24 * day + hour) * HOUR)
        days.append(sales.of_day(MIDNIGHT + 24 * day * HOUR))
    assert days == [10_017, None, None, None]


@pytest.mark.parametrize(("hour", "expected"), [(0, 7), (-1, 7), (-7, None), (-24, None)])
def test_last_reset(hour: int, expected: float | None) -> None:
    """Believe a source that knows when it began again."""
    sales = Sales()
    sales.update(5, MIDNIGHT + HOUR, MIDNIGHT + hour * HOUR)
    sales.update(7, MIDNIGHT + 2 * HOUR, MIDNIGHT + hour * HOUR)
    assert sales.of_day(MIDNIGHT) == expected


def test_nothing_read() -> None:
    """Know nothing before a number was read."""
    assert Sales().of_day(MIDNIGHT) is None
