"""A day and a night of a camera that pushes and is asked: no sensor exceeds the truth, or falls short of the pushes."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera, give_access
from .helpers.places import add_place, shown
from .helpers.pusher import SERIAL, Pusher, state_of
from .simulator import THREE_D, TWO_D, Counts, Device, Model, Reply

pytestmark = [pytest.mark.usefixtures("socket_enabled"), pytest.mark.slow]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE = timedelta(minutes=1)
# Clocks are put back in the night of the first span, and forward in that of the second one.
AUTUMN, SPRING = "2026-10-24T15:00:00Z", "2027-03-27T15:00:00Z"
LAST = timedelta(hours=22)


class Day:
    """A camera with faults, and what it has counted."""

    def __init__(
        self, hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher, device: Device, seed: int
    ) -> None:
        """Start with a camera that has just been installed."""
        assert device.counting
        self.hass = hass
        self.clock = clock
        self.pusher = pusher
        self.device = device
        self.camera = device.counting.camera
        self.counting = device.counting
        self.random = Random(seed)
        self.is_lost_until = self.now

    @property
    def now(self) -> datetime:
        """The present time."""
        return datetime.now(UTC)

    @property
    def midnight(self) -> datetime:
        """The start of the camera's day."""
        today = self.now.astimezone(STOCKHOLM).date()
        return datetime(today.year, today.month, today.day, tzinfo=STOCKHOLM).astimezone(UTC)

    async def go_on(self) -> None:
        """Let some seconds pass, until the camera is asked next; it may be restarted, or not answer."""
        self.clock.tick(self.random.choice((5, 20, 60, 120)))
        if self.random.random() < 0.002:
            self.counting.live_since = self.now
        self.device.everywhere = Reply(503) if self.random.random() < 0.01 else None
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def push(self) -> bool:
        """Push what is due; return True if it arrived. Some pushes are late, lost or repeated."""
        # A push comes some time after the end of its interval.
        waiting = self.camera.waiting(self.now - timedelta(seconds=15))
        if not waiting or self.now < self.is_lost_until:
            return False
        if self.random.random() < 0.1:
            self.is_lost_until = self.now + self.random.choice((MINUTE, 7 * MINUTE))
            return False
        bodies = [self.camera.body(waiting)]
        if self.random.random() < 0.1:
            bodies.append(self.camera.body(waiting))
        for body in bodies:
            assert (await self.pusher.post(body)).status == 200
        self.camera.cursor = waiting[-1].end
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return True

    def counted(self, since: datetime, until: datetime) -> Counts:
        """Return the people who passed between two instants."""
        return self.camera.passed(since, until) if since < until else Counts()


@pytest.mark.parametrize(("model", "begin"), [(TWO_D, AUTUMN), (THREE_D, SPRING)], ids=["2d", "3d"])
async def test_days(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    model: Model,
    begin: str,
) -> None:
    """At each sample, the camera and its place show no more than the truth, and no less than the ledger."""
    freezer.move_to(begin)
    async with asked_camera(model, days=1) as device:
        day = Day(hass, freezer, pusher, device, 1)
        freezer.tick(20)
        while not await day.push():
            freezer.tick(60)
        await give_access(hass, entry, device, live_seconds=5)
        place = await add_place(hass, entry, (SERIAL,), time_zone=STOCKHOLM.key)
        end, samples, live, fresh = day.now + LAST, 0, 0, 0
        while day.now < end:
            await day.go_on()
            await day.push()
            assert day.camera.cursor
            truth = day.counted(day.midnight, day.now)
            pushed = day.counted(day.midnight, day.camera.cursor)
            for names in (
                [state_of(hass, f"sensor.main_entrance_{name}_today") for name in ("in", "out")],
                [shown(hass, place, f"{name}_today") for name in ("in", "out")],
            ):
                if "unavailable" in names:
                    continue
                samples += 1
                entered, exited = map(int, names)
                assert pushed.in_ <= entered <= truth.in_
                assert pushed.out <= exited <= truth.out
                live += (entered, exited) != (pushed.in_, pushed.out)
                fresh += (entered, exited) == (truth.in_, truth.out)
            totals = [state_of(hass, f"sensor.main_entrance_{name}_total") for name in ("in", "out")]
            if "unavailable" not in totals:
                everything = day.counted(day.camera.installed, day.camera.cursor)
                assert [int(total) for total in totals] == [everything.in_, everything.out]
        # Live counts were a part of many samples, and most samples were the truth.
        assert live > samples / 10
        assert fresh > samples / 2
