"""Rows of long-term statistics: those that recorder has, and those that it should have. Called by series_writer.py.

A camera or place has a series of each kind: the sums in, out, adults_in and adults_out, and the mean occupancy.
These functions block; run them in an executor.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import batched, pairwise
from math import isclose
from typing import Any, Final

from homeassistant.components.recorder.models import StatisticData
from homeassistant.components.recorder.statistics import get_last_statistics, get_metadata, statistics_during_period
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..counting import (
    HOUR,
    MAX_WIDTH,
    Columns,
    Occupancy,
    Passage,
    Schedule,
    Timestamp,
    levels,
    occupancy_by_period,
    passages_of_door,
)
from ..ledger import NO_COUNTS, HourCounts, Ledger, Series, minus, plus
from ..settings import PlaceSettings

SUMS: Final = ("in", "out", "adults_in", "adults_out")
OCCUPANCY: Final = "occupancy"
# Hours that are imported together, with the rows of all kinds. Recorder is busy for half a millisecond per row.
HOURS_AT_ONCE: Final = 100

# By kind, or by statistic id.
type Rows = dict[str, list[StatisticData]]


def statistic_ids(key: str) -> dict[str, str]:
    """Return the statistic ids of a camera or place by kind; recorder allows lower case only."""
    return {kind: f"{DOMAIN}:{key.lower()}_{kind}" for kind in (*SUMS, OCCUPANCY)}


def kinds_of(series: Series) -> list[str]:
    """Return the kinds that a camera or place has."""
    return [kind for kind in (*SUMS, OCCUPANCY) if series.has_adults or not kind.startswith("adults")]


# Rows that recorder has


def names_of(hass: HomeAssistant, key: str) -> dict[str, str | None]:
    """Return the names of the existing series in recorder, by kind."""
    ids = statistic_ids(key)
    found = get_metadata(hass, statistic_ids=set(ids.values()))
    return {kind: found[statistic_id][1]["name"] for kind, statistic_id in ids.items() if statistic_id in found}


def last_hour(hass: HomeAssistant, key: str) -> Timestamp | None:
    """Return the start of the last hour that recorder has."""
    statistic_id = statistic_ids(key)["in"]
    rows = get_last_statistics(hass, 1, statistic_id, False, {"sum"}).get(statistic_id)
    return int(rows[0]["start"]) if rows else None


def sums_at(hass: HomeAssistant, key: str, hour: Timestamp) -> HourCounts | None:
    """Return the sums at the end of an hour, None if recorder doesn't have them."""
    return dict(_hourly_sums(hass, key, hour, hour)).get(hour)


def hours_up_to(hass: HomeAssistant, key: str, last: Timestamp) -> list[tuple[Timestamp, HourCounts]]:
    """Return the counts of each hour up to `last`, which is included."""
    sums_by_hour = [(0, NO_COUNTS), *_hourly_sums(hass, key, 0, last)]
    return [(hour, minus(sums, before)) for (_, before), (hour, sums) in pairwise(sums_by_hour)]


def not_stored(hass: HomeAssistant, given: Rows) -> Rows:
    """Return those of the given rows that recorder doesn't have, by statistic id."""
    starts = [row["start"] for rows in given.values() for row in rows]
    if not starts:
        return {}
    columns: set[Any] = {"state", "sum", "mean", "min", "max"}
    found = statistics_during_period(
        hass, min(starts), max(starts) + timedelta(hours=1), set(given), "hour", None, columns
    )
    missing: Rows = {}
    for statistic_id, rows in given.items():
        by_start = {row["start"]: row for row in found.get(statistic_id, ())}
        differing = [row for row in rows if not _is_same(row, by_start.get(row["start"].timestamp(), {}))]
        if differing:
            missing[statistic_id] = differing
    return missing


def _is_same(row: StatisticData, stored: Mapping[str, Any]) -> bool:
    values: dict[str, Any] = {column: value for column, value in row.items() if column != "start"}
    # Databases may round the last digits of a mean. A sum of thousands of millions still differs by one person.
    return all(
        stored.get(column) is not None and isclose(stored[column], value, rel_tol=1e-12)
        for column, value in values.items()
    )


def _hourly_sums(
    hass: HomeAssistant, key: str, first: Timestamp, last: Timestamp
) -> Iterator[tuple[Timestamp, HourCounts]]:
    ids = statistic_ids(key)
    found = statistics_during_period(
        hass,
        datetime.fromtimestamp(first, UTC),
        datetime.fromtimestamp(last + HOUR, UTC),
        {ids[kind] for kind in SUMS},
        "hour",
        None,
        {"sum"},
    )
    by_hour = {kind: {int(row["start"]): int(row.get("sum") or 0) for row in found.get(ids[kind], ())} for kind in SUMS}
    for hour in by_hour["in"]:
        yield hour, HourCounts(*(by_hour[kind].get(hour, 0) for kind in SUMS))


# Rows that recorder should have


def rows_in_pieces(series: Series, occupancy: Callable[[Series], Iterator[Occupancy]]) -> Iterator[Rows]:
    """Yield the rows of all kinds in pieces of HOURS_AT_ONCE hours, each calculated when it is asked for."""
    counts = series.hours
    hours = zip(counts.bounds[:-1], counts.counts(), counts.is_counted, occupancy(series), strict=True)
    so_far = series.before
    for piece in batched(hours, HOURS_AT_ONCE, strict=False):
        rows: Rows = {kind: [] for kind in (*SUMS, OCCUPANCY)}
        for hour, of_hour, is_counted, (lowest, mean, highest, _) in piece:
            start = datetime.fromtimestamp(hour, UTC)
            so_far = plus(so_far, of_hour)
            for kind, count, total in zip(SUMS, of_hour, so_far, strict=True):
                rows[kind].append(StatisticData(start=start, state=count, sum=total))
            if is_counted:
                rows[OCCUPANCY].append(StatisticData(start=start, mean=mean, min=lowest, max=highest))
        yield rows


def camera_occupancy(ledger: Ledger, key: str, schedule: Schedule, series: Series) -> Iterator[Occupancy]:
    """Return the occupancy of a camera in each hour, read from the ledger when it is asked for."""
    reset, _ = schedule.reset(series.start)
    columns = ledger.columns_overlapping(key, reset, series.hours.bounds[-1])
    directed = map(Columns.reversed, columns) if series.is_reversed else columns
    # In many intervals nobody passes.
    passed = (
        Passage(at, entered, exited)
        for found in passages_of_door(directed, reset)
        for at, entered, exited in zip(*found[:3], strict=True)
        if entered or exited
    )
    # A reset after the newest interval isn't part of the last hour yet.
    end = min(series.hours.bounds[-1], series.counted_until)
    corrections = schedule.with_resets(reset, end, ledger.corrections(key, reset, end).result())
    return occupancy_by_period(series.hours.bounds, levels(passed, corrections), series.counted_until)


def place_occupancy(ledger: Ledger, place: PlaceSettings, series: Series) -> Iterator[Occupancy]:
    """Return the occupancy of a place in each hour, read from the ledger when it is asked for."""
    schedule = place.schedule
    since, running = schedule.reset(series.start)[0], 0
    if schedule.reset_time is None:
        since, running = ledger.running_before(place.place, series.start)
        # Nobody was inside before the first count.
        since = max(since, series.first - MAX_WIDTH)
    end = min(series.hours.bounds[-1], series.counted_until)
    corrections = schedule.with_resets(since, end, ledger.corrections(place.key, since, end).result())
    passed = ledger.each_passage(place.key, since, series.counted_until)
    changes = levels(passed, corrections, running)
    return occupancy_by_period(series.hours.bounds, changes, series.counted_until, max(0, running))
