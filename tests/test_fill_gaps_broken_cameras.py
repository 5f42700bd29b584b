"""A broken or hostile camera can change no counts that were pushed when it is asked for its own, and is left alone."""

from datetime import datetime, timedelta
import json
from pathlib import Path
from random import Random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .helpers.asked_cameras import asked_camera, camera_of, give_access, push
from .helpers.bare_ledger import assert_sound, stored
from .helpers.pusher import Pusher, state_of
from .helpers.recorder_statistics import rows, settle
from .simulator import Device, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled", "recorder_mock")

EXPORT = "/a3dpc/api/export/json"
TOTAL = "sensor.main_entrance_in_total"
MINUTE = timedelta(minutes=1)
# The local time at which the camera was installed, a day before now.
INSTALLED = datetime.fromisoformat("2026-09-15T12:00:00")


async def fill_gaps(hass: HomeAssistant) -> dict[str, Any]:
    """Fill the gaps of the only camera, and return what is said of it."""
    answer: Any = await hass.services.async_call(
        DOMAIN, "fill_gaps", {"entity_id": "all"}, blocking=True, return_response=True
    )
    (found,) = answer["cameras"]
    await settle(hass)
    return dict(found)


async def with_a_gap(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, device: Device) -> None:
    """Push the first, a middle and the last interval of a camera, and keep access to it."""
    first, *others, last = camera_of(device).waiting()
    await push(pusher, camera_of(device), [first, others[700], last])
    await give_access(hass, entry, device)


def row(start: datetime, entered: int, width: timedelta = MINUTE) -> dict[str, Any]:
    """Return a row of an export."""
    return {"start": str(start), "end": str(start + width), "in": entered, "out": 0, "adults_in": 100}


@pytest.mark.parametrize("seed", range(3))
async def test_rows_that_overlap(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    seed: int,
) -> None:
    """Count each minute of a gap once, and none outside of it, whatever rows there are and in which order."""
    random = Random(seed)
    found = [row(INSTALLED + minute * MINUTE, 2) for minute in range(-3000, 3000)]
    found += random.choices(found, k=2000)
    found += [row(INSTALLED + minute * MINUTE + timedelta(seconds=random.randrange(60)), 3) for minute in range(2000)]
    found += [row(INSTALLED + minute * MINUTE, 5, 2 * MINUTE) for minute in range(0, 1500, 7)]
    found += [row(datetime(year, 9, 15, 13), 7) for year in (1, 1969, 2025, 2027, 9998)]  # noqa: DTZ001 - local time
    random.shuffle(found)
    async with asked_camera(days=1) as device:
        await with_a_gap(hass, entry, pusher, device)
        before = stored(ledger_path)
        device.replies[EXPORT] = Reply(200, json.dumps({"data": found}).encode())
        answer = await fill_gaps(hass)
        after = stored(ledger_path)
        assert_sound(ledger_path)
        added = [interval for interval in after if interval not in before]
        assert len(added) == len(after) - len(before)
        assert {interval.end - interval.start for interval in added} == {60}
        assert {interval.entered for interval in added} <= {2, 3}
        assert max(interval.end for interval in after) == before[-1].end
        assert answer["filled_minutes"] == len(added)
        assert answer["in"] == sum(interval.entered for interval in added)
        total = sum(interval.entered for interval in after)
        assert int(state_of(hass, TOTAL)) == total == sum(int(hour["state"]) for hour in await rows(hass, "in"))
        # Nothing is added a second time.
        assert (await fill_gaps(hass))["filled_minutes"] == 0


async def test_nonces_that_expire_at_once(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Stop to sign in at a camera that calls each nonce stale, until a person enters the password again."""
    async with asked_camera(days=1) as device:
        await with_a_gap(hass, entry, pusher, device)
        challenge = f'Digest realm="AXIS_{device.serial.upper()}", nonce="x", algorithm=MD5, qop="auth", stale=true'
        stale = Reply(401, headers={"WWW-Authenticate": challenge})
        device.everywhere = stale
        device.requests.clear()
        for _ in range(3):
            with pytest.raises(HomeAssistantError):
                await fill_gaps(hass)
        assert sum(request.authorization is not None for request in device.requests) <= 2
