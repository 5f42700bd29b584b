"""The keys that cameras count for, as they follow from replacements."""

from typing import Final

from custom_components.axis_people_counter.counting.replacements import (
    Replacement,
    Route,
    key_at,
    moves,
    obsolete_keys,
    routes_of,
)

A: Final = "accc8ef3d92e"
B: Final = "b8a44f090004"
C: Final = "b8a44f090005"


def test_no_replacement() -> None:
    """A camera counts for its own serial number."""
    assert routes_of([]) == {}
    assert key_at([], A) == A


def test_replaced_camera_gets_another_key() -> None:
    """Until the replacement the old camera counts for the key, and the new one from then on."""
    routes = routes_of([Replacement(A, B, 10)])
    assert routes == {A: [Route(10, f"{A}_2")], B: [Route(10, A)]}
    assert [key_at(routes[A], A, when) for when in (9, 10)] == [A, f"{A}_2"]
    assert [key_at(routes[B], B, when) for when in (9, 10)] == [B, A]
    assert obsolete_keys(routes) == {B}


def test_two_replacements() -> None:
    """Each camera counts for the key while it hung there; a camera that was replaced gets its own key back."""
    routes = routes_of([Replacement(A, B, 10), Replacement(A, C, 20)])
    assert [key_at(routes[B], B, when) for when in (9, 10, 20)] == [B, A, B]
    assert [key_at(routes[C], C, when) for when in (19, 20)] == [C, A]
    assert obsolete_keys(routes) == {C}


def test_first_camera_returns() -> None:
    """The first camera counts for its key again; its counts for another key stay there."""
    routes = routes_of([Replacement(A, B, 10), Replacement(A, A, 20)])
    assert [key_at(routes[A], A, when) for when in (9, 10, 20)] == [A, f"{A}_2", A]
    assert [key_at(routes[B], B, when) for when in (10, 20)] == [A, B]
    assert obsolete_keys(routes) == {f"{A}_2"}


def test_third_key() -> None:
    """A camera that was replaced under its second key as well gets a third one."""
    routes = routes_of([Replacement(A, B, 10), Replacement(f"{A}_2", C, 20)])
    assert [key_at(routes[A], A, when) for when in (10, 20)] == [f"{A}_2", f"{A}_3"]


def test_replacement_of_a_camera_that_left_its_key() -> None:
    """A replacement at a former key doesn't change the key that the camera counts for now."""
    routes = routes_of([Replacement(A, B, 10), Replacement(C, B, 20), Replacement(A, A, 30)])
    assert [key_at(routes[B], B, when) for when in (10, 20, 30)] == [A, C, C]


def test_moves() -> None:
    """Only the time in which the key differs moves."""
    before = routes_of([Replacement(A, B, 10)])
    after = routes_of([Replacement(A, B, 10), Replacement(A, C, 20)])
    assert [move[2:] for move in moves(before[B], after[B], B)] == [(A, B)]
    assert next(moves(before[B], after[B], B))[0] == 20
