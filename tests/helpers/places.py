"""Places in the test instance, added as a user does, and their states."""

from datetime import datetime, timedelta
from typing import Any, Final

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from .pusher import SERIAL, Document, Pusher, measurement

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
BACK: Final = "accc8e000001"
# Two doors of a shop: the one that the tests' documents come from, and another.
BACK_DOOR: Final = {"serial": BACK, "name": "Back door"}
MORE: Final = {"hysteresis": 0, "daily_reset": True, "reset_time": "00:00:00", "reset_value": 0}


def form(
    doors: tuple[str, ...] = (SERIAL, BACK),
    reversed_doors: tuple[str, ...] = (),
    *,
    name: str = "Shop",
    limits: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return what a user enters for a place; fields that are None are left out."""
    more = {**MORE, **(limits or {}), **more}
    hours = {key: more.pop(key) for key in ("opening_hours", "sales", "goal") if key in more}
    entered: dict[str, Any] = {"capacity": more.pop("capacity")} if "capacity" in more else {}
    return {
        **entered,
        "name": name,
        "doors": list(doors),
        "neighbours": {"reversed_doors": list(reversed_doors)},
        **({"hours": hours} if hours else {}),
        "more": {key: value for key, value in more.items() if value is not None},
    }


async def add_place(hass: HomeAssistant, entry: MockConfigEntry, *doors: Any, **fields: Any) -> str:
    """Add a place through the flow, and return its key."""
    known = set(entry.subentries)
    result = await hass.config_entries.subentries.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM, result
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], form(*doors, **fields))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    await hass.async_block_till_done()
    (key,) = set(entry.subentries) - known
    return key


async def push_two_doors(
    pusher: Pusher, *, main: list[Document] | None = None, back: list[Document] | None = None
) -> None:
    """Push from both doors."""
    await pusher.push(*(main or []))
    await pusher.push(*(back or []), sensor=BACK_DOOR)


async def both(
    pusher: Pusher, at: datetime = NOON, *, main: tuple[int, int] = (0, 0), back: tuple[int, int] = (0, 0)
) -> None:
    """Push the minute before an instant from both doors."""
    start = at - timedelta(minutes=1)
    await push_two_doors(pusher, main=[measurement(start, *main)], back=[measurement(start, *back)])


def entity_of(hass: HomeAssistant, key: str, name: str) -> str:
    """Return the id of an entity of a place."""
    for entity in er.async_get(hass).entities.values():
        if entity.unique_id == f"{key}_{name}":
            return entity.entity_id
    raise AssertionError(f"There is no {name}.")


def shown(hass: HomeAssistant, key: str, name: str) -> str:
    """Return the state of an entity of a place."""
    state = hass.states.get(entity_of(hass, key, name))
    assert state
    return state.state


async def press(hass: HomeAssistant, domain: str, service: str, entity_id: str, **data: Any) -> None:
    """Call an action of an entity."""
    await hass.services.async_call(domain, service, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done()
