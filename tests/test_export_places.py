"""The export of places."""

from http import HTTPStatus
import json

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.exports.export import EXPORT_PATH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .helpers.exports import COLUMNS, at, cells, download, link
from .helpers.places import BACK, add_place, entity_of, push_two_doors
from .helpers.pusher import SERIAL, Pusher


@pytest.fixture
async def shop(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> str:
    """Return the key of a place with two doors, one of which leads into the next room."""
    main = [at("2026-09-16T08:00:00Z", 9, 2, minutes=60), at("2026-09-16T09:00:00Z", 3, 4, minutes=60)]
    await push_two_doors(pusher, main=main, back=[at("2026-09-16T09:00:00Z", 2, 1, minutes=60)])
    return await add_place(hass, entry, (SERIAL,), (BACK,), time_zone="Europe/Stockholm")


async def test_rows_of_a_place(hass: HomeAssistant, pusher: Pusher, shop: str) -> None:
    """Export the same rows as `get_counts` returns, from the first count of any door on."""
    target = {"entity_id": entity_of(hass, shop, "occupancy")}
    file = await download(hass, pusher.client, "2026-01-01", **target)
    hours = [f"2026-09-16T{hour}:00:00+02:00" for hour in (10, 11, 12)]
    assert cells(file) == [
        ["place", *COLUMNS],
        ["Shop", "", "", *hours[:2], "9", "2", "", "", "7", "false"],
        ["Shop", "", "", *hours[1:], "4", "6", "", "", "7", "true"],
    ]
    rows = [json.loads(line) for line in (await download(hass, pusher.client, format="jsonl", **target)).splitlines()]
    data = {"start": "2026-09-16 10:00:00", **target}
    answer = await hass.services.async_call(DOMAIN, "get_counts", data, blocking=True, return_response=True)
    (place,) = json.loads(json.dumps(answer))["places"]
    assert [{key: row[key] for key in place["rows"][0]} for row in rows] == place["rows"]
    assert {row["place"] for row in rows} == {"Shop"}


async def test_cameras_and_places(hass: HomeAssistant, pusher: Pusher, shop: str) -> None:
    """A file of all has the rows of cameras, then those of places."""
    rows = cells(await download(hass, pusher.client, period="day"))[1:]
    assert [row[:3] for row in rows] == [["", "Main entrance", SERIAL], ["", "Back door", BACK], ["Shop", "", ""]]


async def test_intervals(hass: HomeAssistant, pusher: Pusher, shop: str) -> None:
    """A file of intervals is for cameras; a place alone has none."""
    rows = cells(await download(hass, pusher.client, period="interval"))
    assert rows[0] == COLUMNS[:-2]
    assert len(rows) == 4
    with pytest.raises(ServiceValidationError) as info:
        await link(hass, period="interval", entity_id=entity_of(hass, shop, "occupancy"))
    assert info.value.translation_key == "no_intervals_of_places"


@pytest.mark.usefixtures("noon")
async def test_place_without_counts(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Before the first count, a place has no rows."""
    await pusher.push()
    key = await add_place(hass, entry, (SERIAL,))
    rows = cells(await download(hass, pusher.client, entity_id=entity_of(hass, key, "occupancy")))
    assert rows == [["place", *COLUMNS]]


@pytest.mark.usefixtures("shop")
async def test_too_many_places(hass: HomeAssistant, pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place takes the room of two cameras in a link."""
    monkeypatch.setattr("custom_components.axis_people_counter.services.MAX_LINK_CAMERAS", 3)
    with pytest.raises(ServiceValidationError) as info:
        await link(hass)
    assert info.value.translation_key == "too_many_cameras"


async def test_address(hass: HomeAssistant, shop: str, hass_client: ClientSessionGenerator) -> None:
    """The address of the export takes places; it names what is wrong."""
    client = await hass_client()

    async def get(query: str) -> tuple[int, str]:
        response = await client.get(f"{EXPORT_PATH}?start=2026-09-16&{query}")
        return response.status, await response.text()

    status, file = await get(f"places={shop}")
    assert (status, {row[0] for row in cells(file)[1:]}) == (HTTPStatus.OK, {"Shop"})
    status, file = await get(f"places={shop}&cameras={BACK}&period=day")
    assert [row[:2] for row in cells(file)[1:]] == [["", "Back door"], ["Shop", ""]]
    assert (await get("places=unknown"))[0] == HTTPStatus.NOT_FOUND
    status, text = await get(f"places={shop}&period=interval")
    assert (status, "no intervals" in text) == (HTTPStatus.BAD_REQUEST, True)


async def test_closed_ledger(hass: HomeAssistant, entry: MockConfigEntry, shop: str) -> None:
    """An error of the action says that the ledger can't be read, and why."""
    await entry.runtime_data.async_stop()
    with pytest.raises(HomeAssistantError, match="The ledger is closed") as info:
        await link(hass, entity_id=entity_of(hass, shop, "occupancy"))
    assert info.value.translation_key == "ledger_error"
