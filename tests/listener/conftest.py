"""What all tests of the listener have in common."""

from pathlib import Path

import pytest

from custom_components.axis_people_counter.connecting import listener
from homeassistant.core import HomeAssistant

from ..helpers.listening import Listening


@pytest.fixture(autouse=True)
def frequent_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check certificate, port and address every 50 ms."""
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.05)


@pytest.fixture
async def listening(socket_enabled: None, hass: HomeAssistant, tmp_path: Path) -> Listening:
    """Set up an entry whose listener has a port of the loopback."""
    listening = Listening(hass, tmp_path)
    await listening.start()
    return listening
