"""Measures steady pushes, next to a view that does nothing and to an automation that counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
import json
from pathlib import Path
from statistics import median

from scripts.bench_parts.cameras import Fleet, zone_where_it_is
from scripts.bench_parts.home import BARE, PUSH, Home, Sent, homes
from scripts.bench_parts.table import Line
from scripts.demo_parts.console import echo
from tests.helpers.home_assistant import HomeAssistantError
from tests.simulator import Camera

CAMERAS = 50
# Pushes per camera and round.
PUSHES = 40
# The bare view is so fast that it needs more requests for a measurement of the same length.
BARE_TIMES = 10
# Longer than a round takes.
ROUND_SECONDS = 30
WEBHOOK = "count_people"


def do_it_yourself(cameras: Sequence[Camera]) -> str:
    """Return the YAML of counting without this integration: one automation, and two helpers per camera.

    Runs have to queue. In parallel, two of them would add to the same old value; the default mode "single" drops pushes
    that arrive during a run. A repeated push still counts twice, and 200 is sent before the push is counted.
    """
    names = [f"{direction}_{camera.serial}" for camera in cameras for direction in ("in", "out")]
    helper = {"min": 0, "max": 1_000_000_000, "step": 1, "mode": "box", "initial": 0}
    entity = "input_number.%s_{{ trigger.json.sensor.serial }}"
    counted = (
        "{{ states('input_number.%s_' ~ trigger.json.sensor.serial) | int"
        " + (trigger.json.data.measurements | map(attribute='items') | sum(start=[])"
        " | selectattr('direction', 'eq', '%s') | sum(attribute='count')) }}"
    )
    automation = {
        "id": WEBHOOK,
        "alias": "Count people",
        "triggers": [{"trigger": "webhook", "webhook_id": WEBHOOK, "local_only": True, "allowed_methods": ["POST"]}],
        "actions": [
            {
                "action": "input_number.set_value",
                "target": {"entity_id": entity % direction},
                "data": {"value": counted % (direction, direction)},
            }
            for direction in ("in", "out")
        ],
        "mode": "queued",
        "max": 1000,
    }
    # JSON is YAML.
    return f"input_number: {json.dumps(dict.fromkeys(names, helper))}\nautomation: {json.dumps([automation])}\n"


async def steady(folder: Path, rounds: int) -> list[Line]:
    """Push over several connections at once, each as fast as it is answered."""
    fleet = Fleet(CAMERAS, zone_where_it_is(12))
    sides = {"push": PUSH, "bare": BARE, "automation": f"/api/webhook/{WEBHOOK}"}
    home = Home(folder / "steady", do_it_yourself(fleet.cameras))
    async with homes(home):
        # The first round creates the entities of new cameras; it isn't measured.
        found: dict[str, list[Sent]] = {side: [] for side in sides}
        for number in range(-1, rounds):
            bodies = await asyncio.to_thread(fleet.bodies, PUSHES if number >= 0 else 2)
            await home.ready(ROUND_SECONDS)
            names = list(sides)
            # The order rotates, so that no side always follows the same one.
            turn = number % len(names)
            for side in names[turn:] + names[:turn]:
                async with home.measured(background=number < 0):
                    sent = await home.post(bodies * BARE_TIMES if side == "bare" else bodies, sides[side])
                if number >= 0:
                    found[side].append(sent)
        await home.check(fleet.sent, fleet.begin)
        await check_automation(home, fleet)
    for side, results in found.items():
        busy = median(result.busy / result.seconds for result in results)
        echo(f"  {side}: the client was busy for {busy:.0%} of the time")
    rates = {side: [result.rate for result in results] for side, results in found.items()}
    recorded = {side: [result.recorded_rate for result in results] for side, results in found.items()}
    return [
        Line(
            name="Steady pushes, compared with a view that does nothing",
            unit="/s",
            measured=rates["push"],
            reference=rates["bare"],
            at_least=0.25,
        ),
        Line(
            name="… compared with a webhook automation",
            unit="/s",
            measured=rates["push"],
            reference=rates["automation"],
            at_least=4,
        ),
        Line(
            name="… the same until recorder has all of it",
            unit="/s",
            measured=recorded["push"],
            reference=recorded["automation"],
        ),
    ]


async def check_automation(home: Home, fleet: Fleet) -> None:
    """Compare what the automation counted with what was sent."""
    states = {state["entity_id"]: state["state"] for state in await home.ha.request("GET", "/api/states")}
    for serial, counts in fleet.sent.items():
        shown = [float(states[f"input_number.{direction}_{serial}"]) for direction in ("in", "out")]
        if shown != [counts.in_, counts.out]:
            raise HomeAssistantError(f"The automation counted {shown} at {serial}, but it sent {counts}.")
