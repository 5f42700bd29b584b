"""Compares the counts of yesterday with the camera's own each night, for cameras to which a person has given access.

It also compares the camera's clock, and finds gaps that the camera may still have the counts of. Started by the
receiver. The sensor difference_yesterday shows what it finds, and the flows of its issues are in flows/fill_repairs.py.
"""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util

from .. import issues
from ..connecting import CameraAccess, CameraError
from ..const import DOMAIN
from ..coordinator import CameraCoordinator
from ..counting import (
    HOUR,
    HourDifference,
    Interval,
    LocalCounts,
    Schedule,
    Timestamp,
    compared_hours,
    intervals_of,
    key_at,
    routes_of,
    uncovered,
    wall_time,
)
from ..ledger import Comparison, Ledger, LedgerError
from ..settings import replacements_of
from ..texts import async_translate, name_placeholders, plain, wall_clock
from .gap_filling import Gap, async_leave_gaps, async_local_schedule, async_open_gaps

_LOGGER = logging.getLogger(__name__)

# Every day has it, and only once.
NOON: Final = time(12)
CHECK_EVERY: Final = timedelta(minutes=5)
# The entry is also set up when a person has given access to a camera, and would like to see whether it agrees.
FIRST_CHECK: Final = timedelta(seconds=10)
# The pushes of the last minutes before midnight come after it. All cameras at once would be a burst.
AFTER_MIDNIGHT: Final = 20 * 60
SPREAD: Final = 40
ASK_AGAIN_AFTER: Final = timedelta(hours=1)
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=2)

# Why the counts of a day can't be compared: the states of the attribute `reason`.
NO_TIME_ZONE: Final = "no_time_zone"
# The camera hasn't sent all counts of the day yet.
WAITING: Final = "waiting"
# Another camera counted at this door on that day.
REPLACED: Final = "replaced"
NO_ANSWER: Final = "no_answer"
# The camera has no whole hour of the day.
NO_COUNTS: Final = "no_counts"
REASONS: Final = (NO_ANSWER, NO_COUNTS, NO_TIME_ZONE, REPLACED, WAITING)


class Agreement:
    """The results of the nightly comparison, by the key of the camera."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        cameras: Mapping[str, CameraCoordinator],
        accesses: Mapping[str, CameraAccess],
    ) -> None:
        """Use the cameras and accesses as they are at each time."""
        self._hass = hass
        self._ledger = ledger
        self._cameras = cameras
        self._accesses = accesses
        self._routes = routes_of(replacements_of(entry))
        self._comparisons: dict[str, Comparison] = {}
        self._lock = asyncio.Lock()
        # Cameras that didn't answer, and when to ask them again.
        self._ask_again: dict[str, datetime] = {}
        # Up to which day gaps have been looked for.
        self._looked_for_gaps: dict[str, date] = {}
        # Since when the counts of cameras have changed after the last check.
        self._changed: dict[str, Timestamp] = {}

    async def async_start(self, entry: ConfigEntry) -> None:
        """Read what was found before, and compare at the times that are set. Raises LedgerError."""
        self._comparisons = await self._ledger.comparisons()
        for camera in self._cameras.values():
            self._async_show(camera)

        @callback
        def check(_: datetime) -> None:
            # Cameras may answer slowly.
            if self._accesses and not self._lock.locked():
                entry.async_create_background_task(self._hass, self._async_check_all(), f"{DOMAIN} agreement")

        entry.async_on_unload(async_call_later(self._hass, FIRST_CHECK, check))
        entry.async_on_unload(async_track_time_interval(self._hass, check, CHECK_EVERY))

    def comparison(self, key: str) -> Comparison | None:
        """Return how the last compared day of a camera differs, None if none was compared."""
        return self._comparisons.get(key)

    @callback
    def async_changed(self, key: str, since: Timestamp) -> None:
        """Compare a camera again at the next check if counts of a past day have changed."""
        self._changed[key] = min(since, self._changed.get(key, since))

    @callback
    def _async_show(self, camera: CameraCoordinator) -> None:
        """Show the difference of a camera, or end its issues if it isn't asked any more."""
        comparison = self.comparison(camera.key)
        if camera.camera.serial not in self._accesses:
            for issue in (issues.COUNTS_DIFFER, issues.GAPS, issues.CLOCK_INACCURATE):
                issues.async_end(self._hass, issue, camera.key)
        elif comparison:
            issues.async_show_while(
                self._hass,
                bool(comparison.people) and not comparison.confirmed,
                issues.COUNTS_DIFFER,
                camera.key,
                **name_placeholders(camera.camera.name),
                people=str(comparison.people),
            )

    async def _async_check_all(self) -> None:
        async with self._lock:
            for camera in list(self._cameras.values()):
                if access := self._accesses.get(camera.camera.serial):
                    try:
                        await self._async_check(camera, access)
                    except LedgerError as err:
                        _LOGGER.debug("The counts of %s can't be compared now: %s", camera.name, err)

    async def _async_check(self, camera: CameraCoordinator, access: CameraAccess) -> None:
        """Compare yesterday of a camera, unless it was compared or it is too early. Raises LedgerError."""
        now = dt_util.utcnow()
        if (schedule := await async_local_schedule(camera)) is None:
            yesterday = dt_util.as_local(now).date() - timedelta(days=1)
            await self._async_found(camera, Comparison(yesterday.isoformat(), 0, (), NO_TIME_ZONE))
            return
        today, _ = schedule.day(int(now.timestamp()))
        if now.timestamp() < today + AFTER_MIDNIGHT + int(camera.camera.serial, 16) % SPREAD * 60:
            return
        yesterday = wall_time(today - 1, schedule.zone).date()
        known = self.comparison(camera.key)
        has_late_counts = self._changed.pop(camera.key, today) < today
        is_compared = known and known.date == str(yesterday) and known.reason not in (WAITING, NO_ANSWER, NO_TIME_ZONE)
        if (has_late_counts or not is_compared) and now >= self._ask_again.get(camera.key, now):
            await self._async_compare(camera, access, schedule, yesterday)
        if has_late_counts or self._looked_for_gaps.get(camera.key) != yesterday:
            await self.async_look_for_gaps(camera)
            self._looked_for_gaps[camera.key] = yesterday

    async def async_filled(self, camera: CameraCoordinator) -> None:
        """Compare a camera again and look for gaps again, after some were filled or left. Raises LedgerError."""
        access = self._accesses.get(camera.camera.serial)
        known, schedule = self.comparison(camera.key), await async_local_schedule(camera)
        if access and schedule and known and known.people:
            await self._async_compare(camera, access, schedule, date.fromisoformat(known.date))
        await self.async_look_for_gaps(camera)

    async def async_confirm(self, camera: CameraCoordinator, seen: Comparison) -> None:
        """Store that a person knows of a difference, unless another was found meanwhile. Raises LedgerError."""
        if seen == self.comparison(camera.key):
            await self._async_found(camera, seen._replace(confirmed=True))

    async def async_look_for_gaps(self, camera: CameraCoordinator) -> None:
        """Show an issue while gaps of a camera may be filled. Raises LedgerError."""
        gaps = await async_open_gaps(camera)
        issues.async_show_while(
            self._hass, bool(gaps), issues.GAPS, camera.key, **name_placeholders(camera.camera.name)
        )

    async def _async_compare(
        self, camera: CameraCoordinator, access: CameraAccess, schedule: Schedule, day: date
    ) -> None:
        """Compare a local day of a camera with the camera's own counts of it. Raises LedgerError."""
        start, end = schedule.day(int(datetime.combine(day, NOON, schedule.zone).timestamp()))

        async def found(hours: int, differing: tuple[HourDifference, ...], reason: str | None = None) -> None:
            comparison = Comparison(str(day), hours, differing, reason)
            known = self.comparison(camera.key)
            # A person who knows of a difference isn't asked again while it stays the same.
            is_known = known is not None and known.confirmed and known._replace(confirmed=False) == comparison
            await self._async_found(camera, comparison._replace(confirmed=is_known))

        if (await self._ledger.counted_until(camera.key) or 0) < end:
            await found(0, (), WAITING)
            return
        serial = camera.camera.serial
        if key_at(self._routes.get(serial, ()), serial, start) != camera.key:
            await found(0, (), REPLACED)
            return
        rows: list[LocalCounts] | None = None
        try:
            async with access.async_api() as api:
                rows = await api.export(day)
                width = api.width
                # Last, because not every camera has live counts.
                self._async_compare_clock(camera, (await api.live(schedule.zone)).at)
        except CameraError as err:
            if rows is None:
                await self._async_note_failure(camera, err)
                await found(0, (), NO_ANSWER)
                return
        self._note_answer(camera)

        def compare(rows: list[LocalCounts]) -> tuple[list[HourDifference], list[Gap]]:
            # An interval over midnight begins on the day before.
            stored = list(self._ledger.each_interval(camera.key, start - HOUR, end))
            known: list[Interval] = [*stored, *intervals_of(rows, schedule.zone, width)]
            empty = uncovered([(interval.start, interval.end) for interval in known], start, end)
            return compared_hours(rows, stored, (start, end), schedule.zone, width), list(empty)

        hours, empty = await self._hass.async_add_executor_job(compare, rows)
        # The camera has no counts of these either.
        await async_leave_gaps(camera, empty)
        await found(len(hours), tuple(hour for hour in hours if hour.people), None if hours else NO_COUNTS)

    async def _async_found(self, camera: CameraCoordinator, comparison: Comparison) -> None:
        """Store and show a comparison. Raises LedgerError."""
        if comparison == self.comparison(camera.key):
            return
        await self._ledger.set_comparison(camera.key, comparison)
        self._comparisons[camera.key] = comparison
        self._async_show(camera)
        camera.async_update_listeners()

    async def _async_note_failure(self, camera: CameraCoordinator, err: CameraError) -> None:
        """Log once that a camera doesn't answer."""
        if camera.key not in self._ask_again:
            message = await async_translate(self._hass, err.message)
            _LOGGER.warning("The counts of %s can't be compared with its own: %s", camera.name, message)
        self._ask_again[camera.key] = dt_util.utcnow() + ASK_AGAIN_AFTER

    def _note_answer(self, camera: CameraCoordinator) -> None:
        if self._ask_again.pop(camera.key, None):
            _LOGGER.info("The counts of %s can be compared with its own again", camera.name)

    @callback
    def _async_compare_clock(self, camera: CameraCoordinator, at: datetime) -> None:
        """Show an issue while the clock of a camera differs."""
        now = dt_util.utcnow()
        # A local time may come twice.
        nearest = min((at.replace(fold=fold) for fold in (0, 1)), key=lambda possible: abs(possible - now))
        issues.async_show_while(
            self._hass,
            abs(nearest - now) > MAX_CLOCK_DIFFERENCE,
            issues.CLOCK_INACCURATE,
            camera.key,
            **name_placeholders(camera.camera.name, camera.camera.ip_address),
            camera_time=wall_clock(nearest),
            home_assistant_time=wall_clock(now),
            time_zone=plain(self._hass.config.time_zone),
        )
