"""Stored counts follow the replacements of cameras."""

from collections.abc import Sequence
from pathlib import Path
import random
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.counting.protocol import Sender
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.counting.replacements import Replacement, routes_of
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.storing import Changes

from ..helpers.bare_ledger import (
    MINUTE,
    START,
    TIMEOUT,
    assert_sound,
    interval,
    opened,
    pack_all,
    push,
    query,
    series_of_camera,
    series_of_place,
    stored,
)

A: Final = "accc8ef3d92e"
B: Final = "b8a44f090004"
C: Final = "b8a44f090005"
NOW: Final = START + 1000 * MINUTE


def at(minute: int) -> int:
    """Return an instant so many minutes after START."""
    return START + minute * MINUTE


def camera(serial: str) -> Sender:
    """Return a camera with a description of its own."""
    return Sender(serial, f"Camera {serial[-1]}", f"Application {serial[-1]}", "1", "Europe/Stockholm", "192.168.1.5")


def send(
    ledger: Ledger, serial: str, *intervals: Interval, sent: int = 900, rejected: Sequence[Rejected] = ()
) -> Changes:
    """Record a push of a camera."""
    return ledger.record(push(sent * MINUTE, *intervals, sender=camera(serial), rejected=rejected), NOW).result(TIMEOUT)


def replace(ledger: Ledger, *replacements: Replacement) -> None:
    """Set the replacements."""
    ledger.set_routes(routes_of(replacements), NOW).result(TIMEOUT)


def visible(ledger: Ledger) -> dict[str, str]:
    """Return the serial numbers of the cameras that are shown, by key."""
    return {camera.key: camera.serial for camera in ledger.cameras().result(TIMEOUT)}


def test_counts_since_the_replacement_move(path: Path) -> None:
    """Earlier counts of the new camera stay in its own row, which is hidden."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), interval(9, 2))
        send(ledger, B, interval(5, 50), interval(12, 3, adults=(1, 0)))
        replace(ledger, Replacement(A, B, at(10)))
        assert visible(ledger) == {A: B}
        found = ledger.camera(A).result(TIMEOUT)
        assert found
        assert (found.name, found.application) == ("Camera 4", "Application 4")
        assert (found.total_entered, found.total_adults_entered) == (6, 1)
        assert ledger.obsolete_series().result(TIMEOUT) == []
    assert stored(path, A) == [interval(0, 1), interval(9, 2), interval(12, 3, adults=(1, 0))]
    assert stored(path, B) == [interval(5, 50)]
    assert_sound(path)


def test_new_camera_sends_everything_again(path: Path) -> None:
    """Each interval is stored once, under the right key; earlier ones don't show the hidden row."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50))
        replace(ledger, Replacement(A, B, at(1)))
        replace(ledger, Replacement(A, B, at(1)))
        for sent in (900, 901):
            changes = send(ledger, B, interval(-5, 9), interval(5, 50), interval(6, 3), sent=sent)
            assert (changes.camera.key, changes.camera.serial) == (A, B)
        assert changes.other_keys == ()
        assert visible(ledger) == {A: B}
    assert stored(path, A) == [interval(0, 1), interval(5, 50), interval(6, 3)]
    assert stored(path, B) == [interval(-5, 9)]
    assert_sound(path)


def test_late_counts_of_the_old_camera(path: Path) -> None:
    """Counts from before the replacement go to the old key, later ones to a new key."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), interval(9, 2))
        send(ledger, B, interval(12, 3))
        replace(ledger, Replacement(A, B, at(10)))
        changes = send(ledger, A, interval(0, 4), interval(5, 5), interval(12, 70), sent=901)
        assert (changes.camera.key, changes.camera.serial, changes.camera.total_entered) == (f"{A}_2", A, 70)
        assert changes.other_keys == ((A, at(0)),)
        assert visible(ledger) == {A: B, f"{A}_2": A}
        found = ledger.camera(A).result(TIMEOUT)
        assert found
        # The description is that of the new camera.
        assert (found.serial, found.name, found.sent) == (B, "Camera 4", at(900))
    assert stored(path, A) == [interval(0, 4), interval(5, 5), interval(9, 2), interval(12, 3)]
    assert stored(path, f"{A}_2") == [interval(12, 70)]
    assert_sound(path)


def test_undone_replacement(path: Path) -> None:
    """An undone replacement restores everything, for example after a backup was restored."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50), interval(12, 3))
        replace(ledger, Replacement(A, B, at(10)))
        send(ledger, A, interval(13, 1), sent=902)
        replace(ledger)
        assert visible(ledger) == {A: A}
        send(ledger, B, interval(14, 1), sent=903)
        assert visible(ledger) == {A: A, B: B}
    assert stored(path, A) == [interval(0, 1), interval(13, 1)]
    assert stored(path, B) == [interval(5, 50), interval(12, 3), interval(14, 1)]
    assert_sound(path)


def test_new_ledger(path: Path) -> None:
    """Counts go to the right keys, whichever camera pushes first."""
    with opened(path) as ledger:
        replace(ledger, Replacement(A, B, at(10)))
        changes = send(ledger, A, interval(3, 1))
        assert changes.camera.key == f"{A}_2"
        assert visible(ledger) == {f"{A}_2": A}
        send(ledger, B, interval(5, 50), interval(12, 3))
        assert visible(ledger) == {f"{A}_2": A, A: B}
    assert stored(path, A) == [interval(3, 1), interval(12, 3)]
    assert stored(path, B) == [interval(5, 50)]


def test_new_ledger_with_earlier_counts_of_the_new_camera(path: Path) -> None:
    """The camera gets the key with its next push."""
    with opened(path) as ledger:
        send(ledger, B, interval(5, 50))
        replace(ledger, Replacement(A, B, at(10)))
        assert visible(ledger) == {}
        send(ledger, B, interval(12, 3))
        assert visible(ledger) == {A: B}
    assert stored(path, B) == [interval(5, 50)]


def test_deleted_file(path: Path) -> None:
    """The new file has routes and directions from the first push on."""
    with opened(path) as ledger:
        replace(ledger, Replacement(A, B, at(10)))
        ledger.set_directions(lambda: [A]).result(TIMEOUT)
        send(ledger, B, interval(12, 3))
        for file in path.parent.glob("ledger.db*"):
            file.unlink()
        changes = send(ledger, B, interval(13, 2))
        assert (changes.camera.key, changes.camera.reversed) == (A, 1)
    assert stored(path, A) == [interval(13, 2)]


def test_removed_cameras(path: Path) -> None:
    """A removed camera is listed; the hidden row of a new camera isn't."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50), interval(12, 3))
        ledger.set_removed(A).result(TIMEOUT)
        assert [camera.key for camera in ledger.removed_cameras().result(TIMEOUT)] == [A]
        replace(ledger, Replacement(A, B, at(1)))
        assert visible(ledger) == {A: B}
        assert ledger.removed_cameras().result(TIMEOUT) == []


def test_obsolete_series(path: Path) -> None:
    """The statistics of the key that was given up are listed until they are forgotten."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(12, 3))
        ledger.begin_writing_camera(B, "").result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == []
        replace(ledger, Replacement(A, B, at(1)))
        assert ledger.obsolete_series().result(TIMEOUT) == [B]
        ledger.forget_series(B).result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == []
        ledger.set_removed(A).result(TIMEOUT)
        ledger.begin_writing_camera(A, "").result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == []


def test_statistics_after_a_replacement(path: Path) -> None:
    """The hours since the replacement are taken again, also for places with this door."""
    place = Place("01PLACE", (Door(A, False),), "")
    with opened(path) as ledger:
        ledger.set_places([place]).result(TIMEOUT)
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50), interval(61, 3))
        for key in (A, B):
            assert ledger.begin_writing_camera(key, "").result(TIMEOUT)
            ledger.confirm_series(key).result(TIMEOUT)
        ledger.begin_writing_place(place.key).result(TIMEOUT)
        ledger.confirm_series(place.key).result(TIMEOUT)
        replace(ledger, Replacement(A, B, at(10)))
        of_camera, of_place = series_of_camera(ledger, A), series_of_place(ledger, place)
        assert of_camera
        assert of_place
        assert list(of_camera.hours.entered) == list(of_place.hours.entered) == [1, 3]


def test_quarantine_moves(path: Path) -> None:
    """Rejected intervals without a time, and waiting ones, move to the new key."""
    rejected = Rejected(Reason.KIND_UNKNOWN, "{}")
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), rejected=[rejected])
        send(ledger, B, interval(12, 1, minutes=5), rejected=[rejected, Rejected(Reason.KIND_UNKNOWN, "[]")])
        send(ledger, B, interval(10, 1, minutes=5), sent=901)
        assert ledger.quarantine(B, 9).result(TIMEOUT).count == 3
        replace(ledger, Replacement(A, B, at(1)))
        assert ledger.quarantine(B, 9).result(TIMEOUT).count == 0
        assert ledger.quarantine(A, 9).result(TIMEOUT).count == 3
        send(ledger, B, interval(15, 4, minutes=2), sent=902)
        assert ledger.quarantine(A, 9).result(TIMEOUT).count == 2
    assert stored(path, A) == [interval(0, 1), interval(10, 1, minutes=5), interval(15, 4, minutes=2)]


def test_quarantine_before_and_after_the_replacement(path: Path) -> None:
    """A rejected interval goes to the key that its time belongs to."""
    before, since, unknown = (
        Rejected(Reason.KIND_UNKNOWN, f"[{number}]", time)
        for number, time in enumerate([(at(-5), at(-4)), (at(5), at(6)), None])
    )
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 2))
        replace(ledger, Replacement(A, B, at(1)))
        for sent in (900, 901):
            send(ledger, B, interval(6, 3), sent=sent, rejected=[before, since, unknown])
        assert {kept.content for kept in ledger.quarantined(A, 9).result(TIMEOUT)} == {"[1]", "[2]"}
        assert [kept.content for kept in ledger.quarantined(B, 9).result(TIMEOUT)] == ["[0]"]
    assert_sound(path)


def test_quarantine_after_an_undone_replacement(path: Path) -> None:
    """Rejected intervals return to the key of their camera."""
    content = "[14]"
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(12, 3))
        replace(ledger, Replacement(A, B, at(10)))
        send(ledger, B, interval(13, 3), sent=901, rejected=[Rejected(Reason.KIND_UNKNOWN, content, (at(14), at(15)))])
        replace(ledger)
        send(ledger, B, interval(15, 1), sent=902)
        for key in (A, B):
            ledger.retry(key, lambda _, __: [interval(14, 100)], NOW).result(TIMEOUT)
    assert stored(path, A) == [interval(0, 1)]
    assert interval(14, 100) in stored(path, B)
    assert_sound(path)


def test_undone_last_of_two_replacements(path: Path) -> None:
    """The camera that returns is described as in its last push."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), sent=1)
        send(ledger, B, interval(12, 3), sent=13)
        replace(ledger, Replacement(A, B, at(10)))
        send(ledger, B, interval(20, 3), sent=300)
        send(ledger, C, interval(400, 3), sent=401)
        replace(ledger, Replacement(A, B, at(10)), Replacement(A, C, at(350)))
        replace(ledger, Replacement(A, B, at(10)))
        found = ledger.camera(A).result(TIMEOUT)
        assert found
        assert (found.serial, found.sent) == (B, at(300))


def test_packed_counts_of_two_cameras(path: Path) -> None:
    """A replacement can be undone also when the counts of both cameras are packed."""
    with opened(path) as ledger:
        send(ledger, A, *(interval(minute, 1) for minute in range(10)))
        send(ledger, B, *(interval(minute, 2) for minute in range(5, 20)))
        replace(ledger, Replacement(A, B, at(10)))
        pack_all(ledger, at(2 * 24 * 60))
        replace(ledger)
        pack_all(ledger, at(2 * 24 * 60))
        send(ledger, B, interval(100, 0), sent=905)
    assert_sound(path)
    assert sum(interval.entered for interval in stored(path, A)) == 10
    assert sum(interval.entered for interval in stored(path, B)) == 30


def test_all_reads_go_by_the_key(path: Path) -> None:
    """The serial number of the new camera has only its earlier counts."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 2), interval(12, 3), rejected=[Rejected(Reason.KIND_UNKNOWN, "{}")])
        replace(ledger, Replacement(A, B, at(10)))
        ledger.correct(A, at(20), 7, Source.ACTION).result(TIMEOUT)
        ledger.set_reversed(A, True).result(TIMEOUT)
        today = ledger.today(A, at(0), at(100), at(0)).result(TIMEOUT)
        assert (today.counts.exited, today.occupancy, today.camera.reversed, today.quarantined) == (4, 7, 1, 1)
        assert ledger.intervals(A, at(0), at(99), 9).result(TIMEOUT) == [interval(0, 1), interval(12, 3)]
        assert [correction.value for correction in ledger.corrections(A, at(0), at(99)).result(TIMEOUT)] == [7]
        assert ledger.gaps(A, at(0), 9).result(TIMEOUT) == [(at(1), at(12))]
        assert ledger.counted_until(A).result(TIMEOUT) == at(13)
        assert len(ledger.quarantined(A, 9).result(TIMEOUT)) == 1
        retried = ledger.retry(A, lambda *_: [interval(14, 1)], NOW).result(TIMEOUT)
        assert (retried.changes.camera.key, retried.settled) == (A, 1)
        assert ledger.drop(A, 9).result(TIMEOUT) == 0
        other = ledger.today(B, at(0), at(100), at(0)).result(TIMEOUT)
        assert (other.counts.entered, other.occupancy, other.camera.reversed) == (2, 2, 0)


@pytest.mark.parametrize("seed", range(25))
def test_order_of_pushes_and_replacements_makes_no_difference(path: Path, seed: int) -> None:
    """Replacements before, between and after pushes give the same content."""
    chance = random.Random(seed)
    replacements: list[Replacement] = []
    since = 0
    for _ in range(chance.randint(1, 4)):
        since += chance.randint(0, 30)
        holders = {A: A} | {replacement.key: replacement.serial for replacement in replacements}
        new = chance.choice([serial for serial in (A, B, C) if serial != holders[A]])
        replacements.append(Replacement(A, new, at(since)))
    pushes = [
        (serial, [interval(minute, chance.randint(0, 5), minutes=chance.choice((1, 1, 5))) for minute in minutes], sent)
        for sent in range(100, 112)
        for serial in [chance.choice((A, B, C))]
        for minutes in [sorted(chance.sample(range(0, 100, 5), chance.randint(1, 6)))]
    ]

    def content(file: Path) -> list[tuple[object, ...]]:
        assert_sound(file)
        columns = "key, start, stop, entered, exited"
        rows = f"SELECT {columns}, intervals.sent FROM intervals JOIN cameras ON id = camera"
        waiting = f"SELECT {columns}, quarantine.sent FROM quarantine JOIN cameras ON cameras.id = camera"
        totals = "SELECT key, total_entered, total_exited FROM cameras WHERE total_entered OR total_exited"
        return sorted(query(file, f"{rows} UNION ALL {waiting}")) + sorted(query(file, totals))

    known_from_the_beginning = path.with_name("other.db")
    with opened(known_from_the_beginning) as ledger:
        replace(ledger, *replacements)
        for serial, intervals, sent in pushes:
            send(ledger, serial, *intervals, sent=sent)
        shown = visible(ledger)
    steps = [*pushes, *chance.choices(pushes, k=5)]
    chance.shuffle(steps)
    instants = sorted(chance.sample(range(len(steps) + 1), min(len(replacements), len(steps))))
    with opened(path) as ledger:
        for number, (serial, intervals, sent) in enumerate(steps):
            # Set the replacements one after the other, sometimes fewer than before.
            replace(ledger, *replacements[: chance.randint(0, sum(when <= number for when in instants))])
            send(ledger, serial, *intervals, sent=sent)
    with opened(path) as ledger:
        replace(ledger, *replacements)
        for serial, intervals, sent in pushes:
            send(ledger, serial, *intervals, sent=sent)
        assert visible(ledger) == shown
    assert content(path) == content(known_from_the_beginning)


def test_waiting_interval_whose_rival_moves(path: Path, ledger: Ledger) -> None:
    """An interval that waits counts as soon as the one that it cuts into counts for another camera."""
    cut, cutting = interval(1, 5, minutes=2), interval(0, 7, minutes=2)
    send(ledger, A, cut, sent=900)
    send(ledger, A, cutting, sent=901)
    assert stored(path, A) == [cut]
    replace(ledger, Replacement(A, B, at(1)))
    assert stored(path, A) == [cutting]
    assert stored(path, f"{A}_2") == [cut]
    replace(ledger)
    assert stored(path, A) == [cut]
    assert_sound(path)
