"""The table of the benchmark: what was measured, what it is compared with, and whether the figure can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
import operator
from statistics import median

from scripts.demo_parts.console import echo

# Half of all rounds differ from the median by this factor at most.
MARGIN = 1.25


@dataclass(frozen=True, kw_only=True)
class Line:
    """One measurement over several rounds, perhaps next to a reference that was measured in the same rounds."""

    name: str
    unit: str
    measured: Sequence[float]
    reference: Sequence[float] = ()
    # Compares the two values of a round.
    compare: Callable[[float, float], float] = operator.truediv
    # The one value of all rounds.
    judge: Callable[[Sequence[float]], float] = median
    # A line without a goal only informs.
    at_least: float | None = None
    at_most: float | None = None
    # None where rounds differ by their nature.
    margin: float | None = MARGIN
    # Under this name, the figure is a part of what users pay.
    key: str = ""

    @property
    def judged(self) -> list[float]:
        """The values to compare with the goal: one per round."""
        if not self.reference:
            return list(self.measured)
        return [self.compare(*values) for values in zip(self.measured, self.reference, strict=True)]

    @property
    def repetition(self) -> float:
        """The factor by which half of all rounds differ at most from the median."""
        return max(repetition(self.measured), repetition(self.reference))

    @property
    def is_trusted(self) -> bool:
        """True if there is a result, and repeating the measurement gave nearly the same."""
        return bool(self.judged) and (self.margin is None or self.repetition <= self.margin)

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        if not self.is_trusted:
            return "void"
        if self.at_least is None and self.at_most is None:
            return ""
        value = self.judge(self.judged)
        is_met = (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
        return "met" if is_met else "missed"

    @property
    def ok(self) -> bool:
        """True if the goal is met, or if there is none and the figure can be trusted."""
        return self.verdict in ("", "met")

    @property
    def cells(self) -> list[str]:
        """The cells of this line in the table."""
        goal = f"≥ {self.at_least:g}" if self.at_least is not None else ""
        goal = f"≤ {self.at_most:g}" if self.at_most is not None else goal
        difference = "" if self.margin is None or len(self.measured) < 2 else f"x {self.repetition:.2f}"
        if not self.is_trusted:
            return [self.name, "-", "-", "missing" if not self.judged else "not trusted", goal, "void", difference]
        judged = self.judged
        result = f"{_number(self.judge(judged))} ({_number(min(judged))} to {_number(max(judged))})"
        measured = f"{_number(self.judge(self.measured))} {self.unit}"
        reference = f"{_number(self.judge(self.reference))} {self.unit}" if self.reference else ""
        return [self.name, measured, reference, result, goal, self.verdict, difference]


def repetition(values: Sequence[float]) -> float:
    """Return the median factor between the values and their median; 1 if there is only one."""
    if len(values) < 2:
        return 1.0
    middle = median(values)
    return median(_factor(value, middle) for value in values)


def _factor(value: float, other: float) -> float:
    smaller, larger = sorted((abs(value), abs(other)))
    if smaller == larger:
        return 1.0
    return larger / smaller if smaller else inf


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of the values don't exceed."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


def _number(value: float) -> str:
    """Return a number with two or three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3}f}"


def show(lines: Iterable[Line]) -> None:
    """Print the table."""
    head = ["What", "Measured", "Compared with", "Result (lowest to highest)", "Goal", "", "Repetition"]
    for row in markdown([head, *(line.cells for line in lines)]):
        echo(row)


def markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in Markdown with columns of equal width; the first row is its head."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    head, *others = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, ["-" * width for width in widths], *others)]
