"""The blueprint still_inside_at_closing, run by Home Assistant."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util

from ..helpers.blueprints import MINUTE, Calls, Passing, automate, boot, done, run_by_hand, sent_messages, wait
from ..helpers.places import add_place, entity_of, shown


@pytest.fixture
async def evening(hass: HomeAssistant, noon: FrozenDateTimeFactory) -> None:
    """Stop the clock two minutes before eight on a Wednesday."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    noon.move_to("2026-09-16T17:58:00Z")


async def test_still_inside(hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing) -> None:
    """Send the number at closing time, and again while people are inside."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await run_by_hand(hass)
    assert sent_messages(calls) == ["Closing time at Shop. People still inside: 0."]
    await passing(2)
    assert not done(calls)
    await passing()
    assert sent_messages(calls) == ["Closing time at Shop. People still inside: 2."]
    await passing(minutes=14)
    assert not done(calls)
    await passing(0, 1)
    assert sent_messages(calls) == ["Closing time at Shop. People still inside: 1."]
    await passing(minutes=30)
    assert not done(calls)


async def test_nobody_inside_at_closing(
    hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send nothing if nobody is inside at closing time."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await passing(minutes=2)
    await passing(1, minutes=20)
    assert not done(calls)


async def test_no_reminder_if_all_have_left(
    hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send no reminder if the people have left."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await passing(1)
    await passing()
    assert len(sent_messages(calls)) == 1
    await passing(0, 1)
    await passing(minutes=20)
    assert not done(calls)


@pytest.mark.parametrize("told", [True, False])
async def test_reminder_after_a_restart(
    hass: HomeAssistant,
    evening: None,
    entry: MockConfigEntry,
    shop: str,
    calls: Calls,
    passing: Passing,
    told: bool,
) -> None:
    """Send the reminder after a restart, only if there was a message."""
    await passing(1, minutes=3)
    when = dt_util.utcnow() - MINUTE if told else dt_util.utcnow() - timedelta(days=1)
    last = {"last_triggered": when.isoformat()}
    mock_restore_cache(hass, [State("automation.still_inside_at_closing", STATE_ON, last)])
    await boot(hass, entry, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await passing(minutes=13)
    assert not done(calls)
    await passing()
    assert sent_messages(calls) == ["Closing time at Shop. People still inside: 3."] * told


async def test_reminder_after_midnight(
    hass: HomeAssistant,
    evening: None,
    entry: MockConfigEntry,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
) -> None:
    """Send a reminder after midnight."""
    bar = await add_place(hass, entry, name="Bar", reset_time="05:00:00")
    inputs = {"occupancy": entity_of(hass, bar, "occupancy"), "closing_time": "23:55:00", "weekdays": ["wed"]}
    await automate(hass, "still_inside_at_closing", **inputs)
    noon.move_to("2026-09-16T21:53:00Z")
    await passing(1)
    await passing()
    assert sent_messages(calls) == ["Closing time at Bar. People still inside: 1."]
    await passing(minutes=14)
    assert not done(calls)
    await passing()
    assert sent_messages(calls) == ["Closing time at Bar. People still inside: 1."]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"minimum": 2}, True),
        ({"minimum": 3}, False),
        ({"closing_time": "21:00:00"}, False),
        ({"weekdays": ["wed"]}, True),
        ({"weekdays": ["tue", "thu"]}, False),
    ],
)
async def test_minimum_time_days_and_reminder(
    hass: HomeAssistant,
    evening: None,
    shop: str,
    calls: Calls,
    passing: Passing,
    inputs: dict[str, Any],
    expected: bool,
) -> None:
    """Follow the chosen minimum, time, days and reminder."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"), reminder=0, **inputs)
    await passing(2)
    await passing(minutes=30)
    assert len(sent_messages(calls)) == expected


@pytest.mark.parametrize("tell", [True, False])
async def test_all_cameras_are_silent(
    hass: HomeAssistant, evening: None, shop: str, noon: FrozenDateTimeFactory, calls: Calls, tell: bool
) -> None:
    """Send a message about silent cameras if that is chosen."""
    occupancy = entity_of(hass, shop, "occupancy")
    inputs = {"occupancy": occupancy, "closing_time": "20:08:00", "tell_unknown": tell}
    await automate(hass, "still_inside_at_closing", **inputs)
    await wait(hass, noon, 9)
    assert shown(hass, shop, "occupancy") == "unavailable"
    await wait(hass, noon, 1)
    text = "Closing time at Shop. Its cameras don't report, so the number of people inside is unknown."
    assert sent_messages(calls) == ([text] if tell else [])
    await wait(hass, noon, 15)
    assert sent_messages(calls) == ([text] if tell else [])


@pytest.mark.parametrize(("inside", "tell", "expected"), [(2, True, 1), (2, False, 1), (0, True, 1), (0, False, 0)])
async def test_one_camera_is_silent(
    hass: HomeAssistant,
    evening: None,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
    inside: int,
    tell: bool,
    expected: int,
) -> None:
    """Add a warning while some cameras are silent."""
    await automate(
        hass,
        "still_inside_at_closing",
        closing_time="20:08:00",
        occupancy=entity_of(hass, shop, "occupancy"),
        tell_unknown=tell,
        incomplete_text="Perhaps.",
        inside_text="{{ occupancy }} in {{ place }}.",
        actions=[{"action": "notify.phone", "data": {"message": "{{ message }}"}}],
    )
    await passing(inside, back=False)
    await passing(minutes=9, back=False)
    assert sent_messages(calls, "notify.phone") == [f"{inside} in Shop. Perhaps."] * expected


async def test_occupancy_of_a_camera(
    hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing
) -> None:
    """Use the occupancy of a camera."""
    await automate(hass, "still_inside_at_closing", occupancy="sensor.main_entrance_occupancy")
    await passing(1)
    await passing()
    assert sent_messages(calls) == ["Closing time at Main entrance. People still inside: 1."]


async def test_problem_of_a_camera(
    hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing
) -> None:
    """A camera that counts nobody isn't a place whose cameras are silent."""
    await automate(hass, "still_inside_at_closing", occupancy="sensor.main_entrance_occupancy")
    hass.states.async_set("binary_sensor.main_entrance_counting_problem", "on", {"device_class": "problem"})
    await run_by_hand(hass)
    assert sent_messages(calls) == ["Closing time at Main entrance. People still inside: 0."]
