"""Rows of long-term statistics: those that recorder has, and those that it should have. Called by series_writer.py.

A camera or place has a series of each kind: the sums in, out, adults_in and adults_out, and the mean occupancy.
These functions block; run them in an executor.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isclose
from typing import Any, Final

from homeassistant.components.recorder.models import StatisticData
from homeassistant.components.recorder.statistics import get_last_statistics, get_metadata, statistics_during_period
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..counting import HOUR, MAX_WIDTH, Level, Passage, Schedule, Timestamp, levels, occupancy_by_period
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


def hours_until(hass: HomeAssistant, key: str, until: Timestamp) -> list[tuple[Timestamp, HourCounts]]:
    """Return the counts of each hour up to the one that starts at `until`."""
    sums_by_hour = [(0, NO_COUNTS), *_hourly_sums(hass, key, 0, until)]
    return [(hour, minus(sums, before)) for (_, before), (hour, sums) in pairwise(sums_by_hour)]


def are_stored(hass: HomeAssistant, given: Rows) -> bool:
    """Return True if recorder has the given rows, by statistic id."""
    starts = [row["start"] for rows in given.values() for row in rows]
    columns: set[Any] = {"state", "sum", "mean", "min", "max"}
    found = statistics_during_period(
        hass, min(starts), max(starts) + timedelta(hours=1), set(given), "hour", None, columns
    )
    for statistic_id, rows in given.items():
        by_start: dict[float, dict[str, Any]] = {row["start"]: {**row} for row in found.get(statistic_id, ())}
        for row in rows:
            stored = by_start.get(row["start"].timestamp(), {})
            values: dict[str, Any] = {column: value for column, value in row.items() if column != "start"}
            if any(
                stored.get(column) is None or not isclose(stored[column], value) for column, value in values.items()
            ):
                return False
    return True


def _hourly_sums(
    hass: HomeAssistant, key: str, since: Timestamp, until: Timestamp
) -> Iterator[tuple[Timestamp, HourCounts]]:
    ids = statistic_ids(key)
    found = statistics_during_period(
        hass,
        datetime.fromtimestamp(since, UTC),
        datetime.fromtimestamp(until + HOUR, UTC),
        {ids[kind] for kind in SUMS},
        "hour",
        None,
        {"sum"},
    )
    by_hour = {kind: {int(row["start"]): int(row.get("sum") or 0) for row in found.get(ids[kind], ())} for kind in SUMS}
    for hour in by_hour["in"]:
        yield hour, HourCounts(*(by_hour[kind].get(hour, 0) for kind in SUMS))


# Rows that recorder should have


def rows_in_pieces(series: Series, occupancy_rows: Callable[[Series], list[StatisticData]]) -> list[Rows]:
    """Return the rows of all kinds in pieces of HOURS_AT_ONCE hours."""
    rows = {**_sum_rows(series), OCCUPANCY: occupancy_rows(series)}
    pieces: list[Rows] = [{} for _ in range(0, len(series.hours) or 1, HOURS_AT_ONCE)]
    for kind, of_kind in rows.items():
        for row in of_kind:
            hour = (int(row["start"].timestamp()) - series.start) // HOUR
            pieces[hour // HOURS_AT_ONCE].setdefault(kind, []).append(row)
    return pieces


def camera_occupancy_rows(ledger: Ledger, key: str, schedule: Schedule, series: Series) -> list[StatisticData]:
    """Return the occupancy of a camera in each hour in which it counted."""
    reset, _ = schedule.reset(series.start)
    counted_hours: set[Timestamp] = set()
    passages: list[Passage] = []
    for interval in ledger.each_interval(key, reset - MAX_WIDTH, _end(series)):
        counted_hours.update(range(interval.start // HOUR * HOUR, interval.end, HOUR))
        if interval.end > reset and (interval.entered or interval.exited):
            counts = (interval.entered, interval.exited)
            passages.append(Passage(interval.end, *(reversed(counts) if series.is_reversed else counts)))
    # A reset after the newest interval isn't part of the last hour yet.
    end = min(_end(series), series.counted_until)
    corrections = schedule.with_resets(reset, end, ledger.corrections(key, reset, end).result())
    return _occupancy_rows(series, levels(passages, corrections), 0, counted_hours)


def place_occupancy_rows(ledger: Ledger, place: PlaceSettings, series: Series) -> list[StatisticData]:
    """Return the occupancy of a place in each hour in which one of its doors counted."""
    schedule = place.schedule
    since, running = schedule.reset(series.start)[0], 0
    if schedule.reset_time is None:
        since, running = ledger.running_before(place.place, series.start)
        # Nobody was inside before the first count.
        since = max(since, series.first - MAX_WIDTH)
    end = min(_end(series), series.counted_until)
    corrections = schedule.with_resets(since, end, ledger.corrections(place.key, since, end).result())
    passages = ledger.each_passage(place.key, since, series.counted_until)
    return _occupancy_rows(series, levels(passages, corrections, running), max(0, running), series.counted_hours)


def _sum_rows(series: Series) -> Rows:
    rows: Rows = {kind: [] for kind in SUMS}
    so_far = series.before
    for hour, counts in enumerate(series.hours):
        start = datetime.fromtimestamp(series.start + hour * HOUR, UTC)
        so_far = plus(so_far, counts)
        for kind, count, total in zip(SUMS, counts, so_far, strict=True):
            rows[kind].append(StatisticData(start=start, state=count, sum=total))
    return rows


def _occupancy_rows(
    series: Series, changes: Iterator[Level], inside: int, counted_hours: Collection[Timestamp]
) -> list[StatisticData]:
    bounds = range(series.start, _end(series) + HOUR, HOUR)
    of_hours = occupancy_by_period(bounds, changes, series.counted_until, inside)
    return [
        StatisticData(start=datetime.fromtimestamp(hour, UTC), mean=mean, min=lowest, max=highest)
        for hour, (lowest, mean, highest, _) in zip(bounds, of_hours, strict=False)
        if hour in counted_hours
    ]


def _end(series: Series) -> Timestamp:
    return series.start + len(series.hours) * HOUR
