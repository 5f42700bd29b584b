"""The action get_counts: its targets, its limits, and the errors that it raises."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.services import MAX_DAYS, MAX_ROWS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)

from .helpers.get_counts import MAIN, MINUTE, NOON, SIDE, SIDE_DOOR, ask, at, device_of, rows
from .helpers.pusher import SERIAL, Pusher


async def test_targets(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Targets may be devices, entities, areas, floors, labels or all; a camera that is named twice is answered once."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await pusher.push(at("2026-09-16T09:00:00Z", 4), sensor=SIDE_DOOR)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    device = device_of(hass)
    floor = fr.async_get(hass).async_create("Ground floor")
    hall = ar.async_get(hass).async_create("Hall", floor_id=floor.floor_id)
    garden = ar.async_get(hass).async_create("Garden")
    label = lr.async_get(hass).async_create("Doors")
    devices.async_update_device(device.id, area_id=hall.id)
    # Only a diagnostic entity of the side door is in the garden.
    entities.async_update_entity("binary_sensor.side_door_connectivity", area_id=garden.id)
    entities.async_update_entity(SIDE, labels={label.label_id})
    # A lamp in the same area is ignored.
    entities.async_get_or_create("light", "test", "lamp")
    entities.async_update_entity("light.test_lamp", area_id=hall.id)

    async def names(**target: Any) -> list[str]:
        return [camera["name"] for camera in await ask(hass, "2026-09-16", target, period="day")]

    assert await names(device_id=device.id) == ["Main entrance"]
    assert await names(entity_id="switch.main_entrance_reverse_direction") == ["Main entrance"]
    assert await names(device_id=device.id, entity_id=[MAIN, SIDE]) == ["Main entrance", "Side door"]
    assert await names(area_id=hall.id) == ["Main entrance"]
    assert await names(area_id=garden.id) == ["Side door"]
    assert await names(area_id=[hall.id, garden.id]) == ["Main entrance", "Side door"]
    assert await names(floor_id=floor.floor_id) == ["Main entrance"]
    assert await names(label_id=label.label_id) == ["Side door"]
    assert await names(entity_id="all") == ["Main entrance", "Side door"]


async def fails(hass: HomeAssistant, key: str, start: Any = "2026-09-16", **data: Any) -> str:
    """Call get_counts, expect an error with this key, and return its message."""
    with pytest.raises(ServiceValidationError) as info:
        await ask(hass, start, **data)
    assert info.value.translation_domain == DOMAIN
    assert info.value.translation_key == key
    message = str(info.value)
    assert message != key
    assert "{" not in message
    return message


async def test_wrong_targets(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The error names a target that isn't a camera; an area without cameras has an error of its own."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    other = MockConfigEntry(domain="test")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("test", SERIAL)}, name="A lamp"
    )
    light = er.async_get(hass).async_get_or_create("light", "test", "lamp", device_id=device.id)
    area = ar.async_get(hass).async_create("Garden")
    assert "A lamp" in await fails(hass, "not_camera", target={"device_id": device.id})
    assert "0123abcd" in await fails(hass, "not_camera", target={"device_id": "0123abcd"})
    assert light.entity_id in await fails(hass, "not_camera", target={"entity_id": [MAIN, light.entity_id]})
    await fails(hass, "not_camera", target={"entity_id": "sensor.nothing"})
    # A helper on a camera's page is not an entity of the camera.
    helper = er.async_get(hass).async_get_or_create("sensor", "test", "meter", device_id=device_of(hass).id)
    await fails(hass, "not_camera", target={"entity_id": helper.entity_id})
    await fails(hass, "no_camera", target={"area_id": area.id})
    await fails(hass, "no_camera", target={"area_id": "nowhere"})
    await fails(hass, "no_camera", target={"entity_id": "none"})
    await fails(hass, "no_camera", target={})


async def test_camera_that_was_deleted(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A deleted device, which an automation may still name, raises an error."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    device = device_of(hass)
    dr.async_get(hass).async_remove_device(device.id)
    await fails(hass, "not_camera", target={"device_id": device.id})
    await fails(hass, "no_camera", target={"entity_id": "all"})


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("start_in_future", "2026-09-16T12:00:01", None),
        ("start_in_future", "9999-12-31T23:59:59", None),
        ("start_in_future", "9999-12-31T23:59:59-12:00", None),
        ("start_too_early", "1999-12-31T23:59:59", None),
        ("start_too_early", "0001-01-01T00:00:00+12:00", None),
        ("end_before_start", "2026-09-15T12:00:00", "2026-09-15T11:59:59"),
        ("end_before_start", "2026-09-15T12:00:00", "2026-09-15T12:00:00"),
        ("end_before_start", "2026-09-15T12:00:00+02:00", "2026-09-15T10:00:00Z"),
        ("end_before_start", "2026-09-15T12:00:00", "0001-01-01T00:00:00"),
    ],
)
async def test_wrong_times(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, key: str, start: str, end: str | None
) -> None:
    """A wrong start or end raises an error that says what is wrong."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await fails(hass, key, start, **({} if end is None else {"end": end}))


async def test_wrong_fields(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The schema rejects wrong fields."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    wrong: tuple[dict[str, Any], ...] = (
        {"start": "yesterday"},
        {"start": 5},
        {"end": "later"},
        {"period": "year"},
        {"period": "interval"},
        {"limit": 1},
    )
    for data in wrong:
        with pytest.raises(vol.Invalid):
            await ask(hass, **{"start": "2026-09-16", **data})


async def test_limits(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Rows and days are limited over all cameras together; a request at the limit is answered."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    start = NOON - MAX_ROWS * 5 * MINUTE
    assert len(await rows(hass, start, period="5minute")) == MAX_ROWS
    assert str(MAX_ROWS) in await fails(hass, "too_many_rows", start - MINUTE, period="5minute")
    assert str(MAX_ROWS) in await fails(hass, "too_many_rows", "2000-01-01", period="5minute")
    start = datetime(2026, 9, 17) - timedelta(days=MAX_DAYS)  # noqa: DTZ001
    assert len(await rows(hass, start, period="day")) == MAX_DAYS
    assert str(MAX_DAYS) in await fails(hass, "too_many_days", start - MINUTE, period="day")

    await pusher.push(at("2026-09-16T09:00:00Z", 4), sensor={**SIDE_DOOR, "timeZone": "Europe/Stockholm"})
    both = {"entity_id": [MAIN, SIDE]}
    await fails(hass, "too_many_days", start, target=both, period="month")
    await fails(hass, "too_many_rows", NOON - (MAX_ROWS // 2 + 1) * 5 * MINUTE, target=both, period="5minute")
    main, side = await ask(hass, NOON - MAX_ROWS // 2 * 5 * MINUTE, both, period="5minute")
    assert len(main["rows"]) + len(side["rows"]) == MAX_ROWS


async def test_not_loaded(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """An error says that the entry isn't loaded."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await hass.config_entries.async_unload(entry.entry_id)
    await fails(hass, "not_loaded")


async def test_closed_ledger(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """An error says that the ledger can't be read, and why."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await entry.runtime_data.async_stop()
    with pytest.raises(HomeAssistantError, match="The ledger is closed") as info:
        await ask(hass, "2026-09-16")
    assert info.value.translation_key == "ledger_error"
