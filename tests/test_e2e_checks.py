"""The checks of scripts/e2e find what must not be on a screen, and nothing else."""

from pathlib import Path

import pytest

from scripts.e2e_parts.checks import Block, Look, faults, log_faults, nameless, unknown_labels
from scripts.e2e_parts.planted import PLANTED, plant
from scripts.e2e_parts.texts import Texts, pattern

from .helpers.home_assistant import INTEGRATION

ENGLISH = Texts(
    "en",
    {
        "title": "Connect your cameras",
        "port": "Port",
        "steps": "Do this:\n\n1. Open **Setup**.\n2. Copy `{url}` into the field of the camera.",
        "error": {"wrong_token": "The token is wrong."},
        "drop": {"title": "Delete counts of {name}", "submit": "Delete", "description": "Then select **Submit**."},
    },
)
GERMAN = Texts(
    "de",
    {
        "title": "Verbinde deine Kameras",
        "port": "Port",
        "steps": "Mach das:\n\n1. Öffne **Setup**.\n2. Kopiere `{url}` in das Feld der Kamera.",
        "drop": {"title": "Zählung löschen", "submit": "Löschen"},
    },
)


def found(text: str, *, texts: Texts = GERMAN, prose: str = "", is_cut: bool = False) -> list[str]:
    """Return the faults of a screen with one line of text."""
    return faults(Look([Block(text, prose or text, is_cut)], []), texts, ENGLISH, [])


@pytest.mark.parametrize(
    "text",
    [
        "Verbinde deine Kameras",
        "Port",
        "Öffne Setup.",
        "Kopiere http://a in das Feld der Kamera.",
        "Main entrance",
        "binary_sensor.wrong_token_found",
    ],
)
def test_nothing_is_wrong(text: str) -> None:
    """Texts in the right language, names, and ids of entities are no faults."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Connect your cameras", "title"),
        ("Open Setup.", "steps"),
        ("Copy http://a into the field of the camera.", "steps"),
        ("The token is wrong.", "error.wrong_token"),
    ],
)
def test_untranslated(text: str, key: str) -> None:
    """An English line in the German run is found, also where the German file has no such text."""
    assert found(text) == [f"Not translated: {text!r} ({key})"]
    assert found(text, texts=ENGLISH) == []


def test_english_sentence_from_the_code() -> None:
    """A sentence that is in no translation is found if it is English; names on the cameras' pages aren't sentences."""
    sentence = "a count isn't a whole number from 0 to 100000"
    assert found(sentence) == [f"Not translated: {sentence!r}"]
    assert found("Wähle unter System > Date and time eine Zeitzone.") == []
    assert found(sentence, texts=ENGLISH) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("component.axis_people_counter.config.title", "component.axis_people_counter.config.title"),
        ("Error: wrong_token", "wrong_token"),
        ("axis_people_counter", "axis_people_counter"),
    ],
)
def test_raw_key(text: str, key: str) -> None:
    """A translation key in place of a text is found."""
    assert f"Raw translation key: {key}" in found(text, texts=ENGLISH)


def test_code_is_no_raw_key() -> None:
    """Text that is shown as code may look like a key."""
    assert found("Send wrong_token to it", prose="Send to it", texts=ENGLISH) == []


def test_spaces_that_do_not_break() -> None:
    """A French text is found on the screen, where a space may be one that doesn't break."""
    assert pattern("Nouvelle caméra\u00a0: {name}").fullmatch("Nouvelle caméra\u00a0: Car park")
    assert pattern("Nouvelle caméra\u00a0: {name}").fullmatch("Nouvelle caméra : Car park")


def test_cut_text() -> None:
    """A cut text is a fault if it is the integration's, but not if somebody else's."""
    assert found("Verbinde deine Kameras", is_cut=True) == ["Cut text: 'Verbinde deine Kameras'"]
    assert found("Somebody else's long text", is_cut=True) == []


def test_covered_text() -> None:
    """A text under another one is found."""
    look = Look([Block("Verbinde deine Kameras", is_covered=True), Block("Warnung", is_covered=True)], [])
    assert faults(look, GERMAN, ENGLISH, []) == ["Another text over: 'Verbinde deine Kameras'"]


def test_name_for_a_screen_reader() -> None:
    """Buttons and fields without a name are found; rows and links get theirs from inside."""
    names = """
- dialog:
  - button "Close"
  - textbox "Port": "4443"
  - textbox: "4443"
  - link:
    - /url: /somewhere
    - button "Help"
  - checkbox [checked]
  - button
""".strip("\n")
    assert list(nameless(names)) == [
        'textbox: "4443" after textbox "Port": "4443"',
        'checkbox after button "Help"',
        'button after button "Help"',
    ]


def test_console_and_keyboard() -> None:
    """Errors of the integration in the console, and rows without a keyboard, are found; errors of others aren't."""
    look = Look([], ["A row"])
    others = ["icon.png: 404", "403: /api/brands/integration/axis_people_counter/icon.png"]
    assert faults(look, GERMAN, ENGLISH, ["axis_people_counter.js failed", *others]) == [
        "Can't be reached with the Tab key: A row",
        "Error in the console: axis_people_counter.js failed",
    ]


def test_button_without_a_label_of_its_own() -> None:
    """A button with Home Assistant's word for any form is found, with the title of its dialog."""
    names = '- dialog:\n  - text: Ort ändern\n  - button "{}"'
    sentence = "The button doesn't say what it does: Ort ändern"
    assert faults(Look([], names=names.format("OK")), GERMAN, ENGLISH, []) == [sentence]
    assert faults(Look([], names=names.format("Ändern")), GERMAN, ENGLISH, []) == []


@pytest.mark.parametrize(("texts", "title"), [(ENGLISH, "Delete counts of Main entrance"), (GERMAN, "Zählung löschen")])
def test_label_of_the_button(texts: Texts, title: str) -> None:
    """The label of a step is found by its title, of which a part may be a value."""
    assert texts.buttons_of(title) == {"Delete" if texts is ENGLISH else "Löschen"}
    assert texts.buttons_of("Something else") == set()


def test_button_that_is_not_there() -> None:
    """A text that tells to press Home Assistant's button is found, because our buttons have other names."""
    text = "Then select Submit."
    assert faults(Look([Block(text, text, is_own=True)]), ENGLISH, ENGLISH, []) == [f"There is no such button: {text}"]
    assert found(text, texts=ENGLISH) == []


def test_contrast() -> None:
    """A text of the integration that is hard to read is found; those of others have the colors of a theme."""

    def look(text: str, contrast: float | None, *, is_own: bool = False) -> list[str]:
        return faults(Look([Block(text, contrast=contrast, is_own=is_own)]), ENGLISH, ENGLISH, [])

    assert look("Connect your cameras", 4.49) == ["Too little contrast (4.5): 'Connect your cameras'"]
    assert look("23", 2, is_own=True) == ["Too little contrast (2.0): '23'"]
    assert look("Connect your cameras", 4.5) == look("Connect your cameras", None) == look("Other", 2) == []


def test_cut_text_of_a_dialog() -> None:
    """In a dialog of the integration each cut text is found, also a name of the user's."""
    assert faults(Look([Block("A long name", is_cut=True, is_own=True)]), ENGLISH, ENGLISH, []) == [
        "Cut text: 'A long name'"
    ]


def test_blank_and_broken() -> None:
    """A blank screen and a card that can't be shown are found."""
    assert faults(Look([], broken=["No such card"], is_blank=True), ENGLISH, ENGLISH, []) == [
        "The screen is blank",
        "A card can't be shown: No such card",
    ]


def test_log() -> None:
    """Errors of the integration in Home Assistant's log are found with their tracebacks; those of others aren't."""
    log = """2026-11-26 22:00:00.100 WARNING (SyncWorker_0) [homeassistant.loader] axis_people_counter isn't tested
2026-11-26 22:00:00.200 ERROR (MainThread) [homeassistant] Error doing job
Traceback (most recent call last):
  File "/config/custom_components/axis_people_counter/view.py", line 1
KeyError
2026-11-26 22:00:00.300 ERROR (MainThread) [homeassistant.components.other] Something else
"""
    (fault,) = log_faults(log)
    assert fault.startswith("Error in the log: 2026-11-26 22:00:00.200 ERROR")
    assert fault.endswith("KeyError")
    assert log_faults(log, ["Error doing job"]) == []


def test_unknown_labels() -> None:
    """A label of the documentation is found if Home Assistant has no such text, or none for a part of the way to it."""
    shown = {"Settings", "Tools", "Marketplace"}
    labels = ["Settings > Tools", "Settings > Developer tools", "Marketplace", "HACS"]
    assert unknown_labels(labels, shown) == ["HACS", "Settings > Developer tools"]


def test_planted_faults(tmp_path: Path) -> None:
    """Each fault changes its file, in the copy alone."""
    before = {planted.file: (INTEGRATION / planted.file).read_text() for planted in PLANTED}
    plant(INTEGRATION, tmp_path / "copy")
    for file, text in before.items():
        assert (tmp_path / "copy" / file).read_text() != text == (INTEGRATION / file).read_text()
