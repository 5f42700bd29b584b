"""Open each repair that a push can cause, and mend it as its dialog says."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
import json

import aiohttp

from scripts.e2e_parts.cameras import refused, taken
from scripts.e2e_parts.run import Run
from tests.simulator import Answer, Device

PASSWORD = "camera-password"


async def walk(run: Run) -> None:
    """Mend one repair after the other."""
    await wrong_token(run)
    await wrong_protocol(run)
    await clock(run)
    await body_too_large(run)
    await backward_door(run)
    await unusable_counts(run, "retry")
    await unusable_counts(run, "drop")


async def wrong_token(run: Run) -> None:
    """Copy the token from the dialog into the camera."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    camera.token = "wrong"
    refused(await camera.test_connection())
    await run.open_repair("wrong_token")
    await flow.at("issues.wrong_token.fix_flow.step.connect.title")
    await screen.step("wrong-token")
    camera.url, camera.token = await flow.url_and_token()
    taken(await camera.test_connection())
    await flow.submit()
    await flow.ends()
    await screen.step("wrong-token-mended")
    await flow.submit()
    await flow.is_closed()
    await run.sees_no_repair("wrong_token")


async def wrong_protocol(run: Run) -> None:
    """Let Home Assistant set the version in the camera."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    camera.faults.protocol_version = "0.3"
    refused(await camera.test_connection())
    async with Device(serial=camera.serial, faults=camera.faults, password=PASSWORD) as device:
        await run.open_repair("wrong_protocol")
        await flow.at("issues.wrong_protocol.fix_flow.step.camera.title")
        await screen.step("wrong-protocol")
        await flow.fill({"host": device.address, "username": "root", "password": PASSWORD})
        await flow.submit()
        await flow.ends()
        await screen.step("wrong-protocol-mended")
        await flow.submit()
        await flow.is_closed()
    taken(await camera.test_connection())
    await run.sees_no_repair("wrong_protocol")


async def clock(run: Run) -> None:
    """Read what to do about a wrong clock, and do it."""
    screen, camera = run.screen, run.cameras[0]
    camera.faults.clock_offset = timedelta(days=-3)
    # The test itself works, so that a person sees that the camera is connected.
    taken(await camera.test_connection())
    await run.open_repair("clock_differs")
    await run.sees_text_of_repair()
    await screen.step("clock")
    camera.faults.clock_offset = timedelta()
    taken(await camera.test_connection())
    await run.sees_no_repair("clock_differs")


async def body_too_large(run: Run) -> None:
    """Confirm that a camera that sends too much has been restarted."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    headers = {"Authorization": f"Bearer {camera.token}", "Content-Length": str(10**9)}
    with suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession() as session, session.post(camera.url, data=b"{", headers=headers) as response:
            refused(Answer(response.status, await response.text()))
    await run.open_repair("body_too_large")
    await flow.at("issues.body_too_large.fix_flow.step.confirm.title")
    await screen.step("too-large")
    await flow.submit()
    await flow.ends()
    await screen.step("too-large-restarted")
    await flow.submit()
    await flow.is_closed()
    await run.sees_no_repair("body_too_large")


async def backward_door(run: Run) -> None:
    """Swap in and out of a camera, and turn it round as the repair offers."""
    screen, flow = run.screen, run.flow
    switch = f"{run.cameras[0].serial}_reverse_direction"
    entity_id = (await run.home.states())[switch]["entity_id"]
    await run.home.call("switch", "turn_on", entity_id=entity_id)
    await run.open_repair("direction_wrong")
    await flow.at("issues.direction_wrong.fix_flow.step.turn_camera.title")
    await flow.choose("selector.direction.options.turn")
    await screen.step("backward-door")
    await flow.submit()
    await flow.ends()
    await screen.step("backward-door-turned")
    await flow.submit()
    await flow.is_closed()
    await run.sees_state(switch, "off")
    await run.sees_no_repair("direction_wrong")


async def unusable_counts(run: Run, choice: str) -> None:
    """Try unusable counts again, or delete them."""
    screen, flow, camera = run.screen, run.flow, run.cameras[0]
    document = json.loads(camera.body(camera.taken(camera.installed, camera.now())[-1:]))
    document["data"]["measurements"][0]["items"] = [{"direction": "in", "count": -1}]
    headers = {"Authorization": f"Bearer {camera.token}"}
    async with aiohttp.ClientSession() as session, session.post(camera.url, json=document, headers=headers) as response:
        taken(Answer(response.status, await response.text()))
    key = "issues.quarantined.fix_flow"
    await run.open_repair("quarantined")
    await flow.at(f"{key}.step.choose.title")
    await screen.step(f"unusable-counts-{choice}")
    await flow.choose(f"selector.quarantine.options.{choice}")
    await flow.submit()
    if choice == "drop":
        await flow.at(f"{key}.step.drop.title")
        await screen.step("unusable-delete")
        await flow.submit()
    await flow.ends()
    await screen.step(f"unusable-{choice}")
    await flow.submit()
    await flow.is_closed()
    if choice == "drop":
        await run.sees_no_repair("quarantined")
