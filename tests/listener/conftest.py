"""Fixtures of all tests of the listener."""

from pathlib import Path

import pytest

from custom_components.axis_people_counter.connecting import listener
from custom_components.axis_people_counter.connecting.authority import certificate_pem, new_authority
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..helpers.listener_entry import ListenerEntry


@pytest.fixture(autouse=True)
def frequent_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check certificate, port and address every 50 ms."""
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.05)


@pytest.fixture
async def listener_entry(socket_enabled: None, hass: HomeAssistant, tmp_path: Path) -> ListenerEntry:
    """Set up an entry whose listener has a port of the loopback."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    return listener_entry


@pytest.fixture
def other_authority(tmp_path: Path) -> Path:
    """Return a file with the certificate of an authority that the listener doesn't have."""
    path = tmp_path / "other.pem"
    path.write_text(certificate_pem(new_authority(dt_util.utcnow()).certificate))
    return path
