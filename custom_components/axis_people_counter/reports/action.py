"""The action create_report: its targets, its limits, and its answer. Registered by __init__.py."""

from datetime import datetime
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.weather import DOMAIN as WEATHER_DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util

from ..action_targets import async_places
from ..const import DOMAIN
from ..counting import Timestamp
from ..history import EARLIEST_YEAR
from ..place_coordinator import PlaceCoordinator
from ..texts import translated_ledger_errors
from .facts import comparison, earlier_days
from .files import NOWHERE, SAVE_TO, async_save
from .model import ComparisonKind, DayReport, Figure, PlaceReport, ReportKind
from .request import LINK_LIFETIME, MAX_PLACES, ReportRequest, last_finished, secret_of
from .words import LANGUAGES, known_language
from .writing import Written, async_written

SERVICE_CREATE_REPORT: Final = "create_report"
ATTR_PERIOD: Final = "period"
ATTR_DATE: Final = "date"
ATTR_LANGUAGE: Final = "language"
ATTR_WEATHER: Final = "weather"
ATTR_SAVE_TO: Final = "save_to"
PERIODS: Final = (ReportKind.DAY.value, ReportKind.WEEK.value, ReportKind.MONTH.value)

type Fields = dict[str, Any]


async def _async_create_report(call: ServiceCall) -> ServiceResponse:
    hass, save_to = call.hass, call.data[ATTR_SAVE_TO]
    if save_to != NOWHERE:
        await _async_check_admin(call)
    places = async_places(call)
    if len(places) > MAX_PLACES:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="too_many_places",
            translation_placeholders={"limit": str(MAX_PLACES)},
        )
    request = _request(call, places)
    expires = int((dt_util.utcnow() + LINK_LIFETIME).timestamp())
    secret = secret_of(places[0].config_entry.data)
    with translated_ledger_errors():
        # A page that was sent or saved stays readable, so it doesn't say when the link expires.
        written = await async_written(hass, request, places, None)
    # In this order a person reads the answer: the links first, and the longest texts last.
    answer: Fields = {
        "title": written.title,
        **_links(hass, request, expires, secret),
        "expires": dt_util.utc_from_timestamp(expires).isoformat(),
    }
    if save_to != NOWHERE:
        saved = await async_save(hass, request, written, save_to, secret)
        answer |= {"saved_path": str(saved.path), "saved_url": saved.url}
    return answer | _answer(written, places)


async def _async_check_admin(call: ServiceCall) -> None:
    """Let only administrators write files. Raises Unauthorized."""
    if call.context.user_id:
        user = await call.hass.auth.async_get_user(call.context.user_id)
        if user is None or not user.is_admin:
            raise Unauthorized(context=call.context)


def _request(call: ServiceCall, places: list[PlaceCoordinator]) -> ReportRequest:
    """Return what is asked for. Raises ServiceValidationError for a day of another time."""
    kind = ReportKind(call.data[ATTR_PERIOD])
    # The places of one report are seldom in several time zones; the period is over where it is over for the first.
    today = datetime.fromtimestamp(dt_util.utcnow().timestamp(), places[0].settings.schedule.zone).date()
    day = call.data.get(ATTR_DATE, last_finished(kind, today))
    if day > today:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="date_in_future")
    if day.year < EARLIEST_YEAR:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="start_too_early",
            translation_placeholders={"year": str(EARLIEST_YEAR)},
        )
    return ReportRequest(
        tuple(place.key for place in places),
        kind,
        day,
        call.data.get(ATTR_LANGUAGE) or known_language(call.hass.config.language),
        call.data.get(ATTR_WEATHER),
    )


def _links(hass: HomeAssistant, request: ReportRequest, expires: Timestamp, secret: str) -> Fields:
    try:
        # An external address mostly works at home as well.
        begin = get_url(hass, prefer_external=True)
    except NoURLAvailableError:
        begin = None
    paths = {file_type: request.link(file_type, expires, secret) for file_type in ("html", "csv")}
    return {
        "url": begin and f"{begin}{paths['html']}",
        "csv_url": begin and f"{begin}{paths['csv']}",
        "path": paths["html"],
        "csv_path": paths["csv"],
    }


# The answer


def _answer(written: Written, places: list[PlaceCoordinator]) -> Fields:
    report = written.report
    only = report.places[0] if len(report.places) == 1 else None
    return {
        "text": written.text,
        "markdown": written.markdown,
        "period": report.kind.value,
        "first_day": report.first_day.isoformat(),
        "last_day": report.last_day.isoformat(),
        "complete": report.complete,
        # People who go from one place into another count in both, so that a sum would say nothing.
        "visitors": only and only.visitors.value,
        "places": [
            {"id": coordinator.key, **_place(place)} for coordinator, place in zip(places, report.places, strict=True)
        ],
        "csv": written.csv,
        "html": written.short_html,
    }


def _place(place: PlaceReport) -> Fields:
    previous = comparison(place, ComparisonKind.PREVIOUS)
    last_year = comparison(place, ComparisonKind.LAST_YEAR)
    busiest_hour, busiest_day = place.busiest_hour, place.busiest_day
    return {
        "name": place.name,
        "time_zone": str(place.zone),
        **_figure(place.visitors),
        "estimate": place.estimate and place.estimate.visitors,
        "outside_hours": place.visitors_outside and place.visitors_outside.value,
        "visitors_before": previous and previous.visitors.value,
        "change_percent": previous and _rounded(previous.change_percent),
        "visitors_last_year": last_year and last_year.visitors.value,
        "change_percent_last_year": last_year and _rounded(last_year.change_percent),
        "peak": place.peak and place.peak.people,
        "peak_at": place.peak and _local(place.peak.at, place),
        "busiest_hour": busiest_hour and _local(busiest_hour.start, place),
        "busiest_hour_visitors": busiest_hour and busiest_hour.visitors,
        "busiest_day": busiest_day and _local(busiest_day.start, place)[:10],
        "busiest_day_visitors": busiest_day and busiest_day.visitors,
        "over_capacity_minutes": place.peak and place.over_capacity_minutes,
        "drift": place.drift.people,
        "days": [
            _day(day, before, place) for day, before in zip(place.days, earlier_days(place, previous), strict=True)
        ],
    }


def _day(day: DayReport, before: Figure, place: PlaceReport) -> Fields:
    weather = day.weather
    return {
        "date": day.day.isoformat(),
        **_figure(day.visitors),
        "estimate": day.estimate and day.estimate.visitors,
        "visitors_before": before.value,
        "peak": day.peak and day.peak.people,
        "peak_at": day.peak and _local(day.peak.at, place),
        "open_minutes": day.open_minutes,
        "events": list(day.events),
        "weather": weather and weather.condition,
        "temperature": weather and weather.temperature,
    }


def _figure(figure: Figure) -> Fields:
    return {
        "visitors": figure.value,
        "complete": figure.complete,
        "missing_minutes": figure.missing_minutes,
    }


def _local(at: Timestamp, place: PlaceReport) -> str:
    return datetime.fromtimestamp(at, place.zone).isoformat()


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)


@callback
def async_setup_action(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_CREATE_REPORT,
        _async_create_report,
        schema=vol.Schema(
            {
                **cv.ENTITY_SERVICE_FIELDS,
                vol.Optional(ATTR_PERIOD, default=ReportKind.WEEK.value): vol.In(PERIODS),
                vol.Optional(ATTR_DATE): cv.date,
                vol.Optional(ATTR_LANGUAGE): vol.In(LANGUAGES),
                # Home Assistant's own check fails with another error for what is no text.
                vol.Optional(ATTR_WEATHER): vol.All(cv.string, cv.entity_domain(WEATHER_DOMAIN)),
                vol.Optional(ATTR_SAVE_TO, default=NOWHERE): vol.In(SAVE_TO),
            }
        ),
        supports_response=SupportsResponse.ONLY,
    )
