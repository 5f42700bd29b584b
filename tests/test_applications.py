"""Two applications with one serial number: the repair names them, and ends when one of them is silent."""

from datetime import datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.receiver.applications import MAX_APPLICATIONS, MAX_SILENCE, Applications
from homeassistant.core import HomeAssistant

from .helpers.issues import active_issues
from .helpers.pusher import SERIAL, Pusher, measurement

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
COUNTER: Final = "AXIS People Counter"
ESTIMATOR: Final = "AXIS Occupancy Estimator"
BEGIN: Final = 1_800_000_000


def alternating(*pushes: tuple[str, int]) -> list[str]:
    """Return which applications push alternately, after pushes so many minutes after BEGIN."""
    applications = Applications()
    several: list[str] = []
    for application, minute in pushes:
        several = applications.record(application, BEGIN + 60 * minute)
    return several


@pytest.mark.parametrize(
    ("pushes", "several"),
    [
        ([("A", 0), ("A", 1), ("A", 2)], []),
        ([("A", 0), ("A", 1), ("B", 2), ("B", 3)], []),
        ([("A", 0), ("B", 1), ("A", 2)], ["A", "B"]),
        ([("A", 0), ("B", 0), ("A", 15), ("B", 15)], ["A", "B"]),
        ([("A", 0), ("B", 1), ("C", 2), ("A", 3), ("C", 4)], ["A", "B", "C"]),
        ([("A", 0), ("B", 2), ("A", 1), ("B", 3)], []),
        ([("A", 0), ("B", 1), ("A", 2), ("A", 60), ("A", 61)], []),
        ([("A", 0), ("B", 1), ("A", 2), ("A", 60)], ["A", "B"]),
        ([("A", 0), ("B", 1), ("A", 62), ("A", 63)], []),
        ([("A", 0), ("B", 1), ("A", 2), ("A", -5000), ("A", -4999)], []),
        ([("A", 5000), ("B", 0), ("A", 1), ("B", 2), ("A", 3)], ["A", "B"]),
    ],
    ids=[
        "one", "renamed by an update", "alternating", "at the same time", "three", "one before the update is late",
        "one is silent for an hour", "one is silent for less", "back to the old one later", "the clock was set back",
        "alternating after the clock was set back",
    ],
)  # fmt: skip
def test_alternating(pushes: list[tuple[str, int]], several: list[str]) -> None:
    """Only applications that push alternately are returned."""
    assert alternating(*pushes) == several


def test_names_are_limited() -> None:
    """The number of stored names is limited, because anybody with the token can invent names."""
    applications = Applications()
    for number in range(100):
        applications.record(str(number), BEGIN)
    for number in range(100):
        several = applications.record(str(number), BEGIN + 60 + number)
    assert len(several) <= MAX_APPLICATIONS


def shown(hass: HomeAssistant) -> dict[str, dict[str, str] | None]:
    """Return the placeholders of each repair that is shown."""
    return {key: issue.translation_placeholders for key, issue in active_issues(hass).items()}


async def push(pusher: Pusher, noon: FrozenDateTimeFactory, application: str | None, **sensor: str) -> None:
    """Push as this application, a minute later."""
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - MINUTE, 1), sensor={"application": application, **sensor})


async def test_two_applications(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """The repair names both, and ends when only one has pushed for an hour; the log has one line for each."""
    issue = f"several_applications_{SERIAL}"
    for _ in range(3):
        await push(pusher, noon, COUNTER)
        await push(pusher, noon, ESTIMATOR)
        await push(pusher, noon, COUNTER, serial="accc8ef3d92f", name="Back")
        await push(pusher, noon, None)
    assert shown(hass) == {
        issue: {
            "name": "Main entrance",
            "camera": r"Main entrance ([192\.168\.1\.106](http://192.168.1.106))",
            "applications": f"{ESTIMATOR}, {COUNTER}",
        }
    }
    for _ in range(MAX_SILENCE // 60 - 1):
        await push(pusher, noon, COUNTER)
        await push(pusher, noon, COUNTER, serial="accc8ef3d92f", name="Back")
        if issue not in shown(hass):
            break
    assert not shown(hass)
    assert caplog.text.count("Several applications send the counts of") == 1
    assert caplog.text.count(f"Only {COUNTER} sends the counts of {SERIAL} now") == 1


async def test_renamed_application(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """An update that renames the application shows no repair."""
    for application in (COUNTER, COUNTER, "AXIS People Counter 2", "AXIS People Counter 2"):
        await push(pusher, noon, application)
        assert not shown(hass)


async def test_repair_ends_with_its_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Removing a camera ends its repair and forgets its applications."""
    for application in (COUNTER, ESTIMATOR, COUNTER):
        await push(pusher, noon, application)
    assert shown(hass)
    await entry.runtime_data.async_remove_camera(SERIAL)
    assert not shown(hass)
    await push(pusher, noon, ESTIMATOR)
    assert not shown(hass)
