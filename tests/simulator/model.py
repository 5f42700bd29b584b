"""The two kinds of people counter."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of counter, as far as its pushes show it."""

    application: str
    version: str
    # Items have the number of adults.
    adults: bool
    # The interval widths to choose from, in minutes; the first is the default.
    widths: tuple[int, ...]
    # An interval without people has `"items": null`.
    null_when_empty: bool


THREE_D = Model("AXIS 3D People Counter", "11.11.148", adults=True, widths=(1, 5, 15), null_when_empty=False)
TWO_D = Model("AXIS People Counter", "5.1", adults=False, widths=(15,), null_when_empty=True)
