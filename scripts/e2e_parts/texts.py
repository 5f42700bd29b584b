"""The integration's texts in one language, as a person sees them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
import json
from pathlib import Path
import re
from typing import Any, Self

_PLACEHOLDER = re.compile(r"\{\w+\}")


def flat(texts: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield all texts with their keys, joined by dots."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def plain(text: str) -> str:
    """Return a line as the browser shows it, without the marks of Markdown."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^\s*(?:\d+\.|-)\s+", "", text)
    return " ".join(re.sub(r"\*\*|`", "", text).split())


def pattern(text: str) -> re.Pattern[str]:
    """Return a pattern for a line in which any values may stand for the placeholders."""
    return re.compile(".*?".join(escape(part) for part in _PLACEHOLDER.split(plain(text))))


def escape(text: str) -> str:
    """Return a pattern for a text, in which French has spaces that don't break."""
    return re.escape(text).replace(r"\ ", r"\s")


class Texts:
    """The texts of one language."""

    def __init__(self, language: str, texts: dict[str, Any]) -> None:
        """Take the content of the file of the language."""
        self.language = language
        self.by_key = dict(flat(texts))

    @classmethod
    def read(cls, language: str, integration: Path) -> Self:
        """Read the file of the language."""
        return cls(language, json.loads((integration / "translations" / f"{language}.json").read_text()))

    def __call__(self, key: str, **values: str) -> str:
        """Return a text of one line, with values for its placeholders."""
        return plain(self.by_key[key].format_map(values))

    def start(self, key: str) -> str:
        """Return the text up to its first placeholder or line break."""
        return plain(re.split(r"\{|\n", self.by_key[key])[0])

    @cached_property
    def lines(self) -> dict[str, list[str]]:
        """The lines that consist of words alone, as shown, with their keys."""
        found: dict[str, list[str]] = {}
        for key, text in self.by_key.items():
            for line in text.splitlines():
                if (shown := plain(line)) and not _PLACEHOLDER.search(line):
                    found.setdefault(shown, []).append(key)
        return found

    @cached_property
    def patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        """The patterns of the lines with placeholders that have enough words of their own, with their keys."""
        return [
            (key, pattern(line))
            for key, text in self.by_key.items()
            for line in text.splitlines()
            if _PLACEHOLDER.search(line) and len(re.findall(r"[^\W\d_]{2,}", _PLACEHOLDER.sub("", line))) >= 3
        ]

    def buttons_of(self, title: str) -> set[str]:
        """Return the labels that the button of a step with this title may have; none if the step has no label."""
        keys = (key for key, text in self.by_key.items() if key.endswith(".title") and pattern(text).fullmatch(title))
        labels = (self.by_key.get(f"{key.removesuffix('.title')}.submit") for key in keys)
        return {label for label in labels if label}

    def keys_of(self, shown: str) -> list[str]:
        """Return the keys of the texts that a line on the screen may be."""
        return self.lines.get(shown, []) + [key for key, regex in self.patterns if regex.fullmatch(shown)]
