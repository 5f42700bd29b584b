"""The states that Home Assistant must show, calculated from the simulated cameras and the building."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scripts.demo_parts.place import CAPACITY, HYSTERESIS, WARNING_LEVEL, Place, States, value
from tests.helpers.shop import SHOP
from tests.simulator import Camera, Counts

LONG_AGO = datetime.fromtimestamp(0, UTC)
MINUTE = timedelta(minutes=1)


def last_midnight(zone: ZoneInfo) -> datetime:
    """Return the beginning of today."""
    return datetime.combine(datetime.now(zone), time(), zone).astimezone(UTC)


def expected(camera: Camera) -> dict[str, str]:
    """Return the states that a camera's entities must have, by key."""
    now, midnight = datetime.now(UTC), last_midnight(camera.zone)
    today = camera.delivered(midnight, now)
    total = camera.delivered(LONG_AGO, now)
    found = {
        "in_today": today.in_,
        "out_today": today.out,
        "in_total": total.in_,
        "out_total": total.out,
        "occupancy": camera.occupancy(midnight, now),
        "connectivity": "on",
    }
    if camera.model.adults:
        found |= {"adults_in_today": today.adults_in, "adults_out_today": today.adults_out}
    return {key: str(wanted) for key, wanted in found.items()}


def expected_of_place(place: Place) -> dict[str, str]:
    """Return the states that the place's entities must have, by key."""
    now, midnight = datetime.now(UTC), last_midnight(place.zone)
    today = sum((camera.delivered(midnight, now) for camera in place.doors), Counts())
    until = min(camera.cursor for camera in place.doors if camera.cursor)
    inside = [
        place.building.inside(SHOP, midnight + minute * MINUTE) for minute in range((until - midnight) // MINUTE + 1)
    ]
    found = {
        "in_today": today.in_,
        "out_today": today.out,
        "occupancy": inside[-1],
        "peak_today": max(inside),
        "free_places": max(0, CAPACITY - inside[-1]),
        "occupancy_percentage": round(100 * inside[-1] / CAPACITY, 1),
        "drift_today": 0,
        "occupied": on(inside[-1] > 0),
        "nearly_full": on(has_reached(WARNING_LEVEL, inside)),
        "full": on(has_reached(CAPACITY, inside)),
        "incomplete": "off",
    }
    return {key: str(wanted) for key, wanted in found.items()}


def on(value: bool) -> str:
    """Return the state of a binary sensor."""
    return "on" if value else "off"


def has_reached(limit: int, inside: Iterable[int]) -> bool:
    """Return True if a limit with hysteresis is reached after this occupancy, minute by minute."""
    reached = False
    for people in inside:
        reached = people >= (limit - HYSTERESIS if reached else limit)
    return reached


def differences(states: States, mounted: Sequence[Camera], place: Place) -> list[str]:
    """Return a sentence for each state that differs from the expected one."""
    found = [
        f"{camera.name}: {key} exists, but this camera doesn't count adults"
        for camera in mounted
        for key in ("adults_in_today", "adults_out_today")
        if not camera.model.adults and f"{camera.serial}_{key}" in states
    ]
    wanted = [(camera.name, camera.serial, expected(camera)) for camera in mounted]
    wanted.append((SHOP, place.key, expected_of_place(place)))
    return found + [
        f"{name}: {key} is {shown}, but should be {right}"
        for name, owner, of_owner in wanted
        for key, right in of_owner.items()
        if (shown := value(states, owner, key)) != right
    ]
