"""One camera over one door: counts, keeps 90 days, and pushes what wasn't answered 200."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import batched
from math import ceil, floor
from pathlib import Path
from random import Random
import ssl
from zoneinfo import ZoneInfo

import aiohttp

from . import document
from .counts import Counts, Interval, minute_of, moment_of
from .model import THREE_D, Model
from .source import Source

MEMORY = timedelta(days=90)
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
# A push leaves the camera this many seconds after the last minute it reports.
DELAY = (10, 40)


@dataclass(slots=True)
class Faults:
    """Faults of the camera or its network; they can change at any time."""

    # No connection at all.
    cut_off: bool = False
    # The upload's speed.
    bytes_per_second: int | None = None
    # The connection breaks after so many bytes of the body.
    break_after: int | None = None
    # The receiver's answer never reaches the camera.
    lose_answer: bool = False
    # The offset of the camera's clock from the true time.
    clock_offset: timedelta = timedelta()
    # The version in `apiVersion`.
    protocol_version: str = "0.4"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request: a status, or None and the error."""

    status: int | None
    text: str = ""

    @property
    def delivered(self) -> bool:
        """True for a 200, the only status that means delivered."""
        return self.status == 200


class Camera:
    """A camera that keeps 90 days, and sends everything since the last 200 again."""

    def __init__(
        self,
        source: Source,
        url: str,
        token: str | None,
        *,
        serial: str,
        name: str,
        model: Model = THREE_D,
        installed: datetime,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        batch: int | None = None,
        ca_file: Path | None = None,
        zone_key: str = "timeZone",
        ip_address: str = "127.0.0.1",
    ) -> None:
        """Take the source of counts and the time from which on the camera counts.

        `clock` returns the true time. `batch` limits the intervals in one body; None sends one body.
        """
        self.source = source
        self.url = url
        self.token = token
        self.serial = serial
        self.name = name
        self.model = model
        self.batch = batch
        self.faults = Faults()
        # The end of the last interval answered 200.
        self.cursor: datetime | None = None
        # The intervals of the last body, for `redeliver`.
        self.last: Sequence[Interval] = ()
        # The intervals a receiver should hold, by their first minute. A lost answer makes no difference here.
        self._taken: dict[int, Interval] = {}
        self._clock = clock
        self._installed = minute_of(installed)
        self.ca_file = ca_file
        self._zone_key = zone_key
        self._ip_address = ip_address
        self._width = model.widths[0]
        self._stop = asyncio.Event()
        self._random = Random(serial)

    # Settings and clock

    @property
    def zone(self) -> ZoneInfo:
        """The camera's time zone."""
        return self.source.zone

    @property
    def installed(self) -> datetime:
        """The time from which on the camera counts."""
        return moment_of(self._installed)

    @property
    def width(self) -> int:
        """The minutes of one interval, and between two pushes."""
        return self._width

    @width.setter
    def width(self, minutes: int) -> None:
        """Set the send interval; raises ValueError if the model doesn't have it."""
        if minutes not in self.model.widths:
            raise ValueError(f"{self.model.application} can't send every {minutes} minutes.")
        self._width = minutes

    def now(self) -> datetime:
        """Return the time of the camera's clock."""
        return self._clock() + self.faults.clock_offset

    # The truth

    def counted(self, start: datetime, end: datetime) -> Counts:
        """Return the counts between two whole minutes, delivered or not."""
        return self._counts(minute_of(start), minute_of(end))

    def passed(self, start: datetime, end: datetime) -> Counts:
        """Return the people who passed between two instants; those of a minute are spread evenly over it."""
        first, after = minute_of(start), minute_of(end)
        counts = self._counts(first, after)
        return counts + self._part(after, end) - self._part(first, start)

    def _part(self, minute: int, instant: datetime) -> Counts:
        """Return the people who passed from the start of a minute up to an instant in it."""
        share = Fraction((instant - moment_of(minute)) // MICROSECOND, MINUTE // MICROSECOND)
        counts = self._counts(minute, minute + 1)
        return Counts(
            *(
                floor(people * share + Fraction(1, 2))
                for people in (counts.in_, counts.out, counts.adults_in, counts.adults_out)
            )
        )

    def delivered(self, start: datetime, end: datetime) -> Counts:
        """Return the counts that a receiver should hold between two instants."""
        return sum((interval.counts for interval in self.taken(start, end)), Counts())

    def occupancy(self, since: datetime, until: datetime) -> int:
        """Return the occupancy after the delivered intervals, starting from 0 and never below it."""
        inside = 0
        for interval in self.taken(since, until):
            inside = max(0, inside + interval.counts.in_ - interval.counts.out)
        return inside

    def taken(self, start: datetime, end: datetime) -> list[Interval]:
        """Return the intervals that a receiver should hold between two instants, in the order of time."""
        found = (interval for interval in self._taken.values() if start <= interval.start and interval.end <= end)
        return sorted(found, key=lambda interval: interval.start)

    # Pushes

    def waiting(self, until: datetime | None = None) -> list[Interval]:
        """Return the intervals to send next: all complete ones since the last 200, up to 90 days."""
        width = self._width
        now = self.now()
        # Intervals are forgotten as a whole, and sent again as a whole.
        first = ceil((now - MEMORY).timestamp() / 60 / width) * width
        first = max(first, (self._installed if self.cursor is None else minute_of(self.cursor)) // width * width)
        after = minute_of(now if until is None else min(until, now)) // width * width
        return [
            Interval(moment_of(minute), moment_of(minute + width), self._counts(minute, minute + width))
            for minute in range(first, after, width)
        ]

    def _counts(self, first: int, after: int) -> Counts:
        """Return the counts from one minute since 1970 up to, not including, another."""
        counts = self.source.between(max(first, self._installed), after)
        return counts if self.model.adults else Counts(counts.in_, counts.out)

    def body(self, intervals: Sequence[Interval] = ()) -> bytes:
        """Return the body of a push, or of the test message if there are no intervals."""
        content = document.heading(self.now(), self.zone, self.faults.protocol_version)
        if intervals:
            content["data"] = document.data(intervals, self.zone, self.model)
        content["sensor"] = {
            "application": self.model.application,
            "applicationVersion": self.model.version,
            self._zone_key: self.zone.key,
            "name": self.name,
            "serial": self.serial,
            "ipAddress": self._ip_address,
        }
        return document.encode(content)

    async def test_connection(self) -> Answer:
        """Send the test message, like the button on the camera's page."""
        return await self._post(self.body())

    async def push(self, until: datetime | None = None) -> Answer | None:
        """Send everything since the last 200; return the answer to the last body, None if there was nothing to send.

        `until` lets all cameras of a test end at the same minute.
        """
        answer = None
        waiting = await asyncio.to_thread(self.waiting, until)
        for intervals in batched(waiting, self.batch or len(waiting) or 1, strict=False):
            answer = await self._deliver(intervals)
            if not answer.delivered:
                break
            self.cursor = intervals[-1].end
        return answer

    async def redeliver(self) -> Answer:
        """Send the intervals of the last body again, like a camera that lost its cursor."""
        if not self.last:
            raise RuntimeError("This camera has sent nothing yet.")
        return await self._deliver(self.last)

    async def run(self) -> None:
        """Push at once, then after each send interval, until cancelled or stopped."""
        while not self._stop.is_set():
            await self.push()
            now = self.now().timestamp()
            period = self._width * 60
            pause = period - now % period + self._random.uniform(*DELAY)
            try:
                await asyncio.wait_for(self._stop.wait(), pause)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End `run` after the push that is under way."""
        self._stop.set()

    async def _deliver(self, intervals: Sequence[Interval]) -> Answer:
        """Send intervals in one body."""
        self.last = intervals
        answer = await self._post(await asyncio.to_thread(self.body, intervals))
        if answer.delivered:
            await asyncio.to_thread(self._take, intervals)
        return Answer(None, "the answer was lost") if self.faults.lose_answer else answer

    def note_read(self, start: datetime, end: datetime) -> None:
        """Update what a receiver should hold after it has read the counts between two minutes, of which it had none."""
        self._take(
            [
                Interval(moment_of(minute), moment_of(minute + 1), self._counts(minute, minute + 1))
                for minute in range(minute_of(start), minute_of(end))
            ]
        )

    def _take(self, intervals: Sequence[Interval]) -> None:
        """Update the intervals that a receiver should hold.

        A push replaces the earlier intervals that it covers wholly; its intervals that cut into another one are lost.
        """
        first, after = minute_of(intervals[0].start), minute_of(intervals[-1].end)
        taken = self._taken.copy()
        kept: list[Interval] = []
        for minute in range(first - max(self.model.widths), after):
            if (interval := taken.get(minute)) is None or interval.end <= intervals[0].start:
                continue
            if first <= minute and interval.end <= intervals[-1].end:
                del taken[minute]
            else:
                kept.append(interval)
        taken |= {
            minute_of(interval.start): interval
            for interval in intervals
            if not any(interval.start < other.end and other.start < interval.end for other in kept)
        }
        self._taken = taken

    async def _post(self, body: bytes) -> Answer:
        """Send one request over a connection of its own."""
        if self.faults.cut_off:
            return Answer(None, "no connection")
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        # History may take long to send, but the receiver must not be silent for long.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=self._tls())) as session,
                session.post(self.url, data=self._upload(body), headers=headers, allow_redirects=False) as response,
            ):
                return Answer(response.status, await response.text())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Answer(None, f"{type(error).__name__}: {error}")

    def _tls(self) -> ssl.SSLContext | bool:
        """Return what the receiver's certificate is verified with: the installed authority, or the public ones."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True

    async def _upload(self, body: bytes) -> AsyncIterator[bytes]:
        """Yield the body in pieces at the network's speed, until the connection breaks."""
        sent = 0
        for piece in self._pieces(body):
            if self.faults.break_after is not None and sent + len(piece) > self.faults.break_after:
                yield piece[: self.faults.break_after - sent]
                raise ConnectionResetError("the connection broke")
            yield piece
            sent += len(piece)
            if self.faults.bytes_per_second:
                await asyncio.sleep(len(piece) / self.faults.bytes_per_second)

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        """Yield pieces of the body, smaller ones on a slow network."""
        rest = memoryview(body)
        while rest:
            speed = self.faults.bytes_per_second
            size = max(1, speed // 10) if speed else 65536
            yield bytes(rest[:size])
            rest = rest[size:]
