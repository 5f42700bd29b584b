"""The shop of the demo, as a place in Home Assistant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulator import Building, Camera

# With this capacity the shop is full for a while on most afternoons.
CAPACITY, WARNING_LEVEL, HYSTERESIS = 60, 50, 3
type States = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Place:
    """A place in Home Assistant, the building with the true numbers, and the cameras over its doors."""

    key: str
    building: Building
    doors: Sequence[Camera]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the place and its cameras."""
        return self.building.zone


def value(states: States, owner: str, key: str) -> str | None:
    """Return the state of an entity of a camera or place, None if it has none."""
    state = states.get(f"{owner}_{key}", {}).get("state")
    return None if state in (None, "unknown", "unavailable") else str(state)
