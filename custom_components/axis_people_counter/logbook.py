"""The line of Activity that says how many people passed; the entity's own line says only whether they came or left.

Home Assistant calls it when somebody opens Activity. The events are fired in event.py.
"""

from collections.abc import Callable
from typing import Any

from homeassistant.components.logbook import LOGBOOK_ENTRY_ENTITY_ID, LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_PASSAGE
from .texts import Message, translate


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Describe passages in Home Assistant's language."""

    def describe(event: Event) -> dict[str, Any]:
        entity_id, count = event.data[ATTR_ENTITY_ID], event.data["count"]
        filled_in = {"count": str(count)}
        if event.data["event_type"] == "entered":
            message = Message("person_entered" if count == 1 else "people_entered", filled_in)
        else:
            message = Message("person_left" if count == 1 else "people_left", filled_in)
        state = hass.states.get(entity_id)
        return {
            LOGBOOK_ENTRY_NAME: state.name if state else entity_id,
            LOGBOOK_ENTRY_MESSAGE: translate(hass, message),
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    async_describe_event(DOMAIN, EVENT_PASSAGE, describe)
