"""Cameras whose pushes are prepared before the measurement, and the counts they have sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import batched
from random import Random
from time import sleep
from zoneinfo import ZoneInfo

from tests.simulator import Camera, Counts, Hours, Interval, Visits

# Older passages fire no event, and a camera whose counts end earlier hasn't caught up.
NEAR = timedelta(minutes=4)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HISTORY_MINUTES = 90 * 24 * 60
YEAR_MINUTES = 365 * 24 * 60
TIME = "%Y-%m-%dT%H:%M:%S"
# A door at which somebody passes in four of ten minutes of the whole day.
BUSY = Hours(opens=6, closes=22, weekday_parties=600, weekend_parties=750)


def zone_where_it_is(hour: int) -> ZoneInfo:
    """Return a time zone in which it is that hour now: the size of today doesn't depend on when this runs."""
    ahead = hour - datetime.now(UTC).hour
    if ahead < -12:
        ahead += 24
    elif ahead > 14:
        ahead -= 24
    # The signs of these names are the other way round.
    return ZoneInfo(f"Etc/GMT{-ahead:+d}")


def mounted(number: int, zone: ZoneInfo) -> Camera:
    """Return a camera over a busy door. It is never asked what it counted: the benchmark makes its pushes."""
    return Camera(
        Visits(number, zone, BUSY),
        "",
        None,
        serial=f"accc8e{number:06x}",
        name=f"Door {number}",
        installed=datetime.now(UTC),
    )


def counts(random: Random) -> Counts:
    """Return random counts of one interval; in four of five somebody comes in."""
    entered, exited = random.choice((0, 1, 1, 2, 3)), random.choice((0, 1, 1, 2, 3))
    return Counts(entered, exited, random.randint(0, entered), random.randint(0, exited))


class Fleet:
    """Cameras that take turns to push an interval of one second."""

    def __init__(self, number: int, zone: ZoneInfo, first: int = 0) -> None:
        """Mount the cameras; all begin at the same full minute, a few minutes ago."""
        self.cameras = [mounted(index, zone) for index in range(first, first + number)]
        self.sent = {camera.serial: Counts() for camera in self.cameras}
        self.begin = (datetime.now(UTC) - NEAR).replace(second=0, microsecond=0)
        self._zone = zone
        # The start of the next interval.
        self.next = self.begin
        self.random = Random(number)  # noqa: S311 - no secrets

    def day(self) -> list[bytes]:
        """Return a body per camera with all minutes of its day before the first push."""
        midnight = self.begin.astimezone(self._zone).replace(hour=0, minute=0).astimezone(UTC)
        found: list[bytes] = []
        for camera in self.cameras:
            intervals = [
                Interval(midnight + minute * MINUTE, midnight + (minute + 1) * MINUTE, counts(self.random))
                for minute in range((self.begin - midnight) // MINUTE)
            ]
            self.sent[camera.serial] += total(intervals)
            found.append(camera.body(intervals))
        return found

    def bodies(self, pushes: int, *, people: bool = True) -> list[bytes]:
        """Return the next pushes of all cameras in the order of sending, once their intervals are over.

        The first intervals are longer if the last pushes were long ago, so that no second is missing.
        """
        first_end = max(self.next + SECOND, (datetime.now(UTC) - NEAR).replace(microsecond=0))
        while datetime.now(UTC) < first_end + (pushes - 1) * SECOND:
            sleep(0.1)
        found: list[bytes] = []
        for number in range(pushes):
            end = first_end + number * SECOND
            for camera in self.cameras:
                interval = Interval(self.next, end, counts(self.random) if people else Counts())
                self.sent[camera.serial] += interval.counts
                found.append(camera.body([interval]))
            self.next = end
        return found


def history(camera: Camera) -> list[Interval]:
    """Return 90 days of one-minute intervals, up to now, with people in nearly each."""
    random = Random(camera.serial)  # noqa: S311 - no secrets
    after = datetime.now(UTC).replace(second=0, microsecond=0)
    first = after - HISTORY_MINUTES * MINUTE
    return [
        Interval(first + minute * MINUTE, first + (minute + 1) * MINUTE, counts(random))
        for minute in range(HISTORY_MINUTES)
    ]


def year(camera: Camera, before: datetime) -> Iterator[list[Interval]]:
    """Yield a year of one-minute intervals of a busy door, in parts that a camera could keep."""
    after = int(before.timestamp()) // 60
    for minutes in batched(range(after - YEAR_MINUTES, after), HISTORY_MINUTES, strict=False):
        begin = before - (after - minutes[0]) * MINUTE
        yield [
            Interval(begin + number * MINUTE, begin + (number + 1) * MINUTE, camera.source.between(minute, minute + 1))
            for number, minute in enumerate(minutes)
        ]


def long_body(camera: Camera, intervals: Sequence[Interval]) -> bytes:
    """Return what `camera.body` returns for intervals that follow each other, in a fifth of the time."""

    @lru_cache(maxsize=2)
    def texts(moment: datetime) -> tuple[str, str]:
        return moment.strftime(TIME), moment.astimezone(camera.zone).strftime(TIME)

    def measurement(interval: Interval) -> str:
        (utc_from, local_from), (utc_to, local_to) = texts(interval.start), texts(interval.end)
        of_interval = interval.counts
        return (
            f'{{"kind": "people-counts", "utcFrom": "{utc_from}Z", "utcTo": "{utc_to}Z",'
            f' "localFrom": "{local_from}", "localTo": "{local_to}", "items": ['
            f'{{"direction": "in", "count": {of_interval.in_}, "adults": {of_interval.adults_in}}}, '
            f'{{"direction": "out", "count": {of_interval.out}, "adults": {of_interval.adults_out}}}]}}'
        )

    frame = camera.body([Interval(intervals[0].start, intervals[-1].end, Counts())]).decode()
    before, rest = frame.split('"measurements": [')
    _, after = rest.rsplit("]}, ", 1)
    return f'{before}"measurements": [{", ".join(map(measurement, intervals))}]}}, {after}'.encode()


def total(intervals: Sequence[Interval]) -> Counts:
    """Return the sum of all counts."""
    return Counts(
        sum(interval.counts.in_ for interval in intervals),
        sum(interval.counts.out for interval in intervals),
        sum(interval.counts.adults_in for interval in intervals),
        sum(interval.counts.adults_out for interval in intervals),
    )
