"""Charts as inline SVG: bars with those of an earlier time as outlines, and a heat map.

Knows nothing of reports: numbers come with their texts. Each chart has a text alternative with all its numbers. Their
width is that of a phone, so that texts keep their size there; on paper two stand side by side. Called by html.py.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Final

from markupsafe import Markup

WIDTH: Final = 350
# Most texts of a chart have this size.
FONT_SIZE: Final = 11
INK: Final = "#1a1a1a"
GREY: Final = "#595959"
LINE: Final = "#d0d0d0"
BAR: Final = "#1f6fb2"
INCOMPLETE: Final = "#a9cbe6"
LIMIT: Final = "#b3261e"
# From few to many visitors, and the colour of numbers on each.
SHADES: Final = (
    ("#f2f6fa", INK),
    ("#d3e4f3", INK),
    ("#a5c8e6", INK),
    ("#6ea6d6", INK),
    ("#1f6fb2", "#ffffff"),
    ("#0d4478", "#ffffff"),
)
_BARS_HEIGHT: Final = 168
_TOP: Final = 32
_BOTTOM: Final = 24
_GAP: Final = 0.22
# With more bars, the numbers above them would overlap.
_MAX_NUMBERS: Final = 8
# A label takes about so much room: a short one, and one below a bar with a number.
_LABEL_WIDTH: Final = (24, 40)
# The middle of a number stays so far from the edges.
_EDGE: Final = 22
# The width of a letter, roughly.
_LETTER: Final = 6.0
_ROW: Final = 13
_HEAD: Final = 18
_SIDE: Final = 42

type Swatch = Callable[[float, float, float, float], Markup]


@dataclass(frozen=True, slots=True)
class Legend:
    """The words of a chart: those for outlines, and for bars that aren't complete."""

    earlier: str
    incomplete: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and its label. `shown` stands above it; `said` is the text alternative, with the earlier number."""

    label: str
    value: int | None
    shown: str
    said: str
    is_complete: bool = True
    earlier: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A line across the bars, with its text."""

    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of the heat map in words; None where nothing was counted."""

    value: float | None
    text: str


def bars(title: str, shown: Sequence[Bar], legend: Legend, limit: Limit | None = None) -> Markup:
    """Return a chart of bars."""
    values = [value for bar in shown for value in (bar.value, bar.earlier) if value is not None]
    top = _round_up(max([*values, 1]))
    scale = (_BARS_HEIGHT - _TOP - _BOTTOM) / top
    foot = _BARS_HEIGHT - _BOTTOM
    step = WIDTH / len(shown)
    numbered = list(shown) if len(shown) <= _MAX_NUMBERS else [max(shown, key=lambda bar: bar.value or 0)]
    every = max(1, ceil(_LABEL_WIDTH[len(shown) <= _MAX_NUMBERS] / step))
    parts, texts = [_line(0, foot, WIDTH, foot, GREY)], list[Markup]()
    for number, bar in enumerate(shown):
        left, width, middle = (number + _GAP / 2) * step, step * (1 - _GAP), (number + 0.5) * step
        if bar.value:
            height = bar.value * scale
            parts.append(_rectangle(left, foot - height, width, height, BAR if bar.is_complete else INCOMPLETE, BAR))
        if bar.earlier:
            parts.append(_outline(left - 1.5, foot - bar.earlier * scale, width + 3, bar.earlier * scale))
        if bar in numbered:
            highest = max(bar.value or 0, bar.earlier or 0) * scale
            text = bar.shown if bar.is_complete else f"{bar.shown}*"
            texts.append(_text(min(max(middle, _EDGE), WIDTH - _EDGE), foot - highest - 5, text, has_ground=True))
        if number % every == 0:
            texts.append(_text(middle, _BARS_HEIGHT - 8, bar.label, GREY))
    has_limit = limit is not None and limit.value <= top
    if limit is not None and has_limit:
        height = foot - limit.value * scale
        parts.append(_line(0, height, WIDTH, height, LIMIT, dashes="6 3"))
    # Numbers can be read where the line of the limit goes through them.
    parts += texts
    parts += _legend(
        [
            (_outline, legend.earlier if any(bar.earlier for bar in shown) else ""),
            (_incomplete, "" if all(bar.is_complete for bar in shown) else legend.incomplete),
            (_limit, limit.text if limit is not None and has_limit else ""),
        ]
    )
    return _svg(title, (f"{bar.label}: {bar.said}" for bar in shown), _BARS_HEIGHT, parts)


def _legend(entries: Iterable[tuple[Swatch, str]]) -> Iterator[Markup]:
    left = 2.0
    for swatch, text in entries:
        if text:
            yield swatch(left, 3, 14, 9)
            yield _text(left + 19, 11, text, GREY, anchor="start")
            left += 34 + len(text) * _LETTER


def heat_map(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell | None]]]) -> Markup:
    """Return a heat map: columns beside each other, rows from top to bottom; closed cells stay empty."""
    most = max((cell.value or 0 for _, cells in rows for cell in cells if cell), default=0)
    step = (WIDTH - _SIDE) / len(columns)
    parts = [
        _text(_SIDE + (number + 0.5) * step, _HEAD - 6, column, GREY, size=10) for number, column in enumerate(columns)
    ]
    for number, (label, cells) in enumerate(rows):
        top = _HEAD + number * _ROW
        parts.append(_text(_SIDE - 6, top + 10, label, GREY, anchor="end"))
        for column, cell in enumerate(cells):
            left = _SIDE + column * step
            if cell is None:
                continue
            fill, ink = _shade(cell.value, most)
            parts.append(_rectangle(left + 0.5, top + 0.5, step - 1, _ROW - 1, fill, LINE))
            parts.append(_text(left + step / 2, top + 10, cell.text, ink, size=9))
    said = (
        f"{column}: {', '.join(f'{label} {cell.text}' for label, cells in rows if (cell := cells[number]))}"
        for number, column in enumerate(columns)
    )
    return _svg(title, said, _HEAD + len(rows) * _ROW + 2, parts)


def _shade(value: float | None, most: float) -> tuple[str, str]:
    if value is None:
        return "#ffffff", INK
    if not value or not most:
        return SHADES[0]
    return SHADES[ceil(value / most * (len(SHADES) - 1))]


def _svg(title: str, said: Iterator[str], height: float, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" fill="{ink}"'
        ' font-size="{size}" text-anchor="middle" aria-label="{label}">'
        "<title>{title}</title>{parts}</svg>"
    ).format(
        width=WIDTH,
        height=_number(height),
        ink=INK,
        size=FONT_SIZE,
        label=f"{title}. {'; '.join(said)}.",
        title=title,
        parts=Markup("").join(parts),
    )


def _text(
    x: float,
    y: float,
    text: str,
    fill: str = INK,
    *,
    anchor: str = "middle",
    size: int = FONT_SIZE,
    has_ground: bool = False,
) -> Markup:
    # A heat map has hundreds of texts, so most of them have only what differs from the chart's own attributes.
    others = [
        Markup(' {}="{}"').format(name, value)
        for name, value, usual in (
            ("fill", fill, INK),
            ("font-size", size, FONT_SIZE),
            ("text-anchor", anchor, "middle"),
        )
        if value != usual
    ]
    if has_ground:
        others.append(Markup(' stroke="#ffffff" stroke-width="3" paint-order="stroke"'))
    return Markup('<text x="{}" y="{}"{}>{}</text>').format(_number(x), _number(y), Markup("").join(others), text)


def _rectangle(x: float, y: float, width: float, height: float, fill: str, edge: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>').format(
        _number(x), _number(y), _number(width), _number(height), fill, edge
    )


def _outline(x: float, y: float, width: float, height: float) -> Markup:
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="none" stroke="{}" stroke-width="1.5" stroke-dasharray="3 2"/>'
    ).format(_number(x), _number(y), _number(width), _number(height), INK)


def _incomplete(x: float, y: float, width: float, height: float) -> Markup:
    return _rectangle(x, y, width, height, INCOMPLETE, BAR)


def _limit(x: float, y: float, width: float, height: float) -> Markup:
    return _line(x, y + height / 2, x + width, y + height / 2, LIMIT, dashes="6 3")


def _line(x: float, y: float, to_x: float, to_y: float, stroke: str, *, dashes: str = "none") -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-dasharray="{}"/>').format(
        _number(x), _number(y), _number(to_x), _number(to_y), stroke, dashes
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _round_up(value: int) -> int:
    """Return a round number that is at least as large, so that a chart doesn't end at its highest bar."""
    unit: int = 10 ** max(0, int(log10(value)) - 1)
    return int(ceil(value * 1.05 / unit) * unit)
