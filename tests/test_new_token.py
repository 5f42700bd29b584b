"""After a new token was made, a repair lists the cameras that haven't used it yet, until there are none."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter import async_remove_config_entry_device, issues
from custom_components.axis_people_counter.http import async_register_views
from custom_components.axis_people_counter.http.token_use import TokenUse
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .helpers.flows import choose, enter
from .helpers.issues import active_issues
from .helpers.pusher import TOKEN, Pusher, document, measurement

MINUTE = timedelta(minutes=1)


async def push(pusher: Pusher, number: int, token: str) -> None:
    """Push one minute of a camera."""
    body = document(
        measurement(dt_util.utcnow() - MINUTE, 1),
        sensor={"serial": f"accc8e0000{number:02}", "name": f"Door *{number}*", "ipAddress": f"192.0.2.{number}"},
    )
    assert (await pusher.post(body, token=token)).ok
    await pusher.hass.async_block_till_done()


async def make_token(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Make a new token, and return it."""
    result = await enter(hass, await choose(hass, await entry.start_reconfigure_flow(hass), "new_token"))
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    return str(entry.data["token"])


def listed(hass: HomeAssistant) -> list[str]:
    """Return the lines of the list, none if there is no repair."""
    issue = active_issues(hass).get(issues.NEW_TOKEN.key)
    if issue is None:
        return []
    assert issue.translation_placeholders
    assert TOKEN not in str(issue)
    return issue.translation_placeholders["cameras"].splitlines()


def line(number: int) -> str:
    """Return the line of a camera, with its name as plain text and a link to its page."""
    address = f"192.0.2.{number}"
    return f"- Door \\*{number}\\* ([{address.replace('.', '\\.')}](http://{address}))"


async def test_list_empties_itself(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """List the cameras after a new token was made, each until it has been heard with it."""
    for number in (1, 2):
        await push(pusher, number, TOKEN)
    assert not listed(hass)
    token = await make_token(hass, entry)
    assert listed(hass) == [line(1), line(2)]
    await push(pusher, 1, token)
    assert listed(hass) == [line(2)]
    # A test shows at once that the token is right. Until it is saved, the camera pushes with the old one.
    tested = document(sensor={"serial": "accc8e000002"}, data=None)
    assert (await pusher.post(tested, token=token)).ok
    assert not listed(hass)
    await push(pusher, 2, TOKEN)
    assert listed(hass) == [line(2)]
    # A reload forgets nothing.
    await hass.config_entries.async_reload(entry.entry_id)
    assert listed(hass) == [line(2)]
    await push(pusher, 2, token)
    assert not listed(hass)
    await push(pusher, 1, TOKEN)
    assert listed(hass) == [line(1)]


async def test_restart(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """After a restart, don't claim that a camera has the new token before it has been heard with it."""
    await push(pusher, 1, TOKEN)
    token = await make_token(hass, entry)
    await push(pusher, 1, token)
    assert not listed(hass)
    async_register_views(hass).token_use = TokenUse()
    await hass.config_entries.async_reload(entry.entry_id)
    assert listed(hass) == [line(1)]
    await push(pusher, 1, token)
    assert not listed(hass)


async def test_old_token_expires(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """End the repair with the old token: a camera that still uses it is refused, which has its own repair."""
    await push(pusher, 1, TOKEN)
    await make_token(hass, entry)
    issue = active_issues(hass)[issues.NEW_TOKEN.key]
    assert issue.translation_placeholders
    assert issue.translation_placeholders["until"] == "2026-09-17 03:00:00"
    noon.tick(timedelta(hours=23))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert listed(hass)
    noon.tick(timedelta(hours=2))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert not listed(hass)


async def test_many_cameras(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """List as many cameras as fit on a screen."""
    for number in range(32):
        await push(pusher, number, TOKEN)
    await make_token(hass, entry)
    assert listed(hass) == [*map(line, range(30)), "- …"]


@pytest.mark.usefixtures("pusher")
async def test_no_camera(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Show no repair if there is no camera."""
    await make_token(hass, entry)
    assert not listed(hass)


async def test_camera_that_appears(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """List a new camera at once if it was connected with the old token."""
    await push(pusher, 1, TOKEN)
    token = await make_token(hass, entry)
    await push(pusher, 1, token)
    assert not listed(hass)
    await push(pusher, 2, TOKEN)
    assert listed(hass) == [line(2)]
    await push(pusher, 3, token)
    assert listed(hass) == [line(2)]
    await push(pusher, 2, token)
    assert not listed(hass)


async def test_camera_that_is_removed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """List a camera no longer when it is removed, but again when it pushes with the old token after that."""
    await push(pusher, 1, TOKEN)
    await make_token(hass, entry)
    assert listed(hass) == [line(1)]
    noon.tick(10 * MINUTE)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert await async_remove_config_entry_device(hass, entry, device)
    assert not listed(hass)
    await push(pusher, 1, TOKEN)
    assert listed(hass) == [line(1)]
