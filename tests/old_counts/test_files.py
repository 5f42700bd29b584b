"""Files with old counts: what each kind of file says, row by row."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
import json
import tracemalloc
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting import DAY, MAX_COUNT, Interval, Period
from custom_components.axis_people_counter.old_counts import (
    Fault,
    FaultKind,
    FileError,
    Kind,
    Known,
    Lines,
    OldCounts,
    Skipped,
    read,
)

SERIAL = "accc8ef3d92e"
OTHER = "accc8e000002"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = int(datetime(2026, 9, 16, 10, tzinfo=UTC).timestamp())
TWO_D = "Interval start,Interval stop,Camera serial number,Counter name,Pedestrians coming in,Pedestrians going out"
OWN = "camera,serial,start,end,in,out,adults_in,adults_out"


def known(**more: Any) -> Known:
    """Return two cameras in Stockholm, a place with one door and one with two."""
    zones: Mapping[str | None, ZoneInfo] = dict.fromkeys((None, SERIAL, OTHER), STOCKHOLM)
    return Known(NOW, zones, {"Shop": ("Main entrance",), "Mall": ("North", "South")}, **more)


def rows_of(content: str | bytes, **more: Any) -> list[OldCounts | Fault | Skipped]:
    """Return what each row of a file is."""
    raw = content if isinstance(content, bytes) else content.encode()
    return list(read(Lines(BytesIO(raw)), known(**more)).rows)


def intervals_of(content: str | bytes, **more: Any) -> list[Interval]:
    """Return the intervals of a file without faults."""
    found = rows_of(content, **more)
    assert all(isinstance(row, OldCounts) for row in found), found
    return [row.interval for row in found if isinstance(row, OldCounts)]


def faults_of(content: str | bytes, **more: Any) -> list[tuple[int, str, str, str]]:
    """Return row, column, reason and content of each fault of a file."""
    return [(*row[:2], str(row.kind), row.value) for row in rows_of(content, **more) if isinstance(row, Fault)]


def at(text: str) -> int:
    """Return an instant, which is local time in Stockholm without an offset."""
    time = datetime.fromisoformat(text)
    return int((time if time.tzinfo else time.replace(tzinfo=STOCKHOLM)).timestamp())


def counted(start: str, end: str, *counts: int | None) -> Interval:
    """Return an interval between two times."""
    entered, exited, *adults = counts
    return Interval(at(start), at(end), entered or 0, exited or 0, *(adults or (None, None)))


HOURS = [
    counted("2026-01-31T08:00", "2026-01-31T09:00", 3, 4),
    counted("2026-01-31T09:00", "2026-01-31T10:00", 0, 12),
]


@pytest.mark.parametrize(
    "content",
    [
        "time,in,out\n2026-01-31 08:00,3,4\n2026-01-31 09:00,0,12\n",
        "time,in,out\r\n2026-01-31 08:00,3,4\r\n\r\n2026-01-31 09:00,0,12",
        "\ufeffZeit;Ein;Aus\n31.01.2026 08:00;3,0;4,00\n31.01.2026 09:00;0;12\n",
        "sep=;\nUt;In;Tid\n4;3;2026-01-31T08:00:00\n12;0;2026-01-31T09:00:00\n",
        '"Heure"\t"Entrées"\t"Sorties"\t"Météo"\n2026-01-31 08:00\t3.0\t4\tpluie\n"2026-01-31 09:00"\t0\t12\t\n',
        "Heure;Entrées;Sorties\n2026-01-31 08:00;3;4\n2026-01-31 09:00;0;12\n".encode("cp1252"),
        # Date and time in two columns, in either order.
        "Datum;Uhrzeit;Ein;Aus\n31.01.2026;8:00;3;4\n31.01.2026;09:00:00;0;12\n",
        "in,out,time,date\n3,4,08:00,2026-01-31\n0,12,09:00,2026-01-31\n",
        # Spreadsheets write as many cells as the longest row ever had, also in empty rows.
        "Zeit;Ein;Aus;;\n31.01.2026 8:00;3;4;;\n;;;;\n31.01.2026 9:00:00;0;12;;\n ; ;;;\n",
        "time,in,out\n2026-01-31 8:00,3.000000,4.0\n2026-01-31 9:00:00,0,12\n",
        "TIME,IN,OUT\n2026-01-31T07:00Z,3,4\n2026-01-31T10:00:00+02:00,0,12\n",
        "start,end,in,out\n2026-01-31 08:00,2026-01-31 09:00,3,4\n2026-01-31 09:00,2026-01-31 10:00,0,12\n",
        (
            f"{TWO_D}\n20260131080000,20260131090000,ACCC8EF3D92E,Main, first,3,4\n"
            "20260131090000,20260131100000,ac:cc:8e:f3:d9:2e,a,0,12"
        ),
        (
            f'{OWN}\n"A","{SERIAL}","2026-01-31T08:00:00+01:00","2026-01-31T09:00:00+01:00",3,4,,\n'
            f'"A","{SERIAL}","2026-01-31T09:00:00+01:00","2026-01-31T10:00:00+01:00",0,12,,\n'
        ),
    ],
)
def test_kinds(content: str | bytes) -> None:
    """Each kind of file is recognised by its first line."""
    assert intervals_of(content) == HOURS


def test_newest_first() -> None:
    """Rows may be in the opposite order of time."""
    content = "time,in,out\n2026-01-31 09:00,0,12\n2026-01-31 08:00,3,4\n2026-01-31 06:00,1,1\n"
    assert intervals_of(content)[:2] == HOURS[::-1]


def test_adults() -> None:
    """Adults are read where a file has them."""
    content = "start,end,in,out,adults_in,adults_out\n2026-01-31 08:00,2026-01-31 08:15,3,4,2,\n"
    assert intervals_of(content) == [counted("2026-01-31T08:00", "2026-01-31T08:15", 3, 4, 2, None)]


def test_json_lines() -> None:
    """Our own export in JSON is read like the one in CSV; rows without counts of a time that isn't complete are not."""
    row: dict[str, Any] = {
        "camera": "Main",
        "serial": SERIAL,
        "start": "2026-01-31T08:00:00+01:00",
        "end": "2026-01-31T09:00:00+01:00",
    }
    row |= {"in": 3, "out": 4, "adults_in": None, "adults_out": None, "complete": False}
    later = row | {"start": row["end"], "end": "2026-01-31T10:00:00+01:00", "in": 0, "out": 0}
    content = "".join(json.dumps(one) + "\n" for one in (row, later, later | {"in": [1]}, {"in": 1}))
    first, second, *rest = rows_of(content)
    assert first == OldCounts(1, SERIAL, None, HOURS[0])
    assert second is Skipped.NOT_COUNTED
    assert rest == [Fault(3, "in", FaultKind.NO_NUMBER, "?"), Fault(4, "", FaultKind.COLUMNS, "")]
    assert faults_of(content + '{"in')[-1] == (5, "", "cut_off", "")


def test_owners() -> None:
    """Our own export names a camera in each row, or a place; rows of others are left out or named."""
    times = "2026-01-31T08:00:00+01:00,2026-01-31T09:00:00+01:00,3,4,,"
    of_camera, of_other = f",Main,{SERIAL},{times}\n", f",Side,{OTHER},{times}\n"
    of_place, of_mall = f"Shop,,,{times}\n", f"Mall,,,{times}\n"
    head = f"place,{OWN}\n"
    assert rows_of(head + of_camera + of_other) == [
        OldCounts(2, SERIAL, None, HOURS[0]),
        OldCounts(3, OTHER, None, HOURS[0]),
    ]
    assert rows_of(head + of_camera + of_other, only=frozenset({SERIAL})) == [
        OldCounts(2, SERIAL, None, HOURS[0]),
        Skipped.OTHER_CAMERA,
    ]
    assert rows_of(head + of_place) == [OldCounts(2, None, "Shop", HOURS[0])]
    # The counts of its doors are there already.
    assert rows_of(head + of_camera + of_place + of_mall)[1:] == [Skipped.PLACE, Skipped.PLACE]
    assert faults_of(head + of_place.replace("Shop", "'=Pub") + of_camera.replace(SERIAL, "0" * 12)) == [
        (2, "place", "unknown_place", "=Pub"),
        (3, "serial", "unknown_camera", "000000000000"),
    ]
    with pytest.raises(FileError) as raised:
        rows_of(head + of_mall)
    assert (raised.value.key, raised.value.placeholders) == (
        "import_place_with_doors",
        {"place": "Mall", "doors": "North, South"},
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2026-01-31 08:00,,4", ("in", "empty", "")),
        ("2026-01-31 08:00,3,x", ("out", "no_number", "x")),
        ("2026-01-31 08:00,٣,4", ("in", "no_number", "٣")),
        ("2026-01-31 08:00,1e2,4", ("in", "no_number", "1e2")),
        ("2026-01-31 08:00,3.5,4", ("in", "fraction", "3.5")),
        ('2026-01-31 08:00,"3,5",4', ("in", "fraction", "3,5")),
        # Three digits may be the rest of a thousand.
        ('2026-01-31 08:00,"1,234",4', ("in", "thousands", "1,234")),
        ('2026-01-31 08:00,"1,000",4', ("in", "thousands", "1,000")),
        ("2026-01-31 08:00,1.000,4", ("in", "thousands", "1.000")),
        ("2026-01-31 08:00,1.234.567,4", ("in", "thousands", "1.234.567")),
        ("2026-01-31 08:00,1 000,4", ("in", "thousands", "1 000")),
        ("2026-01-31 08:00,1\u202f000,4", ("in", "thousands", "1 000")),
        ("2026-01-31 08:00,1\xa0000,4", ("in", "thousands", "1 000")),
        ("2026-01-31 08:00,1'000,4", ("in", "thousands", "1'000")),
        ("2026-01-31 08:00,1\u2019000,4", ("in", "thousands", "1\u2019000")),
        ('2026-01-31 08:00,"1,000.00",4', ("in", "thousands", "1,000.00")),
        ("2026-01-31 08:00,-1.000,4", ("in", "thousands", "-1.000")),
        ("2026-01-31 08:00,3.1415,4", ("in", "fraction", "3.1415")),
        ("2026-01-31 08:00,-3,4", ("in", "negative", "-3")),
        ("2026-01-31 08:00,100001,4", ("in", "too_many_people", "100001")),
        (f"2026-01-31 08:00,{'9' * 99},4", ("in", "no_number", "9" * 40)),
        (",3,4", ("time", "empty", "")),
        ("yesterday,3,4", ("time", "no_time", "yesterday")),
        ("01/31/2026 08:00,3,4", ("time", "no_time", "01/31/2026 08:00")),
        ("31.02.2026 08:00,3,4", ("time", "no_time", "31.02.2026 08:00")),
        ("2026-01-31 08:00:00.5,3,4", ("time", "no_time", "2026-01-31 08:00:00.5")),
        (f"2026-01-31 08:00{' ' * 50}x,3,4", ("time", "no_time", f"2026-01-31 08:00{' ' * 24}")),
        ("1999-12-31 23:00,3,4", ("time", "too_early", "1999-12-31 23:00")),
        ("0001-01-01T00:00+23:59,3,4", ("time", "too_early", "0001-01-01T00:00+23:59")),
        ("9999-12-31T23:59-23:59,3,4", ("time", "future", "9999-12-31T23:59-23:59")),
        ("2026-09-16 12:00,3,4", ("time", "future", "2026-09-16 12:00")),
        ("2025-10-26 02:30,3,4", ("time", "twice", "2025-10-26 02:30")),
        ("2026-03-29 02:30,3,4", ("time", "skipped_time", "2026-03-29 02:30")),
        ("2026-01-31 08:00,3", ("", "cut_off", "")),
        ('2026-01-31 08:00,"3', ("", "cut_off", "")),
        ("2026-01-31 08:00,3,4,5", ("", "columns", "")),
        ("," * 1_000_000, ("", "line_too_long", "")),
        ("2026-01-31 08:00,3," + "4" * 40_000, ("", "line_too_long", "")),
    ],
)
def test_faults_of_cells(row: str, fault: tuple[str, str, str]) -> None:
    """A row that can't be counted is a fault with its column; the rows around it aren't."""
    content = f"time,in,out\n2025-01-30 08:00,1,1\n2025-01-30 09:00,1,1\n{row}\n2026-09-16 10:00,1,1\n"
    assert faults_of(content) == [(4, *fault)]
    assert len(rows_of(content)) == 4


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2026-01-31,,3,4", ("Time", "empty", "")),
        (",09:00,3,4", ("Time", "no_time", "09:00")),
        ("2026-01-31 09:00,09:00,3,4", ("Time", "no_time", "2026-01-31 09:00 09:00")),
    ],
)
def test_date_in_its_own_column(row: str, fault: tuple[str, str, str]) -> None:
    """A row needs both: one without a time may be the sum of its day."""
    content = f"Date,Time,In,Out\n2026-01-30,08:00,1,1\n2026-01-30,09:00,1,1\n{row}\n2026-02-01,08:00,1,1\n"
    assert faults_of(content) == [(4, *fault)]


def test_several_faults_of_a_row() -> None:
    """Each cell that can't be read is a fault, in a row that isn't counted."""
    head = "start,end,in,out,adults_in,adults_out\n"
    row = "2026-01-31 08:00,tomorrow,-3,4,1.5,\n"
    assert faults_of(f"{head}{row}2026-01-31 09:00,2026-01-31 10:00,3,4,,\n") == [
        (2, "end", "no_time", "tomorrow"),
        (2, "in", "negative", "-3"),
        (2, "adults_in", "fraction", "1.5"),
    ]
    assert faults_of("time,in,out\n2025-10-26 02:30,x,y\n2026-01-31 08:00,3,4\n", period=Period.HOUR) == [
        (2, "time", "twice", "2025-10-26 02:30"),
        (2, "in", "no_number", "x"),
        (2, "out", "no_number", "y"),
    ]


def test_camera_that_did_not_count() -> None:
    """In the file of a camera, a row without numbers is of a time without counts; one number alone is a fault."""
    head = "start,end,in,out\n"
    row = "2026-01-31 08:00,2026-01-31 09:00"
    assert rows_of(f"{head}{row},,\n") == [Skipped.NOT_COUNTED]
    assert rows_of(f"{head}{row},null,null\n") == [Skipped.NOT_COUNTED]
    assert rows_of(f"{TWO_D}\n20260131080000,20260131090000,{SERIAL},A,,\n") == [Skipped.NOT_COUNTED]
    assert faults_of(f"{head}{row},,4\n") == [(2, "in", "empty", "")]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("2026-01-31 08:00,2026-01-31 08:00,3,4", (2, "end", "end_before_start", "2026-01-31 08:00")),
        ("2026-01-31 08:00,2026-01-31 07:00,3,4", (2, "end", "end_before_start", "2026-01-31 07:00")),
        ("2026-01-31 08:00,2026-02-01 08:01,3,4", (2, "end", "too_wide", "2026-02-01 08:01")),
        ("2026-01-31 08:00,2026-01-31 09:00,3,4\n2026-01-31 08:59,2026-01-31 10:00,3,4", (3, "start", "overlap", "2")),
        ("2026-01-31 08:00,2026-01-31 09:00,3,4\n2026-01-31 08:00,2026-01-31 09:00,3,4", (3, "start", "overlap", "2")),
        (
            (
                "2026-01-31 08:00,2026-01-31 09:00,3,4\n2026-01-31 09:00,2026-01-31 10:00,3,4\n"
                "2026-01-31 06:00,2026-01-31 07:00,3,4"
            ),
            (4, "start", "order", "3"),
        ),
        ("2026-01-31 08:00,2026-01-31 09:00,3,4\n2026-01-31 09:00,2026-0", (3, "", "cut_off", "")),
    ],
)
def test_faults_of_rows(rows: str, fault: tuple[int, str, str, str]) -> None:
    """A row that is impossible, or contradicts the row before, is a fault."""
    assert faults_of(f"start,end,in,out\n{rows}") == [fault]


def test_last_row_of_an_export_without_a_line_break() -> None:
    """Of our own export, a last row without a line break was cut off: its last number may have had more digits."""
    content = f"{OWN}\nA,{SERIAL},2026-01-31T08:00:00+01:00,2026-01-31T09:00:00+01:00,3,1,,2"
    assert faults_of(content) == [(2, "", "cut_off", "")]
    assert faults_of(content, is_file=False) == faults_of(f"{content}\n") == []


@pytest.mark.parametrize(
    ("start", "end", "interval"),
    [
        # The end of the hour before clocks are put back comes twice: the start tells which is meant.
        ("2025-10-26 01:00", "2025-10-26 02:00", ("2025-10-26T01:00+02:00", "2025-10-26T02:00+02:00")),
        ("2025-10-26 01:00", "2025-10-26 03:00", ("2025-10-26T01:00+02:00", "2025-10-26T03:00+01:00")),
        ("2025-10-26 02:30+02:00", "2025-10-26 02:00+01:00", ("2025-10-26T02:30+02:00", "2025-10-26T02:00+01:00")),
        ("2025-10-26 02:45+02:00", "2025-10-26 03:15", ("2025-10-26T02:45+02:00", "2025-10-26T03:15+01:00")),
        # The hour before clocks are put forward ends at a time that doesn't exist.
        ("2026-03-29 01:00", "2026-03-29 02:00", ("2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00")),
        ("2026-03-29 01:00", "2026-03-29 03:00", ("2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00")),
        # Days of 23 and 25 hours, of which the first 24 are stored.
        ("2026-03-29", "2026-03-30", ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00")),
        ("2025-10-26", "2025-10-27", ("2025-10-26T00:00+02:00", "2025-10-26T23:00+01:00")),
        ("2025-10-26T00:00+02:00", "2025-10-27T00:00+01:00", ("2025-10-26T00:00+02:00", "2025-10-26T23:00+01:00")),
    ],
)
def test_clock_changes(start: str, end: str, interval: tuple[str, str]) -> None:
    """Intervals around clock changes are as long as they were."""
    assert intervals_of(f"start,end,in,out\n{start},{end},3,4\n") == [counted(*interval, 3, 4)]


@pytest.mark.parametrize("times", [("2025-10-26 02:00", "2025-10-26 03:00"), ("2025-10-26 02:59", "2025-10-26 03:00")])
def test_hour_that_comes_twice(times: tuple[str, str]) -> None:
    """Nothing tells the first from the second, so both are refused by their rows."""
    row = ",".join((*times, "3", "4"))
    assert faults_of(f"start,end,in,out\n{row}\n") == [(2, "start", "twice", times[0])]


def test_table_of_days() -> None:
    """A day of a table ends at the next midnight, however long it is."""
    content = "date;ein;aus\n25.10.2025;1;1\n26.10.2025;2;2\n27.10.2025;3;3\n29.3.2026;4;4\n"
    lengths = [interval.end - interval.start for interval in intervals_of(content)]
    # The first 24 of 25 hours are stored.
    assert lengths == [DAY, DAY, DAY, 23 * 3600]
    assert intervals_of(content, period=Period.HOUR)[0] == counted("2025-10-25T00:00", "2025-10-25T01:00", 1, 1)
    with_offset = "date,in,out\n2025-10-25T00:00+02:00,1,1\n2025-10-26T00:00+02:00,2,2\n2025-10-27T00:00+01:00,2,2\n"
    assert [interval.end for interval in intervals_of(with_offset)] == [
        at("2025-10-26T00:00"),
        at("2025-10-26T23:00"),
        at("2025-10-28T00:00"),
    ]


def test_step_of_a_table() -> None:
    """The first two times give the step; rows may be missing, but no row may come earlier than that."""
    content = (
        "time,in,out\nx,1,1\n2026-01-31 08:00,1,1\n2026-01-31 08:15,1,1\n2026-01-31 10:00,1,1\n2026-01-31 10:10,1,1"
    )
    assert faults_of(content) == [(2, "time", "no_time", "x"), (6, "time", "overlap", "5")]
    step = rows_of(content)[-2]
    assert isinstance(step, OldCounts)
    assert step.interval == counted("2026-01-31T10:00", "2026-01-31T10:15", 1, 1)
    hours = "time,in,out\n2025-10-26T02:00+02:00,1,1\n2025-10-26T02:00+01:00,1,1\n"
    assert [interval.end - interval.start for interval in intervals_of(hours)] == [3600, 3600]
    weeks = "time,in,out\n2026-01-05,1,1\n2026-01-12,1,1\n"
    assert [fault[2] for fault in faults_of(weeks)] == ["too_wide", "too_wide"]


@pytest.mark.parametrize(
    "rows",
    ["2026-01-31 08:00,1,1\n", "2026-01-31 08:00,1,1\n2026-01-31 08:00,1,1\n", "x,1,1\n" * 2000 + "2026-01-31,1,1\n"],
)
def test_table_without_a_step(rows: str) -> None:
    """Without two times, nothing says how much time a row covers, unless a period is given."""
    assert {fault[2] for fault in faults_of(f"time,in,out\n{rows}")} - {"no_time"} == {"no_step"}
    assert "no_step" not in {fault[2] for fault in faults_of(f"time,in,out\n{rows}", period=Period.HOUR)}


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "import_empty"),
        (b"\n \n\n", "import_empty"),
        (b"sep=;\n", "import_empty"),
        (b"PK\x03\x04\x14\0\0\0", "import_not_text"),
        (b"\x1f\x8b\x08", "import_not_text"),
        (b"time,in,out\n2026-01-31 08:00,\0,1\n", "import_not_text"),
        ("time,in,out\n".encode("utf-16"), "import_utf16"),
        (b"\xff\xff\xff", "import_unknown_format"),
        (b"time,in\n", "import_unknown_format"),
        (b"in,in,time,out\n", "import_unknown_format"),
        (b"time,start,in,out\n", "import_unknown_format"),
        (b"date,datum,in,out\n", "import_unknown_format"),
        (b'"time,in,out\n', "import_unknown_format"),
        (b"time|in|out\n", "import_unknown_format"),
        (b"time,in\n2026-01-31 08:00,3\n", "import_unknown_format"),
        (b",,\n", "import_unknown_format"),
        (b"time,in,out" + b",a" * 100, "import_unknown_format"),
        (b"time,in,out" + b",a" * 1_000_000, "import_unknown_format"),
        (b'{"start": 1}', "import_unknown_format"),
        (b'{"start": 1, "end": 1, "in": 1, "out": 1}', "import_unknown_format"),
        (b"{" * 30_000, "import_unknown_format"),
        (b'{"in":' * 5_000, "import_unknown_format"),
    ],
)
def test_no_counts(content: bytes, key: str) -> None:
    """Explain what is wrong with a file that is none with counts."""
    with pytest.raises(FileError) as raised:
        rows_of(content)
    assert raised.value.key == key


def test_no_target() -> None:
    """A file that names no camera needs a target."""
    for content in ("time,in,out\n", "start,end,in,out\n"):
        with pytest.raises(FileError) as raised:
            rows_of(content, has_target=False)
        assert raised.value.key == "import_no_target"
    assert rows_of(f"{OWN}\n", has_target=False) == []


def test_checksum_and_kind() -> None:
    """A file that has changed has another checksum."""
    checksums = set()
    for content in (b"time,in,out\n" + b"1" * 90_000, b"time,in,out\n" + b"1" * 90_001, b"time,in,out"):
        lines = Lines(BytesIO(content))
        file = read(lines, known())
        assert file.kind is Kind.TABLE
        list(file.rows)
        checksums.add(lines.checksum)
    assert len(checksums) == 3


def test_memory() -> None:
    """Reading takes no more memory for a long file than for a short one."""

    def peak(count: int) -> int:
        content = BytesIO(b"time,in,out\n" + b"".join(b"2020-01-01T00:00Z,1,1\n" for _ in range(count)))
        file = read(Lines(content), known(period=Period.HOUR))
        tracemalloc.start()
        try:
            assert sum(1 for _ in file.rows) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(5000) < peak(500) + 20_000


_cells = st.one_of(
    st.sampled_from(
        ["", "3", "3,0", "-1", "2026-01-31 08:00", "31.01.2026", "20260131080000", "2025-10-26T02:30", SERIAL]
    ),
    st.text(max_size=12),
    st.datetimes().map(str),
    st.integers().map(str),
)
_heads = st.sampled_from(
    ["time,in,out", "start,end,in,out", TWO_D, OWN, f"place,{OWN},complete", '{"in": 1}', "Zeit;Ein;Aus"]
)


@given(
    head=_heads,
    rows=st.lists(st.lists(_cells, max_size=10), max_size=8),
    mark=st.booleans(),
    more=st.binary(max_size=20),
)
def test_any_file(head: str, rows: list[list[str]], mark: bool, more: bytes) -> None:
    """Whatever a file contains, each row is counts, a fault or left out; what is counted is possible."""
    lines = [head, *(",".join(row) for row in rows)]
    content = "\n".join(lines).encode(errors="replace") + more
    try:
        found = rows_of(b"\xef\xbb\xbf" + content if mark else content)
    except FileError:
        return
    before = -1
    for row in found:
        if isinstance(row, OldCounts):
            interval = row.interval
            assert 946_000_000 < interval.start < interval.end <= min(NOW, interval.start + DAY)
            assert 0 <= interval.entered <= MAX_COUNT
            assert before < row.row <= content.count(b"\n") + 1
            before = row.row


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Whatever bytes a file has, it is read or refused."""
    with suppress(FileError):
        rows_of(content)
