"""Open the repairs of a camera that Home Assistant may ask: fill its gaps, and enter its new password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run
from tests.simulator import CountingApi, Device

PASSWORD, NEW_PASSWORD = "camera-password", "changed-password"


async def walk(run: Run) -> None:
    """Lose a day of counts, and read it from the camera; then let the camera refuse the password."""
    camera = run.cameras[1]
    now = datetime.now(UTC)
    taken(await camera.push(now - timedelta(hours=40)))
    # Only gaps of more than a day ago are asked about: the camera may still send the others.
    camera.cursor = now - timedelta(hours=25)
    taken(await camera.push())
    device = await run.stack.enter_async_context(
        Device(serial=camera.serial, counting=CountingApi(camera), password=PASSWORD)
    )
    await run.give_access(device.address, device.username, PASSWORD)
    await fill_gaps(run)
    device.password = NEW_PASSWORD
    await sign_in_again(run)


async def fill_gaps(run: Run) -> None:
    """Read the missing counts from the camera."""
    screen, flow = run.screen, run.flow
    await run.open_repair("counts_differ")
    await flow.at("issues.counts_differ.fix_flow.step.choose.title")
    await screen.step("counts-differ")
    await run.open_repair("gaps")
    await flow.at("issues.gaps.fix_flow.step.choose.title")
    await flow.choose("selector.gaps.options.fill")
    await screen.step("gaps")
    await flow.submit()
    await flow.ends()
    await screen.step("gaps-filled")
    await flow.submit()
    await flow.is_closed()
    for key in ("gaps", "counts_differ"):
        await run.sees_no_repair(key)


async def sign_in_again(run: Run) -> None:
    """Enter the new password."""
    screen, flow = run.screen, run.flow
    await run.open_repair("access_refused")
    await flow.at("issues.access_refused.fix_flow.step.camera.title")
    await screen.step("access-refused")
    await flow.fill({"password": NEW_PASSWORD})
    await flow.submit()
    await flow.ends()
    await screen.step("signed-in")
    await flow.submit()
    await flow.is_closed()
    await run.sees_no_repair("access_refused")
