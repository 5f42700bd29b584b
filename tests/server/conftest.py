"""What all tests of the server have in common."""

from pathlib import Path

import pytest

from homeassistant.core import HomeAssistant

from ..helpers.listening import Listening, new_camera
from ..simulator import Camera


@pytest.fixture
async def listening(socket_enabled: None, hass: HomeAssistant, tmp_path: Path) -> Listening:
    """Set up an entry whose server listens on the loopback."""
    listening = Listening(hass, tmp_path)
    await listening.start()
    return listening


@pytest.fixture
def camera(listening: Listening) -> Camera:
    """Return a camera that has something to send."""
    return new_camera(listening)
