"""The flow of the repair issue about a door whose in and out have drifted apart.

The issue is begun and ended in checks/counting_check.py.
"""

from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..settings import async_confirm_part
from .repair_flow import RepairFlow


class DriftFlow(RepairFlow):
    """Shows what to look at; a person confirms that the counts are right as they are."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the numbers; when confirmed, the history of the door begins with the drift."""
        entry, key = self._entry, self._camera.key
        problem = await entry.runtime_data.counting_check.async_problem_of(key)
        if problem is None or problem.drift is None:
            raise AbortFlow("nothing_left")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm", data_schema=vol.Schema({}), description_placeholders={**self._data}
            )
        async_confirm_part(self.hass, entry, key, problem.drift.since)
        return self._async_succeed("confirmed", self._data)
