"""The action create_report: its targets, periods, answer, links and files."""

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting import OpenDay
from custom_components.axis_people_counter.reports import DayWeather
from custom_components.axis_people_counter.reports.request import LINK_LIFETIME, MAX_PLACES
from custom_components.axis_people_counter.reports.weather import day_weather
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util

from .helpers.places import add_place, entity_of, push_two_doors
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.reports import Answer, push_days, report

# The clock stands on Wednesday, 2026-09-16.
MONDAY: Final = date(2026, 9, 7)
# The beginning of a month.
NIGHT: Final = datetime(2026, 7, 31, 22, tzinfo=UTC)
# Visitors of each day of that week, from Monday on, and of the week before.
VISITORS: Final = (12, 8, 0, 15, 22, 40, 3)
BEFORE: Final = (10, 10, 10, 10, 10, 10, 20)


@pytest.fixture
async def shop(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> str:
    """Return the key of a shop with two weeks of counts."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await push_days(pusher, MONDAY - timedelta(weeks=1), BEFORE)
    await push_days(pusher, MONDAY, VISITORS)
    return await add_place(hass, entry, limits={"capacity": 30})


async def fails(hass: HomeAssistant, **data: Any) -> str | None:
    """Expect an error, and return its key."""
    with pytest.raises(HomeAssistantError) as info:
        await report(hass, **data)
    return info.value.translation_key


async def test_last_week(hass: HomeAssistant, shop: str) -> None:
    """Without fields, answer about the last week that is over, of all places, in Home Assistant's language."""
    answer = await report(hass)
    assert answer["title"].replace("\N{EN DASH}", "-") == "Shop: week 37, 7-13\N{NO-BREAK SPACE}September 2026"
    assert (answer["period"], answer["first_day"], answer["last_day"]) == ("week", "2026-09-07", "2026-09-13")
    assert answer["visitors"] == sum(VISITORS) == 100
    assert answer["complete"] is True
    assert answer["text"].splitlines()[0] == "Visitors: 100, +25% compared with the week before"
    assert answer["markdown"].splitlines()[0] == "**Visitors: 100, +25% compared with the week before**"
    # In the tools of Home Assistant, a person finds the link without scrolling past the page and all numbers.
    assert ([*answer][:3], [*answer][-1]) == (["title", "url", "csv_url"], "html")
    (place,) = answer["places"]
    days = place.pop("days")
    assert place == {
        "id": shop,
        "name": "Shop",
        "time_zone": "Europe/Stockholm",
        "visitors": 100,
        "complete": True,
        "missing_minutes": 0,
        "estimate": None,
        "outside_hours": None,
        "visitors_before": 80,
        "change_percent": 25.0,
        "visitors_last_year": None,
        "change_percent_last_year": None,
        "peak": 40,
        "peak_at": "2026-09-12T13:00:00+02:00",
        "busiest_hour": "2026-09-12T12:00:00+02:00",
        "busiest_hour_visitors": 40,
        "busiest_day": "2026-09-12",
        "busiest_day_visitors": 40,
        "over_capacity_minutes": 120,
        "drift": 0,
    }
    assert [(day["date"], day["visitors"], day["visitors_before"]) for day in days] == [
        ((MONDAY + timedelta(days=number)).isoformat(), VISITORS[number], BEFORE[number]) for number in range(7)
    ]


@pytest.mark.parametrize("period", ["day", "week", "month"])
async def test_nothing_counted_yet(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, period: str
) -> None:
    """Just after midnight, no count of a new period has come: its numbers are unknown, and nothing is estimated."""
    monday = date(2026, 6, 1)
    freezer.move_to("2026-05-31T22:05:00Z")
    await push_days(pusher, monday - timedelta(weeks=4), (10,) * 28)
    await add_place(hass, entry, time_zone="Europe/Stockholm")
    answer = await report(hass, period=period, date=monday.isoformat())
    (place,) = answer["places"]
    assert (place["visitors"], place["estimate"], place["days"]) == (None, None, [])
    assert answer["text"].splitlines()[0] == "Visitors: unknown"
    assert "Estimate" not in answer["text"]
    assert "Visitors" in answer["html"]


@pytest.mark.parametrize(
    ("data", "first", "last", "visitors"),
    [
        ({"period": "day"}, "2026-09-15", "2026-09-15", None),
        ({"period": "day", "date": "2026-09-12"}, "2026-09-12", "2026-09-12", 40),
        ({"period": "week", "date": "2026-09-13"}, "2026-09-07", "2026-09-13", 100),
        ({"period": "week", "date": "2026-09-06"}, "2026-08-31", "2026-09-06", 80),
        ({"period": "month"}, "2026-08-01", "2026-08-31", 10),
        ({"period": "month", "date": "2026-09-16"}, "2026-09-01", "2026-09-30", 170),
    ],
)
async def test_periods(
    hass: HomeAssistant, shop: str, data: Answer, first: str, last: str, visitors: int | None
) -> None:
    """Answer about the period of a date, or about the last one that is over."""
    answer = await report(hass, **data)
    assert (answer["first_day"], answer["last_day"]) == (first, last)
    assert answer["visitors"] == visitors


async def test_period_in_the_zone_of_the_place(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory
) -> None:
    """On Monday morning in Tokyo the week is over, although it is still Sunday here."""
    tokyo = await add_place(hass, entry, (SERIAL,), name="Tokyo", time_zone="Asia/Tokyo")
    noon.move_to("2026-09-13T16:00:00Z")
    answer = await report(hass, entity_id=entity_of(hass, tokyo, "occupancy"))
    assert (answer["first_day"], answer["places"][0]["time_zone"]) == ("2026-09-07", "Asia/Tokyo")
    answer = await report(hass, entity_id=entity_of(hass, shop, "occupancy"))
    assert answer["first_day"] == "2026-08-31"


async def test_language(hass: HomeAssistant, shop: str) -> None:
    """Write in the language asked for, else in Home Assistant's, else in English."""
    text = (await report(hass, language="sv"))["text"]
    assert text.startswith("Besökare: 100, +25\N{NO-BREAK SPACE}% jämfört med veckan före")
    hass.config.language = "de"
    answer = await report(hass)
    assert answer["text"].startswith("Besucher: 100, +25\N{NO-BREAK SPACE}% gegenüber der Woche davor")
    assert '<html lang="de">' in answer["html"]
    assert '"Ort","Datum","Besucher"' in answer["csv"]
    hass.config.language = "nb"
    assert (await report(hass))["text"].startswith("Visitors: 100")


async def test_incomplete_week(hass: HomeAssistant, shop: str, pusher: Pusher) -> None:
    """Mark the numbers of a running week, in which hours of a door are missing."""
    for hour in (8, 11):
        both = [measurement(datetime(2026, 9, 14, hour - 2, tzinfo=UTC), 5, minutes=60)]
        await push_two_doors(pusher, main=both, back=both)
    answer = await report(hass, date="2026-09-16")
    assert answer["complete"] is False
    (place,) = answer["places"]
    assert place["visitors"] == 20
    assert not place["complete"]
    assert place["missing_minutes"] > 0
    assert " missing)" in answer["text"].splitlines()[0]
    assert "missing" in answer["html"]


# Targets


async def test_targets(hass: HomeAssistant, entry: MockConfigEntry, shop: str) -> None:
    """Take places by device, entity or area, in which cameras are skipped."""
    await add_place(hass, entry, (SERIAL,), name="Entrance hall")
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, shop), entry.entry_id)
    camera = devices.async_get_device_by_identifier((DOMAIN, SERIAL), entry.entry_id)
    assert device
    assert camera
    area = ar.async_get(hass).async_create("Ground floor")
    for one in (device, camera):
        devices.async_update_device(one.id, area_id=area.id)

    async def names(**target: Any) -> list[str]:
        return [place["name"] for place in (await report(hass, **target))["places"]]

    assert await names() == await names(entity_id="all") == ["Shop", "Entrance hall"]
    assert await names(device_id=device.id) == ["Shop"]
    assert await names(entity_id=entity_of(hass, shop, "full")) == ["Shop"]
    assert await names(area_id=area.id) == ["Shop"]
    assert await names(device_id=[]) == ["Shop", "Entrance hall"]
    both = await report(hass)
    assert both["visitors"] is None
    assert both["title"].startswith("People counter: week 37")
    # A camera that is a target itself is a mistake.
    occupancy = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_occupancy")
    assert await fails(hass, device_id=[device.id, camera.id]) == "only_places"
    assert await fails(hass, entity_id=occupancy) == "only_places"
    devices.async_update_device(device.id, area_id=None)
    assert await fails(hass, area_id=area.id) == "no_place"
    assert await fails(hass, entity_id="light.hall") == "not_camera"


async def test_without_places(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Explain that a place is needed."""
    assert await fails(hass) == "no_place"
    assert await fails(hass, entity_id="all") == "no_place"


async def test_not_loaded(hass: HomeAssistant, entry: MockConfigEntry, shop: str) -> None:
    """Explain that the integration isn't running."""
    await hass.config_entries.async_unload(entry.entry_id)
    assert await fails(hass) == "not_loaded"
    assert await hass.config_entries.async_setup(entry.entry_id)


async def test_too_many_places(hass: HomeAssistant, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse a report that would have too many pages."""
    assert MAX_PLACES > 1
    monkeypatch.setattr("custom_components.axis_people_counter.reports.action.MAX_PLACES", 0)
    assert await fails(hass) == "too_many_places"


async def test_dates_that_make_no_sense(hass: HomeAssistant, shop: str) -> None:
    """Refuse days of another time, and what isn't a date."""
    assert await fails(hass, date="2026-09-17") == "date_in_future"
    assert await fails(hass, date="1999-12-31") == "start_too_early"
    wrong: tuple[Answer, ...] = (
        {"date": "soon"},
        {"period": "year"},
        {"language": "xx"},
        {"weather": "sensor.hot"},
        {"save_to": ".."},
    )
    for data in wrong:
        with pytest.raises(vol.Invalid):
            await report(hass, **data)


@pytest.mark.parametrize("weather", [1, 1.5, {}, ["weather.home"], "sensor.home", "home"])
async def test_weather_of_something_else(hass: HomeAssistant, shop: str, weather: object) -> None:
    """Refuse what is no weather entity."""
    with pytest.raises(vol.Invalid):
        await report(hass, weather=weather)


# Links


async def test_links(hass: HomeAssistant, shop: str, pusher: Pusher) -> None:
    """The page and the table are behind links that need no sign-in, and say nothing to others."""
    await hass.config.async_update(internal_url="http://192.168.1.2:8123")
    answer = await report(hass, language="fr", weather="weather.home")
    assert answer["url"] == f"http://192.168.1.2:8123{answer['path']}"
    assert answer["csv_url"] == f"http://192.168.1.2:8123{answer['csv_path']}"
    assert dt_util.parse_datetime(answer["expires"]) == dt_util.utcnow() + LINK_LIFETIME
    page = await pusher.client.get(answer["path"])
    assert page.status == HTTPStatus.OK
    text = await page.text()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Cette page reste accessible jusqu&#39;à 23\N{NO-BREAK SPACE}septembre 2026, 12:00." in text
    # Files that are sent or saved don't expire.
    assert re.sub(r" Cette page reste accessible[^.]*\.", "", text) == answer["html"]
    table = await pusher.client.get(answer["csv_path"])
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.headers["Content-Disposition"] == 'attachment; filename="report_week_2026-09-07.csv"'
    assert (await table.read()).decode() == answer["csv"]


async def test_link_of_an_instance_without_address(hass: HomeAssistant, shop: str) -> None:
    """Answer with a path only, if no address of Home Assistant is known."""
    hass.config.api = None
    answer = await report(hass)
    assert answer["url"] is None
    assert answer["csv_url"] is None
    assert answer["path"].startswith("/api/axis_people_counter/report?")


async def test_link_follows_late_counts(
    hass: HomeAssistant, shop: str, pusher: Pusher, noon: FrozenDateTimeFactory
) -> None:
    """Make the report when the link is opened, with what has arrived since."""
    answer = await report(hass)
    noon.tick(timedelta(minutes=1))
    await pusher.push(measurement(datetime(2026, 9, 9, 10, tzinfo=UTC), 7, minutes=60))
    assert "<strong>107</strong>" in await (await pusher.client.get(answer["path"])).text()


async def test_link_expires(
    hass: HomeAssistant, shop: str, pusher: Pusher, noon: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """A link works for seven days, also after a restart, and says then that it has expired."""
    answer = await report(hass, language="de")
    await hass.config_entries.async_reload(entry.entry_id)
    noon.tick(LINK_LIFETIME)
    assert (await pusher.client.get(answer["path"])).status == HTTPStatus.OK
    noon.tick(timedelta(seconds=1))
    response = await pusher.client.get(answer["path"])
    assert response.status == HTTPStatus.GONE
    assert (
        await response.text() == "AXIS People Counter: Dieser Link ist abgelaufen. Erstelle den Bericht noch einmal.\n"
    )


def changed(path: str, **parameters: str | None) -> str:
    """Return a link with other parameters; without those that are None."""
    url = urlsplit(path)
    found = {**dict(parse_qsl(url.query)), **parameters}
    return f"{url.path}?{urlencode({name: value for name, value in found.items() if value is not None})}"


@pytest.mark.parametrize(
    "parameters",
    [
        {"expires": "99999999999"},
        {"places": "all"},
        {"places": None},
        {"date": "2026-08-31"},
        {"language": "de"},
        {"format": "csv"},
        {"weather": "weather.home"},
        {"signature": None},
        {"signature": ""},
        {"signature": "é"},
        {"signature": "0" * 64},
    ],
)
async def test_changed_links(hass: HomeAssistant, shop: str, pusher: Pusher, parameters: dict[str, str | None]) -> None:
    """Refuse a link in which anything was changed."""
    answer = await report(hass)
    assert (await pusher.client.get(changed(answer["path"]))).status == HTTPStatus.OK
    response = await pusher.client.get(changed(answer["path"], **parameters))
    assert response.status == HTTPStatus.FORBIDDEN
    assert await response.text() == "AXIS People Counter: This link isn't valid.\n"


async def test_link_with_a_parameter_twice(hass: HomeAssistant, shop: str, pusher: Pusher) -> None:
    """Refuse a link with a second value."""
    answer = await report(hass)
    response = await pusher.client.get(f"{answer['path']}&language=en")
    assert response.status == HTTPStatus.FORBIDDEN


async def test_link_of_another_instance(hass: HomeAssistant, shop: str, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Refuse a link that was signed with another secret, and every link without an entry."""
    answer = await report(hass)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "issue_secret": "0" * 64})
    assert (await pusher.client.get(answer["path"])).status == HTTPStatus.FORBIDDEN
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await pusher.client.get(answer["path"])).status == HTTPStatus.FORBIDDEN


async def test_link_while_not_running(hass: HomeAssistant, shop: str, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Ask to come again while the integration isn't loaded."""
    answer = await report(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    response = await pusher.client.get(answer["path"])
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"] == "30"
    assert await hass.config_entries.async_setup(entry.entry_id)


async def test_link_of_a_place_that_is_gone(
    hass: HomeAssistant, shop: str, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Show the places that still exist, and say so if none does."""
    other = await add_place(hass, entry, (SERIAL,), name="Entrance hall")
    both = await report(hass)
    one = await report(hass, entity_id=entity_of(hass, other, "occupancy"))
    hass.config_entries.async_remove_subentry(entry, other)
    await hass.async_block_till_done()
    page = await (await pusher.client.get(both["path"])).text()
    assert "Shop" in page
    assert "Entrance hall" not in page
    response = await pusher.client.get(one["path"])
    assert response.status == HTTPStatus.NOT_FOUND
    assert "no longer exists" in await response.text()


async def test_many_at_once(hass: HomeAssistant, shop: str, pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask to come again if many reports are being made."""
    answer = await report(hass)
    monkeypatch.setattr("custom_components.axis_people_counter.reports.view.MAX_AT_ONCE", 0)
    assert (await pusher.client.get(answer["path"])).status == HTTPStatus.SERVICE_UNAVAILABLE


# Files


async def test_saved_files(hass: HomeAssistant, shop: str) -> None:
    """Save the page where it was asked for, under a name that nobody can guess; the next one replaces it."""
    assert "saved_path" not in await report(hass)
    answers = [await report(hass, save_to=folder) for folder in ("media", "www", "www")]
    for answer in answers:
        assert Path(answer["saved_path"]).read_text() == answer["html"]
    media, www, again = answers
    assert www["saved_path"] == again["saved_path"]
    assert re.fullmatch(r"/local/axis_people_counter/report_week_2026-09-07_[0-9a-f]{32}\.html", www["saved_url"])
    assert www["saved_path"] == hass.config.path("www", *Path(www["saved_url"]).parts[2:])
    assert media["saved_url"].startswith(
        "media-source://media_source/local/axis_people_counter/report_week_2026-09-07_"
    )
    assert Path(media["saved_path"]).is_relative_to(hass.config.media_dirs["local"])


async def test_files_that_cannot_be_saved(hass: HomeAssistant, shop: str) -> None:
    """Name the folder if the file can't be written."""
    Path(hass.config.path("www")).write_text("This isn't a folder.")
    assert await fails(hass, save_to="www") == "report_not_saved"


@pytest.mark.parametrize("is_admin", [True, False])
async def test_only_administrators_save(
    hass: HomeAssistant, shop: str, hass_admin_user: MockUser, hass_read_only_user: MockUser, is_admin: bool
) -> None:
    """Each user may read a report; only administrators write files."""
    context = Context(user_id=(hass_admin_user if is_admin else hass_read_only_user).id)
    assert (await report(hass, context=context))["visitors"] == 100
    if is_admin:
        assert (await report(hass, context=context, save_to="www"))["saved_path"]
    else:
        with pytest.raises(Unauthorized):
            await report(hass, context=context, save_to="www")
        assert not Path(hass.config.path("www")).exists()


# Names and weather of others


async def test_title_is_one_line(hass: HomeAssistant, entry: MockConfigEntry, shop: str) -> None:
    """A title is one line, whatever the name of the place: it may be the subject of a mail."""
    key = await add_place(hass, entry, (SERIAL,), name="Hall\r\nBcc: all@example.com\u2028\u202e  1")
    answer = await report(hass, entity_id=entity_of(hass, key, "occupancy"), period="day")
    assert answer["title"].partition(": Tuesday")[0] == "Hall Bcc: all@example.com 1"


@pytest.mark.parametrize(
    ("temperature", "unit", "expected"),
    [
        (21, "°C", (21.0, "°C")),
        (10**400, "°C", (None, None)),
        (float("inf"), "°C", (None, None)),
        (float("nan"), "°C", (None, None)),
        ("warm", "°C", (None, None)),
        (21, 7, (21.0, None)),
        (21, {"unit": "°C"}, (21.0, None)),
        (21, "degrees " * 1000, (21.0, "degr")),
    ],
)
def test_weather_of_any_entity(temperature: object, unit: object, expected: tuple[float | None, str | None]) -> None:
    """Leave out a temperature that is none, and a unit that is no text."""
    start = datetime(2026, 9, 7, tzinfo=UTC)
    day = OpenDay(int(start.timestamp()), int((start + timedelta(days=1)).timestamp()), None)
    attributes = {"temperature": temperature, "temperature_unit": unit}
    weather = day_weather([State("weather.home", "sunny", attributes, last_updated=start)], day)
    assert weather == DayWeather("sunny", *expected)


async def test_long_page(hass: HomeAssistant, shop: str, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Leave out the charts of a page that is too long for a template; the saved page has them."""
    for number in range(1, MAX_PLACES):
        await add_place(hass, entry, limits={"capacity": 30}, name=f"Shop {number}")
    # Somebody comes in each hour.
    hours = [measurement(NIGHT + timedelta(hours=hour), 12, 12, minutes=60) for hour in range(24 * 30)]
    await push_two_doors(pusher, main=hours, back=hours)
    answer = await report(hass, period="month", save_to="media")
    saved = await hass.async_add_executor_job(Path(answer["saved_path"]).read_text)
    template = "{% set page = '<p>Hello,</p>' ~ report.html %}{{ page }}"
    mail = Template(template, hass).async_render({"report": answer}, parse_result=False)
    assert "<svg" in saved
    assert "<svg" not in mail
    assert mail.count("<h1>") == saved.count("<h1>") == MAX_PLACES + 1
    assert mail.count("<tr>") == saved.count("<tr>")
    assert "<svg" in (await report(hass, period="week"))["html"]
