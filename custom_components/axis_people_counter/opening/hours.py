"""The opening hours of a place: what is open today, and what was open on earlier days.

Hours that are over are fixed in the ledger, so a changed schedule or calendar changes only what comes. Called by
place_coordinator; the days also by whatever reports of a place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
import logging
from typing import Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..counting import (
    DAY,
    LATEST,
    OpenDay,
    OpenHours,
    OpenSpan,
    Period,
    Timestamp,
    first_unfixed,
    open_days,
    period_bounds,
    to_fix,
)
from ..ledger import Ledger, LedgerError
from ..settings import PlaceSettings
from .source import async_opening_hours

_LOGGER = logging.getLogger(__name__)

# A schedule or calendar may change without a change of its state.
LOOK_EVERY: Final = timedelta(minutes=15)
# As long as it can't be read.
RETRY_EVERY: Final = timedelta(minutes=1)
# Days before that are fixed when somebody asks about them.
MAX_MISSED: Final = 60 * DAY
# How much is read from the ledger, or fixed there, at once: pushes wait for it.
DAYS_AT_ONCE: Final = 200


class OpeningHours:
    """The opening hours of one place."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        settings: PlaceSettings,
        on_change: Callable[[], Awaitable[None]],
    ) -> None:
        """Store the function to call when the hours of today have changed; nothing is asked yet."""
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._settings = settings
        self._on_change = on_change
        # The hours of today and tomorrow as they were found last, and those of today that were fixed before.
        self._found: OpenHours | None = None
        self._fixed: list[OpenHours] = []
        self._looked_at: datetime | None = None
        self._is_look_waiting = False
        # Allows one look at a time, so that nothing is fixed by hours that are no longer in force.
        self._looking = asyncio.Lock()

    @callback
    def async_start(self) -> Callable[[], None]:
        """Look at the schedule or calendar now, when it changes, and now and then; return what ends that."""
        if (entity_id := self._settings.opening_hours) is None:
            return lambda: None

        @callback
        def tick(_: datetime) -> None:
            if self._is_due(LOOK_EVERY if self._found else RETRY_EVERY):
                changed()

        @callback
        def changed(_: Event[EventStateChangedData] | None = None) -> None:
            # A slow calendar may change many times before it is asked again.
            if not self._is_look_waiting:
                self._is_look_waiting = True
                self._entry.async_create_background_task(self._hass, self._async_look(), f"{DOMAIN} opening hours")

        unsubscribe = [
            async_track_state_change_event(self._hass, entity_id, changed),
            async_track_time_interval(self._hass, tick, RETRY_EVERY),
        ]
        changed()

        @callback
        def stop() -> None:
            for unsubscribe_one in unsubscribe:
                unsubscribe_one()

        return stop

    def day(self, start: Timestamp, end: Timestamp) -> OpenDay:
        """Return the day that contains now, from memory."""
        if self._settings.opening_hours is None:
            return OpenDay(start, end, (OpenSpan(start, end),))
        (day,) = open_days((start, end), self._fixed, self._found)
        return day

    async def async_days(self, start: Timestamp, end: Timestamp) -> list[OpenDay]:
        """Return the local days that overlap [start, end). Raises LedgerError."""
        bounds = list(period_bounds(start, end, Period.DAY, self._settings.schedule.zone))
        if self._settings.opening_hours is None:
            return [OpenDay(begin, until, (OpenSpan(begin, until),)) for begin, until in pairwise(bounds)]
        days: list[OpenDay] = []
        async with self._looking:
            if self._found is None and self._is_due(RETRY_EVERY):
                await self._async_look_now()
            can_ask = True
            # The newest first: if a calendar has no answer for some time, it isn't asked about the time before that.
            for first in reversed(range(0, len(bounds) - 1, DAYS_AT_ONCE)):
                page = await self._async_page(bounds[first : first + DAYS_AT_ONCE + 1], can_ask=can_ask)
                can_ask = can_ask and all(day.spans is not None for day in page)
                days = page + days
        return days

    def _is_due(self, time: timedelta) -> bool:
        """Return True if the last look was so long ago."""
        return self._looked_at is None or dt_util.utcnow() - self._looked_at >= time

    async def _async_page(self, bounds: Sequence[Timestamp], *, can_ask: bool = True) -> list[OpenDay]:
        """Return some days, and fix what is over of them."""
        start, end, now = bounds[0], bounds[-1], int(dt_util.utcnow().timestamp())
        fixed = await self._ledger.opening_days(self._settings.key, start, end)
        unfixed = first_unfixed(bounds, fixed)
        found = None if unfixed is None or not can_ask else await self._async_found(unfixed, end)

        def days_and_new() -> tuple[list[OpenDay], list[OpenHours]]:
            days = open_days(bounds, fixed, found)
            return days, to_fix(days, fixed, now)

        days, new = await self._hass.async_add_executor_job(days_and_new)
        if new:
            await self._ledger.fix_opening_days(self._settings.key, new)
        return days

    async def _async_found(self, start: Timestamp, end: Timestamp) -> OpenHours | None:
        """Return the hours in [start, end) as they are in force now, None if the schedule or calendar can't be read."""
        if (found := self._found) is None:
            # Each further question would wait as long as the one of today did.
            return None
        parts: list[OpenHours | None] = []
        if start < found.start:
            parts.append(await self._async_ask(start, min(found.start, end)))
        if start < found.end and end > found.start:
            parts.append(found)
        if end > found.end:
            parts.append(await self._async_ask(max(found.end, start), end))
        known = [part for part in parts if part]
        if not known:
            return None
        return OpenHours(
            known[0].start,
            known[-1].end,
            tuple(span for part in known for span in part.spans),
            tuple(event for part in known for event in part.events),
        )

    async def _async_ask(self, start: Timestamp, end: Timestamp) -> OpenHours | None:
        entity_id = self._settings.opening_hours
        assert entity_id is not None
        return await async_opening_hours(self._hass, entity_id, start, end, self._settings.schedule.zone)

    async def _async_look(self) -> None:
        """Read the hours of today again."""
        try:
            async with self._looking:
                self._is_look_waiting = False
                await self._async_look_now()
        except LedgerError as err:
            _LOGGER.debug("The opening hours of %s can't be fixed now: %s", self._settings.name, err)

    async def _async_look_now(self) -> None:
        """Fix the hours up to now, and read those of today and tomorrow; show it if today has changed."""
        self._looked_at = dt_util.utcnow()
        now, zone = int(self._looked_at.timestamp()), self._settings.schedule.zone
        start, end = self._settings.schedule.day(now)
        (*_, after_tomorrow) = period_bounds(start, end + 1, Period.DAY, zone)
        before, was_found = self.day(start, end), self._found is not None
        if await self._ledger.opening_days(self._settings.key, now, LATEST):
            await self._ledger.forget_opening_days_after(self._settings.key, now)
        # The hours that were in force up to now stay.
        await self._async_fix(now)
        self._found = await self._async_ask(start, after_tomorrow)
        if not was_found:
            await self._async_fix_missed(start)
            await self._async_fix(now)
        self._fixed = await self._ledger.opening_days(self._settings.key, start, end)
        if self.day(start, end) != before:
            await self._on_change()

    async def _async_fix_missed(self, today: Timestamp) -> None:
        """Fix the days since the last fixed ones: Home Assistant was off, or the schedule or calendar unavailable."""
        fixed = await self._ledger.opening_days(self._settings.key, today - MAX_MISSED, today)
        if fixed and fixed[-1].end < today:
            zone = self._settings.schedule.zone
            await self._async_page(list(period_bounds(fixed[-1].end, today, Period.DAY, zone)))

    async def _async_fix(self, now: Timestamp) -> None:
        """Fix what was found, up to now."""
        if (found := self._found) is None:
            return
        bounds = list(period_bounds(found.start, min(now, found.end), Period.DAY, self._settings.schedule.zone))
        fixed = await self._ledger.opening_days(self._settings.key, bounds[0], bounds[-1])
        if new := to_fix(open_days(bounds, fixed, found), fixed, now):
            await self._ledger.fix_opening_days(self._settings.key, new)


class HasOpeningHours(Protocol):
    """The coordinator of a place."""

    @property
    def opening(self) -> OpeningHours:
        """Its opening hours."""


async def async_open_days(coordinator: HasOpeningHours, start: Timestamp, end: Timestamp) -> list[OpenDay]:
    """Return each local day of a place that overlaps [start, end), with its open time. Raises LedgerError.

    Without opening hours, each day is open as a whole.
    """
    return await coordinator.opening.async_days(start, end)
