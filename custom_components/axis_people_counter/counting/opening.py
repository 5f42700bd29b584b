"""When a place is open: the spans of a weekly schedule or of a calendar's events, day by day.

Pure functions of instants. Hours that were in force at their time are fixed: a later change of the schedule or calendar
doesn't change them. Called by opening_source, opening_hours and the ledger's opening_days.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from itertools import chain, pairwise
from operator import attrgetter
from typing import Final, NamedTuple

from .local_time import DAY, MIDNIGHT, Timestamp, to_timestamp

# Only so many events of a day are named; all of them count as open time.
MAX_NAMES: Final = 50
MAX_NAME: Final = 100
# Longer than each day of any time zone, also where a place has changed its zone.
LONGEST_DAY: Final = 2 * DAY

# From and to on each day of the week, Monday first; without an end, the block lasts until midnight.
type Week = Sequence[Sequence[tuple[time, time | None]]]


class OpenSpan(NamedTuple):
    """A stretch of open time [start, end), or an event of a calendar, with its name."""

    start: Timestamp
    end: Timestamp
    name: str | None = None


class OpenHours(NamedTuple):
    """The open time in [start, end): its spans are sorted and disjoint, and named events are kept beside them."""

    start: Timestamp
    end: Timestamp
    spans: tuple[OpenSpan, ...]
    events: tuple[OpenSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenDay:
    """The open time of a local day [start, end); its spans are None where it isn't known."""

    start: Timestamp
    end: Timestamp
    spans: tuple[OpenSpan, ...] | None
    # The events of a calendar, with their names; they may overlap.
    events: tuple[OpenSpan, ...] = ()

    @property
    def open_seconds(self) -> int | None:
        """For how many seconds the place is open, None where that isn't known."""
        return None if self.spans is None else sum(span.end - span.start for span in self.spans)

    def is_open(self, at: Timestamp) -> bool | None:
        """Return True if the place is open at an instant of the day, None where that isn't known."""
        return None if self.spans is None else is_open(self.spans, at)


def is_open(spans: Sequence[OpenSpan], at: Timestamp) -> bool:
    """Return True if an instant lies in one of sorted, disjoint spans."""
    number = bisect_right(spans, at, key=attrgetter("start"))
    return number > 0 and at < spans[number - 1].end


def open_hours(start: Timestamp, end: Timestamp, events: Iterable[OpenSpan]) -> OpenHours:
    """Return the open time in [start, end) that consists of events, which may overlap and reach beyond it."""
    clipped = sorted(_clipped(events, start, end), key=lambda span: (span.start, span.end, span.name or ""))
    named = tuple(event._replace(name=event.name[:MAX_NAME]) for event in clipped if event.name)
    return OpenHours(start, end, _merged(clipped), named)


def weekly_hours(start: Timestamp, end: Timestamp, week: Week, zone: tzinfo) -> OpenHours:
    """Return the open time in [start, end) of a weekly schedule in a time zone.

    A block begins and ends when the clock first shows its time, or right after the clock jumps over that.
    """
    day, last = (datetime.fromtimestamp(at, zone).date() for at in (start, end))
    spans = []
    while day <= last:
        tomorrow = day + timedelta(1)
        for begin, until in week[day.weekday()]:
            closing = datetime.combine(tomorrow, MIDNIGHT) if until is None else datetime.combine(day, until)
            opening = datetime.combine(day, begin)
            spans.append(OpenSpan(to_timestamp(opening, zone), to_timestamp(closing, zone)))
        day = tomorrow
    return open_hours(start, end, spans)


def open_days(bounds: Sequence[Timestamp], fixed: Sequence[OpenHours], found: OpenHours | None) -> list[OpenDay]:
    """Return the day between each two bounds: as far as it is fixed from there, and otherwise as found now.

    The fixed hours are in the order of their starts, and no longer than a day.
    """
    coming = deque(found.events if found else ())
    current: list[OpenSpan] = []
    days = []
    for start, end in pairwise(bounds):
        while coming and coming[0].start < end:
            current.append(coming.popleft())
        current = [event for event in current if event.end > start]
        # The events of other days aren't looked at.
        days.append(_open_day(start, end, fixed, found and found._replace(events=tuple(current))))
    return days


def to_fix(days: Iterable[OpenDay], fixed: Sequence[OpenHours], now: Timestamp) -> list[OpenHours]:
    """Return the hours of known days up to now, where some of that isn't fixed yet."""
    return [
        OpenHours(day.start, until, _clipped(day.spans, day.start, until), _clipped(day.events, day.start, until))
        for day in days
        if day.spans is not None
        and day.start < (until := min(day.end, now))
        and any(hours is None for _, _, hours in _parts(day.start, until, fixed))
    ]


def first_unfixed(bounds: Sequence[Timestamp], fixed: Sequence[OpenHours]) -> Timestamp | None:
    """Return the start of the first day that isn't fixed as a whole, None where all are."""
    for start, end in pairwise(bounds):
        if any(hours is None for _, _, hours in _parts(start, end, fixed)):
            return start
    return None


def _open_day(start: Timestamp, end: Timestamp, fixed: Sequence[OpenHours], found: OpenHours | None) -> OpenDay:
    is_known = True
    spans: list[OpenSpan] = []
    events: list[OpenSpan] = []
    for begin, until, hours in _parts(start, end, fixed):
        source = hours or found
        if source is None or begin < source.start or until > source.end:
            is_known = False
            continue
        spans += _clipped(_near(source.spans, begin, until), begin, until)
        events += _clipped(source.events, begin, until)
    return OpenDay(start, end, _merged(spans) if is_known else None, _joined(events)[:MAX_NAMES])


def _parts(
    start: Timestamp, end: Timestamp, fixed: Sequence[OpenHours]
) -> Iterator[tuple[Timestamp, Timestamp, OpenHours | None]]:
    """Yield the parts of [start, end) in the order of time, each with the hours that fix it, or None."""
    first = bisect_left(fixed, start - LONGEST_DAY, key=attrgetter("start"))
    last = bisect_left(fixed, end, key=attrgetter("start"))
    for hours in fixed[first:last]:
        until = min(hours.end, end)
        if until <= start:
            continue
        if start < hours.start:
            yield start, hours.start, None
            start = hours.start
        yield start, until, hours
        start = until
    if start < end:
        yield start, end, None


def _near(spans: Sequence[OpenSpan], start: Timestamp, end: Timestamp) -> Sequence[OpenSpan]:
    """Return those of sorted, disjoint spans that overlap [start, end)."""
    first = bisect_right(spans, start, key=attrgetter("end"))
    return spans[first : bisect_left(spans, end, key=attrgetter("start"))]


def _clipped(spans: Iterable[OpenSpan], start: Timestamp, end: Timestamp) -> tuple[OpenSpan, ...]:
    """Return what lies in [start, end); spans without any time are left out."""
    return tuple(
        OpenSpan(begin, until, span.name)
        for span in spans
        if (begin := max(span.start, start)) < (until := min(span.end, end))
    )


def _merged(spans: Iterable[OpenSpan]) -> tuple[OpenSpan, ...]:
    """Return disjoint spans without names for sorted ones, which may overlap or touch."""
    merged: list[OpenSpan] = []
    for start, end, _ in spans:
        if merged and start <= merged[-1].end:
            merged[-1] = OpenSpan(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(OpenSpan(start, end))
    return tuple(merged)


def _joined(events: Iterable[OpenSpan]) -> tuple[OpenSpan, ...]:
    """Return events of which those are whole again that were fixed in part; events of one name may touch."""
    by_name: dict[str | None, list[OpenSpan]] = {}
    for event in events:
        by_name.setdefault(event.name, []).append(event)
    joined = chain.from_iterable(
        (span._replace(name=name) for span in _merged(sorted(of_name))) for name, of_name in by_name.items()
    )
    return tuple(sorted(joined, key=lambda event: (event.start, event.end, event.name or "")))
