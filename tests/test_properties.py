"""Order, repetition and batches of pushes, and kills between them, make no difference to states and ledger."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
import sqlite3
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.pusher import Document, Pusher, measurement

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
# A push is sent each minute before noon; earlier ones would be too old for the check of the clock.
PUSHES = 6
LEDGER = "axis_people_counter.db"

_numbers = count(1)


@st.composite
def intervals(draw: st.DrawFn) -> Document:
    """Draw an interval of one of the widths cameras have, in the hours around a camera's midnight."""
    width = draw(st.sampled_from((1, 5, 15)))
    start = datetime.fromisoformat("2026-09-15T21:30:00Z") + draw(st.integers(0, 60 // width)) * width * MINUTE
    people = st.integers(0, 9)
    adults = draw(st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)))
    return measurement(start, draw(people), draw(people), minutes=width, adults=adults)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[Document]], list[Any]]:
    """Draw pushes in the order of sending, and a way in which they arrive.

    That way is a list of bodies (number of the push, its intervals) and "kill" and "restart" between them.
    """
    pushes = draw(
        st.lists(
            st.lists(intervals(), max_size=12, unique_by=lambda item: item["utcFrom"]), min_size=1, max_size=PUSHES
        )
    )
    bodies: list[Any] = []
    for number, push in enumerate(pushes):
        cut = draw(st.integers(0, len(push)))
        bodies += [(number, part) for part in (push[:cut], push[cut:])]
    bodies += draw(st.lists(st.sampled_from(bodies), max_size=4))
    bodies += draw(st.lists(st.sampled_from(("kill", "restart")), max_size=2))
    return pushes, draw(st.permutations(bodies))


class Camera:
    """One of two cameras with the same counts."""

    def __init__(self, pusher: Pusher) -> None:
        self.pusher = pusher
        self.serial = f"accc8e{next(_numbers):06x}"

    async def send(self, number: int, part: list[Document]) -> None:
        """Send a part of a push."""
        sensor = {"serial": self.serial, "name": self.serial}
        await self.pusher.push(*part, sent=NOON - (PUSHES - number) * MINUTE, sensor=sensor)

    def states(self, hass: HomeAssistant) -> Iterator[tuple[str, str, Any]]:
        """Yield its states by key, without names."""
        registry = er.async_get(hass)
        for state in hass.states.async_all():
            entity = registry.async_get(state.entity_id)
            if entity and entity.unique_id.startswith(self.serial):
                key = entity.unique_id.removeprefix(self.serial)
                yield key, state.state, state.attributes.get("last_reset")

    def ledger(self, folder: Path) -> Any:
        """Return its rows in the ledger."""
        with closing(sqlite3.connect(folder / LEDGER)) as db:
            columns = "start, stop, entered, exited, adults_entered, adults_exited, {0}.sent"
            camera = "JOIN cameras ON cameras.id = camera WHERE key = ?"
            totals = "total_entered, total_exited, total_adults_entered, total_adults_exited"
            return [
                db.execute(sql, (self.serial,)).fetchall()
                for sql in (
                    f"SELECT {columns.format('intervals')} FROM intervals {camera} ORDER BY start",
                    f"SELECT {columns.format('quarantine')} FROM quarantine {camera} ORDER BY 1, 2, 7",
                    f"SELECT {totals} FROM cameras WHERE key = ?",
                )
            ]


async def kill(hass: HomeAssistant, entry: MockConfigEntry, folder: Path) -> None:
    """Set the integration up again with the files as a kill at this instant would leave them."""
    left_over = {name: (folder / name).read_bytes() for name in (LEDGER, f"{LEDGER}-wal")}
    await hass.config_entries.async_unload(entry.entry_id)
    for name, content in left_over.items():
        (folder / name).write_bytes(content)
    await hass.config_entries.async_setup(entry.entry_id)


@pytest.mark.slow
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=histories())
async def test_delivery_and_kills_make_no_difference(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    history: tuple[list[list[Document]], list[Any]],
) -> None:
    """A camera whose pushes arrive anyhow has the same states as one whose pushes arrive once and in order."""
    pushes, arrivals = history
    orderly, chaotic = Camera(pusher), Camera(pusher)
    for number, push in enumerate(pushes):
        await orderly.send(number, push)
    for arrival in arrivals:
        if arrival == "kill":
            await kill(hass, entry, tmp_path)
        elif arrival == "restart":
            await hass.config_entries.async_reload(entry.entry_id)
        else:
            await chaotic.send(*arrival)
    await hass.async_block_till_done()
    assert sorted(chaotic.states(hass)) == sorted(orderly.states(hass))
    assert list(chaotic.states(hass))
    assert chaotic.ledger(tmp_path) == orderly.ledger(tmp_path)
