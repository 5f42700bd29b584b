"""The sensors of a place that look back: the change since last week, and how many people are usually inside now.

What they show is calculated in comparison/weekdays.py. They are disabled at first, and as long as they are, nothing is
read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util

from ..comparison import WEEKS, Comparison, TypicalDays, async_day, compare, typical
from ..counting import LATEST, OpenDay, Timestamp
from ..entity import PeopleCounterEntity, PeopleCounterEntityDescription
from ..history import PlaceHistory
from ..ledger import LedgerError
from ..place_coordinator import PlaceCoordinator
from ..receiver import PeopleCounterConfigEntry

# The numbers change as time goes on, even if nobody passes.
READ_EVERY: Final = timedelta(minutes=5)
# While people pass, they change with each report.
MIN_TIME: Final = timedelta(minutes=1)

ATTR_TODAY: Final = "today"
ATTR_LAST_WEEK: Final = "last_week"
ATTR_DAYS: Final = "days"


class WeekdayReader:
    """Reads what the sensors of one place show, while any of them is enabled."""

    def __init__(self, hass: HomeAssistant, place: PlaceCoordinator) -> None:
        """Store the place; nothing is read yet."""
        self._hass = hass
        self._place = place
        # The functions to call when something has been read, and whether each needs the last eight weeks.
        self._sensors: dict[CALLBACK_TYPE, bool] = {}
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._is_reading = False
        self._read_at: datetime | None = None
        self._cancel_later: CALLBACK_TYPE | None = None
        # The day, and who had passed, when it was read last.
        self._day: Timestamp | None = None
        self._passed: tuple[int, int] | None = None
        # By how many weeks ago they were.
        self._days: dict[int, OpenDay] = {}
        self._typical_days = TypicalDays()
        self.comparison: Comparison | None = None
        self.occupancies: list[int] = []

    @callback
    def async_add(self, update: CALLBACK_TYPE, *, needs_weeks: bool) -> CALLBACK_TYPE:
        """Read for a sensor from now on, and call it then; return what ends that."""
        self._sensors[update] = needs_weeks
        if not self._unsubscribe:
            self._unsubscribe = [
                self._place.async_add_listener(self._async_place_changed),
                async_track_time_interval(self._hass, self._async_read_soon, READ_EVERY),
            ]
        self._async_read_soon()

        @callback
        def remove() -> None:
            del self._sensors[update]
            if not self._sensors:
                self._async_cancel_later()
                while self._unsubscribe:
                    self._unsubscribe.pop()()

        return remove

    @callback
    def _async_place_changed(self) -> None:
        """Read again when the day has ended, or when people have passed, at most once a minute."""
        if (data := self._place.data) is None:
            return
        now = dt_util.utcnow()
        day, _ = self._place.settings.schedule.day(int(now.timestamp()))
        if day != self._day:
            # Yesterday's comparison is none of today.
            self.comparison = None
            self._async_read_soon()
        elif self._read_at is None or now - self._read_at >= MIN_TIME:
            if (data.entered, data.exited) != self._passed:
                self._async_read_soon()
        elif self._cancel_later is None:
            self._cancel_later = async_call_later(self._hass, self._read_at + MIN_TIME - now, self._async_look_again)

    @callback
    def _async_look_again(self, _: datetime) -> None:
        self._cancel_later = None
        self._async_place_changed()

    @callback
    def _async_cancel_later(self) -> None:
        if self._cancel_later:
            self._cancel_later()
            self._cancel_later = None

    @callback
    def _async_read_soon(self, _: datetime | None = None) -> None:
        if not self._is_reading and self._place.data is not None:
            self._is_reading = True
            self._place.config_entry.async_create_task(self._hass, self._async_read())

    async def _async_read(self) -> None:
        try:
            await self._async_read_now()
        except LedgerError:
            # Changes from meanwhile aren't known.
            self._forget(-LATEST)
            self.comparison, self.occupancies = None, []
        finally:
            self._is_reading = False
        for update in list(self._sensors):
            update()

    async def _async_read_now(self) -> None:
        """Read what is missing. Raises LedgerError."""
        place, data = self._place, self._place.data
        self._read_at = dt_util.utcnow()
        now = int(self._read_at.timestamp())
        start, end = place.settings.schedule.day(now)
        if start != self._day:
            self._days = {}
        self._day, self._passed = start, (data.entered, data.exited)
        until = min(now, int(data.complete_until.timestamp())) if data.complete_until else 0
        self._forget(await place.ledger.take_place_changes(place.key))
        history = await PlaceHistory.async_of(place)
        needs_weeks = any(self._sensors.values())
        for weeks in range(1, WEEKS + 1 if needs_weeks else 2):
            # A schedule or calendar that was unavailable may be back.
            if weeks not in self._days or self._days[weeks].spans is None:
                self._days[weeks] = await async_day(place, history.schedule, now, weeks)
        days = list(self._days.values()) if needs_weeks else []
        today, last_week, earlier = place.opening.day(start, end), self._days[1], self.comparison

        def read() -> tuple[Comparison | None, list[int]]:
            found = compare(history, today, last_week, until, earlier)
            self._typical_days.read(history, days)
            return found, self._typical_days.occupancies(history, now)

        self.comparison, self.occupancies = await self._hass.async_add_executor_job(read)

    def _forget(self, since: Timestamp) -> None:
        """Forget what was read of the time since an instant, because it has changed."""
        self._typical_days.forget(since)
        if self.comparison and since < self.comparison.until:
            self.comparison = None


@dataclass(frozen=True, kw_only=True)
class WeekdaySensorDescription(PeopleCounterEntityDescription[PlaceCoordinator], SensorEntityDescription):
    """A sensor and the functions that return its value and its attributes."""

    value_fn: Callable[[WeekdayReader], int | None]
    attributes_fn: Callable[[WeekdayReader], dict[str, Any] | None]
    needs_weeks: bool = False
    # Unknown while a door may have people who aren't here yet.
    needs_all_doors: bool = False


class WeekdaySensor(PeopleCounterEntity[PlaceCoordinator], SensorEntity):
    """A sensor of a place that looks back."""

    entity_description: WeekdaySensorDescription
    _unrecorded_attributes = frozenset({ATTR_TODAY, ATTR_LAST_WEEK, ATTR_DAYS})

    def __init__(
        self, coordinator: PlaceCoordinator, description: WeekdaySensorDescription, reader: WeekdayReader
    ) -> None:
        """Store what reads for all sensors of the place."""
        super().__init__(coordinator, description)
        self._reader = reader

    @override
    async def async_added_to_hass(self) -> None:
        """Read from now on."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._reader.async_add(self._handle_coordinator_update, needs_weeks=self.entity_description.needs_weeks)
        )

    @property
    @override
    def native_value(self) -> int | None:
        place = self.coordinator
        if self.entity_description.needs_all_doors and (place.silent or place.missing_keys):
            return None
        return self.entity_description.value_fn(self._reader)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        return self.entity_description.attributes_fn(self._reader)

    @property
    @override
    def shown(self) -> object:
        return self.native_value


def typical_occupancy(reader: WeekdayReader) -> int | None:
    """Return how many people are usually inside at this time."""
    return typical(reader.occupancies)


def people_compared(reader: WeekdayReader) -> dict[str, Any] | None:
    """Return how many people came today and last week, up to the same time."""
    found = reader.comparison
    return {ATTR_TODAY: found.today.people, ATTR_LAST_WEEK: found.last_week.people} if found else None


@callback
def async_add_weekday_sensors(
    hass: HomeAssistant,
    entry: PeopleCounterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[WeekdaySensorDescription],
) -> None:
    """Add the sensors to each place; those of one place share what they read."""
    for place in entry.runtime_data.places.values():
        reader = WeekdayReader(hass, place)
        async_add_entities(
            [WeekdaySensor(place, description, reader) for description in descriptions], config_subentry_id=place.key
        )
