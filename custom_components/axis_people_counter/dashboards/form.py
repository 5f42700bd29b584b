"""The form for the options of a dashboard, as Home Assistant's own form element takes it."""

from typing import Any

from ..texts import Words
from .home import Home
from .overview import VIEWS

type Form = dict[str, Any]


def form(kind: str, home: Home, words: Words) -> Form:
    """Return the fields of a kind of dashboard, their labels, and the values that they have at first.

    An option with its first value isn't stored: a dashboard that shows all places shows also those added later.
    """
    places = {place.key: place.name for place in home.places}
    if kind == "door":
        first = next(iter(places), None)
        fields = [_choice("place", places), _switch("show_name"), _switch("show_number")]
        values: dict[str, Any] = {"show_name": True, "show_number": True} | ({"place": first} if first else {})
    else:
        fields, values = [_choices("places", places)], {"places": list(places)}
        if kind == "overview":
            views = {name: words(name) for name in VIEWS}
            fields.append(_choices("views", views))
            values["views"] = list(views)
    return {
        "schema": fields,
        "labels": {field["name"]: words(f"option_{field['name']}") for field in fields},
        "values": values,
    }


def _choice(name: str, labels: dict[str, str], *, multiple: bool = False) -> Form:
    options = [{"value": value, "label": label} for value, label in labels.items()]
    return {"name": name, "selector": {"select": {"options": options, "multiple": multiple, "mode": "list"}}}


def _choices(name: str, labels: dict[str, str]) -> Form:
    return _choice(name, labels, multiple=True)


def _switch(name: str) -> Form:
    return {"name": name, "selector": {"boolean": {}}}
