"""Whatever a camera answers about its counts: it is read as numbers of people in a day, or it is an error."""

from contextlib import suppress
import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
import json
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import example, given, strategies as st

from custom_components.axis_people_counter.connecting.counting_answers import (
    MAX_TOTAL,
    AnswerError,
    LiveAnswer,
    live_2d,
    live_3d,
    rows_2d,
    rows_3d,
)
from custom_components.axis_people_counter.counting import MAX_COUNT, LocalCounts, intervals_of

SERIAL: Final = "accc8ef3d92e"
ZONES: Final = st.sampled_from(["UTC", "Europe/Stockholm", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"])
TIMES: Final = st.datetimes()
FORMATS: Final = st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S+14:00"])
TEXTS: Final = st.one_of(
    st.text(max_size=9), st.builds(datetime.strftime, TIMES, FORMATS), st.from_regex("[ 0-9]{1,20}")
)
VALUES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(0, MAX_COUNT), st.floats(), TEXTS, st.just([]), st.just({})
)
NAMES: Final = st.sampled_from(
    ["start", "end", "in", "out", "adults_in", "adults_out", "serial", "timestamp", "total_in", "total_out", "x"]
)
OBJECTS: Final = st.dictionaries(NAMES, VALUES, max_size=8)
ROWS: Final = st.fixed_dictionaries(
    {
        "start": st.builds(datetime.strftime, TIMES, FORMATS),
        "end": st.builds(datetime.strftime, TIMES, FORMATS),
        "in": VALUES,
        "out": st.integers(-1, 5),
    },
    optional={"adults_in": VALUES},
)
DOCUMENTS: Final = st.one_of(VALUES, OBJECTS, st.builds(lambda rows: {"data": rows}, st.lists(OBJECTS | ROWS | VALUES)))


def check(rows: list[LocalCounts], zone: str) -> None:
    """Assert that all rows have counts that a camera may have, and that their times can be turned into instants."""
    for row in rows:
        assert all(0 <= count <= MAX_COUNT for count in row[2:] if count is not None)
        assert row.start.tzinfo is row.end.tzinfo is None
    # Only rows of the day that was asked for are turned into intervals.
    rows = [row for row in rows if 1970 < row.start.year < 9999]
    for width in (60, 900):
        assert all(interval.end - interval.start == width for interval in intervals_of(rows, ZoneInfo(zone), width))


@given(content=DOCUMENTS, zone=ZONES)
def test_json(content: Any, zone: str) -> None:
    """No JSON is anything but counts or an error."""
    body = json.dumps(content).encode()
    for read in (live_3d, lambda body: live_2d(body, ZoneInfo(zone))):
        with suppress(AnswerError):
            live: LiveAnswer = read(body)
            assert 0 <= live.entered <= MAX_TOTAL
            assert 0 <= live.exited <= MAX_TOTAL
            assert live.at is None or isinstance(datetime(2026, 1, 1, tzinfo=UTC) - live.at, timedelta)
    with suppress(AnswerError):
        check(rows_3d(body), zone)


CELLS: Final = st.one_of(TEXTS, st.just(SERIAL), st.just("0"), st.just("000012"))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Return a CSV, mostly with six columns, that may be cut anywhere."""
    rows = draw(st.lists(st.lists(CELLS, min_size=6, max_size=6) | st.lists(CELLS, max_size=7), max_size=4))
    rows += [[*draw(st.tuples(CELLS, CELLS)), SERIAL, "Door", *draw(st.tuples(CELLS, CELLS))] for _ in range(2)]
    text = StringIO()
    csv.writer(text).writerows(rows)
    body = text.getvalue().encode(errors="surrogatepass")
    return body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body


@given(body=st.binary() | tables(), zone=ZONES)
@example(body=b'"' + b"x" * 200_000, zone="UTC")
@example(body=b"\0,\0,\0,\0,\0,\0\n" * 2, zone="UTC")
def test_csv(body: bytes, zone: str) -> None:
    """No CSV, and no other bytes, are anything but counts or an error."""
    for read in (rows_3d, lambda body: rows_2d(body, SERIAL)):
        with suppress(AnswerError):
            check(read(body), zone)
