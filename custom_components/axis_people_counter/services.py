"""The actions: set occupancy, get counts, export counts, fill gaps, rebuild statistics.

Checks targets and limits, and reads rows through history and export; `__init__` registers them.
"""

from itertools import islice, repeat
from typing import Any, Final, NamedTuple

import voluptuous as vol

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorEntity
from homeassistant.const import ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util.json import JsonValueType

from .action_targets import async_targets
from .checks import async_fill_gaps, async_local_schedule
from .comparison import compared_fields, rows_of_spans
from .const import DOMAIN
from .coordinator import CameraCoordinator
from .counting import DAY, MAX_COUNT, Earlier, Period, Source, Span, earlier_spans
from .entity import PeopleCounterEntity
from .exports import FORMATS, INTERVALS, MAX_LINK_CAMERAS, PERIODS, WEIGHT_OF_PLACE, Export, async_link, date_and_time
from .history import History, PlaceHistory, TimeRange, async_history, async_open_only
from .place_coordinator import PlaceCoordinator
from .texts import Message, async_translate, translated_ledger_errors

SERVICE_SET_OCCUPANCY: Final = "set_occupancy"
SERVICE_GET_COUNTS: Final = "get_counts"
SERVICE_EXPORT_COUNTS: Final = "export_counts"
SERVICE_FILL_GAPS: Final = "fill_gaps"
SERVICE_REBUILD_STATISTICS: Final = "rebuild_statistics"
ATTR_VALUE: Final = "value"
ATTR_START: Final = "start"
ATTR_END: Final = "end"
ATTR_PERIOD: Final = "period"
ATTR_COMPARE: Final = "compare"
ATTR_FORMAT: Final = "format"
ATTR_OPEN_ONLY: Final = "open_only"

# An answer passes through memory, templates and traces as a whole, so its size is limited.
MAX_ROWS: Final = 10_000
MAX_DAYS: Final = 9_000


# A missing target is reported in the user's language, not by the schema.
_TIME_FIELDS: Final = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Required(ATTR_START): date_and_time,
    vol.Optional(ATTR_END): date_and_time,
    vol.Optional(ATTR_OPEN_ONLY, default=False): cv.boolean,
}


async def _async_set_occupancy(entity: SensorEntity, call: ServiceCall) -> None:
    if not isinstance(entity, PeopleCounterEntity) or not entity.entity_description.is_occupancy:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_occupancy",
            translation_placeholders={"entity_id": entity.entity_id},
        )
    await entity.coordinator.async_correct(call.data[ATTR_VALUE], Source.ACTION)


async def _async_get_counts(call: ServiceCall) -> ServiceResponse:
    targets = async_targets(call, with_places=True)
    time_range = TimeRange.between(call.data[ATTR_START], call.data.get(ATTR_END))
    period = Period(call.data[ATTR_PERIOD])
    compare = Earlier(call.data[ATTR_COMPARE]) if ATTR_COMPARE in call.data else None
    if call.data[ATTR_OPEN_ONLY]:
        targets = _with_opening_hours(call, targets)

    def answer(histories: list[History | PlaceHistory], questions: list[_Question]) -> dict[str, Any]:
        cameras: list[dict[str, Any]] = []
        places: list[dict[str, Any]] = []
        for history, (bounds, spans) in zip(histories, questions, strict=True):
            found = _answer(history, bounds, spans, time_range.now, period)
            if isinstance(history, History):
                cameras.append({"serial": history.camera.serial, **found})
            else:
                places.append({"id": history.key, **found})
        return {"cameras": cameras, "places": places}

    with translated_ledger_errors():
        parallel_actions = targets[0].config_entry.runtime_data.parallel_actions
        async with parallel_actions:
            histories = [await async_history(target) for target in targets]
            questions = await call.hass.async_add_executor_job(
                _limited_questions, histories, time_range, period, compare
            )
        if call.data[ATTR_OPEN_ONLY]:
            # Other actions don't wait for a slow calendar.
            histories = [
                await async_open_only(target, history, question.stretches)
                for target, history, question in zip(targets, histories, questions, strict=True)
                if isinstance(target, PlaceCoordinator) and isinstance(history, PlaceHistory)
            ]
        async with parallel_actions:
            return await call.hass.async_add_executor_job(answer, histories, questions)


class _Question(NamedTuple):
    """The bounds of the rows of a camera or a place, and what each row is compared with."""

    bounds: list[int]
    spans: list[Span] | None

    @property
    def rows(self) -> int:
        """How many rows are read."""
        return len(self.bounds) - 1 + len(self.spans or ())

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """The stretches of time that are read."""
        found = [(self.bounds[0], self.bounds[-1])]
        if self.spans:
            found.append((min(span.start for span in self.spans), max(span.end for span in self.spans)))
        return found

    @property
    def seconds(self) -> int:
        """How much time is read."""
        return self.bounds[-1] - self.bounds[0] + sum(span.end - span.start for span in self.spans or ())


def _answer(
    history: History | PlaceHistory, bounds: list[int], spans: list[Span] | None, now: int, period: Period
) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    corrections: list[dict[str, Any]] = []
    earlier = repeat(None) if spans is None else rows_of_spans(history, spans, now)
    for row, before in zip(history.rows(bounds, now), earlier, strict=False):
        fields = history.row_fields(row)
        rows.append(fields if before is None else fields | compared_fields(history, row, before))
        corrections += map(history.correction_fields, row.corrections)
        if len(corrections) > MAX_ROWS:
            raise _too_many_rows()
    return {
        "name": history.name,
        "time_zone": str(history.schedule.zone),
        "period": period.value,
        "rows": rows,
        "corrections": corrections,
    }


def _limited_questions(
    histories: list[History | PlaceHistory], time_range: TimeRange, period: Period, compare: Earlier | None
) -> list[_Question]:
    """Return which rows of each history are read. Raises ServiceValidationError if there would be too many."""
    found: list[_Question] = []
    rows, seconds = 0, 0
    for history in histories:
        bounds = list(islice(history.bounds(time_range, period), MAX_ROWS - rows + 2))
        spans = None
        if compare is not None and len(bounds) <= MAX_ROWS:
            spans = list(earlier_spans(bounds, compare, history.schedule.zone, period))
        question = _Question(bounds, spans)
        rows += question.rows
        if rows > MAX_ROWS:
            raise _too_many_rows()
        seconds += question.seconds * len(history.camera_keys)
        if seconds > MAX_DAYS * DAY:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="too_many_days",
                translation_placeholders={"limit": str(MAX_DAYS)},
            )
        found.append(question)
    return found


def _too_many_rows() -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key="too_many_rows", translation_placeholders={"limit": str(MAX_ROWS)}
    )


def _with_opening_hours(
    call: ServiceCall, targets: list[CameraCoordinator | PlaceCoordinator]
) -> list[CameraCoordinator | PlaceCoordinator]:
    """Return the places, without the cameras where everything is the target. Raises ServiceValidationError."""
    places = [target for target in targets if isinstance(target, PlaceCoordinator)]
    if not places or (len(places) < len(targets) and call.data.get(ATTR_ENTITY_ID) != ENTITY_MATCH_ALL):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_opening_hours_of_cameras")
    return [*places]


async def _async_export_counts(call: ServiceCall) -> ServiceResponse:
    period = None if call.data[ATTR_PERIOD] == INTERVALS else Period(call.data[ATTR_PERIOD])
    found = async_targets(call, with_places=True)
    is_open_only = call.data[ATTR_OPEN_ONLY]
    if is_open_only:
        found = _with_opening_hours(call, found)
    cameras = tuple(coordinator.key for coordinator in found if isinstance(coordinator, CameraCoordinator))
    places = tuple(coordinator.key for coordinator in found if isinstance(coordinator, PlaceCoordinator))
    if period is None and not cameras:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_intervals_of_places")
    if len(cameras) + WEIGHT_OF_PLACE * len(places) > MAX_LINK_CAMERAS:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="too_many_cameras",
            translation_placeholders={"limit": str(MAX_LINK_CAMERAS)},
        )
    time_range = TimeRange.between(call.data[ATTR_START], call.data.get(ATTR_END))
    with translated_ledger_errors():
        for coordinator in found:
            # Check the times now: the person who opens the link can't correct them.
            time_range.timestamps((await async_history(coordinator)).schedule)
    # Among cameras, places are left out of a file of intervals, so that "all" is possible.
    export = Export(cameras, time_range, period, call.data[ATTR_FORMAT], places if period else (), is_open_only)
    return {**async_link(call.hass, export)}


async def _async_rebuild_statistics(call: ServiceCall) -> None:
    for coordinator in async_targets(call, with_places=True):
        await coordinator.config_entry.runtime_data.statistics.async_rebuild(coordinator.key)


async def _async_fill_gaps(call: ServiceCall) -> ServiceResponse:
    cameras = [coordinator for coordinator in async_targets(call) if isinstance(coordinator, CameraCoordinator)]
    answers: list[JsonValueType] = []
    errors: list[HomeAssistantError] = []
    for camera in cameras:
        try:
            found = await _async_fill_gaps_of(call, camera)
        except HomeAssistantError as err:
            # The other cameras don't have to wait until this one is mended.
            errors.append(err)
            message = Message(str(err.translation_key), err.translation_placeholders or {})
            found = {"error": await async_translate(call.hass, message)}
        answers.append({"serial": camera.camera.serial, "name": camera.device_name, **found})
    if len(errors) == len(cameras):
        # An error of a camera with access says more than that another one has none.
        raise min(errors, key=lambda err: isinstance(err, ServiceValidationError))
    return {"cameras": answers}


async def _async_fill_gaps_of(call: ServiceCall, camera: CameraCoordinator) -> dict[str, JsonValueType]:
    """Fill the gaps of one camera, and return what was added. Raises HomeAssistantError."""
    access = camera.config_entry.runtime_data.accesses.get(camera.camera.serial)
    if access is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_access",
            translation_placeholders={"camera": camera.device_name},
        )
    schedule = await async_local_schedule(camera)
    if schedule is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="gaps_without_time_zone",
            translation_placeholders={"camera": camera.device_name},
        )
    with translated_ledger_errors():
        filled = await async_fill_gaps(camera, schedule, access)
        await camera.config_entry.runtime_data.agreement.async_filled(camera)
    if filled.error and not filled.filled:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=filled.error.key,
            translation_placeholders={**filled.error.placeholders},
        )
    found: dict[str, JsonValueType] = {
        "filled_minutes": round(filled.filled / 60),
        "in": filled.exited if camera.camera.reversed else filled.entered,
        "out": filled.entered if camera.camera.reversed else filled.exited,
        "missing_minutes": round(filled.missing / 60),
    }
    if filled.error:
        found["error"] = await async_translate(call.hass, filled.error)
    return found


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; they stay registered while Home Assistant runs."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_SET_OCCUPANCY,
        entity_domain=SENSOR_DOMAIN,
        schema={vol.Required(ATTR_VALUE): vol.All(cv.positive_int, vol.Range(max=MAX_COUNT))},
        func=_async_set_occupancy,
    )
    # An hour is the default: people look at a day by the hour, and Home Assistant's statistics are hourly.
    hass.services.async_register(
        DOMAIN,
        SERVICE_GET_COUNTS,
        _async_get_counts,
        schema=vol.Schema(
            {
                **_TIME_FIELDS,
                vol.Optional(ATTR_PERIOD, default=Period.HOUR.value): vol.In(list(Period)),
                vol.Optional(ATTR_COMPARE): vol.In(list(Earlier)),
            }
        ),
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        SERVICE_EXPORT_COUNTS,
        _async_export_counts,
        schema=vol.Schema(
            {
                **_TIME_FIELDS,
                vol.Optional(ATTR_PERIOD, default=Period.HOUR.value): vol.In(PERIODS),
                vol.Optional(ATTR_FORMAT, default="csv"): vol.In(list(FORMATS)),
            }
        ),
        supports_response=SupportsResponse.ONLY,
    )
    # For administrators only: it sends a password to a camera.
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_FILL_GAPS,
        _async_fill_gaps,
        schema=vol.Schema(cv.ENTITY_SERVICE_FIELDS),
        supports_response=SupportsResponse.OPTIONAL,
    )
    # For administrators only, like recorder's own action: statistics older than the ledger may be lost.
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_REBUILD_STATISTICS,
        _async_rebuild_statistics,
        schema=vol.Schema(cv.ENTITY_SERVICE_FIELDS),
    )
