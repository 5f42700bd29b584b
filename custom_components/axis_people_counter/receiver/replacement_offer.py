"""Repair issues that ask whether a new camera replaces a silent one. Called by the receiver when cameras change."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .. import issues
from ..const import CONF_DECLINED
from ..coordinator import CameraCoordinator
from ..settings import replacements_of
from ..texts import name_placeholders


class ReplacementOffer:
    """Shows an issue for each new camera that appeared about when another one fell silent."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, cameras: Mapping[str, CameraCoordinator]) -> None:
        """Share the receiver's mapping: cameras are added and removed later."""
        self._hass = hass
        self._entry = entry
        self._cameras = cameras
        self._silent: set[str] = set()

    @callback
    def async_camera_changed(self, key: str) -> None:
        """Update the issues if a camera has fallen silent, reports again or was removed."""
        camera = self._cameras.get(key)
        is_silent = camera is not None and not camera.connected
        if is_silent != (key in self._silent):
            self._silent ^= {key}
            self.async_update()

    @callback
    def async_may_replace(self, camera: CameraCoordinator) -> bool:
        """Return True if a camera is connected and hasn't replaced another one already."""
        return camera.connected and all(camera.key != replaced.key for replaced in replacements_of(self._entry))

    @callback
    def async_update(self) -> None:
        """Show an issue for each camera that may replace a silent one, and end all others."""
        silent = [self._cameras[key] for key in self._silent]
        declined = self._entry.options.get(CONF_DECLINED, ())
        for camera in self._cameras.values():
            is_offered = (
                any(camera.may_replace(other) for other in silent)
                and camera.key not in declined
                and self.async_may_replace(camera)
            )
            placeholders = name_placeholders(camera.camera.name, camera.camera.ip_address)
            issues.async_show_while(self._hass, is_offered, issues.NEW_CAMERA, camera.key, **placeholders)
