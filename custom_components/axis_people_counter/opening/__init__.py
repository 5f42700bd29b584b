"""The opening hours of places, from schedules and calendars."""

from .hours import OpeningHours, async_open_days

__all__ = ["OpeningHours", "async_open_days"]
