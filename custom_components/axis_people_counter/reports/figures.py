"""Calculates a report: the visitors of a place by hour and day, its crowds, comparisons, and what is missing.

`async_build` runs in the event loop and asks for opening hours and weather; the rest blocks, in an executor. Called by
those who answer with a report.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..counting import HOUR, OpenDay, Stretch, Timeline, TimelineDay, Timestamp, intersection
from ..history import PlaceHistory
from ..opening import async_open_days
from ..place_coordinator import PlaceCoordinator
from .counted import Counted, Known, known, read
from .estimate import Expectation
from .heat import heat_map
from .missing import missing_counts
from .model import (
    Busiest,
    Comparison,
    ComparisonKind,
    DayReport,
    DayWeather,
    Drift,
    Estimate,
    Figure,
    Peak,
    PlaceReport,
    Report,
    ReportKind,
)
from .periods import Days, earlier_days, needed_spans, same_time
from .weather import async_weather

# A report of a period that isn't over ends where all doors have counted, unless a door is silent for longer than this.
MAX_DELAY: Final = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Question:
    """All that a report of a place is calculated from, beside the ledger."""

    history: PlaceHistory
    # The names of its doors, by key.
    door_names: Mapping[str, str]
    kind: ReportKind
    days: Days
    now: Timestamp
    # All days of `needed_spans`, in the order of time.
    open_days: Sequence[OpenDay]
    has_hours: bool
    weather: Mapping[date, DayWeather]


async def async_build(
    hass: HomeAssistant,
    places: Sequence[PlaceCoordinator],
    kind: ReportKind,
    days: Days,
    weather_entity: str | None = None,
) -> Report:
    """Return a report on some days of some places. Raises LedgerError."""
    now = int(dt_util.utcnow().timestamp())
    found = []
    for place in places:
        question = await _async_question(hass, place, kind, days, now, weather_entity)
        # Other actions don't wait for a slow calendar.
        async with place.config_entry.runtime_data.parallel_actions:
            found.append(await hass.async_add_executor_job(build, question))
    return Report(kind, days.first, days.last, now, tuple(found))


async def _async_question(
    hass: HomeAssistant,
    place: PlaceCoordinator,
    kind: ReportKind,
    days: Days,
    now: Timestamp,
    weather_entity: str | None,
) -> Question:
    history = await PlaceHistory.async_of(place)
    zone = history.schedule.zone
    open_days: list[OpenDay] = []
    for start, end in needed_spans(kind, days, zone):
        open_days += await async_open_days(place, start, end)
        # Hundreds of days take the event loop some milliseconds.
        await asyncio.sleep(0)
    weather: dict[date, DayWeather] = {}
    if weather_entity is not None:
        start, end = days.bounds(zone)
        within = [day for day in open_days if start <= day.start < min(end, now)]
        by_date = {datetime.fromtimestamp((day.start + day.end) // 2, zone).date(): day for day in within}
        weather = await async_weather(hass, weather_entity, by_date)
    names = {camera.key: camera.device_name for camera in place.cameras}
    door_names = {
        door.key: names.get(door.key) or (history.cameras[door.key].name if door.key in history.cameras else door.key)
        for door in place.settings.doors
    }
    has_hours = place.settings.opening_hours is not None
    return Question(history, door_names, kind, days, now, open_days, has_hours, weather)


def build(question: Question) -> PlaceReport:
    """Return the report of a place. This blocks. Raises LedgerError."""
    history, zone = question.history, question.history.schedule.zone
    start, end = question.days.bounds(zone)
    counts = known(history)
    until = max(start, _until(end, question.now, counts))
    compared = {
        kind: (days, same_time(until, question.days, days, zone))
        for kind, days in earlier_days(question.kind, question.days).items()
    }
    cuts = [counts.kept_since, *(cut for _, cut in compared.values())]
    timeline = Timeline(question.open_days, cuts, until, zone)
    counted = read(history, timeline, start, until, counts.kept_since)

    own_days = timeline.days_within(start, end)
    pieces = timeline.pieces(start, until)
    visitors = counted.figure(pieces)
    expectation = Expectation(counted)
    days = tuple(_day(question, counted, expectation, day) for day in own_days)
    crowds = [(day.date, counted.crowds[day.start]) for day in own_days if day.start in counted.crowds]
    peaks = [day.peak for day in days if day.peak]
    capacity = history.settings.capacity
    over = [stretch for _, crowd in crowds for stretch in crowd.over]
    # Nobody knows how many people were inside while no door counted.
    over_seconds = _seconds(over) - _seconds(intersection(over, counted.all_dark))
    return PlaceReport(
        name=history.name,
        zone=zone,
        start=start,
        end=end,
        until=until,
        visitors=visitors,
        visitors_outside=counted.figure(pieces, is_open=False) if question.has_hours else None,
        estimate=_estimate(counted, expectation, own_days, visitors),
        peak=max(peaks, key=lambda peak: peak.people, default=None),
        hours=heat_map(counted, own_days),
        days=days,
        busiest_hour=_busiest_hour(counted, pieces),
        busiest_day=_busiest((day.start, day.visitors.value or 0) for day in days),
        comparisons=tuple(
            comparison
            for kind, (earlier, cut) in compared.items()
            if (comparison := _comparison(kind, earlier, cut, counted, visitors)).visitors.value is not None
        ),
        capacity=capacity,
        over_capacity_seconds=None if capacity is None else over_seconds,
        missing=missing_counts(counted, own_days, question.door_names, counts.first_starts, counts.kept_since),
        drift=_drift([(day, crowd.drift) for day, crowd in crowds]),
        deleted_before=counts.kept_since if counts.kept_since > start else None,
    )


def _until(end: Timestamp, now: Timestamp, counts: Known) -> Timestamp:
    """Return where the numbers of a report end: its end, or where all doors have counted that still count."""
    if end <= now:
        return end
    return min([now, *(newest for newest in counts.newest_ends if newest is not None and newest > now - MAX_DELAY)])


def _day(question: Question, counted: Counted, expectation: Expectation, day: TimelineDay) -> DayReport:
    visitors = counted.figure(day.pieces)
    crowd = counted.crowds.get(day.start)
    was_counted = any(counted.dark[piece] < counted.timeline.seconds(piece) for piece in day.pieces)
    open_seconds = day.hours.open_seconds
    return DayReport(
        day=day.date,
        start=day.start,
        end=day.hours.end,
        visitors=visitors,
        visitors_outside=counted.figure(day.pieces, is_open=False) if question.has_hours else None,
        estimate=_estimate(counted, expectation, [day], visitors),
        peak=Peak(crowd.highest, crowd.at) if crowd and was_counted else None,
        open_minutes=None if open_seconds is None else round(open_seconds / 60),
        events=tuple(dict.fromkeys(event.name for event in day.hours.events if event.name)),
        weather=question.weather.get(day.date),
    )


def _estimate(
    counted: Counted, expectation: Expectation, days: Iterable[TimelineDay], visitors: Figure
) -> Estimate | None:
    """Return the visitors of some days with those that were missed; None where none were, or that isn't known."""
    # Before the first minute of a report, its visitors aren't known, and nothing is missing.
    if visitors.complete or not visitors.hours_known or not visitors.missing_minutes:
        return None
    missed = 0.0
    for day in days:
        if (of_day := expectation.missed(day)) is None:
            return None
        missed += of_day
    return Estimate(round((visitors.value or 0) + missed))


def _comparison(kind: ComparisonKind, earlier: Days, cut: Timestamp, counted: Counted, visitors: Figure) -> Comparison:
    timeline = counted.timeline
    start, _ = earlier.bounds(timeline.zone)
    found = counted.figure(timeline.pieces(start, cut))
    change = None
    if visitors.complete and found.complete and visitors.value is not None and found.value:
        change = (visitors.value - found.value) / found.value * 100
    days = tuple(
        counted.figure(timeline.pieces(day.start, min(day.end, cut))) for day in timeline.days_within(start, cut)
    )
    return Comparison(kind, start, cut, found, change, days)


def _busiest_hour(counted: Counted, pieces: Iterable[int]) -> Busiest | None:
    timeline = counted.timeline
    of_hours: Counter[Timestamp] = Counter()
    for piece in pieces:
        if timeline.is_open[piece]:
            of_hours[timeline.hour_starts[piece]] += counted.entered[piece]
    return _busiest(of_hours.items())


def _busiest(found: Iterable[tuple[Timestamp, int]]) -> Busiest | None:
    """Return the first one of those with the most visitors, None where there are none."""
    start, visitors = max(found, key=lambda busy: busy[1], default=(0, 0))
    return Busiest(start, visitors) if visitors else None


def _drift(of_days: Sequence[tuple[date, int]]) -> Drift:
    day, worst = max(of_days, key=lambda drifted: drifted[1], default=(None, 0))
    return Drift(sum(drift for _, drift in of_days), day if worst else None, worst)


def _seconds(found: Iterable[Stretch]) -> int:
    return sum(end - start for start, end in found)
