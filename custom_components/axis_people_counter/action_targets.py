"""The cameras and places that an action is called for. Called by services.py, import_actions.py and reports."""

from collections.abc import Iterable

from homeassistant.const import ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er, target

from .const import DOMAIN
from .coordinator import CameraCoordinator
from .devices import async_device
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry, Receiver


@callback
def async_targets(call: ServiceCall, *, with_places: bool = False) -> list[CameraCoordinator | PlaceCoordinator]:
    """Return the targets of an action: cameras, and places if the action takes them.

    Raises ServiceValidationError if there is none, or if a target is something else.
    """
    receiver = _async_receiver(call)
    possible: list[CameraCoordinator | PlaceCoordinator] = [*receiver.cameras.values()]
    if with_places:
        possible += receiver.places.values()
    devices = [
        (device, coordinator)
        for coordinator in possible
        if (device := async_device(call.hass, coordinator.config_entry, coordinator.key))
    ]
    known = {device.id for device, _ in devices}
    chosen = known if call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL else _async_target_device_ids(call, known)
    if not chosen:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_camera")
    return [coordinator for device, coordinator in devices if device.id in chosen]


@callback
def async_places(call: ServiceCall) -> list[PlaceCoordinator]:
    """Return the places that an action is called for, all of them without a target.

    Cameras in areas, floors and labels are skipped. Raises ServiceValidationError if there is no place, or if a target
    is something else.
    """
    if call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL or not target.TargetSelection(call.data).has_any_target:
        found: Iterable[CameraCoordinator | PlaceCoordinator] = _async_receiver(call).places.values()
    else:
        found = async_targets(call, with_places=True)
        for camera in found:
            if isinstance(camera, CameraCoordinator) and _async_is_named(call, camera):
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="only_places",
                    translation_placeholders={"target": camera.device_name},
                )
    if not (places := [place for place in found if isinstance(place, PlaceCoordinator)]):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_place")
    return places


@callback
def _async_is_named(call: ServiceCall, camera: CameraCoordinator) -> bool:
    """Return True if a camera or one of its entities is a target itself."""
    selection = target.TargetSelection(call.data)
    device = async_device(call.hass, camera.config_entry, camera.key)
    named = (er.async_get(call.hass).async_get(entity_id) for entity_id in selection.entity_ids)
    ids = {*selection.device_ids, *(entity.device_id for entity in named if entity)}
    return device is not None and device.id in ids


@callback
def _async_receiver(call: ServiceCall) -> Receiver:
    """Return the hub of the entry. Raises ServiceValidationError if it isn't loaded."""
    entries: list[PeopleCounterConfigEntry] = call.hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_loaded")
    return entries[0].runtime_data


@callback
def _async_target_device_ids(call: ServiceCall, known: set[str]) -> set[str]:
    """Return the known devices among the targets; other devices in areas, floors and labels are skipped.

    Raises ServiceValidationError for another device or entity that is a target itself.
    """
    devices, entities = dr.async_get(call.hass), er.async_get(call.hass)
    selection = target.TargetSelection(call.data)
    # An area with only a camera's diagnostic entities selects the camera too.
    selected = target.async_extract_referenced_entity_ids(call.hass, selection, primary_entities_only=False)

    def device_id_of(entity_id: str) -> str | None:
        entity = entities.async_get(entity_id)
        return entity.device_id if entity and entity.platform == DOMAIN else None

    for device_id in selection.device_ids - known:
        device = devices.async_get(device_id)
        raise _not_camera((device and (device.name_by_user or device.name)) or device_id)
    for entity_id in selected.referenced:
        if device_id_of(entity_id) not in known:
            raise _not_camera(entity_id)
    entity_ids = selected.referenced | selected.indirectly_referenced
    return known & {*selected.referenced_devices, *map(device_id_of, entity_ids)}


def _not_camera(name: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key="not_camera", translation_placeholders={"target": name}
    )
