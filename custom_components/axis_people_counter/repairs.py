"""Flows of repair issues: each shows what a person can do, or does it.

The issues themselves are in issues.py. Home Assistant starts a flow when a person selects an issue.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
import json
import re
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_HOST, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow

from . import issues
from .connecting import async_checked_access, camera_web
from .const import PUSH_PATH
from .counting import DAY
from .flows import (
    CONF_CHOICE,
    CONF_NEW_CAMERA,
    CONF_OLD_CAMERA,
    CameraSteps,
    DifferenceFlow,
    DirectionFlow,
    DriftFlow,
    GapsFlow,
    KnownCameraSteps,
    RepairFlow,
    async_confirmation,
    async_old_cameras,
    async_replace,
    camera_field,
    choice_schema,
)
from .ledger import Quarantine, Quarantined
from .receiver import access_to, async_keep_access
from .settings import async_decline
from .texts import abort_on_ledger_errors, async_options, plain, wall_clock

# As many as a person reads; the diagnostics contain more.
MAX_SHOWN: Final = 10
# Longer than any time or count, and short enough for a table.
MAX_CELL: Final = 30
UNKNOWN: Final = "?"
# An option beside those of cameras, whose values are serial numbers.
ANOTHER_DOOR: Final = "another_door"
# The choices for quarantined intervals.
RETRY: Final = "retry"
DROP: Final = "drop"
QUARANTINE_CHOICES: Final = (RETRY, DROP)


class TokenFlow(RepairFlow):
    """Shows URL and token for a camera that sends a wrong token; finishing the flow ends the issue."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_connect()

    async def async_step_connect(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show URL and token; the next wrong token shows the issue again."""
        data = self._entry.data
        if user_input is not None:
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="connect",
            data_schema=vol.Schema({}),
            description_placeholders={
                "address": plain(self._data["address"]),
                "url": f"{data[CONF_URL]}{PUSH_PATH}",
                "token": data[CONF_TOKEN],
            },
        )


class ProtocolFlow(CameraSteps[Any, RepairsFlowResult, str], RepairFlow):
    """Sets the protocol version in a camera; works without a loaded entry."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_camera()

    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask for the camera's address and password, and use them once."""
        address = self._data["address"]
        return await self._async_camera_form(
            user_input,
            step_id="camera",
            suggested={CONF_HOST: address},
            placeholders={
                **self._data,
                "link": f"http://{address}/axis-cgi/param.cgi?action=update"
                "&root.Tvpc.GenericHTTPPost0ProtocolVersion=V0_4",
                "settings": f"http://{address}/a3dpc/api/settings",
            },
        )

    @override
    async def _async_use_camera(self, settings: Mapping[str, Any]) -> RepairsFlowResult:
        """Set the version in the camera. Raises CameraError."""
        web = camera_web(self.hass, settings)
        device = await web.connect()
        # The issue is about an address if the document didn't name the camera.
        about = self._data["about"]
        if re.fullmatch("[0-9a-f]{12}", about):
            web.check_serial(device.serial, about)
        await web.set_protocol_version()
        # The issue ends with the camera's next push in the right version.
        return self.async_abort(reason="version_set", description_placeholders={**self._data})


class AccessFlow(KnownCameraSteps[Any, RepairsFlowResult, str], RepairFlow):
    """Asks for the password of a camera that doesn't let us in any more; finishing the flow ends the issue."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_camera()

    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask for the camera's address and password."""
        suggested = self._subentry.data
        self._async_remember(suggested)
        return await self._async_camera_form(
            user_input, step_id="camera", suggested=suggested, placeholders={**self._data}
        )

    @override
    async def _async_use_camera(self, settings: Mapping[str, Any]) -> RepairsFlowResult:
        """Check the access, and keep it. Raises CameraError."""
        access = await async_checked_access(self.hass, self._data["about"], settings)
        async_keep_access(self.hass, self._entry, self._subentry, access)
        return self.async_create_entry(data={}, description_placeholders={**self._data})

    @property
    def _subentry(self) -> ConfigSubentry:
        """The access to the camera. Raises AbortFlow if it has been removed."""
        if subentry := access_to(self._entry, self._data["about"]):
            return subentry
        raise AbortFlow("nothing_left")


class QuarantineFlow(RepairFlow):
    """Shows the quarantined intervals of a camera, and retries or drops them."""

    # The newest interval that the person was asked to drop.
    _last: int

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_choose()

    async def async_step_choose(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the newest intervals, and ask what to do."""
        if user_input is not None:
            return await (self._async_retry() if user_input[CONF_CHOICE] == RETRY else self.async_step_drop())
        quarantine = await self._async_quarantine()
        reasons = await async_options(self.hass, "quarantine_reason")
        return self.async_show_form(
            step_id="choose",
            data_schema=choice_schema(QUARANTINE_CHOICES, "quarantine"),
            description_placeholders={
                **self._data,
                "count": str(quarantine.count),
                "time_zone": plain(self.hass.config.time_zone),
                "rows": "\n".join(_table_row(interval, reasons) for interval in quarantine.newest),
            },
        )

    async def _async_retry(self) -> RepairsFlowResult:
        """Store what can be stored now."""
        await self._async_quarantine()
        camera = self._camera
        with abort_on_ledger_errors():
            retried = await camera.async_retry_quarantined()
        self._entry.runtime_data.agreement.async_changed(camera.key, 0)
        return self._async_end("retried", settled=retried.settled, left=retried.left)

    async def async_step_drop(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask for confirmation, then drop the intervals."""
        quarantine = await self._async_quarantine()
        if user_input is None:
            self._last = quarantine.last
            return self.async_show_form(
                step_id="drop",
                data_schema=vol.Schema({}),
                description_placeholders={**self._data, "count": str(quarantine.count)},
            )
        camera = self._camera
        with abort_on_ledger_errors():
            dropped = await camera.async_drop_quarantined(self._last)
        return self._async_end("dropped", count=dropped, left=quarantine.count - dropped)

    async def _async_quarantine(self) -> Quarantine:
        """Return the quarantined intervals. Raises AbortFlow if there are none."""
        ledger, key = self._entry.runtime_data.ledger, self._camera.key
        with abort_on_ledger_errors():
            quarantine = await ledger.quarantine(key, MAX_SHOWN)
        if not quarantine.count:
            raise AbortFlow("nothing_left")
        return quarantine

    def _async_end(self, reason: str, **numbers: int) -> RepairsFlowResult:
        """End the flow with some numbers; the issue ends by itself once the quarantine is empty."""
        shown = {key: str(number) for key, number in numbers.items()}
        return self.async_abort(reason=reason, description_placeholders={**self._data, **shown})


class DamagedDaysFlow(RepairFlow):
    """Shows the damaged days of a camera, and deletes them when a person has read that."""

    # The days that the person was asked about.
    _days: list[int]

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the days; the issue ends by itself once they are deleted."""
        camera = self._camera
        if user_input is not None:
            with abort_on_ledger_errors():
                await camera.async_delete_damaged_days(self._days)
            return self._async_succeed("damaged_days_deleted", self._data)
        with abort_on_ledger_errors():
            self._days = await camera.ledger.damaged_days(camera.key)
        if not self._days:
            raise AbortFlow("nothing_left")
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders={
                **self._data,
                "count": str(len(self._days)),
                "time_zone": plain(self.hass.config.time_zone),
                "rows": "\n".join(_day_row(day) for day in self._days[:MAX_SHOWN]),
            },
        )


class NewCameraFlow(RepairFlow):
    """Asks whether a new camera replaces one that is silent."""

    # The serial number of the camera that it replaces.
    _old: str

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_choose()

    async def async_step_choose(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask which camera it replaces, if any."""
        entry = self._entry
        if user_input is not None and user_input[CONF_OLD_CAMERA] == ANOTHER_DOOR:
            async_decline(self.hass, entry, self._data["about"])
            entry.runtime_data.replacement_offer.async_update()
            return self._async_succeed("another_door", self._data)
        if user_input is not None:
            self._old = user_input[CONF_OLD_CAMERA]
            return await self.async_step_confirm()
        with abort_on_ledger_errors():
            old = await async_old_cameras(entry.runtime_data)
        others = await async_options(self.hass, "old_camera")
        return self.async_show_form(
            step_id="choose",
            data_schema=vol.Schema({vol.Required(CONF_OLD_CAMERA): camera_field({**old, **others})}),
            description_placeholders={**self._data},
        )

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show what the replacement changes, and do it when confirmed."""
        entry, cameras = self._entry, {CONF_OLD_CAMERA: self._old, CONF_NEW_CAMERA: self._data["about"]}
        with abort_on_ledger_errors():
            confirmation = await async_confirmation(entry, **cameras)
            if user_input is None:
                return self.async_show_form(
                    step_id="confirm", data_schema=vol.Schema({}), description_placeholders=confirmation
                )
            await async_replace(self.hass, entry, **cameras)
        return self._async_succeed("camera_replaced", confirmation)


_FLOWS: Final[dict[str, type[RepairFlow]]] = {
    issues.WRONG_TOKEN.key: TokenFlow,
    issues.WRONG_PROTOCOL.key: ProtocolFlow,
    issues.ACCESS_REFUSED.key: AccessFlow,
    issues.NEW_CAMERA.key: NewCameraFlow,
    issues.QUARANTINED.key: QuarantineFlow,
    issues.DAMAGED_DAYS.key: DamagedDaysFlow,
    issues.COUNTS_DIFFER.key: DifferenceFlow,
    issues.GAPS.key: GapsFlow,
    issues.DIRECTION_WRONG.key: DirectionFlow,
    issues.DRIFTED.key: DriftFlow,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue; without one of its own, the issue only has to be confirmed."""
    if data and (flow := _FLOWS.get(str(data.get("key")))):
        return flow({name: str(value) for name, value in data.items()})
    return ConfirmRepairFlow()


def _day_row(day: int) -> str:
    """Return a row of a table in Markdown: from when to when a day (UTC) was."""
    try:
        times = [wall_clock(datetime.fromtimestamp(instant, UTC)) for instant in (day * DAY, (day + 1) * DAY)]
    except ValueError, OverflowError, OSError:
        # The number of the day is what is damaged.
        times = [UNKNOWN] * 2
    return f"| {' | '.join(times)} |"


# Quarantined intervals as a table. They may be anything that is JSON, or the beginning of it.


def _table_row(quarantined: Quarantined, reasons: Mapping[str, str]) -> str:
    """Return a row of a table in Markdown: when, in, out and why."""
    if interval := quarantined.interval:
        times = [wall_clock(datetime.fromtimestamp(instant, UTC)) for instant in (interval.start, interval.end)]
        start, end, *counts = *times, str(interval.entered), str(interval.exited)
    else:
        start, end, *counts = _cells(quarantined.content or "")
    if start[10:11] == " ":
        # A table this narrow fits on a phone.
        end = end.removeprefix(start[:11])
    return f"| {start} → {end} | {' | '.join(counts)} | {plain(reasons.get(quarantined.reason, quarantined.reason))} |"


def _cells(content: str) -> list[str]:
    """Return from, to, in and out of a measurement that couldn't be read as an interval."""
    measurement: Any = None
    with suppress(ValueError, RecursionError):
        measurement = json.loads(content)
    if not isinstance(measurement, dict):
        return [UNKNOWN] * 4
    items = measurement.get("items")

    def count(direction: str) -> str:
        found = (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
        return _cell(next((item.get("count") for item in found if item.get("direction") == direction), None))

    return [_time_cell(measurement.get("utcFrom")), _time_cell(measurement.get("utcTo")), count("in"), count("out")]


def _time_cell(value: object) -> str:
    with suppress(ValueError, OverflowError):
        if isinstance(value, str):
            instant = datetime.fromisoformat(value)
            return wall_clock(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    return _cell(value)


def _cell(value: object) -> str:
    """Return a value of any type as short plain text."""
    if not isinstance(value, str | int | float):
        return UNKNOWN
    text = "".join(character for character in str(value)[:MAX_CELL] if character.isprintable())
    return plain(text.strip()) or UNKNOWN
