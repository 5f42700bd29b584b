"""The two kinds of people counter."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """What tells one kind of counter from another in its pushes."""

    application: str
    version: str
    # Whether items say how many of the people were adults.
    adults: bool
    # The interval widths a user can choose from, in minutes, the first being set in a new camera.
    widths: tuple[int, ...]
    # Whether an interval without people has `"items": null`.
    null_when_empty: bool


THREE_D = Model("AXIS 3D People Counter", "11.11.148", adults=True, widths=(1, 5, 15), null_when_empty=False)
TWO_D = Model("AXIS People Counter", "5.1", adults=False, widths=(15,), null_when_empty=True)
