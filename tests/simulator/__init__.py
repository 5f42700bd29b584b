"""A simulated AXIS people counter: it counts, remembers and pushes as the real ones do."""

from .camera import Answer, Camera, Faults
from .counts import Counts, Interval
from .model import THREE_D, TWO_D, Model
from .visits import Hours, Visits

__all__ = ["THREE_D", "TWO_D", "Answer", "Camera", "Counts", "Faults", "Hours", "Interval", "Model", "Visits"]
