"""The repairs of a place whose schedule, calendar or sales were deleted or disabled."""

from datetime import timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.issues import active_issues
from .helpers.opening import SCHEDULE, ShopSchedule, settle
from .helpers.places import NOON, add_place, both, form, shown
from .helpers.pusher import Pusher

MINUTE: Final = timedelta(minutes=1)
TILL: Final = "input_number.till"

pytestmark = pytest.mark.usefixtures("schedules_and_calendars")


async def change(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> None:
    """Empty the opening hours and the sales of a place, as a person does."""
    flows = hass.config_entries.subentries
    result = await flows.async_init(
        (entry.entry_id, "place"), context={"source": SOURCE_RECONFIGURE, "subentry_id": key}
    )
    await flows.async_configure(result["flow_id"], form())
    await settle(hass)


async def test_deleted_schedule(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """A repair names the schedule at once; it ends when the schedule is back, and when the place needs none."""
    await schedule.add(("09:00", "18:00"))
    await both(pusher, main=(4, 1))
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    assert not active_issues(hass)
    await schedule.delete()
    gone = f"opening_hours_gone_{key}"
    assert {*active_issues(hass)} == {gone}
    assert active_issues(hass)[gone].translation_placeholders == {"name": "Shop", "place": "Shop", "entity": SCHEDULE}
    await schedule.add(("09:00", "18:00"))
    assert not active_issues(hass)
    await schedule.delete()
    assert {*active_issues(hass)} == {gone}
    await change(hass, entry, key)
    assert not active_issues(hass)
    assert shown(hass, key, "visitors_today") == "4"


async def test_disabled_or_unavailable_schedule(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """A disabled schedule is as good as a deleted one; an unavailable one comes back by itself."""
    await schedule.add(("09:00", "18:00"))
    await both(pusher)
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    hass.states.async_set(SCHEDULE, "unavailable")
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE)
    assert not active_issues(hass)
    er.async_get(hass).async_update_entity(SCHEDULE, disabled_by=er.RegistryEntryDisabler.USER)
    await settle(hass)
    noon.tick(MINUTE)
    await both(pusher, NOON + 2 * MINUTE)
    assert {*active_issues(hass)} == {f"opening_hours_gone_{key}"}


async def test_deleted_sales(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A helper gives the sales; when it is deleted, a repair names it with the next push, and ends with the place."""
    registry = er.async_get(hass)
    registry.async_get_or_create("input_number", "input_number", "till", suggested_object_id="till")
    hass.states.async_set(TILL, "12.0")
    await both(pusher, main=(40, 0))
    key = await add_place(hass, entry, sales=TILL)
    assert shown(hass, key, "conversion_rate") == "30.0"
    # A helper that is being loaded again has no state, but is still known.
    hass.states.async_remove(TILL)
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE)
    assert not active_issues(hass)
    registry.async_remove(TILL)
    noon.tick(MINUTE)
    await both(pusher, NOON + 2 * MINUTE)
    gone = f"sales_gone_{key}"
    assert active_issues(hass)[gone].translation_placeholders == {"name": "Shop", "place": "Shop", "entity": TILL}
    hass.config_entries.async_remove_subentry(entry, key)
    await settle(hass)
    assert gone not in active_issues(hass)


async def test_start(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """While Home Assistant starts, an entity of another integration may not be there yet."""
    hass.set_state(CoreState.starting)
    await both(pusher)
    key = await add_place(hass, entry, sales=TILL, opening_hours=SCHEDULE)
    await settle(hass)
    assert not active_issues(hass)
    hass.set_state(CoreState.running)
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE)
    assert {*active_issues(hass)} == {f"opening_hours_gone_{key}", f"sales_gone_{key}"}
