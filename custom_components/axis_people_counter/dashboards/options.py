"""The options of a dashboard, which its editor stores. A person may have written them by hand, so nothing is sure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from .home import Counted


@dataclass(frozen=True, slots=True)
class Options:
    """The keys of the places and the names of the views to show; all of them if none is named.

    The screen at a door shows one place, the first if none is named.
    """

    places: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    place: str | None = None
    shows_name: bool = True
    shows_number: bool = True

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Return the options that make sense."""
        place = options.get("place")
        return cls(
            _texts(options.get("places")),
            _texts(options.get("views")),
            place if place and isinstance(place, str) else None,
            options.get("show_name") is not False,
            options.get("show_number") is not False,
        )

    def chosen[C: Counted](self, places: Iterable[C]) -> list[C]:
        """Return the chosen places; if none of them exists any more, all."""
        found = list(places)
        return [place for place in found if place.key in self.places] or found


def _texts(value: Any) -> frozenset[str]:
    if isinstance(value, str):
        value = [value]
    return frozenset(text for text in value if isinstance(text, str)) if isinstance(value, list) else frozenset()
