"""The dashboard for a screen at the door of a place: come in, or please wait. Its card is in `frontend/door.js`."""

from typing import Final

from ..texts import Words
from .cards import Config
from .home import Home, Place
from .options import Options

CARD: Final = "custom:people-counter-door"
# The texts that the card shows, by the names that it has for them.
TEXTS: Final = {
    "go": "door_go",
    "stop": "door_stop",
    "unknown": "door_unknown",
    "free": "door_free",
    "free_one": "door_free_one",
    "nearly_full": "nearly_full",
    "silent": "door_silent",
    "disconnected": "door_disconnected",
    "button": "door_button",
}


def door(home: Home, words: Words, options: Options) -> Config:
    """Return a view that fills the screen: with one place, or with what has to be done before."""
    place = next((place for place in home.places if options.place in (None, place.key)), None)
    texts = {name: words(key) for name, key in TEXTS.items()}
    if place:
        content = _content(place, words, options)
    else:
        problem = home.reason("door_place_gone" if home.places else "no_places")
        content = {"place": words("people_counter"), "problem": words(problem)}
    card = {"type": CARD, "words": texts, **content}
    title = place.name if place else words("door_screen")
    return {"views": [{"title": title, "path": "door", "type": "panel", "cards": [card]}]}


def _content(place: Place, words: Words, options: Options) -> Config:
    content: Config = {"place": place.name, "show_name": options.shows_name}
    if place.capacity is None:
        return content | {"problem": words("door_no_capacity")}
    if (full := place.entities.get("full")) is None:
        return content | {"problem": words("door_full_disabled")}
    shown = ("nearly_full", "free_places") if options.shows_number else ("nearly_full",)
    return content | {"entity": full} | {key: place.entities[key] for key in shown if key in place.entities}
