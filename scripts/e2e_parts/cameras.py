"""The simulated cameras of the walks, with what a person copies into them from the screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.helpers.home_assistant import HomeAssistantError
from tests.simulator import THREE_D, TWO_D, Answer, Camera, Hours, Visits

# The names and serial numbers are those of the demo.
NAME = "Main entrance"
_CAMERAS = (
    (NAME, "accc8ef3d92e", THREE_D),
    ("Garden door", "accc8e0b7a51", THREE_D),
    ("Car park", "00408cac512b", TWO_D),
)


def cameras(url: str, token: str, ca_file: Path | None = None, *, days: int = 2) -> list[Camera]:
    """Return cameras that have counted for some days."""
    now = datetime.now(UTC)
    installed = now - timedelta(days=days)
    # Just after midnight the day of a camera is too young to show anything.
    zone = ZoneInfo("UTC" if now.hour > 1 else "America/New_York")
    return [
        Camera(
            Visits(name, zone, Hours(0, 24, 1450, 2100)),
            url,
            token,
            serial=serial,
            name=name,
            model=model,
            installed=installed,
            ca_file=ca_file,
        )
        for name, serial, model in _CAMERAS
    ]


def successor(old: Camera) -> Camera:
    """Return a camera that hangs where another one did."""
    return Camera(
        old.source,
        old.url,
        old.token,
        serial="b8a44f102030",
        name=f"{old.name}, new",
        model=old.model,
        installed=datetime.now(UTC) - timedelta(hours=1),
    )


def taken(answer: Answer | None) -> None:
    """Raise HomeAssistantError unless a push was taken."""
    if answer and not answer.delivered:
        raise HomeAssistantError(f"A push was answered {answer.status}: {answer.text}")


def refused(answer: Answer) -> None:
    """Raise HomeAssistantError unless a push was refused."""
    if answer.delivered:
        raise HomeAssistantError("A push was taken that should have been refused.")
