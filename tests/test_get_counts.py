"""The action get_counts: rows, periods and corrections of cameras."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.template import Template

from .helpers.get_counts import MAIN, MINUTE, NOON, SIDE, SIDE_DOOR, ask, at, device_of, minutes, rows
from .helpers.pusher import SERIAL, Pusher, measurement, state_of


async def test_response(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The response has a row for each local hour; the unfinished hour is never complete."""
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
    """Adults are numbers where the camera sent them, None where it didn't, and zero where nobody was counted."""
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
        # A start with an offset is the same in every time zone.
        ("hour", "2026-09-16T05:45:00-04:00", ["2026-09-16T11:00:00+02:00"]),
        ("hour", "2026-09-16T09:59:59Z", ["2026-09-16T11:00:00+02:00"]),
    ],
)
async def test_periods(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, period: str, start: str, expected: list[str]
) -> None:
    """Rows are whole periods; the first one contains the start."""
    await pusher.push(at("2026-09-16T09:58:00Z", 3))
    found = await rows(hass, start, period=period)
    assert [row["start"] for row in found] == expected
    assert found[-1]["in"] == 3


async def test_end(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The last row contains the end; no row begins at the end or later than now."""
    await pusher.push(at("2026-09-16T09:58:00Z", 3))

    async def starts(end: Any) -> list[str]:
        return [row["start"][11:16] for row in await rows(hass, "2026-09-16 08:10", end=end)]

    assert await starts("2026-09-16 10:00:00") == ["08:00", "09:00"]
    assert await starts("2026-09-16 10:00:01") == ["08:00", "09:00", "10:00"]
    assert await starts("2026-09-16T07:00:00Z") == ["08:00"]
    assert await starts("2026-09-17 00:00:00") == ["08:00", "09:00", "10:00", "11:00"]
    assert await starts("9999-12-31 23:59:59") == ["08:00", "09:00", "10:00", "11:00"]
    # YAML reads an unquoted date as a date.
    assert await starts(NOON.date() + timedelta(days=1)) == ["08:00", "09:00", "10:00", "11:00"]
    assert await starts(datetime(2026, 9, 16, 9)) == ["08:00"]  # noqa: DTZ001


async def test_start_is_now(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """An automation that asks at midnight for today gets a row."""
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
    """Each minute of a long or short day is in exactly one row, and an hour that occurs twice is two rows."""
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
    """The people of a quarter of an hour are in its first five minutes, and all three rows are complete."""
    await pusher.push(at("2026-09-16T09:30:00Z", 6, 2, minutes=15))
    found = await rows(hass, "2026-09-16 11:30:00", period="5minute")
    assert [(row["in"], row["out"], row["occupancy_peak"], row["complete"]) for row in found[:4]] == [
        (6, 2, 0, True),
        (0, 0, 0, True),
        (0, 0, 4, True),
        (0, 0, 4, False),
    ]


async def test_interval_across_midnight(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Its people count on the day before, and are inside when the new day begins; its minutes aren't missing there."""
    await pusher.push(at("2026-09-15T21:30:00Z", 6, 2, minutes=60))
    found = await rows(hass, "2026-09-16", period="30minute")
    assert (found[0]["in"], found[0]["occupancy_peak"], found[0]["complete"]) == (0, 4, True)


async def test_reversed_camera(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A reversed camera has in and out exchanged, also for adults and occupancy."""
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
    """Peaks include resets, corrections, and people who entered before the first row."""
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
    # 50 enter at 05:00 and are reset at 06:00; then 20 enter, who stay until the next reset.
    assert peaks[:3] == [50, 20, 20]
    assert peaks[24:27] == [25, 0, 0]
    # 11:00: one enters. 12:00: a correction to 30, then 4 exit and 3 enter.
    assert peaks[30:] == [1, 30]
    assert state_of(hass, MAIN) == "29"
    # Rows don't depend on the start of the request.
    assert [row["occupancy_peak"] for row in await rows(hass, "2026-09-16 05:30:00")] == peaks[24:]


async def test_correction_at_a_reset(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A correction at the time of a reset comes after the reset."""
    freezer.move_to("2026-09-15T22:00:00Z")
    await pusher.push(at("2026-09-15T21:59:00Z", 3))
    await hass.services.async_call(DOMAIN, "set_occupancy", {"entity_id": MAIN, "value": 2}, blocking=True)
    freezer.move_to(NOON)
    assert [row["occupancy_peak"] for row in await rows(hass, "2026-09-15", period="day")] == [3, 2]


async def test_several_cameras(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Each camera is answered in its own local time, with the name that the user gave it."""
    await pusher.push(at("2026-09-15T20:00:00Z", 3))
    await pusher.push(at("2026-09-15T20:00:00Z", 4), sensor=SIDE_DOOR)
    device = device_of(hass, SIDE_DOOR["serial"])
    dr.async_get(hass).async_update_device(device.id, name_by_user="Garden")
    main, side = await ask(hass, "2026-09-16", {"entity_id": [SIDE, MAIN]}, period="day")
    assert (main["name"], main["time_zone"]) == ("Main entrance", "Europe/Stockholm")
    assert [(row["start"], row["in"]) for row in main["rows"]] == [("2026-09-16T00:00:00+02:00", 0)]
    assert (side["name"], side["time_zone"]) == ("Garden", "Asia/Kolkata")
    assert [(row["start"], row["in"]) for row in side["rows"]] == [("2026-09-16T00:00:00+05:30", 4)]
    # Rows are whole local hours, also in a zone with half an hour.
    hours = await ask(hass, "2026-09-16 00:10", SIDE)
    assert hours[0]["rows"][1]["start"] == "2026-09-16T01:00:00+05:30"


async def test_in_a_template(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Templates can read the response."""
    await pusher.push(*minutes("2026-09-16T07:00:00Z", 3), at("2026-09-16T08:00:00Z", 9), at("2026-09-16T09:00:00Z", 2))
    variables = {"counts": {"cameras": await ask(hass, "2026-09-16")}}

    def shown(text: str) -> Any:
        return Template(text, hass).async_render(variables)

    assert shown("{{ counts.cameras[0].rows | sum(attribute='in') }}") == 14
    busiest = "(counts.cameras[0].rows | max(attribute='in'))"
    assert shown(f"{{{{ {busiest}.in }}}}") == 9
    assert shown(f"{{{{ as_datetime({busiest}.start).strftime('%H:%M') }}}}") == "10:00"
    assert shown("{{ counts.cameras[0].rows | rejectattr('complete') | list | count }}") == 12
