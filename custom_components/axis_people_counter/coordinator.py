"""What is read from the ledger, and when it has to be read again: in general, and of one camera."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
from .counting import Interval, Passage, Schedule, Source, final_occupancy, read_again, reverse
from .ledger import Camera, Changes, Counts, Ledger, LedgerError, Retried
from .ledger_errors import translated_ledger_errors
from .messages import name_placeholders, plain
from .settings import async_keep_direction
from .statistics import StatisticsWriter
from .time_zones import async_camera_schedule

_LOGGER = logging.getLogger(__name__)

# A camera is silent when it has missed this many of its send intervals.
MISSED_INTERVALS: Final = 3
MIN_SILENCE: Final = timedelta(minutes=5)
LONG_SILENCE: Final = timedelta(days=1)
# What is older than this when it comes is history.
PRESENT: Final = timedelta(hours=1)
LEDGER_RETRY: Final = timedelta(minutes=1)
# So long no history has come, once it is over: longer than the five minutes of which recorder makes statistics at once,
# and the pauses between the bodies in which a camera brings it.
QUIET: Final = timedelta(minutes=10)


class LedgerCoordinator[T](DataUpdateCoordinator[T]):
    """Reads something from the ledger whenever it has changed, and when its time has come."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger, name: str) -> None:
        """Take the ledger; nothing is read yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=name)
        self.ledger = ledger
        self._cancel_tick: CALLBACK_TYPE | None = None

    @override
    async def async_shutdown(self) -> None:
        """Read nothing any more; called when the entry is unloaded, and when what it is about is removed."""
        await super().async_shutdown()
        self._async_cancel_tick()

    @abstractmethod
    async def _async_read(self, now: datetime) -> T:
        """Read what is true at an instant; raises LedgerError."""

    @override
    async def _async_update_data(self) -> T:
        now = dt_util.utcnow()
        try:
            return await self._async_read(now)
        except LedgerError as err:
            if self._shutdown_requested:
                # It was closed meanwhile, and nobody looks any more.
                return self.data
            self._async_tick_at(now + LEDGER_RETRY)
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err

    @callback
    def _async_tick_at(self, at: datetime) -> None:
        """Read again at an instant, and at no earlier one that was said before."""

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
    """One camera as it stands, in the direction the user gave it."""

    camera: Camera
    today: Counts
    total: Counts
    occupancy: int
    missing_minutes: int
    day_start: datetime
    counted_until: datetime | None
    # Its counts reach up to now: from here on those of today only grow by what is counted now.
    is_current: bool
    # Its history has arrived as well, and so the totals do.
    has_caught_up: bool

    @property
    def has_adults(self) -> bool:
        """Whether the camera ever told adults from children."""
        return self.total.adults_entered is not None or self.total.adults_exited is not None


class CameraCoordinator(LedgerCoordinator[CameraData]):
    """Reads one camera from the ledger whenever something changed, and when its day or its connection ends."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        statistics: StatisticsWriter,
        camera: Camera,
        *,
        has_settled: bool,
    ) -> None:
        """Take what the ledger knows; nothing is read yet."""
        super().__init__(hass, entry, ledger, camera.name)
        self.camera = camera
        self.key = camera.key
        # It has said something that was no history.
        self.has_settled = has_settled
        self.last_message = datetime.fromtimestamp(camera.received, UTC)
        self.passage_callbacks: list[Callable[[list[Interval]], None]] = []
        self._statistics = statistics
        # Before this, nobody could be heard.
        self._listening_since = dt_util.utcnow()
        # Counts have changed since then only as people passed.
        self._quiet_since = self._listening_since
        self._was_connected = True

    @property
    def connected(self) -> bool:
        """Whether it has been heard within three of its send intervals."""
        return dt_util.utcnow() < self._silent_at

    def has_been_quiet(self, since: datetime) -> bool:
        """Return True if the camera has gone on to report since an instant, for a while, and has brought no history."""
        return self.data.is_current and self.last_message - max(since, self._quiet_since) >= QUIET

    @property
    def gets_through(self) -> bool:
        """Whether it has been heard since the entry was loaded, and isn't silent."""
        return self.connected and self.last_message >= self._listening_since

    @property
    def _silence(self) -> timedelta:
        return max(MIN_SILENCE, MISSED_INTERVALS * timedelta(seconds=self.camera.send_interval))

    @property
    def _silent_at(self) -> datetime:
        heard = self.last_message
        if self._listening_since < heard + LONG_SILENCE:
            # It may have called while nobody listened; one that has been silent for a day isn't waited for.
            heard = max(heard, self._listening_since)
        return heard + self._silence

    @property
    def _long_silent_at(self) -> datetime:
        return max(self.last_message + LONG_SILENCE, self._silent_at)

    def may_replace(self, other: CameraCoordinator) -> bool:
        """Return True if this camera came when the other one fell silent, or not long before that."""
        # A camera that is set up on the same day is silent for a while before it hangs where it belongs.
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
        is_current = (
            newest is not None
            and camera.sent - newest.end <= 2 * (newest.end - newest.start) + MIN_SILENCE.total_seconds()
        )
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
            is_current=is_current,
            has_caught_up=is_current and self.has_settled,
        )

    @callback
    def _async_note_silence(self, now: datetime) -> None:
        """Say once that the camera fell silent, and once that it is back."""
        connected = self.connected
        if connected != self._was_connected:
            self._was_connected = connected
            if connected:
                _LOGGER.info("%s is heard again", self.camera.name)
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
        """Say that not everything was taken, as long as that is so."""
        if count:
            issues.async_begin(
                self.hass, issues.QUARANTINED, self.key, **name_placeholders(self.camera.name), count=str(count)
            )
        else:
            issues.async_end(self.hass, issues.QUARANTINED, self.key)

    @callback
    def _async_note_time_zone(self, schedule: Schedule) -> None:
        """Show a repair while the time zone of the camera isn't known."""
        if schedule.is_zone_known:
            issues.async_end(self.hass, issues.TIME_ZONE_UNKNOWN, self.key)
        else:
            issues.async_begin(
                self.hass,
                issues.TIME_ZONE_UNKNOWN,
                self.key,
                **name_placeholders(self.camera.name, self.camera.ip_address),
                time_zone=plain(self.camera.time_zone or "?"),
                used=plain(str(schedule.zone)),
            )

    async def async_heard(self, pushes: Sequence[Changes] = ()) -> None:
        """Note that the camera spoke, and show what has changed with it."""
        self.last_message = dt_util.utcnow()
        if pushes:
            self.camera = pushes[-1].camera
        self.has_settled = self.has_settled or any(brings_no_history(changes) for changes in pushes)
        if not all(brings_no_history(changes) for changes in pushes):
            self._quiet_since = self.last_message
        await self.async_refresh()
        self._async_announce(interval for changes in pushes for interval in changes.appeared)

    @callback
    def _async_announce(self, appeared: Iterable[Interval]) -> None:
        """Tell of passages just now; what comes late is no event any more."""
        near = (dt_util.utcnow() - self._silence).timestamp()
        passages = sorted(interval for interval in appeared if interval.end >= near)
        if self.camera.reversed:
            passages = [reverse(interval) for interval in passages]
        for passage_callback in self.passage_callbacks:
            passage_callback(passages)

    async def async_correct(self, value: int, source: Source) -> None:
        """Set the occupancy, by some means. Raises HomeAssistantError where it can't be stored."""
        now = int(dt_util.utcnow().timestamp())
        with translated_ledger_errors():
            await self.ledger.correct(self.key, now, value, source)
        await self._async_changed(now)

    async def async_set_reversed(self, value: bool) -> None:
        """Say whether in means out. Raises HomeAssistantError where it can't be stored."""
        with translated_ledger_errors():
            await self.ledger.set_reversed(self.key, value)
        async_keep_direction(self.hass, self.config_entry, self.key, value)
        await self._async_changed(0)

    async def async_retry_quarantined(self) -> Retried:
        """Take what can be taken now of what wasn't. Raises LedgerError."""
        retried = await self._async_retry_page(0)
        settled, changes = retried.settled, [retried.changes]
        # Pushes come in between.
        while retried.last is not None:
            retried = await self._async_retry_page(retried.last)
            settled += retried.settled
            changes.append(retried.changes)
        since = min((one.since for one in changes if one.since is not None), default=None)
        if since is None:
            await self.async_refresh()
        else:
            await self._async_changed(since)
        self._async_announce(interval for one in changes for interval in one.appeared)
        return replace(retried, settled=settled)

    async def _async_retry_page(self, after: int) -> Retried:
        now = int(dt_util.utcnow().timestamp())
        return await self.ledger.retry(self.key, read_again, now, after)

    async def async_drop_quarantined(self, last: int) -> int:
        """Forget what wasn't taken, up to the one that came last. Raises LedgerError."""
        dropped = await self.ledger.drop(self.key, last)
        await self.async_refresh()
        return dropped

    async def _async_changed(self, since: int) -> None:
        if _is_history(since):
            self._quiet_since = dt_util.utcnow()
        self._statistics.async_changed(self.key, since)
        await self.async_refresh()


def brings_no_history(changes: Changes) -> bool:
    """Return whether a push changed nothing but the last hour."""
    return changes.since is None or not _is_history(changes.since)


def _is_history(at: int) -> bool:
    return at < (dt_util.utcnow() - PRESENT).timestamp()


def _directed(camera: Camera, counts: Counts) -> Counts:
    if not camera.reversed:
        return counts
    return Counts(counts.exited, counts.entered, counts.adults_exited, counts.adults_entered)


def _directed_passage(camera: Camera, passage: Passage) -> Passage:
    return passage._replace(entered=passage.exited, exited=passage.entered) if camera.reversed else passage
