"""What the user said about a place."""

from dataclasses import dataclass
from typing import Self

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_TIME_ZONE

from .const import (
    CONF_BELOW_ZERO,
    CONF_CAPACITY,
    CONF_DOORS,
    CONF_HYSTERESIS,
    CONF_RESET_TIME,
    CONF_RESET_VALUE,
    CONF_REVERSED_DOORS,
    CONF_WARNING_LEVEL,
)
from .places import Door, Place
from .schedule import Schedule


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """What the user said about a place."""

    key: str
    name: str
    doors: tuple[Door, ...]
    capacity: int | None
    warning_level: int | None
    hysteresis: int
    below_zero: bool
    time_zone: str | None
    schedule: Schedule

    @classmethod
    async def async_of(cls, subentry: ConfigSubentry) -> Self:
        """Read them."""
        data = subentry.data
        return cls(
            key=subentry.subentry_id,
            name=subentry.title,
            doors=doors_of(subentry),
            capacity=data.get(CONF_CAPACITY),
            warning_level=data.get(CONF_WARNING_LEVEL),
            hysteresis=data[CONF_HYSTERESIS],
            below_zero=data[CONF_BELOW_ZERO],
            time_zone=data.get(CONF_TIME_ZONE),
            schedule=await Schedule.async_at(
                data.get(CONF_TIME_ZONE), data.get(CONF_RESET_TIME), data[CONF_RESET_VALUE]
            ),
        )

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the cameras of its doors."""
        return frozenset(door.key for door in self.doors)

    @property
    def place(self) -> Place:
        """What the ledger has to know of it."""
        return Place(self.key, self.doors, self.below_zero, self.schedule.basis)


def doors_of(subentry: ConfigSubentry) -> tuple[Door, ...]:
    """Return the doors of a place: those that lead into it, then those that lead out of it."""
    return (
        *(Door(key, False) for key in subentry.data[CONF_DOORS]),
        *(Door(key, True) for key in subentry.data[CONF_REVERSED_DOORS]),
    )
