"""The long-term statistics that recorder must have, calculated from the simulated cameras and the building."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from scripts.demo_parts.place import Place
from scripts.demo_parts.states import LONG_AGO, MINUTE
from tests.helpers.home_assistant import DOMAIN, HomeAssistant
from tests.helpers.shop import SHOP
from tests.simulator import Camera, Counts, Interval

# By statistic id, then by day: the day's change and the sum at its end, or the highest occupancy.
type Statistics = dict[str, dict[date, tuple[int, ...]]]


def by_series(counts: Counts, *, adults: bool) -> dict[str, int]:
    """Return counts by the keys of the statistics."""
    found = {"in": counts.in_, "out": counts.out}
    return found | {"adults_in": counts.adults_in, "adults_out": counts.adults_out} if adults else found


def expected_series(owner: str, intervals: Iterable[Interval], zone: ZoneInfo, *, adults: bool) -> Statistics:
    """Return the statistics of intervals, which must be in the order of time."""
    counts: dict[date, Counts] = {}
    highest: dict[date, int] = {}
    today, inside = date.min, 0
    for interval in intervals:
        if (local := interval.start.astimezone(zone).date()) != today:
            today, inside = local, 0
        before, inside = inside, max(0, inside + interval.counts.in_ - interval.counts.out)
        day = recorded_day(interval.start, zone)
        counts[day] = counts.get(day, Counts()) + interval.counts
        highest[day] = max(highest.get(day, 0), before, inside)
    found: Statistics = {}
    total = Counts()
    for day, added in counts.items():
        total += added
        sums = by_series(total, adults=adults)
        for key, people in by_series(added, adults=adults).items():
            found.setdefault(f"{DOMAIN}:{owner}_{key}", {})[day] = (people, sums[key])
    found[f"{DOMAIN}:{owner}_occupancy"] = {day: (people,) for day, people in highest.items()}
    return found


def recorded_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day to which recorder assigns an instant: its hours are those of UTC, even where midnight isn't."""
    return instant.replace(minute=0).astimezone(zone).date()


def expected_statistics(camera: Camera) -> Statistics:
    """Return the statistics that recorder must have of a camera."""
    intervals = camera.taken(LONG_AGO, datetime.now(UTC))
    return expected_series(camera.serial, intervals, camera.zone, adults=camera.model.adults)


def expected_statistics_of_place(place: Place) -> Statistics:
    """Return the statistics that recorder must have of the place.

    Once all doors have a camera, the occupancy must be the true one.
    """
    together: dict[datetime, Counts] = {}
    since = datetime.min.replace(tzinfo=UTC)
    for camera in place.doors:
        intervals = camera.taken(LONG_AGO, datetime.now(UTC))
        since = max(since, intervals[0].start)
        for interval in intervals:
            together[interval.start] = together.get(interval.start, Counts()) + interval.counts
    intervals_together = (Interval(start, start + MINUTE, counts) for start, counts in sorted(together.items()))
    owner = place.key.lower()
    found = expected_series(owner, intervals_together, place.zone, adults=False)
    true = {day: (people,) for day, people in most_inside(place, since, max(together) + MINUTE).items()}
    assert true
    found[f"{DOMAIN}:{owner}_occupancy"].update(true)
    return found


def most_inside(place: Place, since: datetime, until: datetime) -> dict[date, int]:
    """Return the true maximum inside on each day that begins after an instant."""
    found: dict[date, int] = {}
    first = since.astimezone(place.zone).date()
    for minute in range((until - since) // MINUTE):
        start = since + minute * MINUTE
        if (day := recorded_day(start, place.zone)) > first:
            inside = (place.building.inside(SHOP, instant) for instant in (start, start + MINUTE))
            found[day] = max(found.get(day, 0), *inside)
    return found


async def statistics(home: HomeAssistant, zone: ZoneInfo) -> Statistics:
    """Return all statistics of the integration."""
    known = [series["statistic_id"] for series in await home.command("recorder/list_statistic_ids")]
    series = await home.command(
        "recorder/statistics_during_period",
        start_time=LONG_AGO.isoformat(),
        statistic_ids=[name for name in known if name.startswith(f"{DOMAIN}:")],
        period="day",
        types=["change", "sum", "max"],
    )
    return {
        name: {
            datetime.fromtimestamp(row["start"] / 1000, zone).date(): tuple(
                round(row[kind]) for kind in ("change", "sum", "max") if row.get(kind) is not None
            )
            for row in rows
        }
        for name, rows in series.items()
    }


def statistic_differences(found: Statistics, wanted: Statistics) -> list[str]:
    """Return a sentence for each statistic that differs: about the first such day."""
    different: list[str] = []
    for name in sorted(found.keys() | wanted.keys()):
        days = found.get(name, {}), wanted.get(name, {})
        for day in sorted(days[0].keys() | days[1].keys()):
            has, right = (values.get(day) for values in days)
            if has != right:
                different.append(f"{name}: {day} is {has}, but should be {right}")
                break
    return different
