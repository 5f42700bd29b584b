"""Turn a camera round that counts backwards, as its repair offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run
from tests.simulator import Camera, Counts

KEY = "issues.direction_wrong.fix_flow"


@dataclass(frozen=True)
class OnlyOut:
    """A door through which one person goes out every ten minutes."""

    zone: ZoneInfo

    def between(self, first: int, after: int) -> Counts:
        """Return the counts from one minute since 1970 up to, not including, another."""
        return Counts(out=after // 10 - first // 10)


async def walk(run: Run) -> None:
    """Let a camera send two days on which people only go out."""
    screen, flow, known = run.screen, run.flow, run.cameras[0]
    installed = datetime.now(UTC) - timedelta(days=3)
    camera = Camera(
        OnlyOut(known.zone), known.url, known.token, serial="b8a44f405060", name="Side door", installed=installed
    )
    taken(await camera.push())
    switch = f"{camera.serial}_reverse_direction"
    await run.sees_state(switch, "off")
    # A change of the direction is looked at at once.
    entity_id = (await run.home.states())[switch]["entity_id"]
    for service, state in (("turn_on", "on"), ("turn_off", "off")):
        await run.home.call("switch", service, entity_id=entity_id)
        await run.sees_state(switch, state)
    await run.open_repair("direction_wrong")
    await flow.at(f"{KEY}.step.turn_camera.title")
    # The part of the frontend that shows Markdown is loaded later.
    await flow.dialog.locator("ha-markdown p").first.wait_for()
    await screen.step("direction")
    await screen.press(flow.button(f"{KEY}.step.turn_camera.submit"))
    await flow.ends()
    await screen.step("direction-turned")
    await flow.submit()
    await flow.is_closed()
    await run.sees_state(switch, "on")
    await run.sees_no_repair("direction_wrong")
