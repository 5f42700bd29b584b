"""The actions of counts for places, and corrections."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from .helpers.get_counts import MAIN, MINUTE, ask, at, minutes
from .helpers.places import BACK, add_place, entity_of, push_two_doors
from .helpers.pusher import SERIAL, Pusher


async def test_corrections(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Corrections and resets have the time, the source, and the occupancy before, which includes late counts."""
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
    assert [correction["by"] for correction in camera["corrections"]] == ["action", "button"]


async def test_place(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Rows of a place are the sums of its doors, complete where all doors are; a target may be cameras and places."""
    await push_two_doors(
        pusher,
        main=minutes("2026-09-16T08:00:00Z", 120),
        back=[at("2026-09-16T08:00:00Z", 0, 7, minutes=60), at("2026-09-16T09:00:00Z", 2, 4, minutes=30)],
    )
    key = await add_place(hass, entry, time_zone="Europe/Stockholm", limits={"capacity": 500})
    await hass.services.async_call(
        "number", "set_value", {"entity_id": "number.shop_set_occupancy", "value": 80}, blocking=True
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
    assert [target["name"] for target in (*found["cameras"], *found["places"])] == [
        "Main entrance",
        "Back door",
        "Shop",
    ]


async def test_place_without_reset(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """People who entered days ago are inside when the first row begins; before the first count nobody is."""
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


async def test_place_with_a_reversed_door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A door is reversed if either the camera or the door of the place is, but not if both are."""
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


async def test_too_many_corrections(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Corrections are limited like rows."""
    await pusher.push(at("2026-09-16T09:59:00Z", 1))
    monkeypatch.setattr("custom_components.axis_people_counter.services.MAX_ROWS", 3)
    for value in range(4):
        await hass.services.async_call(DOMAIN, "set_occupancy", {"entity_id": MAIN, "value": value}, blocking=True)
    noon.tick(MINUTE)
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, "2026-09-16 11:00:00")
    assert raised.value.translation_key == "too_many_rows"
