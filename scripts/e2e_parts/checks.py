"""The checks of every screen: `faults` returns a sentence for each fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
import re

from scripts.e2e_parts.texts import Texts

DOMAIN = "axis_people_counter"
# In addresses and names of elements of the integration; its icon comes from Home Assistant.
OURS = re.compile("(?<!/api/brands/integration/)axis[-_]people[-_]counter")
# The contrast of a text to its background, by WCAG 2.2 (AA).
LEAST_CONTRAST = 4.5
# Home Assistant's own texts for the button of a form for which the integration has none.
NO_LABEL = {"en": "Submit", "de": "OK", "fr": "Valider", "sv": "Bekräfta"}
# The roles of what a person can use, which needs a name for a screen reader.
USABLE = "button|checkbox|combobox|link|menuitem|option|radio|searchbox|slider|spinbutton|switch|tab|textbox|treeitem"
# Words that no sentence in another language has twice, apart from the names on the cameras' own pages.
_ENGLISH = re.compile(
    r"\b(?:the|of|and|to|from|with|for|are|be|this|that|which|is|isn't|doesn't|aren't|whole)\b", re.IGNORECASE
)
_NAMELESS = re.compile(rf"\s*- ({USABLE})(?! \")(?: \[[^\]]*\])*(:.*)?")
_WORD = re.compile(r"(?<![\w./:@-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w./:-])")


@dataclass(frozen=True)
class Block:
    """A line of text on the screen."""

    text: str
    # The same without what is shown as code, such as a URL.
    prose: str = ""
    is_cut: bool = False
    # Another text is in the same place.
    is_covered: bool = False
    # The text is in a dialog or dashboard of the integration.
    is_own: bool = False
    # The contrast to what is behind it, unless that isn't known.
    contrast: float | None = None


@dataclass(frozen=True)
class Look:
    """The texts on the screen, and what else the browser tells about it."""

    blocks: list[Block]
    # Elements that can be clicked but not be reached with the Tab key.
    unreachable: list[str] = field(default_factory=list)
    # The texts of cards that can't be shown.
    broken: list[str] = field(default_factory=list)
    is_blank: bool = False
    # The tree of names and roles that a screen reader gets, in the form of Playwright.
    names: str = ""


def faults(look: Look, texts: Texts, english: Texts, console: Iterable[str]) -> list[str]:
    """Return a sentence for each fault of a screen."""
    found: list[str] = []
    for block in look.blocks:
        found += [f"Raw translation key: {key}" for key in raw_keys(block.prose or block.text, texts)]
        if key := untranslated(block.text, texts, english):
            found.append(f"Not translated: {block.text!r} ({key})")
        elif texts.language != english.language and is_english(block.prose):
            found.append(f"Not translated: {block.text!r}")
        is_own = block.is_own or bool(texts.keys_of(block.text))
        if block.is_cut and is_own:
            found.append(f"Cut text: {block.text!r}")
        if block.is_covered and is_own:
            found.append(f"Another text over: {block.text!r}")
        if block.contrast is not None and block.contrast < LEAST_CONTRAST and is_own:
            found.append(f"Too little contrast ({block.contrast:.1f}): {block.text!r}")
    if look.is_blank:
        found.append("The screen is blank")
    found += [f"A card can't be shown: {text}" for text in look.broken]
    found += [f"No name for a screen reader: {element}" for element in nameless(look.names)]
    if f'- button "{NO_LABEL[texts.language]}"' in look.names:
        found.append(f"The button doesn't say what it does: {heading(look.names)}")
    found += [f"There is no such button: {text}" for text in texts_with_no_label(look, texts)]
    found += [f"Can't be reached with the Tab key: {element}" for element in look.unreachable]
    found += [f"Error in the console: {error}" for error in console if OURS.search(error)]
    return list(dict.fromkeys(found))


def raw_keys(text: str, texts: Texts) -> Iterator[str]:
    """Yield the translation keys in a text."""
    yield from re.findall(rf"component\.{DOMAIN}\.[\w.]+", text)
    known = {part for key in texts.by_key for part in key.split(".")}
    yield from (word for word in _WORD.findall(text) if word in known or word == DOMAIN)


def untranslated(text: str, texts: Texts, english: Texts) -> str | None:
    """Return the key of a text that is shown in English although the language has other words for it."""
    if texts.language == english.language or not (keys := english.keys_of(text)) or texts.keys_of(text):
        return None
    return next((key for key in keys if texts.by_key.get(key) != english.by_key[key]), None)


def is_english(text: str) -> bool:
    """Return True if a text that may come from the code is an English sentence."""
    return len(set(map(str.lower, _ENGLISH.findall(text)))) >= 2


def texts_with_no_label(look: Look, texts: Texts) -> Iterator[str]:
    """Yield the texts of the integration that tell to press a button by Home Assistant's word for any form."""
    for block in look.blocks:
        if block.is_own and re.search(rf"\b{NO_LABEL[texts.language]}\b", block.prose) and texts.keys_of(block.text):
            yield block.text


def log_faults(log: str, expected: Iterable[str] = ()) -> list[str]:
    """Return what the integration has logged as an error, and tracebacks through its files."""
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ )", log, flags=re.MULTILINE)
    wrong = (entry for entry in entries if re.match(r"\S+ \S+ (ERROR|CRITICAL) ", entry) and DOMAIN in entry)
    return [f"Error in the log: {entry.strip()}" for entry in wrong if not any(part in entry for part in expected)]


def unknown_labels(labels: Iterable[str], shown: set[str]) -> list[str]:
    """Return the labels of which a part is shown nowhere; several on the way to a page have arrows between them."""
    return sorted(label for label in labels if not shown.issuperset(label.split(" > ")))


def heading(names: str) -> str:
    """Return the title of a dialog."""
    return next((line.partition("- text: ")[2] for line in names.splitlines() if "- text: " in line), "a dialog")


def nameless(names: str) -> Iterator[str]:
    """Yield what can be used but has no name, with what surrounds it."""
    lines = names.splitlines()
    for number, line in enumerate(lines):
        if match := _NAMELESS.fullmatch(line):
            # A link or row around an icon gets its name from inside.
            depth = len(line) - len(line.lstrip())
            below = next((later for later in lines[number + 1 :] if not later.strip().startswith("- /")), "")
            if len(below) - len(below.lstrip()) > depth and '"' in below:
                continue
            before = next((earlier.strip("- :") for earlier in reversed(lines[:number]) if '"' in earlier), "")
            yield f"{match[1]}{match[2] or ''} after {before or 'the start'}"
