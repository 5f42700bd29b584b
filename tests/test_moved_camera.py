"""A camera that has got another address is found again where Home Assistant's own discovery has seen it."""

from collections.abc import AsyncIterator
import ssl
from types import SimpleNamespace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from zeroconf import current_time_millis
from zeroconf._cache import DNSCache
from zeroconf._dns import DNSAddress, DNSPointer

from custom_components.axis_people_counter.connecting.camera_address import with_host
from custom_components.axis_people_counter.connecting.discovered_addresses import MAX_ADDRESSES, async_addresses_now
from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .helpers.asked_cameras import asked_camera, give_access
from .helpers.issues import active_issues
from .helpers.listener_entry import allow_ipv6_loopback
from .helpers.pusher import SERIAL, Pusher
from .simulator import Camera, Device

pytestmark = pytest.mark.usefixtures("socket_enabled", "noon")

# Nothing listens there.
OLD = "::1"
OTHER = "accc8e000002"
NAME = f"axis-{SERIAL}.local."


@pytest.fixture(autouse=True)
def ipv6(socket_enabled: None) -> None:
    """Allow connections to the old address."""
    allow_ipv6_loopback()


@pytest.fixture
async def device(entry: MockConfigEntry, pusher: Pusher) -> AsyncIterator[Device]:
    """Return a camera that has pushed, and whose access is kept with the address that it had before."""
    async with asked_camera(days=1) as device:
        await push(pusher, device)
        await give_access(pusher.hass, entry, device)
        await was_at(pusher.hass, entry, device.address.replace("127.0.0.1", f"[{OLD}]"))
        yield device


async def push(pusher: Pusher, device: Device) -> Camera:
    """Push the first and the last interval of a camera."""
    assert device.counting
    camera = device.counting.camera
    for interval in (camera.waiting()[0], camera.waiting()[-1]):
        await pusher.post(camera.body([interval]))
    return camera


async def was_at(hass: HomeAssistant, entry: MockConfigEntry, address: str, **settings: Any) -> None:
    """Let the camera have been at another address."""
    data = {**access(entry).data, "host": address, **settings}
    hass.config_entries.async_update_subentry(entry, access(entry), data=data)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def access(entry: MockConfigEntry) -> ConfigSubentry:
    """Return the only access."""
    (subentry,) = entry.get_subentries_of_type("camera")
    return subentry


def seen_by_dhcp(hass: HomeAssistant, address: str, mac: str = SERIAL) -> None:
    """Let Home Assistant have seen a device at an IP address."""
    hass.data["dhcp"] = SimpleNamespace(address_data={mac: {"ip": address, "hostname": f"axis-{mac}"}})


def announced(hass: HomeAssistant, *addresses: bytes) -> None:
    """Let a name have been announced with some IP addresses."""
    cache = DNSCache()
    now = current_time_millis()
    records = [DNSAddress(NAME, 1, 1, 120, address, created=now) for address in addresses]
    cache.async_add_records([*records, DNSPointer(NAME, 12, 1, 120, "other.local.", created=now)])
    hass.data["zeroconf"] = SimpleNamespace(zeroconf=SimpleNamespace(cache=cache))
    hass.config.components.add("zeroconf")


async def ask(hass: HomeAssistant) -> None:
    """Ask the camera for its counts."""
    await hass.services.async_call(DOMAIN, "fill_gaps", {"entity_id": "all"}, blocking=True, return_response=True)
    await hass.async_block_till_done()


async def test_seen_by_dhcp(
    hass: HomeAssistant, entry: MockConfigEntry, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    """Ask the camera where DHCP has seen it, and keep the address, without a reload and without a dialog."""
    receiver = entry.runtime_data
    device.requests.clear()
    with pytest.raises(HomeAssistantError, match="Nothing answers"):
        await ask(hass)
    seen_by_dhcp(hass, "127.0.0.1", OTHER)
    with pytest.raises(HomeAssistantError, match="Nothing answers"):
        await ask(hass)
    assert not device.requests
    seen_by_dhcp(hass, "127.0.0.1")
    await ask(hass)
    assert access(entry).data["host"] == device.address
    assert access(entry).data["password"] == device.password
    assert entry.runtime_data is receiver
    assert f"is at {device.address} now" in caplog.text
    assert not hass.config_entries.flow.async_progress()
    assert not active_issues(hass)
    # The next start begins with the new address.
    await hass.config_entries.async_reload(entry.entry_id)
    del hass.data["dhcp"]
    await ask(hass)


async def test_announced(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Ask the camera at the address with which its name was announced; addresses of one link aren't used."""
    announced(hass, bytes([169, 254, 1, 1]), bytes([127, 0, 0, 1]))
    await ask(hass)
    assert access(entry).data["host"] == device.address


async def test_announced_thousands_of_times(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Ask where DHCP has seen the camera first, and at few of the addresses that anybody may announce."""
    announced(hass, *(bytes([127, 0, high, low]) for high in range(1, 9) for low in range(250)))
    assert len(async_addresses_now(hass, SERIAL, "192.168.1.5")) == MAX_ADDRESSES
    seen_by_dhcp(hass, "127.0.0.1")
    await ask(hass)
    assert access(entry).data["host"] == device.address


async def test_two_addresses(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Stay at an address that works, wherever else the camera has been seen."""
    await was_at(hass, entry, device.address)
    seen_by_dhcp(hass, OLD)
    await ask(hass)
    assert access(entry).data["host"] == device.address


async def test_another_camera_there(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Send no password to another camera, and keep the old address."""
    seen_by_dhcp(hass, "127.0.0.1")
    device.serial = OTHER
    device.requests.clear()
    with pytest.raises(HomeAssistantError, match="Nothing answers"):
        await ask(hass)
    assert [request.authorization for request in device.requests] == [None]
    assert access(entry).data["host"].startswith(f"[{OLD}]")


async def test_wrong_password_there(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Try the password once at the new address, too, and ask for another one."""
    seen_by_dhcp(hass, "127.0.0.1")
    device.password = "another"
    for _ in range(2):
        with pytest.raises(HomeAssistantError, match="doesn't accept this user name"):
            await ask(hass)
    assert device.rejected == 1
    assert f"access_refused_{SERIAL}" in active_issues(hass)


async def test_wrong_password_here(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Don't try a refused password anywhere else."""
    await was_at(hass, entry, device.address)
    device.password = "another"
    seen_by_dhcp(hass, OLD)
    with pytest.raises(HomeAssistantError, match="doesn't accept this user name"):
        await ask(hass)
    assert device.rejected == 1


async def test_another_certificate_there(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Send nothing to a server with another certificate, but ask whether it is right."""
    async with asked_camera(days=1, https=True) as device, asked_camera(days=1, https=True) as other:
        await push(pusher, device)
        await give_access(hass, entry, device)
        await was_at(hass, entry, other.address.replace("127.0.0.1", f"[{OLD}]"))
        seen_by_dhcp(hass, "127.0.0.1")
        with pytest.raises(HomeAssistantError, match="Nothing answers"):
            await ask(hass)
        assert not other.requests
        assert access(entry).data["host"].startswith(f"[{OLD}]")
        assert f"access_refused_{SERIAL}" in active_issues(hass)
        assert ssl.PEM_cert_to_DER_cert(device.certificate) != ssl.PEM_cert_to_DER_cert(other.certificate)


async def test_removed_meanwhile(hass: HomeAssistant, entry: MockConfigEntry, device: Device) -> None:
    """Keep nothing of a camera whose access is removed while it is asked."""
    seen_by_dhcp(hass, "127.0.0.1")
    found = entry.runtime_data.accesses[SERIAL]
    hass.config_entries.async_remove_subentry(entry, access(entry).subentry_id)
    async with found.async_api():
        pass
    await hass.async_block_till_done()
    assert not entry.get_subentries_of_type("camera")


@pytest.mark.parametrize(
    ("address", "host", "moved"),
    [
        ("192.168.1.5", "192.168.1.6", "192.168.1.6"),
        ("https://192.168.1.5:8443/", "192.168.1.6", "https://192.168.1.6:8443"),
        ("http://[2001:db8::5]:81", "192.168.1.6", "http://192.168.1.6:81"),
        ("192.168.1.5:81", "2001:db8::5", "[2001:db8::5]:81"),
        ("entrance.example.com", "192.168.1.6", None),
        ("axis-accc8ef3d92e.local", "192.168.1.6", None),
        ("a b", "192.168.1.6", None),
    ],
)
def test_address_with_another_host(address: str, host: str, moved: str | None) -> None:
    """Keep scheme and port; a name that a person has entered stays."""
    assert with_host(address, host) == moved
