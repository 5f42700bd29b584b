"""Writes the series of one camera or place into recorder: the hours that recorder lacks, or all if it has lost some.

Called by writer.py for one key at a time. The rows are calculated in recorder_rows.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..core_internals import async_recorder_done
from ..counting import HOUR, Occupancy, Timestamp
from ..devices import async_device_name
from ..ledger import Ledger, Series
from ..schedules import async_camera_schedule
from ..settings import PlaceSettings
from .recorder_rows import (
    OCCUPANCY,
    Rows,
    camera_occupancy,
    hours_up_to,
    kinds_of,
    last_hour,
    names_of,
    not_stored,
    place_occupancy,
    rows_in_pieces,
    statistic_ids,
    sums_at,
)

# A name has at most 255 characters; databases other than SQLite refuse longer ones. The kind comes after this part.
MAX_NAME: Final = 200
# Seconds between two pieces.
MAX_PAUSE: Final = 0.5


class NotStoredError(Exception):
    """Recorder hasn't stored the rows that it was given."""


class SeriesWriter:
    """Compares the series in recorder with the ledger, and writes the difference."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        """Store the ledger; nothing is read yet."""
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._places: dict[str, PlaceSettings] = {}
        self._obsolete: set[str] = set()

    @callback
    def async_start(self, places: list[PlaceSettings], obsolete: list[str]) -> None:
        """Store the places, and the keys for which no camera counts any more."""
        self._places = {place.key: place for place in places}
        self._obsolete = set(obsolete)

    async def async_write(self, key: str) -> None:
        """Bring the series of a camera or place up to date.

        Raises LedgerError, SQLAlchemyError, HomeAssistantError and NotStoredError. The ledger keeps which hours
        recorder may lack, so that a later call writes them.
        """
        if place := self._places.get(key):
            await self._async_write_place(place)
        elif key in self._obsolete and not await self._ledger.has_deleted_hours(key):
            await self.async_clear(key)
        else:
            # Hours of deleted counts of an obsolete key stay, as they can't be written again under another key. The
            # hours whose counts moved to that key are written without them.
            await self._async_write_camera(key)

    async def async_rebuild(self, key: str) -> None:
        """Have all hours of a camera or place written again. Raises LedgerError."""
        if await self._ledger.has_deleted_hours(key):
            # These hours can't be written again, so nothing is cleared.
            await self._ledger.rewrite_series(key)
        else:
            await self.async_clear(key)

    async def async_clear(self, key: str) -> None:
        """Delete all series of a camera or place. Raises LedgerError."""
        await self._async_clear_recorder(key)
        await self._ledger.forget_series(key)

    async def _async_write_camera(self, key: str) -> None:
        camera = await self._ledger.camera(key)
        if camera is None:
            return
        last = await self._async_read(last_hour, key)
        written = await self._ledger.last_written_hour(key)
        if last is not None and (written is None or last > written):
            # The ledger is new or an older copy, and recorder has later hours: the series continues after them.
            hours = await self._async_read(hours_up_to, key, last)
            await self._ledger.carry_series(key, hours, last)
            written = last
        schedule = await async_camera_schedule(self._entry, camera)
        await self._async_write_series(
            key,
            camera.name,
            last,
            written,
            partial(self._async_begin_camera, key, schedule.basis),
            partial(camera_occupancy, self._ledger, key, schedule),
        )

    async def _async_begin_camera(self, key: str, basis: str, *, everything: bool = False) -> Series | None:
        begun = await self._ledger.begin_writing_camera(key, basis, everything=everything)
        if begun is None:
            return None
        return await self._hass.async_add_executor_job(self._ledger.camera_series, key, begun)

    async def _async_write_place(self, place: PlaceSettings) -> None:
        key = place.key
        if await self._ledger.has_other_basis(key) and not await self._ledger.has_deleted_hours(key):
            # Otherwise hours that only a former door had would stay.
            await self._async_clear_recorder(key)
        cameras = [await self._ledger.camera(camera) for camera in place.keys]
        last = await self._async_read(last_hour, key)
        written = await self._ledger.last_written_hour(key)
        if not all(cameras) and written is None and last is not None:
            # The ledger is new. The earlier counts of a door are copied from recorder when its camera pushes.
            return
        await self._async_write_series(
            key,
            place.name,
            last,
            written,
            partial(self._async_begin_place, place),
            partial(place_occupancy, self._ledger, place),
        )

    async def _async_begin_place(self, place: PlaceSettings, *, everything: bool = False) -> Series | None:
        hour_range = await self._ledger.begin_writing_place(place.key, everything=everything)
        if hour_range is None:
            return None
        return await self._hass.async_add_executor_job(self._ledger.place_series, place.doors, hour_range)

    async def _async_write_series(
        self,
        key: str,
        name: str,
        last: Timestamp | None,
        written: Timestamp | None,
        begin: Callable[..., Awaitable[Series | None]],
        occupancy: Callable[[Series], Iterator[Occupancy]],
    ) -> None:
        """Write a series; `last` is the last hour that recorder has, `written` that of this ledger."""
        names = await self._async_read(names_of, key)
        if last is None:
            # Without earlier hours in recorder, the sums begin at zero.
            await self._ledger.forget_deleted_hours(key)
        metadata = await self._async_metadata(key, name, names)
        series = await begin()
        if series is None and last == written:
            await self._async_import({kind: metadata[kind] for kind in names}, names, {})
            return
        if (series is None or not await self._async_has_all_before(key, series, names)) and (
            series := await begin(everything=True)
        ) is None:
            return
        metadata = {kind: metadata[kind] for kind in kinds_of(series)}
        pieces = rows_in_pieces(series, occupancy)
        while rows := await self._hass.async_add_executor_job(next, pieces, None):
            began = self._hass.loop.time()
            await self._async_import(metadata, names, rows)
            # Leave as much time to whatever else recorder has to store.
            await asyncio.sleep(min(self._hass.loop.time() - began, MAX_PAUSE))
        await self._ledger.confirm_series(key)

    async def _async_has_all_before(self, key: str, series: Series, names: dict[str, str | None]) -> bool:
        """Return True if recorder has all hours before those of the given series.

        Hours are missing if a series is new or was deleted, or if an older copy of recorder's database was restored.
        """
        if not names.keys() >= set(kinds_of(series)):
            return False
        if series.start <= series.first:
            return True
        return series.before == await self._async_read(sums_at, key, series.start - HOUR)

    async def _async_read[*Ts, T](self, function: Callable[[HomeAssistant, *Ts], T], *arguments: *Ts) -> T:
        """Return the result of a function that is called in a thread of recorder."""
        return await get_instance(self._hass).async_add_executor_job(function, self._hass, *arguments)

    async def _async_import(
        self, metadata: dict[str, StatisticMetaData], names: dict[str, str | None], rows: Rows
    ) -> None:
        """Import the rows that recorder lacks, and check that it has stored them; rename series with other names.

        While nobody passes, recorder has all rows, and nothing is written.
        """
        given = {described["statistic_id"]: rows.get(kind, []) for kind, described in metadata.items()}
        missing = await self._async_read(not_stored, given)
        changed = [
            described
            for kind, described in metadata.items()
            if described["statistic_id"] in missing or names.get(kind) != described["name"]
        ]
        if not changed:
            return
        for described in changed:
            async_add_external_statistics(self._hass, described, missing.get(described["statistic_id"], []))
        await async_recorder_done(self._hass)
        if await self._async_read(not_stored, missing):
            raise NotStoredError("Recorder hasn't stored the rows.")

    async def _async_clear_recorder(self, key: str) -> None:
        get_instance(self._hass).async_clear_statistics(list(statistic_ids(key).values()))
        await async_recorder_done(self._hass)

    async def _async_metadata(self, key: str, name: str, names: dict[str, str | None]) -> dict[str, StatisticMetaData]:
        """Return the metadata of each kind, named in Home Assistant's language; without a device, names stay."""
        language = self._hass.config.language
        kinds = await async_get_translations(self._hass, language, "selector", {DOMAIN})
        words = await async_get_translations(self._hass, language, "common", {DOMAIN})
        device_name = async_device_name(self._hass, self._entry, key)
        return {
            kind: StatisticMetaData(
                statistic_id=statistic_id,
                source=DOMAIN,
                name=(device_name is None and names.get(kind))
                or f"{(device_name or name)[:MAX_NAME]} {kinds[f'component.{DOMAIN}.selector.series.options.{kind}']}",
                unit_of_measurement=words[f"component.{DOMAIN}.common.people"],
                unit_class=None,
                has_sum=kind != OCCUPANCY,
                mean_type=StatisticMeanType.ARITHMETIC if kind == OCCUPANCY else StatisticMeanType.NONE,
            )
            for kind, statistic_id in statistic_ids(key).items()
        }
