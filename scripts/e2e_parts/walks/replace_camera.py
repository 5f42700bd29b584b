"""Undo a replacement with Reconfigure, and replace the camera again in the same way."""

from __future__ import annotations

import re

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run
from tests.simulator import Camera


async def undo_and_replace(run: Run, old: Camera, new: Camera) -> None:
    """Give the new camera a device of its own, and let it take over that of the old one once more."""
    screen, flow = run.screen, run.flow
    await choose(run, "undo")
    # Beside the name of the camera is since when it counts here.
    await flow.choose_text(re.compile(rf"^{re.escape(new.name)} \("))
    await screen.step("undo")
    await flow.submit()
    await flow.ends()
    await screen.step("undone")
    await flow.submit()
    await flow.is_closed()
    # The camera appears with its next report, which a camera may repeat.
    taken(await new.redeliver())
    await run.sees_camera(new.serial)

    await choose(run, "replace")
    for group, camera in enumerate((old, new)):
        await flow.choose_text(re.compile(rf"^{re.escape(camera.name)}\s*$"), group)
    await screen.step("replace")
    await flow.submit()
    await flow.at("config.step.replace_confirm.title")
    await screen.step("replace-confirm")
    await flow.submit()
    await flow.ends()
    await screen.step("replaced")
    await flow.submit()
    await flow.is_closed()


async def choose(run: Run, task: str) -> None:
    """Choose what to do in Reconfigure."""
    await run.open_integration()
    await run.entry.reconfigure()
    await run.flow.at("config.step.reconfigure.title")
    await run.flow.choose(f"selector.task.options.{task}")
    await run.flow.submit()
    await run.flow.at(f"config.step.{task}.title")
