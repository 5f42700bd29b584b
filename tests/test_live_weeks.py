"""Weeks of a shop whose two cameras push and are asked: no sensor exceeds the truth, or falls short of the pushes."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from .helpers.asked_cameras import asked_camera, give_access
from .helpers.places import BACK, add_place, shown
from .helpers.pusher import SERIAL, Pusher, state_of
from .simulator import OUTSIDE, THREE_D, TWO_D, Building, Counts, Device, Door, Hours, Interval, Reply, Source, Visits

pytestmark = [pytest.mark.usefixtures("socket_enabled"), pytest.mark.slow]

STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
MINUTE: Final = timedelta(minutes=1)
WEEK: Final = timedelta(days=7)
# The days on which clocks are put back and forward.
AUTUMN, SPRING = date(2026, 10, 25), date(2027, 3, 28)
HOURS: Final = Hours(0, 24)
DOORS: Final = (Door("Main entrance", OUTSIDE, "Shop"), Door("Back door", OUTSIDE, "Shop"))
# Counts older than this on arrival may be announced no more.
RECENT: Final = timedelta(minutes=5)


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def midnight(of: date | None = None) -> datetime:
    """Return the start of a local day, by default today."""
    return datetime.combine(of or now().astimezone(STOCKHOLM).date(), time(), STOCKHOLM).astimezone(UTC)


def both_ways(counts: Counts) -> tuple[int, int]:
    """Return the people in and out."""
    return counts.in_, counts.out


class Entrance:
    """A door with a camera that has faults, what it has counted, and what Home Assistant shows of it."""

    def __init__(self, hass: HomeAssistant, pusher: Pusher, device: Device) -> None:
        """Start with a camera that has just been installed."""
        assert device.counting
        self.hass = hass
        self.pusher = pusher
        self.device = device
        self.counting = device.counting
        self.camera = device.counting.camera
        self.prefix = self.camera.name.lower().replace(" ", "_")
        self.random = Random(device.serial)
        self.is_lost_until = now()
        self.fails_until = now()
        # The intervals that were pushed.
        self.intervals: list[Interval] = []
        # The people whom events announced, and those whose push came too late for that, since an instant.
        self.since = now()
        self.announced = Counts()
        self.missed = Counts()

    @property
    def pushed_until(self) -> datetime:
        """The end of the newest pushed interval."""
        return self.intervals[-1].end

    def passed(self, since: datetime, until: datetime) -> Counts:
        """Return the people who passed between two instants."""
        return self.camera.passed(since, until) if since < until else Counts()

    # Faults

    def go_wrong(self) -> None:
        """Restart the camera at times, let its live counts fall, for a moment or for good, or let it not answer."""
        chance = self.random.random()
        if self.is_falling:
            self.counting.taken_back, self.is_falling = Counts(), False
        elif chance < 0.002:
            self.counting.live_since, self.counting.taken_back = now(), Counts()
        elif chance < 0.003:
            self.counting.taken_back += Counts(in_=self.random.randint(0, 3), out=self.random.randint(0, 3))
        elif chance < 0.006 and self.counting.taken_back == Counts():
            self.counting.taken_back, self.is_falling = Counts(in_=10**6, out=10**6), True
        elif chance < 0.02:
            self.fails_until = now() + self.random.choice((MINUTE, 5 * MINUTE, 30 * MINUTE))
        self.device.everywhere = Reply(503) if now() < self.fails_until else None

    is_falling = False

    async def push(self) -> None:
        """Push what is due. Some pushes are late, repeated, or their answers are lost, so that they come again."""
        # A push comes some time after the end of its interval.
        waiting = self.camera.waiting(now() - timedelta(seconds=15))
        if not waiting or now() < self.is_lost_until:
            return
        if self.random.random() < 0.1:
            self.is_lost_until = now() + self.random.choice((MINUTE, 7 * MINUTE, 7 * MINUTE, 100 * MINUTE))
            return
        for _ in range(self.random.choice((1, 1, 1, 1, 2))):
            assert (await self.pusher.post(self.camera.body(waiting))).status == 200
        await self.hass.async_block_till_done(wait_background_tasks=True)
        if self.random.random() > 0.05:
            self.camera.cursor = waiting[-1].end
        new = [interval for interval in waiting if not self.intervals or interval.end > self.pushed_until]
        # Intervals of earlier days aren't needed any more, except the newest one.
        since = min(midnight(), waiting[-1].start)
        self.intervals = [interval for interval in (*self.intervals, *new) if interval.end > since]
        self._check_announced_intervals(new)

    # Events

    @callback
    def announce(self, event: Event[EventStateChangedData]) -> None:
        """Count the people of an event."""
        before, state = event.data["old_state"], event.data["new_state"]
        # Becoming available again is no event.
        if event.data["entity_id"] != f"event.{self.prefix}_passage" or before is None or state is None:
            return
        if STATE_UNAVAILABLE not in (before.state, state.state):
            count = state.attributes["count"]
            self.announced += Counts(in_=count) if state.attributes["event_type"] == "entered" else Counts(out=count)

    def _check_announced_intervals(self, new: Iterable[Interval]) -> None:
        """Check that everybody of a push was announced, except those who passed too long ago."""
        late = sum((interval.counts for interval in new if interval.end < now() - RECENT), Counts())
        due = self.passed(self.since, self.pushed_until) - self.missed - self.announced
        self.missed += Counts(in_=max(0, min(late.in_, due.in_)), out=max(0, min(late.out, due.out)))
        due = self.passed(self.since, self.pushed_until) - self.missed
        assert self.announced.in_ >= due.in_
        assert self.announced.out >= due.out

    # The states of entities

    @property
    def is_calm(self) -> bool:
        """Return True if nobody has passed since the last push."""
        return both_ways(self.passed(self.pushed_until, now())) == (0, 0)

    @property
    def inside(self) -> int:
        """The occupancy after the pushed intervals, which is never below zero."""
        inside, reset = 0, midnight()
        for interval in self.intervals:
            if interval.end > reset:
                inside = max(0, inside + interval.counts.in_ - interval.counts.out)
        return inside

    def shown(self, name: str) -> str:
        """Return the state of a sensor."""
        return state_of(self.hass, f"sensor.{self.prefix}_{name}")

    def check(self) -> bool:
        """Compare with the truth what Home Assistant shows; return True if there are live counts in it."""
        passed = self.passed(self.since, now()) - self.missed
        assert self.announced.in_ <= passed.in_
        assert self.announced.out <= passed.out
        if self.is_calm:
            assert both_ways(self.announced) == both_ways(passed)
        if self.shown("in_today") == STATE_UNAVAILABLE:
            return False
        truth, pushed = self.passed(midnight(), now()), self.passed(midnight(), self.pushed_until)
        entered, exited = int(self.shown("in_today")), int(self.shown("out_today"))
        assert pushed.in_ <= entered <= truth.in_
        assert pushed.out <= exited <= truth.out
        # Live people change the occupancy like those of pushes.
        inside = max(0, self.inside + (entered - pushed.in_) - (exited - pushed.out))
        assert self.shown("occupancy") == str(inside)
        assert state_of(self.hass, f"binary_sensor.{self.prefix}_occupied") == ("on" if inside else "off")
        totals = [self.shown(f"{name}_total") for name in ("in", "out")]
        if STATE_UNAVAILABLE not in totals:
            everything = self.passed(self.camera.installed, self.pushed_until)
            assert [int(total) for total in totals] == [everything.in_, everything.out]
        return (entered, exited) != both_ways(pushed)


class Shop:
    """A place with two doors."""

    def __init__(self, hass: HomeAssistant, place: str, entrances: list[Entrance]) -> None:
        """Take its key and its doors."""
        self.hass = hass
        self.place = place
        self.entrances = entrances

    def check(self) -> bool:
        """Compare with the truth what Home Assistant shows; return True if it is the truth."""
        in_today, *others = (shown(self.hass, self.place, f"{name}") for name in ("in_today", "out_today", "occupancy"))
        if in_today == STATE_UNAVAILABLE:
            return False
        entered, (exited, inside) = int(in_today), map(int, others)
        truth = sum((door.passed(midnight(), now()) for door in self.entrances), Counts())
        pushed = sum((door.passed(midnight(), door.pushed_until) for door in self.entrances), Counts())
        assert pushed.in_ <= entered <= truth.in_
        assert pushed.out <= exited <= truth.out
        # People who were not seen to enter may be missing, and people who were not seen to leave may be too many.
        truly_inside = truth.in_ - truth.out
        assert truly_inside - (truth.in_ - entered) <= inside <= truly_inside + (truth.out - exited)
        assert shown(self.hass, self.place, "occupied") == ("on" if inside else "off")
        is_true = (entered, exited, inside) == (truth.in_, truth.out, truly_inside)
        assert is_true or not all(door.is_calm for door in self.entrances)
        return is_true


def sources(change: date) -> list[Source]:
    """Return the people at the doors: in one week, they enter by one and leave by another."""
    if change == SPRING:
        return [Visits(door.name, STOCKHOLM, HOURS) for door in DOORS]
    building = Building("Shop", STOCKHOLM, DOORS, hours=HOURS)
    return [building.seen(door) for door in DOORS]


def step(change: date, random: Random) -> timedelta:
    """Return how much time passes until the next sample: little in the morning, at midnight, and when clocks change."""
    local = now().astimezone(STOCKHOLM)
    minute = 60 * local.hour + local.minute
    if (
        9 * 60 <= minute < 13 * 60
        or not 10 <= minute < 23 * 60 + 50
        or (local.date() == change and 100 <= minute < 220)
    ):
        return timedelta(seconds=random.choice((20, 30, 40, 60)))
    return timedelta(seconds=random.choice((180, 300, 420)))


@pytest.mark.parametrize("change", [AUTUMN, SPRING], ids=["autumn", "spring"])
async def test_week(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, change: date
) -> None:
    """At each sample, the cameras and their place show what is true, as far as it can be known, and announce it."""
    freezer.move_to(midnight(change) - timedelta(days=3, hours=9))
    main, back = sources(change)
    async with (
        asked_camera(THREE_D, days=1, source=main) as front_device,
        asked_camera(TWO_D, days=1, source=back, serial=BACK) as back_device,
    ):
        freezer.tick(20)
        entrances = [Entrance(hass, pusher, device) for device in (front_device, back_device)]
        while not all(entrance.intervals for entrance in entrances):
            freezer.tick(60)
            for entrance in entrances:
                await entrance.push()
        for entrance in entrances:
            await give_access(hass, entry, entrance.device, live_seconds=20)
            entrance.since, entrance.announced, entrance.missed = entrance.pushed_until, Counts(), Counts()
            hass.bus.async_listen("state_changed", entrance.announce)
        place = await add_place(hass, entry, (SERIAL, BACK), time_zone=STOCKHOLM.key)
        shop = Shop(hass, place, entrances)
        random, end = Random(1), now() + WEEK
        samples = live = true = calm = 0
        while now() < end:
            freezer.tick(step(change, random))
            for entrance in entrances:
                entrance.go_wrong()
            if random.random() < 0.002:
                await hass.config_entries.async_reload(entry.entry_id)
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)
            for entrance in entrances:
                await entrance.push()
            samples += 1
            live += sum([entrance.check() for entrance in entrances])
            true += shop.check()
            calm += all(entrance.is_calm for entrance in entrances)
        # Live counts were a part of many samples, and most samples were the truth.
        assert live > samples / 3
        assert true > samples / 2
        assert calm > samples / 20
