"""The days of a camera: its time zone, and when its occupancy starts anew."""

from contextlib import suppress
from datetime import time, tzinfo
from typing import Final, NamedTuple, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from .const import CONF_RESET_TIME, DEFAULT_RESET_TIME
from .local_time import between, following, latest
from .occupancy import Correction

MIDNIGHT = time()


class CameraTime(NamedTuple):
    """Turns instants (seconds since 1970 UTC) into days and resets of one camera."""

    zone: tzinfo
    reset_time: time

    @classmethod
    async def async_of(cls, entry: ConfigEntry, zone: str | None) -> Self:
        """Return the times of a camera in this zone, in Home Assistant's where the camera's is unknown."""
        reset_time = dt_util.parse_time(entry.options.get(CONF_RESET_TIME, DEFAULT_RESET_TIME)) or MIDNIGHT
        return cls(await _async_time_zone(zone), reset_time)

    @property
    def basis(self) -> str:
        """What else than counts the occupancy depends on."""
        return f"{self.reset_time.isoformat()} {self.zone}"

    def day(self, now: int) -> tuple[int, int]:
        """Return when the day began, and when it ends."""
        return latest(now, MIDNIGHT, self.zone), following(now, MIDNIGHT, self.zone)

    def reset(self, now: int) -> tuple[int, int]:
        """Return when occupancy last started anew, and when it will again."""
        return latest(now, self.reset_time, self.zone), following(now, self.reset_time, self.zone)

    def resets(self, start: int, end: int) -> list[Correction]:
        """Return the instants in [start, end) at which occupancy starts anew."""
        return [Correction(at, 0) for at in between(start, end, self.reset_time, self.zone)]

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
