"""Makes a report and writes it: asks figures.py for the numbers, and has them written in a thread.

Called by action.py and view.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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

# A template of Home Assistant has at most 262,144 characters, and a person may write something around the page.
MAX_ANSWER: Final = 250_000


@dataclass(frozen=True, slots=True)
class Written:
    """A report in all its forms."""

    report: Report
    title: str
    text: str
    markdown: str
    html: str
    # The page as it fits into a template: without charts if it is too long with them.
    short_html: str
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
    page = html(report, words, link_until)
    return Written(
        report,
        words.title(report),
        text(report, words),
        markdown(report, words),
        page,
        page if len(page) <= MAX_ANSWER else html(report, words, link_until, has_pictures=False),
        csv(report, words),
    )
