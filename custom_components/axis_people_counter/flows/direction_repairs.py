"""The flow of the repair issue about a door that seems to count backwards.

The issue is begun and ended in checks/direction_check.py.
"""

from typing import Any, Final

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import HomeAssistantError

from ..checks import BackwardDoor
from ..settings import async_confirm_direction, async_turn_door
from .repair_flow import CONF_CHOICE, RepairFlow, choice_schema

TURN: Final = "turn"
RIGHT: Final = "right"
DIRECTIONS: Final = (TURN, RIGHT)


class DirectionFlow(RepairFlow):
    """Turns a door round, or leaves it as it is for ever."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        has_places = (await self._async_door()).places
        return await (self.async_step_turn_at_place() if has_places else self.async_step_turn_camera())

    async def async_step_turn_camera(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Offer to exchange in and out of the camera."""
        return await self._async_step("turn_camera", user_input)

    async def async_step_turn_at_place(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Offer to exchange in and out of the door at some of its places."""
        return await self._async_step("turn_at_place", user_input)

    async def _async_step(self, step_id: str, user_input: dict[str, Any] | None) -> RepairsFlowResult:
        door, entry, camera = await self._async_door(), self._entry, self._camera
        if user_input is None:
            return self.async_show_form(
                step_id=step_id,
                data_schema=choice_schema(DIRECTIONS, "direction"),
                description_placeholders={**self._data},
            )
        if user_input[CONF_CHOICE] == RIGHT:
            async_confirm_direction(self.hass, entry, camera.key)
        elif door.places:
            for place in door.places:
                async_turn_door(self.hass, entry, place, camera.key)
        else:
            try:
                await camera.async_set_reversed(not camera.camera.reversed)
            except HomeAssistantError as err:
                raise AbortFlow("ledger_error", err.translation_placeholders) from err
        return self._async_succeed("left" if user_input[CONF_CHOICE] == RIGHT else "turned", self._data)

    async def _async_door(self) -> BackwardDoor:
        """Return the door as it was found last. Raises AbortFlow if it no longer seems wrong."""
        door = await self._entry.runtime_data.direction_check.async_problem_of(self._data["about"])
        if door is None:
            raise AbortFlow("nothing_left")
        return door
