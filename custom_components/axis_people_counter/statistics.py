"""Hourly long-term statistics: each count of the ledger in recorder, at the hour in which it was counted."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise
import logging
from typing import Final

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
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .camera_time import CameraTime
from .const import DOMAIN
from .ledger import Camera, Ledger
from .ledger_file import LedgerError
from .occupancy import Passage, levels, occupancies
from .protocol import MAX_WIDTH
from .series import HOUR, NOBODY, Series, Sums, minus, plus

_LOGGER = logging.getLogger(__name__)

WRITE_EVERY: Final = timedelta(minutes=5)
# Recorder takes a row in half a millisecond, and nobody else gets a turn while it takes one list of them.
HOURS_AT_ONCE: Final = 500
SUMS: Final = ("in", "out", "adults_in", "adults_out")
OCCUPANCY: Final = "occupancy"


class _NotTakenError(Exception):
    """Recorder doesn't have what was given to it."""


class StatisticsWriter:
    """Writes what recorder lacks, one camera after the other, so that recorder is never given more than it can take."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        """Take the ledger; nothing is written yet."""
        self.hass = hass
        self._entry = entry
        self._ledger = ledger
        self._due: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}
        self._writing = asyncio.Lock()
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._task: asyncio.Task[None] | None = None
        self._works = True

    @callback
    def async_start(self, serials: list[str]) -> None:
        """Write what was left over when Home Assistant ended; from now on follow the names of devices."""

        @callback
        def started(_: HomeAssistant) -> None:
            for serial in serials:
                self.async_changed(serial, 0)

        @callback
        def renamed(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
            device = dr.async_get(self.hass).async_get(event.data["device_id"])
            for domain, serial in device.identifiers if device and event.data["action"] == "update" else ():
                if domain == DOMAIN:
                    self.async_changed(serial, 0)

        for unload in (
            async_at_started(self.hass, started),
            self.hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, renamed),
            self._async_cancel_timer,
        ):
            self._entry.async_on_unload(unload)

    @callback
    def async_changed(self, serial: str, since: int) -> None:
        """Note that counts or occupancy of a camera have changed since an instant, given in seconds since 1970 UTC."""
        if RECORDER_DOMAIN not in self.hass.config.components:
            # The ledger remembers it, in case there is a recorder one day.
            return
        due = now = dt_util.utcnow()
        is_steady = since >= now.timestamp() // HOUR * HOUR - HOUR
        if is_steady and (written := self._written.get(serial)):
            due = max(now, written + WRITE_EVERY)
        self._async_plan(serial, due)

    async def async_rebuild(self, serial: str) -> None:
        """Clear the series of a camera and write them anew from the ledger.

        Raises HomeAssistantError.
        """
        if RECORDER_DOMAIN not in self.hass.config.components:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_recorder")
        async with self._writing:
            get_instance(self.hass).async_clear_statistics(list(statistic_ids(serial).values()))
            await get_instance(self.hass).async_block_till_done()
            try:
                await asyncio.wrap_future(self._ledger.forget_series(serial))
            except LedgerError as err:
                raise HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="ledger_error",
                    translation_placeholders={"error": str(err)},
                ) from err
        self._async_plan(serial, dt_util.utcnow())

    @callback
    def _async_plan(self, serial: str | None = None, due: datetime | None = None) -> None:
        """Write a camera when it is due, or earlier if that is planned already."""
        if serial and due:
            self._due[serial] = min(due, self._due.get(serial, due))
        self._async_cancel_timer()
        if not self._due or (self._task and not self._task.done()):
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
        while serial := min((serial for serial, due in self._due.items() if due <= dt_util.utcnow()), default=None):
            del self._due[serial]
            try:
                async with self._writing:
                    await self._async_write(serial)
            except (LedgerError, SQLAlchemyError, _NotTakenError, HomeAssistantError) as err:
                if self._works:
                    self._works = False
                    _LOGGER.warning("Long-term statistics can't be written now, and will be later: %s", err)
                self._due.setdefault(serial, dt_util.utcnow() + WRITE_EVERY)
            else:
                if not self._works:
                    self._works = True
                    _LOGGER.info("Long-term statistics are written again")
            self._written[serial] = dt_util.utcnow()
        self._task = None
        self._async_plan()

    async def _async_write(self, serial: str) -> None:
        """Bring the series of one camera up to date.

        Raises LedgerError, SQLAlchemyError, HomeAssistantError and _NotTakenError; the ledger still says then what
        recorder may lack.
        """
        camera = await asyncio.wrap_future(self._ledger.camera(serial))
        if camera is None:
            return
        names, until = await self._async_read(_known, serial)
        written = await asyncio.wrap_future(self._ledger.written_until(serial))
        if until is not None and (written is None or until > written):
            hours = await self._async_read(_hours, serial, written or 0, until)
            await asyncio.wrap_future(self._ledger.carry_series(serial, hours, until))
        camera_time = await CameraTime.async_of(self._entry, camera.time_zone)
        series = await asyncio.wrap_future(self._ledger.take_series(serial, camera_time.basis))
        metadata = await self._async_metadata(camera)
        if series is None:
            if any(names.get(one["statistic_id"]) not in (None, one["name"]) for one in metadata.values()):
                await self._async_import(metadata, {})
            return
        if series.start > series.first and series.before != await self._async_read(_sums, serial, series.start - HOUR):
            # Recorder's database is older than it was, or somebody has deleted the series.
            everything = self._ledger.take_series(serial, camera_time.basis, everything=True)
            series = await asyncio.wrap_future(everything) or series
        rows = {
            **_sum_rows(series),
            OCCUPANCY: await self.hass.async_add_executor_job(
                _occupancy_rows, self._ledger, serial, camera_time, series
            ),
        }
        if not series.has_adults:
            del metadata["adults_in"], metadata["adults_out"]
        await self._async_import(metadata, rows)
        if series.hours:
            last = series.start + (len(series.hours) - 1) * HOUR
            if await self._async_read(_sums, serial, last) != reduce(plus, series.hours, series.before):
                raise _NotTakenError("The recorder hasn't stored them.")
        await asyncio.wrap_future(self._ledger.confirm_series(serial))

    async def _async_read[*Ts, T](self, function: Callable[[HomeAssistant, *Ts], T], *arguments: *Ts) -> T:
        return await get_instance(self.hass).async_add_executor_job(function, self.hass, *arguments)

    async def _async_import(self, metadata: dict[str, StatisticMetaData], rows: dict[str, list[StatisticData]]) -> None:
        for key, of_series in metadata.items():
            found = rows.get(key, [])
            # One without rows still brings its name.
            for at in range(0, len(found) or 1, HOURS_AT_ONCE):
                async_add_external_statistics(self.hass, of_series, found[at : at + HOURS_AT_ONCE])
                await get_instance(self.hass).async_block_till_done()

    async def _async_metadata(self, camera: Camera) -> dict[str, StatisticMetaData]:
        """Return the description of each series, in the language of this Home Assistant."""
        language = self.hass.config.language
        series = await async_get_translations(self.hass, language, "selector", {DOMAIN})
        sensors = await async_get_translations(self.hass, language, "entity", {DOMAIN})
        device = dr.async_get(self.hass).async_get_device(identifiers={(DOMAIN, camera.serial)})
        name = (device and (device.name_by_user or device.name)) or camera.name
        return {
            key: StatisticMetaData(
                statistic_id=statistic_id,
                source=DOMAIN,
                name=f"{name} {series.get(f'component.{DOMAIN}.selector.series.options.{key}', key)}",
                unit_of_measurement=sensors[f"component.{DOMAIN}.entity.sensor.in_total.unit_of_measurement"],
                unit_class=None,
                has_sum=key != OCCUPANCY,
                mean_type=StatisticMeanType.ARITHMETIC if key == OCCUPANCY else StatisticMeanType.NONE,
            )
            for key, statistic_id in statistic_ids(camera.serial).items()
        }


def statistic_ids(serial: str) -> dict[str, str]:
    """Return the ids under which recorder knows the series of a camera."""
    return {key: f"{DOMAIN}:{serial}_{key}" for key in (*SUMS, OCCUPANCY)}


# What recorder has; these run in its threads


def _known(hass: HomeAssistant, serial: str) -> tuple[dict[str, str | None], int | None]:
    """Return the names of the series, and the last hour of the one that every camera has."""
    ids = statistic_ids(serial)
    names = {key: one["name"] for key, (_, one) in get_metadata(hass, statistic_ids=set(ids.values())).items()}
    rows = get_last_statistics(hass, 1, ids["in"], False, {"sum"}).get(ids["in"])
    return names, int(rows[0]["start"]) if rows else None


def _sums(hass: HomeAssistant, serial: str, hour: int) -> Sums | None:
    """Return the sums to the end of an hour, None where recorder hasn't got them."""
    return dict(_each_sums(hass, serial, hour, hour)).get(hour)


def _hours(hass: HomeAssistant, serial: str, since: int, until: int) -> list[tuple[int, Sums]]:
    """Return what was counted in each hour from since to until."""
    rows = list(_each_sums(hass, serial, since - HOUR, until))
    known = [(since - HOUR, NOBODY), *rows] if not rows or rows[0][0] >= since else rows
    return [(hour, minus(sums, before)) for (_, before), (hour, sums) in pairwise(known)]


def _each_sums(hass: HomeAssistant, serial: str, since: int, until: int) -> Iterator[tuple[int, Sums]]:
    ids = statistic_ids(serial)
    found = statistics_during_period(
        hass,
        datetime.fromtimestamp(max(since, 0), UTC),
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


def _sum_rows(series: Series) -> dict[str, list[StatisticData]]:
    rows: dict[str, list[StatisticData]] = {key: [] for key in SUMS}
    so_far = series.before
    for hour, counts in enumerate(series.hours):
        start = datetime.fromtimestamp(series.start + hour * HOUR, UTC)
        so_far = plus(so_far, counts)
        for key, count, total in zip(SUMS, counts, so_far, strict=True):
            rows[key].append(StatisticData(start=start, state=count, sum=total))
    return rows


def _occupancy_rows(ledger: Ledger, serial: str, camera_time: CameraTime, series: Series) -> list[StatisticData]:
    """Return the occupancy of each hour of which anything is known; not for the event loop."""
    bounds = [series.start + hour * HOUR for hour in range(len(series.hours) + 1)]
    reset, _ = camera_time.reset(series.start)
    known: set[int] = set()

    def passages() -> Iterator[Passage]:
        for interval in ledger.each_interval(serial, reset - MAX_WIDTH, bounds[-1]):
            known.update(range(interval.start // HOUR * HOUR, interval.end, HOUR))
            if interval.end > reset:
                counts = (interval.entered, interval.left)
                yield Passage(interval.end, *(reversed(counts) if series.is_reversed else counts))

    corrections = camera_time.with_resets(reset, bounds[-1], ledger.corrections(serial, reset, bounds[-1]).result())
    of_hours = occupancies(bounds, levels(passages(), corrections), series.counted_until)
    return [
        StatisticData(start=datetime.fromtimestamp(hour, UTC), mean=mean, min=lowest, max=highest)
        for hour, (lowest, mean, highest) in zip(bounds, list(of_hours), strict=False)
        if hour in known
    ]
