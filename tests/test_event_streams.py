"""A camera that announces people by events is asked at once, and less often otherwise; nothing depends on events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
import logging
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera, reconfigure
from .helpers.issues import active_issues
from .helpers.live import Door, open_door
from .helpers.pusher import Pusher, state_of
from .simulator import EventStream, Reply
from .simulator.event_stream import COUNTED, PATH

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Opened = Callable[..., AbstractAsyncContextManager[Door]]

IN_TODAY = "sensor.main_entrance_in_today"
INTERNAL = "tnsaxis:CameraApplicationPlatform/a3dpc/xinternal_data"
OTHER_APPLICATION = "tnsaxis:CameraApplicationPlatform/VMD/Camera1ProfileANY"
EVENT = '{"method": "events:notify", "params": {"notification": {"topic": "%s"}}}'


@pytest.fixture
def opened(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    caplog: pytest.LogCaptureFixture,
) -> Opened:
    """Return a function that opens the door of a camera with an event stream."""
    caplog.set_level(logging.DEBUG)

    @asynccontextmanager
    async def open_it(fault: Reply | None = None, **of_device: Any) -> AsyncIterator[Door]:
        stream = {name: of_device.pop(name) for name in list(of_device) if hasattr(EventStream(), name)}
        async with asked_camera(**of_device) as device:
            device.events = EventStream()
            for name, value in stream.items():
                setattr(device.events, name, value)
            if fault:
                device.replies[PATH] = fault
            door = await open_door(hass, noon, entry, pusher, device)
            await happens(lambda: any(streams(door).filters.values()))
            yield door
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR and "custom_" in record.name]
        assert device.password not in caplog.text

    return open_it


async def happens(condition: Callable[[], bool]) -> bool:
    """Return True as soon as a condition holds, False if it doesn't. The clock stands still, also that of the loop."""
    for _ in range(2000):
        if condition():
            return True
        await asyncio.sleep(0)
    return False


def streams(door: Door) -> EventStream:
    """Return the event streams of a door's camera."""
    assert door.device.events
    return door.device.events


def tried(door: Door) -> list[bool]:
    """Return for each request for a stream whether it had credentials."""
    return [
        request.authorization is not None for request in door.device.requests if request.path.startswith(f"{PATH}?")
    ]


async def announced(door: Door, topic: str = COUNTED) -> bool:
    """Let the camera announce people two seconds later; return True if it is asked then."""
    asked = door.asked
    door.clock.tick(2)
    door.show()
    await streams(door).announce(topic)

    def is_asked() -> bool:
        # The loop calls only what is due before its time.
        door.clock.tick(0.0001)
        return door.asked > asked

    found = await happens(is_asked)
    await door.settle()
    return found


async def asked_in(door: Door, seconds: int) -> int:
    """Return how often a camera is asked in some time in which it announces nobody."""
    asked = door.asked
    for _ in range(seconds // 5):
        await door.go_on()
    return door.asked - asked


async def prove(door: Door) -> None:
    """Let the camera announce five people; it is asked once more after the last one."""
    for _ in range(5):
        door.enter()
        assert await announced(door)
    assert await asked_in(door, 10) == 1


@pytest.mark.parametrize(
    "of_device", [{}, {"https": True}, {"https": True, "authentication": ("Basic",)}, {"authentication": ("SHA-256",)}]
)
async def test_at_once(opened: Opened, of_device: dict[str, Any]) -> None:
    """Show a person as soon as the camera announces one, with the login and the certificate of live counts."""
    async with opened(**of_device) as door:
        for people in range(1, 4):
            door.enter()
            assert await announced(door)
            assert state_of(door.hass, IN_TODAY) == str(people)
        assert not door.device.rejected
        assert tried(door)[-1]


@pytest.mark.parametrize("topic", [OTHER_APPLICATION, INTERNAL, "tns1:Device/tnsaxis:IO/Port"])
async def test_other_events(opened: Opened, topic: str) -> None:
    """Don't ask because of an event that isn't about people."""
    async with opened() as door:
        assert not await announced(door, topic)


async def test_contents_are_not_counted(opened: Opened) -> None:
    """Show only what the camera answers, whatever an event contains."""
    async with opened() as door:
        await streams(door).announce(direction="in", count=7, total_in=1000)
        await door.go_on()
        assert state_of(door.hass, IN_TODAY) == "0"


async def test_many_events(opened: Opened) -> None:
    """Ask once a second at most, and once more after an event that comes meanwhile."""
    async with opened() as door:
        assert await announced(door)
        asked = door.asked
        for _ in range(30):
            await streams(door).announce()
        await happens(lambda: False)
        door.clock.tick(0.4)
        assert not await happens(lambda: door.asked > asked)
        await door.go_on(1)
        assert door.asked == asked + 1
        await door.go_on(2)
        assert door.asked == asked + 1


async def test_event_while_asking(opened: Opened) -> None:
    """Ask again a second after an event that comes before an answer."""
    async with opened() as door:
        asked = door.asked
        door.device.delay = 1
        door.clock.tick(5)
        async_fire_time_changed(door.hass)
        assert await happens(lambda: door.asked == asked + 1)
        await streams(door).announce()
        await happens(lambda: False)
        door.device.delay = 0
        await door.go_on(1)
        assert door.asked == asked + 1
        await door.go_on(1)
        assert door.asked == asked + 2


async def test_event_of_a_failing_camera(opened: Opened) -> None:
    """Ask less and less often while there are no live counts, even if events come."""
    async with opened() as door:
        door.fault = Reply(503)
        await door.go_on()
        assert not await announced(door)
        door.fault = None
        await door.go_on(10)
        assert await announced(door)


async def test_useless_events(opened: Opened) -> None:
    """Ignore events while they announce nothing again and again, until people pass."""
    async with opened() as door:
        heeded = [await announced(door) for _ in range(30)]
        assert heeded.index(False) == 20
        # The regular questions go on.
        assert await asked_in(door, 10) == 2
        door.enter()
        await door.go_on()
        assert state_of(door.hass, IN_TODAY) == "1"
        assert await announced(door)


async def test_reliable_events(opened: Opened) -> None:
    """Ask once a minute if the camera has announced all people, and after each push; show people at once."""
    async with opened() as door:
        assert await asked_in(door, 20) == 4
        await prove(door)
        assert await asked_in(door, 50) == 0
        assert await asked_in(door, 30) == 1
        await door.push()
        # Only people between two readings after a push are certainly missing in it.
        assert await asked_in(door, 10) == 1
        assert await asked_in(door, 30) == 0
        door.enter()
        assert await announced(door)
        assert state_of(door.hass, IN_TODAY) == "6"


async def test_person_without_event(opened: Opened) -> None:
    """Ask as often as without events after a person whom the camera didn't announce."""
    async with opened() as door:
        await prove(door)
        door.enter()
        assert await asked_in(door, 55) == 1
        assert state_of(door.hass, IN_TODAY) == "6"
        assert await asked_in(door, 60) == 12


async def test_counts_follow_the_event(opened: Opened) -> None:
    """Ask again after an event, whose people may not be in the live counts yet."""
    async with opened() as door:
        await prove(door)
        assert await announced(door)
        door.enter()
        assert await asked_in(door, 30) == 1
        assert state_of(door.hass, IN_TODAY) == "6"
        assert await asked_in(door, 30) == 0


async def test_stream_breaks(opened: Opened) -> None:
    """Ask as often as without events while the stream is broken, and open it again less and less often."""
    async with opened() as door:
        await prove(door)
        await streams(door).drop()
        await door.settle()
        assert await asked_in(door, 20) == 4
        assert streams(door).opened == 1
        for opened_again, seconds in ((2, 15), (2, 50), (3, 15)):
            await asked_in(door, seconds)
            assert await happens(lambda: True)
            assert streams(door).opened == opened_again
            await streams(door).drop()


async def test_stream_breaks_after_an_hour(opened: Opened) -> None:
    """Open a stream again as soon as after the first time if it has lasted long."""
    async with opened() as door:
        for opened_before, lasting in ((1, 0), (2, 4)):
            for _ in range(lasting):
                await door.go_on(1000)
            assert streams(door).opened == opened_before
            await streams(door).drop()
            await door.settle()
            await asked_in(door, 40)
            assert await happens(lambda: any(streams(door).filters.values()))


@pytest.mark.parametrize(
    "fault",
    [Reply(401), Reply(403), Reply(404), Reply(426), Reply(200), Reply(302, headers={"Location": "/"}), Reply(500)],
    ids=lambda fault: str(fault.status),
)
async def test_refused_stream(opened: Opened, fault: Reply) -> None:
    """Try a stream once with each sign-in; a refusal has no effect on live counts."""
    async with opened(fault=fault) as door:
        for people in (1, 2):
            assert tried(door) == [False, False, True]
            door.device.requests.clear()
            assert await asked_in(door, 60) == len(door.device.requests) == 12
            door.enter()
            await door.go_on()
            assert state_of(door.hass, IN_TODAY) == str(people)
            assert f"access_refused_{door.device.serial}" not in active_issues(door.hass)
            # The next sign-in.
            door.fault = Reply(503)
            await door.go_on()
            door.fault = None
            await door.go_on(10)


@pytest.mark.parametrize(
    "faults",
    [
        {"refuses_filters": True},
        {"ends": True},
        {"texts": [b"binary"]},
        {"texts": ["x" * 20_000]},
        {"texts": [EVENT % OTHER_APPLICATION], "is_endless": True},
        {"texts": ["", "{", "[]", "[" * 10_000, "null", EVENT % "x", '{"method": "events:notify", "params": []}']},
        {"texts": ['{"method": "events:notify", "params": {"notification": {"topic": 7}}}', f'"{COUNTED}"']},
    ],
    ids=lambda faults: str(faults)[:40],
)
async def test_bad_stream(opened: Opened, faults: dict[str, Any]) -> None:
    """Ask as often as without events, and show people, whatever a stream contains."""
    async with opened(**faults) as door:
        assert await happens(lambda: streams(door).opened == 1)
        assert await asked_in(door, 20) == 4
        door.enter()
        await door.go_on()
        assert state_of(door.hass, IN_TODAY) == "1"
        assert await asked_in(door, 60) == 12
        assert streams(door).opened <= 3


async def test_flood(opened: Opened) -> None:
    """Ask no more than once a second when events come without end, and close the stream."""
    async with opened(texts=[EVENT % COUNTED], is_endless=True) as door:
        asked = door.asked
        for seconds in range(1, 20):
            await door.go_on(1)
            await happens(lambda: not streams(door).filters)
            assert door.asked <= asked + seconds
        assert (streams(door).opened, len(streams(door).filters)) == (1, 0)


async def test_flood_of_pings(opened: Opened) -> None:
    """Read no more of a flood than it takes to notice it: the event loop would stand still for seconds."""
    async with opened() as door:
        before = time.thread_time()
        await streams(door).flood()
        assert await happens(lambda: not streams(door).filters)
        assert time.thread_time() - before < 0.5
        assert await asked_in(door, 20) == 4


async def test_crash(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """Ask as often as without events when the camera is gone before its pings are answered."""
    caplog.set_level(logging.DEBUG)
    async with opened() as door:
        await streams(door).crash()
        assert await happens(lambda: not streams(door).filters)
        assert await happens(lambda: "The event stream of" in caplog.text)
        assert await asked_in(door, 20) == 4


async def test_silent_stream(opened: Opened) -> None:
    """Keep a silent stream open while the camera answers pings, and answer its pings."""
    async with opened() as door:
        await asked_in(door, 120)
        (stream,) = streams(door).filters
        await stream.ping()
        assert await happens(lambda: streams(door).pongs == 1)
        await asked_in(door, 60)
        assert streams(door).opened == len(streams(door).filters) == 1


async def test_dead_stream(opened: Opened) -> None:
    """Ask as often as without events when the camera doesn't answer pings any more."""
    async with opened(is_dead=True) as door:
        await prove(door)
        assert await asked_in(door, 45) == 0
        await asked_in(door, 10)
        assert await asked_in(door, 20) == 4


async def test_unload(opened: Opened, hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Close the stream with the entry."""
    async with opened() as door:
        assert len(streams(door).filters) == 1
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert await happens(lambda: not streams(door).filters)
        asked = door.asked
        await door.go_on(60)
        assert (door.asked, streams(door).opened) == (asked, 1)


async def test_access_is_given_again(opened: Opened, hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Keep one stream of each camera."""
    async with opened() as door:
        (subentry,) = entry.get_subentries_of_type("camera")
        await reconfigure(hass, entry, subentry, door.device)
        await door.go_on()
        assert await happens(lambda: streams(door).opened == 2)
        assert len(streams(door).filters) == 1


async def test_wrong_password(opened: Opened) -> None:
    """Close the stream when the camera refuses the password."""
    async with opened() as door:
        door.device.password = "changed"
        door.device.forget_nonces()
        await door.go_on()
        assert await happens(lambda: not streams(door).filters)
        assert await asked_in(door, 60) == 0
        assert streams(door).opened == 1
