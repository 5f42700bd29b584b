"""Cameras that are asked for their counts, and the dialog that gives access to them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import CONF_LIVE_SECONDS
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.core import HomeAssistant

from ..simulator import THREE_D, Camera, CountingApi, Device, Interval, Model, Source, Visits
from .pusher import SERIAL, Pusher


def asked_camera(
    model: Model = THREE_D,
    *,
    days: int = 3,
    zone: str = "Europe/Stockholm",
    serial: str = SERIAL,
    source: Source | None = None,
    **of_device: Any,
) -> Device:
    """Return a camera that has counted for some days and answers when it is asked."""
    camera = Camera(
        source or Visits("shop", ZoneInfo(zone)),
        "http://127.0.0.1",
        None,
        serial=serial,
        name="Main entrance" if serial == SERIAL else "Back door",
        model=model,
        installed=datetime.now(UTC) - timedelta(days=days),
    )
    return Device(serial=serial, counter=model, counting=CountingApi(camera), faults=camera.faults, **of_device)


def entered(device: Device) -> dict[str, Any]:
    """Return what a person enters beside the address."""
    return {"username": device.username, "password": device.password}


async def connect(hass: HomeAssistant, entry: MockConfigEntry, device: Device, **fields: Any) -> SubentryFlowResult:
    """Enter address and password of a camera."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "camera"), context={"source": SOURCE_USER}
    )
    assert result["step_id"] == "user"
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], {"way": "prepare"})
    assert result["step_id"] == "camera"
    form = {"host": device.address, **entered(device), "keep_access": True, **fields}
    return await hass.config_entries.subentries.async_configure(result["flow_id"], form)


async def reconfigure(
    hass: HomeAssistant, entry: MockConfigEntry, subentry: ConfigSubentry, device: Device, **fields: Any
) -> SubentryFlowResult:
    """Enter address and password of a known camera again."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "camera"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id},
    )
    assert result["step_id"] == "reconfigure"
    form = {"host": device.address, **entered(device), **fields}
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], form)
    await hass.async_block_till_done()
    return result


async def give_access(
    hass: HomeAssistant, entry: MockConfigEntry, device: Device, *, live_seconds: int = 0, **fields: Any
) -> None:
    """Connect a camera, accept its certificate if it has one, and keep the access to it.

    Without live counts, a camera is asked only for what a test is about.
    """
    hass.config_entries.async_update_entry(entry, options={**entry.options, CONF_LIVE_SECONDS: live_seconds})
    result = await connect(hass, entry, device, **fields)
    if result["step_id"] == "certificate":
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
    await hass.config_entries.subentries.async_configure(result["flow_id"], {})
    await hass.async_block_till_done()


def camera_of(device: Device) -> Camera:
    """Return the camera whose counts are asked for."""
    assert device.counting
    return device.counting.camera


async def push(pusher: Pusher, camera: Camera, intervals: Iterable[Interval]) -> None:
    """Push intervals of a camera, in bodies that the test client takes."""
    for some in batched(intervals, 1000, strict=False):
        response = await pusher.post(camera.body(some))
        assert response.status == HTTPStatus.OK, await response.text()
