"""Ledgers as releases made them, and the story that is in each.

A release that adds a migration adds a dump of its own ledger to tests/ledger/released: `dump(path)` of what `tell`
makes with that release.
"""

from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Final

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.local_time import Period
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected

from .bare_ledger import opened, pack_all
from .ledger_questions import EVER, KEYS, MIDNIGHT, MINUTE, Delivery, Question, Setting, fill

FOLDER: Final = Path(__file__).parents[1] / "ledger" / "released"
RELEASED: Final = sorted(FOLDER.glob("*.sql"))
DAY: Final = 24 * 60
QUESTION: Final = Question(
    MIDNIGHT + 3 * DAY * MINUTE, MIDNIGHT - 31 * DAY * MINUTE, EVER[1], Period.HOUR, "Europe/Stockholm", None
)


def _delivery(camera: int, first: int, width: int, number: int, sent: int, *, adults: bool = False) -> Delivery:
    """Return a push of intervals that follow each other, and one that can't be used."""
    intervals = [
        Interval(
            MIDNIGHT + (first + position * width) * MINUTE,
            MIDNIGHT + (first + (position + 1) * width) * MINUTE,
            position % 4,
            position % 3,
            *((position % 2, position % 2) if adults else (None, None)),
        )
        for position in range(number)
    ]
    start = intervals[0].start - 2 * width * MINUTE
    bad = Rejected(Reason.COUNT_IMPOSSIBLE, str(start), (start, start + width * MINUTE))
    return Delivery(camera, sent, intervals, [bad])


HISTORY: Final = (
    _delivery(0, -30 * DAY, 60, 24, 1, adults=True),
    _delivery(1, -30 * DAY + 30, 15, 20, 1),
    _delivery(0, 9 * 60, 1, 40, 2, adults=True),
    _delivery(1, 9 * 60, 15, 12, 2),
    # These cut into stored intervals.
    _delivery(1, 9 * 60 + 7, 15, 4, 3),
    _delivery(0, 3 * DAY + 8 * 60, 5, 30, 4, adults=True),
    _delivery(1, 3 * DAY + 8 * 60, 5, 30, 4),
)
OCCUPANCIES: Final = (
    Setting(KEYS[0], MIDNIGHT + (9 * 60 + 5) * MINUTE, 7),
    Setting("daily", MIDNIGHT + (3 * DAY + 9 * 60) * MINUTE, 5),
    Setting("endless", MIDNIGHT + (9 * 60 + 20) * MINUTE, 3),
)


def tell(path: Path) -> None:
    """Make a ledger: packed days and rows, all kinds of quarantine, corrections, places and a reversed camera."""
    fill(path, HISTORY, OCCUPANCIES, QUESTION, reversed_camera=True)
    with opened(path) as ledger:
        pack_all(ledger, MIDNIGHT + 2 * DAY * MINUTE)


def dump(path: Path) -> str:
    """Return a file's whole content as SQL."""
    with closing(sqlite3.connect(path)) as db:
        pragmas = ("application_id", "user_version")
        values = [f"PRAGMA {pragma} = {db.execute(f'PRAGMA {pragma}').fetchone()[0]};" for pragma in pragmas]
        return "\n".join([*db.iterdump(), *values]) + "\n"


def install(released: Path, path: Path) -> None:
    """Write the ledger of a release."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(released.read_text())
