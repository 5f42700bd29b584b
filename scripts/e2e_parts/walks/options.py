"""Change the options of the integration."""

from __future__ import annotations

from scripts.e2e_parts.run import Run


async def walk(run: Run) -> None:
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
