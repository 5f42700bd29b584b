"""Files with counts, and the links to them."""

from .export import INTERVALS, MAX_LINK_CAMERAS, PERIODS, WEIGHT_OF_PLACE, Export, ExportView, async_link, date_and_time
from .formats import FORMATS, Fields

__all__ = [
    "FORMATS",
    "INTERVALS",
    "MAX_LINK_CAMERAS",
    "PERIODS",
    "WEIGHT_OF_PLACE",
    "Export",
    "ExportView",
    "Fields",
    "async_link",
    "date_and_time",
]
