"""401: wrong, missing and expired tokens."""

from datetime import timedelta
from http import HTTPStatus
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import issues as repair_issues
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.flows import choose, enter
from .helpers.push_view import HERE, again, arriving, connection_test, issues, push, sentence, stored, wire
from .helpers.pusher import PATH, TOKEN, Pusher, measurement

pytestmark = pytest.mark.usefixtures("ticking_noon", "sound_log")


# 401

WRONG = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer other"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": f"Bearer {TOKEN.upper()}"},
    {"Authorization": "Bearer tökén"},
    {"Authorization": "Bearer " + "x" * 4000},
    {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
    {"Authorization": TOKEN},
    {"X-Token": TOKEN},
]


async def test_wrong_token(hass: HomeAssistant, pusher: Pusher) -> None:
    """Return 401, store nothing, and show a repair about the address, which other cameras may share."""
    for headers in WRONG:
        response = await pusher.post(push(), token=None, headers=headers)
        assert response.status == HTTPStatus.UNAUTHORIZED, headers
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert await sentence(response) == "The API token is missing or wrong."
        assert stored(hass) is None
    await again(pusher)
    assert issues(hass) == {f"wrong_token_{HERE}": {"address": HERE}}


async def test_token_in_the_address(hass: HomeAssistant, pusher: Pusher) -> None:
    """Ignore a token in the URL, which logs would contain."""
    response = await pusher.client.post(f"{PATH}?token=x&Authorization=Bearer", json=push())
    assert response.status == HTTPStatus.UNAUTHORIZED


async def test_spelling_of_the_scheme(pusher: Pusher) -> None:
    """Accept the scheme in any case, and spaces around the token."""
    for scheme in ("bearer", "BEARER", "Bearer  "):
        response = await pusher.post(connection_test(), token=None, headers={"Authorization": f"{scheme} {TOKEN} "})
        assert response.status == HTTPStatus.OK


@pytest.mark.parametrize("length", ["Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Length: 999999999"])
async def test_wrong_token_is_refused_before_the_body(hass: HomeAssistant, pusher: Pusher, length: str) -> None:
    """Return 401 before a byte of the body is received."""
    async with wire(pusher) as connection:
        await connection.send(f"POST {PATH} HTTP/1.1\r\nHost: ha\r\nAuthorization: Bearer x\r\n{length}\r\n\r\n")
        assert await connection.status() == HTTPStatus.UNAUTHORIZED
    assert stored(hass) is None


async def set_up_behind_proxy(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> Pusher:
    """Set up with bans and a trusted proxy, which forwards the addresses of clients."""
    options = {
        "use_x_forwarded_for": True,
        "trusted_proxies": [HERE],
        "ip_ban_enabled": True,
        "login_attempts_threshold": 1,
    }
    assert await async_setup_component(hass, "http", {"http": options})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return Pusher(hass, await hass_client_no_auth())


async def test_wrong_token_bans_no_address(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Don't ban the address of a camera with an old token."""
    pusher = await set_up_behind_proxy(hass, entry, hass_client_no_auth)
    for headers in WRONG:
        assert (await pusher.post(push(), token=None, headers=headers)).status == HTTPStatus.UNAUTHORIZED
    assert not [record for record in caplog.records if record.name.endswith(".ban") and record.levelno > logging.INFO]
    await again(pusher)


async def test_wrong_tokens_from_many_addresses(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Show few repairs, one for each address, however many addresses send a wrong token."""
    pusher = await set_up_behind_proxy(hass, entry, hass_client_no_auth)
    addresses = [f"192.0.2.{number}" for number in range(30)] + ["2001:db8::1"]
    for address in addresses * 2:
        response = await pusher.post(b"", token=None, headers={"X-Forwarded-For": address})
        assert response.status == HTTPStatus.UNAUTHORIZED
    assert list(issues(hass)) == [f"wrong_token_{address}" for address in addresses[:20]]


async def test_previous_token(
    hass: HomeAssistant, stopped: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Accept the previous token for a day after a new one was made."""
    await enter(hass, await choose(hass, await entry.start_reconfigure_flow(hass), "new_token"))
    await hass.async_block_till_done()
    new = entry.data[CONF_TOKEN]
    assert new != TOKEN
    for token in (new, TOKEN):
        assert (await pusher.post(push(), token=token)).status == HTTPStatus.OK
    stopped.tick(timedelta(hours=24) - timedelta(seconds=1))
    assert (await pusher.post(connection_test())).status == HTTPStatus.OK
    stopped.tick(timedelta(seconds=1))
    assert (await pusher.post(connection_test())).status == HTTPStatus.UNAUTHORIZED
    assert (await pusher.post(connection_test(), token=new)).status == HTTPStatus.OK
    assert stored(hass) == 1


async def test_issue_of_a_known_camera_beside_many_strangers(
    hass: HomeAssistant, stopped: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Show the repair of a known camera even if strangers fill the limit."""
    await pusher.push(measurement(dt_util.utcnow() - timedelta(minutes=2)), sensor={"ipAddress": "127.0.0.1"})
    for number in range(30):
        repair_issues.async_begin(hass, repair_issues.WRONG_TOKEN, f"192.0.2.{number}", address=f"192.0.2.{number}")
    of_strangers = len(ir.async_get(hass).issues)
    assert of_strangers < 30
    assert (await pusher.post(push(), token="wrong")).status == HTTPStatus.UNAUTHORIZED  # noqa: S106
    assert f"wrong_token_{HERE}" in issues(hass)


@pytest.mark.parametrize(
    ("is_replaced", "status"),
    [(True, HTTPStatus.SERVICE_UNAVAILABLE), (False, HTTPStatus.OK)],
    ids=["replaced", "expired"],
)
async def test_token_is_replaced_or_expires_while_a_body_arrives(
    hass: HomeAssistant,
    ticking_noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    is_replaced: bool,
    status: HTTPStatus,
) -> None:
    """Refuse a body whose token was replaced meanwhile; accept one whose token expired meanwhile."""
    if not is_replaced:
        await enter(hass, await choose(hass, await entry.start_reconfigure_flow(hass), "new_token"))
        await hass.async_block_till_done()
        ticking_noon.tick(timedelta(hours=24) - timedelta(seconds=20))
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection, dt_util.utcnow())
        if not is_replaced:
            ticking_noon.tick(timedelta(seconds=30))
        else:
            hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: "new"})
        await connection.send(rest)
        assert await connection.status() == status
    await hass.async_block_till_done()
    assert stored(hass) == (None if is_replaced else 1)
    assert (await pusher.post(push(sent=dt_util.utcnow()), token=entry.data[CONF_TOKEN])).status == HTTPStatus.OK
