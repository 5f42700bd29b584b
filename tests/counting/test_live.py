"""Live counts after a push are never more than the people who passed, and never fewer than before."""

from bisect import bisect_right
from random import Random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting import Interval
from custom_components.axis_people_counter.counting.live import (
    LASTING,
    MAX_STEPS,
    NOBODY,
    LiveCounts,
    People,
    Reading,
    without_people,
)


def live_counts(until: int, *readings: tuple[int, int]) -> LiveCounts:
    """Return the live counts after some readings of people who entered."""
    live = LiveCounts(until)
    read(live, *readings)
    return live


def read(live: LiveCounts, *readings: tuple[int, int]) -> int:
    """Read counts of people who entered; return how many were added."""
    added = [live.read(Reading(at, People(entered, 0))) for at, entered in readings]
    return sum(interval.entered for interval in added if interval)


def entered(live: LiveCounts, since: int | None = None, **bounds: int) -> int:
    """Return the people who entered, by default after the last push."""
    people = live.passed(live.until if since is None else since, **bounds)
    assert people.exited == 0
    return people.entered


def test_readings_before_any_push() -> None:
    """Count what is added to the first reading, whose people may have been pushed."""
    live = LiveCounts(1000)
    assert live.read(Reading(1010, People(50, 20))) is None
    assert live.read(Reading(1015, People(53, 20))) == Interval(1010, 1015, 3, 0, None, None)
    assert live.read(Reading(1020, People(53, 20))) is None
    assert live.read(Reading(1025, People(53, 21))) == Interval(1020, 1025, 0, 1, None, None)
    assert live.passed(1000) == People(3, 1)


def test_push() -> None:
    """Subtract what is pushed, and go on without a step down."""
    live = live_counts(1000, (1010, 50), (1050, 53), (1065, 54), (1080, 58))
    assert entered(live) == 8
    assert live.pushed(1060, People(3, 0)) == People(3, 0)
    assert entered(live) == 5
    read(live, (1085, 59))
    assert entered(live) == 6
    # Somebody who has read an older push only.
    assert entered(live, 1000) == 9


def test_people_whom_no_reading_had() -> None:
    """Begin with the first reading after the push, where the push has more people than the readings before."""
    live = live_counts(1000, (1055, 50), (1065, 54), (1080, 58))
    # Four of thirty had been counted before.
    assert live.pushed(1060, People(30, 0)) == People(4, 0)
    assert entered(live) == 4


def test_push_whose_people_are_not_known() -> None:
    """Count only what was certainly read after the push, if an interval has replaced earlier ones."""
    live = live_counts(1000, (1010, 50), (1050, 53), (1065, 54), (1080, 58))
    assert live.pushed(1060, None) == People(4, 0)
    assert entered(live) == 4


def test_people_of_a_push_whom_no_reading_had_yet() -> None:
    """Subtract them from the next reading, so that all others of that reading count."""
    live = live_counts(1000, (1010, 50), (1050, 52))
    # Two of five had been counted before.
    assert live.pushed(1060, People(5, 0)) == People(2, 0)
    assert read(live, (1075, 56)) == entered(live) == 1
    # Fewer are read than the push had: some were missed, but everybody counts who passes later.
    live.pushed(1120, People(4, 0))
    assert read(live, (1125, 57)) == 0
    assert read(live, (1130, 58)) == entered(live) == 1


def test_push_that_lacks_people() -> None:
    """Don't keep people for ever who never were in a push."""
    live = live_counts(1000, (1010, 50), (1050, 50), (1062, 53))
    live.pushed(1060, NOBODY)
    assert entered(live) == 3
    live.pushed(1120, NOBODY)
    assert entered(live) == 0
    assert not live.is_doubtful


def test_reading_that_may_lack_people_of_the_push() -> None:
    """Don't count from a reading that comes at once after the push, except people whom the push lacks."""
    for pushed, expected in ((0, 1), (1, 0), (2, 0)):
        live = live_counts(940, (1001, 50))
        live.pushed(1000, People(pushed, 0))
        assert read(live, (1006, 51)) == entered(live) == expected
        assert read(live, (1011, 52)) == 1
        assert entered(live) == expected + 1


@pytest.mark.parametrize(
    ("since", "before", "people"), [(1000, 9999, 8), (1008, 9999, 4), (1009, 9999, 0), (1020, 9999, 0), (1000, 1012, 4)]
)
def test_part_of_the_time(since: int, before: int, people: int) -> None:
    """Count the people who certainly passed between two instants, such as the ends of a day."""
    live = live_counts(1000, (1005, 50), (1010, 54), (1020, 58))
    assert entered(live, since, before=before) == people


def test_pushes_after_midnight() -> None:
    """Don't count people of the next day, which a camera's clock may have reached before ours."""
    live = live_counts(1000, (1010, 50), (1030, 53), (1070, 55))
    live.pushed(1060, People(3, 0))
    live.pushed(1120, People(7, 0))
    assert entered(live, 1000) == 10
    assert entered(live, 1000, before=1060) == 3


def test_restart() -> None:
    """Keep what was counted before a restart, and count on from the first reading a minute after it."""
    assert entered(live_counts(1000, (1010, 50), (1020, 54), (1030, 3), (1040, 5), (1090, 6), (1095, 8))) == 6


def test_counts_that_return() -> None:
    """Count nobody twice when a camera that starts answers 0 before it has loaded its counts."""
    assert entered(live_counts(1000, (1010, 50), (1020, 54), (1030, 0), (1040, 55), (1045, 56))) == 6
    assert entered(live_counts(1000, (1010, 50), (1030, 0), (1090, 0), (1095, 54), (1160, 55), (1165, 56))) == 2


def test_wrong_counts() -> None:
    """Don't count people twice when counts fall for a moment."""
    assert entered(live_counts(1000, (1010, 50), (1020, 54), (1030, 53), (1040, 54), (1050, 55))) == 5


def test_people_before_counts_that_fall() -> None:
    """People counted after a fall may have passed before it, so they count from the last higher reading."""
    live = live_counts(1000, (1010, 50), (1058, 54), (1064, 53))
    live.pushed(1060, People(5, 0))
    read(live, (1070, 55))
    assert entered(live) == 0


def test_lower_counts_that_stay() -> None:
    """Count on from lower counts when they have lasted for a minute."""
    live = live_counts(1000, (1010, 50), (1020, 54), (1030, 40), (1060, 41), (1090, 42), (1100, 44))
    assert entered(live) == 6


def test_clock_that_is_put_back() -> None:
    """Count on from the first reading after the clock was put back."""
    assert entered(live_counts(1000, (1010, 50), (1020, 54), (1012, 56), (1017, 57))) == 5


def test_absurd_counts() -> None:
    """Count nobody when the counts become absurd, or return from that."""
    assert entered(live_counts(1000, (1010, 50), (1020, 10**9), (1030, 51), (1090, 52), (1095, 53))) == 1


def test_many_readings() -> None:
    """Keep the sum of many readings if the camera hasn't pushed for hours, and show nobody twice or less after that."""
    live = live_counts(1000, *((1010 + number, number) for number in range(2 * MAX_STEPS)))
    everybody = 2 * MAX_STEPS - 1
    assert entered(live) == everybody
    assert entered(live, 1010 + MAX_STEPS) < MAX_STEPS
    live.pushed(1060, People(50, 0))
    assert entered(live) == everybody - 50


def test_wrong_live_counts() -> None:
    """Notice live counts that include other cameras; they are wrong after three pushes that have fewer people."""
    live = LiveCounts(0)
    found = []
    for push in range(1, 7):
        start = 60 * (push - 1)
        read(live, (start + 5, 3 * push), (start + 20, 3 * push + 2), (start + 50, 3 * push + 3))
        # The second push has as many people.
        live.pushed(60 * push, People(3 if push == 2 else 1, 0))
        found.append((live.is_doubtful, live.is_wrong))
    assert found == [(True, False), (False, False), (True, False), (True, False), (True, True), (True, True)]


def test_doubtful_live_counts() -> None:
    """Count nobody live from a push that lacks people up to one that agrees, whose people count with it."""
    live = live_counts(1000, (1010, 50), (1020, 53), (1065, 53))
    # All three had been announced.
    assert live.pushed(1060, People(1, 0)) == People(3, 0)
    assert read(live, (1070, 55), (1125, 56)) == 0
    assert entered(live) == entered(live, 1065) == 0
    # Without anybody who was certainly read in its time, a push proves nothing.
    assert live.pushed(1062, People(2, 0)) == NOBODY
    assert live.is_doubtful
    assert live.pushed(1120, People(2, 0)) == NOBODY
    assert not live.is_doubtful
    # The last one may not have been announced, and comes with the next push.
    assert entered(live) == 0
    assert read(live, (1130, 57), (1135, 59)) == entered(live) == 2
    assert live.pushed(1180, People(4, 0)) == People(2, 0)
    assert entered(live) == 0


def test_events() -> None:
    """Take people who were announced out of intervals, and don't guess who of the others is adult."""
    intervals = [Interval(0, 60, 3, 1, 2, 1), Interval(60, 120, 2, 0, 2, 0), Interval(120, 180, 4, 4, 1, 1)]
    without, others = without_people(intervals, People(4, 3))
    assert without == [
        Interval(0, 60, 0, 0, None, None),
        Interval(60, 120, 1, 0, None, None),
        Interval(120, 180, 4, 2, None, None),
    ]
    assert others == NOBODY
    assert without_people(intervals[:1], People(4, 0)) == ([Interval(0, 60, 0, 1, None, None)], People(1, 0))
    assert without_people(intervals, NOBODY) == (intervals, NOBODY)


@settings(max_examples=200)
@given(seed=st.integers(0, 2**32), every=st.sampled_from([1, 5, 17]), width=st.sampled_from([60, 300]))
def test_never_too_many(seed: int, every: int, width: int) -> None:
    """Add to any pushes, however late, no more people than passed; the sum never falls, whichever push one has read."""
    random = Random(seed)
    end = 20 * width
    times = tuple(sorted(random.uniform(0, end) for _ in range(random.randint(0, 400))) for _ in ("entered", "exited"))

    def truth(at: float) -> People:
        return People(*(bisect_right(passages, at) for passages in times))

    # The delay of the live counts in seconds, and the time at which they begin anew.
    begun_at, lag = 0.0, random.uniform(0, 1.9)
    due = width + random.uniform(10, 40)
    live = LiveCounts(0)
    before, announced = NOBODY, NOBODY
    now = 0.0
    while now < end:
        now += random.uniform(0.5, 1.5) * every
        if random.random() < 0.01:
            begun_at = now
        if random.random() < 0.9:
            counts = truth(max(begun_at, now - lag)).minus(truth(begun_at))
            # A camera may answer 0 for a moment.
            if now > begun_at + 2 * LASTING and random.random() < 0.02:
                counts = NOBODY
            if added := live.read(Reading(int(now), counts)):
                announced = announced.plus(People(added.entered, added.exited))
        if now >= due:
            if random.random() < 0.7:
                until = int(now) // width * width
                people = truth(until).minus(truth(live.until))
                announced = announced.plus(people.minus(live.pushed(until, people)))
            due = (int(now) // width + 1) * width + random.uniform(10, 40)
        shown = truth(live.until).plus(live.passed(live.until))
        assert shown.minus(truth(now)) == NOBODY
        assert before.minus(shown) == NOBODY
        assert announced == shown
        before = shown
        for since in (random.uniform(0, now), live.until - random.randint(0, 3) * width):
            assert live.passed(int(since)).minus(truth(now).minus(truth(int(since)))) == NOBODY
    assert not live.is_doubtful
