"""Replace a camera: which ones are gone, which one may take the place of one, and what that changes."""

from datetime import UTC, datetime
from typing import Final

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers import selector

from .const import CONF_DOORS, CONF_REVERSED_DOORS, SUBENTRY_PLACE
from .counting import Replacement, is_held, routes_of, without_last
from .history import async_camera_name
from .messages import plain, wall_clock
from .receiver import PeopleCounterConfigEntry, Receiver
from .settings import async_keep_replacement, replacements_of

CONF_OLD_CAMERA: Final = "old_camera"
CONF_NEW_CAMERA: Final = "new_camera"


async def async_old_cameras(receiver: Receiver) -> dict[str, str]:
    """Return the names of cameras that are silent or were removed, by key. Raises LedgerError."""
    gone = await receiver.ledger.removed_cameras()
    silent = (camera for camera in receiver.cameras.values() if not camera.connected)
    return {
        **{camera.key: async_camera_name(camera) for camera in silent},
        **{camera.key: camera.name for camera in gone},
    }


@callback
def async_new_cameras(receiver: Receiver) -> dict[str, str]:
    """Return the names of cameras that report and don't replace one already, by key."""
    cameras = receiver.cameras.values()
    return {
        camera.key: async_camera_name(camera)
        for camera in cameras
        if receiver.replacement_offer.async_may_replace(camera)
    }


async def async_confirmation(entry: PeopleCounterConfigEntry, old_camera: str, new_camera: str) -> dict[str, str]:
    """Return the placeholders for the question whether a camera shall replace another.

    Raises LedgerError, and AbortFlow where it can't do so any more.
    """
    if entry.state is not ConfigEntryState.LOADED:
        raise AbortFlow("not_loaded")
    receiver = entry.runtime_data
    old, new = await async_old_cameras(receiver), async_new_cameras(receiver)
    if old_camera not in old or new_camera not in new:
        raise AbortFlow("nothing_to_replace")
    since = await _async_since(receiver, old_camera, new_camera)
    return {
        "old": plain(old[old_camera]),
        "new": plain(new[new_camera]),
        "since": wall_clock(datetime.fromtimestamp(since or receiver.cameras[new_camera].camera.appeared, UTC)),
    }


async def async_replace(hass: HomeAssistant, entry: PeopleCounterConfigEntry, old_camera: str, new_camera: str) -> None:
    """Have a camera take over from another. Raises LedgerError.

    What follows is done when the entry is loaded anew, which begins at once.
    """
    receiver, serial = entry.runtime_data, entry.runtime_data.cameras[new_camera].camera.serial
    since = await _async_since(receiver, old_camera, new_camera)
    for subentry in entry.subentries.values():
        if subentry.subentry_type == SUBENTRY_PLACE:
            data = {**subentry.data, **_doors(subentry, old_camera, new_camera)}
            hass.config_entries.async_update_subentry(entry, subentry, data=data)
    if camera := receiver.cameras.get(old_camera):
        # Nothing waits for what is gone. Should it report again, so do these.
        receiver.problems.async_end_of_serial(camera.camera.serial)
    async_keep_replacement(hass, entry, Replacement(old_camera, serial, since))


@callback
def async_replaced_cameras(entry: PeopleCounterConfigEntry) -> dict[str, str]:
    """Return the cameras that another one has replaced last, by key: names, and since when.

    One that counts elsewhere now can't come back to its key: nothing would count there, and its entities would go.
    """
    cameras = entry.runtime_data.cameras
    replacements = replacements_of(entry)
    since = {
        replacement.key: replacement.since
        for replacement in replacements
        if is_held(routes_of(without_last(replacements, replacement.key)), replacement.key)
    }
    return {
        key: f"{async_camera_name(cameras[key])} ({wall_clock(datetime.fromtimestamp(at, UTC))})"
        for key, at in since.items()
        if key in cameras
    }


def camera_field(cameras: dict[str, str]) -> selector.SelectSelector:
    """Return a field to choose a camera in, which the keyboard reaches as well."""
    options = [selector.SelectOptionDict(value=key, label=name) for key, name in cameras.items()]
    return selector.SelectSelector(
        selector.SelectSelectorConfig(options=options, mode=selector.SelectSelectorMode.LIST)
    )


async def _async_since(receiver: Receiver, old: str, new: str) -> int:
    """Return from when on the new camera counts: the end of what the old one has counted. Raises LedgerError."""
    counted_until = await receiver.ledger.counted_until(old)
    serial = receiver.cameras[new].camera.serial
    # Where either was part of a replacement before, what was counted until then stays where it is.
    replacements = replacements_of(receiver.entry)
    of_key = (replacement.since for replacement in replacements if replacement.key == old)
    of_camera = (route.since for route in routes_of(replacements).get(serial, ()))
    return max((counted_until or 0, *of_key, *of_camera))


def _doors(subentry: ConfigSubentry, old: str, new: str) -> dict[str, list[str]]:
    """Return the doors of a place: the old camera's key stands for the new one, once and in its own direction."""
    ways = (CONF_DOORS, CONF_REVERSED_DOORS)
    is_door = any(old in subentry.data[way] for way in ways)
    return {
        way: [old if door == new else door for door in subentry.data[way] if door != new or not is_door] for way in ways
    }
