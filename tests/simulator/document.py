"""The JSON document of a push, as Axis' guide describes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
import json
from typing import Any
from zoneinfo import ZoneInfo

from .counts import Counts, Interval
from .model import Model


def heading(sent: datetime, zone: ZoneInfo, version: str) -> dict[str, Any]:
    """Return the members before the data."""
    return {"apiName": "Axis Retail Data", "apiVersion": version} | _times(zone, Sent=sent)


def data(intervals: Sequence[Interval], zone: ZoneInfo, model: Model) -> dict[str, Any]:
    """Return the counts."""
    return _times(zone, From=intervals[0].start, To=intervals[-1].end) | {
        "measurements": [_measurement(interval, zone, model) for interval in intervals]
    }


def encode(document: dict[str, Any]) -> bytes:
    """Return the document as it goes over the wire.

    A body can hold 90 days. Encoding each measurement on its own lets other threads run in between.
    """
    measurements: Iterable[Any] = document.get("data", {}).get("measurements", ())
    if not measurements:
        return json.dumps(document).encode()
    frame = json.dumps(document | {"data": document["data"] | {"measurements": []}})
    before, after = frame.split('"measurements": []')
    listed = ", ".join(json.dumps(measurement) for measurement in measurements)
    return f'{before}"measurements": [{listed}]{after}'.encode()


def _measurement(interval: Interval, zone: ZoneInfo, model: Model) -> dict[str, Any]:
    """Return one interval's counts."""
    empty = interval.counts == Counts()
    return (
        {"kind": "people-counts"}
        | _times(zone, From=interval.start, To=interval.end)
        | {"items": None if empty and model.null_when_empty else _items(interval.counts, model.adults)}
    )


def _items(counts: Counts, adults: bool) -> list[dict[str, Any]]:
    """Return the items of both directions."""
    directions = (("in", counts.in_, counts.adults_in), ("out", counts.out, counts.adults_out))
    return [
        {"direction": direction, "count": people} | ({"adults": grown} if adults else {})
        for direction, people, grown in directions
    ]


def _times(zone: ZoneInfo, **moments: datetime) -> dict[str, str]:
    """Return each instant in UTC, then each in local time, which has no offset."""
    return {f"utc{name}": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for name, moment in moments.items()} | {
        f"local{name}": f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}" for name, moment in moments.items()
    }
