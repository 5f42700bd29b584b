"""The pictures of the documentation: which step of scripts/e2e shows each of them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "images"
# The run that they are taken from.
KIND = "desktop-en"
# Weeks are compared in them.
DAYS = 30
# By the name of the step, which no other walk may have: the name of the file.
PICTURES = {
    "connect-directly": "config-flow.png",
    "camera": "device.png",
    "people_counter-0": "dashboard.png",
    "people_counter-2": "dashboard-history.png",
    "office-0": "office.png",
    "report": "report.png",
    "go": "door-go.png",
    "stop": "door-stop.png",
}
