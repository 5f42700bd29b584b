"""Walks through the integration's screens in a real browser; see scripts/e2e."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Error as BrowserError

from scripts.demo_parts.console import echo
from scripts.demo_parts.steps import prepare
from scripts.e2e_parts.browser import KINDS, MORE_KINDS, Kind, window
from scripts.e2e_parts.checks import log_faults, unknown_labels
from scripts.e2e_parts.documentation import DAYS, FOLDER, KIND as DOCUMENTED_KIND, PICTURES
from scripts.e2e_parts.labels import shown_labels
from scripts.e2e_parts.planted import KIND as PLANTED_KIND, PLANTED, WALKS as PLANTED_WALKS, plant
from scripts.e2e_parts.proof import ProofError, prove
from scripts.e2e_parts.run import Run
from scripts.e2e_parts.screen import Screen
from scripts.e2e_parts.walks import (
    add_integration,
    asked_camera,
    blueprint,
    connect_camera,
    dashboards,
    delete_and_add_directly,
    direction,
    door,
    early_page,
    new_token,
    occupancy,
    options,
    places,
    repairs,
    report,
    stored_counts,
)
from tests.helpers.documentation import HOME_ASSISTANT_LABELS
from tests.helpers.home_assistant import INTEGRATION, HomeAssistant, HomeAssistantError

# In this order; each needs the first one.
WALKS: dict[str, Callable[[Run], Awaitable[None]]] = {
    "add": add_integration.walk,
    "connect-camera": connect_camera.walk,
    "places": places.walk,
    "repairs": repairs.walk,
    "asked-camera": asked_camera.walk,
    "occupancy": occupancy.walk,
    "blueprint": blueprint.walk,
    "dashboards": dashboards.walk,
    "early-page": early_page.walk,
    "report": report.walk,
    "door": door.walk,
    "options": options.walk,
    "new-token": new_token.walk,
    "stored-counts": stored_counts.walk,
    "direction": direction.walk,
    "add-again": delete_and_add_directly.walk,
}
# A browser and its Home Assistant wait for each other, so each pair uses one core.
AT_A_TIME = max(2, os.process_cpu_count() or 1)
# The limit of one run, without downloads.
LIMIT_SECONDS = 900


async def walk_all(
    kind: Kind, walks: Sequence[str], pictures: Path, *, planted: bool = False, documentation: Path | None = None
) -> list[str]:
    """Walk with a Home Assistant of its own, and return what is wrong.

    With faults planted in it, and with pictures for the documentation, if wanted.
    """
    with tempfile.TemporaryDirectory(prefix="people-counter-e2e-", ignore_cleanup_errors=True) as folder:
        home = HomeAssistant(Path(folder), minimal=False, name="Demo", yaml="automation: !include automations.yaml")
        (home.folder / "automations.yaml").write_text("[]")
        shutil.copytree(ROOT / "blueprints", home.folder / "blueprints")
        integration = home.folder / "custom_components" / INTEGRATION.name
        if planted:
            integration.unlink()
            plant(INTEGRATION, integration)
        try:
            await home.start()
            await home.onboard()
            await home.command("config/core/update", language=kind.language)
            await home.command("frontend/set_user_data", key="language", value={"language": kind.language})
            async with window(kind, home) as page, AsyncExitStack() as stack:
                screen = Screen(page, kind, pictures, integration)
                await prove(screen)
                screen.documentation = documentation
                run = Run(home, screen, stack)
                if documentation:
                    run.days = DAYS
                for name in walks:
                    await walk(run, name)
            for fault in log_faults(home.log(), run.expected_errors):
                screen.add_fault(fault)
            if kind.name == DOCUMENTED_KIND and len(walks) == len(WALKS):
                for step in PICTURES.keys() - screen.steps:
                    screen.add_fault(f"There is no step {step!r} for {PICTURES[step]} in the documentation")
            return screen.faults
        finally:
            await home.__aexit__()


async def walk(run: Run, name: str) -> None:
    """Walk one walk; what stops it is a fault, and the next one goes on."""
    started = asyncio.get_running_loop().time()
    try:
        await WALKS[name](run)
    except (BrowserError, HomeAssistantError, LookupError, TimeoutError) as error:
        lines = [line.strip() for line in (str(error) or repr(error)).splitlines() if line.strip()]
        run.screen.add_fault(f"{name} stopped: {' '.join(lines[:4])}")
        await run.screen.step(f"{name}-stopped")
    echo(f"{run.screen.kind.name}: {name} ({asyncio.get_running_loop().time() - started:.0f} s)")


async def e2e(kinds: Sequence[Kind], walks: Sequence[str], pictures: Path, documentation: Path | None) -> int:
    """Walk in each size and language, and print what is wrong."""
    await prepare()
    free = asyncio.Semaphore(AT_A_TIME)

    async def walk_one(kind: Kind) -> list[str]:
        async with free, asyncio.timeout(LIMIT_SECONDS):
            return await walk_all(kind, walks, pictures, documentation=documentation)

    found = [
        f"Home Assistant shows nothing like {label!r} of the documentation"
        for label in unknown_labels(HOME_ASSISTANT_LABELS, shown_labels())
    ]
    found += [fault for faults in await asyncio.gather(*map(walk_one, kinds)) for fault in faults]
    echo()
    if found:
        echo("These screens have faults:")
        echo("\n".join(f"  {fault}" for fault in found))
    else:
        echo("All screens are right.")
    return 1 if found else 0


async def e2e_planted(pictures: Path) -> int:
    """Walk with faults planted in the integration, and print which of them were found."""
    await prepare()
    (kind,) = (kind for kind in KINDS if kind.name == PLANTED_KIND)
    async with asyncio.timeout(LIMIT_SECONDS):
        faults = await walk_all(kind, PLANTED_WALKS, pictures, planted=True)
    echo("\n".join(["", "Found:", *(f"  {fault}" for fault in faults), ""]))
    found = 0
    for planted in PLANTED:
        reports = [fault for fault in faults if planted.found in fault]
        found += bool(reports)
        echo(f"{planted.name[0].upper()}{planted.name[1:]}: {reports[0] if reports else 'NOT FOUND'}")
    echo(f"{found} of {len(PLANTED)} planted faults were found.")
    return 0 if found == len(PLANTED) else 1


async def main() -> int:
    """Run until done or interrupted."""
    parser = argparse.ArgumentParser(prog="scripts/e2e", description="Walks through the screens in a real browser.")
    parser.add_argument("--pictures", type=Path, help="keep a picture of each step in this folder")
    parser.add_argument(
        "--only", action="append", choices=[kind.name for kind in (*KINDS, *MORE_KINDS)], help="one of the runs"
    )
    parser.add_argument("--walk", action="append", choices=WALKS, help="one of the walks")
    parser.add_argument("--documentation", action="store_true", help="take the pictures in docs/images anew")
    parser.add_argument("--planted", action="store_true", help="plant faults, and check that they are found")
    arguments = parser.parse_args()
    only = [DOCUMENTED_KIND] if arguments.documentation else arguments.only
    documentation = FOLDER if arguments.documentation else None
    kinds = [kind for kind in (*KINDS, *MORE_KINDS) if kind.name in only] if only else KINDS
    # All others need the first one.
    walks = [name for name in WALKS if not arguments.walk or name in (next(iter(WALKS)), *arguments.walk)]
    pictures = arguments.pictures or Path(tempfile.mkdtemp(prefix="people-counter-pictures-"))
    pictures.mkdir(parents=True, exist_ok=True)
    running = asyncio.create_task(
        e2e_planted(pictures) if arguments.planted else e2e(kinds, walks, pictures, documentation)
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    result = 1
    try:
        result = await running
    except asyncio.CancelledError:
        echo("\nEverything has ended.")
        result = 130
    except TimeoutError:
        echo(f"A run took longer than {LIMIT_SECONDS} seconds.")
    except (HomeAssistantError, ProofError, BrowserError) as error:
        echo(str(error))
    if result != 1 and not arguments.pictures:
        shutil.rmtree(pictures)
    else:
        echo(f"The pictures are in {pictures}.")
    return result


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
