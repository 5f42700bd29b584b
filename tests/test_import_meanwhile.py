"""Imports while all else goes on: pushes of the same time, packing, a reversed camera, other imports, reloads."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .helpers.importing import MAIN, call, do_import, undo
from .helpers.places import NOON
from .helpers.pusher import SERIAL, Pusher, measurement

MINUTE = timedelta(minutes=1)
# Five days before, of which every minute is in the file.
START = datetime(2026, 9, 8, tzinfo=UTC)
MINUTES = 5 * 24 * 60
NOW = int(NOON.timestamp())

type Counts = dict[int, tuple[int, int]]


@pytest.fixture(autouse=True)
async def _pushed(noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Have one camera that has counted for a minute."""
    await pusher.push(measurement(NOON - MINUTE, 1, 2))


def table(first: int = 0, last: int = MINUTES) -> str:
    """Return a file of some minutes."""
    rows = (f"{START + at * MINUTE:%Y-%m-%dT%H:%MZ},{at % 7},{at % 5}\n" for at in range(first, last))
    return "time,in,out\n" + "".join(rows)


def imported(first: int = 0, last: int = MINUTES) -> Counts:
    """Return the counts of such a file, by when they begin."""
    return {int((START + at * MINUTE).timestamp()): (at % 7, at % 5) for at in range(first, last)}


async def stored(hass: HomeAssistant, entry: MockConfigEntry) -> Counts:
    """Return all that counts of the days of the file, by when it begins."""

    def read() -> Counts:
        found = entry.runtime_data.ledger.each_interval(SERIAL, int(START.timestamp()), NOW - 3600)
        return {interval.start: (interval.entered, interval.exited) for interval in found}

    return await hass.async_add_executor_job(read)


async def until_first_day(entry: MockConfigEntry, *, is_stored: bool) -> None:
    """Wait until the first day of an import is stored, or until it is gone."""
    ledger, start = entry.runtime_data.ledger, int(START.timestamp())
    while bool(await ledger.counted_seconds(SERIAL, start, start + 3600)) is not is_stored:
        pass


async def test_pushes_packing_and_other_imports(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Each minute counts once: as it was pushed, otherwise as it was imported; undoing both leaves what was pushed."""
    ledger = entry.runtime_data.ledger
    pushed = range(30, MINUTES, 97)
    answers: list[dict[str, Any]] = []

    async def add(content: str) -> None:
        answers.append(await do_import(hass, content))

    async def push() -> None:
        for number, at in enumerate(reversed(pushed)):
            await pusher.push(measurement(START + at * MINUTE, 50, 60))
            if number % 10 == 0:
                await ledger.pack(NOW)

    await asyncio.gather(add(table()), add(table(1000)), push(), add(table()))
    truth = {int((START + at * MINUTE).timestamp()): (50, 60) for at in pushed}
    assert await stored(hass, entry) == imported() | truth
    added = [answer["import_id"] for answer in answers if answer["import_id"]]
    listed = (await call(hass, "list_imports"))["imports"]
    assert sum(one["intervals"] for one in listed) == MINUTES - len(pushed)
    await asyncio.gather(*(undo(hass, number) for number in added), ledger.pack(NOW))
    assert await stored(hass, entry) == truth


async def test_direction_is_reversed(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A camera that is reversed meanwhile shows all of the import reversed, as if it were reversed afterwards."""
    task = hass.async_create_task(do_import(hass, table()))
    await until_first_day(entry, is_stored=True)
    switch = {"entity_id": "switch.main_entrance_reverse_direction"}
    await hass.services.async_call("switch", "turn_on", switch, blocking=True)
    answer = await task
    assert await stored(hass, entry) == imported()
    undone = await undo(hass, answer["import_id"])
    assert (undone["in"], undone["out"]) == (answer["out"], answer["in"])


async def cut_off(hass: HomeAssistant, entry: MockConfigEntry, task: asyncio.Task[Any]) -> None:
    """Load the entry again while an action runs, which fails; in the end, nothing is imported."""
    await hass.config_entries.async_reload(entry.entry_id)
    with pytest.raises(HomeAssistantError):
        await task
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await stored(hass, entry) == {}
    assert await call(hass, "list_imports") == {"imports": []}


async def test_reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An import that is cut off by a reload fails, and nothing of it is left; the next one has all."""
    task = hass.async_create_task(do_import(hass, table()))
    await until_first_day(entry, is_stored=True)
    await cut_off(hass, entry, task)
    answer = await do_import(hass, table())
    assert answer["intervals"] == MINUTES
    assert await stored(hass, entry) == imported()


async def test_reload_while_an_import_is_undone(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The rest is undone after the reload."""
    answer = await do_import(hass, table())
    task = hass.async_create_task(call(hass, "undo_import", import_id=answer["import_id"]))
    await until_first_day(entry, is_stored=False)
    await cut_off(hass, entry, task)


async def test_caller_that_goes_away(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An import whose caller is stopped is stored to its end, and listed."""
    data = {"entity_id": MAIN, "content": table(), "dry_run": False}
    task = hass.async_create_task(
        hass.services.async_call("axis_people_counter", "import_counts", data, blocking=True, return_response=True)
    )
    await until_first_day(entry, is_stored=True)
    task.cancel()
    while not (listed := (await call(hass, "list_imports"))["imports"]):
        pass
    assert listed[0]["intervals"] == MINUTES
    assert await stored(hass, entry) == imported()
