"""Which camera counts for which key, given the replacements that a person has chosen.

Entities, statistics and places know a camera by its key: the serial number of the first camera that hung there. The key
stays when another camera takes its place. Knows no counts. Called by ledger, receiver, settings and replace_flow.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise
from typing import NamedTuple

from .local_time import LATEST, Timestamp


class Replacement(NamedTuple):
    """From a time on, the camera with this serial number counts for a key."""

    key: str
    serial: str
    since: Timestamp


class Route(NamedTuple):
    """From a time on, the counts of a camera go to a key."""

    since: Timestamp
    key: str


# By serial number, each list in the order of time. A camera without a route counts for its serial number.
type Routes = dict[str, list[Route]]


def routes_of(replacements: Iterable[Replacement]) -> Routes:
    """Return the routes of all cameras that were replaced or replaced another one.

    A replaced camera may go on to count elsewhere, so from then on it has a key of its own again.
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


def key_at(routes: Sequence[Route], serial: str, at: Timestamp = LATEST) -> str:
    """Return the key that an interval of a camera belongs to, by the start of the interval."""
    return next((route.key for route in reversed(routes) if route.since <= at), serial)


def obsolete_keys(routes: Routes) -> set[str]:
    """Return the keys that no camera counts for any more, because its counts go to another key."""
    known = {key for serial, of_camera in routes.items() for key in (serial, *(route.key for route in of_camera))}
    return known - {key_at(of_camera, serial) for serial, of_camera in routes.items()}


def without_last(replacements: Sequence[Replacement], key: str) -> list[Replacement]:
    """Return the replacements without the last one of a key."""
    last = max(number for number, replacement in enumerate(replacements) if replacement.key == key)
    return [*replacements[:last], *replacements[last + 1 :]]


def is_held(routes: Routes, key: str) -> bool:
    """Return True if some camera counts for a key now."""
    present = {serial: key_at(of_camera, serial) for serial, of_camera in routes.items()}
    first = first_serial(key)
    return key in present.values() or present.get(first, first) == key


def moves(before: Sequence[Route], after: Sequence[Route], serial: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield the times (start, end, old key, new key) whose counts move when the routes of a camera change."""
    bounds = sorted({-LATEST, *(route.since for route in (*before, *after)), LATEST})
    for low, high in pairwise(bounds):
        source, to = key_at(before, serial, low), key_at(after, serial, low)
        if source != to:
            yield low, high, source, to


def first_serial(key: str) -> str:
    """Return the serial number of the first camera that counted for a key."""
    return key.partition("_")[0]


def _own_keys(serial: str) -> Iterator[str]:
    """Yield the keys that a camera can have for itself."""
    yield serial
    for number in count(2):
        yield f"{serial}_{number}"
