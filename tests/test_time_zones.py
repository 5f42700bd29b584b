"""Time zones in every form that cameras send, and the days of cameras and places in them."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.counting.local_time import (
    MIDNIGHT,
    Period,
    fixed_zone,
    last_occurrence,
    next_occurrence,
    period_bounds,
    posix_zone,
    zone_names,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .helpers.clock import move_to
from .helpers.issues import active_issues
from .helpers.places import add_place, form, shown
from .helpers.pusher import SERIAL, Document, Pusher, document, measurement, state_of

IN_TODAY: Final = "sensor.main_entrance_in_today"
NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
YEAR: Final = 366


# POSIX texts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EST5EDT,M3.2.0,M11.1.0", "America/New_York"),
        ("EST+5EDT,M3.2.0/2,M11.1.0/2", "America/New_York"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Stockholm"),
        ("CET-01:00CEST-02:00,M3.5.0/02:00:00,M10.5.0/03:00:00", "Europe/Stockholm"),
        ("GMT0BST,M3.5.0/1,M10.5.0", "Europe/London"),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "Europe/Dublin"),
        # Summer is in January.
        ("NZST-12NZDT,M9.5.0,M4.1.0/3", "Pacific/Auckland"),
        ("ACST-9:30ACDT-10:30,M10.1.0/02:00:00,M4.1.0/03:00:00", "Australia/Adelaide"),
        # Clocks are put forward by half an hour.
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "Australia/Lord_Howe"),
        ("<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", "Pacific/Chatham"),
        ("<+0530>-5:30", "Asia/Kolkata"),
        ("<+14>-14", "Pacific/Kiritimati"),
        ("<-03>3", "America/Sao_Paulo"),
        ("UTC0", "UTC"),
        ("<UTC+3>-3", "Asia/Riyadh"),
        ("MST7", "America/Phoenix"),
        # Hours before the day and after its end.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "America/Nuuk"),
        ("IST-2IDT,M3.4.4/26,M10.5.0", "Asia/Jerusalem"),
    ],
)
def test_posix_texts(text: str, name: str) -> None:
    """A POSIX text has the same local time as the named zone, in each hour of the year."""
    zone = posix_zone(text)
    assert str(zone) == text
    for hours in range(YEAR * 24):
        instant = datetime(2026, 1, 1, tzinfo=UTC) + hours * HOUR
        assert instant.astimezone(zone).replace(tzinfo=None) == instant.astimezone(ZoneInfo(name)).replace(tzinfo=None)


@pytest.mark.parametrize("year", [2026, 2028])
def test_days_of_the_year(year: int) -> None:
    """Summer time may begin on a numbered day of the year; such numbers leave out 29 February."""
    zone = posix_zone("PST8PDT,J60/0,J300/0")
    summer = datetime(year, 3, 1, 8, tzinfo=UTC)
    assert (summer - MINUTE).astimezone(zone).utcoffset() == -8 * HOUR
    assert summer.astimezone(zone).utcoffset() == -7 * HOUR


# HOSTILE: what somebody who has the token could send
NO_ZONES: Final = (
    "",
    "X",
    "EST",
    "AB5",
    "<>5",
    "<A B>5",
    "Europe/Stockholm",
    "localtime",
    # Each system has rules of its own for these.
    "CET-1CEST",
    "STD8DST",
    "CET-1CEST,",
    "CET-1CEST,M3.5.0",
    "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.5.0/168,M10.5.0",
    "CET-1CEST,J0,J366",
    "CET-1CEST,366,0",
    # The sign may be meant the other way round.
    "UTC+2",
    "UTC-02",
    "GMT+1",
    "gmt-5:30",
    "UTC10",
    "UTC+00:30",
    # Python is a day off for these.
    "CET-1CEST,60,300",
    "CET-1CEST,now,never",
    "CET-1CEST,M3.5.0\n,M10.5.0",
    "UTC0\n",
    "UTC0 ",
    "UTC\u0665",
    "UTCé0",
    "EST24",
    "EST-24:59:59",
    "EST15",
    "EST5:30:15",
    f"{'A' * 200}5",
)


@pytest.mark.parametrize("text", NO_ZONES)
def test_invalid_posix_texts(text: str) -> None:
    """A text that is invalid or ambiguous is no time zone."""
    assert posix_zone(text) is None


names: Final = st.sampled_from(["AAA", "<-15>", "<+1x>"])
offsets: Final = st.builds("{}{}:{:02}".format, st.sampled_from(["", "+", "-"]), st.integers(0, 14), st.integers(0, 59))
hours_of_rules: Final = st.integers(-167, 167)
rules: Final = st.one_of(
    st.builds("M{}.{}.{}/{}".format, st.integers(1, 12), st.integers(1, 5), st.integers(0, 6), hours_of_rules),
    st.builds("J{}/{}".format, st.integers(1, 365), hours_of_rules),
)


@given(
    st.builds("{}{}{}{},{},{}".format, names, offsets, names, offsets | st.just(""), rules, rules),
    st.integers(0, 2**31),
    st.sampled_from([Period.HOUR, Period.DAY, Period.WEEK]),
)
def test_days_of_any_posix_text(text: str, now: int, period: Period) -> None:
    """However odd the rules are, each timestamp is in a period, and each period ends."""
    zone = posix_zone(text)
    assert zone
    assert last_occurrence(MIDNIGHT, zone, now) <= now < next_occurrence(MIDNIGHT, zone, now)
    # Hostile: an end that never comes
    bounds = list(islice(period_bounds(now, now + 14 * 24 * 60 * 60, period, zone), 1000))
    assert bounds[0] <= now
    assert bounds == sorted(set(bounds))


@pytest.mark.parametrize(
    "text",
    ["AAA-8:13BBB-2:20,J353/39,J1/-166", "AAA-0:19BBB,M4.4.0/148,M4.4.3/115", "AAA-14BBB+11:20,J253/-75,J360/161"],
)
def test_clock_changed_at_the_end_of_a_year(text: str) -> None:
    """Each day ends, although Python is inconsistent about the date then."""
    begin, end = (int(datetime(year, 12, 1, tzinfo=UTC).timestamp()) for year in (1985, 2035))
    zone = posix_zone(text)
    assert zone
    bounds = list(islice(period_bounds(begin, end, Period.DAY, zone), 20_000))
    assert len(bounds) < 20_000
    assert bounds == sorted(set(bounds))


def test_fixed_offsets() -> None:
    """The name of a fixed zone is its offset as in ISO 8601."""
    assert [str(fixed_zone(int(hours * 3600))) for hours in (0, 2, -5, 5.5, -9.5, 12.75)] == [
        "+00:00",
        "+02:00",
        "-05:00",
        "+05:30",
        "-09:30",
        "+12:45",
    ]
    assert datetime(2026, 9, 16, tzinfo=fixed_zone(-19800)).isoformat() == "2026-09-16T00:00:00-05:30"


def test_names_of_zones() -> None:
    """Names that stand for this computer's own zone, or for none, aren't offered."""
    assert {"Europe/Stockholm", "US/Pacific", "UTC", "EST5EDT", "Etc/GMT+5"} <= zone_names()
    for name in ("localtime", "Factory", "posixrules", "posix/Europe/Stockholm", "right/Europe/Stockholm", "Europe"):
        assert name not in zone_names()


# The day of a camera


def at_local(minutes: int | None, found: Document) -> Document:
    """Return a measurement with the local time of a clock so many minutes ahead of UTC."""
    if minutes is None:
        return found
    local = datetime.fromisoformat(found["utcFrom"]) + minutes * MINUTE
    return {**found, "localFrom": local.strftime("%Y-%m-%dT%H:%M:%S")}


def counts(minutes: int | None) -> list[Document]:
    """Return measurements at 18:20, 22:30, 02:30 and 09:30 UTC, in which one, two, four and eight people enter."""
    times = ("2026-09-15T18:20:00Z", "2026-09-15T22:30:00Z", "2026-09-16T02:30:00Z", "2026-09-16T09:30:00Z")
    found = [measurement(datetime.fromisoformat(at), 2**power) for power, at in enumerate(times)]
    return [at_local(minutes, each) for each in (*found, measurement(NOON - MINUTE))]


def problem(hass: HomeAssistant) -> dict[str, str] | None:
    """Return the placeholders of the repair about the camera's time zone, None if there is none."""
    issue = active_issues(hass).get(f"time_zone_unknown_{SERIAL}")
    return issue.translation_placeholders if issue else None


@pytest.mark.parametrize(
    ("time_zone", "minutes", "in_today", "used"),
    [
        # A known zone needs no local times, and stays the same if they are wrong.
        ("EST5EDT,M3.2.0,M11.1.0", None, "8", None),
        ("EST5EDT,M3.2.0,M11.1.0", 540, "8", None),
        ("CET-1CEST,M3.5.0,M10.5.0/3", None, "14", None),
        ("<+09>-9", None, "15", None),
        ("NZST-12NZDT,M9.5.0,M4.1.0/3", None, "15", None),
        ("HST10", None, "0", None),
        # Also a name.
        ("EST5EDT", None, "8", None),
        # Only the offset is known.
        ("CET-1CEST", 120, "14", r"\+02\:00"),
        ("Middle-earth/Shire", 540, "15", r"\+09\:00"),
        ("localtime", -600, "0", r"\-10\:00"),
        ("posix/Asia/Tokyo", 120, "14", r"\+02\:00"),
        ("/etc/localtime", 330, "14", r"\+05\:30"),
        ("UTC+2", 120, "14", r"\+02\:00"),
        (None, 540, "15", r"\+09\:00"),
        ("", 0, "12", r"\+00\:00"),
        # Nothing is known. Home Assistant is in US/Pacific.
        ("CET-1CEST", None, "8", r"US\/Pacific"),
        ("localtime", None, "8", r"US\/Pacific"),
        ("posixrules", None, "8", r"US\/Pacific"),
        ("Factory", None, "8", r"US\/Pacific"),
        ("right/Asia/Tokyo", None, "8", r"US\/Pacific"),
        ("EST24", None, "8", r"US\/Pacific"),
        ("GMT+7", None, "8", r"US\/Pacific"),
        # The camera names no zone, and may well be in the same one.
        (None, None, "8", None),
        (None, -420, "8", None),
        # Hostile: local times that make no sense
        (None, 15 * 60, "8", None),
        ("CET-1CEST", 100_000, "8", r"US\/Pacific"),
    ],
)
async def test_day_of_a_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    time_zone: str | None,
    minutes: int | None,
    in_today: str,
    used: str | None,
) -> None:
    """The day is the camera's own; if its zone is uncertain, a repair says which zone is used, also after a restart."""
    await pusher.push(*counts(minutes), sensor={"timeZone": time_zone})
    for _ in range(2):
        assert state_of(hass, IN_TODAY) == in_today
        found = problem(hass)
        assert (found and found["used"]) == used
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()


async def test_repair_ends_with_a_known_zone(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The repair shows what the camera sent, as plain text, and ends when the camera sends a known zone."""
    await pusher.push(*counts(540), sensor={"timeZone": "CET-1CEST"})
    found = problem(hass)
    assert found
    assert found["time_zone"] == r"CET\-1CEST"
    noon.tick(MINUTE)
    await pusher.push(sensor={"timeZone": "Europe/Stockholm"})
    assert problem(hass) is None
    assert state_of(hass, IN_TODAY) == "14"


async def test_repair_ends_with_its_camera(
    hass: HomeAssistant, entry: MockConfigEntry, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """The repair ends when its camera is removed."""
    await pusher.push(*counts(None), sensor={"timeZone": "CET-1CEST"})
    assert problem(hass)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    await entry.runtime_data.async_remove_camera(SERIAL)
    dr.async_get(hass).async_remove_device(device.id)
    await hass.async_block_till_done()
    assert problem(hass) is None


async def test_offset_stays_known(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A push without counts, or with counts of another season, doesn't change the camera's offset."""
    await pusher.push(*counts(540), sensor={"timeZone": None})
    for found in ([], [at_local(-600, measurement(NOON - timedelta(days=80), 1))]):
        noon.tick(MINUTE)
        await pusher.push(*found, sensor={"timeZone": None})
        assert state_of(hass, IN_TODAY) == "15"


async def test_end_of_summer_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A camera that names no zone but has Home Assistant's offset keeps Home Assistant's zone when summer time ends."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    change = datetime.fromisoformat("2026-10-25T01:00:00Z")
    for minutes, ahead in ((-2, 120), (-1, 120), (0, 120), (1, 60), (2, 60), (60 * 24 - 1, 60), (60 * 24, 60)):
        await move_to(hass, freezer, (change + minutes * MINUTE).isoformat())
        await pusher.push(at_local(ahead, measurement(change + (minutes - 1) * MINUTE)), sensor={"timeZone": None})
        assert problem(hass) is None


@pytest.mark.parametrize(
    ("time_zone", "shown_as"),
    [
        ("EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0"),
        ("CET-1CEST", "+02:00"),
    ],
)
async def test_zone_in_responses(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    time_zone: str,
    shown_as: str,
) -> None:
    """The response of get_counts names the zone, and each time has its offset."""
    await pusher.push(*counts(120), sensor={"timeZone": time_zone})
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    entered, offset = (14, "+02:00") if shown_as == "+02:00" else (8, "-04:00")
    answer: Any = await hass.services.async_call(
        "axis_people_counter",
        "get_counts",
        {"device_id": [device.id], "start": "2026-09-16T00:00:00", "period": "day"},
        blocking=True,
        return_response=True,
    )
    (camera,) = answer["cameras"]
    assert camera["time_zone"] == shown_as
    (row, *_) = camera["rows"]
    assert (row["start"], row["in"]) == (f"2026-09-16T00:00:00{offset}", entered)


async def test_push_with_any_zone(pusher: Pusher) -> None:
    """A push is accepted whatever its time zone is."""
    for text in ("", "localtime", "CET-1CEST", "AB5", 5, None, ["Europe/Stockholm"], "\x00", "A" * 10_000):
        assert (await pusher.post(document(sensor={"timeZone": text}))).ok


# The day of a place


async def test_place_in_an_unknown_zone(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A repair is shown if the zone of a place isn't known any more."""
    await pusher.push(*counts(None))
    key = await add_place(hass, entry, (SERIAL,), time_zone="Asia/Tokyo")
    assert shown(hass, key, "in_today") == "15"
    issue = f"place_time_zone_unknown_{key}"
    assert issue not in active_issues(hass)
    subentry: ConfigSubentry = entry.subentries[key]
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "time_zone": "localtime"})
    await hass.async_block_till_done()
    assert active_issues(hass)[issue].translation_placeholders == {
        "name": "Shop",
        "place": "Shop",
        "time_zone": "localtime",
        "used": r"US\/Pacific",
    }
    assert shown(hass, key, "in_today") == "8"
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    assert issue not in active_issues(hass)


async def test_zones_to_choose_from(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The form of a place rejects "localtime"."""
    await pusher.push()
    subentries = hass.config_entries.subentries
    result = await subentries.async_init((entry.entry_id, "place"), context={"source": "user"})
    with pytest.raises(Exception, match="time_zone"):
        await subentries.async_configure(result["flow_id"], form((SERIAL,), time_zone="localtime"))
