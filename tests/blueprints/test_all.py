"""All blueprints: their form, inputs and names."""

import json

import pytest
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.selector import selector
from homeassistant.util.yaml import extract_inputs, load_yaml_dict

from ..helpers.blueprints import BACK_CONNECTIVITY, FOLDER, MAIN_CONNECTIVITY, NAMES, ROOT
from ..helpers.places import entity_of
from ..helpers.pusher import Pusher


def test_names_differ() -> None:
    """Find six blueprints with different names."""
    assert NAMES == [
        "camera_silent.yaml",
        "full_and_free_again.yaml",
        "lights_and_climate.yaml",
        "report.yaml",
        "still_inside_at_closing.yaml",
        "traffic_light.yaml",
    ]
    names = [load_yaml_dict(FOLDER / name)["blueprint"]["name"] for name in NAMES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", NAMES)
def test_form(name: str) -> None:
    """Parse each blueprint; all inputs are used."""
    data = load_yaml_dict(FOLDER / name)
    blueprint = Blueprint(data, expected_domain="automation", schema=AUTOMATION_BLUEPRINT_SCHEMA)
    metadata = blueprint.metadata
    manifest = json.loads((ROOT / "custom_components" / DOMAIN / "manifest.json").read_text())
    assert metadata["source_url"] == f"{manifest['documentation']}/blob/main/{(FOLDER / name).relative_to(ROOT)}"
    lowest = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert metadata["homeassistant"]["min_version"] == lowest
    assert blueprint.validate() is None
    assert metadata["author"] == manifest["name"]
    assert metadata["description"]
    assert extract_inputs(data) == set(blueprint.inputs)
    for key, one in blueprint.inputs.items():
        assert one["name"], key
        select = vol.Schema(selector(one["selector"]))
        # Where nothing is chosen, there is no medium or entity. The form shows any other entity as "[object Object]".
        nothing = {} if "media" in one["selector"] else ""
        if one.get("default", nothing) != nothing:
            assert select(one["default"]) == one["default"], key


async def test_selectors_offer_places(hass: HomeAssistant, shop: str, pusher: Pusher) -> None:
    """Offer places, not cameras, in the selectors of places."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    found = {
        device.name
        for entity in entities.entities.values()
        if entity.domain == "number" and entity.device_id and (device := devices.async_get(entity.device_id))
    }
    assert found == {"Shop"}
    classes = {
        entity.entity_id: entity.original_device_class
        for entity in entities.entities.values()
        if entity.domain == "binary_sensor"
    }
    assert classes == {
        MAIN_CONNECTIVITY: "connectivity",
        BACK_CONNECTIVITY: "connectivity",
        "binary_sensor.main_entrance_counting_problem": "problem",
        "binary_sensor.back_door_counting_problem": "problem",
        "binary_sensor.main_entrance_occupied": "occupancy",
        "binary_sensor.back_door_occupied": "occupancy",
        entity_of(hass, shop, "occupied"): "occupancy",
        entity_of(hass, shop, "incomplete"): "problem",
        entity_of(hass, shop, "full"): None,
    }
