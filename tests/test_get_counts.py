"""The action get_counts: cameras push, somebody asks."""

from datetime import datetime, timedelta
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.services import MAX_DAYS, MAX_ROWS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.helpers.template import Template

from .helpers.places import BACK, add_place, entity_of, push_two_doors
from .helpers.pusher import SERIAL, Document, Pusher, measurement, state_of

# Wednesday, 12:00 in Stockholm.
NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
MAIN = "sensor.main_entrance_occupancy"
SIDE = "sensor.side_door_occupancy"
SIDE_DOOR = {"serial": "accc8e000002", "name": "Side door", "timeZone": "Asia/Kolkata"}

type Rows = list[dict[str, Any]]


async def ask(
    hass: HomeAssistant, start: Any, target: dict[str, Any] | str = MAIN, **data: Any
) -> list[dict[str, Any]]:
    """Return the cameras of an answer."""
    if isinstance(target, str):
        target = {"entity_id": target}
    answer = await hass.services.async_call(
        DOMAIN, "get_counts", {"start": start, **data}, target=target, blocking=True, return_response=True
    )
    # Scripts, the REST API and the websocket send it as JSON.
    cameras: list[dict[str, Any]] = json.loads(json.dumps(answer))["cameras"]
    return cameras


async def rows(hass: HomeAssistant, start: Any, **data: Any) -> Rows:
    """Return the rows of an answer about one camera."""
    (camera,) = await ask(hass, start, **data)
    found: Rows = camera["rows"]
    return found


def at(text: str, *counts: int, minutes: int = 1, **more: Any) -> Document:
    """Return the measurement that begins at a time with an offset."""
    return measurement(datetime.fromisoformat(text), *counts, minutes=minutes, **more)


def minutes(start: str, count: int) -> list[Document]:
    """Return so many minutes in which one person comes."""
    begin = datetime.fromisoformat(start)
    return [measurement(begin + number * MINUTE, 1) for number in range(count)]


def device_of(hass: HomeAssistant, serial: str = SERIAL) -> dr.DeviceEntry:
    """Return the device of a camera."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, serial), entry.entry_id)
    assert device
    return device


async def test_answer(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Whole hours of local time, with counts, peak, and whether something is missing; the running one always is."""
    await pusher.push(*minutes("2026-09-16T08:00:00Z", 60), at("2026-09-16T09:10:00Z", 5, 60))
    assert await ask(hass, "2026-09-16 10:30:00") == [
        {
            "serial": SERIAL,
            "name": "Main entrance",
            "time_zone": "Europe/Stockholm",
            "period": "hour",
            "rows": [
                {
                    "start": "2026-09-16T10:00:00+02:00",
                    "end": "2026-09-16T11:00:00+02:00",
                    "in": 60,
                    "out": 0,
                    "occupancy_peak": 60,
                    "complete": True,
                },
                {
                    "start": "2026-09-16T11:00:00+02:00",
                    "end": "2026-09-16T12:00:00+02:00",
                    "in": 5,
                    "out": 60,
                    "occupancy_peak": 60,
                    "complete": False,
                },
            ],
            "corrections": [],
        }
    ]
    noon.tick(MINUTE)
    running = (await rows(hass, "2026-09-16 10:30:00"))[-1]
    assert running["start"] == "2026-09-16T12:00:00+02:00"
    assert (running["in"], running["complete"]) == (0, False)


async def test_adults(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """They are there where the camera tells them; unknown where it told none, and none where nobody was counted."""
    await pusher.push(at("2026-09-16T08:00:00Z", 5, 3, adults=(4, 2)), at("2026-09-16T09:00:00Z", 2))
    found = await rows(hass, "2026-09-16 09:00:00")
    assert [(row["adults_in"], row["adults_out"]) for row in found] == [(0, 0), (4, 2), (None, None)]


@pytest.mark.parametrize(
    ("period", "start", "expected"),
    [
        ("5minute", "2026-09-16T11:58:00", ["2026-09-16T11:55:00+02:00"]),
        ("15minute", "2026-09-16T11:45:00", ["2026-09-16T11:45:00+02:00"]),
        ("30minute", "2026-09-16T11:29:59", ["2026-09-16T11:00:00+02:00", "2026-09-16T11:30:00+02:00"]),
        ("day", "2026-09-15T23:59:59", ["2026-09-15T00:00:00+02:00", "2026-09-16T00:00:00+02:00"]),
        ("day", "2026-09-16", ["2026-09-16T00:00:00+02:00"]),
        ("week", "2026-09-16", ["2026-09-14T00:00:00+02:00"]),
        ("month", "2026-08-31", ["2026-08-01T00:00:00+02:00", "2026-09-01T00:00:00+02:00"]),
        # An instant is the same everywhere.
        ("hour", "2026-09-16T05:45:00-04:00", ["2026-09-16T11:00:00+02:00"]),
        ("hour", "2026-09-16T09:59:59Z", ["2026-09-16T11:00:00+02:00"]),
    ],
)
async def test_periods(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, period: str, start: str, expected: list[str]
) -> None:
    """Rows are whole periods: the first one is that in which the start lies."""
    await pusher.push(at("2026-09-16T09:58:00Z", 3))
    found = await rows(hass, start, period=period)
    assert [row["start"] for row in found] == expected
    assert found[-1]["in"] == 3


async def test_end(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The period it lies in is the last one; one that begins with it isn't there, and none that is to come."""
    await pusher.push(at("2026-09-16T09:58:00Z", 3))

    async def starts(end: Any) -> list[str]:
        return [row["start"][11:16] for row in await rows(hass, "2026-09-16 08:10", end=end)]

    assert await starts("2026-09-16 10:00:00") == ["08:00", "09:00"]
    assert await starts("2026-09-16 10:00:01") == ["08:00", "09:00", "10:00"]
    assert await starts("2026-09-16T07:00:00Z") == ["08:00"]
    assert await starts("2026-09-17 00:00:00") == ["08:00", "09:00", "10:00", "11:00"]
    assert await starts("9999-12-31 23:59:59") == ["08:00", "09:00", "10:00", "11:00"]
    # As YAML reads what isn't in quotes.
    assert await starts(NOON.date() + timedelta(days=1)) == ["08:00", "09:00", "10:00", "11:00"]
    assert await starts(datetime(2026, 9, 16, 9)) == ["08:00"]  # noqa: DTZ001


async def test_from_now_on_there_is_the_running_period(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """An automation at midnight that asks for today gets a row."""
    await pusher.push(at("2026-09-16T09:58:00Z", 3))
    (row,) = await rows(hass, "2026-09-16 12:00:00")
    assert row["start"] == "2026-09-16T12:00:00+02:00"


@pytest.mark.parametrize(
    ("now", "zone", "day", "length", "hours"),
    [
        ("2026-03-30T10:00:00Z", "Europe/Stockholm", "2026-03-29", 23, "00 01 03 04"),
        ("2026-10-26T10:00:00Z", "Europe/Stockholm", "2026-10-25", 25, "00 01 02 02 03"),
        ("2026-04-25T10:00:00Z", "Africa/Cairo", "2026-04-24", 23, "01 02 03"),
        ("2026-04-06T10:00:00Z", "Australia/Lord_Howe", "2026-04-05", 24.5, "00 01 01 02 03"),
        ("2026-10-05T10:00:00Z", "Australia/Lord_Howe", "2026-10-04", 23.5, "00 01 02 03"),
    ],
)
async def test_summer_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    pusher: Pusher,
    now: str,
    zone: str,
    day: str,
    length: float,
    hours: str,
) -> None:
    """A day is as long as the clock makes it, each of its minutes is in one row, and hours that come twice are two."""
    freezer.move_to(now)
    before = datetime.fromisoformat(f"{day}T00:00:00Z") - timedelta(days=1)
    await pusher.push(
        *(measurement(before + number * MINUTE, 1) for number in range(3 * 24 * 60 - 14 * 60)),
        sensor={"timeZone": zone},
    )
    end = datetime.fromisoformat(day) + timedelta(days=1)
    (whole,) = await rows(hass, day, end=end.isoformat(), period="day")
    assert whole["complete"]
    assert whole["in"] == length * 60
    found = await rows(hass, day, end=end.isoformat())
    assert " ".join(row["start"][11:13] for row in found[: hours.count(" ") + 1]) == hours
    assert sum(row["in"] for row in found) == length * 60
    assert all(row["complete"] for row in found)
    assert len({row["start"] for row in found}) == len(found)


async def test_long_intervals_in_short_periods(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A quarter of an hour stands in its first five minutes; none of the three is missing."""
    await pusher.push(at("2026-09-16T09:30:00Z", 6, 2, minutes=15))
    found = await rows(hass, "2026-09-16 11:30:00", period="5minute")
    assert [(row["in"], row["out"], row["occupancy_peak"], row["complete"]) for row in found[:4]] == [
        (6, 2, 0, True),
        (0, 0, 0, True),
        (0, 0, 4, True),
        (0, 0, 4, False),
    ]


async def test_an_interval_over_midnight(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Its people belong to the day before; the new day begins with them inside, and isn't missing these minutes."""
    await pusher.push(at("2026-09-15T21:30:00Z", 6, 2, minutes=60))
    found = await rows(hass, "2026-09-16", period="30minute")
    assert (found[0]["in"], found[0]["occupancy_peak"], found[0]["complete"]) == (0, 4, True)


async def test_reversed_camera(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """In is what its entities call in, adults and people inside as well."""
    await pusher.push(at("2026-09-16T09:30:00Z", 2, 9, adults=(1, 8)))
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
    )
    (row,) = await rows(hass, "2026-09-16 11:00:00")
    assert (row["in"], row["out"], row["adults_in"], row["adults_out"]) == (9, 2, 8, 1)
    assert str(row["occupancy_peak"]) == state_of(hass, MAIN) == "7"


async def test_resets_and_corrections(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Peaks know of the daily reset, of what was said since, and of people who came before the first row."""
    hass.config_entries.async_update_entry(entry, options={"reset_time": "06:00:00"})
    await hass.config_entries.async_reload(entry.entry_id)
    await pusher.push(
        at("2026-09-15T03:59:00Z", 50),
        at("2026-09-15T04:00:00Z", 20),
        at("2026-09-16T03:00:00Z", 5),
        at("2026-09-16T09:00:00Z", 1),
    )
    await hass.services.async_call(DOMAIN, "set_occupancy", {"entity_id": MAIN, "value": 30}, blocking=True)
    noon.tick(10 * MINUTE)
    await pusher.push(at("2026-09-16T10:05:00Z", 0, 4), at("2026-09-16T10:06:00Z", 3))
    peaks = [row["occupancy_peak"] for row in await rows(hass, "2026-09-15 05:30:00")]
    # 05:00: 50 came, who are forgotten at 06:00; then 20, who are carried to the next reset.
    assert peaks[:3] == [50, 20, 20]
    assert peaks[24:27] == [25, 0, 0]
    # 11:00: one came. 12:00: 30 were said, 26 stayed, 29 are there.
    assert peaks[30:] == [1, 30]
    assert state_of(hass, MAIN) == "29"
    # Rows don't depend on where the question begins.
    assert [row["occupancy_peak"] for row in await rows(hass, "2026-09-16 05:30:00")] == peaks[24:]


async def test_a_correction_at_a_reset_comes_after_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Somebody who stays over night is said to be there at the very instant of the reset."""
    freezer.move_to("2026-09-15T22:00:00Z")
    await pusher.push(at("2026-09-15T21:59:00Z", 3))
    await hass.services.async_call(DOMAIN, "set_occupancy", {"entity_id": MAIN, "value": 2}, blocking=True)
    freezer.move_to(NOON)
    assert [row["occupancy_peak"] for row in await rows(hass, "2026-09-15", period="day")] == [3, 2]


async def test_several_cameras(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Each is asked for its own local time; names are those the user sees."""
    await pusher.push(at("2026-09-15T20:00:00Z", 3))
    await pusher.push(at("2026-09-15T20:00:00Z", 4), sensor=SIDE_DOOR)
    device = device_of(hass, SIDE_DOOR["serial"])
    dr.async_get(hass).async_update_device(device.id, name_by_user="Garden")
    main, side = await ask(hass, "2026-09-16", {"entity_id": [SIDE, MAIN]}, period="day")
    assert (main["name"], main["time_zone"]) == ("Main entrance", "Europe/Stockholm")
    assert [(row["start"], row["in"]) for row in main["rows"]] == [("2026-09-16T00:00:00+02:00", 0)]
    assert (side["name"], side["time_zone"]) == ("Garden", "Asia/Kolkata")
    assert [(row["start"], row["in"]) for row in side["rows"]] == [("2026-09-16T00:00:00+05:30", 4)]
    # Half-hour zones have whole hours too.
    hours = await ask(hass, "2026-09-16 00:10", SIDE)
    assert hours[0]["rows"][1]["start"] == "2026-09-16T01:00:00+05:30"


async def test_targets(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Devices, entities of any kind, areas, floors, labels, and all; twice named is once answered."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await pusher.push(at("2026-09-16T09:00:00Z", 4), sensor=SIDE_DOOR)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    device = device_of(hass)
    floor = fr.async_get(hass).async_create("Ground floor")
    hall = ar.async_get(hass).async_create("Hall", floor_id=floor.floor_id)
    garden = ar.async_get(hass).async_create("Garden")
    label = lr.async_get(hass).async_create("Doors")
    devices.async_update_device(device.id, area_id=hall.id)
    # Of the side door only a diagnostic entity lies in the garden.
    entities.async_update_entity("binary_sensor.side_door_connectivity", area_id=garden.id)
    entities.async_update_entity(SIDE, labels={label.label_id})
    # A lamp in the same area isn't asked.
    entities.async_get_or_create("light", "test", "lamp")
    entities.async_update_entity("light.test_lamp", area_id=hall.id)

    async def names(**target: Any) -> list[str]:
        return [camera["name"] for camera in await ask(hass, "2026-09-16", target, period="day")]

    assert await names(device_id=device.id) == ["Main entrance"]
    assert await names(entity_id="switch.main_entrance_reverse_direction") == ["Main entrance"]
    assert await names(device_id=device.id, entity_id=[MAIN, SIDE]) == ["Main entrance", "Side door"]
    assert await names(area_id=hall.id) == ["Main entrance"]
    assert await names(area_id=garden.id) == ["Side door"]
    assert await names(area_id=[hall.id, garden.id]) == ["Main entrance", "Side door"]
    assert await names(floor_id=floor.floor_id) == ["Main entrance"]
    assert await names(label_id=label.label_id) == ["Side door"]
    assert await names(entity_id="all") == ["Main entrance", "Side door"]


async def fails(hass: HomeAssistant, key: str, start: Any = "2026-09-16", **data: Any) -> str:
    """Ask, see it refused for a reason, and return what the user is told."""
    with pytest.raises(ServiceValidationError) as info:
        await ask(hass, start, **data)
    assert info.value.translation_domain == DOMAIN
    assert info.value.translation_key == key
    message = str(info.value)
    assert message != key
    assert "{" not in message
    return message


async def test_wrong_targets(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """What isn't a camera is named; an area without cameras is said to have none."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    other = MockConfigEntry(domain="test")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("test", SERIAL)}, name="A lamp"
    )
    light = er.async_get(hass).async_get_or_create("light", "test", "lamp", device_id=device.id)
    area = ar.async_get(hass).async_create("Garden")
    assert "A lamp" in await fails(hass, "not_camera", target={"device_id": device.id})
    assert "0123abcd" in await fails(hass, "not_camera", target={"device_id": "0123abcd"})
    assert light.entity_id in await fails(hass, "not_camera", target={"entity_id": [MAIN, light.entity_id]})
    await fails(hass, "not_camera", target={"entity_id": "sensor.nothing"})
    # A helper that stands on a camera's page is none of its entities.
    helper = er.async_get(hass).async_get_or_create("sensor", "test", "meter", device_id=device_of(hass).id)
    await fails(hass, "not_camera", target={"entity_id": helper.entity_id})
    await fails(hass, "no_camera", target={"area_id": area.id})
    await fails(hass, "no_camera", target={"area_id": "nowhere"})
    await fails(hass, "no_camera", target={"entity_id": "none"})
    await fails(hass, "no_camera", target={})


async def test_camera_that_was_deleted(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Its device may still be known to an automation."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    device = device_of(hass)
    dr.async_get(hass).async_remove_device(device.id)
    await fails(hass, "not_camera", target={"device_id": device.id})
    await fails(hass, "no_camera", target={"entity_id": "all"})


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("start_in_future", "2026-09-16T12:00:01", None),
        ("start_in_future", "9999-12-31T23:59:59", None),
        ("start_in_future", "9999-12-31T23:59:59-12:00", None),
        ("start_too_early", "1999-12-31T23:59:59", None),
        ("start_too_early", "0001-01-01T00:00:00+12:00", None),
        ("end_before_start", "2026-09-15T12:00:00", "2026-09-15T11:59:59"),
        ("end_before_start", "2026-09-15T12:00:00", "2026-09-15T12:00:00"),
        ("end_before_start", "2026-09-15T12:00:00+02:00", "2026-09-15T10:00:00Z"),
        ("end_before_start", "2026-09-15T12:00:00", "0001-01-01T00:00:00"),
    ],
)
async def test_wrong_times(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, key: str, start: str, end: str | None
) -> None:
    """Each is refused with what is wrong with it."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await fails(hass, key, start, **({} if end is None else {"end": end}))


async def test_wrong_fields(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """What isn't a time or a period doesn't reach us."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    wrong: tuple[dict[str, Any], ...] = (
        {"start": "yesterday"},
        {"start": 5},
        {"end": "later"},
        {"period": "year"},
        {"period": "interval"},
        {"limit": 1},
    )
    for data in wrong:
        with pytest.raises(vol.Invalid):
            await ask(hass, **{"start": "2026-09-16", **data})


async def test_limits(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Neither rows nor days go beyond reason, over all cameras together; a bit less is answered."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    start = NOON - MAX_ROWS * 5 * MINUTE
    assert len(await rows(hass, start, period="5minute")) == MAX_ROWS
    assert str(MAX_ROWS) in await fails(hass, "too_many_rows", start - MINUTE, period="5minute")
    assert str(MAX_ROWS) in await fails(hass, "too_many_rows", "2000-01-01", period="5minute")
    start = datetime(2026, 9, 17) - timedelta(days=MAX_DAYS)  # noqa: DTZ001
    assert len(await rows(hass, start, period="day")) == MAX_DAYS
    assert str(MAX_DAYS) in await fails(hass, "too_many_days", start - MINUTE, period="day")

    await pusher.push(at("2026-09-16T09:00:00Z", 4), sensor={**SIDE_DOOR, "timeZone": "Europe/Stockholm"})
    both = {"entity_id": [MAIN, SIDE]}
    await fails(hass, "too_many_days", start, target=both, period="day")
    await fails(hass, "too_many_rows", NOON - (MAX_ROWS // 2 + 1) * 5 * MINUTE, target=both, period="5minute")
    main, side = await ask(hass, NOON - MAX_ROWS // 2 * 5 * MINUTE, both, period="5minute")
    assert len(main["rows"]) + len(side["rows"]) == MAX_ROWS


async def test_not_loaded(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Nothing can be read while the entry isn't loaded."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await hass.config_entries.async_unload(entry.entry_id)
    await fails(hass, "not_loaded")


async def test_ledger_out_of_reach(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """It is said, and why."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    await entry.runtime_data.async_stop()
    with pytest.raises(HomeAssistantError, match="The ledger is closed") as info:
        await ask(hass, "2026-09-16")
    assert info.value.translation_key == "ledger_error"


async def test_in_a_template(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """An answer is used as people write it."""
    await pusher.push(*minutes("2026-09-16T07:00:00Z", 3), at("2026-09-16T08:00:00Z", 9), at("2026-09-16T09:00:00Z", 2))
    variables = {"counts": {"cameras": await ask(hass, "2026-09-16")}}

    def shown(text: str) -> Any:
        return Template(text, hass).async_render(variables)

    assert shown("{{ counts.cameras[0].rows | sum(attribute='in') }}") == 14
    busiest = "(counts.cameras[0].rows | max(attribute='in'))"
    assert shown(f"{{{{ {busiest}.in }}}}") == 9
    assert shown(f"{{{{ as_datetime({busiest}.start).strftime('%H:%M') }}}}") == "10:00"
    assert shown("{{ counts.cameras[0].rows | rejectattr('complete') | list | count }}") == 12


# Corrections and places


async def test_corrections(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Each is told with the time, the means, and what was shown before: also resets, and what came late."""
    await pusher.push(at("2026-09-14T20:00:00Z", 2), at("2026-09-15T20:00:00Z", 6), at("2026-09-16T09:50:00Z", 4))
    await hass.services.async_call(DOMAIN, "set_occupancy", {"entity_id": MAIN, "value": 9}, blocking=True)
    noon.tick(MINUTE)
    await hass.services.async_call(
        "button", "press", {"entity_id": "button.main_entrance_reset_occupancy"}, blocking=True
    )
    await pusher.push(at("2026-09-16T09:40:00Z", 1))
    noon.tick(MINUTE)
    (camera,) = await ask(hass, "2026-09-15 21:00:00", period="day")
    assert camera["corrections"] == [
        {"at": "2026-09-15T00:00:00+02:00", "by": "daily_reset", "from": 2, "to": 0},
        {"at": "2026-09-16T00:00:00+02:00", "by": "daily_reset", "from": 6, "to": 0},
        {"at": "2026-09-16T12:00:00+02:00", "by": "action", "from": 5, "to": 9},
        {"at": "2026-09-16T12:01:00+02:00", "by": "button", "from": 9, "to": 0},
    ]
    (camera,) = await ask(hass, "2026-09-16 12:01:00", period="5minute")
    assert [one["by"] for one in camera["corrections"]] == ["action", "button"]


async def test_place(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """It is the sum of its doors, complete where all of them are; an area may hold cameras and places."""
    await push_two_doors(
        pusher,
        main=minutes("2026-09-16T08:00:00Z", 120),
        back=[at("2026-09-16T08:00:00Z", 0, 7, minutes=60), at("2026-09-16T09:00:00Z", 2, 4, minutes=30)],
    )
    key = await add_place(hass, entry, time_zone="Europe/Stockholm", limits={"capacity": 500})
    await hass.services.async_call(
        "number", "set_value", {"entity_id": "number.shop_occupancy_correction", "value": 80}, blocking=True
    )
    noon.tick(MINUTE)
    answer = await hass.services.async_call(
        DOMAIN,
        "get_counts",
        {"entity_id": entity_of(hass, key, "occupancy"), "start": "2026-09-16 10:00:00", "end": "2026-09-16 12:01:00"},
        blocking=True,
        return_response=True,
    )
    assert answer == {
        "cameras": [],
        "places": [
            {
                "id": key,
                "name": "Shop",
                "time_zone": "Europe/Stockholm",
                "period": "hour",
                "rows": [
                    {
                        "start": f"2026-09-16T{10 + hour}:00:00+02:00",
                        "end": f"2026-09-16T{11 + hour}:00:00+02:00",
                        "in": entered,
                        "out": exited,
                        "occupancy_peak": peak,
                        "complete": hour == 0,
                    }
                    for hour, (entered, exited, peak) in enumerate([(60, 7, 59), (62, 4, 111), (0, 0, 80)])
                ],
                "corrections": [{"at": "2026-09-16T12:00:00+02:00", "by": "number", "from": 111, "to": 80}],
            }
        ],
    }
    answer = await hass.services.async_call(
        DOMAIN, "get_counts", {"entity_id": "all", "start": "2026-09-16 11:00:00"}, blocking=True, return_response=True
    )
    assert isinstance(answer, dict)
    found: Any = answer
    assert [one["name"] for one in (*found["cameras"], *found["places"])] == ["Main entrance", "Back door", "Shop"]


async def test_place_without_reset(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Those who stayed for days are inside at the beginning of the first row, and nobody before all counts."""
    await push_two_doors(pusher, main=[at("2026-09-01T08:00:00Z", 5)], back=[at("2026-09-14T08:00:00Z", 2, 1)])
    key = await add_place(hass, entry, daily_reset=False, time_zone="UTC")
    peaks: list[list[int]] = []
    for start in ("2026-08-01", "2026-09-10"):
        answer: Any = await hass.services.async_call(
            DOMAIN,
            "get_counts",
            {"entity_id": entity_of(hass, key, "occupancy"), "start": start, "period": "week"},
            blocking=True,
            return_response=True,
        )
        peaks.append([row["occupancy_peak"] for row in answer["places"][0]["rows"]])
    assert peaks == [[0, 0, 0, 0, 0, 5, 5, 6], [5, 6]]


async def test_place_with_a_door_that_is_mounted_the_other_way_round(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Its counts are swapped where the user swapped them, and once more where it leads out."""
    await push_two_doors(pusher, main=[at("2026-09-16T09:00:00Z", 5, 1)], back=[at("2026-09-16T09:00:00Z", 2, 3)])
    key = await add_place(hass, entry, (SERIAL,), (BACK,))
    question = {"entity_id": entity_of(hass, key, "occupancy"), "start": "2026-09-16 09:00:00Z"}

    async def counts() -> tuple[int, int]:
        answer: Any = await hass.services.async_call(
            DOMAIN, "get_counts", question, blocking=True, return_response=True
        )
        row = answer["places"][0]["rows"][0]
        return row["in"], row["out"]

    assert await counts() == (8, 3)
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": entity_of(hass, BACK, "reverse_direction")}, blocking=True
    )
    assert await counts() == (7, 4)


async def test_places_have_no_files(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Whoever asks for one is told so."""
    await push_two_doors(pusher)
    key = await add_place(hass, entry)
    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call(
            DOMAIN,
            "export_counts",
            {"entity_id": entity_of(hass, key, "occupancy"), "start": "2026-09-16 09:00:00Z"},
            blocking=True,
            return_response=True,
        )
    assert raised.value.translation_key == "not_camera"


async def test_too_many_corrections(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are part of what one answer may hold."""
    await pusher.push(at("2026-09-16T09:59:00Z", 1))
    monkeypatch.setattr("custom_components.axis_people_counter.services.MAX_ROWS", 3)
    for value in range(4):
        await hass.services.async_call(DOMAIN, "set_occupancy", {"entity_id": MAIN, "value": value}, blocking=True)
    noon.tick(MINUTE)
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, "2026-09-16 11:00:00")
    assert raised.value.translation_key == "too_many_rows"
