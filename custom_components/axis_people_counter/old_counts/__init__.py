"""Files with old counts: exports of this integration and of cameras, and plain tables. Pure functions."""

from .cells import FaultKind
from .layouts import Kind
from .lines import FileError, Lines
from .rows import Fault, File, Known, OldCounts, Skipped, read

__all__ = ["Fault", "FaultKind", "File", "FileError", "Kind", "Known", "Lines", "OldCounts", "Skipped", "read"]
