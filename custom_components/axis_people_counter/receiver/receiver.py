"""The receiver of one config entry: it stores pushes in the ledger and keeps the coordinators of cameras and places.

The view in http/view.py hands pushes over; platforms and actions read the coordinators.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
import logging
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .. import issues
from ..checks import Agreement, CountingCheck, DirectionCheck, Doors
from ..connecting import CameraAccess, Listener, ListenerSettings
from ..const import CONF_REVERSED_CAMERAS, DOMAIN, LEDGER_FILE, SUBENTRY_CAMERA, SUBENTRY_PLACE
from ..coordinator import CameraCoordinator, has_history
from ..counting import Document, TestMessage, is_held, key_at, obsolete_keys, routes_of
from ..devices import (
    async_add_place_device,
    async_device_keys,
    async_link_camera,
    async_remove_device,
    async_update_camera_device,
)
from ..imports import Imports
from ..ledger import BackupHold, Camera, Changes, Ledger, LedgerError, TooManyCamerasError
from ..live_polling import LivePolling
from ..place_coordinator import PlaceCoordinator
from ..settings import PlaceSettings, async_keep_directions, options_of_a_reload, replacements_of
from ..statistics import StatisticsWriter
from ..texts import error_text, name_placeholders, plain, url_host
from .housekeeping import async_start_housekeeping
from .replacement_offer import ReplacementOffer
from .sender_problems import SenderProblems
from .show_queue import ShowQueue

_LOGGER = logging.getLogger(__name__)

type PeopleCounterConfigEntry = ConfigEntry[Receiver]

# The hold outlives a reload: a receiver that is set up during a backup shares it.
_DATA_BACKUP_HOLD: HassKey[BackupHold] = HassKey(f"{DOMAIN}_backup_hold")

# Each action that reads the ledger occupies one of the few threads that all integrations share.
MAX_PARALLEL_ACTIONS: Final = 2
# Each report asks for hundreds of days, and may wait for a calendar.
MAX_PARALLEL_REPORTS: Final = 4


class QuarantineFullError(Exception):
    """Some intervals could neither be stored nor quarantined, so the camera has to keep the push."""


class Receiver:
    """Stores pushes, and keeps a coordinator for each camera and each place."""

    def __init__(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
        """Create the ledger object; its file is opened when the ledger is first used."""
        self.hass = hass
        self.entry = entry
        self.configured = configured(hass, entry)
        self.is_reloading = False
        self._routes = routes_of(replacements_of(entry))

        def moved_aside(path: Path) -> None:
            hass.loop.call_soon_threadsafe(self._async_moved_aside, path)

        def damaged_day() -> None:
            hass.loop.call_soon_threadsafe(self._async_day_damaged)

        path = Path(hass.config.path(LEDGER_FILE))
        self.ledger = Ledger(path, moved_aside, damaged_day, async_backup_hold(hass))
        self.writable = True
        self.listener: Listener | None = None
        self.statistics = StatisticsWriter(hass, entry, self.ledger)
        self.cameras: dict[str, CameraCoordinator] = {}
        self.camera_callbacks: list[Callable[[CameraCoordinator], None]] = []
        self.places: dict[str, PlaceCoordinator] = {}
        # By serial number, for the cameras that a person has given access to.
        self.accesses = {
            serial: self._access(serial, subentry.data)
            for subentry in entry.get_subentries_of_type(SUBENTRY_CAMERA)
            if (serial := str(subentry.unique_id))
        }
        self.agreement = Agreement(hass, entry, self.ledger, self.cameras, self.accesses)
        doors = Doors(hass, entry, self.ledger, self.cameras, self.places)
        self.direction_check = DirectionCheck(doors)
        self.counting_check = CountingCheck(doors)
        self.imports = Imports(
            hass, entry, self.ledger, self.statistics, self.agreement, self.cameras, self.places, self._routes
        )
        self._live_polling = LivePolling(hass, entry, self.accesses, self._camera_now)
        # The places of each camera, by keys.
        self._places_of: dict[str, list[str]] = {}
        self._adding = asyncio.Lock()
        # Cameras whose first push is stored, but not shown yet.
        self._new_keys: set[str] = set()
        # Cameras and places share a queue, so a place is read once for all of its cameras that are queued before it.
        self._queue = ShowQueue(hass, entry, self._async_show)
        self.problems = SenderProblems(hass)
        self.replacement_offer = ReplacementOffer(hass, entry, self.cameras)
        self.parallel_actions = asyncio.Semaphore(MAX_PARALLEL_ACTIONS)
        self.parallel_reports = asyncio.Semaphore(MAX_PARALLEL_REPORTS)

    async def async_start(self) -> None:
        """Create the coordinators of all cameras in the ledger and of all places.

        Raises LedgerError and LedgerTooNewError.
        """
        places = [
            await PlaceSettings.async_of(subentry) for subentry in self.entry.get_subentries_of_type(SUBENTRY_PLACE)
        ]
        try:
            await self._async_store_settings()
            cameras = await self.ledger.cameras()
            obsolete = await self.ledger.obsolete_series()
            await self.ledger.set_places([place.place for place in places])
            await self.ledger.keep_opening_days([place.key for place in places if place.opening_hours])
        except LedgerError as err:
            self._async_ledger_failed(err)
            raise
        self._async_ledger_recovered()
        # The issue is shown again when the next camera beyond the limit pushes.
        issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        # The access to a camera may have been removed.
        issues.async_end_all_but(self.hass, issues.ACCESS_REFUSED, self.accesses)
        self._async_remove_obsolete_devices()
        for camera in cameras:
            await self._async_add(camera, has_sent_new_counts=True)
        await self._live_polling.async_go_on()
        await self._async_start_places(places)
        self.statistics.async_start([camera.key for camera in cameras], places, obsolete)
        await self.agreement.async_start(self.entry)
        async_start_housekeeping(self.hass, self.entry, self.ledger, self.cameras, self.places, self.imports)
        self.direction_check.async_start()
        self.counting_check.async_start()
        self._live_polling.async_start()

    async def _async_store_settings(self) -> None:
        """Store the entry's settings in the ledger; directions only in the ledger go to the entry first."""
        now = int(dt_util.utcnow().timestamp())
        await self.ledger.set_routes(self._routes, now)
        if CONF_REVERSED_CAMERAS not in self.entry.options:
            async_keep_directions(self.hass, self.entry, await self.ledger.reversed_cameras())
        await self.ledger.set_directions(lambda: self.entry.options.get(CONF_REVERSED_CAMERAS, ()))

    async def _async_start_places(self, places: list[PlaceSettings]) -> None:
        for settings in places:
            async_add_place_device(self.hass, self.entry, settings)
            place = PlaceCoordinator(
                self.hass,
                self.entry,
                self.ledger,
                self.statistics,
                settings,
                self.cameras,
                self._is_unshown,
            )
            self.places[settings.key] = place
            for key in settings.keys:
                self._places_of.setdefault(key, []).append(settings.key)
        for key, place in self.places.items():
            await self._async_show_place(key)
            self.entry.async_on_unload(place.opening.async_start())
        for key in self.cameras:
            async_link_camera(self.hass, self.entry, key, self._places_of.get(key, ()))

    async def async_stop(self) -> None:
        """Close the ledger after it has stored all pushes."""
        self.async_stop_showing()
        await self.ledger.close()
        if self.entry.disabled_by:
            # While the entry is disabled, nothing would end the issues.
            issues.async_end_all(self.hass, persistent=False)

    @property
    def is_unloading(self) -> bool:
        """Return True if the entities are being removed. No entity may be added then."""
        return self._queue.is_stopped

    @callback
    def async_stop_showing(self) -> None:
        """Update no entities any more; pushes are still stored."""
        self._queue.async_stop()

    @callback
    def async_resume_showing(self) -> None:
        """Update entities again, because they could not be removed."""
        self._queue.async_resume()

    async def async_receive(self, document: Document, arrived: datetime) -> None:
        """Store the counts of a document; `arrived` is the time at which the head of its request arrived.

        Raises ClockError, TooManyCamerasError and LedgerError if nothing is stored, and QuarantineFullError if some
        intervals didn't fit into the quarantine.
        """
        self.problems.async_check_clock(document, arrived)
        sender = document.sender
        if self.listener:
            issues.async_end(self.hass, issues.CERTIFICATE_REFUSED, sender.serial)
        if isinstance(document, TestMessage):
            if camera := self.cameras.get(self.key_of(sender.serial)):
                await camera.async_received()
            return
        try:
            received = int(dt_util.utcnow().timestamp())
            changes = await self.ledger.record(document, received)
        except TooManyCamerasError:
            self.problems.async_too_many_cameras(sender)
            raise
        except LedgerError as err:
            if not self.is_unloading:
                self._async_ledger_failed(err)
            raise
        self._async_ledger_recovered()
        self.problems.async_stored(document)
        # The counts are stored: an error while they are shown must not make the camera send them again.
        self._async_publish(changes)
        self.problems.async_note_not_stored(sender, changes.not_stored)
        if changes.not_stored:
            raise QuarantineFullError("The quarantine is full.")

    @callback
    def _async_remove_obsolete_devices(self) -> None:
        """Remove the devices and issues of keys that no camera counts for any more."""
        # After a replacement was undone, the device of a key that no camera counts for may remain.
        unused = {key for key in async_device_keys(self.hass, self.entry) if not is_held(self._routes, key)}
        for key in obsolete_keys(self._routes) | unused:
            async_remove_device(self.hass, self.entry, key)
            self.problems.async_end_of_key(key)

    @callback
    def key_of(self, serial: str) -> str:
        """Return the key that a camera counts for now."""
        return key_at(self._routes.get(serial, ()), serial)

    async def async_remove_camera(self, key: str) -> None:
        """Remove a camera until it pushes again; its counts stay in the ledger.

        Raises LedgerError.
        """
        await self.ledger.set_removed(key)
        if camera := self.cameras.pop(key, None):
            self.replacement_offer.async_camera_changed(key)
            self.problems.async_end_of_serial(camera.camera.serial)
            await camera.async_shutdown()
            self._async_doors_changed(key)
        issues.async_end(self.hass, issues.TOO_MANY_CAMERAS)
        self.problems.async_end_of_key(key)

    @callback
    def async_give_access(self, serial: str, settings: Mapping[str, Any]) -> None:
        """Use what a person has entered, even if it is the same again: the camera may accept it now."""
        self.accesses[serial] = self._access(serial, settings)
        self._async_access_changed(serial, False)
        self._live_polling.async_start_one(serial)

    def _camera_now(self, serial: str) -> CameraCoordinator | None:
        """Return the coordinator that a camera counts for now, None if there is none or another camera has followed."""
        camera = self.cameras.get(self.key_of(serial))
        return camera if camera and camera.camera.serial == serial else None

    def _access(self, serial: str, settings: Mapping[str, Any]) -> CameraAccess:
        return CameraAccess(
            self.hass,
            serial,
            settings,
            on_change=partial(self._async_access_changed, serial),
            on_moved=partial(self._async_moved, serial),
        )

    @callback
    def _async_moved(self, serial: str, address: str) -> None:
        """Keep the new address of a camera."""
        if subentry := access_to(self.entry, serial):
            data = {**subentry.data, CONF_HOST: address}
            self.hass.config_entries.async_update_subentry(self.entry, subentry, data=data)
            camera = self._camera_now(serial)
            _LOGGER.info("%s is at %s now", camera.device_name if camera else serial, address)

    @callback
    def _async_access_changed(self, serial: str, is_refused: bool) -> None:
        """Show an issue while a camera doesn't let us in, until a person signs in anew."""
        if self.is_unloading:
            # The access may be removed; if not, the next receiver finds the same.
            return
        camera = self.cameras.get(self.key_of(serial))
        name = camera.device_name if camera else serial
        address = camera.camera.ip_address if camera else None
        placeholders = name_placeholders(name, address)
        issues.async_show_while(self.hass, is_refused, issues.ACCESS_REFUSED, serial, **placeholders)

    @callback
    def async_cameras_at(self, address: str) -> list[CameraCoordinator]:
        """Return the cameras that report this IP address: several may, on separate networks or one after another."""
        return [camera for camera in self.cameras.values() if camera.camera.ip_address == address]

    @callback
    def async_certificate_refused(self, address: str) -> None:
        """Show that a known camera doesn't trust the certificate; clients at other addresses are ignored."""
        # A camera that gets through trusts the certificate, so another client at its address has refused it.
        refusing = [camera for camera in self.async_cameras_at(address) if not camera.gets_through]
        if refusing:
            camera = max(refusing, key=attrgetter("last_message")).camera
            issues.async_begin(
                self.hass,
                issues.CERTIFICATE_REFUSED,
                camera.serial,
                **name_placeholders(camera.name),
                address=url_host(address),
            )

    @callback
    def _async_publish(self, changes: Changes) -> None:
        """Queue a stored push to be written to statistics and shown."""
        for key, since in changes.other_keys:
            if key in self.cameras:
                self.statistics.async_changed(key, since)
                self.agreement.async_changed(key, since)
                self._queue.async_add(key)
        key = changes.camera.key
        if changes.since is not None:
            self.statistics.async_changed(key, changes.since)
            self.agreement.async_changed(key, changes.since)
        if key in self.cameras:
            self._queue.async_add(key, changes)
        else:
            # Adding a camera takes long, and known cameras must not wait for it in the queue.
            self._new_keys.add(key)
            self.entry.async_create_task(self.hass, self._async_show_new(changes))

    async def _async_show_new(self, changes: Changes) -> None:
        if not await self._async_add(changes.camera, has_sent_new_counts=not has_history(changes)):
            self._async_publish(changes)
        self._new_keys.discard(changes.camera.key)

    @callback
    def _is_unshown(self, key: str) -> bool:
        """Return True if counts of a camera are stored that its coordinator doesn't know yet."""
        return key in self._new_keys or self._queue.has_pushes(key)

    async def _async_show(self, key: str, pushes: list[Changes]) -> None:
        if key in self.places:
            await self._async_show_place(key)
        else:
            await self._async_show_camera(key, pushes)

    async def _async_show_camera(self, key: str, pushes: list[Changes]) -> None:
        """Show a camera with its pushes since it was shown last."""
        camera = self.cameras.get(key)
        if camera and not pushes:
            # Refreshed without a push of its own: a camera that used this key earlier sent late counts.
            await camera.async_refresh()
        elif camera:
            if _description(camera.camera) != _description(pushes[-1].camera):
                async_update_camera_device(self.hass, self.entry, pushes[-1].camera)
            await camera.async_received(pushes)

    async def _async_show_place(self, key: str) -> None:
        """Show a place, or count the next part of a long history and let others be shown in between."""
        if await self.places[key].async_count_history():
            self._queue.async_add(key)
        else:
            await self.places[key].async_refresh()

    async def _async_add(self, camera: Camera, *, has_sent_new_counts: bool) -> bool:
        """Add a camera with its entities; return False if it exists already, so that its push still has to be shown."""
        async with self._adding:
            if self.is_unloading:
                return True
            if camera.key in self.cameras:
                return False
            async_update_camera_device(self.hass, self.entry, camera)
            coordinator = CameraCoordinator(
                self.hass,
                self.entry,
                self.ledger,
                self.statistics,
                camera,
                has_sent_new_counts=has_sent_new_counts,
            )
            await coordinator.async_refresh()
            if self.is_unloading:
                return True
            self.cameras[camera.key] = coordinator
            # The coordinator's shutdown ends this listener.
            coordinator.async_add_listener(partial(self._async_camera_changed, camera.key))
            if self.places:
                async_link_camera(self.hass, self.entry, camera.key, self._places_of.get(camera.key, ()))
            self._async_camera_changed(camera.key)
            self.replacement_offer.async_update()
        for camera_callback in self.camera_callbacks:
            camera_callback(coordinator)
        return True

    @callback
    def _async_camera_changed(self, key: str) -> None:
        """Update what depends on a camera."""
        self._async_doors_changed(key)
        self.replacement_offer.async_camera_changed(key)

    @callback
    def _async_doors_changed(self, key: str) -> None:
        """Queue the places of a camera to be shown."""
        for place in self._places_of.get(key, ()):
            self._queue.async_add(place)

    @callback
    def _async_ledger_failed(self, err: LedgerError) -> None:
        self.writable = False
        # Each retry of the set-up has a receiver of its own, so the issue shows what was logged.
        if not issues.async_is_shown(self.hass, issues.LEDGER_NOT_WRITABLE):
            _LOGGER.error("Counts can't be stored in %s: %s", self.ledger.path, err)
        issues.async_begin(
            self.hass,
            issues.LEDGER_NOT_WRITABLE,
            path=plain(str(self.ledger.path)),
            error=plain(error_text(self.hass, err)),
        )

    @callback
    def _async_ledger_recovered(self) -> None:
        if not self.writable:
            self.writable = True
            _LOGGER.info("Counts are stored again in %s", self.ledger.path)
        issues.async_end(self.hass, issues.LEDGER_NOT_WRITABLE)

    @callback
    def _async_day_damaged(self) -> None:
        """Read the cameras again: a day of one of them no longer counts, which its coordinator shows as an issue."""
        for key in self.cameras:
            self.statistics.async_changed(key, 0)
            self._queue.async_add(key)

    @callback
    def _async_moved_aside(self, path: Path) -> None:
        _LOGGER.error("%s was damaged or isn't a ledger; it was renamed to %s and replaced", self.ledger.path, path)
        # Diagnostics contain this issue unredacted, and the path may contain the name of a person.
        issues.async_begin(self.hass, issues.LEDGER_MOVED_ASIDE, file=plain(path.name))


@callback
def async_backup_hold(hass: HomeAssistant) -> BackupHold:
    """Return the hold that keeps the ledger's file unchanged during a backup."""
    return hass.data.setdefault(_DATA_BACKUP_HOLD, BackupHold())


def access_to(entry: ConfigEntry, serial: str) -> ConfigSubentry | None:
    """Return the subentry with the access to a camera, None if there is none."""
    subentries = entry.get_subentries_of_type(SUBENTRY_CAMERA)
    return next((subentry for subentry in subentries if subentry.unique_id == serial), None)


@callback
def async_keep_access(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, subentry: ConfigSubentry, access: Mapping[str, Any]
) -> None:
    """Keep another access to a camera."""
    if entry.state is ConfigEntryState.LOADED:
        # Data that stay the same reload nothing.
        entry.runtime_data.async_give_access(str(subentry.unique_id), access)
    hass.config_entries.async_update_subentry(entry, subentry, data=access)


def configured(hass: HomeAssistant, entry: ConfigEntry) -> tuple[object, ...]:
    """Return all settings that need a reload when they change."""
    # Copy the data: Home Assistant changes a subentry in place.
    return (
        hass.config.time_zone,
        options_of_a_reload(entry),
        ListenerSettings.of(entry.data),
        # A camera that was found at another address is there already.
        {key: (subentry.title, {**subentry.data, CONF_HOST: None}) for key, subentry in entry.subentries.items()},
    )


def _description(camera: Camera) -> tuple[str | None, ...]:
    return camera.serial, camera.name, camera.application, camera.version, camera.ip_address
