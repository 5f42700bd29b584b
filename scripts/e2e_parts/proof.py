"""A page with faults on purpose: before anything else, each check must find its own."""

from __future__ import annotations

from scripts.e2e_parts.checks import NO_LABEL
from scripts.e2e_parts.screen import Screen

# A text of the integration that is another word in each language.
KEY = "config.step.by_hand.title"
_PAGE = """<!doctype html><meta charset="utf-8"><body><dialog open>
<p>component.axis_people_counter.title</p>
<p>{english}</p>
<div style="width: 5em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">{own}</div>
<p style="height: 0; margin: 0">{own}</p><p style="margin: 0">Something else over it</p>
<button>{label}</button>
<button><svg width="10" height="10"></svg></button>
<div style="cursor: pointer" onclick="">A row</div>
<button tabindex="-1">Behind</button>
<dialog-data-entry-flow><p style="color: #999; background: #fff">Pale</p></dialog-data-entry-flow>
<hui-warning>No such entity</hui-warning>
</dialog>"""


class ProofError(Exception):
    """A check finds nothing where there is a fault."""


async def prove(screen: Screen) -> None:
    """Raise ProofError unless each fault of the page is found."""
    english, own = screen.english(KEY), screen.texts(KEY)
    await screen.page.set_content(_PAGE.format(english=english, own=own, label=NO_LABEL[screen.kind.language]))
    await screen.page.evaluate("console.error('axis_people_counter is broken')")
    found = [*await screen.faults_now(), *await screen.unreached()]
    await screen.page.set_content("<hui-view style='height: 100%'></hui-view>")
    found += await screen.faults_now()
    for start, is_expected in (
        ("Raw translation key", True),
        ("Not translated", english != own),
        ("Cut text", True),
        ("Another text over", True),
        ("No name for a screen reader", True),
        ("The button doesn't say what it does", True),
        ("Can't be reached with the Tab key", True),
        ("Error in the console", True),
        ("Too little contrast (2.8)", True),
        ("A card can't be shown", True),
        ("The screen is blank", True),
        ("The keyboard doesn't get to: button Behind", True),
    ):
        if any(fault.startswith(start) for fault in found) != is_expected:
            raise ProofError(f"The check for {start!r} is wrong on the page with faults on purpose: {found}")
