"""Does the least that makes the counts of a body safe, and prints the seconds it took."""

import argparse
from contextlib import closing
from datetime import datetime
import json
from pathlib import Path
import sqlite3
from time import perf_counter
from typing import Any

import orjson

# Any program that stores intervals needs these columns.
TABLE = """
    CREATE TABLE intervals (
        camera INTEGER NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        entered INTEGER NOT NULL,
        exited INTEGER NOT NULL,
        adults_entered INTEGER,
        adults_exited INTEGER,
        sent INTEGER NOT NULL,
        PRIMARY KEY (camera, start)
    ) STRICT, WITHOUT ROWID
    """

type Row = tuple[int, int, int, int, int, int, int, int]


def _timestamp(text: str) -> int:
    """Return seconds since 1970 UTC."""
    return int(datetime.fromisoformat(text).timestamp())


def rows(body: bytes) -> list[Row]:
    """Return the rows of a correct body."""
    document: dict[str, Any] = orjson.loads(body)
    sent = _timestamp(document["utcSent"])
    found: list[Row] = []
    for measurement in document["data"]["measurements"]:
        entered, exited = measurement["items"]
        found.append(
            (
                1,
                _timestamp(measurement["utcFrom"]),
                _timestamp(measurement["utcTo"]),
                entered["count"],
                exited["count"],
                entered["adults"],
                exited["adults"],
                sent,
            )
        )
    return found


def main() -> None:
    """Create a file with a table like that of the ledger, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("body", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    body = arguments.body.read_bytes()
    with closing(sqlite3.connect(arguments.file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(TABLE)
        begin = perf_counter()
        found = rows(body)
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found)
        db.execute("COMMIT")
        print(json.dumps({"seconds": perf_counter() - begin}))  # noqa: T201


if __name__ == "__main__":
    main()
