"""The folds of the day: counts and occupancy of a camera or a place, added up to an instant, where a read goes on.

They are kept in memory beside the connection, end with it, and are dropped when something before that instant changes.
Knows no tables. Called by file, ledger, cameras, settling, places, today and place_today.
"""

from dataclasses import dataclass
from enum import Enum, auto
import sqlite3
from typing import Any, Final, NamedTuple

from ..counting import LATEST, Correction, Interval, OccupancySummary, OpenSpan, Timestamp


class Unfinished(Enum):
    """The answer of a step of a read that needs more steps."""

    UNFINISHED = auto()


UNFINISHED: Final = Unfinished.UNFINISHED
# How many intervals are added up in a step, within ten milliseconds, during which pushes wait.
INTERVALS_AT_ONCE: Final = 1000
ALL_AT_ONCE: Final = 10**9
# How often a read in steps begins anew.
MAX_DROPS: Final = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """People who entered and exited, and adults among them where the camera counts them."""

    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None


@dataclass(frozen=True, slots=True)
class CameraFold:
    """A camera's intervals that end up to an instant and its corrections before it, in the direction of the camera."""

    # Start and end of the day, and the last reset of the occupancy.
    basis: tuple[Timestamp, Timestamp, Timestamp]
    until: Timestamp
    counts: Counts
    # Seconds of the day with an interval.
    covered: int
    occupancy: int
    # When the first interval of all begins, and the last one up to the instant, as the camera sent it.
    first: Timestamp | None
    newest: Interval | None


class PlaceBasis(NamedTuple):
    """The part of a place's settings that its fold depends on, beside its counts."""

    day: Timestamp
    next_day: Timestamp
    resets: tuple[Correction, ...]
    open_spans: tuple[OpenSpan, ...]


@dataclass(frozen=True, slots=True)
class PlaceFold:
    """The intervals of all doors of a place that end up to an instant, and the corrections before it."""

    # Start and end of the day, the resets, and when it is open.
    basis: PlaceBasis
    until: Timestamp
    # The running count; inside, peak and drift since the start of the day.
    running: int
    summary: OccupancySummary
    # The thresholds of its limits, and the turning points of the occupancy since the last reset.
    thresholds: list[int]
    occupancies: list[int]
    # People whose intervals begin in the day.
    entered: int
    exited: int
    # People who entered while the place was open.
    visitors: int
    # The end of the last of these intervals of each door, by key; doors without any are missing.
    counted_until: dict[str, Timestamp]


class Folds[F: (CameraFold, PlaceFold)]:
    """The folds of all cameras, or of all places, by the id of their row."""

    def __init__(self) -> None:
        """Start without folds."""
        self._folds: dict[int, F] = {}

    def find(self, row: int, basis: object) -> F | None:
        """Return the fold of a camera or a place, None where there is none with this basis."""
        fold = self._folds.get(row)
        return fold if fold is not None and fold.basis == basis else None

    def keep(self, row: int, fold: F) -> None:
        """Keep the fold of a camera or a place, in place of the one before."""
        self._folds[row] = fold

    def drop(self, row: int, since: Timestamp = -LATEST) -> None:
        """Drop the fold of a camera or a place that has changed since an instant, unless it ends by then."""
        fold = self._folds.get(row)
        if fold is not None and since < fold.until:
            del self._folds[row]

    def clear(self) -> None:
        """Drop all folds."""
        self._folds.clear()


class ReadInSteps[F: (CameraFold, PlaceFold)]:
    """One read of a camera or a place, which changes and other reads of it may come between.

    Where they drop its fold, the read begins anew. After a few times, it reads everything in one step: it has to end,
    and its answer has to be that of one instant.
    """

    def __init__(self) -> None:
        """Begin before the first step."""
        self._fold: F | None = None
        self._drops = 0

    def fold(self, known: Folds[F], row: int, basis: object) -> F | None:
        """Return the fold to go on with in this step, None if there is none."""
        found = known.find(row, basis)
        if self._fold is not None and found is not self._fold:
            self._drops += 1
        return found

    def keep(self, known: Folds[F], row: int, fold: F) -> None:
        """Keep the fold of this step for the next one, and for later reads."""
        self._fold = fold
        known.keep(row, fold)

    @property
    def intervals_at_once(self) -> int:
        """How many intervals may be added up in this step."""
        return INTERVALS_AT_ONCE if self._drops < MAX_DROPS else ALL_AT_ONCE


class PlaceChanges:
    """Since when the counts of each place have changed after somebody asked last, by the id of its row."""

    def __init__(self) -> None:
        """Start before the first question: everything is new."""
        self._since: dict[int, Timestamp] = {}

    def note(self, row: int, since: Timestamp) -> None:
        """Remember that a place has changed since an instant."""
        if row in self._since:
            self._since[row] = min(self._since[row], since)

    def take(self, row: int) -> Timestamp:
        """Return since when a place has changed, LATEST if it hasn't; from now on, only later changes are noted."""
        since = self._since.get(row, -LATEST)
        self._since[row] = LATEST
        return since

    def forget(self, row: int) -> None:
        """Take a place for new."""
        self._since.pop(row, None)

    def clear(self) -> None:
        """Take all places for new."""
        self._since.clear()


class LedgerConnection(sqlite3.Connection):
    """A connection to the ledger's file, and the folds of what was read through it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open the file."""
        super().__init__(*args, **kwargs)
        self.cameras: Folds[CameraFold] = Folds()
        self.places: Folds[PlaceFold] = Folds()
        self.place_changes = PlaceChanges()
        self._version: int | None = None

    def drop_if_foreign(self) -> None:
        """Drop all folds if another program has changed the file since the last call."""
        (version,) = self.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self.cameras.clear()
            self.places.clear()
            self.place_changes.clear()


def of_cameras(db: sqlite3.Connection) -> Folds[CameraFold]:
    """Return the folds of all cameras."""
    assert isinstance(db, LedgerConnection)
    return db.cameras


def of_places(db: sqlite3.Connection) -> Folds[PlaceFold]:
    """Return the folds of all places."""
    assert isinstance(db, LedgerConnection)
    return db.places


def changes_of_places(db: sqlite3.Connection) -> PlaceChanges:
    """Return since when the counts of each place have changed."""
    assert isinstance(db, LedgerConnection)
    return db.place_changes
