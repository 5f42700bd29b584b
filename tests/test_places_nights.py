"""The entities of a place have the expected states after any events in a night, and at its resets."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from itertools import count
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.expected_place import DAY, MINUTE, Counts, ExpectedPlace, Layout, People, instant_of, layouts, people
from .helpers.places import add_place, entity_of, shown
from .helpers.pusher import Pusher, measurement
from .helpers.recorder_statistics import go_on

type Happening = tuple[str, Any]
# The zone and the reset time of the place, and the beginning of a night.
NIGHTS: Final = {
    "time comes twice": ("Europe/Stockholm", time(2, 30), "2026-10-24T21:30:00Z"),
    "time doesn't exist": ("Europe/Stockholm", time(2, 30), "2026-03-28T22:30:00Z"),
    "no reset, long day": ("Europe/Stockholm", None, "2026-10-24T21:40:00Z"),
    "half an hour": ("Asia/Kolkata", time(), "2026-12-31T18:00:00Z"),
    "no reset, half an hour": ("Asia/Kolkata", None, "2026-12-31T18:20:00Z"),
    "Home Assistant's zone": (None, time(0, 7), "2026-09-16T06:30:00Z"),
}
CAMERA_ZONES: Final = ("Europe/Stockholm", "America/New_York", "Asia/Tokyo")
# A camera that has sent a message within this time is connected.
MIN_SILENCE: Final = 5 * MINUTE
_numbers: Iterator[int] = count(1)


@pytest.fixture(autouse=True)
def _one_day_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the ledger add one checkpoint at a time."""
    monkeypatch.setattr("custom_components.axis_people_counter.ledger.places.DAYS_AT_ONCE", 1)


class Shop:
    """A place in Home Assistant, and the simple calculation of it."""

    def __init__(
        self,
        hass: HomeAssistant,
        noon: FrozenDateTimeFactory,
        pusher: Pusher,
        truth: ExpectedPlace,
        layouts: list[Layout],
    ) -> None:
        """Store its doors; the place isn't added yet."""
        self.hass = hass
        self.clock = noon
        self.pusher = pusher
        self.truth = truth
        self.layouts = layouts
        self.serials = list(truth.doors)
        self.key = ""
        self.last_message = 0

    @property
    def now(self) -> int:
        """The current time."""
        return int(datetime.now(UTC).timestamp())

    async def add(self, entry: MockConfigEntry, zone: str | None) -> None:
        """Push from all cameras for the first time, and add the place."""
        truth = self.truth
        for number in range(len(self.serials)):
            await self.push(number, 0, 0, [])
        self.key = await add_place(
            self.hass,
            entry,
            tuple(serial for serial in self.serials if not truth.doors[serial]),
            tuple(serial for serial in self.serials if truth.doors[serial]),
            daily_reset=truth.reset is not None,
            reset_time=str(truth.reset or time()),
            reset_value=truth.reset_value,
            time_zone=zone,
        )

    async def remove(self, entry: MockConfigEntry) -> None:
        """Remove the place and its cameras."""
        self.hass.config_entries.async_remove_subentry(entry, self.key)
        await self.hass.async_block_till_done()
        for serial in self.serials:
            await entry.runtime_data.async_remove_camera(serial)

    async def happens(self, entry: MockConfigEntry, what: str, of_it: Any) -> None:
        """Carry out an event."""
        match what:
            case "push":
                await self.push(*of_it)
            case "wait":
                await self.wait(*of_it)
            case "turn":
                await self.turn()
            case "correct":
                await self.correct(*of_it)
            case "reverse":
                await self.reverse(*of_it)
            case "restart":
                await self.restart(entry, *of_it)

    async def push(self, number: int, delay: int, ago: int, counted: list[People]) -> None:
        """Push intervals of a door that began `ago` minutes before they were sent, `delay` minutes late."""
        number %= len(self.serials)
        serial, sent = self.serials[number], self.now - delay * MINUTE
        documents = []
        for start, end, entered, exited in self.layouts[number].intervals(sent - ago * MINUTE, counted):
            if end <= sent:
                self.truth.counts.measure(serial, sent, start, end, entered, exited)
                begin = datetime.fromtimestamp(start, UTC)
                documents.append(measurement(begin, entered, exited, minutes=(end - start) // MINUTE))
        await self.pusher.push(
            *documents,
            sent=datetime.fromtimestamp(sent, UTC),
            sensor={"serial": serial, "name": serial, "timeZone": CAMERA_ZONES[number]},
        )
        self.last_message = self.now

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await go_on(self.hass, self.clock, seconds / MINUTE, with_recorder=False)

    async def turn(self) -> None:
        """Wait until the day ends or the occupancy is reset, without a push in the last minute."""
        turn = min(instant for instant in (self.truth.day(self.now).stop, *self.truth.resets) if instant > self.now)
        if turn - self.now > MINUTE:
            await self.wait(turn - self.now - MINUTE)
            await self.push(0, 0, 0, [])
            self.check()
        await self.wait(turn - self.now)

    async def correct(self, how: str, value: int) -> None:
        """Set the occupancy by the action, the number or the button."""
        if how == "action" and shown(self.hass, self.key, "occupancy") == "unavailable":
            return
        value = max(0, value)
        match how:
            case "action":
                await self._call(DOMAIN, "set_occupancy", "occupancy", value=value)
            case "number":
                await self._call("number", "set_value", "occupancy_correction", value=value)
            case "button":
                value = 0
                await self._call("button", "press", "reset_occupancy")
        self.truth.corrections.append((self.now, value))

    async def _call(self, domain: str, service: str, name: str, **data: Any) -> None:
        data["entity_id"] = entity_of(self.hass, self.key, name)
        await self.hass.services.async_call(domain, service, data, blocking=True)

    async def reverse(self, number: int) -> None:
        """Reverse a camera."""
        serial = self.serials[number % len(self.serials)]
        self.truth.counts.reversed ^= {serial}
        entity = er.async_get(self.hass).async_get_entity_id("switch", DOMAIN, f"{serial}_reverse_direction")
        await self.hass.services.async_call("switch", "toggle", {"entity_id": entity}, blocking=True)
        await self.hass.async_block_till_done()

    async def restart(self, entry: MockConfigEntry, minutes: int) -> None:
        """Unload the entry for some minutes."""
        assert await self.hass.config_entries.async_unload(entry.entry_id)
        await self.wait(minutes * MINUTE)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        await self.hass.async_block_till_done()

    def check(self) -> None:
        """Assert that all entities equal the simple calculation."""
        expected = self.expected()
        found = {name: shown(self.hass, self.key, name) for name in expected}
        if found["occupancy"] == "unavailable":
            assert self.now - self.last_message >= MIN_SILENCE
            # This one is available although all cameras are silent.
            known = "complete_until"
            expected = {name: value if name == known else "unavailable" for name, value in expected.items()}
        assert found == expected

    def expected(self) -> dict[str, str]:
        """Return the expected states of the place."""
        truth, now = self.truth, self.now
        day = truth.day(now)
        midnight, *since = (step for step in truth.steps(now, now) if step.at >= day.start)
        levels = [midnight.levels[-1], *(level for step in since for level in step.levels)]
        entered, exited = truth.counted(day)
        until = truth.counted_until()
        complete = datetime.fromtimestamp(min(until.values()), UTC) if len(until) == len(truth.doors) else None
        return {
            "occupancy": str(levels[-1]),
            "in_today": str(entered),
            "out_today": str(exited),
            "peak_today": str(max(levels)),
            "drift_today": str(sum(step.drift for step in since)),
            "complete_until": complete.isoformat() if complete else "unknown",
        }


# Within minutes, this night, and the day before.
minutes_ago: Final = st.integers(1, 20) | st.integers(1, 120) | st.integers(1, 26 * 60)
shop_pushes: Final[st.SearchStrategy[Happening]] = st.tuples(
    st.just("push"),
    st.tuples(st.integers(0, 2), st.integers(0, 9), minutes_ago, st.lists(people, min_size=1, max_size=20)),
)
shop_corrections: Final[st.SearchStrategy[Happening]] = st.tuples(
    st.just("correct"), st.tuples(st.sampled_from(["action", "number", "button"]), st.integers(-5, 20))
)
shop_happenings: Final[st.SearchStrategy[Happening]] = st.one_of(
    shop_pushes,
    shop_pushes,
    shop_corrections,
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([7, 40, 60, 120, 240, 31 * MINUTE, 70 * MINUTE]))),
    st.tuples(st.just("reverse"), st.tuples(st.integers(0, 2))),
    st.tuples(st.just("restart"), st.tuples(st.integers(0, 3))),
)


@st.composite
def nights(draw: st.DrawFn) -> list[Happening]:
    """Draw the events of a night with two turns; some of them happen exactly at a turn."""
    story = draw(st.lists(shop_pushes, min_size=1, max_size=3))
    for _ in range(2):
        story += draw(st.lists(shop_happenings, max_size=4))
        story.append(("turn", ()))
        story += draw(st.lists(shop_corrections | shop_pushes, max_size=1))
    return story + draw(st.lists(shop_happenings, max_size=4))


@pytest.mark.parametrize(("zone", "reset", "begin"), NIGHTS.values(), ids=NIGHTS)
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    reset_value=st.sampled_from([0, 0, 7]),
    doors=st.lists(st.tuples(st.booleans(), layouts), min_size=1, max_size=3),
    story=nights(),
)
@pytest.mark.slow
@pytest.mark.usefixtures("all_entities_enabled")
async def test_entities_of_a_place_in_any_night(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    zone: str | None,
    reset: time | None,
    begin: str,
    reset_value: int,
    doors: list[tuple[bool, Layout]],
    story: list[Happening],
) -> None:
    """All entities equal the simple calculation after each event, at midnight, and at the reset."""
    noon.move_to(begin)
    serials = {f"accc8e{next(_numbers):06x}": is_reversed for is_reversed, _ in doors}
    truth = ExpectedPlace(
        instant_of(begin) - 4 * DAY,
        Counts(),
        zone or hass.config.time_zone,
        serials,
        reset,
        0 if reset is None else reset_value,
    )
    shop = Shop(hass, noon, pusher, truth, [layout for _, layout in doors])
    await shop.add(entry, zone)
    try:
        shop.check()
        for what, of_it in story:
            await shop.happens(entry, what, of_it)
            shop.check()
    finally:
        await shop.remove(entry)
