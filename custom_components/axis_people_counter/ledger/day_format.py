"""The content of a packed day: the intervals of a camera that begin on one day (UTC), compressed without loss.

Pure functions; knows no tables. Called by packed_days and intervals.
"""

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from operator import add, sub
import struct
import sys
from typing import Final, NamedTuple
import zlib

from ..counting import DAY, UNKNOWN, Columns, SentInterval, Timestamp, with_unknown

# The first byte of each content. Contents of another format can't be read, so a new one needs a migration.
FORMAT: Final = 1
# Format, and start of the first and end of the last interval: these can be read without unpacking.
_HEADER: Final = struct.Struct("<Bqq")
# How many intervals, which columns have the same number in all of them, and the type of each column.
_DESCRIPTION: Final = struct.Struct("<IB7s")
# With more gaps than this, all intervals of a day are one part.
MAX_RUNS: Final = 20
# The types of columns by size; each column has the first one that fits. Unsigned ones come first: see `sum_known`.
_TYPES: Final = tuple(array(code) for code in "BbHhIiQq")


class Extent(NamedTuple):
    """The start of the first and the end of the last interval of a day."""

    start: Timestamp
    end: Timestamp


def pack(intervals: Sequence[SentInterval]) -> bytes:
    """Return the content of a day: its intervals in the order of time, at least one."""
    starts, ends, entered, exited, adults_entered, adults_exited, sent = zip(*intervals, strict=True)
    columns = [
        # The gap before each interval, its width, and how much later than the one before it was sent: on most days,
        # these are the same numbers again and again.
        _differences(starts, (starts[0], *ends[:-1])),
        _differences(ends, starts),
        entered,
        exited,
        with_unknown(adults_entered),
        with_unknown(adults_exited),
        _differences(sent, (starts[0], *sent[:-1])),
    ]
    types, constant, data = "", 0, b""
    for number, column in enumerate(columns):
        lowest, highest = min(column), max(column)
        column_type = _smallest_type(lowest, highest)
        types += column_type
        if lowest == highest:
            constant |= 1 << number
            column = column[:1]  # noqa: PLW2901 - one number stands for all
        data += _little_endian(array(column_type, column)).tobytes()
    description = _DESCRIPTION.pack(len(intervals), constant, types.encode())
    return _HEADER.pack(FORMAT, starts[0], ends[-1]) + zlib.compress(description + data)


def extent(content: bytes) -> Extent:
    """Return the start of the first and the end of the last interval of a day."""
    _, start, end = _HEADER.unpack_from(content)
    return Extent(start, end)


def begins_on(content: bytes, day: int) -> bool:
    """Return True if a content has this format, and its first interval begins on a day."""
    return content[0] == FORMAT and extent(content).start // DAY == day


def unpack(content: bytes) -> list[SentInterval]:
    """Return the intervals of a day, in the order of time."""
    count, numbers = _numbers(content)
    _, _, entered, exited, adults_entered, adults_exited, delays = (_all(column, count) for column in numbers)
    starts, ends = _times(content, count, numbers)
    sent = list(accumulate(delays, initial=starts[0]))[1:]
    rows = zip(starts, ends, entered, exited, _or_none(adults_entered), _or_none(adults_exited), sent, strict=True)
    # Five times as fast as calling SentInterval with each number.
    return list(map(partial(tuple.__new__, SentInterval), rows))


def unpack_columns(content: bytes) -> Iterator[Columns]:
    """Yield the intervals of a day as columns, without the times at which they were sent.

    Intervals of one width without a gap between them are yielded together: their times are ranges.
    """
    count, numbers = _numbers(content)
    starts, ends = _times(content, count, numbers)
    columns = Columns(
        starts,
        ends,
        _all(numbers[2], count),
        _all(numbers[3], count),
        _all(numbers[4], count),
        _all(numbers[5], count),
        len(numbers[0]) == 1,
    )
    gaps, widths = numbers[:2]
    first_of_runs = [position for position, gap in enumerate(gaps) if gap]
    if isinstance(starts, range) or len(widths) > 1 or len(first_of_runs) > MAX_RUNS:
        yield columns
        return
    for first, last in pairwise([0, *first_of_runs, count]):
        run = columns.part(first, last)
        start, stop = run.starts[0], run.ends[-1]
        width = widths[0]
        yield run._replace(
            starts=range(start, stop, width), ends=range(start + width, stop + width, width), is_contiguous=True
        )


def _times(content: bytes, count: int, numbers: list[array[int]]) -> tuple[Sequence[Timestamp], Sequence[Timestamp]]:
    """Return the starts and the ends of the intervals."""
    gaps, widths = numbers[:2]
    first = extent(content).start
    # The first gap is always 0.
    if len(gaps) == len(widths) == 1:
        width = widths[0]
        return range(first, first + count * width, width), range(first + width, first + (count + 1) * width, width)
    widths = _all(widths, count)
    ends = list(accumulate(map(add, _all(gaps, count), widths, strict=True), initial=first))[1:]
    return _differences(ends, widths), ends


def _or_none(adults: array[int]) -> Sequence[int | None]:
    return [None if people == UNKNOWN else people for people in adults] if UNKNOWN in adults else adults


def _differences(values: Sequence[int], others: Sequence[int]) -> list[int]:
    return list(map(sub, values, others, strict=True))


def _numbers(content: bytes) -> tuple[int, list[array[int]]]:
    """Return how many intervals there are, and the numbers of each column: one where all are the same."""
    data = memoryview(zlib.decompress(memoryview(content)[_HEADER.size :]))
    count, constant, types = _DESCRIPTION.unpack_from(data)
    position = _DESCRIPTION.size
    columns = []
    for number, column_type in enumerate(types.decode()):
        column = array(column_type)
        stored = 1 if constant >> number & 1 else count
        end = position + stored * column.itemsize
        column.frombytes(data[position:end])
        columns.append(_little_endian(column))
        position = end
    return count, columns


def _all(column: array[int], count: int) -> array[int]:
    return column if len(column) == count else column * count


def _smallest_type(lowest: int, highest: int) -> str:
    """Return the first type that holds these numbers; all numbers of an interval have less than 64 bits."""
    return next(column.typecode for column in _TYPES if _least(column) <= lowest and highest <= _greatest(column))


def _least(column: array[int]) -> int:
    return 0 if column.typecode.isupper() else -(1 << 8 * column.itemsize - 1)


def _greatest(column: array[int]) -> int:
    return _least(column) + (1 << 8 * column.itemsize) - 1


def _little_endian(column: array[int]) -> array[int]:
    """Return a column with the bytes of its numbers in the order of files, or back in that of this machine."""
    if sys.byteorder == "big":
        column.byteswap()
    return column
