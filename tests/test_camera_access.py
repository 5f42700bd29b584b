"""A camera is connected with its password, and access to it is kept only if the person wants that."""

from hashlib import sha256
import json
from pathlib import Path
import ssl
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.diagnostics import async_get_config_entry_diagnostics
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .helpers.asked_cameras import asked_camera, connect, entered, give_access, reconfigure
from .helpers.listener_entry import ListenerEntry
from .helpers.pusher import SERIAL, TOKEN, Pusher, document
from .helpers.vapix import INFO
from .simulator import TWO_D, Device, Reply
from .simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled", "noon")


def subentries(entry: MockConfigEntry) -> list[ConfigSubentry]:
    """Return the cameras to which access is kept."""
    return entry.get_subentries_of_type("camera")


async def test_connect_a_camera(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, hass_storage: dict[str, Any]
) -> None:
    """Prepare the camera, show what is left to do, and keep the access; the password is nowhere else."""
    async with asked_camera() as device:
        device.faults.protocol_version = "0.3"
        result = await connect(hass, entry, device)
        assert result["step_id"] == "done"
        shown = result["description_placeholders"]
        assert shown
        assert "serial number accc8ef3d92e" in shown["done"]
        assert shown["token"] == TOKEN
        assert device.faults.protocol_version == "0.4"
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        (subentry,) = subentries(entry)
        assert (subentry.unique_id, subentry.title) == (SERIAL, f"Access to {device.name} {SERIAL}")
        reached = {"scheme": "http", "accepted": None}
        assert subentry.data == {"host": device.address, **entered(device), "connection": reached}
        diagnostics = json.dumps(await async_get_config_entry_diagnostics(hass, entry), default=str)
        assert json.dumps(device.password)[1:-1] not in diagnostics
        assert device.address not in diagnostics
    # A new entry has no passwords of the old one.
    await hass.config_entries.async_remove(entry.entry_id)
    assert "correct horse" not in str(hass_storage[f"{DOMAIN}.settings"])


async def test_name_of_a_new_camera(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Call the access by the name that a new camera says in its connection test."""
    async with asked_camera() as device:
        result = await connect(hass, entry, device)
        assert (await pusher.post(document(data=None, sensor={"name": "North wing"}))).ok
        await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
        assert [subentry.title for subentry in subentries(entry)] == ["Access to North wing"]


async def test_prepare_a_camera_only(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Keep nothing if the person doesn't want that."""
    async with asked_camera() as device:
        result = await connect(hass, entry, device, keep_access=False)
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "prepared")
        assert not subentries(entry)
        assert device.password not in str(entry.as_dict())


async def test_connect_a_camera_again(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Replace the access to a camera that is known already."""
    async with asked_camera() as device:
        for _ in range(2):
            result = await connect(hass, entry, device)
            device.password = "another"
            result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
            await hass.async_block_till_done()
        assert result["reason"] == "reconfigure_successful"
        (subentry,) = subentries(entry)
        assert subentry.data["password"] == "another"


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        pytest.param(Device(password="other"), "doesn't accept this user name", id="wrong password"),  # noqa: S106
        pytest.param(Device(counter=TWO_D), "No people counter runs", id="no application"),
    ],
)
async def test_problems(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, device: Device, problem: str
) -> None:
    """Show what is wrong, with what was entered but for the password."""
    async with device:
        password = "right" if device.password == "other" else device.password
        result = await connect(hass, entry, device, password=password)
        assert result["errors"] == {"base": "problem"}
        shown = result["description_placeholders"]
        assert shown
        assert problem in shown["problem"]
        assert result["data_schema"]
        suggested = {str(field): field.description or {} for field in result["data_schema"].schema}
        assert suggested["host"] == {"suggested_value": device.address}
        assert "suggested_value" not in suggested["password"]


async def test_wrong_password_is_noticed_late(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Try a wrong password once, also in a camera that names itself without a login."""
    async with asked_camera() as device:
        device.public_paths = {INFO}
        result = await connect(hass, entry, device, password="wrong")  # noqa: S106
        shown = result["description_placeholders"]
        assert shown
        assert "doesn't accept this user name" in shown["problem"]
        assert device.rejected == 1


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_own_authority(hass: HomeAssistant, tmp_path: Path, password: str) -> None:
    """Install the certificate of our authority; a wrong password is tried once, also if that is the first use of it."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    async with asked_camera() as device:
        device.public_paths = {INFO}
        result = await connect(hass, listener_entry.entry, device, password=password)
        if password == PASSWORD:
            assert result["step_id"] == "done"
            (installed,) = device.authorities.values()
            assert installed == listener_entry.ca_file.read_text()
        else:
            assert result["errors"] == {"base": "problem"}
            assert device.rejected == 1


async def test_accepted_certificate(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Keep the fingerprint of the certificate that a person accepts, again when the access is changed."""
    hass.config.language = "de"
    async with asked_camera(https=True) as device:
        result = await connect(hass, entry, device)
        assert result["step_id"] == "certificate"
        shown = result["description_placeholders"]
        assert shown
        assert shown["reason"] == "selbst signiertes Zertifikat"
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        assert result["step_id"] == "done"
        await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
        (subentry,) = subentries(entry)
        certificate = ssl.PEM_cert_to_DER_cert(device.certificate)
        reached = {"scheme": "https", "accepted": sha256(certificate).hexdigest()}
        assert subentry.data["connection"] == reached
        assert shown["fingerprint"].replace(":", "").lower() == reached["accepted"]
    async with asked_camera(https=True) as renewed:
        result = await reconfigure(hass, entry, subentry, renewed)
        assert result["step_id"] == "other_certificate"
        assert not renewed.requests
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
        assert result["reason"] == "reconfigure_successful"
        (subentry,) = subentries(entry)
        assert subentry.data["connection"]["accepted"] not in (None, reached["accepted"])


async def test_https_is_turned_off(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Ask a camera that had a certificate over HTTPS only, unless a person enters that it has none any more."""
    async with asked_camera(https=True) as device, asked_camera() as other:
        await give_access(hass, entry, device)
        (subentry,) = subentries(entry)
        result = await reconfigure(hass, entry, subentry, other)
        shown = result["description_placeholders"]
        assert shown
        assert "Nothing answers" in shown["problem"]
        assert not other.requests
        result = await reconfigure(hass, entry, subentry, other, host=f"http://{other.address}")
        assert result["reason"] == "reconfigure_successful"
        (subentry,) = subentries(entry)
        assert subentry.data["connection"] == {"scheme": "http", "accepted": None}


async def test_certificate_is_asked_once(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Show the form again after a wrong password, and don't ask about the certificate a second time."""
    async with asked_camera(https=True) as device:
        result = await connect(hass, entry, device, password="wrong")  # noqa: S106
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        assert result["errors"] == {"base": "problem"}
        assert "wrong" not in str(result["data_schema"])
        form = {"host": device.address, **entered(device), "keep_access": True}
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], form)
        assert result["step_id"] == "done"
        assert device.rejected == 1


async def test_viewer(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A user who may only look is enough for access, and is told what to set by hand."""
    async with asked_camera() as device:
        device.administrator = False
        result = await connect(hass, entry, device)
        shown = result["description_placeholders"]
        assert shown
        assert "The protocol version wasn't set" in shown["done"]
        await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
        assert len(subentries(entry)) == 1


async def test_change_access(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Change address and password of the same camera; another camera is refused."""
    async with asked_camera() as device:
        result = await connect(hass, entry, device)
        await hass.config_entries.subentries.async_configure(result["flow_id"], {})
        await hass.async_block_till_done()
        (subentry,) = subentries(entry)

        device.serial = "accc8e000001"
        result = await reconfigure(hass, entry, subentry, device)
        shown = result["description_placeholders"]
        assert shown
        assert "accc8e000001, not accc8ef3d92e" in shown["problem"]

        device.serial, device.password = SERIAL, "another"
        result = await reconfigure(hass, entry, subentry, device)
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        (subentry,) = subentries(entry)
        assert subentry.data["password"] == "another"


@pytest.mark.usefixtures("local_names")
async def test_cookies(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Keep no cookies: each answer could bring more, and other hosts of the camera's domain would get them."""
    async with asked_camera() as device:
        live = Reply(200, b'{"total_in": 1, "total_out": 1}', headers={"Set-Cookie": "a=b; Path=/"})
        device.replies["/a3dpc/api/occupancy"] = live
        for _ in range(2):
            result = await connect(hass, entry, device, host=device.address.replace("127.0.0.1", "localhost"))
            assert result["step_id"] == "done"
        assert not any(request.cookie for request in device.requests)
    assert not list(async_get_clientsession(hass).cookie_jar)
