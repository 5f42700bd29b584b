"""The rows of an action beside those of an earlier period: what they are compared with, and the change in percent.

Called by services.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..counting import Row, Span, Timestamp
from ..history import History, PlaceHistory

# These fields of a row are known without counts.
_KNOWN: Final = frozenset({"start", "end", "complete", "open", "open_minutes"})


def compared_fields(history: History | PlaceHistory, row: Row, before: Row) -> dict[str, Any]:
    """Return the fields of what a row is compared with, and by how many percent more people came in."""
    fields = history.row_fields(before)
    if not (before.covered or before.entered or before.exited) and before.open_seconds != 0:
        # Nobody knows whether people passed.
        fields = {name: value if name in _KNOWN else None for name, value in fields.items()}
    return {"compared": fields, "change_percent": change_percent(row, before)}


def change_percent(row: Row, before: Row) -> float | None:
    """Return by how many percent more people came in than before, None where that isn't known or there were none."""
    if not (row.complete and before.complete and before.entered):
        return None
    return round(100 * (row.entered - before.entered) / before.entered, 1)


def rows_of_spans(history: History | PlaceHistory, spans: Sequence[Span], now: Timestamp) -> Iterator[Row]:
    """Yield the row of each span; those that follow one another without a gap are read together.

    This blocks while it reads the ledger, so it isn't for the event loop.
    """
    first = 0
    for position, span in enumerate(spans):
        following = spans[position + 1] if position + 1 < len(spans) else None
        if span.start < span.end and following and span.end == following.start < following.end:
            continue
        if span.start < span.end:
            bounds = [span.start for span in spans[first : position + 1]]
            yield from history.rows([*bounds, span.end], now)
        else:
            # Clocks were put forward over all of it, so nothing can have been counted.
            yield Row(span.start, span.start, 0, 0, None, None, 0, 0, False)
        first = position + 1
