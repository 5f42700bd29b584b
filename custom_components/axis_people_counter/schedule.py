"""The days of a camera or a place: its time zone, and when its occupancy starts anew."""

import asyncio
from datetime import datetime, time, tzinfo
from typing import Final, NamedTuple, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from .const import CONF_RESET_TIME, DEFAULT_RESET_TIME
from .ledger import DAY, Camera
from .local_time import MIDNIGHT, between, fixed_zone, following, latest, posix_zone, zone_names
from .occupancy import MAX_INSTANT, Correction, Source

# Before all that can have been counted.
EARLIEST: Final = 0


class Schedule(NamedTuple):
    """Turns instants (seconds since 1970 UTC) into days, and into resets of occupancy if there is a time for them."""

    zone: tzinfo
    reset_time: time | None
    reset_value: int = 0
    # Else it is the best that can be said, and a person has to be told.
    is_zone_known: bool = True

    @classmethod
    async def async_of(cls, entry: ConfigEntry, camera: Camera) -> Self:
        """Return the times of a camera: in its zone, else at its offset to UTC, else in Home Assistant's zone.

        A camera that names no zone, but has the offset of Home Assistant's, is taken to be in that one.
        """
        reset_time = entry.options.get(CONF_RESET_TIME, DEFAULT_RESET_TIME)
        schedule = await cls.async_at(camera.time_zone, reset_time)
        if (offset := camera.utc_offset) is None or (camera.time_zone is not None and schedule.is_zone_known):
            return schedule
        # On the day on which clocks are changed, the newest counts may be from before that.
        if camera.time_zone is None and offset in {
            _utc_offset(at, schedule.zone) for at in (camera.sent, camera.sent - DAY)
        }:
            return schedule
        return schedule._replace(zone=fixed_zone(offset), is_zone_known=False)

    @classmethod
    async def async_at(cls, zone: str | None, reset_time: str | None, reset_value: int = 0) -> Self:
        """Return the times in this zone, in Home Assistant's where there is none or it is unknown."""
        at = None if reset_time is None else dt_util.parse_time(reset_time) or MIDNIGHT
        known = await _async_time_zone(zone) if zone else None
        return cls(known or dt_util.get_default_time_zone(), at, reset_value, not zone or known is not None)

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


async def _async_time_zone(text: str) -> tzinfo | None:
    """Return the time zone with this name, or of this POSIX text; None where it is neither."""
    if text not in _ZONES:
        # A path may well be a file of this computer's own zone.
        names = await asyncio.get_running_loop().run_in_executor(None, zone_names)
        if text not in names or (zone := await dt_util.async_get_time_zone(text)) is None:
            return posix_zone(text)
        _ZONES[text] = zone
    return _ZONES[text]


def _utc_offset(at: int, zone: tzinfo) -> float:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return offset.total_seconds()
