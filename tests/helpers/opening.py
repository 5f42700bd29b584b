"""Schedules and calendars with the opening hours of a place, as users have them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, override

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.components.calendar import DATA_COMPONENT, CalendarEntity, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SCHEDULE: Final = "schedule.shop"
CALENDAR: Final = "calendar.shop"


async def prepare_opening_hours(hass: HomeAssistant) -> None:
    """Set up what schedules and calendars need. Called before the first client connects."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    for component in ("websocket_api", "schedule", "calendar"):
        assert await async_setup_component(hass, component, {})


@pytest.fixture
async def schedules_and_calendars(noon: FrozenDateTimeFactory, hass: HomeAssistant) -> None:
    """Let Home Assistant, in Stockholm at noon, have schedules and calendars, before the first client connects."""
    await prepare_opening_hours(hass)


async def settle(hass: HomeAssistant) -> None:
    """Wait for all that is being done, also in the background."""
    await hass.async_block_till_done(wait_background_tasks=True)


class ShopSchedule:
    """A schedule helper, which a person makes and changes in Home Assistant."""

    def __init__(self, hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
        """Use a client of the frontend."""
        self.hass = hass
        self.hass_ws_client = hass_ws_client
        self.exists = False

    async def add(self, *blocks: tuple[str, str], **days: list[tuple[str, str]]) -> None:
        """Add the schedule, with the same blocks on each day but those that are named."""
        await self._call("schedule/create", name="Shop", **_week(blocks, days))
        self.exists = True

    async def change(self, *blocks: tuple[str, str], **days: list[tuple[str, str]]) -> None:
        """Change its blocks."""
        await self._call("schedule/update", schedule_id="shop", name="Shop", **_week(blocks, days))

    async def delete(self) -> None:
        """Delete the schedule."""
        await self._call("schedule/delete", schedule_id="shop")
        self.exists = False

    async def _call(self, command: str, **data: Any) -> None:
        # A test may have moved the clock beyond the life of an earlier token.
        user = await self.hass.auth.async_create_system_user("Owner", group_ids=[GROUP_ID_ADMIN])
        token = self.hass.auth.async_create_access_token(await self.hass.auth.async_create_refresh_token(user))
        client = await self.hass_ws_client(self.hass, token)
        await client.send_json_auto_id({"type": command, **data})
        answer = await client.receive_json()
        assert answer["success"], answer
        await client.close()
        await settle(self.hass)


@pytest.fixture
async def schedule(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> AsyncIterator[ShopSchedule]:
    """Return a schedule that isn't there yet, and delete it in the end."""
    schedule = ShopSchedule(hass, hass_ws_client)
    yield schedule
    if schedule.exists:
        await schedule.delete()


def _week(blocks: tuple[tuple[str, str], ...], days: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    return {day: [{"from": start, "to": end} for start, end in days.get(day, blocks)] for day in WEEK}


class ShopCalendar(CalendarEntity):
    """A calendar of another integration, which may fail, be slow or be unavailable."""

    _attr_name = "Shop"
    _attr_should_poll = False

    def __init__(self, *events: CalendarEvent) -> None:
        """Store the events."""
        self.events = list(events)
        self.error: BaseException | None = None
        self.is_slow = False
        # The time that was asked for each time.
        self.asked: list[tuple[datetime, datetime]] = []

    @property
    @override
    def event(self) -> CalendarEvent | None:
        return None

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return all events, also those at other times, as some integrations do."""
        self.asked.append((start_date, end_date))
        if self.is_slow:
            await asyncio.sleep(3600)
        if self.error:
            raise self.error
        return self.events

    async def set_available(self, *, available: bool) -> None:
        """Become unavailable, or available again."""
        self._attr_available = available
        self.async_write_ha_state()
        await settle(self.hass)


async def add_calendar(hass: HomeAssistant, *events: CalendarEvent) -> ShopCalendar:
    """Add a calendar with these events."""
    calendar = ShopCalendar(*events)
    await hass.data[DATA_COMPONENT].async_add_entities([calendar])
    await settle(hass)
    return calendar
