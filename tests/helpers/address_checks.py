"""Runs an address check in a test, with names that lead to this machine."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
import json
import logging
from pathlib import Path
import socket
import string
from typing import Any, Final, cast, override

from aiohttp.abc import AbstractResolver, ResolveResult
import pytest
from yarl import URL

from custom_components.axis_people_counter import address_check as check
from custom_components.axis_people_counter.address_check import async_check
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.texts.messages import Message, plain
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import DATA_RESOLVER
from homeassistant.util import dt as dt_util

from .pusher import TOKEN
from .tls_servers import HERE, NAME, Certificates, issue

# Seconds that no check takes in these tests.
SOON = 5
ENGLISH: Final = json.loads((Path(check.__file__).parent / "translations" / "en.json").read_text())["exceptions"]


class Names(AbstractResolver):
    """Resolves a few names to this machine."""

    known: Final = (NAME, "localhost", "camera.localhost")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self.known:
            raise OSError(None, "Domain name not found")
        # Home Assistant's middleware resolves targets of redirects without a port; it must get a public address.
        address = HERE if port else "192.0.2.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    @override
    async def close(self) -> None:
        """Have nothing to close."""


@pytest.fixture
def local_names(hass: HomeAssistant) -> None:
    """Give Home Assistant names without the network."""
    hass.data[DATA_RESOLVER] = cast(Any, Names())


@pytest.fixture
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only briefly for an early answer, which comes from this machine."""
    monkeypatch.setattr(check, "EARLY_SECONDS", 0.3)


@pytest.fixture
def impatient_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on silent servers."""
    monkeypatch.setattr(check, "ANSWER_SECONDS", 0.6)
    monkeypatch.setattr(check, "LOOK_SECONDS", 0.6)


@pytest.fixture
def clean_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Assert that checks write no warnings and no token into the log."""
    yield
    for record in caplog.get_records("call"):
        assert TOKEN not in record.getMessage()
        # asyncio warns of slow callbacks on a busy machine.
        assert record.levelno < (logging.ERROR if record.name == "asyncio" else logging.WARNING) or (
            not record.name.startswith(("aiohttp.server", "asyncio", "custom_components."))
        ), record


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Return certificates of a public authority."""
    made = Certificates(tmp_path, issue("Public root"))
    made.trust(made.root, monkeypatch=monkeypatch)
    return made


async def found(hass: HomeAssistant, url: URL | str, authority: str | None = None) -> list[Message]:
    """Return the findings; each has a translation with exactly its placeholders, and no repair is shown."""
    async with asyncio.timeout(SOON):
        findings = await async_check(hass, str(url).rstrip("/"), authority)
    for key, placeholders in findings:
        text = ENGLISH[key]["message"]
        assert {name for _, name, *_ in string.Formatter().parse(text) if name} == set(placeholders)
        assert all(placeholders.values())
    await hass.async_block_till_done()
    assert not [issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN]
    return findings


async def keys(hass: HomeAssistant, url: URL | str, authority: str | None = None) -> list[str]:
    """Return the keys of the findings."""
    return [finding.key for finding in await found(hass, url, authority)]


def moment(instant: datetime) -> str:
    """Return an instant as messages show it."""
    return plain(dt_util.as_local(instant).strftime("%Y-%m-%d %H:%M"))
