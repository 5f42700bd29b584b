"""A whole Home Assistant whose process is killed at random instants while a camera pushes."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
import sqlite3
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.ledger import day_format

from .helpers.home_assistant import HomeAssistant
from .simulator import THREE_D, Camera, Hours, Visits

KILLS = 5
# So much that even a fast machine is killed each time before all of it is delivered.
HISTORY = timedelta(days=20)
# A push of this many intervals takes about as long as it takes to get killed.
BATCH = 7


def counted(ledger: Path) -> tuple[int, int, int, int]:
    """Return the number of stored intervals, of minutes in them, and of people who entered and exited."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT start, stop, entered, exited FROM intervals").fetchall()
        # The days before yesterday are packed while Home Assistant runs.
        for (content,) in db.execute("SELECT content FROM packed_days"):
            found += (sent[:4] for sent in day_format.unpack(content))
    starts, ends, entered, exited = zip(*found, strict=True) if found else ((), (), (), ())
    return len(found), (sum(ends) - sum(starts)) // 60, sum(entered), sum(exited)


@pytest.mark.slow
@pytest.mark.usefixtures("socket_enabled")
async def test_killed_while_a_camera_pushes(tmp_path: Path) -> None:
    """Every count is stored once: acknowledged ones are kept, and the camera sends the others again."""
    random = Random(20260916)
    zone = ZoneInfo("Europe/Stockholm")
    home = HomeAssistant(tmp_path, zone=zone.key)
    ledger = tmp_path / "axis_people_counter.db"
    installed = datetime.now(UTC) - HISTORY
    try:
        await home.start()
        await home.onboard()
        async with home.connecting() as shown:
            camera = Camera(
                Visits(1, zone, Hours(0, 24)),
                shown.url,
                shown.token,
                serial="accc8ef3d92e",
                name="Main entrance",
                model=THREE_D,
                installed=installed,
                batch=BATCH,
            )
            assert (await camera.test_connection()).delivered
        end = datetime.now(UTC).replace(second=0, microsecond=0)

        cursors = []
        for _ in range(KILLS):
            before = camera.cursor
            pushing = asyncio.create_task(camera.push(end))
            for _ in range(6000):
                if camera.cursor != before:
                    break
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.uniform(0, 0.5))
            await home.kill()
            answer = await pushing
            # The kill interrupted the camera in the middle of its history.
            assert answer
            assert not answer.delivered
            assert camera.cursor
            cursors.append(camera.cursor)
            intervals, minutes, entered, exited = counted(ledger)
            # All acknowledged counts are stored, and at most one batch more.
            acknowledged = camera.counted(installed, camera.cursor)
            assert intervals == minutes
            assert acknowledged.in_ <= entered
            assert acknowledged.out <= exited
            acknowledged_minutes = (camera.cursor - installed.replace(second=0, microsecond=0)).total_seconds() / 60
            assert acknowledged_minutes <= minutes <= acknowledged_minutes + BATCH
            await home.start()
        assert cursors == sorted(set(cursors)), "each run delivered more"

        camera.batch = None
        answer = await camera.push(end)
        assert answer
        assert answer.delivered
        truth = camera.counted(installed, end)
        # The answer comes before the states.
        totals: list[str] = []
        for _ in range(300):
            states = await home.states()
            totals = [states.get(f"accc8ef3d92e_{key}", {}).get("state", "") for key in ("in_total", "out_total")]
            if totals == [str(truth.in_), str(truth.out)]:
                break
            await asyncio.sleep(0.1)
        assert totals == [str(truth.in_), str(truth.out)]
        minutes = int((end - installed.replace(second=0, microsecond=0)).total_seconds() / 60)
        assert counted(ledger) == (minutes, minutes, truth.in_, truth.out)
        log = home.log()
        assert " ERROR " not in log
        assert shown.token not in log
    finally:
        await home.__aexit__()
