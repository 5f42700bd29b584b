"""Which counts are missing in the open time of a report: door by door and day by day, merged and short.

Called by figures.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from ..counting import EARLIEST, LATEST, Stretch, TimelineDay, Timestamp, intersection
from .counted import Counted, minutes
from .model import Missing, MissingReason


def missing_counts(
    counted: Counted,
    days: Sequence[TimelineDay],
    names: Mapping[str, str],
    first_starts: Sequence[Timestamp | None],
    kept_since: Timestamp,
) -> tuple[Missing, ...]:
    """Return what is missing on some days, in the order of time; `first_starts` are those of the doors' counts."""
    open_time = [_open_time(day) for day in days]
    found: list[Missing] = []
    for door, first_start in zip(counted.doors, first_starts, strict=True):
        name = names[door.door.key]
        for reason, time in _reasons(first_start, kept_since):
            found += _of_reason(name, reason, intersection(door.gaps, [time]), open_time)
    return tuple(sorted(found, key=attrgetter("start")))


def _reasons(first_start: Timestamp | None, kept_since: Timestamp) -> Iterator[tuple[MissingReason, Stretch]]:
    """Yield when counts of a door are missing for which reason."""
    if first_start is None:
        yield MissingReason.NEVER, Stretch(EARLIEST, LATEST)
        return
    reasons = (MissingReason.DELETED, MissingReason.NOT_YET, MissingReason.GAP)
    for reason, times in zip(
        reasons, pairwise((EARLIEST, kept_since, max(kept_since, first_start), LATEST)), strict=True
    ):
        if times[0] < times[1]:
            yield reason, Stretch(*times)


def _of_reason(
    name: str, reason: MissingReason, gaps: Sequence[Stretch], open_time: Sequence[Sequence[Stretch]]
) -> Iterator[Missing]:
    """Yield what is missing of the open time of each day; days in a row that are missing entirely are one."""
    whole: Missing | None = None
    position = 0
    for spans in open_time:
        if not spans:
            continue
        while position < len(gaps) and gaps[position].end <= spans[0].start:
            position += 1
        # The last one may go on into the next day.
        last = position
        while last < len(gaps) and gaps[last].start < spans[-1].end:
            last += 1
        lacking = intersection(gaps[position:last], spans)
        if lacking == spans:
            of_day = Missing(name, spans[0].start, spans[-1].end, minutes(_seconds(spans)), reason, 1)
            whole = of_day if whole is None else _joined(whole, of_day)
            continue
        if whole is not None:
            yield whole
            whole = None
        if lacking:
            yield Missing(name, lacking[0].start, lacking[-1].end, minutes(_seconds(lacking)), reason)
    if whole is not None:
        yield whole


def _joined(earlier: Missing, later: Missing) -> Missing:
    return replace(
        earlier,
        end=later.end,
        minutes=earlier.minutes + later.minutes,
        whole_days=earlier.whole_days + later.whole_days,
    )


def _open_time(day: TimelineDay) -> list[Stretch]:
    """Return the open time of a day, as far as it is over: none where its hours aren't known."""
    return [Stretch(span.start, min(span.end, day.end)) for span in day.hours.spans or () if span.start < day.end]


def _seconds(found: Sequence[Stretch]) -> int:
    return sum(end - start for start, end in found)
