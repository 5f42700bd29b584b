"""The tables of the ledger's file, and its version.

Called by file.py whenever it opens the file.
"""

from collections.abc import Iterator
import sqlite3
from typing import Final

from .errors import LedgerTooNewError

# "AXPC" in the header of the file distinguishes a ledger from other SQLite files.
APPLICATION_ID: Final = 0x41585043

_TABLES: Final = """
    -- A camera keeps its key when another camera replaces it. All other columns describe the camera that counts now.
    CREATE TABLE cameras (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        serial TEXT NOT NULL,
        name TEXT NOT NULL,
        application TEXT,
        version TEXT,
        time_zone TEXT,
        -- Seconds by which local time is ahead of UTC.
        utc_offset INTEGER,
        ip_address TEXT,
        sent INTEGER NOT NULL,
        received INTEGER NOT NULL,
        -- When the first push came; 0 where no push has come under this key.
        appeared INTEGER NOT NULL DEFAULT 0,
        send_interval INTEGER NOT NULL DEFAULT 60,
        reversed INTEGER NOT NULL DEFAULT 0,
        removed INTEGER NOT NULL DEFAULT 0,
        -- Sums of all intervals ever; adults are NULL where the camera doesn't count them.
        total_entered INTEGER NOT NULL DEFAULT 0,
        total_exited INTEGER NOT NULL DEFAULT 0,
        total_adults_entered INTEGER,
        total_adults_exited INTEGER,
        -- Until when intervals have been deleted, 0 where none has, and the part of the sums above that these had: see
        -- retention.py.
        deleted_until INTEGER NOT NULL DEFAULT 0,
        deleted_entered INTEGER NOT NULL DEFAULT 0,
        deleted_exited INTEGER NOT NULL DEFAULT 0,
        deleted_adults_entered INTEGER NOT NULL DEFAULT 0,
        deleted_adults_exited INTEGER NOT NULL DEFAULT 0,
        -- All days before this instant are packed, or have too many intervals for that.
        packed_until INTEGER NOT NULL DEFAULT 0,
        -- Kept by the triggers below.
        quarantined INTEGER NOT NULL DEFAULT 0,
        quarantined_bytes INTEGER NOT NULL DEFAULT 0,
        -- How far recorder has been given the statistics: see series.py.
        changed_since INTEGER DEFAULT 0,
        writing_since INTEGER,
        written_first INTEGER,
        written_last INTEGER,
        written_as TEXT
    ) STRICT;

    -- The intervals that count. Those of one camera never overlap. A day (UTC) of them is either here or packed.
    CREATE TABLE intervals (
        camera INTEGER NOT NULL REFERENCES cameras,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        entered INTEGER NOT NULL,
        exited INTEGER NOT NULL,
        adults_entered INTEGER,
        adults_exited INTEGER,
        sent INTEGER NOT NULL,
        PRIMARY KEY (camera, start)
    ) STRICT, WITHOUT ROWID;

    -- The intervals of a camera that begin on one day, in the format of day_format.py, and their sums. Days are
    -- numbered from 1970 on. The checksum is that of all other columns.
    CREATE TABLE packed_days (
        camera INTEGER NOT NULL REFERENCES cameras,
        day INTEGER NOT NULL,
        entered INTEGER NOT NULL,
        exited INTEGER NOT NULL,
        adults_entered INTEGER NOT NULL,
        adults_exited INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (camera, day)
    ) STRICT;

    -- Packed days whose checksum was wrong, as they were found. They no longer count, and are kept until a
    -- person has read the repair issue.
    CREATE TABLE damaged_days (
        camera INTEGER NOT NULL REFERENCES cameras,
        day INTEGER NOT NULL,
        content BLOB,
        found INTEGER NOT NULL,
        PRIMARY KEY (camera, day)
    ) STRICT;

    -- Intervals that can't be stored. Rejected ones have a content, and a time where that could be read.
    -- Waiting ones have no content: they cut into a stored interval. An id is never used twice.
    CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        camera INTEGER NOT NULL REFERENCES cameras,
        received INTEGER NOT NULL,
        reason TEXT NOT NULL,
        content TEXT,
        start INTEGER,
        stop INTEGER,
        entered INTEGER,
        exited INTEGER,
        adults_entered INTEGER,
        adults_exited INTEGER,
        sent INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX quarantine_of_camera ON quarantine (camera);
    CREATE UNIQUE INDEX quarantine_content ON quarantine (camera, content) WHERE content IS NOT NULL;
    CREATE INDEX quarantine_waiting ON quarantine (camera, stop, start) WHERE content IS NULL;
    CREATE INDEX quarantine_rejected ON quarantine (camera, stop, start) WHERE content IS NOT NULL;
    CREATE TRIGGER quarantine_grows AFTER INSERT ON quarantine BEGIN
        UPDATE cameras
        SET quarantined = quarantined + 1,
            quarantined_bytes = quarantined_bytes + 100 + coalesce(length(CAST(NEW.content AS BLOB)), 0)
        WHERE id = NEW.camera;
    END;
    CREATE TRIGGER quarantine_shrinks AFTER DELETE ON quarantine BEGIN
        UPDATE cameras
        SET quarantined = quarantined - 1,
            quarantined_bytes = quarantined_bytes - 100 - coalesce(length(CAST(OLD.content AS BLOB)), 0)
        WHERE id = OLD.camera;
    END;

    -- Occupancy that a person or an automation has set.
    CREATE TABLE corrections (
        id INTEGER PRIMARY KEY,
        camera INTEGER NOT NULL REFERENCES cameras,
        at INTEGER NOT NULL,
        value INTEGER NOT NULL,
        source TEXT NOT NULL
    ) STRICT;
    CREATE INDEX corrections_of_camera ON corrections (camera, at);

    -- The key for which a camera counts from an instant on. Cameras that never replaced another have none.
    CREATE TABLE routes (
        serial TEXT NOT NULL,
        number INTEGER NOT NULL,
        since INTEGER NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (serial, number)
    ) STRICT, WITHOUT ROWID;
    -- The keys of reversed cameras, apart from the table of cameras, because some may not have pushed yet.
    CREATE TABLE reversed_cameras (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

    -- Hours that recorder has of a camera and this ledger doesn't: see series.py.
    CREATE TABLE carried (
        camera INTEGER NOT NULL REFERENCES cameras,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        entered INTEGER NOT NULL,
        exited INTEGER NOT NULL,
        adults_entered INTEGER NOT NULL,
        adults_exited INTEGER NOT NULL,
        PRIMARY KEY (camera, start)
    ) STRICT, WITHOUT ROWID;

    -- When the kept counts begin (one row), and the sums that recorder has of the time before, by the key of a camera
    -- or a place: see deleted_hours.py.
    CREATE TABLE retention (kept_since INTEGER NOT NULL) STRICT;
    INSERT INTO retention VALUES (0);
    CREATE TABLE deleted_hours (
        key TEXT PRIMARY KEY,
        entered INTEGER NOT NULL,
        exited INTEGER NOT NULL,
        adults_entered INTEGER NOT NULL,
        adults_exited INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- How the last day that was compared differs from what the camera has of it, with the differing hours as JSON, and
    -- gaps that nothing can fill or that a person wants to leave: see comparisons.py.
    CREATE TABLE comparisons (
        camera INTEGER PRIMARY KEY REFERENCES cameras,
        date TEXT NOT NULL,
        hours INTEGER NOT NULL,
        differing TEXT NOT NULL,
        reason TEXT,
        confirmed INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE left_gaps (
        camera INTEGER NOT NULL REFERENCES cameras,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        PRIMARY KEY (camera, start)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE places (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        -- Doors and schedule as a text: what depends on them is computed again when it changes.
        basis TEXT NOT NULL,
        -- The occupancies at which its limits are reached or left, as JSON.
        thresholds TEXT NOT NULL,
        changed_since INTEGER DEFAULT 0,
        writing_since INTEGER,
        written_first INTEGER,
        written_last INTEGER,
        written_as TEXT
    ) STRICT;
    -- The cameras of a place, by key, as some may not have pushed yet.
    CREATE TABLE doors (
        key TEXT NOT NULL,
        place INTEGER NOT NULL REFERENCES places,
        reversed INTEGER NOT NULL,
        PRIMARY KEY (key, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE place_corrections (
        id INTEGER PRIMARY KEY,
        place INTEGER NOT NULL REFERENCES places,
        at INTEGER NOT NULL,
        value INTEGER NOT NULL,
        source TEXT NOT NULL
    ) STRICT;
    CREATE INDEX corrections_of_place ON place_corrections (place, at);
    -- The occupancy of a place without a reset at each midnight (UTC) at least, so that it needn't be summed up from
    -- the beginning.
    CREATE TABLE checkpoints (
        place INTEGER NOT NULL REFERENCES places,
        at INTEGER NOT NULL,
        running INTEGER NOT NULL,
        insides TEXT NOT NULL,
        PRIMARY KEY (place, at)
    ) STRICT, WITHOUT ROWID;
"""

_IMPORTS: Final = """
    -- Files of old counts that were imported. An id is never used twice: intervals name it, see imported_days.py.
    CREATE TABLE imports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        made INTEGER NOT NULL,
        -- 0 until all of the file is stored, 2 once it is being undone. Both are undone when the integration starts.
        finished INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- The sums of the intervals that still count because of an import, by the day (UTC) on which they begin.
    CREATE TABLE imported_days (
        import INTEGER NOT NULL REFERENCES imports,
        camera INTEGER NOT NULL REFERENCES cameras,
        day INTEGER NOT NULL,
        intervals INTEGER NOT NULL,
        entered INTEGER NOT NULL,
        exited INTEGER NOT NULL,
        adults_entered INTEGER NOT NULL,
        adults_exited INTEGER NOT NULL,
        PRIMARY KEY (import, camera, day)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX imported_days_of_camera ON imported_days (camera, day);

    -- The part of the totals that was imported, which sensors leave out: see imported_days.py.
    ALTER TABLE cameras ADD COLUMN imported_entered INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cameras ADD COLUMN imported_exited INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cameras ADD COLUMN imported_adults_entered INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cameras ADD COLUMN imported_adults_exited INTEGER NOT NULL DEFAULT 0;
"""

_OPENING_DAYS: Final = """
    -- When places were open, by their keys. A row has a local day, or the part of it that is over: see opening_days.py.
    -- Spans are pairs of instants as JSON, events of a calendar also have a name.
    CREATE TABLE opening_days (
        place TEXT NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        spans TEXT NOT NULL,
        events TEXT NOT NULL,
        PRIMARY KEY (place, start)
    ) STRICT, WITHOUT ROWID;
"""

# Each makes the next schema version out of the one before. Never change one that has been released: add another.
MIGRATIONS: Final = (_TABLES, _IMPORTS, _OPENING_DAYS)


class NotALedgerError(Exception):
    """The file is another program's."""


def check_version(db: sqlite3.Connection) -> None:
    """Raise NotALedgerError or LedgerTooNewError for a file that this version can't use; an empty one is fine."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    version = _version(db)
    if (version or tables) and application != APPLICATION_ID:
        raise NotALedgerError
    if version > len(MIGRATIONS):
        raise LedgerTooNewError("A later version of the integration made the ledger.")


def prepare_new(db: sqlite3.Connection) -> None:
    """Let a new file become smaller where something is deleted; this can't be set once a file has tables."""
    if not _version(db):
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables to the newest version, as a whole or not at all. After an error, close the connection."""
    if _version(db) == len(MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    # Another connection may have done it until now.
    for migration in MIGRATIONS[_version(db) :]:
        for statement in _statements(migration):
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would end the transaction first."""
    statement = ""
    # Triggers and comments contain semicolons, too.
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(db: sqlite3.Connection) -> int:
    version: int
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return version
