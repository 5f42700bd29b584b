"""The base of the flows of repair issues."""

from collections.abc import Mapping, Sequence
from typing import Final

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..const import DOMAIN
from ..coordinator import CameraCoordinator
from ..receiver import PeopleCounterConfigEntry
from .choices import choice_field

CONF_CHOICE: Final = "choice"


def choice_schema(choices: Sequence[str], translation_key: str) -> vol.Schema:
    """Return a form with a list of choices."""
    return vol.Schema(choice_field(CONF_CHOICE, choices, translation_key))


class RepairFlow(RepairsFlow):
    """The base of all flows. They go on without their issue, which may end meanwhile."""

    def __init__(self, data: Mapping[str, str]) -> None:
        """Take the data of the issue."""
        self._data = data

    @property
    def _entry(self) -> PeopleCounterConfigEntry:
        """The loaded entry. Raises AbortFlow if there is none."""
        entries: list[PeopleCounterConfigEntry] = self.hass.config_entries.async_loaded_entries(DOMAIN)
        if not entries:
            raise AbortFlow("not_loaded")
        return entries[0]

    def _async_succeed(self, description: str, placeholders: Mapping[str, str]) -> RepairsFlowResult:
        """End the flow and its issue. Home Assistant shows this as a success, unlike an abort."""
        return self.async_create_entry(data={}, description=description, description_placeholders={**placeholders})

    @property
    def _camera(self) -> CameraCoordinator:
        """The camera that the issue is about. Raises AbortFlow if it has been removed."""
        camera = self._entry.runtime_data.cameras.get(self._data["about"])
        if camera is None:
            raise AbortFlow("nothing_left")
        return camera
