"""Makes a report and writes it: asks figures.py for the numbers, and has them written in a thread.

Called by action.py and view.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from ..counting import Timestamp
from ..place_coordinator import PlaceCoordinator
from .csv import csv
from .figures import async_build
from .html import html
from .markdown import markdown, text
from .model import Report
from .request import ReportRequest
from .words import ReportWords


@dataclass(frozen=True, slots=True)
class Written:
    """A report in all its forms."""

    report: Report
    title: str
    text: str
    markdown: str
    html: str
    csv: str


async def async_written(
    hass: HomeAssistant,
    request: ReportRequest,
    places: Sequence[PlaceCoordinator],
    link_until: Timestamp | None,
) -> Written:
    """Return a report, which says until when its link works. Raises LedgerError."""
    words = await ReportWords.async_of(hass, request.language)
    receiver = places[0].config_entry.runtime_data
    async with receiver.parallel_reports:
        report = await async_build(hass, places, request.kind, request.days, request.weather)
        async with receiver.parallel_actions:
            return await hass.async_add_executor_job(_written, report, words, link_until)


def _written(report: Report, words: ReportWords, link_until: Timestamp | None) -> Written:
    return Written(
        report,
        words.title(report),
        text(report, words),
        markdown(report, words),
        html(report, words, link_until),
        csv(report, words),
    )
