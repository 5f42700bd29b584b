"""Changes the databases of a stopped Home Assistant: a year that was pushed at once looks like pushes of each minute.

Further cameras get all counts and statistics of one that pushed them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
import os
from pathlib import Path
import sqlite3

from custom_components.axis_people_counter.counting import DAY, SentInterval
from custom_components.axis_people_counter.ledger import day_format, packed_days
from tests.helpers.home_assistant import DOMAIN


def divide_into_pushes(ledger: Path) -> None:
    """Give each interval the time of a push of its own: 10 to 40 seconds after its end, as cameras do it.

    The times of pushes are kept, and take more space if they differ.
    """
    with opened(ledger) as db:
        db.execute("UPDATE intervals SET sent = stop + 10 + abs(random()) % 31")


def lengthen(ledger: Path, days: int) -> None:
    """Copy all packed days of the only camera to so many days before, as if it had counted then too."""
    with opened(ledger) as db:
        found = db.execute("SELECT camera, content FROM packed_days ORDER BY day").fetchall()
        for camera, content in found:
            packed_days.add(db, camera, [_earlier(interval, days * DAY) for interval in day_format.unpack(content)])


def _earlier(interval: SentInterval, seconds: int) -> SentInterval:
    return interval._replace(start=interval.start - seconds, end=interval.end - seconds, sent=interval.sent - seconds)


def copy_camera(ledger: Path, recorder: Path, source: str, copies: Mapping[str, str]) -> None:
    """Copy the camera with a serial number to others, which are given by serial number with their names."""
    with opened(ledger) as db:
        db.create_function("checksum", -1, packed_days.checksum)
        for serial, name in copies.items():
            _copy_in_ledger(db, source, serial, name)
    with opened(recorder) as db:
        for serial, name in copies.items():
            _copy_in_recorder(db, source, serial, name)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for one large change. A half-written file is of no use, so nothing has to survive a crash."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    # The file must not be written back during the measurement.
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _copy_in_ledger(db: sqlite3.Connection, source: str, serial: str, name: str) -> None:
    """Copy the row of a camera, and its rows in all tables that have a column for the camera."""
    ((camera,),) = db.execute("SELECT id FROM cameras WHERE serial = ?", (source,)).fetchall()
    changes = {"id": "NULL", "key": ":serial", "serial": ":serial", "name": ":name"}
    copy = _copy_rows(db, "cameras", changes, "id = :camera", {"camera": camera, "serial": serial, "name": name})
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        if "camera" in _columns(db, table):
            changes = {"camera": ":copy"}
            if table == "packed_days":
                # The checksum of a day contains its camera.
                changes["checksum"] = "checksum(content, :copy, day, entered, exited, adults_entered, adults_exited)"
            _copy_rows(db, table, changes, "camera = :camera", {"camera": camera, "copy": copy})


def _copy_in_recorder(db: sqlite3.Connection, source: str, serial: str, name: str) -> None:
    """Copy the long-term statistics of a camera."""
    for series, statistic_id in db.execute(
        "SELECT id, statistic_id FROM statistics_meta WHERE statistic_id LIKE ?", (f"{DOMAIN}:{source}%",)
    ).fetchall():
        kind = statistic_id.removeprefix(f"{DOMAIN}:{source}_")
        copy = _copy_rows(
            db,
            "statistics_meta",
            {"id": "NULL", "statistic_id": ":statistic_id", "name": ":name"},
            "id = :series",
            {"series": series, "statistic_id": f"{DOMAIN}:{serial}_{kind}", "name": f"{name} {kind}"},
        )
        _copy_rows(
            db,
            "statistics",
            {"id": "NULL", "metadata_id": ":copy"},
            "metadata_id = :series",
            {"series": series, "copy": copy},
        )


def _copy_rows(
    db: sqlite3.Connection, table: str, changes: Mapping[str, str], where: str, values: Mapping[str, str | int | None]
) -> int | None:
    """Copy rows of a table with changes in some columns; return the id of the last copy."""
    selected = ", ".join(changes.get(column, column) for column in _columns(db, table))
    return db.execute(f"INSERT INTO {table} SELECT {selected} FROM {table} WHERE {where}", values).lastrowid


def _columns(db: sqlite3.Connection, table: str) -> Sequence[str]:
    return [column for _, column, *_ in db.execute(f"PRAGMA table_info({table})")]
