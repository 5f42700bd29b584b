"""The cards of Home Assistant that the dashboards consist of; their options are those that its card editor writes.

The names of cameras and places stand only where Home Assistant shows plain text, never in Markdown or templates.
"""

from collections.abc import Iterable
from typing import Any, Final

from ..texts import Words
from .home import Counted, Place

type Config = dict[str, Any]

# A section is twelve columns wide.
FULL_WIDTH: Final = 12
# The module's own cards, and the texts that each needs.
OWN_CARDS: Final = {
    "comparison": (
        *("as_many", "fewer_percent", "last_week_until", "more", "more_percent", "no_counts_last_week"),
        *("no_counts_today", "not_all_counted", "today_until", "waiting"),
    ),
    "day": ("day", "hour", "in", "next_day", "no_counts_that_day", "out", "previous_day", "visitors", "waiting"),
    "inside": (
        *("average", "closed", "hour", "hours_unknown", "most_inside", "no_counts_then", "no_open_hours"),
        *("not_complete", "not_counted", "waiting"),
    ),
    "usual-week": ("no_whole_hours", "usual_week_caption", "waiting"),
}


def sections(title: str, path: str, found: Iterable[Config], *, columns: int = 3) -> Config:
    """Return a view with sections side by side."""
    return {
        "title": title,
        "path": path,
        "type": "sections",
        "max_columns": columns,
        "sections": list(found),
    }


def section(*cards: Config | None, width: int = 1) -> Config:
    """Return a section, without the cards that are None."""
    return {"type": "grid", "column_span": width, "cards": [card for card in cards if card]}


def heading(text: str, icon: str, badge: Config | None = None) -> Config:
    """Return the heading of a section, with a badge beside it."""
    return {"type": "heading", "heading": text, "icon": icon} | ({"badges": [badge]} if badge else {})


def connected(camera: Counted) -> Config | None:
    """Return the badge that tells whether a camera is connected."""
    entity = camera.entities.get("connectivity")
    return {"type": "entity", "entity": entity} if entity else None


def incomplete(place: Place, words: Words) -> Config | None:
    """Return the badge that tells that a door of a place is silent; it is shown only then."""
    if (entity := place.entities.get("incomplete")) is None:
        return None
    return {
        "type": "entity",
        "entity": entity,
        "name": words("all_doors_report"),
        "state_content": ["name", "state"],
        "visibility": [{"condition": "state", "entity": entity, "state_not": "off"}],
    }


def subtitle(text: str) -> Config:
    """Return a heading inside a section."""
    return {"type": "heading", "heading": text, "heading_style": "subtitle"}


def tile(counted: Counted, key: str, name: str, *, wide: bool = False, **options: Any) -> Config | None:
    """Return a tile of an entity, None if it isn't shown."""
    if (entity := counted.entities.get(key)) is None:
        return None
    size = {"grid_options": {"columns": FULL_WIDTH}} if wide else {}
    return {"type": "tile", "entity": entity, "name": name, **size, **options}


def rows(*tiles: Config | None) -> list[Config]:
    """Return tiles two to a row, without those that are None; the last one is wide if it would stand alone."""
    shown = [card for card in tiles if card]
    narrow = [card for card in shown if "grid_options" not in card]
    if len(narrow) % 2:
        narrow[-1]["grid_options"] = {"columns": FULL_WIDTH}
    return shown


def own(name: str, counted: Counted, words: Words, **options: Any) -> Config:
    """Return one of the module's own cards."""
    texts = {key: words(key) for key in OWN_CARDS[name]}
    return {"type": f"custom:people-counter-{name}", "key": counted.key, "texts": texts, **options}


def change(counted: Counted, name: str, icon: str, period: str, offset: int) -> Config:
    """Return the visitors of a whole week or month: of this one if the offset is 0, of the one before if it is -1."""
    calendar: Config = {"period": period, "offset": offset}
    if period == "week":
        calendar["first_weekday"] = "mon"
    return {
        "type": "statistic",
        "entity": counted.statistics["in"],
        "name": name,
        "icon": icon,
        # Beside the unit, a tablet cuts the number. The heading says what is counted.
        "unit": " ",
        "stat_type": "change",
        "period": {"calendar": calendar},
    }


def bars(counted: Counted, words: Words, period: str, days: int, *, rows: int = 4) -> Config:
    """Return bars of the people in and out in each period."""
    ids = counted.statistics
    return {
        "type": "statistics-graph",
        "chart_type": "bar",
        "period": period,
        "days_to_show": days,
        "stat_types": ["change"],
        "entities": [{"entity": ids["in"], "name": words("in")}, {"entity": ids["out"], "name": words("out")}],
        "grid_options": {"columns": FULL_WIDTH, "rows": rows},
    }


def hours_of_a_day(counted: Counted, words: Words) -> Config:
    """Return the people in and out in each hour: of a day in its opening hours, or else of the last 24 hours."""
    if counted.has_opening_hours:
        return own("day", counted, words)
    return bars(counted, words, "hour", 1)


def inside(counted: Counted, words: Words, days: int, *, rows: int = 4) -> Config:
    """Return the people inside in each hour of some days: in opening hours, or else in all hours up to now.

    Without opening hours, it is a line, and a band from the lowest to the highest number.
    """
    if counted.has_opening_hours:
        return own("inside", counted, words, days=days)
    return {
        "type": "statistics-graph",
        "period": "hour",
        "days_to_show": days,
        "stat_types": ["mean", "min", "max"],
        "hide_legend": True,
        "entities": [{"entity": counted.statistics["occupancy"], "name": words("inside")}],
        "grid_options": {"columns": FULL_WIDTH, "rows": rows},
    }
