"""The dashboard for a screen at the door of a place: come in, or please wait."""

from .cards import Config, section, sections, tile
from .home import Home
from .nothing import nothing
from .options import Options
from .words import Words


def door(home: Home, words: Words, options: Options) -> Config:
    """Return the view of the first chosen place."""
    places = options.chosen(home.places)
    if not places:
        return nothing(words, "no_places")
    place = places[0]
    shown = section(tile(place, "full", words("full")), tile(place, "free_places", words("free")))
    return {"views": [sections(place.name, "door", "mdi:door", [shown])]}
