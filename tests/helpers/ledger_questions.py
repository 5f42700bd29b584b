"""Random histories of two cameras and two places, and all that can be asked about them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from custom_components.axis_people_counter.counting.interval import Interval, Intervals
from custom_components.axis_people_counter.counting.local_time import DAY, HOUR, Period, period_bounds
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.counting.protocol import Push
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.counting.schedule import Schedule
from custom_components.axis_people_counter.exports.export import Export
from custom_components.axis_people_counter.history import History, PlaceHistory, TimeRange
from custom_components.axis_people_counter.ledger import Door, Ledger, Quarantined
from custom_components.axis_people_counter.settings import PlaceSettings
from custom_components.axis_people_counter.statistics.recorder_rows import (
    Rows,
    camera_occupancy,
    place_occupancy,
    rows_in_pieces,
)

from .bare_ledger import START, TIMEOUT, opened, rejected_texts, sender, series_of_camera, series_of_place

MINUTE: Final = 60
MIDNIGHT: Final = START // DAY * DAY
KEYS: Final = (sender(1).serial, sender(2).serial)
ZONES: Final = ("UTC", "Europe/Stockholm", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")
# Days on which something is counted; between the first and the last ones lies a month without counts.
DAYS: Final = (-30, 0, 1, 2, 3)
# Everything that is asked lies between these instants.
EVER: Final = (MIDNIGHT - 32 * DAY, MIDNIGHT + 6 * DAY)


class Delivery(NamedTuple):
    """A push: the intervals and rejected ones that a camera sends at once."""

    camera: int
    sent: int
    intervals: list[Interval]
    rejected: list[Rejected]


class Setting(NamedTuple):
    """An occupancy that is set, of a camera or a place."""

    key: str
    at: int
    value: int


class Question(NamedTuple):
    """An instant, a range around it, and how the days lie and occupancy is reset."""

    at: int
    start: int
    end: int
    period: Period
    zone: str
    reset: time | None


instants: Final = st.builds(
    lambda day, minute: MIDNIGHT + day * DAY + minute * MINUTE,
    st.sampled_from(DAYS),
    st.one_of(st.integers(0, 24 * 60 - 1), st.sampled_from([0, 1, 5, 60, 330, 1100, 1110, 1435, 1439])),
)


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """Return a push with a row of intervals, which may cut into stored ones, and perhaps a rejected one."""
    start, width = draw(instants), draw(st.sampled_from([1, 1, 1, 5, 15, 60, 7, 1440])) * MINUTE
    people, adults = st.integers(0, 5), draw(st.sampled_from([st.none(), st.integers(0, 3), st.none() | st.just(1)]))
    found: list[Interval] = []
    for gap in draw(st.lists(st.sampled_from([0, 0, 0, 0, 0, 1, 20]), min_size=1, max_size=30)):
        start += gap * MINUTE
        found.append(Interval(start, start + width, draw(people), draw(people), draw(adults), draw(adults)))
        start += width
    rejected = draw(st.lists(st.just(Rejected(Reason.COUNT_IMPOSSIBLE, str(found[0].start), found[0][:2])), max_size=1))
    return Delivery(draw(st.integers(0, 1)), draw(st.integers(0, 9)), found, rejected)


occupancies: Final = st.builds(
    Setting,
    st.sampled_from([*KEYS, "daily", "endless"]),
    st.builds(int.__add__, instants, st.sampled_from([0, 30])),
    st.integers(0, 9),
)
times: Final = st.sampled_from([time(), time(0, 1), time(5, 30), time(18, 15), time(23, 59)])
questions: Final = st.builds(
    lambda at, before, after, *how: Question(at, at - before * HOUR, at + after * HOUR, *how),
    instants,
    st.sampled_from([1, 30, 100, 800]),
    st.integers(1, 60),
    st.sampled_from(Period),
    st.sampled_from(ZONES),
    st.none() | times,
)


def deliver(ledger: Ledger, found: Delivery) -> Any:
    """Record a push; return what changed."""
    push = Push(
        sender(found.camera + 1), EVER[1] + found.sent, Intervals(found.intervals), rejected_texts(found.rejected)
    )
    return ledger.record(push, EVER[1]).result(TIMEOUT)


def place_settings(key: str, question: Question) -> PlaceSettings:
    """Return the settings of a place of both cameras, the second of which is reversed."""
    reset = None if key == "endless" else question.reset or time()
    schedule = Schedule(ZoneInfo(question.zone), reset, 2)
    return PlaceSettings(key, key, (Door(KEYS[0], False), Door(KEYS[1], True)), None, None, 0, question.zone, schedule)


def answers(ledger: Ledger, question: Question, since: int = EVER[0]) -> list[Any]:
    """Return the answers to all that can be asked about the time since an instant."""
    places = [place_settings(key, question) for key in ("daily", "endless")]
    ledger.set_places([place.place for place in places]).result(TIMEOUT)
    found: list[Any] = []
    histories: list[History | PlaceHistory] = []
    schedule = Schedule(ZoneInfo(question.zone), question.reset or time())
    for key in KEYS:
        camera = ledger.camera(key).result(TIMEOUT)
        if camera is None:
            continue
        histories.append(History(ledger, key, key, schedule, camera))
        found += [
            replace(camera, deleted_until=0, quarantined=0),
            today_of_camera(ledger, key, schedule, max(question.at, since + DAY), since),
            ledger.counted_until(key).result(TIMEOUT),
            ledger.intervals(key, max(question.start, since), question.end, 7).result(TIMEOUT),
            ledger.gaps(key, max(question.start, since), 9).result(TIMEOUT),
            since_then(ledger.quarantined(key, 99).result(TIMEOUT), since),
            *rows_since(statistics_of_camera(ledger, key, schedule), since),
        ]
    cameras = {key: camera for key in KEYS if (camera := ledger.camera(key).result(TIMEOUT))}
    for place in places:
        histories.append(PlaceHistory(ledger, place.key, place.key, place.schedule, place, cameras))
        found += [
            today_of_place(ledger, place, max(question.at, since + DAY), since),
            *rows_since(statistics_of_place(ledger, place), since),
        ]
    for history in histories:
        bounds = list(period_bounds(question.start, question.end, question.period, history.schedule.zone))
        rows = history.rows(bounds, EVER[1]) if len(bounds) < 2000 else ()
        found.append([row for row in rows if row.start >= since])
    start = datetime.fromtimestamp(min(max(question.start, since + DAY), EVER[1] - HOUR), UTC)
    end = start + timedelta(seconds=question.end - question.start)
    time_range = TimeRange(start, end, EVER[1])
    of_cameras = [history for history in histories if isinstance(history, History)]
    found += [list(Export(KEYS, time_range, period, "csv").lines(of_cameras)) for period in (None, Period.DAY)]
    return found


def since_then(found: list[Quarantined], since: int) -> list[Quarantined]:
    """Return the quarantined intervals that begin after an instant."""
    return [kept for kept in found if (kept.interval.start if kept.interval else int(kept.content or 0)) >= since]


def rows_since(pieces: Iterable[Rows], since: int) -> list[Any]:
    """Return the rows of statistics since an instant."""
    rows = [(kind, row) for piece in pieces for kind, of_kind in piece.items() for row in of_kind]
    kept = [(kind, row) for kind, row in rows if row["start"].timestamp() >= since]
    return sorted(kept, key=lambda found: (found[0], found[1]["start"]))


def today_of_camera(ledger: Ledger, key: str, schedule: Schedule, at: int, since: int) -> Any:
    """Return a camera on the day of an instant; a correction before another instant is as good as none."""
    today = ledger.today(key, *schedule.day(at), schedule.reset(at)[0]).result(TIMEOUT)
    # Quarantined intervals are compared one by one.
    camera = replace(today.camera, deleted_until=0, quarantined=0)
    return replace(today, camera=camera, quarantined=0, corrected_at=max(today.corrected_at or 0, since))


def today_of_place(ledger: Ledger, place: PlaceSettings, at: int, since: int) -> Any:
    """Return a place on the day of an instant; a correction before another instant is as good as none."""
    day, next_day = place.schedule.day(at)
    reset = place.schedule.reset(day)[0]
    resets = place.schedule.resets(reset, at + 1) if place.schedule.reset_time else []
    while (today := ledger.place_today(place.key, day, next_day, resets).result(TIMEOUT)) is None:
        ledger.advance_place(place.place, day).result(TIMEOUT)
    return replace(today, corrected_at=max(today.corrected_at or 0, since))


def statistics_of_camera(ledger: Ledger, key: str, schedule: Schedule) -> list[Rows]:
    """Return the rows of long-term statistics of a camera."""
    series = series_of_camera(ledger, key, everything=True)
    return list(rows_in_pieces(series, partial(camera_occupancy, ledger, key, schedule))) if series else []


def statistics_of_place(ledger: Ledger, place: PlaceSettings) -> list[Rows]:
    """Return the rows of long-term statistics of a place."""
    series = series_of_place(ledger, place.place, everything=True)
    return list(rows_in_pieces(series, partial(place_occupancy, ledger, place))) if series else []


def fill(
    path: Path,
    history: Sequence[Delivery],
    occupancies: Sequence[Setting],
    question: Question,
    *,
    reversed_camera: bool,
) -> None:
    """Make a ledger with this history."""
    with opened(path) as ledger:
        places = {key: place_settings(key, question).place for key in ("daily", "endless")}
        ledger.set_places(list(places.values())).result(TIMEOUT)
        for delivery in history:
            deliver(ledger, delivery)
        for key, at, value in occupancies:
            if key in places:
                ledger.correct_place(places[key], at, value, Source.ACTION).result(TIMEOUT)
            elif ledger.camera(key).result(TIMEOUT):
                ledger.correct(key, at, value, Source.ACTION).result(TIMEOUT)
        if reversed_camera and ledger.camera(KEYS[0]).result(TIMEOUT):
            ledger.set_reversed(KEYS[0], True).result(TIMEOUT)


def assert_same(one: Ledger, other: Ledger, asked: Sequence[Question], since: int = EVER[0]) -> None:
    """Assert that two ledgers give the same answers to all questions about the time since an instant."""
    for question in asked:
        for answer, other_answer in zip(answers(one, question, since), answers(other, question, since), strict=True):
            assert answer == other_answer, f"{answer} != {other_answer}"
