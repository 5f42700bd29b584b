"""A process that is killed at any instant of an import, or of undoing one, leaves it whole, or to be undone."""

from pathlib import Path
import random
import signal
import subprocess
import sys
from time import sleep
from typing import Final

import pytest

from custom_components import axis_people_counter

from ..helpers.bare_ledger import DAY, START, TIMEOUT, assert_sound, interval, opened, record, stored

KILLS: Final = 25
DAYS: Final = 6
HOURS: Final = [interval(60 * hour, hour % 7, 1, minutes=60) for hour in range(24 * DAYS)]
PUSHED: Final = [interval(60 * hour + 7, 9, 9) for hour in range(0, 24 * DAYS, 5)]

# Imports the same hours again and again, packs days, and undoes what it has imported. Prints a line when an import is
# finished, and when it is undone. As in test_kill.py, the integration's own __init__ isn't imported.
CHILD: Final = """
import sys
from pathlib import Path
from types import ModuleType

folder, path, start, days = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
package = ModuleType("counter")
package.__path__ = [str(folder)]
sys.modules["counter"] = package
from counter.counting import Interval
from counter.ledger import Ledger

hours = [
    Interval(start + 3600 * hour, start + 3600 * hour + 3600, hour % 7, 1, None, None) for hour in range(24 * days)
]
ledger = Ledger(path, lambda _: sys.exit("moved aside"), lambda: sys.exit("damaged"))
while True:
    number = ledger.begin_import("counts.csv", start).result(30)
    for day in range(days):
        ledger.store_imported(number, "accc8ef3d92e", hours[24 * day : 24 * day + 24], start).result(30)
        ledger.pack(start + 86400 * days).result(30)
    ledger.finish_import(number).result(30)
    print("finished", flush=True)
    while ledger.undo_import_step(number).result(30):
        ledger.pack(start + 86400 * days).result(30)
    print("undone", flush=True)
"""


@pytest.mark.slow
def test_imports_survive_kills(tmp_path: Path) -> None:
    """After each kill, an import is listed with all of its hours, or what is left of it can be undone; pushes stay."""
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        record(ledger, DAYS * DAY, *PUSHED)
    free = len([hour for hour in HOURS if not any(hour.start <= one.start < hour.end for one in PUSHED)])
    chance = random.Random(20260916)
    folder = Path(axis_people_counter.__file__).parent
    seen = set()
    for _ in range(KILLS):
        arguments = [sys.executable, "-c", CHILD, str(folder), str(path), str(START), str(DAYS)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
            assert process.stdout
            for _ in range(chance.randint(1, 3)):
                process.stdout.readline()
            sleep(chance.random() * 0.03)
            process.kill()
            assert process.wait(TIMEOUT) == -signal.SIGKILL
        assert_sound(path)
        with opened(path) as ledger:
            half_undone = ledger.half_undone_imports().result(TIMEOUT)
            unfinished = ledger.unfinished_imports().result(TIMEOUT)
            whole = [one for one in ledger.imports().result(TIMEOUT) if one.id not in half_undone]
            assert len([*half_undone, *unfinished, *whole]) <= 1
            assert all(one.intervals == free for one in whole)
            seen.add((len(half_undone), len(unfinished), len(whole)))
            for number in (*half_undone, *unfinished, *(one.id for one in whole)):
                while ledger.undo_import_step(number).result(TIMEOUT):
                    pass
            assert ledger.imports().result(TIMEOUT) == []
        assert stored(path) == PUSHED
        assert_sound(path)
    # Kills came while an import was stored, and while one was undone.
    assert {(1, 0, 0), (0, 1, 0)} <= seen
