"""The coordinator of one camera, and what it shares with those of places: both read the ledger when it has changed.

The receiver creates them and reports pushes to them; entities read their data.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
import logging
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from . import issues
from .const import DOMAIN, PUSH_PATH
from .counting import Interval, Passage, Schedule, Source, final_occupancy, parse_rejected, reverse
from .ledger import Camera, Changes, Counts, Ledger, LedgerError, Retried
from .messages import name_placeholders, plain
from .schedules import async_camera_schedule
from .settings import async_keep_direction
from .statistics import StatisticsWriter
from .translated_errors import translated_ledger_errors

_LOGGER = logging.getLogger(__name__)

# A camera is silent when it has missed this many of its send intervals.
MISSED_INTERVALS: Final = 3
MIN_SILENCE: Final = timedelta(minutes=5)
LONG_SILENCE: Final = timedelta(days=1)
# Counts older than this on arrival are history.
PRESENT: Final = timedelta(hours=1)
LEDGER_RETRY: Final = timedelta(minutes=1)
# Longer than the five minutes of which recorder makes statistics at once, and than the pauses between the pushes in
# which a camera sends its history.
QUIET: Final = timedelta(minutes=10)


class Progress(IntEnum):
    """How far a camera has caught up with the present: when it is new or was offline, it sends history first.

    History in a sensor would be a spike in the statistics that recorder makes of it. So sensors of today are added when
    the camera is CURRENT, totals when it has CAUGHT_UP, and both get a state class, without which recorder makes no
    statistics, only after ten quiet minutes (CameraCoordinator.is_quiet): more history may follow among new counts.
    """

    # The newest counts are old.
    BEHIND = 0
    # The newest counts are of now: from here on those of today grow only by what is counted now.
    CURRENT = 1
    # A push without history has come as well, so the totals contain the history.
    CAUGHT_UP = 2


class LedgerCoordinator[T](DataUpdateCoordinator[T]):
    """Reads the ledger whenever it has changed, and when the result changes with time."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger, name: str) -> None:
        """Store the ledger; nothing is read yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=name)
        self.ledger = ledger
        self._cancel_tick: CALLBACK_TYPE | None = None

    @override
    async def async_shutdown(self) -> None:
        """Read nothing any more; called when the entry is unloaded and when the camera is removed."""
        await super().async_shutdown()
        self._async_cancel_tick()

    @abstractmethod
    async def _async_read(self, now: datetime) -> T:
        """Return the data at an instant. Raises LedgerError."""

    @override
    async def _async_update_data(self) -> T:
        now = dt_util.utcnow()
        try:
            return await self._async_read(now)
        except LedgerError as err:
            if self._shutdown_requested:
                # The ledger was closed meanwhile, and the entities are gone.
                return self.data
            self._async_tick_at(now + LEDGER_RETRY)
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err

    @callback
    def _async_tick_at(self, at: datetime) -> None:
        """Read again at this instant instead of the one that was set before."""

        async def tick(_: datetime) -> None:
            self._cancel_tick = None
            await self.async_refresh()

        self._async_cancel_tick()
        if self._shutdown_requested:
            return
        self._cancel_tick = async_track_point_in_utc_time(self.hass, tick, at)

    @callback
    def _async_cancel_tick(self) -> None:
        if self._cancel_tick:
            self._cancel_tick()
            self._cancel_tick = None


@dataclass(frozen=True, slots=True)
class CameraData:
    """The data of one camera, in the direction that the user set."""

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
        """Return True if the camera has ever counted adults apart."""
        return self.total.adults_entered is not None or self.total.adults_exited is not None


class CameraCoordinator(LedgerCoordinator[CameraData]):
    """Reads one camera whenever it has changed, when its day ends, and when it falls silent."""

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
        """Store the camera as it is in the ledger; nothing else is read yet."""
        super().__init__(hass, entry, ledger, camera.name)
        self.camera = camera
        self.key = camera.key
        # A push without history has come.
        self._has_sent_new_counts = has_sent_new_counts
        self.last_message = datetime.fromtimestamp(camera.received, UTC)
        self.passage_callbacks: list[Callable[[list[Interval]], None]] = []
        self._statistics = statistics
        # Messages before this could not be received.
        self._listening_since = dt_util.utcnow()
        # No history has come since then.
        self._quiet_since = self._listening_since
        self._was_connected = True

    @property
    def connected(self) -> bool:
        """Return True if a message has come within three of the camera's send intervals."""
        return dt_util.utcnow() < self._silent_at

    def is_quiet(self, since: datetime) -> bool:
        """Return True if the camera is current and has reported for ten minutes since then without history."""
        is_current = self.data.progress >= Progress.CURRENT
        return is_current and self.last_message - max(since, self._quiet_since) >= QUIET

    @property
    def gets_through(self) -> bool:
        """Return True if the camera is connected and has sent a message since the entry was loaded."""
        return self.connected and self.last_message >= self._listening_since

    @property
    def _silence(self) -> timedelta:
        return max(MIN_SILENCE, MISSED_INTERVALS * timedelta(seconds=self.camera.send_interval))

    @property
    def _silent_at(self) -> datetime:
        last = self.last_message
        if self._listening_since < last + LONG_SILENCE:
            # A message may have come while the entry wasn't loaded. After a day of silence that is unlikely.
            last = max(last, self._listening_since)
        return last + self._silence

    @property
    def _long_silent_at(self) -> datetime:
        return max(self.last_message + LONG_SILENCE, self._silent_at)

    def may_replace(self, other: CameraCoordinator) -> bool:
        """Return True if this camera appeared when the other one fell silent, or at most a day before."""
        # Two cameras set up on the same day are no replacement: each may be silent until it hangs in its place.
        known_for = self.camera.appeared - other.camera.appeared
        before = LONG_SILENCE if known_for >= LONG_SILENCE.total_seconds() else timedelta()
        return known_for > 0 and self.camera.appeared >= (other.last_message - before).timestamp()

    @override
    async def _async_read(self, now: datetime) -> CameraData:
        schedule = await async_camera_schedule(self.config_entry, self.camera)
        day, next_day = schedule.day(int(now.timestamp()))
        reset, next_reset = schedule.reset(int(now.timestamp()))
        today = await self.ledger.today(self.key, day, next_day, reset)
        self.camera = camera = today.camera
        if not self._shutdown_requested:
            self._async_note_silence(now)
            self._async_note_quarantined(today.quarantined)
            self._async_note_time_zone(schedule)
        turns = (datetime.fromtimestamp(min(next_day, next_reset), UTC), self._silent_at, self._long_silent_at)
        self._async_tick_at(min(turn for turn in turns if turn > now))

        total = Counts(
            camera.total_entered, camera.total_exited, camera.total_adults_entered, camera.total_adults_exited
        )
        newest = today.newest
        return CameraData(
            camera=camera,
            today=_directed(camera, today.counts),
            total=_directed(camera, total),
            occupancy=final_occupancy(
                (_directed_passage(camera, passage) for passage in today.passages), today.corrections
            ),
            missing_minutes=round(today.missing / 60),
            day_start=datetime.fromtimestamp(day, UTC),
            counted_until=datetime.fromtimestamp(newest.end, UTC) if newest else None,
            progress=self._progress(camera, newest),
        )

    def _progress(self, camera: Camera, newest: Interval | None) -> Progress:
        if newest is None or camera.sent - newest.end > 2 * (newest.end - newest.start) + MIN_SILENCE.total_seconds():
            return Progress.BEHIND
        return Progress.CAUGHT_UP if self._has_sent_new_counts else Progress.CURRENT

    @callback
    def _async_note_silence(self, now: datetime) -> None:
        """Log once that the camera has fallen silent and once that it is back; a long silence is an issue."""
        connected = self.connected
        if connected != self._was_connected:
            self._was_connected = connected
            if connected:
                _LOGGER.info("%s reports again", self.camera.name)
            else:
                _LOGGER.info("%s has been silent since %s", self.camera.name, self.last_message)
        if now >= self._long_silent_at:
            since = dt_util.as_local(self.last_message).strftime("%Y-%m-%d %H:%M")
            issues.async_begin(
                self.hass,
                issues.CAMERA_SILENT,
                self.key,
                **name_placeholders(self.camera.name, self.camera.ip_address),
                since=since,
                url=f"{self.config_entry.data[CONF_URL]}{PUSH_PATH}",
            )
        elif connected:
            issues.async_end(self.hass, issues.CAMERA_SILENT, self.key)

    @callback
    def _async_note_quarantined(self, count: int) -> None:
        """Show an issue while the camera has quarantined intervals."""
        issues.async_show_while(
            self.hass, count > 0, issues.QUARANTINED, self.key, **name_placeholders(self.camera.name), count=str(count)
        )

    @callback
    def _async_note_time_zone(self, schedule: Schedule) -> None:
        """Show an issue while the time zone of the camera is unknown."""
        issues.async_show_while(
            self.hass,
            not schedule.is_zone_known,
            issues.TIME_ZONE_UNKNOWN,
            self.key,
            **name_placeholders(self.camera.name, self.camera.ip_address),
            time_zone=plain(self.camera.time_zone or "?"),
            used=plain(str(schedule.zone)),
        )

    async def async_received(self, pushes: Sequence[Changes] = ()) -> None:
        """Show that the camera has sent a message, and what its pushes have changed."""
        self.last_message = dt_util.utcnow()
        if pushes:
            self.camera = pushes[-1].camera
        for changes in pushes:
            if has_history(changes):
                self._quiet_since = self.last_message
            else:
                self._has_sent_new_counts = True
        await self.async_refresh()
        self._async_announce(interval for changes in pushes for interval in changes.new_intervals)

    @callback
    def _async_announce(self, appeared: Iterable[Interval]) -> None:
        """Call back for passages of now; late ones are no events any more."""
        near = (dt_util.utcnow() - self._silence).timestamp()
        passages = sorted(interval for interval in appeared if interval.end >= near)
        if self.camera.reversed:
            passages = [reverse(interval) for interval in passages]
        for passage_callback in self.passage_callbacks:
            passage_callback(passages)

    async def async_correct(self, value: int, source: Source) -> None:
        """Set the occupancy. Raises HomeAssistantError if it can't be stored."""
        now = int(dt_util.utcnow().timestamp())
        with translated_ledger_errors():
            await self.ledger.correct(self.key, now, value, source)
        await self._async_changed(now)

    async def async_set_reversed(self, value: bool) -> None:
        """Set whether in means out. Raises HomeAssistantError if it can't be stored."""
        with translated_ledger_errors():
            await self.ledger.set_reversed(self.key, value)
        async_keep_direction(self.hass, self.config_entry, self.key, value)
        await self._async_changed(0)

    async def async_retry_quarantined(self) -> Retried:
        """Store the quarantined intervals that can be stored now. Raises LedgerError."""
        retried = await self._async_retry_page(0)
        settled, changes = retried.settled, [retried.changes]
        # Page by page, so that pushes come in between.
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

    async def _async_retry_page(self, after: int) -> Retried:
        now = int(dt_util.utcnow().timestamp())
        return await self.ledger.retry(self.key, parse_rejected, now, after)

    async def async_drop_quarantined(self, last: int) -> int:
        """Delete quarantined intervals up to the given one. Raises LedgerError."""
        dropped = await self.ledger.drop(self.key, last)
        await self.async_refresh()
        return dropped

    async def _async_changed(self, since: int) -> None:
        if _is_history(since):
            self._quiet_since = dt_util.utcnow()
        self._statistics.async_changed(self.key, since)
        await self.async_refresh()


def has_history(changes: Changes) -> bool:
    """Return True if a push changed counts older than an hour."""
    return changes.since is not None and _is_history(changes.since)


def _is_history(at: int) -> bool:
    return at < (dt_util.utcnow() - PRESENT).timestamp()


def _directed(camera: Camera, counts: Counts) -> Counts:
    if not camera.reversed:
        return counts
    return Counts(counts.exited, counts.entered, counts.adults_exited, counts.adults_entered)


def _directed_passage(camera: Camera, passage: Passage) -> Passage:
    return passage._replace(entered=passage.exited, exited=passage.entered) if camera.reversed else passage
