"""Connect a camera with its address and password, change the access, and see it in the list."""

from __future__ import annotations

from scripts.e2e_parts.run import Run
from tests.simulator import CountingApi, Device

PASSWORD = "camera-password"
KEY = "config_subentries.camera"


async def walk(run: Run) -> None:
    """Enter a wrong password, then the right one; then change the access."""
    screen, flow = run.screen, run.flow
    camera = run.cameras[0]
    device = await run.stack.enter_async_context(
        Device(serial=camera.serial, counting=CountingApi(camera), password=PASSWORD)
    )
    await run.open_integration()
    await run.entry.add("camera")
    await flow.at(f"{KEY}.step.user.title")
    await screen.step("form")
    await flow.fill({"host": device.address, "username": "root", "password": "wrong"})
    await flow.submit()
    await flow.fails()
    await screen.step("wrong-password")
    await flow.fill({"password": PASSWORD})
    await flow.submit()
    await flow.at(f"{KEY}.step.done.title")
    await screen.step("done")
    await flow.submit()
    await screen.step("kept")
    await flow.submit()
    await flow.is_closed()
    await screen.step("list")
