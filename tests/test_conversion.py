"""The conversion rate and the reached goal of a place, seen from outside."""

from datetime import datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache_with_extra_data
from pytest_homeassistant_custom_component.components.recorder.common import do_adhoc_statistics
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from .helpers.asked_cameras import asked_camera
from .helpers.clock import move_to, wait
from .helpers.live import open_door
from .helpers.opening import SCHEDULE, ShopSchedule, prepare_opening_hours
from .helpers.places import BACK_DOOR, NOON, add_place, both, entity_of, form, push_two_doors, shown
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.recorder_statistics import settle

TILL: Final = "sensor.till"
STOCKHOLM: Final = {"time_zone": "Europe/Stockholm"}
MINUTE: Final = timedelta(minutes=1)
RATE: Final = "sensor.shop_conversion_rate"


def sell(hass: HomeAssistant, number: Any, **attributes: Any) -> None:
    """Let the till show a number of sales."""
    hass.states.async_set(TILL, str(number), attributes)


async def rate(hass: HomeAssistant) -> str:
    """Return the conversion rate of the shop."""
    await hass.async_block_till_done()
    state = hass.states.get(RATE)
    assert state
    return state.state


async def push_at(clock: FrozenDateTimeFactory, hass: HomeAssistant, pusher: Pusher, at: str, entered: int) -> None:
    """Let people come in by both doors in the minute before an instant."""
    instant = datetime.fromisoformat(at)
    await move_to(hass, clock, instant)
    await both(pusher, instant, main=(entered, 0))


@pytest.fixture
async def shop(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> str:
    """Return the key of a shop with 40 visitors, 12 sales and a goal of 200 visitors."""
    sell(hass, 12)
    await both(pusher, main=(30, 4), back=(10, 2))
    return await add_place(hass, entry, **STOCKHOLM, sales=TILL, goal=200)


@pytest.mark.usefixtures("shop")
async def test_rate_and_goal(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Follow visitors and sales, also beyond 100 percent."""
    state = hass.states.get(RATE)
    assert state
    assert state.state == "30.0"
    assert (state.attributes["unit_of_measurement"], state.attributes["state_class"]) == ("%", "measurement")
    goal = hass.states.get("sensor.shop_goal_reached")
    assert goal
    assert goal.state == "20.0"
    assert (goal.attributes["unit_of_measurement"], goal.attributes["state_class"]) == ("%", "measurement")
    sell(hass, 13)
    assert await rate(hass) == "32.5"
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE, main=(12, 0), back=(0, 9))
    assert await rate(hass) == "25.0"
    sell(hass, 104)
    assert await rate(hass) == "200.0"
    noon.tick(MINUTE)
    await both(pusher, NOON + 2 * MINUTE, main=(198, 0))
    goal = hass.states.get("sensor.shop_goal_reached")
    assert goal
    assert goal.state == "125.0"


async def test_only_with_the_option(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Have each sensor only while its option is set."""

    async def names(**options: Any) -> set[str]:
        result = await hass.config_entries.subentries.async_init(
            (entry.entry_id, "place"), context={"source": SOURCE_RECONFIGURE, "subentry_id": shop}
        )
        await hass.config_entries.subentries.async_configure(result["flow_id"], form(**options))
        await hass.async_block_till_done()
        return {
            name
            for name in ("conversion_rate", "goal_reached")
            if er.async_get(hass).async_get_entity_id("sensor", "axis_people_counter", f"{shop}_{name}")
        }

    assert await names(sales=TILL) == {"conversion_rate"}
    assert await names(goal=10) == {"goal_reached"}
    assert shown(hass, shop, "goal_reached") == "400.0"
    assert await names() == set()
    assert await names(sales=TILL, goal=10) == {"conversion_rate", "goal_reached"}


@pytest.mark.parametrize(
    "wrong", ["unknown", "unavailable", "twelve", "12 sales", "", "-1", "nan", "inf", "1e400", "1e300", "12,5"]
)
@pytest.mark.usefixtures("shop")
async def test_wrong_sales(hass: HomeAssistant, wrong: str) -> None:
    """Show nothing for sales that are no number, and go on when they are one again."""
    sell(hass, wrong)
    assert await rate(hass) == STATE_UNKNOWN
    sell(hass, 14, unit_of_measurement="sales")
    assert await rate(hass) == "35.0"
    hass.states.async_remove(TILL)
    assert await rate(hass) == STATE_UNKNOWN


@pytest.mark.parametrize(
    "last_reset",
    ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "2026-02-30T00:00:00", "2026-09-16 25:00:00", "never", 7],
)
async def test_last_reset_that_is_no_time(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, last_reset: object
) -> None:
    """Have a rate, and follow the sales, though they began again at a time that doesn't exist."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    sell(hass, 12, last_reset=last_reset)
    await both(pusher, main=(30, 4), back=(10, 2))
    await add_place(hass, entry, **STOCKHOLM, sales=TILL)
    assert await rate(hass) == "30.0"
    sell(hass, 14, last_reset=last_reset)
    assert await rate(hass) == "35.0"


async def test_sales_sensor_comes_later(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Wait for a sensor that doesn't exist at the start, and for the first visitor."""
    await both(pusher)
    await add_place(hass, entry, **STOCKHOLM, sales=TILL)
    assert await rate(hass) == STATE_UNKNOWN
    sell(hass, 3)
    assert await rate(hass) == STATE_UNKNOWN
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE, back=(12, 0))
    assert await rate(hass) == "25.0"


@pytest.mark.usefixtures("shop")
async def test_midnight(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Show no rate with yesterday's sales until the till begins again, early or late."""
    sell(hass, 500)
    await push_at(noon, hass, pusher, "2026-09-16T23:59:00+02:00", 10)
    assert await rate(hass) == "1000.0"
    # The place's day ends at midnight in Stockholm, the till's a quarter of an hour later.
    await push_at(noon, hass, pusher, "2026-09-17T00:01:00+02:00", 0)
    assert await rate(hass) == STATE_UNKNOWN
    await push_at(noon, hass, pusher, "2026-09-17T00:10:00+02:00", 10)
    assert await rate(hass) == STATE_UNKNOWN
    sell(hass, 501)
    assert await rate(hass) == STATE_UNKNOWN
    await push_at(noon, hass, pusher, "2026-09-17T00:15:00+02:00", 0)
    sell(hass, 0)
    assert await rate(hass) == "0.0"
    sell(hass, 4)
    assert await rate(hass) == "40.0"
    # On the next day, the till begins again half an hour early.
    await push_at(noon, hass, pusher, "2026-09-17T23:30:00+02:00", 0)
    sell(hass, 1)
    await push_at(noon, hass, pusher, "2026-09-18T09:00:00+02:00", 4)
    assert await rate(hass) == "25.0"


@pytest.mark.usefixtures("shop")
async def test_last_reset(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Believe a helper that says when it began again: a meter of a month isn't today's."""
    sell(hass, 8, last_reset="2026-09-16T00:00:00+02:00")
    assert await rate(hass) == "20.0"
    sell(hass, 9, last_reset="2026-09-01T00:00:00+02:00")
    assert await rate(hass) == STATE_UNKNOWN
    sell(hass, 2, last_reset="no time")
    assert await rate(hass) == "5.0"


@pytest.fixture
def stored(hass: HomeAssistant, request: pytest.FixtureRequest) -> None:
    """Let Home Assistant start with what it stored of the conversion rate."""
    began_at = int(datetime.fromisoformat(request.param["began_at"]).timestamp())
    data = {"source": TILL, "read_at": began_at, **request.param, "began_at": began_at}
    mock_restore_cache_with_extra_data(hass, [(State(RATE, "30.0"), data)])


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param({"number": 12, "began_at": "2026-09-15T20:00:00+02:00"}, "30.0", id="began again in the evening"),
        pytest.param({"number": 12, "began_at": "2026-09-15T10:00:00+02:00"}, STATE_UNKNOWN, id="not begun again"),
        pytest.param({"number": 30, "began_at": "2026-09-15T10:00:00+02:00"}, "30.0", id="begun again meanwhile"),
        pytest.param(
            {"number": 12, "began_at": "2026-09-15T10:00:00+02:00", "source": "sensor.other"}, "30.0", id="of another"
        ),
        pytest.param({"number": "12", "began_at": "2026-09-15T10:00:00+02:00"}, "30.0", id="damaged"),
    ],
    indirect=["stored"],
)
async def test_restart(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    stored: None,
    pusher: Pusher,
    expected: str,
) -> None:
    """Know after a restart whether the till's number is today's."""
    sell(hass, 12)
    await both(pusher, main=(40, 0))
    await add_place(hass, entry, **STOCKHOLM, sales=TILL)
    assert await rate(hass) == expected


async def test_reload(
    hass: HomeAssistant, shop: str, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Go on after a reload, and after Home Assistant was off over midnight."""
    await hass.config_entries.async_reload(entry.entry_id)
    assert await rate(hass) == "30.0"
    await hass.config_entries.async_unload(entry.entry_id)
    await move_to(hass, noon, "2026-09-17T09:00:00+02:00")
    await hass.config_entries.async_setup(entry.entry_id)
    await both(pusher, datetime.fromisoformat("2026-09-17T09:00:00+02:00"), main=(10, 0))
    assert await rate(hass) == STATE_UNKNOWN
    sell(hass, 3)
    assert await rate(hass) == "30.0"


async def test_renamed_sales_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Follow a sensor whose entity ID is changed, and show nothing when it is removed."""
    registry = er.async_get(hass)
    till = registry.async_get_or_create("sensor", "shop", "till", suggested_object_id="till")
    schedule = registry.async_get_or_create("schedule", "schedule", "hours", suggested_object_id="hours")
    sell(hass, 12)
    await both(pusher, main=(40, 0))
    key = await add_place(hass, entry, **STOCKHOLM, sales=TILL)
    other = await add_place(hass, entry, name="Yard", opening_hours=schedule.entity_id)
    assert await rate(hass) == "30.0"
    registry.async_update_entity(till.entity_id, new_entity_id="sensor.register")
    registry.async_update_entity(schedule.entity_id, new_entity_id="schedule.shop")
    hass.states.async_remove(TILL)
    hass.states.async_set("sensor.register", "14")
    await hass.async_block_till_done()
    assert entry.subentries[key].data["sales"] == "sensor.register"
    data = entry.subentries[other].data
    assert data["opening_hours"] == "schedule.shop"
    assert "sales" not in data
    assert await rate(hass) == "35.0"
    registry.async_remove("sensor.register")
    hass.states.async_remove("sensor.register")
    assert await rate(hass) == STATE_UNKNOWN


@pytest.mark.usefixtures("shop")
async def test_quiet(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Write no state while neither visitors nor the number of sales change."""
    before = {name: hass.states.get(name) for name in (RATE, "sensor.shop_goal_reached")}
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE, main=(0, 1))
    sell(hass, 12, icon="mdi:cart")
    sell(hass, "12.0")
    await hass.async_block_till_done()
    after = {name: hass.states.get(name) for name in before}
    for name, state in before.items():
        assert state is after[name], name


@pytest.mark.usefixtures("shop")
async def test_silent_doors(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Be unavailable with the visitors."""
    await wait(hass, noon, timedelta(hours=1))
    assert await rate(hass) == STATE_UNAVAILABLE
    sell(hass, 20)
    assert await rate(hass) == STATE_UNAVAILABLE
    await pusher.push(measurement(NOON + timedelta(minutes=59)), sensor=BACK_DOOR)
    assert await rate(hass) == "50.0"


@pytest.fixture
async def _schedules(hass: HomeAssistant) -> None:
    await prepare_opening_hours(hass)


@pytest.mark.usefixtures("noon", "_schedules")
async def test_opening_hours(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, hass_ws_client: WebSocketGenerator
) -> None:
    """Count only visitors during opening hours, and show nothing while these aren't known."""
    sell(hass, 12)
    await push_two_doors(pusher, main=[measurement(NOON - timedelta(hours=3), 60), measurement(NOON - MINUTE, 40)])
    await add_place(hass, entry, sales=TILL, goal=200, opening_hours=SCHEDULE)
    assert await rate(hass) == STATE_UNKNOWN
    assert state_of(hass, "sensor.shop_goal_reached") == STATE_UNKNOWN
    schedule = ShopSchedule(hass, hass_ws_client)
    await schedule.add(("10:00", "18:00"))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await rate(hass) == "30.0"
    assert state_of(hass, "sensor.shop_goal_reached") == "20.0"
    await schedule.delete()


@pytest.mark.usefixtures("socket_enabled")
async def test_live_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Follow people who pass before the next report."""
    sell(hass, 12)
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        await add_place(hass, entry, (SERIAL,), **STOCKHOLM, sales=TILL, goal=200)
        for _ in range(2):
            await door.go_on()
        before = await rate(hass)
        door.enter(24)
        await door.go_on()
        assert (before, await rate(hass)) == (STATE_UNKNOWN, "50.0")
        state = hass.states.get(RATE)
        assert state
        assert state.attributes["live"] is True


async def test_hourly_series(
    recorder_mock: Recorder, hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Let recorder compile both sensors hour by hour."""
    sell(hass, 12)
    await both(pusher, main=(40, 0))
    key = await add_place(hass, entry, **STOCKHOLM, sales=TILL, goal=200)
    await settle(hass)
    for part in range(12):
        do_adhoc_statistics(hass, start=NOON + part * 5 * MINUTE)
    await settle(hass)
    ids = {entity_of(hass, key, "conversion_rate"), entity_of(hass, key, "goal_reached")}
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, NOON, None, ids, "hour", None, {"mean", "min", "max"}
    )
    rows = {
        statistic_id: [(row["start"], row["mean"], row["min"], row["max"]) for row in rows]
        for statistic_id, rows in found.items()
    }
    at = NOON.timestamp()
    assert rows == {RATE: [(at, 30, 30, 30)], "sensor.shop_goal_reached": [(at, 20, 20, 20)]}
