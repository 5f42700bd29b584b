"""The dashboard of all places and cameras: today, the doors, earlier times, and how well the doors count."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from ..texts import Words
from .cards import (
    FULL_WIDTH,
    Config,
    bars,
    change,
    connected,
    heading,
    hours_of_a_day,
    incomplete,
    inside,
    own,
    rows,
    section,
    sections,
    subtitle,
    tile,
)
from .home import Counted, Home, Place
from .nothing import nothing
from .options import Options

# A page with many charts takes long on a tablet. Cameras and places after these have no charts.
MAX_CHARTS: Final = 12
PLACE_ICON: Final = "mdi:storefront"
DOOR_ICON: Final = "mdi:door-open"


def overview(home: Home, words: Words, options: Options) -> Config:
    """Return the chosen views."""
    home = _chosen(home, options)
    if not home.cameras and not home.places:
        return nothing(words, home.reason("no_cameras"))
    # Without a place, the first view shows the doors.
    views = {name: view for name, view in VIEWS.items() if name != "doors" or home.places}
    chosen = [view for name, view in views.items() if name in options.views] or list(views.values())
    return {"title": words("people_counter"), "views": [view(home, words) for view in chosen]}


def _chosen(home: Home, options: Options) -> Home:
    """Return the chosen places and their doors; everything if no existing place was chosen."""
    places = tuple(options.chosen(home.places))
    if len(places) == len(home.places):
        return home
    doors = {door.key for place in places for door in place.doors}
    return Home(places, tuple(camera for camera in home.cameras if camera.key in doors))


def _subjects(home: Home) -> list[Counted]:
    return [*home.places, *home.without_place]


def _icon(counted: Counted) -> str:
    return PLACE_ICON if isinstance(counted, Place) else DOOR_ICON


# Today


def _today(home: Home, words: Words) -> Config:
    found = [
        _subject_today(counted, words, has_charts=number < MAX_CHARTS) for number, counted in enumerate(_subjects(home))
    ]
    return sections(words("today"), "today", found)


def _subject_today(counted: Counted, words: Words, *, has_charts: bool) -> Config:
    badge = incomplete(counted, words) if isinstance(counted, Place) else connected(counted)
    shown: list[Config | None] = [
        heading(counted.name, _icon(counted), badge),
        *rows(
            tile(counted, "occupancy", words("now"), wide=not isinstance(counted, Place)),
            tile(counted, "free_places", words("free")),
            tile(counted, "visitors_today" if isinstance(counted, Place) else "in_today", words("visitors_today")),
            tile(counted, "peak_today", words("peak_today")),
            tile(counted, "goal_reached", words("goal_reached")),
            None if isinstance(counted, Place) else tile(counted, "out_today", words("out_today")),
            # On a phone, half a row would cut these names.
            tile(counted, "conversion_rate", words("conversion_rate"), wide=True),
            tile(counted, "visitors_outside_today", words("visitors_outside_today"), wide=True),
        ),
    ]
    if not isinstance(counted, Place):
        shown.append(tile(counted, "passage", words("last_passage"), wide=True))
    if has_charts:
        shown += [
            subtitle(words("compared_with_last_week")),
            own("comparison", counted, words),
            subtitle(words("in_out_each_hour")),
            hours_of_a_day(counted, words),
            subtitle(words("inside_each_hour")),
            inside(counted, words, 1),
        ]
    return section(*shown)


# Doors


def _doors(home: Home, words: Words) -> Config:
    found = [_door(camera, words, has_chart=number < MAX_CHARTS) for number, camera in enumerate(home.cameras)]
    return sections(words("doors"), "doors", found)


def _door(camera: Counted, words: Words, *, has_chart: bool) -> Config:
    shown = [
        heading(camera.name, DOOR_ICON, connected(camera)),
        tile(camera, "in_today", words("in_today")),
        tile(camera, "out_today", words("out_today")),
        tile(camera, "passage", words("last_passage"), wide=True),
    ]
    if has_chart:
        shown += [subtitle(words("in_out_each_hour")), bars(camera, words, "hour", 1)]
    return section(*shown)


# Earlier


def _history(home: Home, words: Words) -> Config:
    found = [
        part
        for counted in islice(_subjects(home), MAX_CHARTS)
        for part in (_one_day(counted, words), _usual_week(counted, words), _weeks_and_months(counted, words))
    ]
    return sections(words("history"), "history", found)


def _one_day(counted: Counted, words: Words) -> Config:
    return section(
        heading(counted.name, _icon(counted)),
        subtitle(words("one_day")),
        own("day", counted, words),
        subtitle(words("inside_last_week")),
        inside(counted, words, 7),
    )


def _usual_week(counted: Counted, words: Words) -> Config:
    return section(
        heading(counted.name, "mdi:calendar-week"), subtitle(words("usual_week")), own("usual-week", counted, words)
    )


def _weeks_and_months(counted: Counted, words: Words) -> Config:
    # Statistics have all people who came in. Visitors are fewer where there are opening hours.
    return section(
        heading(counted.name, "mdi:calendar-month"),
        subtitle(words("in_weeks_and_months" if counted.has_opening_hours else "weeks_and_months")),
        change(counted, words("this_week"), "mdi:calendar-week", "week", 0),
        change(counted, words("last_week"), "mdi:calendar-week", "week", -1),
        change(counted, words("this_month"), "mdi:calendar-month", "month", 0),
        change(counted, words("last_month"), "mdi:calendar-month", "month", -1),
        subtitle(words("each_day")),
        bars(counted, words, "day", 29),
        subtitle(words("each_week")),
        bars(counted, words, "week", 77),
    )


# How well the doors count


def _counting(home: Home, words: Words) -> Config:
    found = [
        section(
            heading(place.name, PLACE_ICON),
            tile(place, "incomplete", words("all_doors_report"), wide=True),
            tile(place, "drift_today", words("drift_today"), wide=True),
        )
        for place in home.places
    ]
    of_cameras = (
        ("connectivity", "doors", "mdi:door-open"),
        ("counting_problem", "counting", "mdi:account-alert"),
        ("missing_minutes", "missing_minutes", "mdi:timer-sand"),
        ("difference_yesterday", "difference_yesterday", "mdi:scale-balance"),
    )
    found += [
        section(heading(words(title), icon), _rows(shown))
        for key, title, icon in of_cameras
        if (shown := [(camera.entities[key], camera.name) for camera in home.cameras if key in camera.entities])
    ]
    return sections(words("counting"), "counting", found)


def _rows(shown: Iterable[Sequence[str]]) -> Config:
    return {
        "type": "entities",
        "entities": [{"entity": entity, "name": name} for entity, name in shown],
        "grid_options": {"columns": FULL_WIDTH},
    }


# In this order, by their names in the options.
VIEWS: Final[dict[str, Callable[[Home, Words], Config]]] = {
    "today": _today,
    "doors": _doors,
    "history": _history,
    "counting": _counting,
}
