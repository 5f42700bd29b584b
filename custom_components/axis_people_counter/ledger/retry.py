"""Tries quarantined intervals again, page by page: after an update, more of them may be readable.

The caller passes the function that reads them. Called by ledger.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import sqlite3
from typing import Final

from ..counting import Interval, SentInterval, Timestamp
from . import quarantine
from .cameras import Camera, find_camera, get_camera
from .intervals import SENT_INTERVAL_COLUMNS
from .quarantine import RejectedTime
from .settling import by_day, settle
from .storing import Changes

# The size of a page, so that it takes a few hundredths of a second; pushes are stored between two pages.
RETRY_PAGE: Final = 250
RETRY_BYTES: Final = 512 * 1024

# Reads a rejected interval, given its content and when it was sent. Returns None where it is still unreadable.
type Reader = Callable[[str, Timestamp], Sequence[Interval] | None]


@dataclass(frozen=True, slots=True)
class Retried:
    """How many intervals a page took out of quarantine, and how many are left there.

    The next page begins after the id `last`, which is None at the end.
    """

    changes: Changes
    settled: int
    left: int
    last: int | None


def retry_page(db: sqlite3.Connection, key: str, read: Reader, received: Timestamp, after: int) -> Retried:
    """Try the next quarantined intervals of a camera again; each keeps the time at which it was sent."""
    camera = get_camera(db, key)
    last, readable = _read_page(db, camera, read, after)
    settled = settle(db, camera, by_day(readable), received)
    changed = find_camera(db, key)
    assert changed
    # The difference may be negative: an interval that is accepted now may make others wait.
    taken_out = max(0, camera.quarantined - changed.quarantined)
    return Retried(Changes(changed, settled.new, settled.changed_since), taken_out, changed.quarantined, last)


def _read_page(
    db: sqlite3.Connection, camera: Camera, read: Reader, after: int
) -> tuple[int | None, list[SentInterval]]:
    """Return the last id of a page, and its readable intervals; delete rejected ones that are readable or obsolete."""
    last: int | None = None
    size = 0
    readable: list[SentInterval] = []
    done: list[int] = []
    unreadable: list[RejectedTime[int]] = []
    for row_id, content, *columns in db.execute(
        f"""
        SELECT id, content, {SENT_INTERVAL_COLUMNS}
        FROM quarantine
        WHERE camera = ? AND id > ?
        ORDER BY id
        LIMIT +?
        """,
        (camera.id, after, RETRY_PAGE),
    ):
        start, end, *_, sent = columns
        if content is None:
            # Settling a waiting interval again stores it if nothing makes it wait any longer.
            readable.append(SentInterval(*columns))
        elif (found := read(content, sent)) is not None:
            done.append(row_id)
            readable += (SentInterval(*interval, sent) for interval in found)
        elif start is not None:
            unreadable.append(RejectedTime(start, end, sent, row_id))
        last = row_id
        size += len(content or "")
        if size > RETRY_BYTES:
            break
    done += quarantine.covered_later(db, camera.id, unreadable)
    quarantine.delete(db, done)
    return last, readable
