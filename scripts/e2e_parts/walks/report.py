"""Open the report of last week by its link, as somebody who hasn't signed in, and print it."""

from __future__ import annotations

import re

from scripts.e2e_parts.run import Run
from tests.helpers.home_assistant import DOMAIN

NAME, CAPACITY = "Museum", 300
# A week of one place is one page of paper.
PAGES = 1
_A4 = rb"/MediaBox \[0 0 59[45](?:\.\d+)? 84[12](?:\.\d+)?\]"


async def walk(run: Run) -> None:
    """See the page in the window, and how much paper it takes."""
    screen = run.screen
    midnight = {"daily_reset": True, "reset_time": "00:00:00", "reset_value": 0}
    fields = {
        "name": NAME,
        "doors": [run.cameras[0].serial],
        "capacity": CAPACITY,
        "neighbours": {"reversed_doors": []},
        "more": {"hysteresis": 0, **midnight},
    }
    key = await run.home.add_subentry("place", fields)
    await run.sees_entity(f"{key}_occupancy")
    occupancy = (await run.home.states())[f"{key}_occupancy"]["entity_id"]
    asked = {"entity_id": occupancy, "language": screen.kind.language}
    answer = await run.home.request("POST", f"/api/services/{DOMAIN}/create_report?return_response", asked)
    await run.open(answer["service_response"]["path"])
    await screen.page.get_by_role("heading", name=NAME, exact=True).wait_for()
    await screen.step("report")
    if await screen.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        screen.add_fault("The report is wider than the window", screen.picture)
    printed = await screen.page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type /Page\b(?!s)", printed))
    if pages != PAGES:
        screen.add_fault(f"The report takes {pages} pages of paper instead of {PAGES}", screen.picture)
    if not re.search(_A4, printed):
        screen.add_fault("The report isn't printed on A4", screen.picture)
    (entry,) = await run.home.command("config_entries/get", domain=DOMAIN)
    await run.home.command("config_entries/subentries/delete", entry_id=entry["entry_id"], subentry_id=key)
