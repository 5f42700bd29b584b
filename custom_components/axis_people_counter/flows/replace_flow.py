"""Replace a camera: the steps of the config flow, and what they share with the repair of a new camera.

Knows which cameras are old or new, and what a replacement changes in places and options.
"""

from datetime import UTC, datetime
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryState, ConfigFlow, ConfigFlowResult, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers import selector

from ..const import CONF_DOORS, CONF_REVERSED_DOORS, SUBENTRY_PLACE
from ..counting import Replacement, is_held, routes_of, without_last
from ..receiver import PeopleCounterConfigEntry, Receiver
from ..settings import async_forget_replacement, async_keep_replacement, replacements_of
from ..texts import abort_on_ledger_errors, plain, wall_clock

CONF_OLD_CAMERA: Final = "old_camera"
CONF_NEW_CAMERA: Final = "new_camera"


async def async_old_cameras(receiver: Receiver) -> dict[str, str]:
    """Return the names of cameras that are silent or were removed, by key. Raises LedgerError."""
    gone = await receiver.ledger.removed_cameras()
    silent = (camera for camera in receiver.cameras.values() if not camera.connected)
    return {
        **{camera.key: camera.device_name for camera in silent},
        **{camera.key: camera.name for camera in gone},
    }


@callback
def async_new_cameras(receiver: Receiver) -> dict[str, str]:
    """Return the names of cameras that report and don't replace one already, by key."""
    cameras = receiver.cameras.values()
    return {
        camera.key: camera.device_name for camera in cameras if receiver.replacement_offer.async_may_replace(camera)
    }


async def async_confirmation(entry: PeopleCounterConfigEntry, old_camera: str, new_camera: str) -> dict[str, str]:
    """Return the placeholders of the confirmation.

    Raises LedgerError, and AbortFlow if the camera can no longer be replaced.
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
    """Replace a camera by another one. Raises LedgerError.

    The options change last: that reloads the entry, which does the rest.
    """
    receiver, serial = entry.runtime_data, entry.runtime_data.cameras[new_camera].camera.serial
    since = await _async_since(receiver, old_camera, new_camera)
    for subentry in entry.get_subentries_of_type(SUBENTRY_PLACE):
        data = {**subentry.data, **_doors(subentry, old_camera, new_camera)}
        hass.config_entries.async_update_subentry(entry, subentry, data=data)
    if camera := receiver.cameras.get(old_camera):
        # The old camera's problems end; they come back if it reports again.
        receiver.problems.async_end_of_serial(camera.camera.serial)
    async_keep_replacement(hass, entry, Replacement(old_camera, serial, since))


@callback
def async_replaced_cameras(entry: PeopleCounterConfigEntry) -> dict[str, str]:
    """Return the cameras whose replacement can be undone, by key: name of the new camera, and since when.

    A replacement stays if the old camera counts at another key now: without it, nothing would count at this key.
    """
    cameras = entry.runtime_data.cameras
    replacements = replacements_of(entry)
    since = {
        replacement.key: replacement.since
        for replacement in replacements
        if is_held(routes_of(without_last(replacements, replacement.key)), replacement.key)
    }
    return {
        key: f"{cameras[key].device_name} ({wall_clock(datetime.fromtimestamp(at, UTC))})"
        for key, at in since.items()
        if key in cameras
    }


def camera_field(cameras: dict[str, str]) -> selector.SelectSelector:
    """Return a list to choose a camera from; unlike a dropdown it works with the keyboard."""
    options = [selector.SelectOptionDict(value=key, label=name) for key, name in cameras.items()]
    return selector.SelectSelector(
        selector.SelectSelectorConfig(options=options, mode=selector.SelectSelectorMode.LIST)
    )


async def _async_since(receiver: Receiver, old: str, new: str) -> int:
    """Return when the new camera starts to count: at the end of the old one's counts. Raises LedgerError."""
    counted_until = await receiver.ledger.counted_until(old)
    # Counts that were deleted can't move, and neither can their hours in recorder.
    kept_since = await receiver.ledger.kept_since()
    serial = receiver.cameras[new].camera.serial
    # Counts from before an earlier replacement of either camera stay where they are.
    replacements = replacements_of(receiver.entry)
    of_key = (replacement.since for replacement in replacements if replacement.key == old)
    of_camera = (route.since for route in routes_of(replacements).get(serial, ()))
    return max((counted_until or 0, kept_since, *of_key, *of_camera))


def _doors(subentry: ConfigSubentry, old: str, new: str) -> dict[str, list[str]]:
    """Return the doors of a place with the old camera's key instead of the new one's, and without duplicates."""
    ways = (CONF_DOORS, CONF_REVERSED_DOORS)
    is_door = any(old in subentry.data[way] for way in ways)
    return {
        way: [old if door == new else door for door in subentry.data[way] if door != new or not is_door] for way in ways
    }


class ReplaceSteps(ConfigFlow):
    """The steps of the config flow that replace a camera, or undo that."""

    def __init__(self) -> None:
        """Start without a choice of cameras."""
        self._replaced: dict[str, str] = {}

    async def async_step_replace(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the old camera and the new one."""
        entry: PeopleCounterConfigEntry = self._get_reconfigure_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        if user_input is not None:
            self._replaced = user_input
            return await self.async_step_replace_confirm()
        with abort_on_ledger_errors():
            old = await async_old_cameras(entry.runtime_data)
        new = async_new_cameras(entry.runtime_data)
        if not old or not new:
            return self.async_abort(reason="nothing_to_replace")
        return self.async_show_form(
            step_id="replace",
            data_schema=vol.Schema(
                {vol.Required(CONF_OLD_CAMERA): camera_field(old), vol.Required(CONF_NEW_CAMERA): camera_field(new)}
            ),
        )

    async def async_step_replace_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for confirmation, then replace the camera."""
        entry: PeopleCounterConfigEntry = self._get_reconfigure_entry()
        with abort_on_ledger_errors():
            confirmation = await async_confirmation(entry, **self._replaced)
            if user_input is None:
                return self.async_show_form(
                    step_id="replace_confirm", data_schema=vol.Schema({}), description_placeholders=confirmation
                )
            await async_replace(self.hass, entry, **self._replaced)
        return self.async_abort(reason="camera_replaced", description_placeholders=confirmation)

    async def async_step_undo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a replacement, and undo it."""
        entry: PeopleCounterConfigEntry = self._get_reconfigure_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        replaced = async_replaced_cameras(entry)
        if not replaced:
            return self.async_abort(reason="nothing_to_undo")
        if user_input is not None and user_input[CONF_OLD_CAMERA] in replaced:
            key = user_input[CONF_OLD_CAMERA]
            new = plain(entry.runtime_data.cameras[key].camera.name)
            async_forget_replacement(self.hass, entry, key)
            return self.async_abort(reason="replacement_undone", description_placeholders={"new": new})
        return self.async_show_form(
            step_id="undo", data_schema=vol.Schema({vol.Required(CONF_OLD_CAMERA): camera_field(replaced)})
        )
