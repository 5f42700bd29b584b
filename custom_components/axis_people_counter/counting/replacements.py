"""Which camera counts for which key: what follows from the replacements a person has chosen.

A key is what entities, statistics and places know a camera by. It is the serial number of the first camera that hung
there, and stays when another one takes its place.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise
from typing import Final, NamedTuple

FOREVER: Final = 1 << 62


class Replacement(NamedTuple):
    """From an instant on (seconds since 1970 UTC), the camera with this serial number counts for a key."""

    key: str
    serial: str
    since: int


class Route(NamedTuple):
    """From an instant on, what a camera counts goes to a key."""

    since: int
    key: str


# By serial number, in the order of time. A camera without any counts for its own serial number.
type Routes = dict[str, list[Route]]


def routes_of(replacements: Iterable[Replacement]) -> Routes:
    """Return the routes of all cameras that were replaced, or replaced one.

    A replaced camera may go on to count elsewhere: from that instant on it has a key of its own again.
    """
    routes: Routes = {}
    holders: dict[str, str] = {}

    def holder(key: str) -> str:
        return holders.get(key, first_serial(key))

    for key, serial, since in replacements:
        replaced = holder(key)
        holders[key] = serial
        if replaced != serial and key_at(routes.get(replaced, ()), replaced) == key:
            own = next(own for own in _own_keys(replaced) if holder(own) == replaced)
            routes.setdefault(replaced, []).append(Route(since, own))
        routes.setdefault(serial, []).append(Route(since, key))
    return routes


def key_at(routes: Sequence[Route], serial: str, at: int = FOREVER) -> str:
    """Return the key to which a camera's interval belongs that begins at an instant."""
    return next((route.key for route in reversed(routes) if route.since <= at), serial)


def obsolete_keys(routes: Routes) -> set[str]:
    """Return the keys for which no camera counts any more: another key has gone on where they ended."""
    known = {key for serial, of_camera in routes.items() for key in (serial, *(route.key for route in of_camera))}
    return known - {key_at(of_camera, serial) for serial, of_camera in routes.items()}


def without_last(replacements: Sequence[Replacement], key: str) -> list[Replacement]:
    """Return replacements without the last one at a key."""
    last = max(number for number, replacement in enumerate(replacements) if replacement.key == key)
    return [*replacements[:last], *replacements[last + 1 :]]


def is_held(routes: Routes, key: str) -> bool:
    """Return True if there is a camera, or may be one, that counts for a key now."""
    present = {serial: key_at(of_camera, serial) for serial, of_camera in routes.items()}
    first = first_serial(key)
    return key in present.values() or present.get(first, first) == key


def moves(before: Sequence[Route], after: Sequence[Route], serial: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield which stretches of time of a camera go from one key to another when its routes change."""
    bounds = sorted({-FOREVER, *(route.since for route in (*before, *after)), FOREVER})
    for low, high in pairwise(bounds):
        source, to = key_at(before, serial, low), key_at(after, serial, low)
        if source != to:
            yield low, high, source, to


def first_serial(key: str) -> str:
    """Return the serial number of the first camera that counted for a key."""
    return key.partition("_")[0]


def _own_keys(serial: str) -> Iterator[str]:
    """Yield the keys that a camera may have for itself."""
    yield serial
    for number in count(2):
        yield f"{serial}_{number}"
