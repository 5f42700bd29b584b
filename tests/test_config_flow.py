"""Set-up, reconfiguration and options, walked as a user does, with cameras that call meanwhile."""

from datetime import timedelta
from http import HTTPStatus
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.flows import guide_steps
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.flows import begin, choices, choose, enter, moved_on, settings, shown, start, submit
from .helpers.pusher import PATH, TOKEN, Pusher, document, measurement

TEST_MESSAGE: dict[str, Any] = {"data": None}


@pytest.fixture
async def stranger(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, monkeypatch: pytest.MonkeyPatch
) -> Pusher:
    """Return a pusher to an instance in which nothing is set up yet."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    hass.config_entries.flow.async_abort(result["flow_id"])
    # The address exists as soon as a flow has shown it, or the component was set up once.
    aborted = await start(hass)
    hass.config_entries.flow.async_abort(aborted["flow_id"])
    # Home Assistant's server accepts new views while it runs; the test server wouldn't.
    monkeypatch.setattr(hass.http.app.router, "freeze", lambda: None)
    return Pusher(hass, await hass_client_no_auth())


async def test_camera_connects_during_set_up(hass: HomeAssistant, stranger: Pusher) -> None:
    """Accept a connection test while the step is open, and name the camera at the end."""
    result = await start(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "by_hand"
    assert shown(result)["url"] == f"https://ha.example.com{PATH}"
    token = shown(result)["token"]
    assert len(token) >= 43
    assert token.isalnum()

    response = await stranger.post(document(**TEST_MESSAGE, sensor={"name": "Back *door*"}), token=token)
    assert response.status == HTTPStatus.OK

    result = await submit(hass, result)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["description"] == "camera_connected"
    # Shown as it is, never as Markdown.
    assert shown(result) == {"cameras": "Back \\*door\\*"}
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert settings(entry) == {"url": "https://ha.example.com", "token": token}
    assert entry.title == "AXIS People Counter"

    assert (await stranger.post(document(measurement(dt_util.utcnow() - timedelta(minutes=3))), token=token)).ok
    assert hass.states.get("sensor.main_entrance_in_today")


async def test_finish_before_a_camera_has_connected(hass: HomeAssistant) -> None:
    """Finish without a camera, and say what happens next."""
    result = await submit(hass, await start(hass))
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["description"] == "no_camera_yet"


async def test_waiting_during_set_up(hass: HomeAssistant, stranger: Pusher) -> None:
    """Wait for a camera, say at once that its token is wrong, and go on by itself when it has connected."""
    shown_first = await start(hass)
    token = shown(shown_first)["token"]
    result = await choose(hass, shown_first, "wait")
    assert (result["step_id"], result["progress_action"]) == ("wait", "wait")
    assert shown(result)["token"] == token
    assert not (await stranger.post(document(**TEST_MESSAGE), token=token[:-1])).ok
    result = await moved_on(hass, result)
    assert (result["step_id"], result["errors"]) == ("not_heard", {"base": "wrong_token"})
    assert choices(result) == {"next": ["wait", "show", "prepare", "check", "finish"]}
    result = await choose(hass, result, "show")
    assert result["step_id"] == "by_hand"
    result = await choose(hass, result, "wait")
    assert (await stranger.post(document(**TEST_MESSAGE), token=token)).ok
    result = await moved_on(hass, result)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["description"] == "camera_connected"


async def test_nobody_has_to_wait_long(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer the other choices after two minutes: a step that waits has no buttons."""
    monkeypatch.setattr(guide_steps, "WAIT_SECONDS", 0.01)
    result = await moved_on(hass, await choose(hass, await start(hass), "wait"))
    assert (result["step_id"], result["errors"]) == ("not_heard", {"base": "no_camera"})
    assert (await choose(hass, result, "prepare"))["step_id"] == "camera"
    result = await moved_on(hass, await choose(hass, await start(hass), "wait"))
    assert (await choose(hass, result, "finish"))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_wrong_token_during_set_up(hass: HomeAssistant, stranger: Pusher) -> None:
    """Show an error if a camera connects with a wrong token."""
    result = await start(hass)
    response = await stranger.post(document(**TEST_MESSAGE), token=shown(result)["token"][:-1])
    assert response.status == HTTPStatus.UNAUTHORIZED

    result = await submit(hass, result)
    assert result["errors"] == {"base": "wrong_token"}
    assert shown(result)["address"] == "127.0.0.1"
    # The warning comes once.
    assert (await submit(hass, result))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_many_cameras_during_set_up(hass: HomeAssistant, stranger: Pusher) -> None:
    """Name as many cameras as fit on a screen, however many a sender with the token invents."""
    result = await start(hass)
    for number in range(40):
        body = document(**TEST_MESSAGE, sensor={"serial": f"accc8e0000{number:02}", "name": f"Door {number}"})
        assert (await stranger.post(body, token=shown(result)["token"])).ok
    result = await submit(hass, result)
    await hass.async_block_till_done()
    assert shown(result) == {"cameras": ", ".join(f"Door {number}" for number in range(30))}


async def test_counts_are_rejected_during_set_up(hass: HomeAssistant, stranger: Pusher) -> None:
    """Reject counts before the entry exists, but show the camera as connected."""
    result = await start(hass)
    push = document(measurement(dt_util.utcnow() - timedelta(minutes=3), 4))
    response = await stranger.post(push, token=shown(result)["token"])
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"]

    token = shown(result)["token"]
    assert (await submit(hass, result))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert (await stranger.post(push, token=token)).ok
    state = hass.states.get("sensor.main_entrance_in_total")
    assert state
    assert state.state == "4"


async def test_token_of_a_closed_flow_is_rejected(hass: HomeAssistant, stranger: Pusher) -> None:
    """Reject the token of a closed flow."""
    result = await start(hass)
    token = shown(result)["token"]
    assert (await stranger.post(document(**TEST_MESSAGE), token=token)).ok
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert (await stranger.post(document(**TEST_MESSAGE), token=token)).status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_token_of_a_closed_flow_is_shown_again(hass: HomeAssistant, stranger: Pusher) -> None:
    """Show the same token after a dialog that was closed too early, and another one after the entry was deleted."""
    result = await start(hass)
    token = shown(result)["token"]
    hass.config_entries.flow.async_abort(result["flow_id"])

    result = await start(hass)
    assert shown(result)["token"] == token
    await submit(hass, result)
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert (await stranger.post(document(**TEST_MESSAGE), token=token)).ok

    assert await hass.config_entries.async_remove(entry.entry_id)
    assert shown(await start(hass))["token"] != token


@pytest.mark.parametrize(
    ("entered", "shown_url"),
    [
        ("https://ha.example.com/", "https://ha.example.com"),
        (" https://192.168.1.10:8123 ", "https://192.168.1.10:8123"),
        ("\ufeff\u00a0\thttps://ha.example.com\u200b\r\n", "https://ha.example.com"),
        ("HTTPS://HA.example.com:443/", "https://ha.example.com"),
        ("https://büro.example.com", "https://xn--bro-hoa.example.com"),
        ("https://my_home.example.com:65535", "https://my_home.example.com:65535"),
        ("https://ha.example.com.", "https://ha.example.com."),
        (f"https://ha.example.com{PATH}", "https://ha.example.com"),
        ("https://[fd00::10]:8123", "https://[fd00::10]:8123"),
    ],
)
async def test_valid_addresses(hass: HomeAssistant, entered: str, shown_url: str) -> None:
    """Accept addresses as people copy them."""
    assert shown(await start(hass, entered))["url"] == f"{shown_url}{PATH}"


@pytest.mark.parametrize(
    "entered",
    [
        "",
        "ha.example.com",
        "ftp://ha.example.com",
        "https://",
        "https://user:secret@ha.example.com",
        "https://@ha.example.com",
        "https:// ha.example.com",
        "https:// ",
        "https://ha example.com",
        "https://ha.example.com :8123",
        "https://ha.example.com: 8123",
        "https://ha.example.com/ api",
        "https ://ha.example.com",
        "https://ha\t.example.com",
        "https://ha\n.example.com",
        "https://ha.exa\u00a0mple.com",
        "https://ha.exa\u200bmple.com",
        "https://ha.exa\u2003mple.com",
        "https://ha.\x00example.com",
        "https://ha.\ud800example.com",
        "https:\\\\ha.example.com",
        "https://ha.example.com\\x",
        "https://ha%20.example.com",
        "https://ha..example.com",
        "https://.example.com",
        "https://-ha.example.com",
        "https://ha,b.example.com",
        "https:///x",
        "https:ha.example.com",
        "https://ha.example.com:0",
        "https://ha.example.com:70000",
        "https://ha.example.com:+443",
        "https://ha.example.com:\uff14\uff14\uff13",
        "https://ha.example.com:",
        "https://192.168.1",
        "https://192.168.1.256",
        "https://0.0.0.0",
        "https://[fe80::1%25eth0]",
        "https://[192.168.1.10]",
        "https://[::1::2]",
        "https://" + "x" * 64 + ".example.com",
        "https://" + "ü" * 60 + ".example.com",
        "https://https://ha.example.com",
        "https://ha.example.com/lovelace",
        "https://ha.example.com?x=1",
        "https://ha.example.com:port",
        "https://ha.example.com:99999",
        "https://[fd00::10",
    ],
)
async def test_invalid_addresses(hass: HomeAssistant, entered: str) -> None:
    """Reject a wrong address, and let the user correct it."""
    result = await start(hass, entered)
    assert result["step_id"] == "home_assistant"
    assert result["errors"] == {"url": "invalid_url"}
    result = await enter(hass, result, url="https://ha.example.com", way="by_hand")
    assert result["step_id"] == "by_hand"


async def test_address_without_https(hass: HomeAssistant) -> None:
    """Warn of an address without HTTPS, then accept it."""
    result = await start(hass, "http://192.168.1.10:8123")
    assert result["step_id"] == "home_assistant"
    assert result["errors"] == {"base": "not_https"}
    result = await enter(hass, result, url="http://192.168.1.10:8123", way="by_hand")
    assert result["step_id"] == "by_hand"
    assert shown(result)["url"] == f"http://192.168.1.10:8123{PATH}"


HTTPS = {"internal_url": "http://homeassistant.local:8123", "external_url": "https://ha.example.com"}


@pytest.mark.parametrize(
    ("core_config", "step"),
    [
        (HTTPS, "home_assistant"),
        ({"internal_url": "http://192.168.1.10:8123"}, "direct"),
        # Cameras trust a certificate for an address only if somebody has installed its authority.
        ({"internal_url": "https://192.168.1.10:8123"}, "direct"),
    ],
)
async def test_first_step(hass: HomeAssistant, core_config: dict[str, str], step: str) -> None:
    """Begin with the address that cameras most likely reach, and offer the other kind."""
    await async_process_ha_core_config(hass, core_config)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["step_id"] == step
    other = {"home_assistant": "direct", "direct": "home_assistant"}
    assert choices(result) == {"way": ["prepare", "by_hand", other[step]]}
    result = await choose(hass, result, other[step])
    assert result["step_id"] == other[step]
    assert (await choose(hass, result, step))["step_id"] == step


@pytest.mark.parametrize(
    ("core_config", "guess"),
    [(HTTPS, "https://ha.example.com"), ({"internal_url": "http://192.168.1.10:8123"}, "http://192.168.1.10:8123")],
)
async def test_suggested_address(hass: HomeAssistant, core_config: dict[str, str], guess: str) -> None:
    """Suggest the best address, with HTTPS if possible."""
    await async_process_ha_core_config(hass, core_config)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    if result["step_id"] == "direct":
        result = await choose(hass, result, "home_assistant")
    assert result["data_schema"]
    field = next(field for field in result["data_schema"].schema if field == "url")
    assert field.description == {"suggested_value": guess}


async def test_no_suggested_address(hass: HomeAssistant) -> None:
    """Leave the field empty if no address is known."""
    assert await async_setup_component(hass, "http", {})
    hass.config.api = None
    result = await choose(hass, await begin(hass), "home_assistant")
    assert result["data_schema"]
    field = next(field for field in result["data_schema"].schema if field == "url")
    assert field.description == {"suggested_value": None}


async def test_single_entry(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Allow only one entry."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "single_instance_allowed"


async def test_reconfigure_shows_url_and_token(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Show URL and token again; a new address changes only the URL."""
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert shown(result)["url"] == f"https://ha.example.com{PATH}"
    assert shown(result)["token"] == TOKEN

    result = await choose(hass, result, "home_assistant")
    result = await enter(hass, result, url="nonsense", way="by_hand")
    assert result["errors"] == {"url": "invalid_url"}
    assert entry.data["url"] == "https://ha.example.com"

    result = await enter(hass, result, url="https://new.example.com", way="by_hand")
    assert result["step_id"] == "by_hand"
    assert shown(result)["url"] == f"https://new.example.com{PATH}"
    assert shown(result)["token"] == TOKEN
    assert (await pusher.post(document(**TEST_MESSAGE))).ok
    result = await submit(hass, result)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "connected"
    assert shown(result) == {"cameras": "Main entrance"}
    assert settings(entry) == {"url": "https://new.example.com", "token": TOKEN}


async def test_reconfigure_suggests_the_present_address(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Suggest the present address when reconfiguring."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "home_assistant")
    assert result["data_schema"]
    field = next(field for field in result["data_schema"].schema if field == "url")
    assert field.description == {"suggested_value": "https://ha.example.com"}


async def test_old_token_expires_after_a_day(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Accept a new token at once, and the old one for 24 hours."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "new_token")
    # It takes a confirmation.
    assert entry.data["token"] == TOKEN
    result = await enter(hass, result)
    token = shown(result)["token"]
    assert token != TOKEN
    for accepted in (token, TOKEN):
        assert (await pusher.post(document(**TEST_MESSAGE), token=accepted)).ok
    assert (await submit(hass, result))["reason"] == "connected"

    # Another address doesn't change that.
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "home_assistant")
    await enter(hass, result, url="https://new.example.com", way="by_hand")
    noon.tick(timedelta(hours=24) - timedelta(seconds=1))
    for accepted in (token, TOKEN):
        assert (await pusher.post(document(**TEST_MESSAGE), token=accepted)).ok
    noon.tick(timedelta(seconds=1))
    assert (await pusher.post(document(**TEST_MESSAGE), token=token)).ok
    assert (await pusher.post(document(**TEST_MESSAGE), token=TOKEN)).status == HTTPStatus.UNAUTHORIZED


async def make_token(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Make a new token, and return it."""
    result = await enter(hass, await choose(hass, await entry.start_reconfigure_flow(hass), "new_token"))
    hass.config_entries.flow.async_abort(result["flow_id"])
    return shown(result)["token"]


async def accepted(pusher: Pusher, tokens: list[str]) -> list[bool]:
    """Return which tokens are accepted."""
    return [(await pusher.post(document(**TEST_MESSAGE), token=token)).ok for token in tokens]


async def test_several_old_tokens(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Accept each of several old tokens for 24 hours after it was replaced."""
    tokens = [TOKEN]
    for _ in range(3):
        noon.tick(timedelta(hours=1))
        tokens.append(await make_token(hass, entry))
    assert await accepted(pusher, tokens) == [True] * 4
    # Another way for the cameras changes no token.
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "home_assistant")
    await enter(hass, result, url="https://new.example.com", way="by_hand")
    noon.tick(timedelta(hours=22) - timedelta(seconds=1))
    for expired in range(4):
        assert await accepted(pusher, tokens) == [False] * expired + [True] * (4 - expired)
        noon.tick(timedelta(hours=1))
    assert await accepted(pusher, ["", "x", TOKEN[:-1]]) == [False] * 3


async def test_expired_tokens_are_removed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Remove an expired token without a reload."""
    await make_token(hass, entry)
    noon.tick(timedelta(hours=12))
    second = await make_token(hass, entry)
    noon.tick(timedelta(hours=13))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert TOKEN not in json.dumps(dict(entry.data))
    assert len(entry.data["previous_tokens"]) == 1
    noon.tick(timedelta(hours=12))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert settings(entry) == {"url": "https://ha.example.com", "token": second}


async def test_older_flow_keeps_the_new_token(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Keep a new token if an older dialog stores an address."""
    dialogs = [await entry.start_reconfigure_flow(hass) for _ in range(3)]
    first, second = [
        shown(await enter(hass, await choose(hass, dialog, "new_token")))["token"] for dialog in dialogs[:2]
    ]
    result = await choose(hass, dialogs[2], "home_assistant")
    assert shown(await enter(hass, result, url="https://new.example.com", way="by_hand"))["token"] == second
    assert await accepted(pusher, [TOKEN, first, second]) == [True] * 3


async def test_entry_with_one_previous_token(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Load an entry with one previous token, and remove the expired one."""
    old = {"previous_token": "an-older-token", "previous_token_expires": "2026-09-17T10:00:00+00:00"}
    hass.config_entries.async_update_entry(entry, data={**entry.data, **old})
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert settings(entry) == {"url": "https://ha.example.com", "token": TOKEN}


async def test_old_token_expires_while_a_flow_is_open(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Let an old token expire while a dialog still shows it."""
    dialogs = [await entry.start_reconfigure_flow(hass) for _ in range(3)]
    left_open, closed = [await choose(hass, dialog, "show") for dialog in dialogs[:2]]
    hass.config_entries.flow.async_abort(closed["flow_id"])
    assert (await pusher.post(document(**TEST_MESSAGE))).ok

    result = await enter(hass, await choose(hass, dialogs[2], "new_token"))
    noon.tick(timedelta(hours=25))
    refused = await pusher.post(document(measurement(dt_util.utcnow() - timedelta(minutes=2), 7)), token=TOKEN)
    assert refused.status == HTTPStatus.UNAUTHORIZED
    assert not hass.states.async_all()
    assert (await submit(hass, left_open))["reason"] == "connected"

    # What is good for nothing isn't kept.
    await hass.config_entries.async_reload(entry.entry_id)
    assert settings(entry) == {"url": "https://ha.example.com", "token": shown(result)["token"]}


async def test_options(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Suggest and store all options."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["step_id"] == "init"
    assert result["data_schema"]
    # The form as it is at first.
    at_first = {"reset_time": "00:00:00", "live_seconds": 5, "delete_old_counts": True, "keep_days": 1100}
    assert result["data_schema"]({}) == at_first
    for too_few in (99, 0, -1):
        with pytest.raises(InvalidData):
            await hass.config_entries.options.async_configure(result["flow_id"], {"keep_days": too_few})
    options = {"reset_time": "04:30:00", "live_seconds": 1, "delete_old_counts": False, "keep_days": 100}
    result = await hass.config_entries.options.async_configure(result["flow_id"], options)
    assert result["errors"] == {"live_seconds": "live_seconds"}
    options["live_seconds"] = 0
    result = await hass.config_entries.options.async_configure(result["flow_id"], options)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert {**entry.options, **options} == entry.options

    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["data_schema"]
    suggested = {str(field): field.description["suggested_value"] for field in result["data_schema"].schema}
    assert suggested == options
