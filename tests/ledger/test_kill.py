"""A process that is killed at any instant loses no push that it has acknowledged, and stores none twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import random
import signal
import subprocess
import sys
from time import sleep
from typing import Final

import pytest

from custom_components import axis_people_counter
from custom_components.axis_people_counter.counting.interval import Interval

from ..helpers.bare_ledger import MINUTE, START, TIMEOUT, assert_sound, interval, opened, query, record, stored

KILLS: Final = 25

# Records pushes, four at a time. Each has the last three minutes, and every fifteenth one quarter of an hour instead.
# Every other time, also packs the rows stored so far, so that later pushes edit a packed day.
# Prints the number of each push that is acknowledged. The integration's own __init__ isn't imported, because that
# would import Home Assistant, which takes seconds.
CHILD: Final = """
import sys
from pathlib import Path
from types import ModuleType

folder, path, number, start = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
package = ModuleType("counter")
package.__path__ = [str(folder)]
sys.modules["counter"] = package
from counter.counting import Interval, Intervals, Push, Sender
from counter.ledger import Ledger

sender = Sender("accc8ef3d92e", "Main entrance", None, None, None, None)

def minute(at):
    return Interval(start + 60 * at, start + 60 * at + 60, at % 7, at % 5, None, None)

def push(at):
    intervals = [minute(number) for number in range(max(0, at - 2), at + 1)]
    if at % 15 == 14:
        quarter = [minute(number) for number in range(at - 14, at + 1)]
        people = [sum(interval.entered for interval in quarter), sum(interval.exited for interval in quarter)]
        intervals = [Interval(quarter[0].start, quarter[-1].end, *people, None, None)]
    return Push(sender, start + 60 * at + 60, Intervals(intervals))

ledger = Ledger(path, lambda _: sys.exit("moved aside"), lambda: sys.exit("damaged"))
while True:
    waiting = [(at, ledger.record(push(at), start)) for at in range(number, number + 4)]
    if number % 8:
        ledger.pack(start + 2 * 86400)
    number += 4
    for at, answer in waiting:
        answer.result(30)
        print(at, flush=True)
"""


def people(minute: int) -> Interval:
    """Return what the camera counted in a minute."""
    return interval(minute, minute % 7, minute % 5)


@contextmanager
def pushing(path: Path, number: int) -> Iterator[subprocess.Popen[str]]:
    """Run a process that records pushes from this number on, and kill it in the end."""
    folder = Path(axis_people_counter.__file__).parent
    arguments = [sys.executable, "-c", CHILD, str(folder), str(path), str(number), str(START)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            process.kill()
            process.wait(TIMEOUT)


def minutes_in(path: Path) -> set[int]:
    """Return the minutes that are covered by stored intervals."""
    return {
        minute
        for interval in stored(path)
        for minute in range((interval.start - START) // MINUTE, (interval.end - START) // MINUTE)
    }


@pytest.mark.slow
def test_acknowledged_pushes_survive_kills(tmp_path: Path) -> None:
    """Each acknowledged push is stored once after every kill, also when the camera sends everything again."""
    path = tmp_path / "ledger.db"
    chance = random.Random(20260916)
    acknowledged = 0
    for _ in range(KILLS):
        with pushing(path, acknowledged) as process:
            assert process.stdout
            for _ in range(chance.randint(1, 40)):
                acknowledged = int(process.stdout.readline()) + 1
            # In the midst of a commit, between two, or while one is acknowledged.
            sleep(chance.random() * 0.01)
            process.kill()
            for line in process.stdout:
                acknowledged = int(line) + 1
            assert process.wait(TIMEOUT) == -signal.SIGKILL
        assert_sound(path)
        assert set(range(acknowledged)) <= minutes_in(path)

    assert acknowledged > KILLS
    last = max(interval.end for interval in stored(path))
    minutes = [people(minute) for minute in range((last - START) // MINUTE)]
    (totals,) = query(path, "SELECT total_entered, total_exited FROM cameras")
    assert totals == (sum(interval.entered for interval in minutes), sum(interval.exited for interval in minutes))
    with opened(path) as ledger:
        for _ in range(2):
            record(ledger, last - START + MINUTE, *minutes)
    assert stored(path) == minutes
    assert_sound(path)
