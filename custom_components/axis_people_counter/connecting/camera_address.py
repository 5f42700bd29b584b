"""The address of a camera's web server as people type it. Used by vapix.py."""

from ipaddress import IPv4Address, IPv6Address, ip_address
import re
from typing import Final

from yarl import URL

from .pasted_text import is_all_visible

_ADDRESS: Final = re.compile(
    r"(?:(https?)://)?(\[[^]]+]|[\w-]{1,63}(?:\.[\w-]{1,63})*\.?)(?::([0-9]{1,5}))?/?", re.IGNORECASE
)


def camera_origins(address: str) -> list[URL]:
    """Return the origins to try, in this order: both schemes, HTTPS first, unless the address has one.

    Raises ValueError unless it is a name or an IP address, at most with a scheme and a port.
    """
    found = _ADDRESS.fullmatch(_bracketed(address))
    if not found or not is_all_visible(address):
        raise ValueError
    scheme, host, port = found.groups()
    if host.startswith("["):
        IPv6Address(host := host[1:-1])
    elif not host.strip("0123456789."):
        # An incomplete IPv4 address such as 10.1 would lead to 10.0.0.1.
        IPv4Address(host.removesuffix("."))
    if port and not 0 < int(port) < 65536:
        raise ValueError
    return [
        URL.build(scheme=name, host=host, port=int(port) if port else None)
        for name in ([scheme.lower()] if scheme else ["https", "http"])
    ]


def with_host(address: str, host: str) -> str | None:
    """Return an address with another host in place of its IP address, None if it has a name."""
    found = _ADDRESS.fullmatch(_bracketed(address))
    if not found:
        return None
    scheme, before, port = found.groups()
    try:
        ip_address(before.strip("[]"))
    except ValueError:
        return None
    return (f"{scheme}://" if scheme else "") + _bracketed(host) + (f":{port}" if port else "")


def _bracketed(address: str) -> str:
    """Return an IPv6 address in brackets, so that a port can follow; anything else as it is."""
    try:
        return f"[{IPv6Address(address)}]"
    except ValueError:
        return address
