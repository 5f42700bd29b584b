"""Add the integration by Home Assistant's address, and connect a camera with exactly what the screen shows."""

from __future__ import annotations

from scripts.e2e_parts.cameras import NAME, cameras, refused, taken
from scripts.e2e_parts.run import Run
from tests.helpers.home_assistant import DOMAIN


async def walk(run: Run) -> None:
    """Choose Home Assistant's address, copy a wrong token, then the right one, and see the camera."""
    screen, flow = run.screen, run.flow
    await start(run)
    await screen.step("port-suggested")
    await flow.choose("selector.way.options.home_assistant")
    await flow.submit()
    await flow.at("config.step.home_assistant.title")
    await flow.fill({"url": run.home.url})
    await flow.choose("selector.way.options.by_hand")
    await screen.step("address")
    await flow.submit()
    # The loopback has no certificate, which Home Assistant accepts once it has warned.
    await screen.sees(screen.texts("config.error.not_https"))
    await screen.step("address-warning")
    await flow.submit()
    await flow.at("config.step.by_hand.title")
    await screen.step("connect")
    run.cameras = cameras(*await flow.url_and_token(), days=run.days)
    await wrong_token(run)
    await finish(run)


async def start(run: Run) -> None:
    """Begin as the button of the README does."""
    await run.open(f"/config/integrations/dashboard/add?domain={DOMAIN}")
    await run.screen.press(run.screen.page.locator("dialog-box [slot=primaryAction]"))
    await run.flow.at("config.step.direct.title")


async def wrong_token(run: Run) -> None:
    """See at once that the token is wrong, check the address, and come back to what to enter."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    await flow.submit()
    await flow.waits()
    await screen.step("waiting")
    token, camera.token = camera.token, "wrong"
    refused(await camera.test_connection())
    await flow.fails()
    await screen.step("wrong-token")
    camera.token = token
    await flow.choose("selector.next.options.check")
    await flow.submit()
    await flow.at("config.step.checked.title")
    await screen.step("address-checked")
    await flow.submit()
    await flow.at("config.step.by_hand.title")


async def finish(run: Run) -> None:
    """Wait, press Test connection in the camera, and see the window go on and the camera appear."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    await flow.submit()
    await flow.waits()
    taken(await camera.test_connection())
    await flow.ends()
    await screen.sees(NAME)
    await screen.step("connected")
    await flow.submit()
    await flow.is_closed()
    taken(await camera.push())
    await run.open_integration()
    await screen.sees(NAME)
    await screen.step("integration")
