"""Simulated AXIS people counters that count, store and push like real ones, and buildings to put them in."""

from .building import OUTSIDE, Building, Door, Errors, Passage, Walk
from .camera import Answer, Camera, Faults
from .counting_api import Adults, CountingAnswer, CountingApi
from .counts import Counts, Interval
from .device import Device, Reply, Request
from .event_stream import EventStream
from .hours import Hours
from .model import THREE_D, TWO_D, Model
from .source import Source
from .visits import Visits

__all__ = [
    "OUTSIDE",
    "THREE_D",
    "TWO_D",
    "Adults",
    "Answer",
    "Building",
    "Camera",
    "CountingAnswer",
    "CountingApi",
    "Counts",
    "Device",
    "Door",
    "Errors",
    "EventStream",
    "Faults",
    "Hours",
    "Interval",
    "Model",
    "Passage",
    "Reply",
    "Request",
    "Source",
    "Visits",
    "Walk",
]
