"""Make a new token, and see the repair that lists a camera until it has been heard with it."""

from __future__ import annotations

from scripts.e2e_parts.cameras import NAME, taken
from scripts.e2e_parts.run import Run


async def walk(run: Run) -> None:
    """Reconfigure, copy the new token into all cameras but one, and then into that one."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    taken(await camera.push())
    await run.open_integration()
    await run.entry.reconfigure()
    await flow.at("config.step.reconfigure.title")
    await screen.step("reconfigure")
    await flow.choose("selector.task.options.new_token")
    await flow.submit()
    await flow.at("config.step.new_token.title")
    await screen.step("new-token")
    await flow.submit()
    await flow.at("config.step.by_hand.title")
    _, token = await flow.url_and_token()
    await flow.choose("selector.next.options.finish")
    await flow.submit()
    await flow.ends()
    await screen.step("new-token-made")
    await flow.submit()
    await flow.is_closed()
    for other in run.cameras[1:]:
        other.token = token
        taken(await other.test_connection())
    await run.open_repair("new_token")
    await screen.sees(NAME)
    await screen.step("old-token")
    camera.token = token
    taken(await camera.test_connection())
    await run.sees_no_repair("new_token")
