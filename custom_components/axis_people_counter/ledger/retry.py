"""Quarantined intervals are tried again, page by page: after an update, more of them may be readable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import sqlite3
from typing import Final

from ..counting import Interval, SentInterval, Timestamp
from . import quarantine
from .cameras import Camera, find_camera, get_camera
from .intervals import SENT_INTERVAL_COLUMNS
from .quarantine import RejectedTime
from .settling import settle
from .storing import Changes

# The size of a page, so that it takes a few hundredths of a second; pushes are stored between two pages.
RETRY_PAGE: Final = 250
RETRY_BYTES: Final = 512 * 1024

# Reads a rejected interval, given its content and when it was sent. Returns None where it is still unreadable.
type Reader = Callable[[str, Timestamp], Sequence[Interval] | None]


@dataclass(frozen=True, slots=True)
class Retried:
    """How many intervals a page took out of quarantine, and how many are left in it.

    The next page begins after the id `last`, which is None at the end.
    """

    changes: Changes
    settled: int
    left: int
    last: int | None


def retry_page(db: sqlite3.Connection, key: str, read: Reader, received: Timestamp, after: int) -> Retried:
    """Try the next quarantined intervals of a camera again, as if they came now, and as they were sent then."""
    camera = get_camera(db, key)
    before = quarantine.count(db, camera.id)
    last, readable = _read_page(db, camera, read, after)
    settled = settle(db, camera, readable, received)
    changed = find_camera(db, key)
    assert changed
    left = quarantine.count(db, camera.id)
    # An interval that counts now may cut into one that was sent later, which then has to wait instead.
    return Retried(Changes(changed, settled.new, settled.changed_since), max(0, before - left), left, last)


def _read_page(
    db: sqlite3.Connection, camera: Camera, read: Reader, after: int
) -> tuple[int | None, list[SentInterval]]:
    """Return the last id of a page, and its readable intervals; delete the rejected ones that are done with."""
    last: int | None = None
    size = 0
    readable: list[SentInterval] = []
    done: list[int] = []
    unreadable: list[RejectedTime[int]] = []
    for number, content, *columns in db.execute(
        f"""
        SELECT id, content, {SENT_INTERVAL_COLUMNS}
        FROM quarantine
        WHERE camera = ? AND id > ?
        ORDER BY id
        LIMIT ?
        """,
        (camera.id, after, RETRY_PAGE),
    ):
        start, end, *_, sent = columns
        if content is None:
            # A waiting interval may have to wait no longer; settling it again finds out.
            readable.append(SentInterval(*columns))
        elif (found := read(content, sent)) is not None:
            done.append(number)
            readable += (SentInterval(*interval, sent) for interval in found)
        elif start is not None:
            unreadable.append(RejectedTime(start, end, sent, number))
        last = number
        size += len(content or "")
        if size > RETRY_BYTES:
            break
    done += quarantine.covered_later(db, camera.id, unreadable)
    quarantine.delete(db, done)
    return last, readable
