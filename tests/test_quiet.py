"""A push writes few rows and lines of Activity with the entities that are enabled at first, and none without people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
import re
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from sqlalchemy import event, text

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components.logbook.helpers import async_determine_event_types
from homeassistant.components.logbook.processor import EventProcessor
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.helpers.translation import async_load_integrations
from homeassistant.setup import async_setup_component

from .helpers.places import BACK_DOOR, add_place, entity_of, press
from .helpers.pusher import Pusher, measurement
from .helpers.recorder_statistics import settle

MINUTE: Final = timedelta(minutes=1)


class Shop:
    """A place with two doors that push each minute, recorder, and Activity."""

    def __init__(self, hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher) -> None:
        """Store what is used; nothing is recorded yet."""
        self.hass = hass
        self.clock = clock
        self.pusher = pusher
        self._last_row = 0
        self._since = datetime.now(UTC)

    async def push(self, entered: int = 0, exited: int = 0, *, minutes: int = 1) -> None:
        """Let time pass, and push who passed the main entrance in the last minute; nobody passes the back door."""
        # Statistics pause for as long as recorder took. While the clock is stopped, such a pause would never end.
        await self.hass.async_block_till_done(wait_background_tasks=True)
        self.clock.tick(minutes * MINUTE)
        async_fire_time_changed(self.hass)
        start = datetime.now(UTC) - MINUTE
        adults = (entered, exited)
        await self.pusher.push(measurement(start, entered, exited, adults=adults))
        await self.pusher.push(measurement(start, adults=(0, 0)), sensor=BACK_DOOR)

    async def recorded(self) -> tuple[list[str], list[str]]:
        """Return the states that recorder has stored, and the lines of Activity, since the last call."""
        await settle(self.hass)
        states = await get_instance(self.hass).async_add_executor_job(self._new_states)
        lines = await self._lines()
        # A line without a state belongs to an action that a person ran, or says how many people passed.
        return sorted(states), sorted(f"{line['entity_id']} {line['state']}" for line in lines if "state" in line)

    async def said(self) -> list[str]:
        """Return the lines of Activity with a sentence, since the last call."""
        await settle(self.hass)
        return [f"{line['name']}: {line['message']}" for line in await self._lines() if "message" in line]

    async def _lines(self) -> list[dict[str, Any]]:
        since, self._since = self._since, datetime.now(UTC) + MINUTE / 2
        activity = EventProcessor(self.hass, async_determine_event_types(self.hass, None, None))
        return await get_instance(self.hass).async_add_executor_job(activity.get_events, since, self._since)

    def _new_states(self) -> list[str]:
        with session_scope(hass=self.hass, read_only=True) as session:
            rows = session.execute(
                text(
                    """
                    SELECT state_id, states_meta.entity_id, state
                    FROM states
                    JOIN states_meta USING (metadata_id)
                    WHERE state_id > :last
                    ORDER BY state_id
                    """
                ),
                {"last": self._last_row},
            ).all()
        self._last_row = max((row.state_id for row in rows), default=self._last_row)
        return [f"{row.entity_id} {row.state}" for row in rows]

    @contextmanager
    def tables_written(self) -> Iterator[set[str]]:
        """Collect the tables of recorder that are written."""
        tables: set[str] = set()

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if found := re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)", statement):
                tables.add(found[1])

        engine = get_instance(self.hass).engine
        event.listen(engine, "before_cursor_execute", note)
        yield tables
        event.remove(engine, "before_cursor_execute", note)

    def states(self) -> dict[str, tuple[Any, ...]]:
        """Return all that recorder would store of the present states."""
        return {
            state.entity_id: (state.state, dict(state.attributes), state.last_changed, state.last_updated)
            for state in self.hass.states.async_all()
        }


@pytest.fixture
async def _activity(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Set up Activity, before the first client comes. It depends on the frontend for its page only."""
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})


@pytest.fixture
async def shop(
    _activity: None,
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
) -> Shop:
    """Return a shop whose cameras have reported for a while, and in which nobody is."""
    shop = Shop(hass, noon, pusher)
    await shop.push(5, 5)
    await add_place(hass, entry, limits={"capacity": 9, "warning_level": 7})
    # The counts have a state class after ten minutes without history.
    for _ in range(3):
        await shop.push(minutes=4)
    states, lines = await shop.recorded()
    assert "sensor.shop_occupancy 0" in states
    assert "event.main_entrance_passage" in {line.partition(" ")[0] for line in lines}
    return shop


async def test_nobody_passes(shop: Shop) -> None:
    """Pushes in which nobody passed write nothing."""
    before = shop.states()
    with shop.tables_written() as written:
        for _ in range(30):
            await shop.push()
        assert shop.states() == before
        assert await shop.recorded() == ([], [])
    # The sums of this hour, and its mean occupancy of 0, are in the long-term statistics already.
    assert written == set()


async def test_a_person_enters(shop: Shop) -> None:
    """A person who enters at one door writes the entities that change, and nothing of the other door."""
    await shop.push(1)
    passage = datetime.now(UTC).isoformat(timespec="milliseconds")
    states, lines = await shop.recorded()
    assert states == [
        "binary_sensor.main_entrance_occupied on",
        "binary_sensor.shop_occupied on",
        f"event.main_entrance_passage {passage}",
        "sensor.main_entrance_adults_in_today 6",
        "sensor.main_entrance_in_today 6",
        "sensor.main_entrance_in_total 6",
        "sensor.main_entrance_occupancy 1",
        "sensor.shop_free_places 8",
        "sensor.shop_in_today 6",
        "sensor.shop_occupancy 1",
        "sensor.shop_occupancy_percentage 11.1",
        "sensor.shop_peak_today 1",
        "sensor.shop_visitors_today 6",
    ]
    assert lines == [
        "binary_sensor.main_entrance_occupied on",
        "binary_sensor.shop_occupied on",
        f"event.main_entrance_passage {passage}",
    ]

    await shop.push(1)
    states, lines = await shop.recorded()
    assert [state.partition(" ")[0] for state in states] == [
        "event.main_entrance_passage",
        "sensor.main_entrance_adults_in_today",
        "sensor.main_entrance_in_today",
        "sensor.main_entrance_in_total",
        "sensor.main_entrance_occupancy",
        "sensor.shop_free_places",
        "sensor.shop_in_today",
        "sensor.shop_occupancy",
        "sensor.shop_occupancy_percentage",
        "sensor.shop_peak_today",
        "sensor.shop_visitors_today",
    ]
    assert [line.partition(" ")[0] for line in lines] == ["event.main_entrance_passage"]

    await shop.push()
    assert await shop.recorded() == ([], [])


async def test_activity_says_how_many(shop: Shop, hass: HomeAssistant) -> None:
    """A line of Activity says how many people came or left, in Home Assistant's language."""
    await shop.push(1, 1)
    assert await shop.said() == ["Main entrance Passage: 1 person entered", "Main entrance Passage: 1 person left"]
    await hass.config.async_update(language="de")
    # The fixture of Home Assistant doesn't do this by itself.
    await async_load_integrations(hass, {DOMAIN})
    await shop.push(3, 2)
    assert await shop.said() == [
        "Main entrance Passage: 3 Personen kamen herein",
        "Main entrance Passage: 2 Personen gingen hinaus",
    ]
    await shop.push()
    assert await shop.said() == []


async def test_activity_of_an_entity(shop: Shop, hass: HomeAssistant) -> None:
    """The lines are among those of the entity, also when it is gone."""
    passage = "event.main_entrance_passage"
    await shop.push(2)
    await settle(hass)
    types = async_determine_event_types(hass, [passage], None)
    hass.states.async_remove(passage)
    activity = EventProcessor(hass, types, [passage])
    lines = await get_instance(hass).async_add_executor_job(
        activity.get_events, datetime.now(UTC) - MINUTE / 2, datetime.now(UTC) + MINUTE / 2
    )
    assert [line["message"] for line in lines if "message" in line] == ["2 people entered"]


async def test_a_person_corrects(shop: Shop, hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The number of a place is stored when somebody sets it and when that is out of date, not for each passage."""
    (key,) = entry.subentries
    number = entity_of(hass, key, "occupancy_correction")
    shop.clock.tick(MINUTE)
    await press(hass, "number", "set_value", number, value=4)
    of_number = []
    for entered in (0, 1, 1, 1):
        states, lines = await shop.recorded()
        of_number.append([state for state in states if number in state])
        assert of_number[-1] == [line for line in lines if number in line]
        await shop.push(entered)
    assert of_number == [[f"{number} 4"], [], [f"{number} unknown"], []]
