"""The questions by voice in each language, as sentences that Home Assistant's Assist matches.

Knows nothing of entities; voice.py asks it for sentences, and for the name in one that somebody said.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final

# With more names, or more words in all of them, the first sentence that anybody says after a name has changed would
# take too long to match.
MAX_NAMES: Final = 40
MAX_WORDS: Final = 160
_MAX_LENGTH: Final = 200
# How the sign "&" in a name is said, or left out.
_AND: Final = ("and", "und", "et", "och", "")
# Writes an apostrophe as speech recognition does.
_APOSTROPHE: Final = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "_": " "})


class Question(StrEnum):
    """The questions that are answered."""

    INSIDE = "inside"
    VISITORS = "visitors"


@dataclass(frozen=True, slots=True)
class Grammar:
    """The sentences of one language: `(a|b)` is a choice, `[a]` may be left out, `<a>` is a rule.

    `<where>` is a name with words before it ("in the shop"), `<name>` a name with an article or none ("the shop").
    """

    rules: Mapping[str, str]
    # The words before a name, with the space or apostrophe after them.
    before: tuple[str, ...]
    articles: str
    sentences: Mapping[Question, tuple[str, ...]]
    # Letters that may follow a name.
    endings: tuple[str, ...] = ()


GRAMMARS: Final = {
    "en": Grammar(
        rules={
            "many": "how many (people|persons|visitors|customers|guests)",
            "now": "[now|right now|currently|at the moment]",
            "came": "[were [there]|have there been|have been|came [in]|have come [in]]",
        },
        before=("in ", "in the ", "inside ", "inside the ", "at ", "at the ", "to the ", "into the ", "through the "),
        articles="[the ]",
        sentences={
            Question.INSIDE: (
                "<many> are [there] <now> <where> <now>",
                "<many> are [there] <now> (inside|here|in here) <now>",
                "how (busy|full|crowded) is <name> <now>",
            ),
            Question.VISITORS: (
                "<many> <came> [here] today",
                "<many> (did|have) we (have|had|get) today",
                "<many> <came> <where> today",
                "<many> <came> today <where>",
                "<many> (did|does|has|have) <name> (have|had|get) today",
            ),
        },
    ),
    "de": Grammar(
        rules={
            "many": "(wie viele|wieviele) (personen|leute|menschen|besucher|besucherinnen|kunden|gäste)",
            "now": "[jetzt|gerade|aktuell|momentan|derzeit|zurzeit|im moment]",
            "came": "[waren|kamen|sind|gab es]",
            "today": "heute [schon|bisher]",
        },
        before=(
            *("im ", "in der ", "in dem ", "in den ", "in ", "auf dem ", "auf der ", "beim ", "bei der ", "bei "),
            *("am ", "an der ", "durch den ", "durch die ", "durch das "),
        ),
        articles="[der |die |das ]",
        sentences={
            Question.INSIDE: (
                "<many> (sind|befinden sich) <now> <where> <now>",
                "<many> (sind|befinden sich) <now> (da|hier|drin|drinnen|anwesend)",
                "wie (voll|belebt) ist [es] <now> <where>",
                "wie voll ist <name> <now>",
            ),
            Question.VISITORS: (
                "<many> <came> <today> [da|hier|gekommen]",
                "<many> (hatten|haben) wir <today> [gehabt]",
                "<many> <came> <today> <where> [gekommen]",
                "<many> <came> <where> <today> [gekommen]",
                "<many> (hat|hatte) <name> <today> [gehabt]",
            ),
        },
    ),
    "fr": Grammar(
        rules={
            "people": "(personnes|gens|visiteurs|visiteuses|clients|clientes)",
            "many": "(combien de <people> (sont|se trouvent|y a-t-il|il y a)|combien (y a-t-il|il y a) de <people>"
            "|il y a combien de <people>)",
            "now": "[maintenant|actuellement|en ce moment]",
            "came": "(combien de <people> [sont (venus|venues|entrés|entrées)|y a-t-il eu|avons-nous eu|avons-nous eus]"
            "|combien (y a-t-il eu|avons-nous eu) de <people>)",
        },
        before=(
            *("dans le ", "dans la ", "dans les ", "dans l'", "dans ", "au ", "aux ", "à la ", "à l'", "à "),
            *("en ", "chez ", "par le ", "par la ", "par l'"),
        ),
        articles="[le |la |les |l']",
        sentences={
            Question.INSIDE: (
                "<many> <now> <where> <now>",
                "<many> <now> (ici|là|à l'intérieur|présents|présentes)",
            ),
            Question.VISITORS: (
                "<came> aujourd'hui [ici]",
                "<came> <where> aujourd'hui",
                "<came> aujourd'hui <where>",
                "combien de <people> a (eu|eus|reçus) <name> aujourd'hui",
            ),
        },
    ),
    "sv": Grammar(
        rules={
            "many": "hur många (personer|människor|besökare|kunder|gäster)",
            "now": "[nu|just nu|för närvarande|för tillfället]",
            "came": "[har [det] (varit|kommit) [in]|var [det]|kom [det] [in]]",
            "today": "(idag|i dag)",
        },
        before=("i ", "inne i ", "inne på ", "på ", "hos ", "vid ", "till ", "in i ", "genom "),
        articles="",
        endings=("n", "en", "t", "et"),
        sentences={
            Question.INSIDE: (
                "<many> (är|finns) [det] <now> <where> <now>",
                "<many> (är|finns) [det] <now> (här|inne|här inne|där|där inne)",
                "hur fullt är det <now> <where>",
            ),
            Question.VISITORS: (
                "<many> <came> [här] <today>",
                "<many> (har vi haft|hade vi) <today>",
                "<many> <came> <where> <today>",
                "<many> <came> <today> <where>",
                "<many> (har|hade) <name> [haft] <today>",
            ),
        },
    ),
}


def readable(text: str) -> str:
    """Return text as words of letters and digits, so that nothing in it is syntax; empty if none are left.

    Names may come from cameras, so any characters are possible.
    """
    words = re.findall(r"\w+(?:[-.']\w+)*|&", text.translate(_APOSTROPHE))
    return " ".join(words)[:_MAX_LENGTH].strip("-.'& ")


def spoken(text: str) -> str:
    """Return text as it is compared with what somebody said."""
    return readable(text).lower()


def ways_to_say(name: str) -> Iterator[str]:
    """Yield a name as it is compared with what somebody said: as it is written first, then with words for "&"."""
    written = spoken(name)
    yield written
    if "&" in written:
        yield from (spoken(written.replace("&", word)) for word in _AND)


def sentences(question: Question, names: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of all languages that ask a question, without a name and with any of these spoken names."""
    choice = "|".join(sorted(names))
    for grammar in GRAMMARS.values():
        name = f"({choice})[{'|'.join(grammar.endings)}]" if grammar.endings else f"({choice})"
        rules = {
            **grammar.rules,
            "where": f"({'|'.join(grammar.before)}){name}",
            "name": f"{grammar.articles}{name}",
        }
        for sentence in grammar.sentences[question]:
            if choice or not re.search("<where>|<name>", sentence):
                yield _filled_in(sentence, rules)


def _filled_in(sentence: str, rules: Mapping[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda rule: _filled_in(rules[rule[1]], rules), sentence)


def find_name(said: str, names: Iterable[str]) -> tuple[str, str, str] | None:
    """Return the spoken name in a sentence, the words before it ("in the ") and its ending, None if it has no name.

    The words before are empty where the sentence has only an article, or none.
    """
    text = spoken(said)
    before = sorted((words for grammar in GRAMMARS.values() for words in grammar.before), key=len, reverse=True)
    endings = [ending for grammar in GRAMMARS.values() for ending in grammar.endings]
    # A shorter name may be part of a longer one.
    for name in sorted(names, key=len, reverse=True):
        pattern = rf"(?<!\w)({'|'.join(before)})?{re.escape(name)}({'|'.join(endings)})?(?!\w)"
        if found := re.search(pattern, text):
            return name, found[1] or "", found[2] or ""
    return None
