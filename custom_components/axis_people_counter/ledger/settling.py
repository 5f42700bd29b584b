"""Compares sent intervals with stored ones: some are accepted, others wait in quarantine.

The rules are those of counting/overlap.py; the order in which intervals come makes no difference.
Called by storing, retry and routes.
"""

from collections.abc import Iterable, Iterator
import sqlite3
from typing import Final, NamedTuple

from ..counting import DAY, HOUR, Interval, SentInterval, Timestamp, overlapping_groups, resolve
from . import folds, intervals, places, quarantine
from .cameras import Camera, note_counts_adults
from .quarantine import QuarantineSpace

# Sent intervals that are at least so many seconds apart are settled on their own: what lies between them isn't read.
FAR_APART: Final = HOUR
# With how many intervals each sent one may be compared, beside quarantine.MAX_COMPARED: two minutes of seconds.
COMPARED_WITH_EACH: Final = 120


class Settled(NamedTuple):
    """New intervals of the 24 hours before the push was received, and the earliest instant whose counts changed.

    An interval is new if nothing was stored that it overlaps, directly or through others.
    """

    new: tuple[Interval, ...]
    changed_since: Timestamp | None
    # The last interval of the camera before and after.
    newest_before: Interval | None
    newest: Interval | None


class _SettledDay(NamedTuple):
    """The intervals of one day that were added, wait, or are new."""

    new: list[Interval]
    changed_since: Timestamp | None
    added: list[SentInterval]
    waiting: set[SentInterval]


class _Nearby(NamedTuple):
    """The stored and the waiting intervals that overlap sent ones, directly or through others."""

    stored: set[SentInterval]
    waiting: set[SentInterval]

    def has(self, interval: SentInterval) -> bool:
        """Return True if an interval was stored or waiting before."""
        return interval in self.stored or interval in self.waiting


def by_day(sent_intervals: Iterable[SentInterval]) -> Iterator[set[SentInterval]]:
    """Yield the intervals that begin on the same day (UTC), one day after the other."""
    days: dict[int, set[SentInterval]] = {}
    for interval in sent_intervals:
        days.setdefault(interval.start // DAY, set()).add(interval)
    for day in sorted(days):
        yield days[day]


def settle(
    db: sqlite3.Connection,
    camera: Camera,
    days: Iterable[set[SentInterval]],
    received: Timestamp,
    room: QuarantineSpace | None = None,
) -> Settled:
    """Store a camera's intervals that are accepted, and quarantine those that have to wait.

    The result is the same in one step, but 90 days at once would hold up other threads, and be objects all at once.
    Sent intervals that would have to be compared with too many others wait uncompared. `room` limits the quarantine;
    None means no limit.
    """
    newest_before = newest = intervals.newest(db, camera.id)
    counts_adults = camera.total_adults_entered is not None
    has_quarantined = camera.quarantined > 0
    new: list[Interval] = []
    changed_since: Timestamp | None = None
    for sent_intervals in (set(group) for of_day in days for group in overlapping_groups(of_day, FAR_APART)):
        if not counts_adults and any(map(_has_adults, sent_intervals)):
            # A camera that has sent adults counts them, whatever becomes of these intervals.
            counts_adults = True
            note_counts_adults(db, camera.id)
        if not has_quarantined and (newest is None or all(newest.end <= interval.start for interval in sent_intervals)):
            # Most pushes go on where the last one ended, so that there is nothing to compare with.
            day = _settle_day(db, camera.id, sent_intervals, _Nearby(set(), set()), received, room)
            newest = day.added[-1].interval if day.added else newest
        else:
            if (nearby := _nearby(db, camera.id, sent_intervals)) is None:
                # A retry compares them again: by then, a person may have deleted the others.
                quarantine.let_wait(db, camera.id, received, sent_intervals, room)
                has_quarantined = True
                continue
            day = _settle_day(db, camera.id, sent_intervals, nearby, received, room)
            _release_rejected(db, camera.id, sent_intervals)
            if newest is None or any(interval.end >= newest.start for interval in (*nearby.stored, *day.added)):
                newest = intervals.newest(db, camera.id)
        has_quarantined = has_quarantined or bool(day.waiting)
        new += day.new
        changed_since = min((at for at in (changed_since, day.changed_since) if at is not None), default=None)
    if changed_since is not None:
        folds.of_cameras(db).drop(camera.id, changed_since)
        places.note_change(db, camera.key, changed_since)
    return Settled(tuple(new), changed_since, newest_before, newest)


def _has_adults(interval: SentInterval) -> bool:
    return interval.adults_entered is not None or interval.adults_exited is not None


def _settle_day(
    db: sqlite3.Connection,
    camera: int,
    sent_intervals: set[SentInterval],
    nearby: _Nearby,
    received: Timestamp,
    room: QuarantineSpace | None,
) -> _SettledDay:
    """Settle intervals that begin on one day."""
    added: list[SentInterval] = []
    removed: list[SentInterval] = []
    waiting: set[SentInterval] = set()
    new: list[Interval] = []
    changed_since: Timestamp | None = None
    for group in overlapping_groups(nearby.stored | nearby.waiting | sent_intervals):
        accepted, waiting_of_group = _resolve_within_room(group, nearby, room)
        waiting.update(waiting_of_group)
        before = [interval for interval in group if interval in nearby.stored]
        if accepted == before:
            continue
        staying = set(accepted)
        added += [interval for interval in accepted if interval not in nearby.stored]
        removed += [interval for interval in before if interval not in staying]
        # A later `sent` alone changes no counts.
        if [interval.interval for interval in accepted] != [interval.interval for interval in before]:
            # The groups are in the order of time.
            changed_since = group[0].start if changed_since is None else changed_since
            if not before:
                new += [interval.interval for interval in accepted if interval.end > received - DAY]
    intervals.replace(db, camera, removed, added, changed_since)
    quarantine.replace_waiting(db, camera, received, nearby.waiting - waiting, waiting - nearby.waiting)
    return _SettledDay(new, changed_since, added, waiting)


def _release_rejected(db: sqlite3.Connection, camera: int, sent_intervals: set[SentInterval]) -> None:
    low, high = min(interval.start for interval in sent_intervals), max(interval.end for interval in sent_intervals)
    quarantine.release_rejected(db, camera, low, high)


def _resolve_within_room(
    group: list[SentInterval], nearby: _Nearby, room: QuarantineSpace | None
) -> tuple[list[SentInterval], list[SentInterval]]:
    """Return which overlapping intervals are accepted and which wait, as far as the quarantine has room.

    Left-out intervals are reported in `room.not_stored`; the camera then gets a 503 and sends them again.
    """
    accepted, waiting = resolve(group)
    if not waiting or room is None:
        return accepted, waiting
    waiting_before = sum(interval in nearby.waiting for interval in group)
    excess = len(waiting) - waiting_before - room.free()
    if excess > 0:
        sent = [interval for interval in waiting if not nearby.has(interval)]
        staying = {*accepted, *sent[: max(0, len(sent) - excess)]}
        fitting = [interval for interval in group if nearby.has(interval) or interval in staying]
        accepted, waiting = resolve(fitting)
        if len(waiting) - waiting_before > room.free():
            # Leaving out some sent intervals may make others wait. If those don't fit, leave out all sent ones.
            fitting = [interval for interval in group if nearby.has(interval)]
            accepted, waiting = resolve(fitting)
        room.not_stored += len(group) - len(fitting)
    room.take(len(waiting) - waiting_before)
    return accepted, waiting


def _nearby(db: sqlite3.Connection, camera: int, sent_intervals: set[SentInterval]) -> _Nearby | None:
    """Return the stored and the waiting intervals that overlap sent ones, directly or through others.

    Return None if too many have to be read for that.
    """
    limit = quarantine.MAX_COMPARED + COMPARED_WITH_EACH * len(sent_intervals)
    # None of the sent ones is far from the others: what lies between them is read with them.
    low, high = min(sent.start for sent in sent_intervals), max(sent.end for sent in sent_intervals)
    margin = 0
    while True:
        found = quarantine.readable(db, camera, low - margin, high + margin, limit)
        if found is None:
            return None
        stored, waiting = found
        near = stored | waiting
        if _reaches_beyond(near, low - margin, high + margin):
            groups = overlapping_groups(near | sent_intervals)
            near = {interval for group in groups if not sent_intervals.isdisjoint(group) for interval in group}
        if not _reaches_beyond(near, low - margin, high + margin):
            return _Nearby(stored & near, waiting & near)
        margin = max(2 * margin, HOUR)


def _reaches_beyond(sent_intervals: Iterable[SentInterval], low: Timestamp, high: Timestamp) -> bool:
    return any(interval.start < low or interval.end > high for interval in sent_intervals)
