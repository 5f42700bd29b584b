"""The base of the checks of all doors."""

from datetime import timedelta
from typing import ClassVar, override

import pytest

from custom_components.axis_people_counter.checks.door_check import DoorCheck, Doors
from custom_components.axis_people_counter.coordinator import CameraCoordinator
from custom_components.axis_people_counter.receiver import PeopleCounterConfigEntry
from homeassistant.core import HomeAssistant


class SettledCheck(DoorCheck[str]):
    """A check during which a person settles the problem."""

    subject: ClassVar = "tests"
    every: ClassVar = timedelta(hours=1)
    settled = False

    @override
    def _settings(self) -> bool:
        return self.settled

    @override
    async def _async_find(self) -> dict[str, str]:
        found = {} if self.settled else {"door": "problem"}
        self.settled = True
        return found

    @override
    def _async_show(self, camera: CameraCoordinator, problem: str | None) -> None:
        raise AssertionError("there are no cameras")


@pytest.mark.usefixtures("pusher")
async def test_problem_that_is_settled_during_the_check(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
    """A result of the old settings would offer to settle the problem again."""
    check = SettledCheck(Doors(hass, entry, entry.runtime_data.ledger, {}, {}))
    assert await check.async_problem_of("door") is None
    assert not check.found
    assert await check.async_problem_of("door") is None
