"""Where Home Assistant's own discovery has seen a camera last: by its MAC address, and by its name in the network.

Nothing is sent. Whoever uses an address checks the serial number and the certificate there.
"""

from ipaddress import ip_address
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..core_internals import dhcp_address, mdns_addresses
from .camera_address import with_host

# Anybody in the network can announce thousands for a camera, and each would be waited for.
MAX_ADDRESSES: Final = 4


@callback
def async_addresses_now(hass: HomeAssistant, serial: str, address: str) -> list[str]:
    """Return the addresses of a camera that differ from the one it had, with the same scheme and port.

    A name that a person has entered is followed by the name servers.
    """
    moved = dict.fromkeys(with_host(address, host) for host in _hosts(hass, serial))
    return [found for found in moved if found and found != address][:MAX_ADDRESSES]


def _hosts(hass: HomeAssistant, serial: str) -> list[str]:
    """Return IP addresses of a camera, that of its MAC address first."""
    # The serial number of an Axis camera is its MAC address.
    found = [dhcp_address(hass, serial), *mdns_addresses(hass, f"axis-{serial}.local.")]
    return [host for host in found if host and not ip_address(host).is_link_local]
