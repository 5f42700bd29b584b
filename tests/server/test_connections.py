"""The order in which connections are closed when there are too many."""

from unittest.mock import Mock

from aiohttp import web
import pytest

from custom_components.axis_people_counter.connecting.connections import Connection, first_to_close

KNOWN = "192.168.1.10"


def connection(
    address: str, *, since: float = 0, trusted: bool = False, has_begun: bool = True, network: str | None = None
) -> Connection:
    """Return a connection, by default a stranger's that has begun its handshake."""
    handler = Mock(web.RequestHandler)
    return Connection(address, network or address, since, handler, has_begun=has_begun, trusted=trusted)


@pytest.mark.parametrize(
    ("first", "others"),
    [
        (connection("10.0.0.1", since=9), [connection("10.0.0.2", since=1, trusted=True)]),
        (connection("10.0.0.1", since=9), [connection(KNOWN, since=1)]),
        (connection("10.0.0.1", since=9, has_begun=False), [connection("10.0.0.2", since=1)]),
        (connection("10.0.0.1", since=9), [connection("10.0.0.2", since=1), connection("10.0.0.1", since=10)]),
        (
            connection("fd00::1", since=9, network="fd00::/64"),
            [connection("10.0.0.2", since=1), connection("fd00::2", since=10, network="fd00::/64")],
        ),
        (
            connection("fd00::1", since=9, network="fd00::/64"),
            [connection(f"fd00::{last}", since=since, network="fd00::/64") for last, since in ((2, 1), (1, 10))],
        ),
        (connection("10.0.0.1", since=1), [connection("10.0.0.2", since=9)]),
        (
            connection("10.0.0.2", since=1, trusted=True),
            [connection("10.0.0.1", since=since, trusted=True) for since in (2, 3)],
        ),
    ],
    ids=[
        "stranger",
        "unknown address",
        "silent",
        "crowd of an address",
        "crowd of a network",
        "crowd within a network",
        "oldest stranger",
        "oldest camera",
    ],
)
def test_first_to_close(first: Connection, others: list[Connection]) -> None:
    """Close strangers before cameras, and among strangers the largest crowd."""
    assert first_to_close([*others, first], 1, {KNOWN}) == [first]


def test_count() -> None:
    """Return as many connections as asked for, in their order."""
    connections = [connection(f"10.0.0.{last}", since=last) for last in range(5)]
    assert first_to_close(connections[::-1], 3, ()) == connections[:3]
