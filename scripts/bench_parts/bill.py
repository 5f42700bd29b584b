"""The costs of a user with some doors, from the figures of one push. Called when all lines have been measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scripts.bench_parts.table import Line, markdown
from scripts.demo_parts.console import echo

DOORS = (1, 12, 50)
# Cameras report each minute, and statistics are written each five minutes.
PUSHES_A_DAY = 24 * 60
STATISTICS_A_DAY = PUSHES_A_DAY // 5
# The share of minutes in which somebody passes a busy door.
BUSY_SHARE = 0.4
MILLISECONDS_A_DAY = 24 * 3600 * 1000
KILOBYTES_OF_MEGABYTE = 1000


class Item(StrEnum):
    """The figures that the bill consists of; those of a push are once of a camera alone, once of a door of a place."""

    PROCESSOR = "processor"
    ROWS_BUSY = "rows busy"
    ROWS_QUIET = "rows quiet"
    WRITTEN_BUSY = "written busy"
    WRITTEN_QUIET = "written quiet"
    STATISTICS_PROCESSOR = "statistics processor"
    STATISTICS_WRITTEN = "statistics written"
    MEMORY = "memory"
    YEAR = "year"

    @property
    def at_place(self) -> str:
        """The key of the same figure at a door of a place."""
        return f"{self} at a place"


@dataclass(frozen=True)
class Bill:
    """The costs of some doors."""

    # The share of one core.
    processor_percent: float
    rows_a_day: float
    megabytes_a_day: float
    memory_megabytes: float
    ledger_megabytes_a_year: float


def bill(figures: Mapping[str, float], doors: int) -> Bill:
    """Return what so many doors take; several belong to a place."""

    def of_push(item: Item) -> float:
        return figures[item if doors == 1 else item.at_place]

    def of_day(busy: Item, quiet: Item) -> float:
        return PUSHES_A_DAY * (BUSY_SHARE * of_push(busy) + (1 - BUSY_SHARE) * of_push(quiet))

    processor = PUSHES_A_DAY * of_push(Item.PROCESSOR) + STATISTICS_A_DAY * figures[Item.STATISTICS_PROCESSOR]
    written = of_day(Item.WRITTEN_BUSY, Item.WRITTEN_QUIET) + STATISTICS_A_DAY * figures[Item.STATISTICS_WRITTEN]
    return Bill(
        doors * processor / MILLISECONDS_A_DAY * 100,
        doors * of_day(Item.ROWS_BUSY, Item.ROWS_QUIET),
        doors * written / KILOBYTES_OF_MEGABYTE,
        doors * figures[Item.MEMORY],
        doors * figures[Item.YEAR],
    )


def show_bill(lines: Iterable[Line]) -> None:
    """Print what users pay, if all figures that it needs can be trusted."""
    figures = {line.key: line.judge(line.judged) for line in lines if line.key and line.is_trusted}
    if missing := [item for item in Item if item not in figures]:
        echo(f"What users pay can't be calculated without these figures: {', '.join(missing)}")
        return
    bills = [bill(figures, doors) for doors in DOORS]
    rows = [
        ["What users pay", *(f"{doors} door{'s' if doors > 1 else ''}" for doors in DOORS)],
        ["Processor, share of one core", *(f"{item.processor_percent:.2f} %" for item in bills)],
        ["Rows in recorder's database, per day", *(f"{item.rows_a_day:,.0f}" for item in bills)],
        ["Written to the disk, per day", *(f"{item.megabytes_a_day:,.0f} MB" for item in bills)],
        ["Memory", *(f"{item.memory_megabytes:.1f} MB" for item in bills)],
        ["Ledger, and so each backup, for each year", *(f"{item.ledger_megabytes_a_year:.1f} MB" for item in bills)],
    ]
    for row in markdown(rows):
        echo(row)
