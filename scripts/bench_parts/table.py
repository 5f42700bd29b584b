"""The table of the benchmark: what was measured, next to what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
import operator
from statistics import median

from scripts.demo_parts.console import echo


@dataclass(frozen=True)
class Line:
    """One measurement over several rounds, next to a reference measured in the same rounds."""

    name: str
    unit: str
    measured: Sequence[float]
    reference: Sequence[float] = ()
    # Compares the two values of a round. A line without a target only shows how far the measurement varies.
    compare: Callable[[float, float], float] = operator.truediv
    at_least: float | None = None
    at_most: float | None = None

    @property
    def judged(self) -> list[float]:
        """The values to compare with the target: one per round."""
        if not self.reference:
            return list(self.measured)
        return [self.compare(*values) for values in zip(self.measured, self.reference, strict=True)]

    @property
    def ok(self) -> bool:
        """True if there is a result and it reaches the target."""
        if not self.judged:
            return False
        value = median(self.judged)
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def cells(self) -> list[str]:
        """The cells of this line in the table."""
        target = f">= {self.at_least:g}" if self.at_least is not None else ""
        target = f"<= {self.at_most:g}" if self.at_most is not None else target
        judged = self.judged
        return [
            self.name,
            _number(self.measured, self.unit),
            _number(self.reference, self.unit),
            f"{median(judged):.2f} ({min(judged):.2f}..{max(judged):.2f})" if judged else "missing",
            target,
            ("ok" if self.ok else "MISSED") if target else "",
        ]


def _number(values: Sequence[float], unit: str) -> str:
    """Return the median with its unit."""
    if not values:
        return "-"
    value = median(values)
    return f"{value:.{0 if value >= 100 else 3}f} {unit}"


def again(name: str, unit: str, values: Sequence[float]) -> Line:
    """Return a line that compares each round with the next one: how much the machine disturbs."""
    pairs = list(pairwise(values))
    return Line(f"  again: {name}", unit, [second for _, second in pairs], [first for first, _ in pairs])


def show(lines: Iterable[Line]) -> None:
    """Print the table."""
    rows = [["", "measured", "reference", "median (min..max)", "target", ""], *(line.cells for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
