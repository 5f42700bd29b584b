"""The days of a camera or a place: its time zone, and when its occupancy starts anew."""

from contextlib import suppress
from datetime import time, tzinfo
from typing import Final, NamedTuple, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from .const import CONF_RESET_TIME, DEFAULT_RESET_TIME
from .local_time import MIDNIGHT, between, following, latest
from .occupancy import MAX_INSTANT, Correction, Source

# Before all that can have been counted.
EARLIEST: Final = 0


class Schedule(NamedTuple):
    """Turns instants (seconds since 1970 UTC) into days, and into resets of occupancy if there is a time for them."""

    zone: tzinfo
    reset_time: time | None
    reset_value: int = 0

    @classmethod
    async def async_of(cls, entry: ConfigEntry, zone: str | None) -> Self:
        """Return the times of a camera in this zone, in Home Assistant's where the camera's is unknown."""
        return await cls.async_at(zone, entry.options.get(CONF_RESET_TIME, DEFAULT_RESET_TIME))

    @classmethod
    async def async_at(cls, zone: str | None, reset_time: str | None, reset_value: int = 0) -> Self:
        """Return the times in this zone, in Home Assistant's where it is unknown."""
        at = None if reset_time is None else dt_util.parse_time(reset_time) or MIDNIGHT
        return cls(await _async_time_zone(zone), at, reset_value)

    @property
    def basis(self) -> str:
        """What else than counts the occupancy depends on."""
        value = f" {self.reset_value}" if self.reset_value else ""
        return f"{self.reset_time and self.reset_time.isoformat()} {self.zone}{value}"

    def day(self, now: int) -> tuple[int, int]:
        """Return when the day began, and when it ends."""
        return latest(now, MIDNIGHT, self.zone), following(now, MIDNIGHT, self.zone)

    def reset(self, now: int) -> tuple[int, int]:
        """Return when occupancy last started anew, and when it will again."""
        if self.reset_time is None:
            return EARLIEST, MAX_INSTANT
        return latest(now, self.reset_time, self.zone), following(now, self.reset_time, self.zone)

    def resets(self, start: int, end: int) -> list[Correction]:
        """Return the instants in [start, end) at which occupancy starts anew."""
        if self.reset_time is None:
            return []
        return [
            Correction(at, self.reset_value, Source.DAILY_RESET)
            for at in between(start, end, self.reset_time, self.zone)
        ]

    def with_resets(self, start: int, end: int, corrections: list[Correction]) -> list[Correction]:
        """Return corrections in the order of time, with the resets in [start, end) among them."""
        # What somebody said at the very instant of a reset counts.
        return sorted(self.resets(start, end) + corrections, key=lambda correction: correction.at)


# Looking a zone up takes another thread. Only names of zones get here, of which there are some hundreds.
_ZONES: Final[dict[str, tzinfo]] = {}


async def _async_time_zone(name: str | None) -> tzinfo:
    if name and name not in _ZONES:
        # What isn't a name at all, a path say, raises.
        with suppress(ValueError, OSError):
            if zone := await dt_util.async_get_time_zone(name):
                _ZONES[name] = zone
    return (name and _ZONES.get(name)) or dt_util.get_default_time_zone()
