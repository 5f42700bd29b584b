"""Talks to Home Assistant's own conversation agent, as a person does."""

from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import HomeAssistant


def expose(hass: HomeAssistant, *entities: str, is_exposed: bool = True) -> None:
    """Expose entities to voice assistants, as a person does in the settings."""
    for entity in entities:
        async_expose_entity(hass, "conversation", entity, is_exposed)


async def ask(hass: HomeAssistant, text: str, language: str = "en") -> str:
    """Return the answer to a question."""
    answer: Any = await hass.services.async_call(
        "conversation", "process", {"text": text, "language": language}, blocking=True, return_response=True
    )
    return str(answer["response"]["speech"]["plain"]["speech"])
