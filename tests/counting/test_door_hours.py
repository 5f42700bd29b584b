"""The history of a door by the hour."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.counting import HOUR, DoorHistory, OpenSpans, usual_of

# A Monday at midnight (UTC).
START: Final = 1_704_067_200


def history() -> DoorHistory:
    """Return three hours of a door; in the second one somebody passes."""
    found = DoorHistory()
    found.replace(0, [(START, 0, 0, HOUR), (START + HOUR, 2, 1, HOUR // 2), (START + 2 * HOUR, 0, 0, 2 * HOUR)])
    return found


def test_hours() -> None:
    """Each hour has its local day, its hour of the week, and the part that has counts."""
    hours = history().hours(UTC, START + HOUR)
    assert [(hour.start, hour.hour_of_week, hour.people, hour.seen) for hour in hours] == [
        (START + HOUR, 1, 3, 0.5),
        (START + 2 * HOUR, 2, 0, 1),
    ]


def test_hours_between() -> None:
    """Only hours that begin between two instants are returned."""
    hours = history().hours(UTC, START + 1, until=START + 2 * HOUR)
    assert [hour.start for hour in hours] == [START + HOUR]


def test_local_hours() -> None:
    """A camera counts in its own zone: here, it is still Sunday."""
    (first, *_, last) = history().hours(ZoneInfo("America/New_York"), 0)
    assert (first.hour_of_week, last.hour_of_week) == (6 * 24 + 19, 6 * 24 + 21)
    assert last.day == first.day


@pytest.mark.parametrize(
    ("spans", "opened"),
    [
        pytest.param(None, [1, 1, 1], id="no opening hours"),
        pytest.param([], [0, 0, 0], id="closed"),
        pytest.param([(START - HOUR, START), (START + HOUR // 2, START + 2 * HOUR)], [0.5, 1, 0], id="open later"),
        pytest.param(
            [(START, START + 900), (START + 2700, START + 4500), (START + 9 * HOUR, START + 10 * HOUR)],
            [0.5, 0.25, 0],
            id="open twice",
        ),
    ],
)
def test_opening_hours(spans: OpenSpans, opened: list[float]) -> None:
    """Each hour is open for the part that the opening hours say."""
    assert [hour.opened for hour in history().hours(UTC, 0, spans)] == opened


def test_change_of_clocks() -> None:
    """A shop opens at the same local time before and after the clocks are put back."""
    zone = ZoneInfo("Europe/Stockholm")
    start = int(datetime(2026, 9, 28, tzinfo=zone).timestamp())
    found = DoorHistory()
    hours = ((start + hour * HOUR, datetime.fromtimestamp(start + hour * HOUR, zone).hour) for hour in range(8 * 168))
    found.replace(0, [(at, 10 * (8 <= hour < 20), 0, HOUR) for at, hour in hours])
    usual = usual_of(found.hours(zone, 0), has_opening_hours=False)
    assert usual
    assert [usual.rates[6 * 24 + hour] for hour in (7, 8, 19, 20)] == [0, 10, 10, 0]
    assert usual.longest == 0


def test_last_people() -> None:
    """The last hour in which anybody passed is found, also after a part was replaced."""
    found = history()
    assert (found.start, found.last_people, found.end) == (START, START + HOUR, START + 2 * HOUR)
    found.replace(START + HOUR, [(START + 3 * HOUR, 0, 0, HOUR)])
    assert (found.last_people, found.end) == (None, START + 3 * HOUR)
    assert (DoorHistory().start, DoorHistory().last_people, DoorHistory().end) == (None, None, None)
