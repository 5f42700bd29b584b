"""Undocumented parts of Home Assistant, used where nothing documented does the same.

A release may change any of them, so they are in one place. scripts/demo --once calls each on the newest release.
"""

from ipaddress import ip_address
import ssl

from homeassistant.components import zeroconf
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.lovelace.resources import ResourceStorageCollection
from homeassistant.components.network.util import async_load_adapters
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.util.ssl import SSL_ALPN_HTTP11, create_client_context


async def async_recorder_done(hass: HomeAssistant) -> None:
    """Return when recorder has finished all tasks that were queued before.

    Its own `async_block_till_done` doesn't wait for the task in progress.
    """
    future = hass.loop.create_future()
    get_instance(hass).queue_task(SynchronizeTask(future))
    await future


async def async_adapter_addresses() -> list[str]:
    """Return the IP addresses of this machine's network adapters as they are now.

    The network integration itself offers those that it read when Home Assistant started.
    """
    return [
        address["address"]
        for adapter in await async_load_adapters()
        for address in (*adapter["ipv4"], *adapter["ipv6"])
    ]


def dhcp_address(hass: HomeAssistant, mac_address: str) -> str | None:
    """Return the IP address at which Home Assistant has seen a MAC address last, None if it hasn't.

    `dhcp` offers the same to integrations, but can be imported only where its own packages are installed.
    """
    seen = getattr(hass.data.get("dhcp"), "address_data", {}).get(mac_address)
    return seen["ip"] if seen else None


async def async_dashboard_resources(hass: HomeAssistant) -> ResourceStorageCollection | None:
    """Return the resources of dashboards, None if they are in a file of the user or if there are no dashboards."""
    found = hass.data[LOVELACE_DATA].resources if LOVELACE_DATA in hass.data else None
    if not isinstance(found, ResourceStorageCollection):
        return None
    # Loads what is stored.
    await found.async_get_info()
    return found


def mdns_addresses(hass: HomeAssistant, name: str) -> list[str]:
    """Return the IP addresses that a name in the local network was announced with."""
    if zeroconf.DOMAIN not in hass.config.components:
        return []
    records = zeroconf.async_get_async_zeroconf(hass).zeroconf.cache.entries_with_name(name)
    packed = (getattr(record, "address", None) for record in records)
    return [str(ip_address(address)) for address in packed if isinstance(address, bytes)]


def public_client_context() -> ssl.SSLContext:
    """Return a new client context with the public authorities that Home Assistant trusts; not for the event loop."""
    return create_client_context(alpn_protocols=SSL_ALPN_HTTP11)
