"""Documents with a lot in them that can't be stored, or shouldn't be there, stay within limits."""

from datetime import timedelta
from itertools import pairwise
import json
import tracemalloc
from typing import Any

import pytest

from custom_components.axis_people_counter.counting import protocol
from custom_components.axis_people_counter.counting.json_reader import JsonReader
from custom_components.axis_people_counter.counting.protocol import Push, parse
from custom_components.axis_people_counter.counting.rejected import Reason, RejectedTexts

from ..helpers.documents import SAMPLE, SENT, error_of, measured, read_push
from ..helpers.pusher import Document, document, measurement

MINUTE = timedelta(minutes=1)
SPACES = (0, 1, 99, 100, 101, 65_535, 65_536, 65_537, 200_000)


@pytest.mark.parametrize("number", SPACES)
@pytest.mark.parametrize("place", [b'"apiName"', b": ", b'"Axis Retail Data"', b"[", b"}", b"{"])
def test_white_space(place: bytes, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """White space of any length may stand before and after anything."""
    monkeypatch.setattr(protocol, "SHORT", 0)
    assert place in SAMPLE
    at = SAMPLE.index(place)
    space = (b" \t\n\r" * number)[:number]
    for position in (at, at + len(place)):
        assert parse(SAMPLE[:position] + space + SAMPLE[position:]) == parse(SAMPLE)


@pytest.mark.parametrize("number", SPACES)
def test_white_space_before_an_error(number: int) -> None:
    """After white space of any length, an error names the right byte; other invisible characters are no white space."""
    for character in ("x", "\v", "\f"):
        position = number + 1
        sentence = f"The body is not JSON: a key is missing at byte {position}."
        assert error_of(f"{{{' ' * number}{character}".encode()) == sentence


def test_white_space_is_skipped_in_pieces() -> None:
    """No other thread runs while a pattern is compared, so no call skips more than 64 KiB."""
    body = b" " * 1_000_000 + b"1"
    reader = JsonReader(body)
    reached = []

    class Watched(bytes):
        """A body that notes from where it is read."""

        def __getitem__(self, part: Any) -> Any:
            reached.append(part.start)
            return super().__getitem__(part)

    reader.body = Watched(body)
    assert reader.peek() == b"1"
    assert max(later - earlier for earlier, later in pairwise(reached)) <= 64 * 1024


@pytest.mark.parametrize("short", [0, protocol.SHORT])
def test_many_members_in_a_short_document(short: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of members is the same for short documents."""
    monkeypatch.setattr(protocol, "SHORT", short)
    whole = document(measured(), sent=SENT) | {f"member {number}": number for number in range(100)}
    assert error_of(json.dumps(whole).encode()) == "An object has more than 100 members."


def minutes(number: int, kind: str = "people-counts") -> list[Document]:
    """Return an interval for each of the last minutes."""
    return [{**measurement(SENT - minute * MINUTE, 1, 1), "kind": kind} for minute in range(1, number + 1)]


@pytest.mark.parametrize("unknown", [1, 300])
def test_memory_for_unknown_kinds(unknown: int) -> None:
    """Looking up the times of unknown kinds takes memory for these, not for all intervals."""
    counted = minutes(20_000)
    others = minutes(unknown, "other")
    without, with_unknown = (json.dumps(document(*some, sent=SENT)).encode() for some in (counted, counted + others))

    def peak(body: bytes) -> int:
        tracemalloc.start()
        try:
            push = parse(body)
            assert isinstance(push, Push)
            assert (len(push.intervals), len(push.rejected)) == (len(counted), 0)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(with_unknown) < peak(without) + 100_000 + 500 * unknown


def test_unknown_kind_without_a_time() -> None:
    """Whatever the time of an unknown kind is, it is skipped only beside a known kind with the same time."""
    beside, alone, without = (
        measured(kind="other"),
        measured(kind="other", utcTo="2021-04-13T09:20:01Z"),
        measured(kind="other", utcTo=None),
    )
    push = read_push(measured(), beside, alone, without)
    assert [json.loads(rejected.content) for rejected in push.rejected] == [alone, without]
    assert [rejected.time is None for rejected in push.rejected] == [False, True]
    assert push.skipped == {"kind other"}


def test_limit_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document may have MAX_OF_DAY intervals that begin on one day, and more on several days."""
    day = timedelta(days=1)
    monkeypatch.setattr(protocol, "MAX_OF_DAY", 10)
    monkeypatch.setattr(protocol, "SHORT", 0)
    last = [measurement(SENT - minute * MINUTE, 1) for minute in range(1, 11)]
    before = [measurement(SENT - day - minute * MINUTE, 1) for minute in range(1, 11)]
    assert len(read_push(*last, *before).intervals) == 20
    one_more = measurement(SENT - 11 * MINUTE, 1)
    sentence = "More than 10 measurements begin on one day (UTC)."
    assert error_of(json.dumps(document(*last, one_more, *before, sent=SENT)).encode()) == sentence
    # Rejected ones aren't compared with each other.
    assert len(read_push(*last, "?", *before).rejected) == 1


def test_a_day_by_the_second_is_within_the_limit() -> None:
    """A camera may count each second."""
    assert protocol.MAX_OF_DAY > 24 * 60 * 60


def test_divided_texts_stay_in_the_body() -> None:
    """Rejected texts are divided by their times without being decoded."""
    body = b'["one","two",3]'
    texts = RejectedTexts(body)
    texts.append(Reason.NOT_AN_OBJECT, 1, 6, (0, 60))
    texts.append(Reason.TOO_OLD, 7, 12, (60, 120))
    texts.append(Reason.NOT_AN_OBJECT, 13, 14)
    parts = texts.divided(lambda time: time is not None and time[0] < 60)
    assert [
        [(rejected.reason, rejected.content, rejected.time) for rejected in parts[key]] for key in (True, False)
    ] == [
        [(Reason.NOT_AN_OBJECT, '"one"', (0, 60))],
        [(Reason.TOO_OLD, '"two"', (60, 120)), (Reason.NOT_AN_OBJECT, "3", None)],
    ]
    assert list(parts[False].sizes()) == [5, 1]
