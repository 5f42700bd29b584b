"""The blueprint full_and_free_again, run by Home Assistant."""

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..helpers.blueprints import MINUTE, Calls, Passing, automate, boot, done, reload, run_by_hand, sent_messages, wait
from ..helpers.places import entity_of, shown
from ..helpers.pusher import Pusher, measurement


def shop_device(hass: HomeAssistant, shop: str) -> str:
    """Return the device of the shop."""
    entity = er.async_get(hass).async_get(entity_of(hass, shop, "occupancy"))
    assert entity
    assert entity.device_id
    return entity.device_id


async def test_full_and_free_again(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send one message when the place is full, and one when it is free again."""
    await automate(hass, "full_and_free_again", place=shop_device(hass, shop))
    await run_by_hand(hass)
    assert sent_messages(calls) == ["Shop is full. People inside: ?."]
    await passing(2)
    assert not done(calls)
    await passing(2)
    await passing(1)
    assert sent_messages(calls) == ["Shop is full. People inside: 4."]
    await reload(hass, entry)
    await passing()
    assert not done(calls)
    await passing(0, 3)
    await passing(0, 1)
    assert sent_messages(calls) == ["Shop is free again. People inside: 2."]


async def test_limit_crossed_during_silence(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send nothing for silence, but for a limit crossed during it."""
    await automate(hass, "full_and_free_again", place=shop_device(hass, shop))
    await passing(3)
    assert len(sent_messages(calls)) == 1
    await wait(hass, noon, 30)
    assert shown(hass, shop, "full") == "unavailable"
    await passing()
    assert shown(hass, shop, "full") == "on"
    assert not done(calls)
    await wait(hass, noon, 30)
    await passing(0, 1)
    assert sent_messages(calls) == ["Shop is free again. People inside: 2."]


async def test_limit_crossed_in_late_counts(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    shop: str,
    pusher: Pusher,
    calls: Calls,
    passing: Passing,
) -> None:
    """Send nothing for a limit crossed in late counts."""
    await automate(hass, "full_and_free_again", place=shop_device(hass, shop))
    await wait(hass, noon, 60)
    start = dt_util.utcnow() - 50 * MINUTE
    await pusher.push(measurement(start, 5), measurement(start + MINUTE, 0, 5))
    await passing()
    assert shown(hass, shop, "peak_today") == "5"
    assert not done(calls)


async def test_full_after_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send nothing about a full shop after a start; use custom texts and actions."""
    await passing(3)
    action = {"action": "notify.phone", "data": {"message": "{{ message }}"}}
    await boot(
        hass,
        entry,
        "full_and_free_again",
        place=shop_device(hass, shop),
        full_text="Stop at {{ occupancy }}!",
        full_actions=[action],
        free_text="Come in!",
        free_actions=[action],
    )
    await passing()
    assert not done(calls)
    await passing(0, 1)
    assert sent_messages(calls, "notify.phone") == ["Come in!"]
    await passing(4)
    assert sent_messages(calls, "notify.phone") == ["Stop at 6!"]
    assert not done(calls)
