"""The coordinator of one camera: reads the camera's data from the ledger, and corrects its occupancy and direction.

The receiver creates one for each camera and hands stored pushes to it; entities read its data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
import logging
from typing import Final, NamedTuple, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .camera_problems import (
    async_end_silence,
    async_show_damaged_days,
    async_show_quarantined,
    async_show_silence,
    async_show_time_zone,
)
from .counting import Interval, Reading, Source, Timestamp, parse_rejected, reverse
from .devices import async_device_name
from .ledger import Camera, Changes, Counts, Ledger, Retried
from .ledger_coordinator import LedgerCoordinator
from .live_camera import LiveCamera
from .schedules import async_camera_schedule
from .settings import async_keep_direction
from .statistics import StatisticsWriter
from .texts import translated_ledger_errors

_LOGGER = logging.getLogger(__name__)

# A camera is silent when it has missed this many of its send intervals.
MISSED_INTERVALS: Final = 3
MIN_SILENCE: Final = timedelta(minutes=5)
LONG_SILENCE: Final = timedelta(days=1)
# Counts older than this on arrival are history.
MAX_AGE: Final = timedelta(hours=1)
# Sensors get a state class after this time without history. It is longer than the five minutes that recorder compiles
# together, and than a camera's pauses between pushes of history.
QUIET_BEFORE_STATE_CLASS: Final = timedelta(minutes=10)


class Progress(IntEnum):
    """How far a camera's counts have caught up.

    History in a sensor would be a spike in statistics. So sensors of today are added at CURRENT, and totals at
    CAUGHT_UP. Both get a state class after ten minutes without history (`is_quiet`).
    """

    # The newest counts are old: a camera that is new or was offline sends history first.
    BEHIND = 0
    # The newest interval ended just before it was sent: from now on, the counts of today grow with what is counted.
    CURRENT = 1
    # A push without history has arrived as well, so the totals contain all history.
    CAUGHT_UP = 2


@dataclass(frozen=True, slots=True)
class CameraData:
    """The data of one camera, in the direction that the user set.

    Live counts are part of `today` and `occupancy`, and of nothing else.
    """

    camera: Camera
    today: Counts
    total: Counts
    occupancy: int
    missing_minutes: int
    day_start: datetime
    counted_until: datetime | None
    progress: Progress

    @property
    def has_adults(self) -> bool:
        """Return True if the camera has ever distinguished adults."""
        return self.total.adults_entered is not None or self.total.adults_exited is not None


class LiveBounds(NamedTuple):
    """When live counts are part of what is shown: after a time, and those of today before the next day."""

    today_since: Timestamp
    next_day: Timestamp
    occupancy_since: Timestamp


class CameraCoordinator(LedgerCoordinator[CameraData]):
    """Reads one camera when it has changed, at midnight, at its reset, and when it falls silent."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        statistics: StatisticsWriter,
        camera: Camera,
        *,
        has_sent_new_counts: bool,
    ) -> None:
        """Store the camera as the ledger returned it; nothing else is read yet."""
        super().__init__(hass, entry, ledger, camera.name)
        self.camera = camera
        self.key = camera.key
        # A push without history has arrived; assumed of a camera that the ledger had when the entry was loaded.
        self._has_sent_new_counts = has_sent_new_counts
        self.last_message = datetime.fromtimestamp(camera.received, UTC)
        self.interval_callbacks: list[Callable[[list[Interval]], None]] = []
        # None without access to the camera.
        self.live: LiveCamera | None = None
        # The data without live counts, with the bounds of the times in which these count.
        self._read: tuple[CameraData, LiveBounds] | None = None
        # None until the first check. A camera that has just appeared isn't known to have one.
        self.has_counting_problem: bool | None = None if _is_history(camera.appeared) else False
        self._statistics = statistics
        # No message could be received before this.
        self._listening_since = dt_util.utcnow()
        # The time of the last history, else of the set-up.
        self._quiet_since = self._listening_since
        self._was_connected = True
        self._silent_at = self._silence_begins()

    @property
    def device_name(self) -> str:
        """The name of the camera in Home Assistant."""
        return async_device_name(self.hass, self.config_entry, self.key) or self.camera.name

    @property
    def connected(self) -> bool:
        """Return True if a message has arrived within three send intervals, or five minutes if that is longer.

        They begin when the entry is loaded, except for a camera that had been silent for a day already.
        """
        return dt_util.utcnow() < self._silent_at

    def is_quiet(self, since: datetime) -> bool:
        """Return True if the camera is current and has sent messages, but no history, for ten minutes after `since`."""
        is_current = self.data.progress >= Progress.CURRENT
        return is_current and self.last_message - max(since, self._quiet_since) >= QUIET_BEFORE_STATE_CLASS

    @property
    def gets_through(self) -> bool:
        """Return True if the camera is connected and has sent a message since the entry was loaded."""
        return self.connected and self.last_message >= self._listening_since

    @property
    def _silence(self) -> timedelta:
        return max(MIN_SILENCE, MISSED_INTERVALS * timedelta(seconds=self.camera.send_interval))

    def _silence_begins(self) -> datetime:
        """Return when the camera will be silent if no message arrives until then."""
        last = self.last_message
        if self._listening_since < last + LONG_SILENCE:
            # A message may have been missed while the entry wasn't loaded. After a day of silence that is unlikely.
            last = max(last, self._listening_since)
        return last + self._silence

    @property
    def _long_silent_at(self) -> datetime:
        return max(self.last_message + LONG_SILENCE, self._silent_at)

    def may_replace(self, other: CameraCoordinator) -> bool:
        """Return True if this camera appeared after the last message of the other one, or at most a day before."""
        # Two cameras that appeared within a day may both be new, and silent until they are mounted.
        # So the later one must have appeared after the last message of the other one.
        seconds_between = self.camera.appeared - other.camera.appeared
        tolerance = LONG_SILENCE if seconds_between >= LONG_SILENCE.total_seconds() else timedelta()
        return seconds_between > 0 and self.camera.appeared >= (other.last_message - tolerance).timestamp()

    @override
    async def _async_read(self, now: datetime) -> CameraData:
        schedule = await async_camera_schedule(self.config_entry, self.camera)
        day, next_day = schedule.day(int(now.timestamp()))
        reset, next_reset = schedule.reset(int(now.timestamp()))
        today = await self.ledger.today(self.key, day, next_day, reset)
        self.camera = camera = today.camera
        self._silent_at = self._silence_begins()
        if not self._shutdown_requested:
            self._async_note_silence(now)
            async_show_quarantined(self.hass, camera, today.quarantined)
            async_show_damaged_days(self.hass, camera, today.damaged_days)
            async_show_time_zone(self.hass, camera, schedule)
        refreshes = (datetime.fromtimestamp(min(next_day, next_reset), UTC), self._silent_at, self._long_silent_at)
        self._async_tick_at(min(at for at in refreshes if at > now))

        newest = today.newest
        counted_until = newest.end if newest else 0
        if self.live:
            await self.live.async_catch_up(counted_until)
        data = CameraData(
            camera=camera,
            today=today.counts,
            total=today.total,
            occupancy=today.occupancy,
            missing_minutes=round(today.missing_seconds / 60),
            day_start=datetime.fromtimestamp(day, UTC),
            counted_until=datetime.fromtimestamp(counted_until, UTC) if newest else None,
            progress=self._progress(camera, newest),
        )
        occupancy_since = max(counted_until, reset, today.corrected_at or 0)
        self._read = (data, LiveBounds(max(counted_until, day), next_day, occupancy_since))
        return self._with_live_counts()

    def _with_live_counts(self) -> CameraData:
        """Return the data as read, with what the camera has counted since."""
        assert self._read, "the ledger is read first"
        data, bounds = self._read
        if self.live is None:
            return data
        is_reversed = bool(data.camera.reversed)
        passed = self.live.passed(bounds.today_since, bounds.next_day).reversed_if(is_reversed)
        inside = self.live.passed(bounds.occupancy_since).reversed_if(is_reversed)
        today = replace(
            data.today, entered=data.today.entered + passed.entered, exited=data.today.exited + passed.exited
        )
        return replace(data, today=today, occupancy=max(0, data.occupancy + inside.entered - inside.exited))

    @property
    def is_live(self) -> bool | None:
        """Return True if live counts are read and shown, None without access to the camera."""
        return self.live.is_used if self.live else None

    @callback
    def async_live(self) -> LiveCamera | None:
        """Return the live counts of the camera that reports now, None while nothing is known of it."""
        if self._read is None or (counted_until := self._read[0].counted_until) is None:
            return None
        if self.live is None or self.live.serial != self.camera.serial:
            self.live = LiveCamera(self.ledger, self.camera, int(counted_until.timestamp()))
        return self.live

    async def async_go_on_live(self, live: LiveCamera) -> None:
        """Show the live counts from before a reload, if they are still those of the camera that reports."""
        now = self.async_live()
        if now and (live.key, live.serial) == (now.key, now.serial) and live.counts.until <= now.counts.until:
            live.go_on(self.ledger)
            self.live = live
            await self.async_refresh()

    @callback
    def async_show_live(self, live: LiveCamera, reading: Reading | None) -> None:
        """Show a reading of live counts, or None if the camera hasn't answered."""
        was_used = live.is_used
        live.is_answering = reading is not None
        # People who pass while nothing can be shown are shown and announced later.
        if live is not self.live or not self.last_update_success:
            return
        added = live.counts.read(reading) if reading else None
        if not added and was_used == live.is_used:
            return
        self.data = self._with_live_counts()
        self.async_update_listeners()
        if added and live.is_used:
            self._async_call_back([added])

    def _progress(self, camera: Camera, newest: Interval | None) -> Progress:
        if newest is None or camera.sent - newest.end > 2 * (newest.end - newest.start) + MIN_SILENCE.total_seconds():
            return Progress.BEHIND
        return Progress.CAUGHT_UP if self._has_sent_new_counts else Progress.CURRENT

    @callback
    def _async_note_silence(self, now: datetime) -> None:
        """Log once that the camera has fallen silent, and once that it is back; a long silence is an issue."""
        connected = self.connected
        if connected != self._was_connected:
            self._was_connected = connected
            if connected:
                _LOGGER.info("%s reports again", self.camera.name)
            else:
                _LOGGER.info("%s has been silent since %s", self.camera.name, self.last_message)
        if now >= self._long_silent_at:
            async_show_silence(self.hass, self.camera, self.last_message)
        elif connected:
            async_end_silence(self.hass, self.camera)

    async def async_received(self, pushes: Sequence[Changes] = ()) -> None:
        """Show that the camera has sent a message, and the changes by its pushes."""
        self.last_message = dt_util.utcnow()
        if pushes:
            self.camera = pushes[-1].camera
        self._silent_at = self._silence_begins()
        for changes in pushes:
            if self.live and changes.since is not None:
                self.live.pushed_again(changes.since)
            if has_history(changes):
                self._quiet_since = self.last_message
            else:
                self._has_sent_new_counts = True
        await self.async_refresh()
        self._async_announce(interval for changes in pushes for interval in changes.new_intervals)

    @callback
    def _async_announce(self, new_intervals: Iterable[Interval]) -> None:
        """Call the callbacks with the new intervals that are recent; late ones trigger no events."""
        since = int((dt_util.utcnow() - self._silence).timestamp())
        intervals = sorted(new_intervals)
        if self.live:
            intervals = self.live.without_announced(intervals, since)
        self._async_call_back([interval for interval in intervals if interval.end >= since])

    @callback
    def _async_call_back(self, intervals: list[Interval]) -> None:
        if self.camera.reversed:
            intervals = [reverse(interval) for interval in intervals]
        for interval_callback in self.interval_callbacks:
            interval_callback(intervals)

    async def async_correct(self, value: int, source: Source) -> None:
        """Set the occupancy. Raises HomeAssistantError if it can't be stored."""
        now = int(dt_util.utcnow().timestamp())
        with translated_ledger_errors():
            await self.ledger.correct(self.key, now, value, source)
        await self._async_changed(now)

    async def async_set_reversed(self, value: bool) -> None:
        """Set whether in and out are swapped. Raises HomeAssistantError if it can't be stored."""
        with translated_ledger_errors():
            await self.ledger.set_reversed(self.key, value)
        async_keep_direction(self.hass, self.config_entry, self.key, value)
        await self._async_changed(0)

    async def async_retry_quarantined(self) -> Retried:
        """Store the quarantined intervals that can be stored now. Raises LedgerError."""
        retried = await self._async_retry_page(0)
        settled, changes = retried.settled, [retried.changes]
        # Pushes are stored between two pages.
        while retried.last is not None:
            retried = await self._async_retry_page(retried.last)
            settled += retried.settled
            changes.append(retried.changes)
        since = min((page.since for page in changes if page.since is not None), default=None)
        if since is None:
            await self.async_refresh()
        else:
            await self._async_changed(since)
        self._async_announce(interval for page in changes for interval in page.new_intervals)
        return replace(retried, settled=settled)

    async def async_fill(self, found: Sequence[Interval]) -> Sequence[Interval]:
        """Store what was read from the camera of about a day, where no counts are stored; return what was added.

        Raises LedgerError.
        """
        now = int(dt_util.utcnow().timestamp())
        filled = await self.ledger.fill(self.key, self.camera.serial, found, now)
        if filled.changes.since is not None:
            await self._async_changed(filled.changes.since)
        return filled.added

    async def async_show_changed(self, since: Timestamp) -> None:
        """Show that old counts were imported, or that an import was undone: counts have changed since an instant."""
        await self._async_changed(since)

    async def _async_retry_page(self, after: int) -> Retried:
        now = int(dt_util.utcnow().timestamp())
        return await self.ledger.retry(self.key, parse_rejected, now, after)

    async def async_drop_quarantined(self, last: int) -> int:
        """Delete quarantined intervals up to the given one. Raises LedgerError."""
        dropped = await self.ledger.drop(self.key, last)
        await self.async_refresh()
        return dropped

    async def async_delete_damaged_days(self, days: Sequence[int]) -> None:
        """Delete damaged days, which a person knows of. Raises LedgerError."""
        await self.ledger.delete_damaged_days(self.key, days)
        await self.async_refresh()

    async def _async_changed(self, since: Timestamp) -> None:
        if _is_history(since):
            self._quiet_since = dt_util.utcnow()
        self._statistics.async_changed(self.key, since)
        await self.async_refresh()


def has_history(changes: Changes) -> bool:
    """Return True if a push changed counts older than an hour."""
    return changes.since is not None and _is_history(changes.since)


def _is_history(at: Timestamp) -> bool:
    return at < (dt_util.utcnow() - MAX_AGE).timestamp()
