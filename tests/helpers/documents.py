"""Parses documents, valid and invalid ones, without Home Assistant."""

from datetime import datetime
import json
from typing import Any

import pytest

from custom_components.axis_people_counter.counting.protocol import (
    DocumentError,
    Push,
    Sender,
    TestMessage as CameraTest,
    parse,
)

from ..helpers.pusher import Document, document, measurement

SENT = datetime.fromisoformat("2021-04-13T09:22:24Z")
START = datetime.fromisoformat("2021-04-13T09:19:00Z")
BEGIN = int(START.timestamp())

# The guide's sample, with its misplaced brace corrected.
SAMPLE = b"""{
  "apiName": "Axis Retail Data", "apiVersion": "0.4",
  "utcSent": "2021-04-13T09:22:24Z", "localSent": "2021-04-13T11:22:24",
  "data": {
    "utcFrom": "2021-04-13T09:19:00Z", "utcTo": "2021-04-13T09:22:00Z",
    "localFrom": "2021-04-13T11:19:00", "localTo": "2021-04-13T11:22:00",
    "measurements": [
      {"kind": "people-counts",
       "utcFrom": "2021-04-13T09:19:00Z", "utcTo": "2021-04-13T09:20:00Z",
       "localFrom": "2021-04-13T11:19:00", "localTo": "2021-04-13T11:20:00",
       "items": [{"direction": "in", "count": 3, "adults": 2}, {"direction": "out", "count": 1, "adults": 0}]},
      {"kind": "people-counts",
       "utcFrom": "2021-04-13T09:20:00Z", "utcTo": "2021-04-13T09:21:00Z",
       "localFrom": "2021-04-13T11:20:00", "localTo": "2021-04-13T11:21:00",
       "items": null}
    ]
  },
  "sensor": {"application": "AXIS 3D People Counter", "applicationVersion": "10.5", "timeZone": "Europe/Stockholm",
             "name": "axis-accc8ef3d92e", "serial": "accc8ef3d92e", "ipAddress": "192.168.1.106"}
}
"""


def read(whole: Document) -> CameraTest | Push:
    """Parse a document."""
    return parse(json.dumps(whole).encode())


def read_push(*measurements: Any, **members: Any) -> Push:
    """Parse a push with these measurements."""
    push = read(document(*measurements, sent=SENT, **members))
    assert isinstance(push, Push)
    return push


def read_sender(**members: Any) -> Sender:
    """Parse a push, and return its sensor; some members of the sensor differ from the usual ones."""
    return read_push(sensor=members).sender


def measured(**members: Any) -> Document:
    """Return a measurement in which some members differ from the usual ones."""
    return {**measurement(START, 3, 1), **members}


def counted(*items: Any) -> Document:
    """Return a measurement with these items."""
    return measured(items=list(items))


def item(direction: Any, count: Any, **members: Any) -> Document:
    """Return an item."""
    return {"direction": direction, "count": count, **members}


def error_of(body: bytes) -> str:
    """Return the error of a body that can't be read."""
    with pytest.raises(DocumentError) as caught:
        parse(body)
    return str(caught.value)
