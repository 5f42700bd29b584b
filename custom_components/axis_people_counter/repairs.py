"""What can be done about a repair issue."""

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Let the user confirm having read that a ledger was moved aside: the only issue that tells of the past."""
    return ConfirmRepairFlow()
