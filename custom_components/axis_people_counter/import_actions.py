"""The actions that import old counts from files: import, list and undo. For administrators only.

Checks targets and fields, and describes what imports.py has found; `__init__` registers them.
"""

from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import voluptuous as vol

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from .action_targets import async_targets
from .const import DOMAIN
from .counting import Period, Timestamp
from .imports import Imported, ImportFailedError, ImportRequest
from .ledger import Import
from .old_counts import Fault, Skipped
from .receiver import PeopleCounterConfigEntry, Receiver
from .schedules import async_schedule
from .texts import async_options, async_translate, translated_ledger_errors

SERVICE_IMPORT_COUNTS: Final = "import_counts"
SERVICE_LIST_IMPORTS: Final = "list_imports"
SERVICE_UNDO_IMPORT: Final = "undo_import"
ATTR_PATH: Final = "path"
ATTR_CONTENT: Final = "content"
ATTR_TIME_ZONE: Final = "time_zone"
ATTR_PERIOD: Final = "period"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_SKIP_FAULTS: Final = "skip_faults"
ATTR_IMPORT_ID: Final = "import_id"

# A text passes through memory, traces and the logbook as a whole. Longer ones are files.
MAX_CONTENT: Final = 1_000_000
_MAX_PATH: Final = 4096
# So many faults are part of an error, which is shown on one screen.
_FAULTS_IN_ERROR: Final = 5
# No row of a plain table is longer than a day.
PERIODS: Final = tuple(period for period in Period if period not in (Period.WEEK, Period.MONTH))
_LAST_ID: Final = 2**62


async def _async_import_counts(call: ServiceCall) -> ServiceResponse:
    receiver = _async_receiver(call.hass)
    request = ImportRequest(
        path=call.data.get(ATTR_PATH),
        content=call.data.get(ATTR_CONTENT),
        target=_async_target(call),
        zone=await _async_zone(call.data.get(ATTR_TIME_ZONE)),
        period=Period(call.data[ATTR_PERIOD]) if ATTR_PERIOD in call.data else None,
        is_dry_run=call.data[ATTR_DRY_RUN],
        skips_faults=call.data[ATTR_SKIP_FAULTS],
    )
    if (request.path is None) == (request.content is None):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="import_path_or_content")
    try:
        with translated_ledger_errors():
            found = await receiver.imports.async_import(request)
    except ImportFailedError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=err.message.key,
            translation_placeholders={**err.message.placeholders},
        ) from err
    reasons = await async_options(call.hass, "import_fault")
    if found.number_of_faults and not request.is_dry_run and not request.skips_faults:
        # An answer could be overlooked: an error can't.
        listed = [_sentence(fault, reasons) for fault in found.faults[:_FAULTS_IN_ERROR]]
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="import_faults",
            translation_placeholders={"number": str(found.number_of_faults), "faults": " ".join(listed)},
        )
    advice = found.advice and await async_translate(call.hass, found.advice)
    return _answer(found, reasons, advice, is_dry_run=request.is_dry_run)


def _answer(
    found: Imported, reasons: dict[str, str], advice: str | None, *, is_dry_run: bool
) -> dict[str, JsonValueType]:
    return {
        "dry_run": is_dry_run,
        "import_id": found.import_id,
        "rows": found.rows,
        "intervals": found.intervals,
        "in": found.entered,
        "out": found.exited,
        "first": _local(found.first, found.zone),
        "last": _local(found.last, found.zone),
        "skipped_already_counted": found.counted,
        "skipped_too_old": found.deleted,
        "skipped_not_counted": found.skipped[Skipped.NOT_COUNTED],
        "skipped_other_cameras": found.skipped[Skipped.OTHER_CAMERA],
        "skipped_places": found.skipped[Skipped.PLACE],
        "advice": advice,
        "number_of_faults": found.number_of_faults,
        "faults": [
            {"row": row, "column": column, "value": value, "message": reasons[str(kind)]}
            for row, column, kind, value in found.faults
        ],
    }


def _sentence(fault: Fault, reasons: dict[str, str]) -> str:
    """Return a fault as a sentence, with its row and its column."""
    place = ", ".join(part for part in (str(fault.row), fault.column, fault.value) if part)
    return f"({place}) {reasons[fault.kind]}"


def _local(at: Timestamp | None, zone: tzinfo) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, zone).isoformat()


@callback
def _async_target(call: ServiceCall) -> Any:
    """Return the camera or place of the call, None without a target. Raises ServiceValidationError for several."""
    if not any(call.data.get(str(key)) for key in cv.ENTITY_SERVICE_FIELDS):
        return None
    found = async_targets(call, with_places=True)
    if len(found) > 1:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="import_one_target")
    return found[0]


async def _async_zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    schedule = await async_schedule(name, None)
    if not schedule.is_zone_known:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="unknown_time_zone", translation_placeholders={"zone": name}
        )
    return schedule.zone


async def _async_list_imports(call: ServiceCall) -> ServiceResponse:
    with translated_ledger_errors():
        found = await _async_receiver(call.hass).ledger.imports()
    return {"imports": [_import_fields(call.hass, one) for one in found]}


def _import_fields(hass: HomeAssistant, found: Import) -> dict[str, JsonValueType]:
    cameras = _async_receiver(hass).cameras
    return {
        "import_id": found.id,
        "file": found.name,
        "imported": dt_util.as_local(datetime.fromtimestamp(found.made, UTC)).isoformat(),
        "cameras": [cameras[key].device_name if key in cameras else key for key in found.keys],
        "intervals": found.intervals,
    }


async def _async_undo_import(call: ServiceCall) -> ServiceResponse:
    import_id: int = call.data[ATTR_IMPORT_ID]
    receiver = _async_receiver(call.hass)
    with translated_ledger_errors():
        if await receiver.ledger.find_import(import_id) is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unknown_import",
                translation_placeholders={"import_id": str(import_id)},
            )
        undone = await receiver.imports.async_undo(import_id)
    return {"import_id": import_id, "intervals": undone.intervals, "in": undone.entered, "out": undone.exited}


@callback
def _async_receiver(hass: HomeAssistant) -> Receiver:
    """Return the receiver of the entry. Raises ServiceValidationError if it isn't loaded."""
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_loaded")
    return entries[0].runtime_data


@callback
def async_setup_import_actions(hass: HomeAssistant) -> None:
    """Register the actions. They are for administrators only: they read files, and change counts of the past."""
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_IMPORT_COUNTS,
        _async_import_counts,
        schema=vol.Schema(
            {
                **cv.ENTITY_SERVICE_FIELDS,
                vol.Optional(ATTR_PATH): vol.All(cv.string, vol.Length(min=1, max=_MAX_PATH)),
                vol.Optional(ATTR_CONTENT): vol.All(cv.string, vol.Length(max=MAX_CONTENT)),
                vol.Optional(ATTR_TIME_ZONE): cv.string,
                vol.Optional(ATTR_PERIOD): vol.In(PERIODS),
                vol.Optional(ATTR_DRY_RUN, default=True): cv.boolean,
                vol.Optional(ATTR_SKIP_FAULTS, default=False): cv.boolean,
            }
        ),
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_LIST_IMPORTS,
        _async_list_imports,
        schema=vol.Schema({}),
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_UNDO_IMPORT,
        _async_undo_import,
        schema=vol.Schema({vol.Required(ATTR_IMPORT_ID): vol.All(vol.Coerce(int), vol.Range(min=1, max=_LAST_ID))}),
        supports_response=SupportsResponse.OPTIONAL,
    )
