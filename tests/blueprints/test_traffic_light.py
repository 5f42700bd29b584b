"""The blueprint traffic_light, run by Home Assistant."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..helpers.blueprints import GREEN, RED, Calls, Passing, automate, boot, done, reload, run_by_hand, wait
from ..helpers.places import entity_of, shown


def lamp(calls: Calls) -> list[list[int]]:
    """Return the colours since they were last looked at."""
    colors = []
    for call in calls["light.turn_on"]:
        assert call.data["entity_id"] == ["light.entrance"]
        colors.append(call.data["rgb_color"])
    calls["light.turn_on"].clear()
    return colors


async def test_traffic_light(
    hass: HomeAssistant, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Show stop while the place is full, and go otherwise."""
    await automate(
        hass,
        "traffic_light",
        full=entity_of(hass, shop, "full"),
        lights=["light.entrance"],
        brightness=40,
        stop_actions=[{"action": "switch.turn_on"}],
        go_actions=[{"action": "switch.turn_off"}],
    )
    await run_by_hand(hass)
    assert done(calls) == ["light.turn_on", "switch.turn_off"]
    await passing(2)
    assert not done(calls)
    await passing(1)
    assert calls["light.turn_on"][0].data["brightness_pct"] == 40
    assert lamp(calls) == [RED]
    assert done(calls) == ["switch.turn_on"]
    await passing(1)
    assert not done(calls)
    await passing(0, 2)
    assert lamp(calls) == [GREEN]
    assert done(calls) == ["switch.turn_off"]
    await wait(hass, noon, 5)
    assert shown(hass, shop, "full") == "unavailable"
    assert not done(calls)
    await wait(hass, noon, 1.1)
    assert lamp(calls) == [RED]
    await passing()
    assert lamp(calls) == [GREEN]


@pytest.mark.parametrize(("unknown", "colors"), [("stop", [RED]), ("go", [GREEN]), ("keep", [])])
async def test_sign_while_all_cameras_are_silent(
    hass: HomeAssistant,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
    unknown: str,
    colors: list[list[int]],
) -> None:
    """Show the chosen sign while all cameras are silent."""
    full = entity_of(hass, shop, "full")
    await automate(hass, "traffic_light", full=full, lights=["light.entrance"], when_unknown=unknown)
    await wait(hass, noon, 5)
    await wait(hass, noon, 1.1)
    assert lamp(calls) == colors
    await run_by_hand(hass)
    assert lamp(calls) == colors
    # The value would be kept for a moment only.
    await passing(3)
    assert lamp(calls) == [RED]


@pytest.mark.parametrize(("inside", "color"), [(3, RED), (2, GREEN)])
async def test_lamp_after_a_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    shop: str,
    calls: Calls,
    passing: Passing,
    inside: int,
    color: list[int],
) -> None:
    """Set the lamp after a start, and when it has power again."""
    await passing(inside)
    full = entity_of(hass, shop, "full")
    hass.states.async_set("light.entrance", "unavailable")
    await boot(hass, entry, "traffic_light", full=full, lights=["light.entrance"])
    assert lamp(calls) == [color]
    hass.states.async_set("light.entrance", "on")
    await hass.async_block_till_done()
    assert lamp(calls) == [color]
    hass.states.async_set("light.entrance", "off")
    await hass.async_block_till_done()
    assert not done(calls)
    hass.bus.async_fire("automation_reloaded")
    await hass.async_block_till_done()
    assert lamp(calls) == [color]


async def test_stop_after_a_start_with_silent_cameras(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Show stop after a start with silent cameras."""
    await wait(hass, noon, 26 * 60)
    full = entity_of(hass, shop, "full")
    await boot(hass, entry, "traffic_light", full=full, lights=["light.entrance"])
    assert shown(hass, shop, "full") == "unavailable"
    assert lamp(calls) == [RED]
    await passing()
    assert lamp(calls) == [GREEN]


async def test_reload_keeps_the_sign(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Keep the sign during a reload."""
    full = entity_of(hass, shop, "full")
    await automate(hass, "traffic_light", full=full, lights=["light.entrance"])
    await reload(hass, entry)
    await passing(minutes=3)
    assert RED not in lamp(calls)


def media(calls: Calls) -> list[tuple[str, bool]]:
    """Return the media played since the last call, and whether as an announcement."""
    played = []
    for call in calls["media_player.play_media"]:
        assert call.data["entity_id"] == ["media_player.entrance"]
        assert call.data["media"]["media_content_type"] == "image/png"
        played.append((call.data["media"]["media_content_id"], call.data["announce"]))
    calls["media_player.play_media"].clear()
    return played


@pytest.mark.parametrize("announce", [True, False])
async def test_picture_and_announcement(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
    announce: bool,
) -> None:
    """Play a picture whenever the sign is set, an announcement only when it changes."""
    stop, go = (
        # The selector's answer has more in it than the action wants.
        {"media_content_id": name, "media_content_type": "image/png", "metadata": {"title": name}}
        for name in ("stop's", "go")
    )
    await boot(
        hass,
        entry,
        "traffic_light",
        full=entity_of(hass, shop, "full"),
        players=["media_player.entrance"],
        stop_media=stop,
        go_media=go,
        announce=announce,
    )
    assert media(calls) == ([] if announce else [("go", False)])
    await passing(3)
    assert media(calls) == [("stop's", announce)]
    await wait(hass, noon, 10)
    await passing()
    assert all(not is_announcement for _, is_announcement in media(calls))
    await passing(0, 1)
    assert media(calls) == [("go", announce)]
    assert not done(calls)


async def test_other_actions_run_if_the_lamp_fails(
    hass: HomeAssistant, shop: str, calls: Calls, passing: Passing
) -> None:
    """Run the other actions if the lamp fails."""
    failing = async_mock_service(hass, "light", "turn_on", raise_exception=HomeAssistantError("broken"))
    await automate(
        hass,
        "traffic_light",
        full=entity_of(hass, shop, "full"),
        lights=["light.entrance"],
        players=["media_player.entrance"],
        stop_actions=[{"action": "switch.turn_on"}],
    )
    await passing(3)
    assert len(failing) == 1
    assert done(calls) == ["switch.turn_on"]
