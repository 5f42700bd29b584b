"""The dashboard for the people who look after a place: now, the last day, and how well the doors count."""

from ..texts import Words
from .cards import (
    FULL_WIDTH,
    Config,
    heading,
    hours_of_a_day,
    incomplete,
    inside,
    rows,
    section,
    sections,
    subtitle,
    tile,
)
from .home import Home, Place
from .nothing import nothing
from .options import Options


def office(home: Home, words: Words, options: Options) -> Config:
    """Return a view for each place."""
    places = options.chosen(home.places)
    if not places:
        return nothing(words, home.reason("no_places"))
    return {"views": [_view(place, words) for place in places]}


def _view(place: Place, words: Words) -> Config:
    return sections(
        place.name,
        place.key.lower(),
        [_now(place, words), _last_day(place, words), _counting(place, words)],
    )


def _now(place: Place, words: Words) -> Config:
    return section(
        heading(place.name, "mdi:storefront", incomplete(place, words)),
        _gauge(place, words),
        *rows(
            tile(place, "occupancy", words("now")),
            tile(place, "free_places", words("free")),
            tile(place, "nearly_full", words("nearly_full")),
            tile(place, "full", words("full")),
            tile(place, "in_today", words("in_today")),
            tile(place, "out_today", words("out_today")),
            tile(place, "visitors_today", words("visitors_today")),
            tile(place, "peak_today", words("peak_today")),
            tile(place, "goal_reached", words("goal_reached")),
            tile(place, "threshold", words("last_threshold"), state_content="event_type"),
            # On a phone, half a row would cut these names.
            tile(place, "conversion_rate", words("conversion_rate"), wide=True),
            tile(place, "visitors_outside_today", words("visitors_outside_today"), wide=True),
        ),
        *_last_hour(place, words),
    )


def _gauge(place: Place, words: Words) -> Config | None:
    if (entity := place.entities.get("occupancy_percentage")) is None:
        return None
    levels = ((0, "success"), (80, "warning"), (100, "error"))
    return {
        "type": "gauge",
        "entity": entity,
        "name": words("of_capacity"),
        "needle": True,
        "min": 0,
        "max": 120,
        "segments": [{"from": level, "color": f"var(--{color}-color)"} for level, color in levels],
        "grid_options": {"columns": FULL_WIDTH},
    }


def _last_hour(place: Place, words: Words) -> list[Config]:
    if (entity := place.entities.get("occupancy")) is None:
        return []
    graph = {
        "type": "history-graph",
        "hours_to_show": 1,
        "entities": [{"entity": entity, "name": words("inside")}],
        "grid_options": {"columns": FULL_WIDTH, "rows": 3},
    }
    return [subtitle(words("inside_last_hour")), graph]


def _last_day(place: Place, words: Words) -> Config:
    return section(
        heading(words("last_day"), "mdi:chart-bar"),
        subtitle(words("inside_each_hour")),
        inside(place, words, 1),
        subtitle(words("in_out_each_hour")),
        hours_of_a_day(place, words),
    )


def _counting(place: Place, words: Words) -> Config:
    return section(
        heading(words("counting"), "mdi:check-decagram"),
        *(tile(door, "connectivity", door.name, wide=True) for door in place.doors),
        tile(place, "drift_today", words("drift_today"), wide=True),
        *_correction(place, words),
        *_thresholds(place, words),
    )


def _correction(place: Place, words: Words) -> list[Config]:
    cards: list[Config] = []
    if number := place.entities.get("occupancy_correction"):
        cards.append(
            {
                "type": "entities",
                "entities": [{"entity": number, "name": words("people_inside")}],
                "grid_options": {"columns": FULL_WIDTH},
            }
        )
    if button := place.entities.get("reset_occupancy"):
        cards.append(
            {
                "type": "button",
                "entity": button,
                "name": words("nobody_inside"),
                "icon": "mdi:restore",
                "show_state": False,
                "tap_action": {
                    "action": "perform-action",
                    "perform_action": "button.press",
                    "target": {"entity_id": button},
                    "confirmation": {"text": words("nobody_inside_question")},
                },
                "grid_options": {"columns": FULL_WIDTH, "rows": 2},
            }
        )
    return [subtitle(words("somebody_counted")), *cards] if cards else []


def _thresholds(place: Place, words: Words) -> list[Config]:
    if (event := place.entities.get("threshold")) is None:
        return []
    logbook = {
        "type": "logbook",
        "hours_to_show": 24,
        "target": {"entity_id": [event]},
        "grid_options": {"columns": FULL_WIDTH, "rows": 4},
    }
    return [subtitle(words("thresholds_last_day")), logbook]
