"""The receiver of one config entry: it stores what cameras send, and sees that whoever must hear of it does."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
import logging
from operator import attrgetter
from pathlib import Path
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from . import issues
from .connecting import Listener, ListenerSettings
from .const import (
    CONF_DECLINED,
    CONF_KEEP_DAYS,
    CONF_REVERSED_CAMERAS,
    DEFAULT_KEEP_DAYS,
    DOMAIN,
    LEDGER_FILE,
    MANUFACTURER,
    SUBENTRY_PLACE,
)
from .coordinator import CameraCoordinator, brings_no_history
from .counting import Applications, Document, Push, TestMessage, is_held, key_at, obsolete_keys, routes_of
from .ledger import (
    MAX_CAMERAS,
    MAX_QUARANTINED,
    MAX_QUARANTINED_BYTES,
    BackupHold,
    Camera,
    Changes,
    Ledger,
    LedgerError,
    TooManyCamerasError,
)
from .messages import name_placeholders, plain, url_host, wall_clock
from .place_coordinator import PlaceCoordinator
from .settings import PlaceSettings, async_keep_directions, options_of_a_reload, replacements_of
from .statistics import StatisticsWriter

_LOGGER = logging.getLogger(__name__)

type PeopleCounterConfigEntry = ConfigEntry[Receiver]

# Outlives the receivers: one that is set up during a backup shares it.
_DATA_BACKUP_HOLD: HassKey[BackupHold] = HassKey(f"{DOMAIN}_backup_hold")

MAX_CLOCK_DIFFERENCE: Final = 10 * 60
# For each second in which states are written, so many are left to all else: many pushes come faster than that.
REST: Final = 10
MAX_REST: Final = 0.2
MAX_ANSWERS: Final = 2
# Unknown things that cameras send, each named once in the log.
MAX_NOTES: Final = 100
# Repairs that are about a camera, by its key and by its serial number: one's key may be another one's serial number.
_OF_KEY: Final = (issues.CAMERA_SILENT, issues.NEW_CAMERA, issues.QUARANTINED, issues.TIME_ZONE_UNKNOWN)
_OF_SERIAL: Final = (
    issues.CERTIFICATE_REFUSED,
    issues.CLOCK_DIFFERS,
    issues.QUARANTINE_FULL,
    issues.SEVERAL_APPLICATIONS,
    issues.WRONG_PROTOCOL,
)
MERGE_EVERY: Final = timedelta(days=1)
LOOK_FOR_QUIET_EVERY: Final = timedelta(minutes=5)
# Where Home Assistant shows its time zone.
SETTINGS_PAGE: Final = "/config/general"


class ClockError(Exception):
    """The camera's clock and ours differ; counts would be filed under the wrong time."""


class QuarantineFullError(Exception):
    """More can't be taken than can be set aside; all else is stored, and the camera has to keep this."""


class Receiver:
    """Stores what cameras send, and keeps a coordinator for each of them."""

    def __init__(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
        """Open the ledger; its thread begins to work when something is asked."""
        self.hass = hass
        self.entry = entry
        self.configured = configured(hass, entry)
        self.is_reloading = False
        self._routes = routes_of(replacements_of(entry))
        self._silent: set[str] = set()

        def moved_aside(path: Path) -> None:
            hass.loop.call_soon_threadsafe(self._async_moved_aside, path)

        self.ledger = Ledger(Path(hass.config.path(LEDGER_FILE)), moved_aside, async_backup_hold(hass))
        self.listener: Listener | None = None
        self.statistics = StatisticsWriter(hass, entry, self.ledger)
        self.cameras: dict[str, CameraCoordinator] = {}
        self.camera_callbacks: list[Callable[[CameraCoordinator], None]] = []
        self.places: dict[str, PlaceCoordinator] = {}
        self._places_of: dict[str, list[str]] = {}
        self.writable = True
        self._adding = asyncio.Lock()
        # Answers and downloads that are made at the same time; the threads are all of Home Assistant's.
        self.answering = asyncio.Semaphore(MAX_ANSWERS)
        self.downloads = 0
        # What is safe but not shown yet, by key: pushes of cameras, and places.
        self._to_show: dict[str, list[Changes]] = {}
        self._showing = False
        self._skipped: set[str] = set()
        # Serial numbers of cameras that were too many.
        self._beyond: set[str] = set()
        self._applications: dict[str, Applications] = {}
        # Cameras of which it was said that not all can be set aside, or that several applications send.
        self._full: set[str] = set()
        self._shared: set[str] = set()
        # Nothing is shown any more: the entities are being taken away.
        self.stopped = False

    async def async_start(self) -> None:
        """Bring back the cameras the ledger knows.

        Raises LedgerError and LedgerTooNewError.
        """
        places = [
            await PlaceSettings.async_of(subentry)
            for subentry in self.entry.subentries.values()
            if subentry.subentry_type == SUBENTRY_PLACE
        ]
        try:
            await self._async_tell_settings()
            cameras = await self.ledger.cameras()
            obsolete = await self.ledger.obsolete_series()
            await self.ledger.set_places([place.place for place in places])
        except LedgerError as err:
            self._async_failed(err)
            raise
        self._async_works()
        # It comes again with the next camera too many.
        issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        self._async_remove_obsolete_devices()
        for camera in cameras:
            await self._async_add(camera, has_settled=True)
        await self._async_start_places(places)
        self.statistics.async_start([camera.key for camera in cameras], places, obsolete)
        self.entry.async_create_background_task(
            self.hass, self._async_merge(dt_util.utcnow()), f"{DOMAIN} merge old intervals"
        )
        self.entry.async_on_unload(async_track_time_interval(self.hass, self._async_merge, MERGE_EVERY))
        self.entry.async_create_background_task(
            self.hass, self._async_retry_quarantined(), f"{DOMAIN} try again what wasn't taken"
        )
        self.entry.async_on_unload(async_track_time_interval(self.hass, self._async_end_quiet, LOOK_FOR_QUIET_EVERY))

    async def _async_tell_settings(self) -> None:
        """Tell the ledger what a person set; a ledger of an earlier version knows directions that the entry doesn't."""
        now = int(dt_util.utcnow().timestamp())
        await self.ledger.set_routes(self._routes, now)
        if CONF_REVERSED_CAMERAS not in self.entry.options:
            known = await self.ledger.reversed_cameras()
            async_keep_directions(self.hass, self.entry, known)
        directions = self.ledger.set_directions(lambda: self.entry.options.get(CONF_REVERSED_CAMERAS, ()))
        await directions

    async def _async_start_places(self, settings: list[PlaceSettings]) -> None:
        for one in settings:
            dr.async_get(self.hass).async_get_or_create(
                config_entry_id=self.entry.entry_id,
                config_subentry_id=one.key,
                identifiers={(DOMAIN, one.key)},
                name=one.name,
                entry_type=dr.DeviceEntryType.SERVICE,
            )
            place = PlaceCoordinator(
                self.hass, self.entry, self.ledger, self.statistics, one, self.cameras, self._async_show_again
            )
            self.places[one.key] = place
            for camera in one.keys:
                self._places_of.setdefault(camera, []).append(one.key)
            await place.async_refresh()
        for key in self.cameras:
            self._async_link(key)

    @callback
    def _async_link(self, key: str) -> None:
        """Show a camera on the page of the first place that it is a door of; a device can't have more of them."""
        registry, entry_id = dr.async_get(self.hass), self.entry.entry_id
        if camera := registry.async_get_device_by_identifier((DOMAIN, key), entry_id):
            of_place = next(iter(self._places_of.get(key, ())), None)
            place = of_place and registry.async_get_device_by_identifier((DOMAIN, of_place), entry_id)
            registry.async_update_device(camera.id, via_device_id=place.id if place else None)

    async def async_stop(self) -> None:
        """Close the ledger when all that was handed to it is done."""
        self.stopped = True
        await self.ledger.close()
        if self.entry.disabled_by:
            # Nobody looks any more whether the reasons are still there.
            issues.async_end_all(self.hass, past=False)

    async def async_receive(self, message: Document, arrived: datetime) -> None:
        """Return when what the message brings is safe; its head arrived at the instant that is given.

        Raises ClockError, TooManyCamerasError and LedgerError; nothing is stored then. Raises QuarantineFullError.
        """
        self._check_clock(message, arrived)
        sensor = message.sensor
        if self.listener:
            issues.async_end(self.hass, issues.CERTIFICATE_REFUSED, sensor.serial)
        if isinstance(message, TestMessage):
            if camera := self.cameras.get(self.key_of(sensor.serial)):
                await camera.async_heard()
            return
        try:
            received = int(dt_util.utcnow().timestamp())
            changes = await self.ledger.record(message, received)
        except TooManyCamerasError:
            if len(self._beyond) < MAX_NOTES:
                self._beyond.add(sensor.serial)
            issues.async_begin(
                self.hass, issues.TOO_MANY_CAMERAS, **name_placeholders(sensor.name), limit=str(MAX_CAMERAS)
            )
            raise
        except LedgerError as err:
            if not self.stopped:
                self._async_failed(err)
            raise
        self._async_works()
        if sensor.serial in self._beyond:
            self._beyond.discard(sensor.serial)
            if not self._beyond:
                issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        self._note_skipped(message)
        self._async_note_application(message)
        # It is safe now: whatever happens while it is shown must not make the camera send it again.
        self._async_publish(changes)
        self._async_note_refused(message, changes.refused)
        if changes.refused:
            raise QuarantineFullError("Not all that can't be taken can be set aside.")

    @callback
    def _async_remove_obsolete_devices(self) -> None:
        """Remove the devices of cameras that have taken the place of others, and what is said of those."""
        registry = dr.async_get(self.hass)
        devices = dr.async_entries_for_config_entry(registry, self.entry.entry_id)
        keys = {key for device in devices for domain, key in device.identifiers if domain == DOMAIN}
        # A replacement that was undone has left devices of keys that no route leads to any more.
        for key in obsolete_keys(self._routes) | {key for key in keys if not is_held(self._routes, key)}:
            if device := registry.async_get_device_by_identifier((DOMAIN, key), self.entry.entry_id):
                registry.async_remove_device(device.id)
            self._async_end_issues_of_key(key)

    @callback
    def key_of(self, serial: str) -> str:
        """Return the key that a camera counts for now."""
        return key_at(self._routes.get(serial, ()), serial)

    async def async_remove_camera(self, key: str) -> None:
        """Forget a camera until it pushes again; its counts stay in the ledger.

        Raises LedgerError.
        """
        await self.ledger.set_removed(key)
        if camera := self.cameras.pop(key, None):
            self.async_end_issues(camera.camera.serial)
            await camera.async_shutdown()
            self._async_doors_changed(key)
            self._silent.discard(key)
            self.async_offer_replacing()
        issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        self._async_end_issues_of_key(key)

    @callback
    def async_end_issues(self, serial: str) -> None:
        """Take back what is said of a camera itself, wherever it hangs."""
        for kind in _OF_SERIAL:
            issues.async_end(self.hass, kind, serial)
        self._applications.pop(serial, None)
        self._full.discard(serial)
        self._shared.discard(serial)

    @callback
    def _async_end_issues_of_key(self, key: str) -> None:
        """Take back what is said of a camera that counts for a key."""
        for kind in _OF_KEY:
            issues.async_end(self.hass, kind, key)

    @callback
    def async_claiming(self, address: str) -> list[CameraCoordinator]:
        """Return the cameras that said they have this address; several may, on two networks or one after the other."""
        return [camera for camera in self.cameras.values() if camera.camera.ip_address == address]

    @callback
    def async_certificate_refused(self, address: str) -> None:
        """Say that a camera hasn't got the authority's certificate; others, browsers among them, are none of ours."""
        # A camera that gets through trusts the certificate: then it is something else at its address that doesn't.
        refusing = [camera for camera in self.async_claiming(address) if not camera.gets_through]
        if refusing:
            camera = max(refusing, key=attrgetter("last_message")).camera
            issues.async_begin(
                self.hass,
                issues.CERTIFICATE_REFUSED,
                camera.serial,
                **name_placeholders(camera.name),
                address=url_host(address),
            )

    def _check_clock(self, message: Document, arrived: datetime) -> None:
        """Compare the camera's clock with ours as it was when the camera began to send; the rest may take long."""
        sensor = message.sensor
        if abs(message.sent - arrived.timestamp()) <= MAX_CLOCK_DIFFERENCE:
            issues.async_end(self.hass, issues.CLOCK_DIFFERS, sensor.serial)
            return
        sent = datetime.fromtimestamp(message.sent, UTC)
        issues.async_begin(
            self.hass,
            issues.CLOCK_DIFFERS,
            sensor.serial,
            **name_placeholders(sensor.name, sensor.ip_address),
            camera_time=wall_clock(sent),
            home_assistant_time=wall_clock(arrived),
            time_zone=plain(self.hass.config.time_zone),
            settings=SETTINGS_PAGE,
        )
        if not isinstance(message, TestMessage):
            raise ClockError(
                f"The camera's clock says {sent:%Y-%m-%d %H:%M} UTC, here it is {arrived:%Y-%m-%d %H:%M} UTC."
            )

    @callback
    def _async_publish(self, changes: Changes) -> None:
        """Have a push shown; one that is known doesn't wait for others that are being added."""
        for key, since in changes.elsewhere:
            if key in self.cameras:
                self.statistics.async_changed(key, since)
                self._async_show_again(key)
        key = changes.camera.key
        if changes.since is not None:
            self.statistics.async_changed(key, changes.since)
        if key not in self.cameras:
            self.entry.async_create_task(self.hass, self._async_show_new(changes))
            return
        self._to_show.setdefault(key, []).append(changes)
        self._async_start_showing()

    @callback
    def _async_camera_changed(self, key: str) -> None:
        """See to what depends on a camera."""
        self._async_doors_changed(key)
        camera = self.cameras.get(key)
        if camera and camera.connected == (key in self._silent):
            self._silent ^= {key}
            self.async_offer_replacing()

    @callback
    def async_may_replace(self, camera: CameraCoordinator) -> bool:
        """Return True if a camera reports, and isn't one that has taken the place of another already."""
        return camera.connected and all(camera.key != replaced.key for replaced in replacements_of(self.entry))

    @callback
    def async_offer_replacing(self) -> None:
        """Ask of each camera that is new whether it replaces one that has fallen silent at about that time."""
        silent = [self.cameras[key] for key in self._silent]
        declined = self.entry.options.get(CONF_DECLINED, ())
        for camera in self.cameras.values():
            if (
                any(camera.may_replace(other) for other in silent)
                and camera.key not in declined
                and self.async_may_replace(camera)
            ):
                name, address = camera.camera.name, camera.camera.ip_address
                issues.async_begin(self.hass, issues.NEW_CAMERA, camera.key, **name_placeholders(name, address))
            else:
                issues.async_end(self.hass, issues.NEW_CAMERA, camera.key)

    @callback
    def _async_doors_changed(self, camera: str) -> None:
        """Have the places shown that a camera is a door of."""
        for key in self._places_of.get(camera, ()):
            self._async_show_again(key)

    @callback
    def _async_show_again(self, key: str) -> None:
        self._to_show.setdefault(key, [])
        self._async_start_showing()

    @callback
    def _async_start_showing(self) -> None:
        if not self._showing and not self.stopped:
            self._showing = True
            self.entry.async_create_task(self.hass, self._async_show())

    async def _async_show_new(self, changes: Changes) -> None:
        if not await self._async_add(changes.camera, has_settled=brings_no_history(changes)):
            self._async_publish(changes)

    async def _async_show(self) -> None:
        """Show what is to be shown, one after the other; each is read once for all pushes that came meanwhile."""
        loop = self.hass.loop
        try:
            # Entities that are added while the entry is unloaded would stay, and keep the place of the next ones.
            while self._to_show and not self.stopped:
                began = loop.time()
                key = next(iter(self._to_show))
                pushes = self._to_show.pop(key)
                try:
                    if place := self.places.get(key):
                        await place.async_refresh()
                    else:
                        await self._async_show_camera(key, pushes)
                except Exception:  # one camera's trouble must not keep others from being shown
                    _LOGGER.exception("Counts of %s are stored, but can't be shown", key)
                # Recorder works on the states as long again, and then some.
                await asyncio.sleep(min(REST * (loop.time() - began), MAX_REST))
        finally:
            self._showing = False

    async def _async_show_camera(self, key: str, pushes: list[Changes]) -> None:
        camera = self.cameras.get(key)
        if camera and not pushes:
            # Another one that once hung there told more of that time.
            await camera.async_refresh()
        elif camera:
            if _description(camera.camera) != _description(pushes[-1].camera):
                self._async_update_device(pushes[-1].camera)
            await camera.async_heard(pushes)

    async def _async_add(self, camera: Camera, *, has_settled: bool) -> bool:
        """Bring a camera up that isn't there yet; say whether there is nothing left to show of it."""
        async with self._adding:
            if self.stopped:
                return True
            if camera.key in self.cameras:
                return False
            self._async_update_device(camera)
            coordinator = CameraCoordinator(
                self.hass, self.entry, self.ledger, self.statistics, camera, has_settled=has_settled
            )
            await coordinator.async_refresh()
            if self.stopped:
                return True
            self.cameras[camera.key] = coordinator
            # It lives as long as the coordinator.
            coordinator.async_add_listener(partial(self._async_camera_changed, camera.key))
            if self.places:
                self._async_link(camera.key)
            self._async_camera_changed(camera.key)
            self.async_offer_replacing()
        for camera_callback in self.camera_callbacks:
            camera_callback(coordinator)
        return True

    @callback
    def _async_update_device(self, camera: Camera) -> None:
        registry = dr.async_get(self.hass)
        device = registry.async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, camera.key)},
            manufacturer=MANUFACTURER,
            model=camera.application,
            name=camera.name,
            serial_number=camera.serial,
            sw_version=camera.version,
            configuration_url=f"http://{url_host(camera.ip_address)}" if camera.ip_address else None,
        )
        connections = {(dr.CONNECTION_NETWORK_MAC, dr.format_mac(camera.serial))}
        if device.connections != connections:
            # Those of a camera that was replaced don't stay.
            registry.async_update_device(device.id, new_connections=connections)

    @callback
    def _async_end_quiet(self, _: datetime) -> None:
        issues.async_end_quiet(self.hass, {camera.camera.serial for camera in self.cameras.values()})

    async def _async_merge(self, _: datetime) -> None:
        """Merge what is older than the days of full detail, a day of one camera at a time."""
        keep = timedelta(days=self.entry.options.get(CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS))
        try:
            while await self.ledger.merge(int((dt_util.utcnow() - keep).timestamp())):
                pass
        except LedgerError as err:
            _LOGGER.debug("Old intervals can't be merged now: %s", err)

    async def _async_retry_quarantined(self) -> None:
        """Take what an earlier version couldn't take and this one can."""
        for camera in list(self.cameras.values()):
            try:
                quarantine = await self.ledger.quarantine(camera.key, 0)
                if quarantine.count:
                    await camera.async_retry_quarantined()
            except LedgerError as err:
                _LOGGER.debug("What was set aside of %s can't be tried again now: %s", camera.name, err)

    @callback
    def _async_note_refused(self, push: Push, refused: int) -> None:
        """Say once that not all that can't be taken can be set aside, and once that it can again."""
        sensor = push.sensor
        if refused:
            issues.async_begin(
                self.hass,
                issues.QUARANTINE_FULL,
                sensor.serial,
                **name_placeholders(sensor.name),
                limit=str(MAX_QUARANTINED),
                size=str(MAX_QUARANTINED_BYTES // 1024 // 1024),
            )
            if sensor.serial not in self._full:
                self._full.add(sensor.serial)
                _LOGGER.warning("%s sends more that can't be taken than can be set aside", sensor.name)
            return
        issues.async_end(self.hass, issues.QUARANTINE_FULL, sensor.serial)
        if sensor.serial in self._full:
            self._full.discard(sensor.serial)
            _LOGGER.info("All that %s sends is taken or set aside again", sensor.name)

    @callback
    def _async_note_application(self, push: Push) -> None:
        """Say once that several applications send with one serial number, and once that only one does."""
        sensor = push.sensor
        if sensor.application is None:
            return
        known = self._applications.setdefault(sensor.serial, Applications())
        if several := known.hear(sensor.application, push.sent):
            issues.async_begin(
                self.hass,
                issues.SEVERAL_APPLICATIONS,
                sensor.serial,
                **name_placeholders(sensor.name, sensor.ip_address),
                applications=", ".join(plain(name) for name in several),
            )
            if sensor.serial not in self._shared:
                self._shared.add(sensor.serial)
                _LOGGER.warning("Several applications send the counts of %s: %s", sensor.serial, ", ".join(several))
            return
        issues.async_end(self.hass, issues.SEVERAL_APPLICATIONS, sensor.serial)
        if sensor.serial in self._shared:
            self._shared.discard(sensor.serial)
            _LOGGER.info("Only %s sends the counts of %s now", sensor.application, sensor.serial)

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
            path=plain(str(self.ledger.path)),
            error=plain(str(err)),
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
        # This issue is in the diagnostics as it is, and the folder may have the name of a person.
        issues.async_begin(self.hass, issues.LEDGER_MOVED_ASIDE, file=plain(path.name))


@callback
def async_backup_hold(hass: HomeAssistant) -> BackupHold:
    """Return what keeps the ledger's file as it is during a backup."""
    return hass.data.setdefault(_DATA_BACKUP_HOLD, BackupHold())


def configured(hass: HomeAssistant, entry: ConfigEntry) -> tuple[object, ...]:
    """Return what of the settings holds for as long as the entry is loaded."""
    # A changed subentry stays the same object.
    return (
        hass.config.time_zone,
        options_of_a_reload(entry),
        ListenerSettings.of(entry.data),
        {key: (one.title, dict(one.data)) for key, one in entry.subentries.items()},
    )


def _description(camera: Camera) -> tuple[str | None, ...]:
    return camera.serial, camera.name, camera.application, camera.version, camera.ip_address
