"""Add the integration, and connect a camera with exactly what the screen shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scripts.e2e_parts.run import Run
from tests.helpers.home_assistant import DOMAIN, HomeAssistantError
from tests.simulator import THREE_D, Camera, Hours, Visits

SERIAL = "accc8ef3d92e"
NAME = "Main entrance"


def camera(url: str, token: str) -> Camera:
    """Return a camera into which a person has copied URL and token."""
    source = Visits(NAME, ZoneInfo("UTC"), Hours(0, 24, 1450, 2100))
    installed = datetime.now(UTC) - timedelta(days=2)
    return Camera(source, url, token, serial=SERIAL, name=NAME, model=THREE_D, installed=installed)


async def walk(run: Run) -> None:
    """Choose Home Assistant's address, connect a camera, finish, and see the camera."""
    screen, flow = run.screen, run.flow
    await run.open(f"/config/integrations/dashboard/add?domain={DOMAIN}")
    await screen.press(screen.page.locator("dialog-box [slot=primaryAction]"))
    await flow.at("config.step.user.title")
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
    url, token = [code for code in await flow.codes() if code]
    run.cameras = [camera(url, token)]
    answer = await run.cameras[0].test_connection()
    if not answer.delivered:
        raise HomeAssistantError(f"Test connection was answered {answer.status}: {answer.text}")
    await flow.choose("config.step.connect.menu_options.finish")
    await screen.sees(NAME)
    await screen.step("connected")
    await flow.submit()
    await flow.is_closed()
    await run.cameras[0].push()
    await run.open_integration()
    await screen.sees(NAME)
    await screen.step("integration")
