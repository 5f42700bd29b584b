"""Reads what a process has used: processor, disk and memory."""

from __future__ import annotations

from pathlib import Path
from time import clock_gettime


class Process:
    """The figures of a process on Linux."""

    def __init__(self, pid: int) -> None:
        """Store the process; nothing is read yet."""
        self._folder = Path(f"/proc/{pid}")
        # See clock_getcpuclockid(3): the clock of all threads of the process, also of those that have ended.
        self._clock = (~pid << 3) | 2

    def processor(self) -> float:
        """Return the seconds of processor time that all threads have used."""
        return clock_gettime(self._clock)

    def written(self) -> int:
        """Return the bytes that the process has made the system write to a disk."""
        return self._value("io", "write_bytes")

    def memory(self) -> int:
        """Return the bytes of memory in use."""
        return self._value("status", "VmRSS") * 1024

    def peak(self) -> int:
        """Return the most bytes of memory that were in use since `forget_peak`."""
        return self._value("status", "VmHWM") * 1024

    def forget_peak(self) -> None:
        """Begin the search for the peak anew."""
        (self._folder / "clear_refs").write_text("5")

    def _value(self, file: str, key: str) -> int:
        lines = (self._folder / file).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))
