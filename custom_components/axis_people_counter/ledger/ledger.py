"""The ledger: every counted interval of every camera, once, in one SQLite file.

A push is safe when the future of `record` has a result: it is committed and synced to disk then.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
import sqlite3
from typing import Any, Final

from ..counting import (
    DAY,
    HOUR,
    LATEST,
    MAX_WIDTH,
    Correction,
    Coverage,
    Interval,
    Passage,
    Push,
    Route,
    Routes,
    SentInterval,
    Source,
    first_serial,
    key_at,
    moves,
    overlapping_groups,
    rank,
    resolve,
)
from . import places, series
from .file import Answer, LedgerError, LedgerFile

MAX_CAMERAS: Final = 256
# A camera keeps its counts for 90 days, which have 129,600 minutes; these are so many, and some more.
MAX_QUARANTINED: Final = 150_000
# All cameras together, as whoever has the token can invent some: what eleven with 90 days by the minute take.
MAX_QUARANTINED_BYTES: Final = 512 * 1024 * 1024
# Bytes of a quarantined interval beside its content; the triggers in the file count the same.
QUARANTINED_BYTES: Final = 100
# Characters shown of a quarantined interval: a real one has 260, and it may have a thousand times as many.
MAX_SHOWN_TEXT: Final = 4096
# As much is tried again within a few hundredths of a second; pushes come in between.
RETRY_PAGE: Final = 250
RETRY_BYTES: Final = 512 * 1024
# A camera tells its send interval through how much time each push adds. These are the shortest and the longest that
# can be chosen; after an outage a push adds more.
MIN_SEND_INTERVAL: Final = 60
MAX_SEND_INTERVAL: Final = 15 * 60
# So many intervals are read within a few milliseconds.
PAGE: Final = 5000

# The reason of those that wait in quarantine, whole, for the other parts of what they would replace.
OVERLAP: Final = "it overlaps an interval of another width that is already stored"


class TooManyCamerasError(Exception):
    """A camera nobody knows yet, and there are as many as there may be."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What the ledger knows of one camera; instants are seconds since 1970 UTC.

    Its key stays when another camera takes its place; all else is of the one that counts there now.
    """

    id: int
    key: str
    serial: str
    name: str
    application: str | None
    version: str | None
    time_zone: str | None
    utc_offset: int | None
    ip_address: str | None
    sent: int
    received: int
    # When it was heard first; 0 where that wasn't noted yet.
    appeared: int
    send_interval: int
    reversed: int
    removed: int
    merged_until: int
    total_entered: int
    total_exited: int
    total_adults_entered: int | None
    total_adults_exited: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """People in and out, and adults among them where the camera tells them."""

    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a push changed: intervals of the last day that weren't there, the earliest instant whose counts changed."""

    camera: Camera
    appeared: tuple[Interval, ...]
    since: int | None
    # By key: other cameras whose counts changed, because this one counted there, and since when they did.
    elsewhere: tuple[tuple[str, int], ...] = ()
    # Intervals that were neither stored nor set aside: the quarantine is full, and the camera has to keep them.
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Today:
    """One camera as it stands: its newest interval, today's counts, what happened since the reset of occupancy."""

    camera: Camera
    newest: Interval | None
    counts: Counts
    # Seconds up to the newest interval of which nothing was reported; before its first one a camera owes nothing.
    missing: int
    passages: list[Passage]
    corrections: list[Correction]
    quarantined: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An interval that wasn't taken."""

    received: int
    reason: str
    content: str | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What of a camera wasn't taken: how many intervals, the newest of them, and which one came last of all."""

    count: int
    newest: list[Quarantined]
    last: int


@dataclass(frozen=True, slots=True)
class Retried:
    """The result of trying a page of the quarantine again: how many intervals leave it, how many are in it.

    `last` is the id after which the next page begins, None behind the last one.
    """

    changes: Changes
    settled: int
    left: int
    last: int | None


class Ledger(LedgerFile):
    """What can be stored and asked. Each method returns a future; its result is there when it is safe on the disk."""

    def record(self, push: Push, received: int) -> Answer[Changes]:
        """Store a push, but for what the result says was refused. Raises TooManyCamerasError for a camera too many."""
        return self.submit(lambda db: _record(db, push, received), writes=True)

    def correct(self, key: str, at: int, value: int, source: Source) -> Answer[None]:
        """Store what somebody says the occupancy is, and by what means."""

        def correct(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO corrections (camera, at, value, source) SELECT id, ?, ?, ? FROM cameras WHERE key = ?",
                (at, value, source, key),
            )
            _change_camera(db, f"changed_since = {_EARLIER}", {"since": at}, key)

        return self.submit(correct, writes=True)

    def set_reversed(self, key: str, value: bool) -> Answer[None]:
        """Store whether in means out at this camera."""

        def set_reversed(db: sqlite3.Connection) -> None:
            if _camera(db, key) is None:
                raise LedgerError("This camera isn't in the ledger.")
            known = _directions(db)
            _set_directions(db, known | {key} if value else known - {key})

        return self.submit(set_reversed, writes=True)

    def set_directions(self, reversed_cameras: Callable[[], Iterable[str]]) -> Answer[None]:
        """Store at which cameras in means out, and at no others; some of them may not have come yet.

        What is given is called again for a file that is begun anew, in the ledger's thread.
        """
        return self._set("directions", lambda db: _set_directions(db, frozenset(reversed_cameras())))

    def reversed_cameras(self) -> Answer[list[str]]:
        """Return the keys of the cameras at which in means out."""
        return self.submit(lambda db: [key for (key,) in db.execute("SELECT key FROM cameras WHERE reversed")])

    def set_routes(self, routes: Routes, received: int) -> Answer[None]:
        """Store for which key each camera counts from when on, and move what is stored there."""
        return self._set("routes", lambda db: _set_routes(db, routes, received))

    def set_removed(self, key: str) -> Answer[None]:
        """Hide a camera until it pushes again; its counts stay."""
        return self._change("removed = 1", {}, key)

    def cameras(self) -> Answer[list[Camera]]:
        """Return the cameras that nobody removed."""
        return self.submit(lambda db: list(_cameras(db, "removed = 0")))

    def gone_cameras(self) -> Answer[list[Camera]]:
        """Return the cameras that somebody removed, without what a camera counted before it replaced another."""
        counted = "removed = 1 AND EXISTS (SELECT * FROM intervals WHERE camera = cameras.id)"
        return self.submit(lambda db: [camera for camera in _cameras(db, counted) if _is_held(db, camera.key)])

    def obsolete_series(self) -> Answer[list[str]]:
        """Return the keys of cameras that recorder still has, though they have taken the place of others."""
        return self.submit(
            lambda db: [
                camera.key
                for camera in _cameras(db, "removed = 1 AND written_until IS NOT NULL")
                if not _is_held(db, camera.key)
            ]
        )

    def camera(self, key: str) -> Answer[Camera | None]:
        """Return a camera, also a removed one."""
        return self.submit(lambda db: _camera(db, key))

    def counted_until(self, key: str) -> Answer[int | None]:
        """Return the end of a camera's newest interval, None where there is none."""

        def counted_until(db: sqlite3.Connection) -> int | None:
            newest = (camera := _camera(db, key)) and _newest(db, camera.id)
            return newest.end if newest else None

        return self.submit(counted_until)

    def today(self, key: str, day: int, next_day: int, reset: int) -> Answer[Today]:
        """Return one camera, with its day from day to next_day and all that matters for occupancy since reset."""
        return self.submit(lambda db: _today(db, key, day, next_day, reset))

    def intervals(self, key: str, start: int, end: int, limit: int) -> Answer[list[Interval]]:
        """Return the first intervals of a camera that begin in [start, end), in the order of time."""
        return self.submit(lambda db: _intervals(db, key, start, end, limit))

    def each_interval(self, key: str, start: int, end: int) -> Iterator[Interval]:
        """Yield all intervals of a camera that begin in [start, end); not for the event loop, which would wait.

        They are read in pages: pushes aren't held up, and what they change meanwhile may be seen or not.
        """
        while True:
            page = self.intervals(key, start, end, PAGE).result()
            yield from page
            if len(page) < PAGE:
                return
            # A push between two pages may put short intervals in the place of a long one that has been read.
            start = page[-1].end

    def corrections(self, key: str, start: int, end: int) -> Answer[list[Correction]]:
        """Return what somebody said the occupancy of a camera or place is in [start, end), in the order of time."""
        return self.submit(lambda db: _corrections(db, key, start, end))

    def gaps(self, key: str, since: int, limit: int) -> Answer[list[tuple[int, int]]]:
        """Return the newest stretches of time between intervals, since an instant, of which nothing was reported."""
        return self.submit(lambda db: _gaps(db, key, since, limit))

    def quarantined(self, serial: str, limit: int) -> Answer[list[Quarantined]]:
        """Return the newest intervals of a camera that weren't taken."""
        return self.submit(lambda db: _quarantined(db, serial, limit))

    def quarantine(self, serial: str, limit: int) -> Answer[Quarantine]:
        """Return what of a camera wasn't taken, with the newest intervals of it."""
        return self.submit(lambda db: _quarantine(db, serial, limit))

    def retry(
        self, serial: str, read: Callable[[str, int], Sequence[Interval] | None], received: int, after: int = 0
    ) -> Answer[Retried]:
        """Take a page of what wasn't taken, of those behind an id, as if it came now, and as it was sent then.

        `read` gets an interval as it came and when it was sent; it returns None where that still can't be taken.
        """
        return self.submit(lambda db: _retry(db, serial, read, received, after), writes=True)

    def drop(self, serial: str, last: int) -> Answer[int]:
        """Forget what of a camera wasn't taken, up to the one that came last then; the result says how many."""
        return self.submit(lambda db: _drop(db, serial, last), writes=True)

    def merge(self, before: int) -> Answer[bool]:
        """Merge a piece of what is older than before into intervals of one hour; the result says if there is more."""
        return self.submit(lambda db: _merge(db, before), writes=True)

    def written_until(self, key: str) -> Answer[int | None]:
        """Return the last hour that recorder may have from this ledger of a camera or a place, None if it has none."""
        return self.submit(lambda db: series.written_until(db, key))

    def take_series(self, key: str, basis: str, *, everything: bool = False) -> Answer[series.Series | None]:
        """Return the hours of a camera that recorder may lack; they count as on the way until confirm_series."""
        return self.submit(lambda db: series.take(db, key, basis, everything=everything), writes=True)

    def take_place_series(self, key: str, *, everything: bool = False) -> Answer[series.Span | None]:
        """Say which hours of a place recorder may lack, in the same way; door_hours has what was counted."""
        return self.submit(lambda db: series.take_place(db, key, everything=everything), writes=True)

    def door_hours(self, door: places.Door, span: series.Span) -> Answer[series.Hours]:
        """Return what was counted at one door of a place."""
        return self.submit(lambda db: series.door_hours(db, door.key, span, swapped=door.is_reversed))

    def has_other_basis(self, key: str) -> Answer[bool]:
        """Say whether recorder has hours of a place as it was before somebody changed it."""
        return self.submit(lambda db: series.has_other_basis(db, key))

    def confirm_series(self, key: str) -> Answer[None]:
        """Remember that recorder has got what was taken last."""
        return self.submit(lambda db: series.confirm(db, key), writes=True)

    def forget_series(self, key: str) -> Answer[None]:
        """Remember that recorder has nothing of this camera or place any more."""
        return self.submit(lambda db: series.forget(db, key), writes=True)

    def carry_series(self, key: str, hours: list[tuple[int, series.Sums]], until: int) -> Answer[None]:
        """Store hours that recorder has of a camera, to the last one at until, and this ledger doesn't."""

        def carry(db: sqlite3.Connection) -> None:
            series.carry(db, key, hours, until)
            places.note_change(db, key, 0)

        return self.submit(carry, writes=True)

    def set_places(self, wanted: Sequence[places.Place]) -> Answer[None]:
        """Store which places there are, and which doors they have."""
        return self.submit(lambda db: places.set_places(db, wanted), writes=True)

    def place_today(
        self, key: str, day: int, next_day: int, resets: list[Correction]
    ) -> Answer[places.PlaceToday | None]:
        """Return a place with its day from day to next_day; None where advance_place has to be called first.

        The resets are those from the last one before the day on, none where occupancy is never reset.
        """
        return self.submit(lambda db: places.today(db, key, day, next_day, resets))

    def advance_place(self, place: places.Place, at: int) -> Answer[bool]:
        """Bring what is kept of a place without resets a step nearer to an instant; say if there is more to do."""
        return self.submit(lambda db: places.advance(db, place, at), writes=True)

    def running_before(self, place: places.Place, at: int) -> tuple[int, int]:
        """Return the last instant, not after `at`, of which the running count is known, and that count.

        Of a place without resets only; this isn't for the event loop, which would wait.
        """
        while self.advance_place(place, at).result():
            pass
        return self.submit(lambda db: places.checkpoint(db, place.key, at)).result()

    def each_passage(self, key: str, start: int, end: int) -> Iterator[Passage]:
        """Yield who passed the doors of a place in intervals that end in (start, end]; not for the event loop.

        They are read day by day, as intervals are page by page.
        """
        for low in range(start, end, DAY):
            yield from self.submit(partial(places.passages, key=key, low=low, high=min(low + DAY, end))).result()

    def correct_place(self, place: places.Place, at: int, value: int, source: Source) -> Answer[None]:
        """Store what somebody says the occupancy of a place is, and by what means."""
        return self.submit(lambda db: places.correct(db, place, at, value, source), writes=True)

    def _set(self, about: str, give: Callable[[sqlite3.Connection], None]) -> Answer[None]:
        """Store settings, now and in each file that is begun anew."""

        def give_from_now_on(db: sqlite3.Connection) -> None:
            give(db)
            self.settings[about] = give

        return self.submit(give_from_now_on, writes=True)

    def _change(self, assignments: str, values: dict[str, Any], key: str) -> Answer[None]:
        return self.submit(lambda db: _change_camera(db, assignments, values, key), writes=True)


# Cameras

# What recorder has been given holds up to the earliest change.
_EARLIER: Final = "min(coalesce(changed_since, :since), :since)"

_CAMERA_COLUMNS: Final = ", ".join(Camera.__slots__)


def _cameras(db: sqlite3.Connection, where: str = "TRUE", *parameters: Any) -> Iterator[Camera]:
    for row in db.execute(f"SELECT {_CAMERA_COLUMNS} FROM cameras WHERE {where} ORDER BY id", parameters):
        yield Camera(*row)


def _camera(db: sqlite3.Connection, key: str) -> Camera | None:
    return next(_cameras(db, "key = ?", key), None)


def _change_camera(db: sqlite3.Connection, assignments: str, values: dict[str, Any], key: str) -> None:
    if not db.execute(f"UPDATE cameras SET {assignments} WHERE key = :key", {**values, "key": key}).rowcount:
        raise LedgerError("This camera isn't in the ledger.")


def _enter(db: sqlite3.Connection, key: str, serial: str, name: str, received: int) -> Camera:
    """Return a camera; one that isn't there yet is entered as a removed one, and nobody sees it until it pushes."""
    db.execute(
        "INSERT OR IGNORE INTO cameras (key, serial, name, sent, received, appeared, removed, reversed)"
        " VALUES (:key, :serial, :name, 0, 0, :appeared, 1, EXISTS (SELECT * FROM reversed_cameras WHERE key = :key))",
        {"key": key, "serial": serial, "name": name, "appeared": received},
    )
    camera = _camera(db, key)
    assert camera
    return camera


def _directions(db: sqlite3.Connection) -> frozenset[str]:
    return frozenset(key for (key,) in db.execute("SELECT key FROM reversed_cameras"))


def _set_directions(db: sqlite3.Connection, wanted: frozenset[str]) -> None:
    known = _directions(db)
    # Without a change no lock is needed, so a file that another program has locked can be read.
    if gone := known - wanted:
        db.executemany("DELETE FROM reversed_cameras WHERE key = ?", ((key,) for key in gone))
    if fresh := wanted - known:
        db.executemany("INSERT INTO reversed_cameras VALUES (?)", ((key,) for key in fresh))
    for camera in list(_cameras(db)):
        if bool(camera.reversed) != (camera.key in wanted):
            # Other SQL reads the column.
            _change_camera(db, "reversed = 1 - reversed, changed_since = 0", {}, camera.key)
            places.note_change(db, camera.key, 0)


def _record(db: sqlite3.Connection, push: Push, received: int) -> Changes:
    sensor = push.sensor
    routes = _routes(db, sensor.serial)
    key = key_at(routes, sensor.serial)
    camera = _camera(db, key)
    if camera is None or camera.removed:
        (cameras,) = db.execute("SELECT count(*) FROM cameras WHERE removed = 0").fetchone()
        if cameras >= MAX_CAMERAS:
            raise TooManyCamerasError
    if camera is None:
        camera = _enter(db, key, sensor.serial, sensor.name, received)

    by_key = _by_key(push, routes) if routes else {key: push}
    here = by_key.pop(key, replace(push, intervals=[], rejected=[]))
    elsewhere, refused_elsewhere = _record_elsewhere(db, by_key, received)
    newest_before = _newest(db, camera.id)
    _note_adults(db, camera, here.intervals)
    room = _Room(db, camera.id)
    fresh = (SentInterval(*interval, push.sent) for interval in here.intervals)
    appeared, since = _settle(db, camera, _parts(fresh), received, room)
    _quarantine_rejected(db, camera.id, here, received, room)
    newest = _newest(db, camera.id)
    send_interval = camera.send_interval
    if newest and (newest_before is None or newest.end > newest_before.end):
        progress = newest.end - (newest_before.end if newest_before else newest.start)
        send_interval = min(max(progress, MIN_SEND_INTERVAL), max(newest.end - newest.start, MAX_SEND_INTERVAL))
    # A clock that was far ahead once must not make what is said now look old for ever.
    is_latest = push.sent >= camera.sent or camera.sent > received + HOUR
    described = sensor if is_latest else camera
    if camera.received <= received + HOUR:
        received = max(received, camera.received)
    (row,) = db.execute(
        "UPDATE cameras SET serial = :serial, name = :name, application = :application, version = :version,"
        # After a silence of more than a day clocks may have been changed.
        " time_zone = :time_zone, utc_offset = coalesce(:utc_offset, iif(:sent - sent > 86400, NULL, utc_offset)),"
        " ip_address = :ip_address,"
        " sent = :sent, received = :received, send_interval = :send_interval, removed = 0,"
        " appeared = iif(appeared = 0 AND removed, :received, appeared),"
        f" changed_since = coalesce({_EARLIER}, changed_since) WHERE id = :id RETURNING {_CAMERA_COLUMNS}",
        {
            "serial": sensor.serial,
            "name": described.name,
            "application": described.application,
            "version": described.version,
            "time_zone": described.time_zone,
            "utc_offset": described.utc_offset,
            "ip_address": described.ip_address,
            "sent": push.sent if is_latest else camera.sent,
            "received": received,
            "send_interval": send_interval,
            "since": since,
            "id": camera.id,
        },
    ).fetchall()
    return Changes(Camera(*row), appeared, since, elsewhere, room.refused + refused_elsewhere)


def _by_key(push: Push, routes: list[Route]) -> dict[str, Push]:
    """Divide a push by the keys its camera counted for; what has no time that can be read is of the present one."""
    serial = push.sensor.serial
    found: dict[str, Push] = {}

    def part(key: str) -> Push:
        return found.setdefault(key, replace(push, intervals=[], rejected=[]))

    for interval in push.intervals:
        part(key_at(routes, serial, interval.start)).intervals.append(interval)
    for rejected in push.rejected:
        part(key_at(routes, serial, *(rejected.time or ())[:1])).rejected.append(rejected)
    return found


def _record_elsewhere(
    db: sqlite3.Connection, by_key: dict[str, Push], received: int
) -> tuple[tuple[tuple[str, int], ...], int]:
    """Store what a camera counted while it hung elsewhere, or before it took another's place.

    Return by key since when counts changed, and how many intervals were refused.
    """
    changed: list[tuple[str, int]] = []
    refused = 0
    for key, push in by_key.items():
        camera = _enter(db, key, first_serial(key), push.sensor.name, received)
        room = _Room(db, camera.id)
        rows = (SentInterval(*interval, push.sent) for interval in push.intervals)
        if (since := _file(db, camera, _parts(rows), received, room)) is not None:
            changed.append((key, since))
        _quarantine_rejected(db, camera.id, push, received, room)
        refused += room.refused
    return tuple(changed), refused


def _file(
    db: sqlite3.Connection, camera: Camera, parts: Iterable[set[SentInterval]], received: int, room: _Room | None = None
) -> int | None:
    """Bring rows together with what is stored of a camera, of which nothing else changes; return what changed first."""
    told = list(parts)
    _note_adults(db, camera, (row for part in told for row in part))
    _, since = _settle(db, camera, told, received, room)
    if since is not None:
        _change_camera(db, f"changed_since = {_EARLIER}", {"since": since}, camera.key)
    return since


def _note_adults(db: sqlite3.Connection, camera: Camera, told: Iterable[Interval | SentInterval]) -> None:
    if camera.total_adults_entered is None and any(
        one.adults_entered is not None or one.adults_exited is not None for one in told
    ):
        # Whatever becomes of these intervals, this camera can tell adults.
        db.execute("UPDATE cameras SET total_adults_entered = 0, total_adults_exited = 0 WHERE id = ?", (camera.id,))


# Intervals

_INTERVAL_COLUMNS: Final = "start, stop, entered, exited, adults_entered, adults_exited"
_ROW_COLUMNS: Final = f"{_INTERVAL_COLUMNS}, sent"
# Stored intervals don't overlap, so only the last one before low can reach over it.
_OVERLAPPING: Final = (
    "camera = :camera AND start < :high AND stop > :low AND start >= coalesce("
    "(SELECT max(start) FROM intervals WHERE camera = :camera AND start <= :low), :low)"
)


def _newest(db: sqlite3.Connection, camera: int) -> Interval | None:
    sql = f"SELECT {_ROW_COLUMNS} FROM intervals WHERE camera = ? ORDER BY start DESC LIMIT 1"
    row = db.execute(sql, (camera,)).fetchone()
    return Interval(*row[:-1]) if row else None


def _settle(
    db: sqlite3.Connection, camera: Camera, parts: Iterable[set[SentInterval]], received: int, room: _Room | None = None
) -> tuple[tuple[Interval, ...], int | None]:
    """Bring what the camera says together with what is stored; without a room, all of it has one already.

    Return the intervals of the last day that were in no way there before, and the earliest instant that changed.
    """
    appeared: list[Interval] = []
    changed: list[int] = []
    for part in parts:
        part_appeared, part_changed = _settle_part(db, camera.id, part, received, room)
        appeared += part_appeared
        changed += part_changed
    since = min(changed, default=None)
    if since is not None:
        places.note_change(db, camera.key, since)
    return tuple(appeared), since


def _parts(rows: Iterable[SentInterval]) -> Iterator[set[SentInterval]]:
    """Divide rows by days: batching makes no difference, but one step through 90 would hold up other threads."""
    days: dict[int, set[SentInterval]] = {}
    for row in rows:
        days.setdefault(row.start // DAY, set()).add(row)
    for day in sorted(days):
        yield days[day]


def _settle_part(
    db: sqlite3.Connection, camera: int, fresh: set[SentInterval], received: int, room: _Room | None
) -> tuple[list[Interval], list[int]]:
    stored, waiting = _touched(db, camera, fresh)
    added: list[SentInterval] = []
    removed: list[SentInterval] = []
    overlapping: set[SentInterval] = set()
    appeared: list[Interval] = []
    changed: list[int] = []
    for group in overlapping_groups(stored | waiting | fresh):
        accepted, held = _resolve_within(group, stored, waiting, room)
        overlapping.update(held)
        before = [row for row in group if row in stored]
        if accepted == before:
            continue
        added += [row for row in accepted if row not in stored]
        staying = set(accepted)
        removed += [row for row in before if row not in staying]
        if [row.interval for row in accepted] != [row.interval for row in before]:
            changed.append(group[0].start)
            if not before:
                appeared += [row.interval for row in accepted if row.end > received - DAY]
    _replace(db, camera, removed, added)
    _replace_waiting(db, camera, received, waiting - overlapping, overlapping - waiting)
    _release_rejected(db, camera, min(row.start for row in fresh), max(row.end for row in fresh))
    return appeared, changed


def _resolve_within(
    group: list[SentInterval], stored: set[SentInterval], waiting: set[SentInterval], room: _Room | None
) -> tuple[list[SentInterval], list[SentInterval]]:
    """Return which rows count and which have to wait, of those for which there is room in quarantine.

    A new row that is left out is as good as never sent: its camera keeps it, and sends it again.
    """
    accepted, held = resolve(group)
    if not held or not room:
        return accepted, held
    waiting_before = sum(row in waiting for row in group)
    beyond = len(held) - waiting_before - room.free()
    if beyond > 0:
        new = [row for row in held if row not in stored and row not in waiting]
        staying = {*accepted, *new[: max(0, len(new) - beyond)]}
        fitting = [row for row in group if row in stored or row in waiting or row in staying]
        accepted, held = resolve(fitting)
        if len(held) - waiting_before > room.free():
            # Without some the others fare differently: then none of them has come.
            fitting = [row for row in group if row in stored or row in waiting]
            accepted, held = resolve(fitting)
        room.refused += len(group) - len(fitting)
    room.take(len(held) - waiting_before)
    return accepted, held


def _touched(
    db: sqlite3.Connection, camera: int, fresh: set[SentInterval]
) -> tuple[set[SentInterval], set[SentInterval]]:
    """Return what is stored, and what waits in quarantine, that overlaps fresh rows directly or through others."""
    stored: set[SentInterval] = set()
    waiting: set[SentInterval] = set()
    # Rows far from each other may have a whole history between them: each neighbourhood is read by itself.
    for cluster in overlapping_groups(fresh, MAX_WIDTH):
        members = set(cluster)
        low, high = cluster[0].start, max(row.end for row in cluster)
        margin = 0
        while True:
            near_stored, near_waiting = _overlapping(db, camera, low - margin, high + margin)
            near = near_stored | near_waiting
            if not _reaches_over(near, low - margin, high + margin):
                break
            groups = overlapping_groups(near | members)
            near = {row for group in groups if not members.isdisjoint(group) for row in group}
            if not _reaches_over(near, low - margin, high + margin):
                break
            margin = max(2 * margin, HOUR)
        stored |= near_stored & near
        waiting |= near_waiting & near
    return stored, waiting


def _reaches_over(rows: Iterable[SentInterval], low: int, high: int) -> bool:
    return any(row.start < low or row.end > high for row in rows)


def _overlapping(
    db: sqlite3.Connection, camera: int, low: int, high: int
) -> tuple[set[SentInterval], set[SentInterval]]:
    """Return what is stored, and what waits in quarantine, that overlaps a stretch of time."""
    stored = db.execute(
        f"SELECT {_ROW_COLUMNS} FROM intervals WHERE {_OVERLAPPING}",
        {"camera": camera, "low": low, "high": high},
    )
    # There may be many of them: in this order those that end before now are passed over.
    waiting = db.execute(
        f"SELECT {_ROW_COLUMNS} FROM quarantine WHERE camera = ? AND content IS NULL"
        " AND stop > ? AND stop < ? AND start < ?",
        (camera, low, high + MAX_WIDTH, high),
    )
    return {SentInterval(*row) for row in stored}, {SentInterval(*row) for row in waiting}


def _replace(db: sqlite3.Connection, camera: int, removed: list[SentInterval], added: list[SentInterval]) -> None:
    """Take intervals out and put others in; nowhere else do counts change, so the totals change here with them."""
    if not removed and not added:
        return
    if removed:
        db.executemany("DELETE FROM intervals WHERE camera = ? AND start = ?", ((camera, row.start) for row in removed))
    db.executemany("INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ((camera, *row) for row in added))
    gains = (
        _sum(row.entered for row in added) - _sum(row.entered for row in removed),
        _sum(row.exited for row in added) - _sum(row.exited for row in removed),
        _sum(row.adults_entered for row in added) - _sum(row.adults_entered for row in removed),
        _sum(row.adults_exited for row in added) - _sum(row.adults_exited for row in removed),
    )
    # Where a camera tells no adults, NULL stays NULL.
    db.execute(
        "UPDATE cameras SET total_entered = total_entered + ?, total_exited = total_exited + ?,"
        " total_adults_entered = total_adults_entered + ?, total_adults_exited = total_adults_exited + ? WHERE id = ?",
        (*gains, camera),
    )


def _sum(values: Iterable[int | None]) -> int:
    return sum(value or 0 for value in values)


def _total(values: Iterable[int | None]) -> int | None:
    """Return the sum of what is known, None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _intervals(db: sqlite3.Connection, key: str, start: int, end: int, limit: int) -> list[Interval]:
    rows = db.execute(
        f"SELECT {_INTERVAL_COLUMNS} FROM intervals WHERE camera = (SELECT id FROM cameras WHERE key = ?)"
        " AND start >= ? AND start < ? ORDER BY start LIMIT ?",
        (key, start, end, limit),
    )
    return [Interval(*row) for row in rows]


def _corrections(db: sqlite3.Connection, key: str, start: int, end: int) -> list[Correction]:
    rows = db.execute(
        "SELECT at, value, source FROM (SELECT at, value, source, corrections.id FROM corrections"
        " JOIN cameras ON cameras.id = camera WHERE key = :key"
        " UNION ALL SELECT at, value, source, place_corrections.id FROM place_corrections"
        " JOIN places ON places.id = place WHERE key = :key) WHERE at >= :start AND at < :end ORDER BY at, id",
        {"key": key, "start": start, "end": end},
    )
    return [Correction(*row) for row in rows]


# Routes


def _routes(db: sqlite3.Connection, serial: str) -> list[Route]:
    rows = db.execute("SELECT since, key FROM routes WHERE serial = ? ORDER BY number", (serial,))
    return [Route(*row) for row in rows]


def _is_held(db: sqlite3.Connection, key: str) -> bool:
    """Return True if there is a camera that counts for a key now."""
    present = dict(db.execute("SELECT serial, key FROM routes ORDER BY serial, number"))
    first = first_serial(key)
    return key in present.values() or present.get(first, first) == key


def _set_routes(db: sqlite3.Connection, wanted: Routes, received: int) -> None:
    serials = {serial for (serial,) in db.execute("SELECT serial FROM routes")} | wanted.keys()
    before = {serial: _routes(db, serial) for serial in serials}
    changed = sorted(serial for serial in serials if before[serial] != wanted.get(serial, []))
    # All is taken out before anything is put in: what two cameras count at the same time never meets.
    moved = [
        (to, serial, camera.name, rows)
        for serial in changed
        for low, high, source, to in moves(before[serial], wanted.get(serial, []), serial)
        if (camera := _camera(db, source)) and (rows := _take_out(db, camera, low, high))
    ]
    moved_rejected = [
        (to, serial, camera.name, rejected)
        for serial in changed
        for low, high, source, to in moves(before[serial], wanted.get(serial, []), serial)
        if (camera := _camera(db, source)) and (rejected := _take_out_rejected(db, camera, low, high))
    ]
    for key, serial, name, rejected in moved_rejected:
        camera = _enter(db, key, serial, name, received)
        db.executemany(
            f"INSERT OR IGNORE INTO quarantine (camera, {_REJECTED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((camera.id, *row) for row in rejected),
        )
    for key, serial, name, rows in moved:
        _file(db, _enter(db, key, serial, name, received), _parts(rows), received)
    for serial in changed:
        db.execute("DELETE FROM routes WHERE serial = ?", (serial,))
        db.executemany(
            "INSERT INTO routes VALUES (?, ?, ?, ?)",
            ((serial, number, *route) for number, route in enumerate(wanted.get(serial, []))),
        )
    held = {key_at(wanted.get(serial, []), serial) for serial in changed}
    present = [
        (source not in held, serial, source, to)
        for serial in changed
        if (source := key_at(before[serial], serial)) != (to := key_at(wanted.get(serial, []), serial))
    ]
    # First those whose key another camera takes: what is known of them stands there until then.
    for is_left, serial, source, to in sorted(present):
        _hand_over(db, serial, source, to, is_left=is_left)


def _take_out(db: sqlite3.Connection, camera: Camera, low: int, high: int) -> list[SentInterval]:
    """Take out what is stored of a camera, or waits in quarantine, and begins in [low, high)."""
    stored, waiting = (
        [SentInterval(*row) for row in db.execute(f"{sql} AND start >= ? AND start < ?", (camera.id, low, high))]
        for sql in (
            f"SELECT {_ROW_COLUMNS} FROM intervals WHERE camera = ?",
            f"SELECT {_ROW_COLUMNS} FROM quarantine WHERE reason = '{OVERLAP}' AND camera = ?",
        )
    )
    _replace(db, camera.id, stored, [])
    _replace_waiting(db, camera.id, 0, set(waiting), set())
    if stored:
        since = min(row.start for row in stored)
        _change_camera(db, f"changed_since = {_EARLIER}", {"since": since}, camera.key)
        places.note_change(db, camera.key, since)
    return stored + waiting


_REJECTED_COLUMNS: Final = "received, reason, content, start, stop, sent"


def _take_out_rejected(db: sqlite3.Connection, camera: Camera, low: int, high: int) -> list[tuple[Any, ...]]:
    """Take out what couldn't be taken of a camera and is known to begin in [low, high)."""
    where = "camera = ? AND content IS NOT NULL AND start >= ? AND start < ?"
    rows = db.execute(f"SELECT {_REJECTED_COLUMNS} FROM quarantine WHERE {where}", (camera.id, low, high)).fetchall()
    if rows:
        db.execute(f"DELETE FROM quarantine WHERE {where}", (camera.id, low, high))
    return rows


def _hand_over(db: sqlite3.Connection, serial: str, source: str, to: str, *, is_left: bool) -> None:
    """Have a camera count for another key from now on; is_left where no other camera counts for the one before."""
    before, after = _camera(db, source), _camera(db, to)
    if after:
        db.execute("UPDATE cameras SET serial = ? WHERE id = ?", (serial, after.id))
    if before is None:
        return
    if is_left:
        db.execute("UPDATE cameras SET removed = 1, serial = ? WHERE id = ?", (serial, before.id))
    elif before.serial != serial:
        # Nothing was heard of it there.
        return
    elif after is None:
        # The camera's description is kept in a hidden row, in case it comes back.
        after = _enter(db, to, serial, before.name, 0)
    if after is None:
        return
    columns = "name, application, version, time_zone, utc_offset, ip_address, sent, received, send_interval"
    db.execute(
        f"UPDATE cameras SET ({columns}) = (SELECT {columns} FROM cameras WHERE id = :before),"
        " removed = min(removed, :removed) WHERE id = :after",
        # Where another camera goes on, this one is seen again when it reports.
        {"before": before.id, "removed": before.removed if is_left else 1, "after": after.id},
    )
    if not is_left:
        return
    # Rejected intervals without a readable time move to the key that the camera counts for now.
    moving = {"before": before.id, "after": after.id}
    where = "camera = :before AND content IS NOT NULL AND start IS NULL"
    db.execute(
        f"INSERT OR IGNORE INTO quarantine (camera, {_REJECTED_COLUMNS})"
        f" SELECT :after, {_REJECTED_COLUMNS} FROM quarantine WHERE {where}",
        moving,
    )
    db.execute(f"DELETE FROM quarantine WHERE {where}", moving)


# Today


def _today(db: sqlite3.Connection, key: str, day: int, next_day: int, reset: int) -> Today:
    camera = _camera(db, key)
    if camera is None:
        # A new ledger was begun; the camera's next push enters it.
        raise LedgerError(f"{key} isn't in the ledger.")
    newest = _newest(db, camera.id)
    *counts, covered, first = db.execute(
        "SELECT coalesce(sum(entered) FILTER (WHERE start >= :low), 0),"
        " coalesce(sum(exited) FILTER (WHERE start >= :low), 0),"
        " sum(adults_entered) FILTER (WHERE start >= :low), sum(adults_exited) FILTER (WHERE start >= :low),"
        " coalesce(sum(min(stop, :high) - max(start, :low)), 0),"
        " (SELECT min(start) FROM intervals WHERE camera = :camera)"
        f" FROM intervals WHERE {_OVERLAPPING}",
        {"camera": camera.id, "low": day, "high": next_day},
    ).fetchone()
    passages = db.execute(
        # Where nobody passed, nothing changes.
        f"SELECT stop, entered, exited FROM intervals WHERE {_OVERLAPPING} AND (entered OR exited) ORDER BY start",
        {"camera": camera.id, "low": reset, "high": LATEST},
    )
    corrections = db.execute(
        "SELECT at, value FROM corrections WHERE camera = ? AND at >= ? ORDER BY at, id", (camera.id, reset)
    )
    return Today(
        camera,
        newest,
        Counts(*counts),
        max(0, min(newest.end, next_day) - max(first, day) - covered) if newest else 0,
        [Passage(*row) for row in passages],
        [Correction(*row) for row in corrections],
        _count_quarantined(db, camera.id),
    )


def _gaps(db: sqlite3.Connection, key: str, since: int, limit: int) -> list[tuple[int, int]]:
    return db.execute(
        "SELECT * FROM (SELECT stop AS begin, lead(start) OVER (ORDER BY start) AS finish FROM intervals"
        " WHERE camera = (SELECT id FROM cameras WHERE key = ?) AND start >= ?)"
        " WHERE begin < finish ORDER BY begin DESC LIMIT ?",
        (key, since, limit),
    ).fetchall()


# Quarantine


class _Room:
    """The room that is left in the quarantine of a camera, and the number of intervals that found none."""

    def __init__(self, db: sqlite3.Connection, camera: int) -> None:
        self._db = db
        self._camera = camera
        self._rows: int | None = None
        self._bytes = 0
        self.refused = 0

    def look(self) -> None:
        """Look how much room there is now."""
        self._rows, self._bytes = self._db.execute(
            # Whoever deletes invented cameras makes room by that; one that comes is still removed now.
            """
            SELECT :most - quarantined, :most_bytes - (
                SELECT sum(quarantined_bytes) FROM cameras WHERE removed = 0 OR id = :camera
            )
            FROM cameras WHERE id = :camera
            """,
            {"most": MAX_QUARANTINED, "most_bytes": MAX_QUARANTINED_BYTES, "camera": self._camera},
        ).fetchone()

    def free(self, content: int = 0) -> int:
        """Return how many rows fit, with so many bytes of content in each; most pushes have none, and don't look."""
        if self._rows is None:
            self.look()
        assert self._rows is not None
        return max(0, min(self._rows, self._bytes // (QUARANTINED_BYTES + content)))

    def take(self, rows: int, content: int = 0) -> None:
        """Take room for some rows, and for so many bytes of content."""
        assert self._rows is not None
        self._rows -= rows
        self._bytes -= rows * QUARANTINED_BYTES + content


def _quarantine_rejected(db: sqlite3.Connection, camera: int, push: Push, received: int, room: _Room) -> None:
    """Set aside what can't be taken; nothing that is there already makes room for it."""
    replaced = set(_replaced(db, camera, ((*one.time, push.sent, one) for one in push.rejected if one.time)))
    rejected = deque(one for one in push.rejected if one not in replaced)
    while rejected:
        room.look()
        fitting = []
        while rejected and room.free(size := len(rejected[0].content.encode())):
            room.take(1, size)
            fitting.append(rejected.popleft())
        if not fitting:
            break
        # An interval that is sent again takes no further room, so there may be some for others.
        db.executemany(
            "INSERT INTO quarantine (camera, received, reason, content, start, stop, sent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (camera, content) WHERE content IS NOT NULL"
            " DO UPDATE SET sent = excluded.sent WHERE excluded.sent > sent",
            ((camera, received, one.reason, one.content, *(one.time or (None, None)), push.sent) for one in fitting),
        )
    for one in rejected:
        room.refused += not db.execute(
            "UPDATE quarantine SET sent = max(sent, ?) WHERE camera = ? AND content = ?",
            (push.sent, camera, one.content),
        ).rowcount


def _release_rejected(db: sqlite3.Connection, camera: int, low: int, high: int) -> None:
    """Take out of quarantine what couldn't be taken of a stretch of time of which something newer is known now."""
    rejected = db.execute(
        "SELECT start, stop, sent, id FROM quarantine WHERE camera = ? AND content IS NOT NULL"
        " AND stop > ? AND stop < ? AND start < ?",
        (camera, low, high + MAX_WIDTH, high),
    ).fetchall()
    replaced = [(number,) for number in _replaced(db, camera, rejected)]
    db.executemany("DELETE FROM quarantine WHERE id = ?", replaced)


def _replaced[T](db: sqlite3.Connection, camera: int, rejected: Iterable[tuple[int, int, int, T]]) -> Iterator[T]:
    """Yield those of (start, end, sent, T) whose time is covered by what the camera sent later and what can be read.

    Whatever they mean, they would be replaced by that, as in overlap.py: in one push the finer counts as sent later.
    """
    by_day = sorted(rejected, key=lambda one: one[0] // DAY)
    for _, day in groupby(by_day, key=lambda one: one[0] // DAY):
        some = sorted(day, key=lambda one: (one[2], one[0] - one[1]), reverse=True)
        stored, waiting = _overlapping(db, camera, min(one[0] for one in some), max(one[1] for one in some))
        rows = sorted(stored | waiting, key=rank)
        later = Coverage()
        for start, end, sent, what in some:
            while rows and rank(rows[-1]) >= (sent, start - end):
                row = rows.pop()
                later.add(row.start, row.end)
            if later.covers(start, end):
                yield what


def _replace_waiting(
    db: sqlite3.Connection, camera: int, received: int, removed: set[SentInterval], added: set[SentInterval]
) -> None:
    if not removed and not added:
        return
    db.executemany(
        "DELETE FROM quarantine WHERE camera = ? AND content IS NULL AND start = ? AND stop = ? AND sent = ?",
        ((camera, row.start, row.end, row.sent) for row in removed),
    )
    db.executemany(
        f"INSERT INTO quarantine (camera, received, reason, {_ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((camera, received, OVERLAP, *row) for row in sorted(added, key=rank)),
    )


def _count_quarantined(db: sqlite3.Connection, camera: int) -> int:
    count: int
    (count,) = db.execute("SELECT quarantined FROM cameras WHERE id = ?", (camera,)).fetchone()
    return count


def _quarantined(db: sqlite3.Connection, serial: str, limit: int) -> list[Quarantined]:
    columns = _ROW_COLUMNS.replace("sent", "quarantine.sent")
    rows = db.execute(
        f"SELECT quarantine.received, reason, substr(content, 1, {MAX_SHOWN_TEXT}), {columns}"
        " FROM quarantine JOIN cameras ON cameras.id = camera WHERE key = ? ORDER BY quarantine.id DESC LIMIT ?",
        (serial, limit),
    )
    return [
        Quarantined(received, reason, content, Interval(*row[:-1]) if content is None else None)
        for received, reason, content, *row in rows
    ]


def _quarantine(db: sqlite3.Connection, serial: str, limit: int) -> Quarantine:
    count, last = db.execute(
        "SELECT coalesce(max(quarantined), 0), coalesce(max("
        "(SELECT id FROM quarantine WHERE camera = cameras.id ORDER BY id DESC LIMIT 1)), 0)"
        " FROM cameras WHERE key = ?",
        (serial,),
    ).fetchone()
    return Quarantine(count, _quarantined(db, serial, limit), last)


def _retry(
    db: sqlite3.Connection,
    serial: str,
    read: Callable[[str, int], Sequence[Interval] | None],
    received: int,
    after: int,
) -> Retried:
    camera = _camera(db, serial)
    if camera is None:
        raise LedgerError(f"{serial} isn't in the ledger.")
    before = _count_quarantined(db, camera.id)
    last: int | None = None
    size = 0
    taken: list[tuple[int]] = []
    rows: list[SentInterval] = []
    rejected: list[tuple[int, int, int, int]] = []
    for number, content, *row in db.execute(
        f"SELECT id, content, {_ROW_COLUMNS} FROM quarantine WHERE camera = ? AND id > ? ORDER BY id LIMIT ?",
        (camera.id, after, RETRY_PAGE),
    ):
        last = number
        start, end, *_, sent = row
        if content is None:
            # What waits for other parts is judged again, too: it may have to wait no longer.
            rows.append(SentInterval(*row))
        elif (intervals := read(content, sent)) is not None:
            taken.append((number,))
            rows += (SentInterval(*interval, sent) for interval in intervals)
        elif start is not None:
            rejected.append((start, end, sent, number))
        size += len(content or "")
        if size > RETRY_BYTES:
            break
    taken += ((number,) for number in _replaced(db, camera.id, rejected))
    db.executemany("DELETE FROM quarantine WHERE id = ?", taken)
    _note_adults(db, camera, rows)
    appeared, since = _settle(db, camera, _parts(rows), received)
    if since is not None:
        _change_camera(db, f"changed_since = {_EARLIER}", {"since": since}, serial)
    (camera,) = _cameras(db, "id = ?", camera.id)
    left = _count_quarantined(db, camera.id)
    # What is taken now may cut into what was sent later, which then has to wait in its place.
    return Retried(Changes(camera, appeared, since), max(0, before - left), left, last)


def _drop(db: sqlite3.Connection, serial: str, last: int) -> int:
    return db.execute(
        "DELETE FROM quarantine WHERE camera = (SELECT id FROM cameras WHERE key = ?) AND id <= ?", (serial, last)
    ).rowcount


# Merging


def _merge(db: sqlite3.Connection, before: int) -> bool:
    """Merge at most one day of one camera; hours with gaps keep them, and so do those with corrections in them."""
    limit = before // HOUR * HOUR
    found = db.execute(
        "SELECT id, (SELECT min(start) FROM intervals WHERE camera = id AND start >= merged_until) AS oldest"
        " FROM cameras WHERE oldest < ? LIMIT 1",
        (limit,),
    ).fetchone()
    if found is None:
        return False
    camera, oldest = found
    begin = oldest // HOUR * HOUR
    end = min(begin + 24 * HOUR, limit)
    rows = [
        SentInterval(*row)
        for row in db.execute(
            f"SELECT {_ROW_COLUMNS} FROM intervals WHERE camera = ? AND start >= ? AND start < ? ORDER BY start",
            (camera, begin, end),
        )
    ]
    removed: list[SentInterval] = []
    added: list[SentInterval] = []
    corrected = db.execute(
        "SELECT at FROM corrections WHERE camera = :camera AND at >= :begin AND at < :end"
        " UNION SELECT at FROM place_corrections JOIN doors USING (place) JOIN cameras USING (key)"
        " WHERE cameras.id = :camera AND at >= :begin AND at < :end"
        # Intervals of two cameras stay apart, so that a replacement can be undone.
        " UNION SELECT since FROM routes WHERE since >= :begin AND since < :end ORDER BY at",
        {"camera": camera, "begin": begin, "end": end},
    )
    for run in _runs_within_hours(rows, [at for (at,) in corrected]):
        if len(run) > 1:
            removed += run
            added.append(_merged(run))
    _replace(db, camera, removed, added)
    db.execute("UPDATE cameras SET merged_until = ? WHERE id = ?", (end, camera))
    return True


def _runs_within_hours(rows: Iterable[SentInterval], corrected: list[int]) -> Iterator[list[SentInterval]]:
    """Yield rows that follow each other without a gap, lie in one hour, and end before the same corrections."""
    for _, hour in groupby(rows, key=lambda row: (row.start // HOUR, bisect_left(corrected, row.end))):
        run: list[SentInterval] = []
        for row in hour:
            if run and run[-1].end != row.start:
                yield run
                run = []
            if row.end <= (row.start // HOUR + 1) * HOUR:
                run.append(row)
        yield run


def _merged(rows: list[SentInterval]) -> SentInterval:
    return SentInterval(
        rows[0].start,
        rows[-1].end,
        sum(row.entered for row in rows),
        sum(row.exited for row in rows),
        _total(row.adults_entered for row in rows),
        _total(row.adults_exited for row in rows),
        max(row.sent for row in rows),
    )
