"""Delete the integration, with all that belongs to it, and add it again, now with a port of its own for the cameras."""

from __future__ import annotations

from scripts.e2e_parts.cameras import cameras
from scripts.e2e_parts.run import Run
from scripts.e2e_parts.walks.add_integration import finish, start
from tests.helpers.home_assistant import HomeAssistantError, free_port


async def walk(run: Run) -> None:
    """Delete it, find nothing of it, install the certificate in the camera, and connect the camera again."""
    screen, flow = run.screen, run.flow
    await run.open_integration()
    await run.entry.delete_all()
    await screen.step("deleted")
    if states := await run.home.states():
        raise HomeAssistantError(f"After the integration was deleted, these are still there: {sorted(states)}")
    await start(run)
    await flow.fill({"host": "127.0.0.1"})
    await screen.fill(screen.field("config.step.direct.data.port"), str(free_port()))
    await flow.choose("selector.way.options.by_hand")
    await screen.step("port")
    await flow.submit()
    await flow.at("config.step.by_hand_direct.title")
    await screen.step("connect-directly")
    certificate = run.home.folder / "installed-in-the-camera.pem"
    certificate.write_bytes(await flow.download())
    run.cameras = cameras(*await flow.url_and_token(), certificate, days=run.days)
    await finish(run)
