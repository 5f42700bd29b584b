"""The facade of the ledger: a method for each change and each read, called by the rest of the integration.

Each runs in the ledger's thread and returns an Answer at once. A change is committed to the disk when its Answer has a
result.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
import sqlite3

from ..counting import DAY, Columns, Correction, Interval, OpenHours, OpenSpan, Passage, Push, Routes, Source, Timestamp
from . import (
    cameras,
    comparisons,
    corrections,
    damaged_days,
    deleted_hours,
    directions,
    filling,
    imports,
    intervals,
    opening_days,
    packing,
    place_today,
    places,
    quarantine,
    retention,
    retry,
    routes,
    series,
    storing,
    today,
)
from .answers import Answer
from .cameras import Camera
from .comparisons import Comparison
from .file import LedgerFile
from .filling import Filled
from .folds import CameraFold, PlaceFold, ReadInSteps
from .hour_counts import HourCounts
from .hours import CountedHour, counted_hours
from .imports import Import, Importable, Undone
from .intervals import Page
from .place_today import PlaceToday
from .places import Checkpoint, Door, Place
from .quarantine import Quarantine, Quarantined
from .retry import Reader, Retried
from .series import CameraHours, CountsOfDoor, HourRange, Series
from .storing import Changes
from .today import Today


class Ledger(LedgerFile):
    """The file with its thread, and all changes and reads."""

    # Pushes

    def record(self, push: Push, received: Timestamp) -> Answer[Changes]:
        """Store a push. Raise TooManyCamerasError for a new camera beyond the limit."""
        return self.submit(lambda db: storing.record(db, push, received), writes=True)

    # Cameras

    def camera(self, key: str) -> Answer[Camera | None]:
        """Return a camera, also a removed one."""
        return self.submit(lambda db: cameras.find_camera(db, key))

    def cameras(self) -> Answer[list[Camera]]:
        """Return all cameras but the removed ones."""
        return self.submit(lambda db: list(cameras.each_camera(db, "removed = 0")))

    def removed_cameras(self) -> Answer[list[Camera]]:
        """Return the removed cameras that have counts, without those that only counted under a key they gave up."""
        return self.submit(routes.removed_cameras)

    def set_removed(self, key: str) -> Answer[None]:
        """Hide a camera until it pushes again; its counts stay."""
        return self.submit(lambda db: cameras.set_removed(db, key), writes=True)

    def reversed_cameras(self) -> Answer[list[str]]:
        """Return the keys of the cameras whose direction is reversed."""
        return self.submit(directions.reversed_keys)

    def set_reversed(self, key: str, value: bool) -> Answer[None]:
        """Reverse the direction of a camera, or no longer reverse it."""
        return self.submit(lambda db: directions.set_reversed(db, key, value=value), writes=True)

    def set_directions(self, reversed_cameras: Callable[[], Iterable[str]]) -> Answer[None]:
        """Reverse the direction of these cameras and no others; some of them may not have pushed yet.

        The function is called in the ledger's thread, and again for each file that is begun anew.
        """
        return self._set("directions", lambda db: directions.set_all(db, frozenset(reversed_cameras())))

    def set_routes(self, wanted: Routes, received: Timestamp) -> Answer[None]:
        """Store for which key each camera counts from when on, and move stored counts accordingly."""
        return self._set("routes", lambda db: routes.set_all(db, wanted, received))

    # Counts of cameras

    def today(self, key: str, day: Timestamp, next_day: Timestamp, reset: Timestamp) -> Answer[Today]:
        """Return a camera with the counts of [day, next_day), and its occupancy since the reset."""
        steps: ReadInSteps[CameraFold] = ReadInSteps()
        return self.submit(lambda db: today.today(db, key, day, next_day, reset, steps))

    def counted_until(self, key: str) -> Answer[Timestamp | None]:
        """Return the end of a camera's newest interval, None where there is none."""

        def counted_until(db: sqlite3.Connection) -> Timestamp | None:
            camera = cameras.find_camera(db, key)
            newest = camera and intervals.newest(db, camera.id)
            return newest.end if newest else None

        return self.submit(counted_until)

    def intervals(self, key: str, start: Timestamp, end: Timestamp, limit: int) -> Answer[list[Interval]]:
        """Return the first intervals of a camera that begin in [start, end), in the order of time."""

        def first_intervals(db: sqlite3.Connection) -> list[Interval]:
            camera = cameras.find_camera(db, key)
            return intervals.first_intervals(db, camera.id, start, end, limit) if camera else []

        return self.submit(first_intervals)

    def page(self, key: str, start: Timestamp, end: Timestamp) -> Answer[Page | None]:
        """Return a page of a camera's intervals that begin in [start, end), None where the camera is unknown."""

        def page(db: sqlite3.Connection) -> Page | None:
            camera = cameras.find_camera(db, key)
            return intervals.page(db, camera.id, start, end) if camera else None

        return self.submit(page)

    def each_columns(self, key: str, start: Timestamp, end: Timestamp) -> Iterator[Columns]:
        """Yield all intervals of a camera that begin in [start, end), some at a time, in the order of time.

        This blocks, so it isn't for the event loop. They are read in pages, between which pushes are stored, so their
        changes may be missing.
        """
        next_start: Timestamp | None = start
        while next_start is not None and (page := self.page(key, next_start, end).result()):
            yield from page.columns()
            next_start = page.until

    def columns_overlapping(self, key: str, start: Timestamp, end: Timestamp) -> Iterator[Columns]:
        """Yield all intervals of a camera that overlap [start, end), as `each_columns` does."""

        def first_start(db: sqlite3.Connection) -> Timestamp:
            camera = cameras.find_camera(db, key)
            reaching = intervals.overlapping(db, camera.id, start, start) if camera else []
            return reaching[0].start if reaching else start

        yield from self.each_columns(key, self.submit(first_start).result(), end)

    def each_interval(self, key: str, start: Timestamp, end: Timestamp) -> Iterator[Interval]:
        """Yield all intervals of a camera that begin in [start, end), as `each_columns` does."""
        for columns in self.each_columns(key, start, end):
            yield from columns.intervals()

    def each_hour(self, key: str, start: Timestamp, end: Timestamp) -> Iterator[CountedHour]:
        """Yield the counts of a camera by the hour, of intervals that begin in [start, end), as `each_columns` does."""
        return counted_hours(self.each_columns(key, start, end))

    def gaps(self, key: str, since: Timestamp, limit: int) -> Answer[list[tuple[Timestamp, Timestamp]]]:
        """Return the newest stretches of time without an interval, between two intervals of a camera."""

        def gaps(db: sqlite3.Connection) -> list[tuple[Timestamp, Timestamp]]:
            camera = cameras.find_camera(db, key)
            return intervals.gaps(db, camera.id, since, limit) if camera else []

        return self.submit(gaps)

    def counted_seconds(self, key: str, start: Timestamp, end: Timestamp) -> Answer[int]:
        """Return for how many seconds of [start, end) there are counts of a camera."""
        return self.submit(lambda db: filling.counted_seconds(db, cameras.get_camera(db, key).id, start, end))

    def fill(self, key: str, serial: str, found: Sequence[Interval], received: Timestamp) -> Answer[Filled]:
        """Store what was read from a camera of about a day, where no counts are stored; pushes replace it later."""
        return self.submit(lambda db: filling.fill(db, key, serial, found, received), writes=True)

    # Imports of old counts

    def importable(self, key: str, found: Iterable[Interval]) -> Answer[Importable]:
        """Return which of some intervals, all of about a day, begin and end where a camera has no counts."""
        return self.submit(lambda db: imports.importable(db, key, found))

    def begin_import(self, name: str, now: Timestamp) -> Answer[int]:
        """Begin an import from a file with this name, and return its id."""
        return self.submit(lambda db: imports.begin(db, name, now), writes=True)

    def store_imported(
        self, import_id: int, key: str, found: Iterable[Interval], received: Timestamp
    ) -> Answer[Importable]:
        """Store those of some intervals, all of about a day, that can be imported; pushes replace them later."""
        return self.submit(lambda db: imports.store(db, import_id, key, found, received), writes=True)

    def finish_import(self, import_id: int) -> Answer[None]:
        """Record that all of an import is stored."""
        return self.submit(lambda db: imports.finish(db, import_id), writes=True)

    def undo_import_step(self, import_id: int) -> Answer[Undone | None]:
        """Remove some of an import; return None when nothing of it is left."""
        return self.submit(lambda db: imports.undo_step(db, import_id), writes=True)

    def imports(self) -> Answer[list[Import]]:
        """Return the newest imports, the last one first."""
        return self.submit(imports.newest)

    def find_import(self, import_id: int) -> Answer[Import | None]:
        """Return an import, None where there is none with this id."""
        return self.submit(lambda db: imports.find(db, import_id))

    def unfinished_imports(self) -> Answer[list[int]]:
        """Return the ids of the imports that were begun, but not finished."""
        return self.submit(imports.unfinished)

    def half_undone_imports(self) -> Answer[list[int]]:
        """Return the ids of the imports of which something may be left, though undoing them was begun."""
        return self.submit(imports.half_undone)

    # Comparisons with cameras, and corrections

    def comparisons(self) -> Answer[dict[str, Comparison]]:
        """Return how the last compared day of each camera differs from what the camera has, by key."""
        return self.submit(comparisons.by_key)

    def set_comparison(self, key: str, comparison: Comparison) -> Answer[None]:
        """Store how a day of a camera differs from what the camera has, in place of the day before."""
        return self.submit(lambda db: comparisons.set_comparison(db, key, comparison), writes=True)

    def left_gaps(self, key: str) -> Answer[list[tuple[Timestamp, Timestamp]]]:
        """Return the gaps of a camera that nothing can fill or that a person wants to leave."""
        return self.submit(lambda db: comparisons.left_gaps(db, key))

    def leave_gaps(self, key: str, gaps: Sequence[tuple[Timestamp, Timestamp]], forget: Timestamp) -> Answer[None]:
        """Store such gaps, and forget those that end before an instant."""
        return self.submit(lambda db: comparisons.leave_gaps(db, key, gaps, forget), writes=True)

    def correct(self, key: str, at: Timestamp, value: int, source: Source) -> Answer[None]:
        """Store the occupancy that a camera is set to."""

        def correct(db: sqlite3.Connection) -> None:
            camera = cameras.get_camera(db, key)
            corrections.add_to_camera(db, camera.id, at, value, source)
            cameras.note_counts_changed(db, camera.id, at)

        return self.submit(correct, writes=True)

    def corrections(self, key: str, start: Timestamp, end: Timestamp) -> Answer[list[Correction]]:
        """Return the occupancies that a camera or a place was set to in [start, end), in the order of time."""
        return self.submit(lambda db: corrections.of_key(db, key, start, end))

    def pack(self, before: Timestamp) -> Answer[bool]:
        """Pack a day that ends before an instant, which changes no answer; return True if there may be more."""
        return self.submit(lambda db: packing.pack_step(db, before), writes=True)

    def delete_oldest_day(
        self, now: Timestamp, days: int, places: Sequence[Place], *, has_recorder: bool
    ) -> Answer[bool]:
        """Delete a day of counts that is older than so many days; return True if more has to be deleted.

        `places` are those without a reset. Where there is a recorder, nothing is deleted that it hasn't been given.
        """
        return self.submit(
            lambda db: retention.delete_oldest_day(db, now, days, places, has_recorder=has_recorder), writes=True
        )

    def kept_since(self) -> Answer[Timestamp]:
        """Return the instant before which counts may have been deleted, 0 where none has."""
        return self.submit(deleted_hours.kept_since)

    # Quarantine

    def quarantined(self, key: str, limit: int) -> Answer[list[Quarantined]]:
        """Return the newest quarantined intervals of a camera."""
        return self.submit(lambda db: quarantine.newest(db, key, limit))

    def quarantine(self, key: str, limit: int) -> Answer[Quarantine]:
        """Return the number of a camera's quarantined intervals, and the newest of them."""
        return self.submit(lambda db: quarantine.overview(db, key, limit))

    def retry(self, key: str, read: Reader, received: Timestamp, after: int = 0) -> Answer[Retried]:
        """Try a page of a camera's quarantined intervals again, of those after an id."""
        return self.submit(lambda db: retry.retry_page(db, key, read, received, after), writes=True)

    def drop(self, key: str, last: int) -> Answer[int]:
        """Delete a camera's quarantined intervals up to an id; return their number."""
        return self.submit(lambda db: quarantine.drop(db, key, last), writes=True)

    # Damaged days

    def damaged_days(self, key: str) -> Answer[list[int]]:
        """Return the damaged days of a camera, the newest first; days (UTC) are numbered from 1970 on."""
        return self.submit(lambda db: damaged_days.of_key(db, key))

    def delete_damaged_days(self, key: str, days: Sequence[int]) -> Answer[None]:
        """Delete damaged days of a camera, because a person knows of them."""
        return self.submit(lambda db: damaged_days.delete(db, key, days), writes=True)

    # Places

    def set_places(self, wanted: Sequence[Place]) -> Answer[None]:
        """Store these places and no others."""
        return self.submit(lambda db: places.set_places(db, wanted), writes=True)

    def place_today(
        self,
        key: str,
        day: Timestamp,
        next_day: Timestamp,
        resets: list[Correction],
        live: frozenset[str] = frozenset(),
        open_spans: tuple[OpenSpan, ...] = (),
    ) -> Answer[PlaceToday | None]:
        """Return a place with the counts of [day, next_day); None if advance_place has to be called first.

        The resets are those from the last one before the day on; there are none where occupancy is never reset. `live`
        has the keys of the doors whose later people are added by `PlaceToday.occupancies_with`. Those who enter in the
        spans are visitors.
        """
        steps: ReadInSteps[PlaceFold] = ReadInSteps()
        return self.submit(lambda db: place_today.today(db, key, day, next_day, resets, steps, live, open_spans))

    def take_place_changes(self, key: str) -> Answer[Timestamp]:
        """Return since when the counts of a place have changed after the last call, LATEST if they haven't.

        Before the first call, and after the file was opened anew, everything has. For one caller a place.
        """
        return self.submit(lambda db: places.take_changes(db, key))

    def advance_place(self, place: Place, at: Timestamp) -> Answer[bool]:
        """Compute some running counts of a place without resets, up to an instant; return True if more are missing."""
        return self.submit(lambda db: places.advance(db, place, at), writes=True)

    def running_before(self, place: Place, at: Timestamp) -> tuple[Timestamp, int]:
        """Return the last instant up to `at` whose running count is known, and that count, of a place without resets.

        This blocks, so it isn't for the event loop.
        """

        def last_checkpoint() -> Checkpoint:
            return self.submit(lambda db: places.last_checkpoint(db, place.key, at)).result()

        # While pushes change earlier counts again and again, it may take long to get there.
        reached = -1
        while self.advance_place(place, at).result() and (now_at := last_checkpoint().at) > reached:
            reached = now_at
        checkpoint = last_checkpoint()
        return checkpoint.at, checkpoint.running

    def each_passage(self, key: str, start: Timestamp, end: Timestamp) -> Iterator[Passage]:
        """Yield the people who passed the doors of a place in intervals that end in (start, end].

        This blocks, so it isn't for the event loop. At most a day is read at once.
        """
        while start < end:
            part = self.submit(partial(places.passages, key=key, low=start, high=min(start + DAY, end))).result()
            yield from part.passages
            start = part.until

    def correct_place(self, place: Place, at: Timestamp, value: int, source: Source) -> Answer[None]:
        """Store the occupancy that a place is set to."""
        return self.submit(lambda db: places.correct(db, place, at, value, source), writes=True)

    # Opening hours

    def opening_days(self, place: str, start: Timestamp, end: Timestamp) -> Answer[list[OpenHours]]:
        """Return the fixed opening hours of a place that overlap [start, end), in the order of time."""
        return self.submit(lambda db: opening_days.of_place(db, place, start, end))

    def fix_opening_days(self, place: str, hours: Sequence[OpenHours]) -> Answer[None]:
        """Store opening hours of a place that nothing changes any more."""
        return self.submit(lambda db: opening_days.fix(db, place, hours), writes=True)

    def forget_opening_days_after(self, place: str, at: Timestamp) -> Answer[None]:
        """Forget fixed opening hours of a place after an instant, but none of a time that cameras have counted."""
        return self.submit(lambda db: opening_days.forget_after(db, place, at), writes=True)

    def keep_opening_days(self, places: Collection[str]) -> Answer[None]:
        """Delete the fixed opening hours of all other places."""
        return self.submit(lambda db: opening_days.keep_only(db, places), writes=True)

    # Recorder's statistics

    def begin_writing_camera(self, key: str, basis: str, *, everything: bool = False) -> Answer[CameraHours | None]:
        """Return which hours of a camera recorder may lack, again and again until confirm_series."""
        return self.submit(lambda db: series.begin_writing_camera(db, key, basis, everything=everything), writes=True)

    def camera_series(self, key: str, begun: CameraHours) -> Series:
        """Return the counts of a camera in the hours that begin_writing_camera returned.

        This blocks, so it isn't for the event loop.
        """
        return series.camera_series(begun, self._columns_of_hours(key, begun.hour_range))

    def begin_writing_place(self, key: str, *, everything: bool = False) -> Answer[HourRange | None]:
        """Return which hours of a place recorder may lack, again and again until confirm_series."""
        return self.submit(lambda db: series.begin_writing_place(db, key, everything=everything), writes=True)

    def place_series(self, doors: Sequence[Door], hour_range: HourRange) -> Series:
        """Return the counts of all doors of a place in the hours that begin_writing_place returned.

        This blocks, so it isn't for the event loop.
        """

        def counts_of_doors() -> Iterator[CountsOfDoor]:
            for door in doors:
                before = self.submit(partial(series.counts_before, key=door.key, hour_range=hour_range)).result()
                if before is not None:
                    yield CountsOfDoor(before, self._columns_of_hours(door.key, hour_range), door.is_reversed)

        return series.place_series(hour_range, counts_of_doors())

    def _columns_of_hours(self, key: str, hour_range: HourRange) -> Iterator[Columns]:
        return self.each_columns(key, hour_range.start, hour_range.end)

    def confirm_series(self, key: str) -> Answer[None]:
        """Record that recorder has the hours that begin_writing_… returned last."""
        return self.submit(lambda db: series.confirm(db, key), writes=True)

    def forget_series(self, key: str) -> Answer[None]:
        """Record that recorder has nothing of a camera or a place any more."""
        return self.submit(lambda db: series.forget(db, key), writes=True)

    def rewrite_series(self, key: str) -> Answer[None]:
        """Have all hours of a camera or a place written again whose counts are kept."""
        return self.submit(lambda db: series.rewrite(db, key), writes=True)

    def has_carried_hours(self, key: str) -> Answer[bool]:
        """Return True if recorder has hours of a camera from before this ledger."""
        return self.submit(lambda db: series.has_carried_hours(db, key))

    def has_deleted_hours(self, key: str) -> Answer[bool]:
        """Return True if recorder has hours of a camera or a place whose counts were deleted here."""
        return self.submit(lambda db: series.has_deleted_hours(db, key))

    def forget_deleted_hours(self, key: str) -> Answer[None]:
        """Have the sums of a camera or a place begin at zero: recorder has no hours of it."""
        return self.submit(lambda db: deleted_hours.forget(db, key), writes=True)

    def carry_series(self, key: str, hours: list[tuple[Timestamp, HourCounts]], last: Timestamp) -> Answer[None]:
        """Store the hours that recorder has of a camera and this ledger lacks; the last one wasn't finished."""

        def carry(db: sqlite3.Connection) -> None:
            series.carry(db, key, hours, last)
            places.note_change(db, key, 0)

        return self.submit(carry, writes=True)

    def last_written_hour(self, key: str) -> Answer[Timestamp | None]:
        """Return the last hour of a camera or a place that recorder may have from this ledger."""
        return self.submit(lambda db: series.last_written_hour(db, key))

    def has_other_basis(self, key: str) -> Answer[bool]:
        """Return True if recorder has hours of a place from before its doors or its schedule changed."""
        return self.submit(lambda db: series.has_other_basis(db, key))

    def obsolete_series(self) -> Answer[list[str]]:
        """Return the keys for which no camera counts any more, and of which recorder has statistics."""
        return self.submit(routes.obsolete_series)

    def _set(self, about: str, apply: Callable[[sqlite3.Connection], None]) -> Answer[None]:
        """Apply settings now, and to each file that is opened from now on."""

        def apply_and_keep(db: sqlite3.Connection) -> None:
            apply(db)
            self.settings[about] = apply

        return self.submit(apply_and_keep, writes=True)
