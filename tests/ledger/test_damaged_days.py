"""A packed day that isn't what was stored is set aside: it counts no more, and the camera can send it again."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.replacements import Replacement, routes_of
from custom_components.axis_people_counter.ledger import day_format
from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place

from ..helpers.bare_ledger import (
    DAY,
    MINUTE,
    SERIAL,
    START,
    TIMEOUT,
    as_after_a_power_cut,
    assert_sound,
    held_up,
    interval,
    locked,
    opened,
    pack_all,
    packed_days,
    push,
    query,
    record,
    sender,
    series_of_camera,
    stored,
)

MIDNIGHT: Final = START // DAY * DAY
EVER: Final = (START - 99 * DAY, START + 99 * DAY)
OTHER: Final = sender(1)


def day(number: int, *, adults: bool = False) -> list[Interval]:
    """Return the intervals of a day."""
    minutes = range(number * 24 * 60, number * 24 * 60 + 30)
    return [interval(minute, minute % 7, minute % 3, adults=(1, 0) if adults else None) for minute in minutes]


def replace_content(path: Path, change: Callable[[bytearray], object], *, number: int = 1) -> None:
    """Change the content of a packed day of the first camera."""
    where = (START // DAY + number, SERIAL)
    whose = "WHERE day = ? AND camera = (SELECT id FROM cameras WHERE key = ?)"
    ((content,),) = query(path, f"SELECT content FROM packed_days {whose}", *where)
    changed = bytearray(content)
    change(changed)
    query(path, f"UPDATE packed_days SET content = ? {whose}", bytes(changed), *where)


def flip(position: int) -> Callable[[Path], None]:
    """Return a function that flips a bit of a content."""

    def flip_bit(content: bytearray) -> None:
        content[position] ^= 4

    return lambda path: replace_content(path, flip_bit)


def execute(change: str) -> Callable[[Path], None]:
    """Return a function that changes a column of a packed day."""

    def damage(path: Path) -> None:
        sql = f"UPDATE packed_days SET {change} WHERE day = ? AND camera = (SELECT id FROM cameras WHERE key = ?)"
        query(path, sql, START // DAY + 1, SERIAL)

    return damage


DAMAGES: Final = {
    "format": flip(0),
    "first start": flip(3),
    "last end": flip(11),
    "beginning": flip(17),
    "middle": flip(30),
    "end": flip(-1),
    "half": lambda path: replace_content(path, lambda content: content.__delitem__(slice(20, None))),
    "empty": execute("content = x''"),
    "sums": execute("exited = exited + 65536"),
    "checksum": execute("checksum = checksum + 1"),
    "number of the day": execute("day = day + 1024"),
}


@pytest.fixture(params=DAMAGES)
def _damaged(request: pytest.FixtureRequest, path: Path) -> None:
    """Store three packed days of two cameras, and damage one of them."""
    fill(path)
    DAMAGES[request.param](path)


def fill(path: Path) -> None:
    """Store packed days of two cameras; one counts adults."""
    with opened(path) as ledger:
        for number in range(3):
            record(ledger, (number + 1) * DAY, *day(number, adults=True))
            record(ledger, (number + 1) * DAY, *day(number), sender=OTHER)
        pack_all(ledger, MIDNIGHT + 9 * DAY)
    assert packed_days(path) == [0, 1, 2]


def set_aside(path: Path) -> int:
    """Return how many days were set aside."""
    count: int
    ((count,),) = query(path, "SELECT count(*) FROM damaged_days")
    return count


@pytest.mark.usefixtures("_damaged")
def test_day_that_is_sent_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A push to the damaged day is stored. The day counts once when it is sent again; all else stays."""
    with opened(path) as ledger:
        list(ledger.each_interval(SERIAL, *EVER))
        record(ledger, 4 * DAY, day(1, adults=True)[0])
        assert stored(path) == [*day(0, adults=True), day(1, adults=True)[0], *day(2, adults=True)]
        assert_sound(path)
        record(ledger, 4 * DAY + 1, *day(1, adults=True))
        assert stored(path) == [counted for number in range(3) for counted in day(number, adults=True)]
        assert stored(path, OTHER.serial) == [counted for number in range(3) for counted in day(number)]
        assert pack_all(ledger, MIDNIGHT + 9 * DAY) == 1
    assert_sound(path)
    assert packed_days(path, OTHER.serial) == [0, 1, 2]
    assert set_aside(path) == 1
    assert caplog.text.count("damaged_days") == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda ledger: ledger.page(SERIAL, *EVER).result(TIMEOUT),
        lambda ledger: ledger.gaps(SERIAL, START, 9).result(TIMEOUT),
        lambda ledger: ledger.intervals(SERIAL, *EVER, 999).result(TIMEOUT),
        lambda ledger: ledger.today(SERIAL, MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT).result(TIMEOUT),
        lambda ledger: series_of_camera(ledger, everything=True),
        lambda ledger: record(ledger, 4 * DAY, day(1)[0]),
        lambda ledger: record(ledger, 4 * DAY, interval(60 * 24, 7)),
        lambda ledger: ledger.set_routes({SERIAL: []}, START).result(TIMEOUT),
    ],
    ids=["page", "gaps", "intervals", "today", "statistics", "sent again", "another count", "routes"],
)
@pytest.mark.parametrize("numbers", [(1,), (0, 1, 2)], ids=["one day", "all days"])
def test_whatever_reads_it(path: Path, use: Callable[[Ledger], object], numbers: tuple[int, ...]) -> None:
    """No read and no push fails, however many days are damaged."""
    fill(path)
    for number in numbers:
        replace_content(path, lambda content: content.reverse(), number=number)
    with opened(path) as ledger:
        use(ledger)
        record(ledger, 5 * DAY, interval(4 * 24 * 60, 9, adults=(0, 0)))
        list(ledger.each_interval(SERIAL, *EVER))
        assert set_aside(path) == len(numbers)
    assert_sound(path)
    assert stored(path, OTHER.serial) == [counted for number in range(3) for counted in day(number)]


def test_pushes_that_wait_together(path: Path) -> None:
    """Two pushes of one transaction are stored once, though it is run again."""
    fill(path)
    DAMAGES["middle"](path)
    with opened(path) as ledger:
        go_on = held_up(ledger)
        at = 4 * DAY
        answers = [
            ledger.record(push(at, interval(at // MINUTE, 9), sender=OTHER), START + at),
            ledger.record(push(at, *day(1, adults=True)), START + at),
        ]
        go_on.set()
        assert [answer.result(TIMEOUT).since for answer in answers] == [START + at, START + DAY]
    assert_sound(path)
    assert set_aside(path) == 1


def test_content_of_another_day(path: Path) -> None:
    """A sound content in the row of another day doesn't count there."""
    fill(path)
    execute("content = (SELECT content FROM packed_days AS other WHERE other.day = packed_days.day + 1)")(path)
    with opened(path) as ledger:
        assert len(list(ledger.each_interval(SERIAL, *EVER))) == 60
    assert_sound(path)


def test_another_format(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day in a format that this version doesn't know isn't read, though its checksum is right."""
    monkeypatch.setattr(day_format, "FORMAT", 2)
    fill(path)
    monkeypatch.undo()
    with opened(path) as ledger:
        assert list(ledger.each_interval(SERIAL, *EVER)) == []
    assert set_aside(path) == 3
    assert packed_days(path) == []


def test_statistics(path: Path) -> None:
    """The hours of the damaged day are written to recorder again, those of the camera and of its place."""
    fill(path)
    with opened(path) as ledger:
        ledger.set_places([Place("hall", (Door(SERIAL, False),), "midnight")]).result(TIMEOUT)
        ledger.begin_writing_camera(SERIAL, "").result(TIMEOUT)
        ledger.begin_writing_place("hall").result(TIMEOUT)
        for key in (SERIAL, "hall"):
            ledger.confirm_series(key).result(TIMEOUT)
        DAMAGES["middle"](path)
        assert ledger.begin_writing_camera(SERIAL, "").result(TIMEOUT) is None
        ledger.page(SERIAL, *EVER).result(TIMEOUT)
        series = series_of_camera(ledger)
        hours = ledger.begin_writing_place("hall").result(TIMEOUT)
    assert series
    assert hours
    assert series.start == hours.start == MIDNIGHT + DAY
    total = [sum(counted.entered for counted in day(number)) for number in (0, 2)]
    assert (series.before.entered, sum(series.hours.entered)) == tuple(total)


@pytest.mark.usefixtures("_impatient")
def test_ledger_that_is_locked(path: Path) -> None:
    """A read that can't set the day aside fails; the next one does it."""
    fill(path)
    DAMAGES["middle"](path)
    with opened(path) as ledger:
        with locked(path), pytest.raises(LedgerError, match="locked"):
            ledger.page(SERIAL, *EVER).result(TIMEOUT)
        assert set_aside(path) == 0
        assert len(list(ledger.each_interval(SERIAL, *EVER))) == 60
    assert_sound(path)


def test_replacements_of_a_restored_file(path: Path, tmp_path: Path) -> None:
    """A file that comes back with a damaged day is opened; what can be read of it moves to the camera replaced."""
    fill(path)
    other = as_after_a_power_cut(path, tmp_path / "other")
    DAMAGES["middle"](other)
    with opened(path) as ledger:
        ledger.set_routes(routes_of([Replacement(OTHER.serial, SERIAL, START + DAY)]), START).result(TIMEOUT)
        other.replace(path)
        ledger.cameras().result(TIMEOUT)
        assert set_aside(path) == 1
    assert_sound(path)
    assert stored(path) == day(0, adults=True)
    assert stored(path, OTHER.serial) == [*day(0), *day(2, adults=True)]
