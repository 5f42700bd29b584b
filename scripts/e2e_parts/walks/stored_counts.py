"""Open the repairs that a disk causes, and replace a camera by its repair and by Reconfigure."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
import sqlite3

from scripts.e2e_parts.cameras import successor, taken
from scripts.e2e_parts.run import Run
from scripts.e2e_parts.walks.replace_camera import undo_and_replace
from tests.simulator import Camera

LEDGER = "axis_people_counter.db"
# All cameras appeared days ago; since yesterday, one has been silent and a day of it damaged.
AGED = """
    UPDATE cameras SET appeared = appeared - 4 * 86400;
    UPDATE cameras SET received = received - 90000, sent = sent - 90000 WHERE serial = '{serial}';
    INSERT INTO damaged_days SELECT id, received / 86400 - 1, NULL, received FROM cameras WHERE serial = '{serial}';
"""


async def walk(run: Run) -> None:
    """Change the ledger while Home Assistant is stopped, and see what it says when it has started again."""
    ledger = run.home.folder / LEDGER
    old = run.cameras[2]
    taken(await old.push())
    await run.home.stop()
    age(ledger, old.serial)
    await run.home.start()
    await damaged_days(run)
    await new_camera(run, old)
    await undo_and_replace(run, old, run.cameras[2])
    await run.home.stop()
    break_file(ledger)
    await damaged_ledger(run)


def age(ledger: Path, serial: str) -> None:
    """Make a camera silent, and damage a day of it."""
    with closing(sqlite3.connect(ledger)) as db:
        db.executescript(AGED.format(serial=serial))


def break_file(ledger: Path) -> None:
    """Leave nothing that SQLite can read."""
    ledger.write_bytes(b"Broken." * 1000)


async def damaged_days(run: Run) -> None:
    """Read what is damaged, and delete it."""
    screen, flow = run.screen, run.flow
    await run.open_repair("damaged_days")
    await flow.at("issues.damaged_days.fix_flow.step.confirm.title")
    await screen.step("damaged-days")
    await flow.submit()
    await flow.ends()
    await screen.step("damaged-days-deleted")
    await flow.submit()
    await flow.is_closed()
    await run.sees_no_repair("damaged_days")


async def new_camera(run: Run, old: Camera) -> None:
    """Read that a camera is silent, and let a new one replace it."""
    screen, flow = run.screen, run.flow
    await run.open_repair("camera_silent")
    await run.sees_text_of_repair()
    await screen.step("camera-silent")
    run.cameras[2] = new = successor(old)
    taken(await new.push())
    await run.open_repair("new_camera")
    await flow.at("issues.new_camera.fix_flow.step.choose.title")
    await flow.choose_text(old.name)
    await screen.step("new-camera")
    await flow.submit()
    await flow.at("issues.new_camera.fix_flow.step.confirm.title")
    await screen.step("new-camera-confirm")
    await flow.submit()
    await flow.ends()
    await screen.step("new-camera-replaced")
    await flow.submit()
    await flow.is_closed()
    for key in ("new_camera", "camera_silent"):
        await run.sees_no_repair(key)


async def damaged_ledger(run: Run) -> None:
    """Start with a ledger that can't be read, and confirm that somebody knows of it."""
    screen, flow = run.screen, run.flow
    run.expected_errors.append("was damaged or isn't a ledger")
    await run.home.start()
    await run.open_repair("ledger_moved_aside")
    await flow.at("issues.ledger_moved_aside.fix_flow.step.confirm.title")
    await screen.step("ledger-moved-aside")
    await flow.submit()
    await flow.ends()
    await flow.submit()
    await flow.is_closed()
    await run.sees_no_repair("ledger_moved_aside")
