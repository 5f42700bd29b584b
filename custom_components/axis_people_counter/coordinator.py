"""The receiver of one config entry and its cameras: what changed, and who must hear of it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import logging
from pathlib import Path
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_point_in_utc_time, async_track_time_interval
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from . import issues
from .camera_time import CameraTime
from .const import CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS, DOMAIN, LEDGER_FILE, MANUFACTURER
from .exchange import Exchange
from .ledger import MAX_CAMERAS, Camera, Changes, Counts, Ledger, TooManyCamerasError
from .ledger_file import LedgerError
from .occupancy import Passage, occupancy
from .periods import reverse
from .protocol import Interval, Message, Push, TestMessage
from .statistics import StatisticsWriter

_LOGGER = logging.getLogger(__name__)

type PeopleCounterConfigEntry = ConfigEntry[Receiver]

# Home Assistant is making a backup: known also to a receiver that is set up meanwhile.
DATA_IN_BACKUP: HassKey[bool] = HassKey(f"{DOMAIN}_in_backup")

MAX_CLOCK_DIFFERENCE: Final = 10 * 60
# A camera is silent when it has missed this many of its send intervals.
MISSED_INTERVALS: Final = 3
MIN_SILENCE: Final = timedelta(minutes=5)
LONG_SILENCE: Final = timedelta(days=1)
# What is older than this when it comes is history.
PRESENT: Final = timedelta(hours=1)
# For each second in which states are written, so many are left to all else: many pushes come faster than that.
REST: Final = 10
MAX_REST: Final = 0.2
MAX_ANSWERS: Final = 2
LEDGER_RETRY: Final = timedelta(minutes=1)
# Unknown things that cameras send, each named once in the log.
MAX_NOTES: Final = 100
MERGE_EVERY: Final = timedelta(days=1)


class ClockError(Exception):
    """The camera's clock and ours differ; counts would be filed under the wrong time."""


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
        return self.total.adults_entered is not None or self.total.adults_left is not None


class CameraCoordinator(DataUpdateCoordinator[CameraData]):
    """Reads one camera from the ledger whenever something changed, and when its day or its connection ends."""

    config_entry: PeopleCounterConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: PeopleCounterConfigEntry,
        ledger: Ledger,
        statistics: StatisticsWriter,
        camera: Camera,
        *,
        has_settled: bool,
    ) -> None:
        """Take what the ledger knows; nothing is read yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=camera.name)
        self.camera = camera
        # It has said something that was no history.
        self.has_settled = has_settled
        self.last_message = datetime.fromtimestamp(camera.received, UTC)
        self.passage_callbacks: list[Callable[[list[Interval]], None]] = []
        self._ledger = ledger
        self._statistics = statistics
        # Before this, nobody could be heard.
        self._listening_since = dt_util.utcnow()
        self._was_connected = True
        self._cancel_tick: CALLBACK_TYPE | None = None

    @override
    async def async_shutdown(self) -> None:
        """Read nothing any more; called when the entry is unloaded, and when the camera is removed."""
        await super().async_shutdown()
        self._async_cancel_tick()

    @property
    def connected(self) -> bool:
        """Whether it has been heard within three of its send intervals."""
        return dt_util.utcnow() < self._silent_at

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

    @override
    async def _async_update_data(self) -> CameraData:
        now = dt_util.utcnow()
        camera_time = await CameraTime.async_of(self.config_entry, self.camera.time_zone)
        day, next_day = camera_time.day(int(now.timestamp()))
        reset, next_reset = camera_time.reset(int(now.timestamp()))
        try:
            today = await asyncio.wrap_future(self._ledger.today(self.camera.serial, day, next_day, reset))
        except LedgerError as err:
            if self._shutdown_requested:
                # It was closed meanwhile, and nobody looks any more.
                return self.data
            self._async_tick_at(now + LEDGER_RETRY)
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err
        self.camera = camera = today.camera
        self._async_note_silence(now)
        turns = (datetime.fromtimestamp(min(next_day, next_reset), UTC), self._silent_at, self._long_silent_at)
        self._async_tick_at(min(turn for turn in turns if turn > now))
        if today.quarantined:
            issues.async_begin(
                self.hass,
                issues.QUARANTINED,
                camera.serial,
                **issues.names(camera.name),
                count=str(today.quarantined),
            )
        else:
            issues.async_end(self.hass, issues.QUARANTINED, camera.serial)

        total = Counts(camera.total_in, camera.total_out, camera.total_adults_in, camera.total_adults_out)
        newest = today.newest
        is_current = (
            newest is not None
            and camera.sent - newest.end <= 2 * (newest.end - newest.start) + MIN_SILENCE.total_seconds()
        )
        return CameraData(
            camera=camera,
            today=_directed(camera, today.counts),
            total=_directed(camera, total),
            occupancy=occupancy((_directed_passage(camera, passage) for passage in today.passages), today.corrections),
            missing_minutes=round(today.missing / 60),
            day_start=datetime.fromtimestamp(day, UTC),
            counted_until=datetime.fromtimestamp(newest.end, UTC) if newest else None,
            is_current=is_current,
            has_caught_up=is_current and self.has_settled,
        )

    @callback
    def _async_tick_at(self, at: datetime) -> None:
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
                self.hass, issues.CAMERA_SILENT, self.camera.serial, **issues.names(self.camera.name), since=since
            )
        elif connected:
            issues.async_end(self.hass, issues.CAMERA_SILENT, self.camera.serial)

    async def async_heard(self, pushes: Sequence[Changes] = ()) -> None:
        """Note that the camera spoke, and show what has changed with it."""
        self.last_message = dt_util.utcnow()
        if pushes:
            self.camera = pushes[-1].camera
        self.has_settled = self.has_settled or any(brings_no_history(changes) for changes in pushes)
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

    async def async_correct(self, value: int) -> None:
        """Set the occupancy. Raises HomeAssistantError where it can't be stored."""
        now = int(dt_util.utcnow().timestamp())
        await self._async_store(lambda: self._ledger.correct(self.camera.serial, now, value), now)

    async def async_set_reversed(self, value: bool) -> None:
        """Say whether in means out. Raises HomeAssistantError where it can't be stored."""
        await self._async_store(lambda: self._ledger.set_reversed(self.camera.serial, value), 0)

    async def _async_store(self, store: Callable[[], Future[None]], since: int) -> None:
        try:
            await asyncio.wrap_future(store())
        except LedgerError as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err
        self._statistics.async_changed(self.camera.serial, since)
        await self.async_refresh()


class Receiver:
    """Stores what cameras send, and keeps a coordinator for each of them."""

    def __init__(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
        """Open the ledger; its thread begins to work when something is asked."""
        self.hass = hass
        self.entry = entry

        def moved_aside(path: Path) -> None:
            hass.loop.call_soon_threadsafe(self._async_moved_aside, path)

        self.ledger = Ledger(Path(hass.config.path(LEDGER_FILE)), moved_aside)
        self._exchange = Exchange(hass.loop)
        self.statistics = StatisticsWriter(hass, entry, self.ledger)
        self.cameras: dict[str, CameraCoordinator] = {}
        self.camera_callbacks: list[Callable[[CameraCoordinator], None]] = []
        self.writable = True
        self._adding = asyncio.Lock()
        # Answers and downloads that are made at the same time; the threads are all of Home Assistant's.
        self.answering = asyncio.Semaphore(MAX_ANSWERS)
        self.downloads = 0
        # Pushes that are safe but not shown yet, by serial.
        self._to_show: dict[str, list[Changes]] = {}
        self._showing = False
        self._skipped: set[str] = set()
        # Nothing is shown any more: the entities are being taken away.
        self.stopped = False

    async def async_start(self) -> None:
        """Bring back the cameras the ledger knows.

        Raises LedgerError and LedgerTooNewError.
        """
        try:
            cameras = await asyncio.wrap_future(self.ledger.cameras())
        except LedgerError as err:
            self._async_failed(err)
            raise
        self._async_works()
        if self.hass.data.get(DATA_IN_BACKUP):
            await asyncio.wrap_future(self.ledger.begin_backup())
        for camera in cameras:
            await self._async_add(camera, has_settled=True)
        self.statistics.async_start([camera.serial for camera in cameras])
        self.entry.async_create_background_task(
            self.hass, self._async_merge(dt_util.utcnow()), f"{DOMAIN} merge old intervals"
        )
        self.entry.async_on_unload(async_track_time_interval(self.hass, self._async_merge, MERGE_EVERY))

    async def async_stop(self) -> None:
        """Close the ledger when all that was handed to it is done."""
        self.stopped = True
        await asyncio.wrap_future(self.ledger.close())

    async def async_receive(self, message: Message) -> None:
        """Return when what the message brings is safe.

        Raises ClockError, TooManyCamerasError and LedgerError; nothing is stored then.
        """
        self._check_clock(message)
        sensor = message.sensor
        if isinstance(message, TestMessage):
            if camera := self.cameras.get(sensor.serial):
                await camera.async_heard()
            return
        try:
            received = int(dt_util.utcnow().timestamp())
            changes = await self._exchange.ask(lambda: self.ledger.record(message, received))
        except TooManyCamerasError:
            issues.async_begin(self.hass, issues.TOO_MANY_CAMERAS, **issues.names(sensor.name), limit=str(MAX_CAMERAS))
            raise
        except LedgerError as err:
            if not self.stopped:
                self._async_failed(err)
            raise
        self._async_works()
        self._note_skipped(message)
        # It is safe now: whatever happens while it is shown must not make the camera send it again.
        self._async_publish(changes)

    async def async_remove_camera(self, serial: str) -> None:
        """Forget a camera until it pushes again; its counts stay in the ledger.

        Raises LedgerError.
        """
        await asyncio.wrap_future(self.ledger.set_removed(serial))
        if camera := self.cameras.pop(serial, None):
            await camera.async_shutdown()
        issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        for key in (issues.CAMERA_SILENT, issues.QUARANTINED, issues.CLOCK_DIFFERS, issues.WRONG_PROTOCOL):
            issues.async_end(self.hass, key, serial)

    def _check_clock(self, message: Message) -> None:
        now = dt_util.utcnow()
        sensor = message.sensor
        if abs(message.sent - now.timestamp()) <= MAX_CLOCK_DIFFERENCE:
            issues.async_end(self.hass, issues.CLOCK_DIFFERS, sensor.serial)
            return
        sent = datetime.fromtimestamp(message.sent, UTC)
        issues.async_begin(
            self.hass,
            issues.CLOCK_DIFFERS,
            sensor.serial,
            **issues.names(sensor.name),
            camera_time=f"{sent:%Y-%m-%d %H:%M:%S}",
            home_assistant_time=f"{now:%Y-%m-%d %H:%M:%S}",
        )
        if not isinstance(message, TestMessage):
            raise ClockError(f"The camera's clock says {sent:%Y-%m-%d %H:%M} UTC, here it is {now:%Y-%m-%d %H:%M} UTC.")

    @callback
    def _async_publish(self, changes: Changes) -> None:
        """Have a push shown; one that is known doesn't wait for others that are being added."""
        serial = changes.camera.serial
        if changes.since is not None:
            self.statistics.async_changed(serial, changes.since)
        if serial not in self.cameras:
            self.entry.async_create_task(self.hass, self._async_show_new(changes))
            return
        self._to_show.setdefault(serial, []).append(changes)
        if not self._showing:
            self._showing = True
            self.entry.async_create_task(self.hass, self._async_show())

    async def _async_show_new(self, changes: Changes) -> None:
        if not await self._async_add(changes.camera, has_settled=brings_no_history(changes)):
            self._async_publish(changes)

    async def _async_show(self) -> None:
        """Show what is to be shown, camera by camera; each is read once for all its pushes that came meanwhile."""
        loop = self.hass.loop
        try:
            while self._to_show:
                began = loop.time()
                serial = next(iter(self._to_show))
                pushes = self._to_show.pop(serial)
                try:
                    await self._async_show_camera(serial, pushes)
                except Exception:  # one camera's trouble must not keep others from being shown
                    _LOGGER.exception("Counts of %s are stored, but can't be shown", serial)
                # Recorder works on the states as long again, and then some.
                await asyncio.sleep(min(REST * (loop.time() - began), MAX_REST))
        finally:
            self._showing = False

    async def _async_show_camera(self, serial: str, pushes: list[Changes]) -> None:
        if camera := self.cameras.get(serial):
            if _description(camera.camera) != _description(pushes[-1].camera):
                self._async_update_device(pushes[-1].camera)
            await camera.async_heard(pushes)

    async def _async_add(self, camera: Camera, *, has_settled: bool) -> bool:
        """Bring a camera up that isn't there yet; say whether there is nothing left to show of it."""
        async with self._adding:
            if self.stopped:
                return True
            if camera.serial in self.cameras:
                return False
            self._async_update_device(camera)
            coordinator = CameraCoordinator(
                self.hass, self.entry, self.ledger, self.statistics, camera, has_settled=has_settled
            )
            await coordinator.async_refresh()
            if self.stopped:
                return True
            self.cameras[camera.serial] = coordinator
            issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        for camera_callback in self.camera_callbacks:
            camera_callback(coordinator)
        return True

    @callback
    def _async_update_device(self, camera: Camera) -> None:
        dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, camera.serial)},
            connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(camera.serial))},
            manufacturer=MANUFACTURER,
            model=camera.application,
            name=camera.name,
            serial_number=camera.serial,
            sw_version=camera.version,
            configuration_url=f"http://{url_host(camera.ip_address)}" if camera.ip_address else None,
        )

    async def _async_merge(self, _: datetime) -> None:
        """Merge what is older than the days of full detail, a day of one camera at a time."""
        keep = timedelta(days=self.entry.options.get(CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS))
        try:
            while await asyncio.wrap_future(self.ledger.merge(int((dt_util.utcnow() - keep).timestamp()))):
                pass
        except LedgerError as err:
            _LOGGER.debug("Old intervals can't be merged now: %s", err)

    def _note_skipped(self, push: Push) -> None:
        for skipped in push.skipped:
            if (note := f"{push.sensor.serial} {skipped}") not in self._skipped and len(self._skipped) < MAX_NOTES:
                self._skipped.add(note)
                _LOGGER.info("%s sends something unknown, which is left out: %s", push.sensor.name, skipped)

    @callback
    def _async_failed(self, err: LedgerError) -> None:
        if self.writable:
            self.writable = False
            _LOGGER.error("Counts can't be stored in %s: %s", self.ledger.path, err)
        issues.async_begin(
            self.hass,
            issues.LEDGER_NOT_WRITABLE,
            path=issues.plain(str(self.ledger.path)),
            error=issues.plain(str(err)),
        )

    @callback
    def _async_works(self) -> None:
        if not self.writable:
            self.writable = True
            _LOGGER.info("Counts are stored again in %s", self.ledger.path)
        issues.async_end(self.hass, issues.LEDGER_NOT_WRITABLE)

    @callback
    def _async_moved_aside(self, path: Path) -> None:
        _LOGGER.error("%s was damaged or no ledger; it is now %s, and a new one was begun", self.ledger.path, path)
        issues.async_begin(self.hass, issues.LEDGER_MOVED_ASIDE, path=issues.plain(str(path)))


def brings_no_history(changes: Changes) -> bool:
    """Return whether a push changed nothing but the last hour."""
    return changes.since is None or changes.since >= (dt_util.utcnow() - PRESENT).timestamp()


def url_host(address: str) -> str:
    """Return an IP address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def _description(camera: Camera) -> tuple[str | None, ...]:
    return camera.name, camera.application, camera.version, camera.ip_address


def _directed(camera: Camera, counts: Counts) -> Counts:
    if not camera.reversed:
        return counts
    return Counts(counts.left, counts.entered, counts.adults_left, counts.adults_entered)


def _directed_passage(camera: Camera, passage: Passage) -> Passage:
    return passage._replace(entered=passage.left, left=passage.entered) if camera.reversed else passage
