"""Cameras whose pushes are prepared before the measurement, and the counts they have sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from time import sleep
from zoneinfo import ZoneInfo

from tests.simulator import Camera, Counts, Interval, Visits

# Older passages fire no event, and a camera whose counts end earlier hasn't caught up.
NEAR = timedelta(minutes=4)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HISTORY_MINUTES = 90 * 24 * 60


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
    """Return a camera without a source: its counts are made here."""
    return Camera(
        Visits(number, zone),
        "",
        None,
        serial=f"accc8e{number:06x}",
        name=f"Door {number}",
        installed=datetime.now(UTC),
    )


def counts(random: Random) -> Counts:
    """Return random counts of one interval."""
    entered, exited = random.choice((0, 1, 1, 2, 3)), random.choice((0, 1, 1, 2, 3))
    return Counts(entered, exited, random.randint(0, entered), random.randint(0, exited))


class Fleet:
    """Cameras that take turns to push an interval of one second."""

    def __init__(self, number: int, zone: ZoneInfo) -> None:
        """Mount the cameras; all begin at the same full minute, a few minutes ago."""
        self.cameras = [mounted(index, zone) for index in range(number)]
        self.sent = {camera.serial: Counts() for camera in self.cameras}
        self.begin = (datetime.now(UTC) - NEAR).replace(second=0, microsecond=0)
        self._next = self.begin
        self._random = Random(number)  # noqa: S311 - no secrets

    def bodies(self, pushes: int) -> list[bytes]:
        """Return the next pushes of all cameras in the order of sending, once their intervals are over."""
        self._next = max(self._next, (datetime.now(UTC) - NEAR).replace(microsecond=0))
        while datetime.now(UTC) < self._next + pushes * SECOND:
            sleep(0.1)
        found: list[bytes] = []
        for _ in range(pushes):
            for camera in self.cameras:
                interval = Interval(self._next, self._next + SECOND, counts(self._random))
                self.sent[camera.serial] += interval.counts
                found.append(camera.body([interval]))
            self._next += SECOND
        return found


def history(camera: Camera) -> list[Interval]:
    """Return 90 days of one-minute intervals, up to now."""
    random = Random(camera.serial)  # noqa: S311 - no secrets
    after = datetime.now(UTC).replace(second=0, microsecond=0)
    first = after - HISTORY_MINUTES * MINUTE
    return [
        Interval(first + minute * MINUTE, first + (minute + 1) * MINUTE, counts(random))
        for minute in range(HISTORY_MINUTES)
    ]


def total(intervals: Sequence[Interval]) -> Counts:
    """Return the sum of all counts."""
    return Counts(
        sum(interval.counts.in_ for interval in intervals),
        sum(interval.counts.out for interval in intervals),
        sum(interval.counts.adults_in for interval in intervals),
        sum(interval.counts.adults_out for interval in intervals),
    )
