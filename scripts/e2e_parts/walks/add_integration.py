"""Add the integration by Home Assistant's address, and connect a camera with exactly what the screen shows."""

from __future__ import annotations

from scripts.e2e_parts.cameras import NAME, cameras, taken
from scripts.e2e_parts.run import Run
from tests.helpers.home_assistant import DOMAIN


async def walk(run: Run) -> None:
    """Choose Home Assistant's address, connect a camera, finish, and see the camera."""
    screen, flow = run.screen, run.flow
    await start(run)
    await screen.step("how")
    await flow.choose("config.step.user.menu_options.home_assistant")
    await flow.at("config.step.home_assistant.title")
    await screen.step("address")
    await flow.fill({"url": run.home.url})
    await flow.submit()
    # The loopback has no certificate, which Home Assistant accepts once it has warned.
    await screen.sees(screen.texts("config.error.not_https"))
    await screen.step("address-warning")
    await flow.submit()
    await flow.at("config.step.connect.title")
    await screen.step("connect")
    run.cameras = cameras(*await flow.url_and_token())
    await finish(run)


async def start(run: Run) -> None:
    """Begin as the button of the README does."""
    await run.open(f"/config/integrations/dashboard/add?domain={DOMAIN}")
    await run.screen.press(run.screen.page.locator("dialog-box [slot=primaryAction]"))
    await run.flow.at("config.step.user.title")


async def finish(run: Run) -> None:
    """Press Test connection in the camera, finish, and see the camera."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    taken(await camera.test_connection())
    await flow.choose("config.step.connect.menu_options.finish")
    await screen.sees(NAME)
    await screen.step("connected")
    await flow.submit()
    await flow.is_closed()
    taken(await camera.push())
    await run.open_integration()
    await screen.sees(NAME)
    await screen.step("integration")
