"""The queue of what is to be shown: its order, its errors and its end."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.receiver.show_queue import ShowQueue
from homeassistant.core import HomeAssistant


class Screen:
    """Shows keys of a queue, each only when it may."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Start with an empty queue."""
        self.queue = ShowQueue(hass, entry, self._show)
        self.shown: list[tuple[str, list[Any]]] = []
        self.may_finish = asyncio.Event()
        self.broken = ""

    def add(self, key: str, *pushes: Any) -> None:
        """Queue a key with anything in place of pushes."""
        self.queue.async_add(key, *pushes)

    async def _show(self, key: str, pushes: list[Any]) -> None:
        self.shown.append((key, pushes))
        await self.may_finish.wait()
        if key == self.broken:
            raise ValueError(key)


@pytest.fixture
def screen(hass: HomeAssistant, entry: MockConfigEntry) -> Screen:
    """Return a screen with an empty queue."""
    return Screen(hass, entry)


async def test_pushes_are_collected(hass: HomeAssistant, screen: Screen) -> None:
    """Each key is shown in the order in which it was queued, once for all pushes since then."""
    screen.add("main", 1)
    screen.add("back", 2)
    screen.add("main", 3)
    screen.add("back", 4)
    screen.add("place")
    screen.may_finish.set()
    await hass.async_block_till_done()
    assert screen.shown == [("main", [1]), ("back", [2, 4]), ("main", [3]), ("place", [])]
    screen.add("back", 5)
    await hass.async_block_till_done()
    assert screen.shown[4:] == [("back", [5])]


async def test_an_error_stops_no_other_key(
    hass: HomeAssistant, screen: Screen, caplog: pytest.LogCaptureFixture
) -> None:
    """An error is logged, and the next key is shown."""
    screen.broken = "main"
    screen.add("main", 1)
    screen.add("back", 2)
    screen.may_finish.set()
    await hass.async_block_till_done()
    assert screen.shown == [("main", [1]), ("back", [2])]
    assert "Counts of main are stored, but can't be shown" in caplog.text


async def test_nothing_is_shown_once_stopped(hass: HomeAssistant, screen: Screen) -> None:
    """The queue finishes the key at hand and keeps the others until it is resumed."""
    screen.add("main", 1)
    screen.add("back", 2)
    screen.queue.async_stop()
    screen.may_finish.set()
    screen.add("place")
    await hass.async_block_till_done()
    assert screen.shown == [("main", [1])]
    screen.queue.async_resume()
    await hass.async_block_till_done()
    assert screen.shown == [("main", [1]), ("back", [2]), ("place", [])]
