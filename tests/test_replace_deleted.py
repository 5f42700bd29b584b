"""A replacement after counts of the new camera were deleted because of their age: nobody counts twice or is lost."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import CONF_KEEP_DAYS
from homeassistant.core import HomeAssistant

from .helpers.bare_ledger import assert_sound
from .helpers.clock import wait
from .helpers.flows import choose, enter
from .helpers.places import add_place, shown
from .helpers.pusher import SERIAL, Document, Pusher, measurement, state_of
from .helpers.recorder_statistics import go_on, rows, settle, sums
from .helpers.replacing import NEW, NEW_SENSOR, NOON, replace, undo

pytestmark = pytest.mark.usefixtures("recorder_mock")

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
TOTAL: Final = "sensor.main_entrance_in_total"
THIRD_SENSOR: Final = NEW_SENSOR | {"serial": "accc8e000009", "name": "Side entrance"}


@pytest.fixture(autouse=True)
async def _time_zone(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Stockholm")


def hour_before_noon(days_ago: int, entered: int) -> Document:
    """Return the counts of the hour before noon some days ago."""
    return measurement(NOON - days_ago * DAY - HOUR, entered, minutes=60)


async def delete_old_counts(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Keep the counts of five days, and wait until all older ones are deleted."""
    await settle(hass)
    hass.config_entries.async_update_entry(entry, options={**entry.options, CONF_KEEP_DAYS: 5})
    await settle(hass)


@pytest.fixture
async def kept(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Let the new camera count since fifteen days, where the old one stopped twenty days ago; keep five days.

    Another camera counts as well, since counts are only deleted if most cameras count.
    """
    noon.move_to(NOON - 20 * DAY)
    await pusher.push(hour_before_noon(20, 1000))
    noon.move_to(NOON)
    await pusher.push(*(hour_before_noon(day, 3) for day in range(15)), sensor=NEW_SENSOR)
    await pusher.push(hour_before_noon(0, 3), sensor=NEW_SENSOR)
    await pusher.push(hour_before_noon(0, 0), sensor=THIRD_SENSOR)
    await delete_old_counts(hass, entry)
    assert state_of(hass, "sensor.new_camera_in_total") == "45"


@pytest.mark.usefixtures("kept")
async def test_new_camera_counts_longer_than_counts_are_kept(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """It takes over from when on its counts are kept; charts of both have everybody once, also when that is undone."""
    place = await add_place(hass, entry, (SERIAL, NEW), name="Both")
    await settle(hass)
    before = await sums(hass, serial=place)
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    result = await enter(hass, result, old_camera=SERIAL, new_camera=NEW)
    assert result["description_placeholders"]
    assert result["description_placeholders"]["since"] == "2026-09-11 02:00:00"
    await replace(hass, entry)
    assert state_of(hass, TOTAL) == str(1000 + 6 * 3)
    assert (await sums(hass))[-1] == 1000 + 6 * 3
    assert (await sums(hass, serial=NEW))[-1] == 9 * 3
    assert await sums(hass, serial=place) == before
    assert shown(hass, place, "in_today") == "3"

    await go_on(hass, noon, 60)
    await pusher.push(measurement(NOON, 5, minutes=60), sensor=NEW_SENSOR)
    assert (await sums(hass))[-1] == 1000 + 6 * 3 + 5
    assert (await sums(hass, serial=NEW))[-1] == 9 * 3

    await undo(hass, entry)
    await go_on(hass, noon, 60)
    await pusher.push(measurement(NOON + HOUR, 1, minutes=60), sensor=NEW_SENSOR)
    assert entry.runtime_data.cameras[SERIAL].data.total.entered == 1000
    assert (await sums(hass))[-1] == 1000
    assert (await sums(hass, serial=NEW))[-1] == 15 * 3 + 6
    assert state_of(hass, "sensor.new_camera_in_total") == str(15 * 3 + 6)
    assert_sound(ledger_path)


@pytest.mark.usefixtures("kept")
async def test_undone_after_counts_were_deleted(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """Counts that were deleted since the replacement stay with the old camera."""
    await replace(hass, entry)
    await wait(hass, noon, 8 * DAY)
    await pusher.push(measurement(NOON + 8 * DAY - HOUR, 5, minutes=60), sensor=NEW_SENSOR)
    await pusher.push(measurement(NOON + 8 * DAY - HOUR, 0, minutes=60), sensor=THIRD_SENSOR)
    await delete_old_counts(hass, entry)
    await wait(hass, noon, DAY)
    await settle(hass)
    await undo(hass, entry)
    await pusher.push(measurement(NOON + 9 * DAY - HOUR, 1, minutes=60), sensor=NEW_SENSOR)
    await pusher.push(measurement(NOON + 9 * DAY - HOUR, 1, minutes=60), sensor=NEW_SENSOR)
    total = 1000 + 15 * 3 + 5 + 1
    assert sum(camera.data.total.entered for camera in entry.runtime_data.cameras.values()) == total
    assert (await sums(hass))[-1] + (await sums(hass, serial=NEW))[-1] == total
    assert_sound(ledger_path)


async def test_new_camera_was_tried_long_ago(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The chart of what it counted then stays, and has none of the hours that it counts for the old camera."""
    noon.move_to(NOON - 15 * DAY)
    await pusher.push(hour_before_noon(15, 7), sensor=NEW_SENSOR)
    noon.move_to(NOON - DAY)
    await pusher.push(*(hour_before_noon(day, 2) for day in range(1, 16)))
    noon.move_to(NOON)
    await pusher.push(hour_before_noon(0, 3), sensor=NEW_SENSOR)
    await delete_old_counts(hass, entry)
    assert await sums(hass, serial=NEW) == [7] * 24 * 15 + [10]
    await replace(hass, entry)
    assert (await sums(hass))[-1] == 15 * 2 + 3
    assert await sums(hass, serial=NEW) == [7] * 24 * 15 + [7]
    assert [row["state"] for row in await rows(hass, "in", NEW)][-1] == 0
