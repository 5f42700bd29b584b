"""Hourly long-term statistics: each count of the ledger in recorder, at the hour in which it was counted.

Series are those of a camera or of a place, and go by its key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
import logging
from math import isclose
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_last_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .core_internals import async_recorder_done
from .counting import HOUR, MAX_WIDTH, Level, Passage, Schedule, levels, occupancies
from .ledger import NOBODY, Ledger, LedgerError, Series, Sums, minus, plus, series_of
from .ledger_errors import translated_ledger_errors
from .settings import PlaceSettings
from .time_zones import async_camera_schedule

_LOGGER = logging.getLogger(__name__)

WRITE_EVERY: Final = timedelta(minutes=5)
# Recorder takes a row in half a millisecond, and nobody else gets a turn while it takes these hours of all series.
HOURS_AT_ONCE: Final = 100
SUMS: Final = ("in", "out", "adults_in", "adults_out")
OCCUPANCY: Final = "occupancy"

type Rows = dict[str, list[StatisticData]]


class _NotTakenError(Exception):
    """Recorder doesn't have what was given to it."""


class StatisticsWriter:
    """Writes what recorder lacks, one series after the other: recorder is never given more than it can take."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        """Take the ledger; nothing is written yet."""
        self.hass = hass
        self._entry = entry
        self._ledger = ledger
        self._places: dict[str, PlaceSettings] = {}
        self._places_of: dict[str, list[str]] = {}
        self._obsolete: set[str] = set()
        self._due: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}
        self._writing = asyncio.Lock()
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._task: asyncio.Task[None] | None = None
        self._works = True
        self._stopped = False

    @callback
    def async_start(self, cameras: list[str], places: list[PlaceSettings], obsolete: list[str]) -> None:
        """Write what was left over when Home Assistant ended; from now on follow the names of devices.

        The series of obsolete keys are cleared.
        """
        self._obsolete = set(obsolete)
        self._places = {place.key: place for place in places}
        for place in places:
            for camera in place.keys:
                self._places_of.setdefault(camera, []).append(place.key)

        @callback
        def started(_: HomeAssistant) -> None:
            for key in (*cameras, *self._places, *obsolete):
                self.async_changed(key, 0)

        @callback
        def renamed(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
            if event.data["action"] != "update" or not {"name", "name_by_user"} & event.data["changes"].keys():
                return
            device = dr.async_get(self.hass).async_get(event.data["device_id"])
            if device and device.config_entry_id == self._entry.entry_id:
                for identifier in device.identifiers:
                    if identifier[0] == DOMAIN:
                        self.async_changed(identifier[1], 0)

        @callback
        def stop(_: Event | None = None) -> None:
            # A push that is being published yet must not begin anything.
            self._stopped = True
            self._async_cancel_timer()

        for unload in (
            async_at_started(self.hass, started),
            self.hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, renamed),
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop),
            stop,
        ):
            self._entry.async_on_unload(unload)

    @callback
    def async_changed(self, key: str, since: int) -> None:
        """Note that counts or occupancy have changed since an instant, given in seconds since 1970 UTC."""
        if RECORDER_DOMAIN not in self.hass.config.components:
            # The ledger remembers it, in case there is a recorder one day.
            return
        now = dt_util.utcnow()
        is_steady = since >= now.timestamp() // HOUR * HOUR - HOUR
        for changed in (key, *self._places_of.get(key, ())):
            due = now
            if is_steady and (written := self._written.get(changed)):
                due = max(now, written + WRITE_EVERY)
            if (planned := self._due.get(changed)) is None or due < planned:
                self._async_plan(changed, due)

    async def async_rebuild(self, key: str) -> None:
        """Clear the series and write them anew from the ledger.

        Raises HomeAssistantError.
        """
        if RECORDER_DOMAIN not in self.hass.config.components:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_recorder")
        async with self._writing:
            await self._async_clear(key)
            with translated_ledger_errors():
                await self._ledger.forget_series(key)
        self._async_plan(key, dt_util.utcnow())

    @callback
    def _async_plan(self, key: str | None = None, due: datetime | None = None) -> None:
        """Write something when it is due, or earlier if that is planned already."""
        if key and due:
            self._due[key] = min(due, self._due.get(key, due))
        self._async_cancel_timer()
        if self._stopped or not self._due or (self._task and not self._task.done()):
            return
        next_due = min(self._due.values())
        if next_due <= dt_util.utcnow():
            self._task = self._entry.async_create_background_task(
                self.hass, self._async_write_all(), f"{DOMAIN} statistics"
            )
        else:
            self._cancel_timer = async_track_point_in_utc_time(self.hass, self._async_timer, next_due)

    @callback
    def _async_timer(self, _: datetime) -> None:
        self._cancel_timer = None
        self._async_plan()

    @callback
    def _async_cancel_timer(self) -> None:
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None

    async def _async_write_all(self) -> None:
        # The one that has waited longest: a camera that sends its history must not keep all others waiting.
        while (
            not self._stopped
            and self._due
            and self._due[key := min(self._due, key=self._due.__getitem__)] <= dt_util.utcnow()
        ):
            del self._due[key]
            self._written[key] = dt_util.utcnow()
            try:
                async with self._writing:
                    await self._async_write(key)
            # Recorder's threads take nothing any more while Home Assistant ends: a RuntimeError.
            except (LedgerError, SQLAlchemyError, _NotTakenError, HomeAssistantError, RuntimeError) as err:
                if self._stopped:
                    return
                if self._works:
                    self._works = False
                    _LOGGER.warning("Long-term statistics can't be written now, and will be later: %s", err)
                self._due[key] = dt_util.utcnow() + WRITE_EVERY
            else:
                if not self._works:
                    self._works = True
                    _LOGGER.info("Long-term statistics are written again")
        self._task = None
        self._async_plan()

    async def _async_write(self, key: str) -> None:
        """Bring the series of a camera or a place up to date.

        Raises LedgerError, SQLAlchemyError, HomeAssistantError and _NotTakenError; the ledger still says then what
        recorder may lack.
        """
        if place := self._places.get(key):
            await self._async_write_place(place)
            return
        if key in self._obsolete:
            await self._async_clear(key)
            await self._ledger.forget_series(key)
            return
        camera = await self._ledger.camera(key)
        if camera is None:
            return
        until = await self._async_read(_until, key)
        written = await self._ledger.written_until(key)
        if until is not None and (written is None or until > written):
            hours = await self._async_read(_hours, key, until)
            await self._ledger.carry_series(key, hours, until)
        schedule = await async_camera_schedule(self._entry, camera)
        await self._async_write_series(
            key,
            camera.name,
            partial(self._async_take, key, schedule.basis),
            partial(_occupancy_rows, self._ledger, key, schedule),
        )

    async def _async_take(self, key: str, basis: str, *, everything: bool = False) -> Series | None:
        return await self._ledger.take_series(key, basis, everything=everything)

    async def _async_write_place(self, place: PlaceSettings) -> None:
        key = place.key
        if await self._ledger.has_other_basis(key):
            # Hours that only a former door had would stay.
            await self._async_clear(key)
        known = [await self._ledger.camera(camera) for camera in place.keys]
        written = await self._ledger.written_until(key)
        if not all(known) and written is None and await self._async_read(_until, key) is not None:
            # The ledger was begun anew. What recorder has of a door comes into it when that camera speaks.
            return
        await self._async_write_series(
            key,
            place.name,
            partial(self._async_take_place, place),
            partial(_place_occupancy_rows, self._ledger, place),
        )

    async def _async_take_place(self, place: PlaceSettings, *, everything: bool = False) -> Series | None:
        span = await self._ledger.take_place_series(place.key, everything=everything)
        if span is None:
            return None
        # One by one: pushes wait for no more than one of them.
        return series_of(span, [await self._ledger.door_hours(door, span) for door in place.doors])

    async def _async_write_series(
        self,
        key: str,
        name: str,
        take: Callable[..., Awaitable[Series | None]],
        occupancy_rows: Callable[[Series], list[StatisticData]],
    ) -> None:
        names = await self._async_read(_names, key)
        until = await self._async_read(_until, key)
        written = await self._ledger.written_until(key)
        metadata = await self._async_metadata(key, name, names)
        series = await take()
        if series is None and until == written:
            if renamed := {one: data for one, data in metadata.items() if names.get(one, data["name"]) != data["name"]}:
                await self._async_import(renamed, {})
            return
        if (series is None or not await self._async_goes_on(key, series, names)) and (
            series := await take(everything=True)
        ) is None:
            return
        metadata = {one: metadata[one] for one in _keys(series)}
        for rows in await self.hass.async_add_executor_job(_pieces, series, occupancy_rows):
            await self._async_import(metadata, rows)
        await self._ledger.confirm_series(key)

    async def _async_goes_on(self, key: str, series: Series, names: dict[str, str | None]) -> bool:
        """Say whether recorder has all that comes before these hours.

        Otherwise one of the series is new, somebody has deleted it, or recorder's database is older than it was.
        """
        if not names.keys() >= set(_keys(series)):
            return False
        return series.start <= series.first or series.before == await self._async_read(_sums, key, series.start - HOUR)

    async def _async_read[*Ts, T](self, function: Callable[[HomeAssistant, *Ts], T], *arguments: *Ts) -> T:
        return await get_instance(self.hass).async_add_executor_job(function, self.hass, *arguments)

    async def _async_import(self, metadata: dict[str, StatisticMetaData], rows: Rows) -> None:
        """Hand rows to recorder, and see that it has stored them."""
        for key, of_series in metadata.items():
            # One without rows still brings its name.
            async_add_external_statistics(self.hass, of_series, rows.get(key, []))
        await async_recorder_done(self.hass)
        given = {one["statistic_id"]: rows[key] for key, one in metadata.items() if rows.get(key)}
        if given and not await self._async_read(_are_stored, given):
            raise _NotTakenError("The recorder hasn't stored them.")

    async def _async_clear(self, key: str) -> None:
        get_instance(self.hass).async_clear_statistics(list(statistic_ids(key).values()))
        await async_recorder_done(self.hass)

    async def _async_metadata(self, key: str, name: str, names: dict[str, str | None]) -> dict[str, StatisticMetaData]:
        """Return the description of each series, in the language of this Home Assistant; without a device as it was."""
        language = self.hass.config.language
        series = await async_get_translations(self.hass, language, "selector", {DOMAIN})
        sensors = await async_get_translations(self.hass, language, "entity", {DOMAIN})
        devices = dr.async_entries_for_config_entry(dr.async_get(self.hass), self._entry.entry_id)
        device = next((device for device in devices if (DOMAIN, key) in device.identifiers), None)
        name = (device and (device.name_by_user or device.name)) or name
        return {
            one: StatisticMetaData(
                statistic_id=statistic_id,
                source=DOMAIN,
                name=(device is None and names.get(one))
                or f"{name} {series[f'component.{DOMAIN}.selector.series.options.{one}']}",
                unit_of_measurement=sensors[f"component.{DOMAIN}.entity.sensor.in_total.unit_of_measurement"],
                unit_class=None,
                has_sum=one != OCCUPANCY,
                mean_type=StatisticMeanType.ARITHMETIC if one == OCCUPANCY else StatisticMeanType.NONE,
            )
            for one, statistic_id in statistic_ids(key).items()
        }


def statistic_ids(key: str) -> dict[str, str]:
    """Return the ids under which recorder knows the series of a camera or a place; they are in small letters."""
    return {one: f"{DOMAIN}:{key.lower()}_{one}" for one in (*SUMS, OCCUPANCY)}


# What recorder has; these run in its threads


def _names(hass: HomeAssistant, key: str) -> dict[str, str | None]:
    """Return the names of the series that are there."""
    ids = statistic_ids(key)
    found = get_metadata(hass, statistic_ids=set(ids.values()))
    return {one: found[statistic_id][1]["name"] for one, statistic_id in ids.items() if statistic_id in found}


def _until(hass: HomeAssistant, key: str) -> int | None:
    """Return the last hour of the series that all have."""
    statistic_id = statistic_ids(key)["in"]
    rows = get_last_statistics(hass, 1, statistic_id, False, {"sum"}).get(statistic_id)
    return int(rows[0]["start"]) if rows else None


def _sums(hass: HomeAssistant, serial: str, hour: int) -> Sums | None:
    """Return the sums to the end of an hour, None where recorder hasn't got them."""
    return dict(_each_sums(hass, serial, hour, hour)).get(hour)


def _hours(hass: HomeAssistant, serial: str, until: int) -> list[tuple[int, Sums]]:
    """Return what was counted in each hour to the last one at until."""
    known = [(0, NOBODY), *_each_sums(hass, serial, 0, until)]
    return [(hour, minus(sums, before)) for (_, before), (hour, sums) in pairwise(known)]


def _are_stored(hass: HomeAssistant, given: Rows) -> bool:
    """Say whether recorder has rows as they were given to it."""
    starts = [row["start"] for rows in given.values() for row in rows]
    columns: set[Any] = {"state", "sum", "mean", "min", "max"}
    found = statistics_during_period(
        hass, min(starts), max(starts) + timedelta(hours=1), set(given), "hour", None, columns
    )
    for statistic_id, rows in given.items():
        stored: dict[float, dict[str, Any]] = {row["start"]: {**row} for row in found.get(statistic_id, ())}
        for row in rows:
            one = stored.get(row["start"].timestamp(), {})
            values: dict[str, Any] = {column: value for column, value in row.items() if column != "start"}
            if any(one.get(column) is None or not isclose(one[column], value) for column, value in values.items()):
                return False
    return True


def _each_sums(hass: HomeAssistant, serial: str, since: int, until: int) -> Iterator[tuple[int, Sums]]:
    ids = statistic_ids(serial)
    found = statistics_during_period(
        hass,
        datetime.fromtimestamp(since, UTC),
        datetime.fromtimestamp(until + HOUR, UTC),
        {ids[key] for key in SUMS},
        "hour",
        None,
        {"sum"},
    )
    by_hour = {key: {int(row["start"]): int(row.get("sum") or 0) for row in found.get(ids[key], ())} for key in SUMS}
    for hour in by_hour["in"]:
        yield hour, Sums(*(by_hour[key].get(hour, 0) for key in SUMS))


# What recorder shall have


def _keys(series: Series) -> list[str]:
    return [key for key in (*SUMS, OCCUPANCY) if series.has_adults or not key.startswith("adults")]


def _pieces(series: Series, occupancy_rows: Callable[[Series], list[StatisticData]]) -> list[Rows]:
    """Return the rows of all series, some hours at a time; not for the event loop."""
    rows = {**_sum_rows(series), OCCUPANCY: occupancy_rows(series)}
    pieces: list[Rows] = [{} for _ in range(0, len(series.hours) or 1, HOURS_AT_ONCE)]
    for key, of_series in rows.items():
        for row in of_series:
            hour = (int(row["start"].timestamp()) - series.start) // HOUR
            pieces[hour // HOURS_AT_ONCE].setdefault(key, []).append(row)
    return pieces


def _sum_rows(series: Series) -> Rows:
    rows: Rows = {key: [] for key in SUMS}
    so_far = series.before
    for hour, counts in enumerate(series.hours):
        start = datetime.fromtimestamp(series.start + hour * HOUR, UTC)
        so_far = plus(so_far, counts)
        for key, count, total in zip(SUMS, counts, so_far, strict=True):
            rows[key].append(StatisticData(start=start, state=count, sum=total))
    return rows


def _occupancy_rows(ledger: Ledger, serial: str, schedule: Schedule, series: Series) -> list[StatisticData]:
    """Return the occupancy of a camera in each hour of which anything is known."""
    reset, _ = schedule.reset(series.start)
    known: set[int] = set()

    def passages() -> Iterator[Passage]:
        for interval in ledger.each_interval(serial, reset - MAX_WIDTH, _end(series)):
            known.update(range(interval.start // HOUR * HOUR, interval.end, HOUR))
            if interval.end > reset:
                counts = (interval.entered, interval.exited)
                yield Passage(interval.end, *(reversed(counts) if series.is_reversed else counts))

    # A reset that is yet to come in this hour is no part of it yet.
    end = min(_end(series), series.counted_until)
    corrections = schedule.with_resets(reset, end, ledger.corrections(serial, reset, end).result())
    return _hourly(series, levels(passages(), corrections), 0, known)


def _place_occupancy_rows(ledger: Ledger, place: PlaceSettings, series: Series) -> list[StatisticData]:
    """Return the occupancy of a place in each hour of which anything is known."""
    schedule = place.schedule
    since, running = schedule.reset(series.start)[0], 0
    if schedule.reset_time is None:
        since, running = ledger.running_before(place.place, series.start)
        # Before all that was counted nobody was inside.
        since = max(since, series.first - MAX_WIDTH)
    end = min(_end(series), series.counted_until)
    corrections = schedule.with_resets(since, end, ledger.corrections(place.key, since, end).result())
    following = levels(
        ledger.each_passage(place.key, since, series.counted_until),
        corrections,
        running,
    )
    return _hourly(series, following, max(0, running), series.known)


def _end(series: Series) -> int:
    return series.start + len(series.hours) * HOUR


def _hourly(series: Series, following: Iterator[Level], inside: int, known: Collection[int]) -> list[StatisticData]:
    bounds = range(series.start, _end(series) + HOUR, HOUR)
    # While it is gone through, it becomes known what is known.
    of_hours = list(occupancies(bounds, following, series.counted_until, inside))
    return [
        StatisticData(start=datetime.fromtimestamp(hour, UTC), mean=mean, min=lowest, max=highest)
        for hour, (lowest, mean, highest) in zip(bounds, of_hours, strict=False)
        if hour in known
    ]
