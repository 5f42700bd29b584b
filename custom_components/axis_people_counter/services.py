"""The actions of the integration."""

from typing import Final

import voluptuous as vol

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorEntity
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service

from .const import DOMAIN
from .protocol import MAX_COUNT
from .sensor import OccupancySensor

SERVICE_SET_OCCUPANCY: Final = "set_occupancy"
ATTR_VALUE: Final = "value"


async def _async_set_occupancy(entity: SensorEntity, call: ServiceCall) -> None:
    if not isinstance(entity, OccupancySensor):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_occupancy",
            translation_placeholders={"entity_id": entity.entity_id},
        )
    await entity.async_set_occupancy(call.data[ATTR_VALUE])


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; they stay while Home Assistant runs."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_SET_OCCUPANCY,
        entity_domain=SENSOR_DOMAIN,
        schema={vol.Required(ATTR_VALUE): vol.All(cv.positive_int, vol.Range(max=MAX_COUNT))},
        func=_async_set_occupancy,
    )
