"""Which camera counts for which key, and what the ledger makes of that."""

from collections.abc import Sequence
from pathlib import Path
import random
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.counting.protocol import Rejected, Sensor
from custom_components.axis_people_counter.counting.replacements import (
    Replacement,
    Route,
    key_at,
    moves,
    obsolete_keys,
    routes_of,
)
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.recording import Changes

from .helpers.ledgers import MINUTE, START, TIMEOUT, assert_sound, interval, opened, push, query, stored

A: Final = "accc8ef3d92e"
B: Final = "b8a44f090004"
C: Final = "b8a44f090005"
NOW: Final = START + 1000 * MINUTE


def at(minute: int) -> int:
    """Return an instant so many minutes after START."""
    return START + minute * MINUTE


def camera(serial: str) -> Sensor:
    """Return a camera that says what tells it from others."""
    return Sensor(serial, f"Camera {serial[-1]}", f"Application {serial[-1]}", "1", "Europe/Stockholm", "192.168.1.5")


def send(
    ledger: Ledger, serial: str, *intervals: Interval, sent: int = 900, rejected: Sequence[Rejected] = ()
) -> Changes:
    """Have a camera push."""
    return ledger.record(push(sent * MINUTE, *intervals, sender=camera(serial), rejected=rejected), NOW).result(TIMEOUT)


def give(ledger: Ledger, *replacements: Replacement) -> None:
    """Tell the ledger which cameras replace others."""
    ledger.set_routes(routes_of(replacements), NOW).result(TIMEOUT)


def visible(ledger: Ledger) -> dict[str, str]:
    """Return the serial numbers of the cameras that are shown, by key."""
    return {camera.key: camera.serial for camera in ledger.cameras().result(TIMEOUT)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the ledger is."""
    return tmp_path / "ledger.db"


# Routes


def test_without_replacements_a_camera_counts_for_its_serial_number() -> None:
    """There is nothing to store then."""
    assert routes_of([]) == {}
    assert key_at([], A) == A


def test_a_replaced_camera_gets_a_key_of_its_own() -> None:
    """Up to the replacement the old one counts for the key, from then on the new one."""
    routes = routes_of([Replacement(A, B, 10)])
    assert routes == {A: [Route(10, f"{A}_2")], B: [Route(10, A)]}
    assert [key_at(routes[A], A, when) for when in (9, 10)] == [A, f"{A}_2"]
    assert [key_at(routes[B], B, when) for when in (9, 10)] == [B, A]
    assert obsolete_keys(routes) == {B}


def test_one_replacement_after_another() -> None:
    """Each counts for the key as long as it hung there; a camera that was replaced goes back to its own key."""
    routes = routes_of([Replacement(A, B, 10), Replacement(A, C, 20)])
    assert [key_at(routes[B], B, when) for when in (9, 10, 20)] == [B, A, B]
    assert [key_at(routes[C], C, when) for when in (19, 20)] == [C, A]
    assert obsolete_keys(routes) == {C}


def test_the_first_camera_comes_back() -> None:
    """It counts for its key again, and what it counted elsewhere meanwhile stays there."""
    routes = routes_of([Replacement(A, B, 10), Replacement(A, A, 20)])
    assert [key_at(routes[A], A, when) for when in (9, 10, 20)] == [A, f"{A}_2", A]
    assert [key_at(routes[B], B, when) for when in (10, 20)] == [A, B]
    assert obsolete_keys(routes) == {f"{A}_2"}


def test_a_key_of_its_own_is_free() -> None:
    """Where another camera has replaced it under its second key as well, it gets a third."""
    routes = routes_of([Replacement(A, B, 10), Replacement(f"{A}_2", C, 20)])
    assert [key_at(routes[A], A, when) for when in (10, 20)] == [f"{A}_2", f"{A}_3"]


def test_a_key_that_its_camera_has_left() -> None:
    """Whoever takes it over takes nothing from the camera, which counts elsewhere already."""
    routes = routes_of([Replacement(A, B, 10), Replacement(C, B, 20), Replacement(A, A, 30)])
    assert [key_at(routes[B], B, when) for when in (10, 20, 30)] == [A, C, C]


def test_moves() -> None:
    """Only stretches in which the key differs move."""
    before = routes_of([Replacement(A, B, 10)])
    after = routes_of([Replacement(A, B, 10), Replacement(A, C, 20)])
    assert [move[2:] for move in moves(before[B], after[B], B)] == [(A, B)]
    assert next(moves(before[B], after[B], B))[0] == 20


# The ledger


def test_counts_since_the_replacement_move(path: Path) -> None:
    """What the new camera counted before stays in its own row, which nobody sees."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), interval(9, 2))
        send(ledger, B, interval(5, 50), interval(12, 3, adults=(1, 0)))
        give(ledger, Replacement(A, B, at(10)))
        assert visible(ledger) == {A: B}
        found = ledger.camera(A).result(TIMEOUT)
        assert found
        assert (found.name, found.application, found.total_entered, found.total_adults_entered) == (
            "Camera 4",
            "Application 4",
            6,
            1,
        )
        assert ledger.obsolete_series().result(TIMEOUT) == []
    assert stored(path, A) == [interval(0, 1), interval(9, 2), interval(12, 3, adults=(1, 0))]
    assert stored(path, B) == [interval(5, 50)]
    assert_sound(path)


def test_the_new_camera_sends_all_again(path: Path) -> None:
    """Each interval is counted once, where it belongs; what is older than the replacement doesn't show its row."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50))
        give(ledger, Replacement(A, B, at(1)))
        give(ledger, Replacement(A, B, at(1)))
        for sent in (900, 901):
            changes = send(ledger, B, interval(-5, 9), interval(5, 50), interval(6, 3), sent=sent)
            assert (changes.camera.key, changes.camera.serial) == (A, B)
        assert changes.other_keys == ()
        assert visible(ledger) == {A: B}
    assert stored(path, A) == [interval(0, 1), interval(5, 50), interval(6, 3)]
    assert stored(path, B) == [interval(-5, 9)]
    assert_sound(path)


def test_late_counts_of_the_old_camera(path: Path) -> None:
    """Those from before the replacement come in at its door, and say so; the others make it a camera of its own."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), interval(9, 2))
        send(ledger, B, interval(12, 3))
        give(ledger, Replacement(A, B, at(10)))
        changes = send(ledger, A, interval(0, 4), interval(5, 5), interval(12, 70), sent=901)
        assert (changes.camera.key, changes.camera.serial, changes.camera.total_entered) == (f"{A}_2", A, 70)
        assert changes.other_keys == ((A, at(0)),)
        assert visible(ledger) == {A: B, f"{A}_2": A}
        found = ledger.camera(A).result(TIMEOUT)
        assert found
        # It isn't the one that hangs there now.
        assert (found.serial, found.name, found.sent) == (B, "Camera 4", at(900))
    assert stored(path, A) == [interval(0, 4), interval(5, 5), interval(9, 2), interval(12, 3)]
    assert stored(path, f"{A}_2") == [interval(12, 70)]
    assert_sound(path)


def test_undone(path: Path) -> None:
    """An entry that knows nothing of a replacement, from an older backup for example, has all as it was."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50), interval(12, 3))
        give(ledger, Replacement(A, B, at(10)))
        send(ledger, A, interval(13, 1), sent=902)
        give(ledger)
        assert visible(ledger) == {A: A}
        send(ledger, B, interval(14, 1), sent=903)
        assert visible(ledger) == {A: A, B: B}
    assert stored(path, A) == [interval(0, 1), interval(13, 1)]
    assert stored(path, B) == [interval(5, 50), interval(12, 3), interval(14, 1)]
    assert_sound(path)


def test_a_new_ledger_has_all_where_it_belongs(path: Path) -> None:
    """Whoever reports first."""
    with opened(path) as ledger:
        give(ledger, Replacement(A, B, at(10)))
        changes = send(ledger, A, interval(3, 1))
        assert changes.camera.key == f"{A}_2"
        assert visible(ledger) == {f"{A}_2": A}
        send(ledger, B, interval(5, 50), interval(12, 3))
        assert visible(ledger) == {f"{A}_2": A, A: B}
    assert stored(path, A) == [interval(3, 1), interval(12, 3)]
    assert stored(path, B) == [interval(5, 50)]


def test_a_new_ledger_knows_only_the_new_camera_from_before(path: Path) -> None:
    """It is at the key with its next push."""
    with opened(path) as ledger:
        send(ledger, B, interval(5, 50))
        give(ledger, Replacement(A, B, at(10)))
        assert visible(ledger) == {}
        send(ledger, B, interval(12, 3))
        assert visible(ledger) == {A: B}
    assert stored(path, B) == [interval(5, 50)]


def test_a_file_that_is_deleted_meanwhile(path: Path) -> None:
    """The one that is begun in its place has routes and directions from the first push on."""
    with opened(path) as ledger:
        give(ledger, Replacement(A, B, at(10)))
        ledger.set_directions(lambda: [A]).result(TIMEOUT)
        send(ledger, B, interval(12, 3))
        for file in path.parent.glob("ledger.db*"):
            file.unlink()
        changes = send(ledger, B, interval(13, 2))
        assert (changes.camera.key, changes.camera.reversed) == (A, 1)
    assert stored(path, A) == [interval(13, 2)]


def test_cameras_that_were_removed(path: Path) -> None:
    """One whose device was deleted can be replaced; the past of one that replaced it can't."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50), interval(12, 3))
        ledger.set_removed(A).result(TIMEOUT)
        assert [camera.key for camera in ledger.removed_cameras().result(TIMEOUT)] == [A]
        give(ledger, Replacement(A, B, at(1)))
        assert visible(ledger) == {A: B}
        assert ledger.removed_cameras().result(TIMEOUT) == []


def test_the_series_of_a_camera_that_replaced_another_is_obsolete(path: Path) -> None:
    """If recorder has got any of it, until that is forgotten."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(12, 3))
        ledger.take_series(B, "").result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == []
        give(ledger, Replacement(A, B, at(1)))
        assert ledger.obsolete_series().result(TIMEOUT) == [B]
        ledger.forget_series(B).result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == []
        ledger.set_removed(A).result(TIMEOUT)
        ledger.take_series(A, "").result(TIMEOUT)
        assert ledger.obsolete_series().result(TIMEOUT) == []


def test_what_recorder_lacks_after_a_replacement(path: Path) -> None:
    """Hours since then of the old one's series, and of places with that door."""
    place = Place("01PLACE", (Door(A, False),), "")
    with opened(path) as ledger:
        ledger.set_places([place]).result(TIMEOUT)
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 50), interval(61, 3))
        for key in (A, B):
            assert ledger.take_series(key, "").result(TIMEOUT)
            ledger.confirm_series(key).result(TIMEOUT)
        ledger.take_place_series(place.key).result(TIMEOUT)
        ledger.confirm_series(place.key).result(TIMEOUT)
        give(ledger, Replacement(A, B, at(10)))
        series = ledger.take_series(A, "").result(TIMEOUT)
        assert series
        assert [hours.entered for hours in series.hours] == [1, 3]
        hour_range = ledger.take_place_series(place.key).result(TIMEOUT)
        assert hour_range
        assert ledger.door_counts(place.doors[0], hour_range).result(TIMEOUT).by_hour[at(60)].entered == 3


def test_what_was_not_taken_is_asked_about_at_the_new_place(path: Path) -> None:
    """Once; and what waits for another part waits there."""
    rejected = Rejected("it is new", "{}")
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), rejected=[rejected])
        send(ledger, B, interval(12, 1, minutes=5), rejected=[rejected, Rejected("it is new", "[]")])
        send(ledger, B, interval(10, 1, minutes=5), sent=901)
        assert ledger.quarantine(B, 9).result(TIMEOUT).count == 3
        give(ledger, Replacement(A, B, at(1)))
        assert ledger.quarantine(B, 9).result(TIMEOUT).count == 0
        assert ledger.quarantine(A, 9).result(TIMEOUT).count == 3
        send(ledger, B, interval(15, 4, minutes=2), sent=902)
        assert ledger.quarantine(A, 9).result(TIMEOUT).count == 2
    assert stored(path, A) == [interval(0, 1), interval(10, 1, minutes=5), interval(15, 4, minutes=2)]


def test_what_was_not_taken_stays_with_its_time(path: Path) -> None:
    """What a camera sends from before it replaced another never gets to that door, also where it can't be read."""
    before, since, unknown = (
        Rejected("it is new", f"[{number}]", time)
        for number, time in enumerate([(at(-5), at(-4)), (at(5), at(6)), None])
    )
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 2))
        give(ledger, Replacement(A, B, at(1)))
        for sent in (900, 901):
            send(ledger, B, interval(6, 3), sent=sent, rejected=[before, since, unknown])
        assert {one.content for one in ledger.quarantined(A, 9).result(TIMEOUT)} == {"[1]", "[2]"}
        assert [one.content for one in ledger.quarantined(B, 9).result(TIMEOUT)] == ["[0]"]
    assert_sound(path)


def test_undone_what_was_not_taken_goes_back(path: Path) -> None:
    """With what was counted at that time: tried again, it counts where the camera hangs."""
    content = "[14]"
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(12, 3))
        give(ledger, Replacement(A, B, at(10)))
        send(ledger, B, interval(13, 3), sent=901, rejected=[Rejected("it is new", content, (at(14), at(15)))])
        give(ledger)
        send(ledger, B, interval(15, 1), sent=902)
        for key in (A, B):
            ledger.retry(key, lambda _, __: [interval(14, 100)], NOW).result(TIMEOUT)
    assert stored(path, A) == [interval(0, 1)]
    assert interval(14, 100) in stored(path, B)
    assert_sound(path)


def test_undone_the_last_of_two(path: Path) -> None:
    """The camera that comes back is described as it was when it was heard last."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1), sent=1)
        send(ledger, B, interval(12, 3), sent=13)
        give(ledger, Replacement(A, B, at(10)))
        send(ledger, B, interval(20, 3), sent=300)
        send(ledger, C, interval(400, 3), sent=401)
        give(ledger, Replacement(A, B, at(10)), Replacement(A, C, at(350)))
        give(ledger, Replacement(A, B, at(10)))
        found = ledger.camera(A).result(TIMEOUT)
        assert found
        assert (found.serial, found.sent) == (B, at(300))


def test_merging_keeps_two_cameras_apart(path: Path) -> None:
    """Minutes of both in one hour don't become one interval: undoing gives each its own."""
    with opened(path) as ledger:
        send(ledger, A, *(interval(minute, 1) for minute in range(10)))
        send(ledger, B, *(interval(minute, 2) for minute in range(5, 20)))
        give(ledger, Replacement(A, B, at(10)))
        while ledger.merge(at(600)).result(TIMEOUT):
            pass
        give(ledger)
        send(ledger, B, interval(100, 0), sent=905)
    assert sum(one.entered for one in stored(path, A)) == 10
    assert sum(one.entered for one in stored(path, B)) == 30


def test_all_that_is_asked_of_a_camera_goes_by_its_key(path: Path) -> None:
    """Its serial number leads nowhere."""
    with opened(path) as ledger:
        send(ledger, A, interval(0, 1))
        send(ledger, B, interval(5, 2), interval(12, 3), rejected=[Rejected("it is new", "{}")])
        give(ledger, Replacement(A, B, at(10)))
        ledger.correct(A, at(20), 7, Source.ACTION).result(TIMEOUT)
        ledger.set_reversed(A, True).result(TIMEOUT)
        today = ledger.today(A, at(0), at(100), at(0)).result(TIMEOUT)
        assert (today.counts.entered, len(today.corrections), today.camera.reversed, today.quarantined) == (4, 1, 1, 1)
        assert ledger.intervals(A, at(0), at(99), 9).result(TIMEOUT) == [interval(0, 1), interval(12, 3)]
        assert [one.value for one in ledger.corrections(A, at(0), at(99)).result(TIMEOUT)] == [7]
        assert ledger.gaps(A, at(0), 9).result(TIMEOUT) == [(at(1), at(12))]
        assert ledger.counted_until(A).result(TIMEOUT) == at(13)
        assert len(ledger.quarantined(A, 9).result(TIMEOUT)) == 1
        retried = ledger.retry(A, lambda *_: [interval(14, 1)], NOW).result(TIMEOUT)
        assert (retried.changes.camera.key, retried.settled) == (A, 1)
        assert ledger.drop(A, 9).result(TIMEOUT) == 0
        other = ledger.today(B, at(0), at(100), at(0)).result(TIMEOUT)
        assert (other.counts.entered, other.corrections, other.camera.reversed) == (2, [], 0)


@pytest.mark.parametrize("seed", range(25))
def test_it_makes_no_difference_when_the_ledger_hears_of_a_replacement(path: Path, seed: int) -> None:
    """Pushes in any order, again and again, with replacements before, between or after them, end the same."""
    chance = random.Random(seed)
    replacements: list[Replacement] = []
    since = 0
    for _ in range(chance.randint(1, 4)):
        since += chance.randint(0, 30)
        holders = {A: A} | {one.key: one.serial for one in replacements}
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

    known_from_the_start = path.with_name("other.db")
    with opened(known_from_the_start) as ledger:
        give(ledger, *replacements)
        for serial, intervals, sent in pushes:
            send(ledger, serial, *intervals, sent=sent)
        shown = visible(ledger)
    steps = [*pushes, *chance.choices(pushes, k=5)]
    chance.shuffle(steps)
    told = sorted(chance.sample(range(len(steps) + 1), min(len(replacements), len(steps))))
    with opened(path) as ledger:
        for number, (serial, intervals, sent) in enumerate(steps):
            # One after the other, and sometimes not all of those before.
            give(ledger, *replacements[: chance.randint(0, sum(when <= number for when in told))])
            send(ledger, serial, *intervals, sent=sent)
    with opened(path) as ledger:
        give(ledger, *replacements)
        for serial, intervals, sent in pushes:
            send(ledger, serial, *intervals, sent=sent)
        assert visible(ledger) == shown
    assert content(path) == content(known_from_the_start)
