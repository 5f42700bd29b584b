"""Gaps in a camera's counts are filled with what the camera still has, and statistics follow."""

import asyncio
from http import HTTPStatus
from random import Random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized

from .helpers.asked_cameras import asked_camera, camera_of, give_access, push, reconfigure
from .helpers.documentation import blocks, from_yaml
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of
from .helpers.recorder_statistics import rows, settle
from .simulator import THREE_D, TWO_D, Camera, Counts, Interval, Model, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled", "recorder_mock")

OTHER = "accc8e000002"
TOTAL = "sensor.main_entrance_in_total"
# When clocks were put back in Stockholm, two passes of the same hour.
AUTUMN = "2026-10-25T10:00:00Z"


async def fill_gaps(hass: HomeAssistant, **data: Any) -> dict[str, Any]:
    """Fill the gaps of the only camera, and return what is said of it."""
    answer: Any = await hass.services.async_call(
        DOMAIN, "fill_gaps", {"entity_id": "all", **data}, blocking=True, return_response=True
    )
    (found,) = answer["cameras"]
    await settle(hass)
    return dict(found)


def without_some(random: Random, intervals: list[Interval]) -> list[Interval]:
    """Return intervals with random gaps between the first and the last."""
    kept = list(intervals)
    for _ in range(random.randint(1, 5)):
        begin = random.randrange(1, len(kept) - 1)
        del kept[begin : min(begin + random.randint(1, len(intervals) // 3), len(kept) - 1)]
    return kept


async def hourly(hass: HomeAssistant) -> dict[float, int]:
    """Return the people who came in by the hour, as recorder has them."""
    return {row["start"].timestamp(): int(row["state"]) for row in await rows(hass, "in")}


def truth(camera: Camera) -> dict[float, int]:
    """Return the people who came in by the hour since the camera was installed, up to its newest interval."""
    hours: dict[float, int] = {}
    for interval in camera.waiting():
        hour = interval.start.timestamp() // 3600 * 3600
        hours[hour] = hours.get(hour, 0) + interval.counts.in_
    return hours


@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
@pytest.mark.parametrize("seed", range(3))
async def test_random_gaps(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    model: Model,
    seed: int,
) -> None:
    """All hours equal what the camera counted, also after the missing push has come."""
    await check_random_gaps(hass, entry, pusher, model, seed)


@pytest.mark.slow
@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Europe/Berlin", "2026-03-30T10:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-05T10:00:00Z"),
        ("Asia/Kolkata", "2026-10-25T18:40:00Z"),
    ],
)
async def test_random_gaps_where_clocks_are_put_forward(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    model: Model,
    zone: str,
    now: str,
) -> None:
    """The same where a day has 23 hours, or its hours begin at other minutes."""
    noon.move_to(now)
    await check_random_gaps(hass, entry, pusher, model, 1, zone=zone)


async def check_random_gaps(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    model: Model,
    seed: int,
    *,
    zone: str = "Europe/Stockholm",
) -> None:
    """Push all but random gaps, fill these, and push all."""
    async with asked_camera(model, zone=zone) as device:
        camera = camera_of(device)
        intervals = camera.waiting()
        pushed = without_some(Random(seed), intervals)
        await push(pusher, camera, pushed)
        await give_access(hass, entry, device)
        missing = len(intervals) - len(pushed)
        assert missing
        added = sum((interval.counts for interval in intervals), Counts()) - sum(
            (interval.counts for interval in pushed), Counts()
        )
        answer = await fill_gaps(hass)
        assert answer["filled_minutes"] == missing * camera.width
        assert (answer["in"], answer["out"], answer["missing_minutes"]) == (added.in_, added.out, 0)
        assert await hourly(hass) == truth(camera)
        assert int(state_of(hass, TOTAL)) == sum(truth(camera).values())
        await push(pusher, camera, intervals)
        assert await hourly(hass) == truth(camera)
        assert (await fill_gaps(hass))["filled_minutes"] == 0


async def test_time_before_the_camera_was_connected(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Read what was counted before the first push; minutes without counts stay missing."""
    async with asked_camera() as device:
        camera = camera_of(device)
        *_, last = camera.waiting()
        await push(pusher, camera, [last])
        await give_access(hass, entry, device)
        assert (await fill_gaps(hass))["filled_minutes"] == 3 * 24 * 60 - 1
        assert await hourly(hass) == truth(camera)


async def test_hour_that_comes_twice(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Leave out both passes of the hour, and say how much is missing."""
    noon.move_to(AUTUMN)
    async with asked_camera(days=1) as device:
        camera = camera_of(device)
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        answer = await fill_gaps(hass)
        assert answer["missing_minutes"] == 120


async def test_interruption(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Keep the days that were read, say why the others weren't, and go on with them at the next call."""
    async with asked_camera() as device:
        camera = camera_of(device)
        assert device.counting
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        device.counting.broken_days = {"20260914"}
        answer = await fill_gaps(hass)
        assert "can't be read" in answer["error"]
        assert answer["filled_minutes"] == 36 * 60 - 1
        hours, counted = await hourly(hass), truth(camera)
        assert len([hour for hour in hours if hours[hour] == counted[hour]]) > 24
        assert hours != counted
        with pytest.raises(HomeAssistantError, match="can't be read"):
            await fill_gaps(hass)
        device.counting.broken_days = set()
        device.forget_nonces()
        before = len(device.requests)
        assert "error" not in await fill_gaps(hass)
        assert await hourly(hass) == truth(camera)
        # The days that were complete aren't asked for again.
        assert not [asked for asked in list(device.requests)[before:] if "start=20260916" in asked.path]


async def test_unreadable_day(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Fill all other days although one can't be read, and say so."""
    async with asked_camera() as device:
        camera = camera_of(device)
        assert device.counting
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        device.counting.broken_days = {"start=20260915"}
        answer = await fill_gaps(hass)
        assert "can't be read" in answer["error"]
        assert answer["missing_minutes"] == 24 * 60
        assert answer["filled_minutes"] == 48 * 60 - 2
        device.counting.broken_days = set()
        answer = await fill_gaps(hass)
        assert "error" not in answer
        assert answer["missing_minutes"] == 0
        assert await hourly(hass) == truth(camera)


async def test_days_before_the_camera_was_installed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Ask for a week before the first count, not for all that a camera may store."""
    async with asked_camera() as device:
        camera = camera_of(device)
        *_, last = camera.waiting()
        await push(pusher, camera, [last])
        await give_access(hass, entry, device)
        for days in (4, 0):
            device.requests.clear()
            answer = await fill_gaps(hass)
            assert answer["filled_minutes"] == (3 * 24 * 60 - 1 if days else 0)
            asked = {request.path for request in device.requests if "resolution=minute" in request.path}
            # The first and the last day aren't whole.
            assert len(asked) == 7 + max(1, days), asked


@pytest.mark.slow
async def test_every_day_with_a_gap(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Ask for every day with a gap, however many gaps are newer, and count all that is still missing."""
    async with asked_camera(days=16) as device:
        camera = camera_of(device)
        intervals = camera.waiting()
        old, new = intervals[: 24 * 60], intervals[2 * 24 * 60 :]
        await push(pusher, camera, old + new[1::2])
        await give_access(hass, entry, device)
        assert (await fill_gaps(hass))["missing_minutes"] == 0
        assert await hourly(hass) == truth(camera)


async def test_another_camera_at_the_address(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Take no counts of a camera that has got the address of this one, and don't sign in to it."""
    async with asked_camera() as device:
        camera = camera_of(device)
        intervals = camera.waiting()
        await push(pusher, camera, intervals[:600] + intervals[660:])
        await give_access(hass, entry, device)
        assert (await fill_gaps(hass))["filled_minutes"] == 60
        noon.tick(3600)
        await push(pusher, camera, camera.waiting()[-1:])
        before = await hourly(hass)
        device.serial = camera.serial = "accc8e000001"
        device.forget_nonces()
        device.requests.clear()
        with pytest.raises(HomeAssistantError, match="Another camera answers"):
            await fill_gaps(hass)
        assert await hourly(hass) == before
        first, *others = [request.authorization for request in device.requests]
        assert first
        # An answer to the challenge of this camera.
        assert SERIAL.upper() in first
        assert others == [None]


@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
async def test_another_camera_that_asks_for_no_password(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, model: Model
) -> None:
    """Take no counts of another camera, though nothing was refused since the one that was there."""
    async with asked_camera(model, authentication=()) as device:
        camera = camera_of(device)
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first])
        await give_access(hass, entry, device)
        await fill_gaps(hass)
        await push(pusher, camera, [last])
        device.serial = camera.serial = "accc8e000001"
        with pytest.raises(HomeAssistantError, match="nother camera"):
            await fill_gaps(hass)


async def test_another_certificate(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Send no password to a server with another certificate than the one that was accepted."""
    async with asked_camera(https=True) as device, asked_camera(https=True) as other:
        camera = camera_of(device)
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        assert (await fill_gaps(hass))["missing_minutes"] == 0
        (subentry,) = entry.get_subentries_of_type("camera")
        hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "host": other.address})
        assert await hass.config_entries.async_reload(entry.entry_id)
        with pytest.raises(HomeAssistantError, match="isn't the one that you accepted"):
            await fill_gaps(hass)
        assert not other.requests


async def test_wrong_password_is_tried_once(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A camera locks out whoever tries a wrong password again and again."""
    async with asked_camera() as device:
        camera = camera_of(device)
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        await fill_gaps(hass)
        right, device.password = device.password, "changed"
        rejected = device.rejected
        for _ in range(3):
            with pytest.raises(HomeAssistantError, match="doesn't accept this user name"):
                await fill_gaps(hass)
        # The sign-in that was kept, and the next one.
        assert device.rejected == rejected + 2

        # The account was made again in the camera, and the person enters the same password.
        device.password = right
        (subentry,) = entry.get_subentries_of_type("camera")
        await reconfigure(hass, entry, subentry, device)
        await fill_gaps(hass)


async def test_password_is_refused_for_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Send a password no more that the camera has refused for its counts only."""
    async with asked_camera() as device:
        camera = camera_of(device)
        first, *_, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        device.replies["/a3dpc/api/export/json"] = Reply(401)
        for _ in range(2):
            with pytest.raises(HomeAssistantError, match="may not do this"):
                await fill_gaps(hass)
        exports = [request for request in device.requests if "export" in request.path and request.authorization]
        assert len(exports) == 2

        # The same access is given again in the other dialog.
        device.replies.clear()
        await give_access(hass, entry, device)
        await fill_gaps(hass)


async def test_two_calls_at_once(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Fill each gap once; the second call doesn't ask for a day again that is complete."""
    async with asked_camera() as device:
        camera = camera_of(device)
        first, *between, last = camera.waiting()
        await push(pusher, camera, [first, last])
        await give_access(hass, entry, device)
        answers = await asyncio.gather(fill_gaps(hass), fill_gaps(hass))
        assert sum(answer["filled_minutes"] for answer in answers) == len(between)
        assert await hourly(hass) == truth(camera)
        complete = f"start={between[24 * 60].start:%Y%m%d}"
        assert len([request for request in device.requests if complete in request.path]) == 1


@pytest.mark.parametrize("offset", [False, True], ids=["nothing", "offset"])
async def test_camera_without_a_time_zone(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, offset: bool
) -> None:
    """Fill no gaps of a camera that doesn't name its time zone: one with the same offset may be another one."""
    async with asked_camera() as device:
        camera = camera_of(device)
        first, *_, last = camera.waiting()
        await hass.config.async_set_time_zone(camera.zone.key)
        await hass.async_block_till_done()
        sensor = {"timeZone": None}
        for interval in (first, last):
            local = interval.start.astimezone(camera.zone)
            measured = measurement(interval.start, 1)
            if offset:
                measured |= {
                    "localFrom": f"{local:%Y-%m-%dT%H:%M:%S}",
                    "localTo": f"{interval.end.astimezone(camera.zone):%Y-%m-%dT%H:%M:%S}",
                }
            response = await pusher.post(document(measured, sensor=sensor, localSent=None))
            assert response.status == HTTPStatus.OK
        await give_access(hass, entry, device)
        device.requests.clear()
        with pytest.raises(ServiceValidationError, match="time zone of Main entrance isn't known"):
            await fill_gaps(hass)
        assert not device.requests


async def test_some_cameras_fail(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Fill the gaps of the other cameras; only if all fail, the action fails."""
    async with asked_camera() as device, asked_camera(serial=OTHER) as other:
        for each in (device, other):
            camera = camera_of(each)
            first, *_, last = camera.waiting()
            await push(pusher, camera, [first, last])
        await give_access(hass, entry, other)

        async def answers() -> dict[str, dict[str, Any]]:
            answer: Any = await hass.services.async_call(
                DOMAIN, "fill_gaps", {"entity_id": "all"}, blocking=True, return_response=True
            )
            return {found["serial"]: found for found in answer["cameras"]}

        found = await answers()
        assert found.keys() == {SERIAL, OTHER}
        assert found[SERIAL].keys() == {"serial", "name", "error"}
        assert found[SERIAL]["error"].startswith("There is no access to Main entrance.")
        assert (found[OTHER]["name"], found[OTHER]["missing_minutes"]) == ("Back door", 0)

        # Each camera with access is asked, and its error shown rather than that another one has no access.
        other.everywhere = Reply(403)
        with pytest.raises(HomeAssistantError, match="refuses every sign-in"):
            await answers()
        await give_access(hass, entry, device)
        found = await answers()
        (documented,) = (from_yaml(text) for text in blocks("yaml") if "filled_minutes:" in text)
        assert [list(camera) for camera in found.values()] == [list(camera) for camera in documented["cameras"]]
        assert found[SERIAL]["missing_minutes"] == 0
        assert other.address in found[OTHER]["error"]


async def test_who_may_fill_gaps(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_read_only_user: MockUser,
) -> None:
    """It needs an administrator, access to the camera, and a time zone."""
    async with asked_camera() as device:
        camera = camera_of(device)
        await push(pusher, camera, camera.waiting()[-1:])
        with pytest.raises(ServiceValidationError, match="no access to Main entrance"):
            await fill_gaps(hass)
        await give_access(hass, entry, device)
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                "fill_gaps",
                {"entity_id": "all"},
                blocking=True,
                context=Context(user_id=hass_read_only_user.id),
            )
