"""A camera that doesn't let Home Assistant sign in any more: a repair asks for its password."""

from collections.abc import AsyncIterator
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.connecting import CameraError
from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .helpers.asked_cameras import asked_camera, give_access, reconfigure
from .helpers.pusher import SERIAL, Pusher, state_of
from .helpers.repairs import Repairs, suggested
from .simulator import Device

pytestmark = pytest.mark.usefixtures("pages", "socket_enabled", "noon")

REFUSED = f"access_refused_{SERIAL}"
NEW = "a new password"


@pytest.fixture
async def device(entry: MockConfigEntry, pusher: Pusher) -> AsyncIterator[Device]:
    """Return a camera that has pushed, and to which access is kept."""
    async with asked_camera(days=1) as device:
        assert device.counting
        camera = device.counting.camera
        await pusher.post(camera.body(camera.waiting()[:1]))
        await pusher.post(camera.body(camera.waiting()[-1:]))
        await give_access(pusher.hass, entry, device)
        yield device


def access(entry: MockConfigEntry) -> ConfigSubentry:
    """Return the only access."""
    (subentry,) = entry.get_subentries_of_type("camera")
    return subentry


async def ask(hass: HomeAssistant) -> None:
    """Ask the camera for its counts."""
    answer: Any = await hass.services.async_call(
        DOMAIN, "fill_gaps", {"entity_id": "all"}, blocking=True, return_response=True
    )
    await hass.async_block_till_done()
    assert "error" not in answer["cameras"][0]


async def is_refused(hass: HomeAssistant) -> bool:
    """Return True if the camera can't be asked."""
    try:
        await ask(hass)
    except HomeAssistantError:
        return True
    return False


async def test_new_password(hass: HomeAssistant, entry: MockConfigEntry, device: Device, repairs: Repairs) -> None:
    """Ask for the new password, check it, and use it; a wrong one is tried once each time it is entered."""
    await ask(hass)
    assert not repairs.issues
    device.password = NEW
    assert await is_refused(hass)
    issue = repairs.issues[REFUSED]
    assert issue.translation_placeholders
    assert issue.translation_placeholders["name"] == "Main entrance"
    flow = await repairs.open(REFUSED)
    assert suggested(flow) == {"host": device.address, "username": "root", "password": None}
    rejected = device.rejected
    flow = await repairs.submit(flow, host=device.address, username="root", password="wrong")  # noqa: S106
    assert "doesn't accept this user name" in repairs.text(flow)
    assert device.rejected == rejected + 1
    assert "correct horse" not in json.dumps(flow)
    flow = await repairs.submit(flow, host=device.address, username="root", password=NEW)
    assert flow["type"] == "create_entry"
    assert NEW not in json.dumps(flow)
    assert not repairs.issues
    assert access(entry).data["password"] == NEW
    await ask(hass)
    assert NEW not in str(entry.data)


async def test_restart(hass: HomeAssistant, entry: MockConfigEntry, device: Device, repairs: Repairs) -> None:
    """Try the password once more after a restart, and end the repair if it is right again."""
    right, device.password = device.password, NEW
    assert await is_refused(hass)
    assert await is_refused(hass)
    assert device.rejected == 1
    for is_right in (False, True):
        if is_right:
            device.password = right
        await hass.config_entries.async_reload(entry.entry_id)
        assert REFUSED in repairs.issues
        assert await is_refused(hass) is not is_right
    assert device.rejected == 2
    assert not repairs.issues


async def test_no_lockout(hass: HomeAssistant, device: Device, repairs: Repairs) -> None:
    """Ask as often as you like: a camera that locks out after two wrong passwords isn't made to."""
    right, device.password = device.password, NEW
    device.blocks_after = 2
    for _ in range(5):
        assert await is_refused(hass)
    device.password = right
    flow = await repairs.open(REFUSED)
    flow = await repairs.submit(flow, host=device.address, username="root", password=right)
    assert flow["type"] == "create_entry"


async def test_blocked_for_a_while(hass: HomeAssistant, device: Device, repairs: Repairs) -> None:
    """Ask for no other password while a camera blocks all sign-ins, and go on when it lets us in again."""
    device.forget_nonces()
    device.blocks_after = 0
    assert await is_refused(hass)
    assert not repairs.issues
    device.blocks_after = None
    await ask(hass)


async def test_changed_access(hass: HomeAssistant, entry: MockConfigEntry, device: Device, repairs: Repairs) -> None:
    """End the repair if the access is changed in the list, or the camera accepts the same password again."""
    for password in (NEW, NEW):
        right, device.password = device.password, "another"
        assert await is_refused(hass)
        assert REFUSED in repairs.issues
        device.password = password if right != NEW else right
        result = await reconfigure(hass, entry, access(entry), device)
        assert result["reason"] == "reconfigure_successful"
        assert not repairs.issues
        await ask(hass)


async def test_removed_access(hass: HomeAssistant, entry: MockConfigEntry, device: Device, repairs: Repairs) -> None:
    """Forget the password and the repair at once if the access is removed; the camera and its counts stay."""
    device.password = NEW
    assert await is_refused(hass)
    flow = await repairs.open(REFUSED)
    counted = state_of(hass, "sensor.main_entrance_in_total")
    hass.config_entries.async_remove_subentry(entry, access(entry).subentry_id)
    await hass.async_block_till_done()
    assert not repairs.issues
    assert not entry.get_subentries_of_type("camera")
    assert "correct horse" not in str(entry.as_dict())
    assert state_of(hass, "sensor.main_entrance_in_total") == counted
    flow = await repairs.submit(flow, host=device.address, username="root", password=NEW)
    assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")
    assert entry.state is ConfigEntryState.LOADED


async def test_removed_while_it_is_asked(
    hass: HomeAssistant, entry: MockConfigEntry, device: Device, repairs: Repairs
) -> None:
    """Ask for no password of a camera whose access was removed before it answered."""
    asked = entry.runtime_data.accesses[SERIAL]
    hass.config_entries.async_remove_subentry(entry, access(entry).subentry_id)
    await hass.async_block_till_done()
    device.password = NEW
    with pytest.raises(CameraError):
        async with asked.async_api():
            pass
    assert device.rejected == 1
    assert not repairs.issues


async def test_other_certificate(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs) -> None:
    """Ask whether a new certificate is right before the password is sent to it."""
    async with asked_camera(days=1, https=True) as device, asked_camera(days=1, https=True) as renewed:
        assert device.counting
        camera = device.counting.camera
        await pusher.post(camera.body(camera.waiting()[:1]))
        await pusher.post(camera.body(camera.waiting()[-1:]))
        await give_access(hass, entry, device)
        data = {**access(entry).data, "host": renewed.address}
        hass.config_entries.async_update_subentry(entry, access(entry), data=data)
        assert await hass.config_entries.async_reload(entry.entry_id)
        assert await is_refused(hass)
        flow = await repairs.open(REFUSED)
        flow = await repairs.submit(flow, host=renewed.address, username=renewed.username, password=renewed.password)
        assert flow["step_id"] == "other_certificate"
        assert "Accept it only if you know why it is new" in repairs.text(flow)
        assert access(entry).data["connection"]["accepted"] not in repairs.text(flow).replace(":", "").lower()
        assert not renewed.requests
        flow = await repairs.submit(flow)
        assert flow["type"] == "create_entry"
        assert not repairs.issues
        await ask(hass)


async def test_same_certificate(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs) -> None:
    """Don't ask again about a certificate that was accepted, when only the password is new."""
    async with asked_camera(days=1, https=True) as device:
        assert device.counting
        camera = device.counting.camera
        await pusher.post(camera.body(camera.waiting()[:1]))
        await pusher.post(camera.body(camera.waiting()[-1:]))
        await give_access(hass, entry, device)
        device.password = NEW
        assert await is_refused(hass)
        flow = await repairs.open(REFUSED)
        flow = await repairs.submit(flow, host=device.address, username=device.username, password=NEW)
        assert flow["type"] == "create_entry"
        await ask(hass)


async def test_entry_not_loaded(hass: HomeAssistant, entry: MockConfigEntry, device: Device, repairs: Repairs) -> None:
    """Say that nothing can be done while the integration isn't running."""
    device.password = NEW
    assert await is_refused(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    flow = await repairs.open(REFUSED)
    assert (flow["type"], flow["reason"]) == ("abort", "not_loaded")
