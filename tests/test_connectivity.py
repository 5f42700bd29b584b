"""Cameras that fall silent and report again."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .helpers.clock import wait
from .helpers.issues import active_issues
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of

CONNECTIVITY = "binary_sensor.main_entrance_connectivity"
COUNTING = (
    "binary_sensor.main_entrance_occupied",
    "sensor.main_entrance_in_today",
    "sensor.main_entrance_in_total",
    "sensor.main_entrance_occupancy",
    "sensor.main_entrance_out_today",
    "sensor.main_entrance_out_total",
)
ALWAYS_KNOWN = (
    "button.main_entrance_reset_occupancy",
    "event.main_entrance_passage",
    "switch.main_entrance_reverse_direction",
)
NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)


def check(hass: HomeAssistant, *, connected: bool) -> None:
    """Assert that all entities agree."""
    assert state_of(hass, CONNECTIVITY) == ("on" if connected else "off")
    for entity_id in COUNTING:
        assert (state_of(hass, entity_id) != "unavailable") is connected, entity_id
    for entity_id in ALWAYS_KNOWN:
        assert state_of(hass, entity_id) != "unavailable", entity_id


@pytest.mark.parametrize(("width", "limit"), [(1, 5), (5, 15), (15, 45)])
async def test_silence(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    caplog: pytest.LogCaptureFixture,
    width: int,
    limit: int,
) -> None:
    """Counts are unavailable after three send intervals without a message, at least five minutes."""
    step = timedelta(minutes=width)
    await pusher.push(*(measurement(NOON - number * step, 1, minutes=width) for number in (3, 2)))
    await pusher.push(measurement(NOON - step, 1, minutes=width))
    await wait(hass, noon, timedelta(minutes=limit) - timedelta(seconds=1))
    check(hass, connected=True)
    await wait(hass, noon, timedelta(seconds=1))
    check(hass, connected=False)
    await wait(hass, noon, timedelta(hours=2))
    assert caplog.text.count("Main entrance has been silent since") == 1

    await pusher.push(measurement(NOON, 1, minutes=width))
    check(hass, connected=True)
    assert state_of(hass, "sensor.main_entrance_in_today") == "4"
    assert caplog.text.count("Main entrance reports again") == 1


async def test_send_interval_is_wider_than_the_counted_ones(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A camera that sends fifteen minutes at a time stays connected between two messages."""
    await pusher.push(*(measurement(NOON - (15 - minute) * MINUTE) for minute in range(15)))
    noon.tick(15 * MINUTE)
    await pusher.push(*(measurement(NOON + minute * MINUTE) for minute in range(15)))
    await wait(hass, noon, 44 * MINUTE)
    check(hass, connected=True)
    await wait(hass, noon, MINUTE)
    check(hass, connected=False)


async def test_outage_is_no_send_interval(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A camera that has sent three days at once is silent within three quarters of an hour."""
    await pusher.push(measurement(NOON - MINUTE))
    noon.tick(timedelta(days=3))
    await pusher.push(*(measurement(NOON + minutes * MINUTE) for minutes in range(0, 3 * 24 * 60, 7)))
    check(hass, connected=True)
    await wait(hass, noon, 45 * MINUTE)
    check(hass, connected=False)


@pytest.mark.usefixtures("all_entities_enabled")
async def test_test_message_connects(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A test message makes a camera connected."""
    await pusher.push(measurement(NOON - MINUTE))
    await wait(hass, noon, 6 * MINUTE)
    check(hass, connected=False)
    for key in ("last_message", "counted_until"):
        assert state_of(hass, f"sensor.main_entrance_{key}") == "2026-09-16T10:00:00+00:00"
    assert (await pusher.post(document(data=None))).ok
    check(hass, connected=True)
    assert state_of(hass, "sensor.main_entrance_last_message") == "2026-09-16T10:06:00+00:00"
    assert state_of(hass, "sensor.main_entrance_counted_until") == "2026-09-16T10:00:00+00:00"


async def test_test_message_of_an_unknown_camera(hass: HomeAssistant, pusher: Pusher) -> None:
    """A test message of an unknown camera is answered, and adds no device."""
    assert (await pusher.post(document(data=None))).ok
    assert not hass.states.async_all()


async def test_silence_begins_at_the_start(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Silence is counted from the start of Home Assistant at the earliest."""
    await pusher.push(measurement(NOON - MINUTE))
    await hass.config_entries.async_unload(entry.entry_id)
    noon.tick(timedelta(hours=3))
    await hass.config_entries.async_setup(entry.entry_id)
    check(hass, connected=True)
    await wait(hass, noon, 5 * MINUTE)
    check(hass, connected=False)


async def test_silent_for_a_day(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    issue_registry: ir.IssueRegistry,
) -> None:
    """An issue appears after a day, also after a restart, and ends with the next message."""
    issue_id = f"camera_silent_{SERIAL}"
    await pusher.push(measurement(NOON - MINUTE))
    await wait(hass, noon, timedelta(days=1) - MINUTE)
    assert issue_id not in active_issues(hass)
    await wait(hass, noon, MINUTE)
    assert active_issues(hass)[issue_id].translation_placeholders == {
        "name": "Main entrance",
        "camera": r"Main entrance ([192\.168\.1\.106](http://192.168.1.106))",
        "since": "2026-09-16 03:00",
    }

    # After a day of silence, a restart gives the camera no new time.
    ir.async_delete_issue(hass, DOMAIN, active_issues(hass)[issue_id].issue_id)
    await hass.config_entries.async_reload(entry.entry_id)
    check(hass, connected=False)
    assert issue_id in active_issues(hass)

    await pusher.push(measurement(NOON + timedelta(days=1) - MINUTE))
    check(hass, connected=True)
    assert issue_id not in active_issues(hass)
