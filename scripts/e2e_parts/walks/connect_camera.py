"""Connect a camera by hand, and with its address and password, and see the access in the list."""

from __future__ import annotations

from scripts.e2e_parts.run import Run
from tests.simulator import CountingApi, Device

PASSWORD = "camera-password"
KEY = "config_subentries.camera"


async def walk(run: Run) -> None:
    """Wait for a camera that is connected by hand; then enter a wrong password, and the right one."""
    screen, flow = run.screen, run.flow
    camera = run.cameras[0]
    device = await run.stack.enter_async_context(
        Device(serial=camera.serial, counting=CountingApi(camera), password=PASSWORD, https=True)
    )
    await run.open_integration()
    await run.entry.add("camera")
    await flow.at(f"{KEY}.step.user.title")
    await screen.step("way")
    await flow.choose_radio("selector.way.options.by_hand")
    await flow.submit()
    await flow.at(f"{KEY}.step.by_hand.title")
    await screen.step("by-hand")
    await flow.submit()
    await screen.sees(camera.url)
    await screen.step("waiting")
    await camera.test_connection()
    await screen.sees(camera.name)
    await screen.step("heard")
    await run.open_integration()

    await run.entry.add("camera")
    await flow.at(f"{KEY}.step.user.title")
    await flow.submit()
    await flow.at(f"{KEY}.step.camera.title")
    await screen.step("form")
    await flow.fill({"host": device.address, "username": "root", "password": "wrong"})
    await flow.submit()
    await flow.at(f"{KEY}.step.certificate.title")
    await screen.step("certificate")
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

    await run.entry.add("camera")
    await flow.submit()
    await flow.at(f"{KEY}.step.camera.title")
    await screen.step("same-password")
    await run.open_integration()
