"""Connect a camera by hand, and another one with its address and password; change and remove the access to it."""

from __future__ import annotations

from scripts.e2e_parts.cameras import NAME, refused, taken
from scripts.e2e_parts.run import Run
from tests.simulator import CountingApi, Device

PASSWORD = "camera-password"
KEY = "config_subentries.camera"


async def walk(run: Run) -> None:
    """Connect both ways."""
    await by_hand(run)
    await with_password(run)
    await change_access(run)
    await with_same_password(run)
    await run.entry.delete(NAME)
    await run.screen.step("access-removed")


async def choose_way(run: Run, way: str) -> None:
    """Begin, and choose one of the two ways."""
    await run.open_integration()
    await run.entry.add("camera")
    await run.flow.at(f"{KEY}.step.user.title")
    await run.flow.choose(f"selector.way.options.{way}")
    await run.screen.step(f"way-{way}")
    await run.flow.submit()


async def by_hand(run: Run) -> None:
    """Copy URL and token into the camera, the token wrong at first; the window goes on by itself."""
    screen, flow, camera = run.screen, run.flow, run.cameras[1]
    await choose_way(run, "by_hand")
    await flow.at(f"{KEY}.step.by_hand.title")
    await screen.step("by-hand")
    camera.url, token = await flow.url_and_token()
    await flow.submit()
    await flow.waits()
    await screen.step("waiting")
    camera.token = "wrong"
    refused(await camera.test_connection())
    await flow.fails()
    await screen.step("wrong-token")
    await flow.submit()
    await flow.waits()
    camera.token = token
    taken(await camera.test_connection())
    await flow.ends()
    await screen.step("connected")
    await flow.submit()
    await flow.is_closed()


async def with_password(run: Run) -> None:
    """Enter a wrong password, accept the camera's certificate, enter the right one."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    device = await run.stack.enter_async_context(
        Device(serial=camera.serial, counting=CountingApi(camera), password=PASSWORD, https=True)
    )
    await choose_way(run, "prepare")
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
    await flow.ends()
    await screen.step("kept")
    await flow.submit()
    await flow.is_closed()


async def change_access(run: Run) -> None:
    """Enter the password again."""
    screen, flow = run.screen, run.flow
    await run.entry.change("camera", NAME)
    await flow.at(f"{KEY}.step.reconfigure.title")
    await screen.step("change-access")
    await flow.fill({"password": PASSWORD})
    await flow.submit()
    await flow.ends()
    await flow.submit()
    await flow.is_closed()


async def with_same_password(run: Run) -> None:
    """Look at the form for the next camera, which offers the password of the first."""
    await choose_way(run, "prepare")
    await run.flow.at(f"{KEY}.step.camera.title")
    await run.screen.step("same-password")
    await run.open_integration()
