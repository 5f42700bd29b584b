"""The dashboard of all places and cameras: today first, then the doors."""

from .cards import Config, bars, heading, inside, section, sections, subtitle, tile
from .home import Counted, Home, Place
from .nothing import nothing
from .options import Options
from .words import Words


def overview(home: Home, words: Words, options: Options) -> Config:
    """Return the views."""
    if not home.cameras and not home.places:
        return nothing(words, "no_cameras")
    found = [_place(place, words) for place in options.chosen(home.places)]
    found += [_door(camera, words) for camera in home.cameras]
    return {"views": [sections(words("today"), "today", "mdi:calendar-today", found)]}


def _place(place: Place, words: Words) -> Config:
    return section(
        heading(place.name, "mdi:storefront", place.entities.get("incomplete")),
        tile(place, "occupancy", words("inside")),
        tile(place, "free_places", words("free")),
        tile(place, "in_today", words("visitors_today")),
        tile(place, "peak_today", words("peak_today")),
        subtitle(words("in_out_each_hour")),
        bars(place, words, "hour", 1),
        subtitle(words("inside_each_hour")),
        inside(place, words, 1),
    )


def _door(camera: Counted, words: Words) -> Config:
    return section(
        heading(camera.name, "mdi:door-open", camera.entities.get("connectivity")),
        tile(camera, "in_today", words("in_today")),
        tile(camera, "out_today", words("out_today")),
        tile(camera, "passage", words("last_passage"), wide=True),
        subtitle(words("in_out_each_hour")),
        bars(camera, words, "hour", 1),
    )
