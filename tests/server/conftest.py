"""Fixtures of all tests of the server."""

from pathlib import Path

import pytest

from homeassistant.core import HomeAssistant

from ..helpers.listener_entry import ListenerEntry, new_camera
from ..simulator import Camera


@pytest.fixture
async def listener_entry(socket_enabled: None, hass: HomeAssistant, tmp_path: Path) -> ListenerEntry:
    """Set up an entry whose server listens on the loopback."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    return listener_entry


@pytest.fixture
def camera(listener_entry: ListenerEntry) -> Camera:
    """Return a camera that has something to send."""
    return new_camera(listener_entry)
