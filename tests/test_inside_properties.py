"""The people inside in each open hour, over random histories of a place, are those of a slow calculation."""

from pathlib import Path

import pytest

from custom_components.axis_people_counter.dashboards.inside import inside

from .helpers.bare_ledger import memory_folder, opened
from .helpers.expected_inside import expected_inside
from .helpers.random_place import World

# An average is shown with one decimal.
ROUNDED = 0.05000001


def check(world: World) -> None:
    """Compare all hours of the days of a random place."""
    # Counts of the last days are never deleted.
    world.kept_since = 0
    with memory_folder() as folder, opened(Path(folder) / "ledger.db") as ledger:
        world.count(ledger)
        days = inside(world.history(ledger), [world.open_day(day) for day in world.dates], world.now)["days"]
    expected = world.expected(world.now)
    wanted = [expected_inside(expected, day, world.now) for day in world.dates]
    for of_day in wanted:
        for hour in of_day["hours"]:
            if hour["average"] is not None:
                hour["average"] = pytest.approx(float(hour["average"]), abs=ROUNDED)
    assert days == wanted


@pytest.mark.parametrize("seed", range(25))
def test_inside(seed: int) -> None:
    """Compare some random places."""
    check(World(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_inside_of_many_places(seed: int) -> None:
    """Compare many random places."""
    check(World(seed))
