"""Flows of repair issues that offer to fill gaps with what the camera still has.

The issues are begun and ended in checks/agreement.py, the gaps are filled in checks/gap_filling.py.
"""

from abc import abstractmethod
import asyncio
from datetime import UTC, datetime
from typing import Any, Final, override

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.data_entry_flow import AbortFlow

from ..checks import FilledGaps, Gap, async_fill_gaps, async_leave_gaps, async_local_schedule, async_open_gaps
from ..ledger import Comparison
from ..texts import Message, abort_on_ledger_errors, async_translate, plain, wall_clock
from .repair_flow import CONF_CHOICE, RepairFlow, choice_schema

# As many rows as a person reads.
MAX_SHOWN: Final = 10
FILL: Final = "fill"
LEAVE: Final = "leave"
CHOICES: Final = (FILL, LEAVE)


class FillFlow(RepairFlow):
    """Offers to fill gaps, or to leave what was found as it is."""

    _task: asyncio.Task[FilledGaps] | None = None

    @abstractmethod
    async def _async_found(self, *, is_shown: bool) -> dict[str, str]:
        """Return the placeholders of the first step, and keep what is shown now.

        Raises LedgerError, and AbortFlow if nothing is left.
        """

    @abstractmethod
    async def _async_leave(self) -> None:
        """Store that a person knows of what was shown. Raises LedgerError."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the first step."""
        return await self.async_step_choose()

    async def async_step_choose(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show what was found, and ask what to do."""
        with abort_on_ledger_errors():
            found = await self._async_found(is_shown=user_input is None)
            if user_input is None:
                return self.async_show_form(
                    step_id="choose",
                    data_schema=choice_schema(CHOICES, "gaps"),
                    description_placeholders={**self._data, **found},
                )
            if user_input[CONF_CHOICE] == LEAVE:
                await self._async_leave()
                return self._async_end("left")
        return await self.async_step_fill()

    async def async_step_fill(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show how far filling has come. Closing the window stops it; what was filled stays."""
        if self._task is None:
            self._task = self.hass.async_create_task(self._async_fill())
        if not self._task.done():
            return self.async_show_progress(
                step_id="fill",
                progress_action="fill",
                description_placeholders={**self._data},
                progress_task=self._task,
            )
        return self.async_show_progress_done(next_step_id="filled")

    async def _async_fill(self) -> FilledGaps:
        """Fill all gaps of the camera. Raises LedgerError, and AbortFlow where there is no access any more."""
        camera, receiver = self._camera, self._entry.runtime_data
        access, schedule = receiver.accesses.get(camera.camera.serial), await async_local_schedule(camera)
        if access is None or schedule is None:
            key = "no_access" if access is None else "gaps_without_time_zone"
            return FilledGaps(error=Message(key, {"camera": camera.device_name}))
        filled = await async_fill_gaps(camera, schedule, access, self.async_update_progress)
        await receiver.agreement.async_filled(camera)
        return filled

    async def async_step_filled(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show what was filled, what is still missing, and what went wrong."""
        assert self._task
        with abort_on_ledger_errors():
            filled = await self._task
        entered, exited = filled.entered, filled.exited
        if self._camera.camera.reversed:
            entered, exited = exited, entered
        return self._async_end(
            "not_filled" if filled.error else "filled",
            error=plain(await async_translate(self.hass, filled.error)) if filled.error else "",
            minutes=str(round(filled.filled / 60)),
            missing=str(round(filled.missing / 60)),
            entered=str(entered),
            exited=str(exited),
        )

    def _async_end(self, reason: str, **placeholders: str) -> RepairsFlowResult:
        """End the flow; the issue ends by itself once nothing is left of it."""
        return self.async_abort(reason=reason, description_placeholders={**self._data, **placeholders})


class GapsFlow(FillFlow):
    """Shows the gaps of a camera."""

    # The gaps that the person was asked about.
    _gaps: list[Gap]

    @override
    async def _async_found(self, *, is_shown: bool) -> dict[str, str]:
        gaps = await async_open_gaps(self._camera)
        if not gaps:
            # Late pushes have filled them.
            await self._entry.runtime_data.agreement.async_look_for_gaps(self._camera)
            raise AbortFlow("nothing_left")
        if is_shown:
            self._gaps = gaps
        return {
            "count": str(len(gaps)),
            "minutes": str(sum(end - start for start, end in gaps) // 60),
            "time_zone": plain(self.hass.config.time_zone),
            "rows": "\n".join(
                "| " + " | ".join(wall_clock(datetime.fromtimestamp(at, UTC)) for at in gap) + " |"
                for gap in gaps[:MAX_SHOWN]
            ),
        }

    @override
    async def _async_leave(self) -> None:
        await async_leave_gaps(self._camera, self._gaps)
        await self._entry.runtime_data.agreement.async_look_for_gaps(self._camera)


class DifferenceFlow(FillFlow):
    """Shows the hours of yesterday that differ from the camera's own counts."""

    # The difference that the person was asked about.
    _comparison: Comparison

    @override
    async def _async_found(self, *, is_shown: bool) -> dict[str, str]:
        comparison = self._entry.runtime_data.agreement.comparison(self._camera.key)
        if comparison is None or not comparison.differing:
            raise AbortFlow("nothing_left")
        if is_shown:
            self._comparison = comparison
        hours = comparison.differing
        is_reversed = self._camera.camera.reversed
        return {
            "people": str(comparison.people),
            "date": comparison.date,
            "count": str(len(hours)),
            "rows": "\n".join(
                f"| {hour[11:]} | {in_} | {camera_in} | {out} | {camera_out} |"
                for hour, camera_in, camera_out, in_, out in (
                    (hour.hour, hour.camera_exited, hour.camera_entered, hour.exited, hour.entered)
                    if is_reversed
                    else hour
                    for hour in hours[:MAX_SHOWN]
                )
            ),
        }

    @override
    async def _async_leave(self) -> None:
        await self._entry.runtime_data.agreement.async_confirm(self._camera, self._comparison)
