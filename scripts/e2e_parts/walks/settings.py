"""Change the integration itself: its options, and the token of all cameras."""

from __future__ import annotations

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run


async def walk(run: Run) -> None:
    """Change the options, and make a new token."""
    await options(run)
    await new_token(run)


async def options(run: Run) -> None:
    """Enter a number that can't be, and then another one."""
    screen, flow = run.screen, run.flow
    await run.open_integration()
    await run.entry.options()
    await flow.at("options.step.init.title")
    seconds = screen.field("options.step.init.data.live_seconds")
    await screen.fill(seconds, "1")
    await flow.submit()
    await screen.sees(screen.texts("options.error.live_seconds"))
    await screen.step("options")
    await screen.fill(seconds, "10")
    await flow.submit()
    await flow.ends()
    await flow.submit()
    await flow.is_closed()


async def new_token(run: Run) -> None:
    """Make a new token, read which cameras lack it, and enter it in each."""
    screen, flow = run.screen, run.flow
    await run.open_integration()
    await run.entry.reconfigure()
    await flow.at("config.step.reconfigure.title")
    await flow.choose("selector.task.options.new_token")
    await screen.step("reconfigure")
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
    await run.open_repair("new_token")
    await screen.step("new-token-repair")
    for camera in run.cameras:
        camera.token = token
        # A test proves nothing: the camera may not have saved the token.
        taken(await (camera.redeliver() if camera.last else camera.push()))
    await run.sees_no_repair("new_token")
