"""The table of the demo: the states of all cameras and of the place."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.demo_parts.place import Place, States, value
from tests.helpers.shop import SHOP
from tests.simulator import Camera

CAMERA_COLUMNS = ("Camera", "In today", "Out today", "Adults", "Inside", "Connected")
PLACE_COLUMNS = ("Place", "In today", "Out today", "Inside", "Free", "Full")


def yes(state: str | None) -> str:
    """Return the state of a binary sensor in words."""
    return {"on": "yes", "off": "no"}.get(state or "", "-")


def camera_row(states: States, camera: Camera) -> list[str]:
    """Return the row of a camera."""
    shown = {key: value(states, camera.serial, key) or "-" for key in ("in_today", "out_today", "occupancy")}
    adults = [value(states, camera.serial, f"adults_{direction}_today") for direction in ("in", "out")]
    return [
        camera.name,
        shown["in_today"],
        shown["out_today"],
        " / ".join(adult or "-" for adult in adults) if any(adults) else "-",
        shown["occupancy"],
        yes(value(states, camera.serial, "connectivity")),
    ]


def place_row(states: States, place: Place) -> list[str]:
    """Return the row of a place."""
    full, nearly_full = (value(states, place.key, key) for key in ("full", "nearly_full"))
    return [
        SHOP,
        *(value(states, place.key, key) or "-" for key in ("in_today", "out_today", "occupancy", "free_places")),
        "nearly" if (full, nearly_full) == ("off", "on") else yes(full),
    ]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table: the first column left-aligned, the others right-aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])

    return [line(rows[0]), "─" * len(line(rows[0])), *map(line, rows[1:])]


def table(states: States, mounted: Sequence[Camera], place: Place) -> list[str]:
    """Return the lines of both tables."""
    of_cameras = aligned([CAMERA_COLUMNS, *(camera_row(states, camera) for camera in mounted)])
    return [*of_cameras, "", *aligned([PLACE_COLUMNS, place_row(states, place)])]
