"""Probes of the address check in the view: answered, discarded, never stored."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self

import pytest

from custom_components.axis_people_counter.http import bodies, probe as http_probe, view as http
from homeassistant.core import HomeAssistant

from .helpers.address_checks import SOON
from .helpers.issues import active_issues
from .helpers.pusher import PATH, TOKEN, Pusher, document
from .helpers.tls_servers import HERE

pytestmark = pytest.mark.usefixtures("socket_enabled", "local_names", "quick_probes", "clean_log")


class Sender:
    """Sends bytes to Home Assistant as they are."""

    def __init__(self, pusher: Pusher) -> None:
        """Take the instance."""
        self._port = pusher.client.port
        self.hass = pusher.hass

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(HERE, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, probe: http_probe.Probe, framing: str, body: bytes = b"") -> None:
        """Send a request, whole or in part."""
        head = f"POST {PATH} HTTP/1.1\r\nHost: ha\r\nAuthorization: Bearer {probe.token}\r\n{framing}\r\n\r\n"
        await self.more(head.encode() + body)

    async def more(self, data: bytes) -> None:
        """Send some more bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def status(self, seconds: float = SOON) -> int:
        """Return the status of the answer, 0 if the connection closes without one."""
        async with asyncio.timeout(seconds):
            with suppress(ConnectionResetError):
                if line := await self._reader.readline():
                    return int(line.split()[1])
        return 0


def probing(hass: HomeAssistant) -> Any:
    """Return a probe's context."""
    return http.async_register_views(hass).async_probe()


async def test_probe_is_answered_at_its_end(pusher: Pusher) -> None:
    """Answer a probe only at the end of its body."""
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 1000000", b" " * 999_999)
            with pytest.raises(TimeoutError):
                await sender.status(0.3)
            assert probe.with_token
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 1000000", b" " * 1_000_000)
            assert await sender.status() == HTTPStatus.OK


async def test_probe_too_large(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse a probe that is too large."""
    monkeypatch.setattr(http_probe, "MAX_PROBE", 100_000)
    with probing(pusher.hass) as probe:
        for framing, body in (
            ("Content-Length: 200000", b" " * 150_000),
            ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (150_000, b" " * 150_000)),
        ):
            async with Sender(pusher) as sender:
                await sender.send(probe, framing, body)
                assert await sender.status() == HTTPStatus.BAD_REQUEST
    await pusher.push()


async def test_probe_leaves_memory_for_pushes(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave room for pushes while a probe is discarded."""
    monkeypatch.setattr(bodies, "MAX_BODIES", 1000)
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 1000000", b" " * 999_999)
            await asyncio.sleep(0.1)
            await pusher.push()
            await sender.more(b" ")
            assert await sender.status() == HTTPStatus.OK


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nabcdefgh\r\n"])
async def test_broken_probe(pusher: Pusher, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the connection of a probe that isn't valid HTTP, and log nothing."""
    monkeypatch.setattr(http_probe, "SECONDS_WITHOUT_A_BYTE", 0.2)
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Transfer-Encoding: chunked")
            await asyncio.sleep(0.05)
            await sender.more(body)
            assert await sender.status() in (0, HTTPStatus.BAD_REQUEST)
    await pusher.push()


async def test_silent_probe(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the connection of a probe that falls silent."""
    monkeypatch.setattr(http_probe, "SECONDS_WITHOUT_A_BYTE", 0.2)
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 10", b" ")
            assert await sender.status() in (0, HTTPStatus.BAD_REQUEST)
    await pusher.push()


async def test_pushes_during_a_probe(hass: HomeAssistant, pusher: Pusher) -> None:
    """Answer cameras as ever during a probe, with the right token and with a wrong one."""
    with probing(hass) as probe, probing(hass) as other:
        await pusher.push()
        for token in ("", "x", TOKEN + "x", probe.name, "tökén"):
            assert (await pusher.post(document(), token=token)).status == HTTPStatus.UNAUTHORIZED
        assert f"wrong_token_{HERE}" in active_issues(hass)
        assert not probe.with_token
        assert not probe.without_token
        headers = {http_probe.PROBE_HEADER: probe.name}
        assert (await pusher.post(document(), token=None, headers=headers)).status == HTTPStatus.UNAUTHORIZED
        assert probe.without_token
        assert not probe.with_token
        assert (await pusher.post(b"", token=probe.token)).status == HTTPStatus.OK
        assert probe.with_token
        assert not other.with_token
        assert not other.without_token
