"""Check the documentation: names, figures and links are those of the code."""

from datetime import timedelta
import json
import re
from typing import Any, Final
from urllib.parse import quote, urlsplit

from custom_components.axis_people_counter.connecting.authority import (
    AUTHORITY_LIFETIME,
    RENEWED_BEFORE_END,
    SERVER_LIFETIME,
)
from custom_components.axis_people_counter.connecting.certificate_files import ENDS_SOON
from custom_components.axis_people_counter.connecting.certificates import AUTHORITY_FILE, SERVER_FILE
from custom_components.axis_people_counter.connecting.listener import PATIENCE
from custom_components.axis_people_counter.connecting.server import MAX_CAMERAS, MAX_STRANGERS, REQUEST_SECONDS
from custom_components.axis_people_counter.const import (
    AUTHORITY_FILE_NAME,
    DEFAULT_PORT,
    DOMAIN,
    MAX_KEEP_DAYS,
    MIN_KEEP_DAYS,
    PUSH_PATH,
)
from custom_components.axis_people_counter.http import MAX_BODY

from .helpers.documentation import PAGES, README, ROOT, anchors, blocks, from_yaml, links

INTEGRATION: Final = ROOT / "custom_components" / DOMAIN
ENGLISH: Final[dict[str, Any]] = json.loads((INTEGRATION / "translations" / "en.json").read_text())
# The pages that explain what is shown under these names.
ENTITIES_PAGE: Final = README
PLACES_PAGE: Final = README
OPTIONS_PAGE: Final = README
REPAIRS_PAGE: Final = README
ACTIONS_PAGE: Final = README
CHARTS_PAGE: Final = README
AUTOMATIONS_PAGE: Final = README
CONNECTING: Final = PAGES["docs/connecting.md"]
# Others could disappear, or lead to somebody's advertisement.
HOSTS: Final = {"github.com", "my.home-assistant.io"}
MINUTE: Final = timedelta(minutes=1)


def issue_titles() -> list[str]:
    """Return the titles of all repair issues, with an ellipsis for names."""
    return [re.sub(r"{\w+}", "…", issue["title"]) for issue in ENGLISH["issues"].values()]


def test_yaml_can_be_read() -> None:
    """Each YAML block is a mapping."""
    found = blocks("yaml")
    assert len(found) > 10
    for block in found:
        assert from_yaml(block)


def test_links() -> None:
    """Links between pages lead to files and headings that exist; others lead to known hosts."""
    for page, text in PAGES.items():
        for link in links(text):
            if "://" in link:
                assert urlsplit(link).hostname in HOSTS, (page, link)
                continue
            path, _, anchor = link.partition("#")
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), (page, link)
            assert not anchor or anchor in anchors(target.read_text()), (page, link)


def test_entities() -> None:
    """Each entity is explained under its name."""
    names = {entity["name"] for platform in ENGLISH["entity"].values() for entity in platform.values()}
    text = PAGES[ENTITIES_PAGE] + PAGES[PLACES_PAGE]
    assert {name for name in names if f"| **{name}** |" not in text} == set()


def test_fields_of_places() -> None:
    """Each field of a place is explained under its label."""
    (step, *_) = ENGLISH["config_subentries"]["place"]["step"].values()
    labels = [*step["data"].values(), *(label for part in step["sections"].values() for label in part["data"].values())]
    assert [label for label in labels if f"| **{label}** |" not in PAGES[PLACES_PAGE]] == []


def test_options() -> None:
    """Each option is explained under its label, with its limits."""
    text = PAGES[OPTIONS_PAGE]
    labels = ENGLISH["options"]["step"]["init"]["data"].values()
    assert [label for label in labels if f"| **{label}** |" not in text] == []
    assert f"{MIN_KEEP_DAYS} to {MAX_KEEP_DAYS} days" in text


def test_repairs() -> None:
    """Each repair issue is explained under its title."""
    assert [title for title in issue_titles() if f"| **{title}** |" not in PAGES[REPAIRS_PAGE]] == []


def test_actions() -> None:
    """Each action and each of its fields is explained."""
    text = PAGES[ACTIONS_PAGE]
    for service, texts in ENGLISH["services"].items():
        assert f"`{DOMAIN}.{service}`" in text
        assert all(f"| `{field}` |" in text for field in texts.get("fields", ())), service


def test_blueprints() -> None:
    """Each blueprint has a badge that imports it, beside its name."""
    files = sorted((ROOT / "blueprints" / "automation" / DOMAIN).glob("*.yaml"))
    assert files
    for file in files:
        text = file.read_text()
        (name,) = re.findall(r"^  name: (.*)$", text, re.MULTILINE)
        (source,) = re.findall(r"^  source_url: (.*)$", text, re.MULTILINE)
        badge = f"blueprint_import/?blueprint_url={quote(source, safe='')})"
        assert badge in PAGES[AUTOMATIONS_PAGE]
        assert f"| **{name}** |" in PAGES[AUTOMATIONS_PAGE]


def test_connecting_says_what_is_so() -> None:
    """Numbers, names and paths are those of the code, and what is in bold there is called so in Home Assistant."""
    path = f".storage/{DOMAIN}"
    for fact in (
        f"{AUTHORITY_LIFETIME.days // 365} years",
        f"{SERVER_LIFETIME.days} days; made anew {RENEWED_BEFORE_END.days} days before",
        f"for\n{PATIENCE // MINUTE} minutes",
        f"{MAX_BODY // 1024**2} MiB",
        f"{MAX_BODY}`",
        f"port has {MAX_STRANGERS} connections for\nstrangers and {MAX_CAMERAS} for cameras",
        f"{REQUEST_SECONDS:.0f} seconds for the head",
        f"It is {DEFAULT_PORT} unless",
        f"https://192.168.1.10:{DEFAULT_PORT}{PUSH_PATH}",
        f"`{path}/{AUTHORITY_FILE}`",
        f"`{SERVER_FILE}`",
        f"`{AUTHORITY_FILE_NAME}`",
    ):
        assert fact in CONNECTING, fact
    assert timedelta(weeks=2) == ENDS_SOON
    assert "Two weeks before the end" in CONNECTING

    english = json.loads((ROOT / "custom_components" / DOMAIN / "translations" / "en.json").read_text())
    steps = english["config"]["step"]
    labels = {label for step in steps.values() for label in step.get("menu_options", {}).values()}
    labels |= {label for step in steps.values() for label in step.get("data", {}).values()}
    labels |= {section["name"] for section in steps["direct"]["sections"].values()}
    titles = {re.sub(r"{\w+}", "…", issue["title"]) for issue in english["issues"].values()}
    said = set(re.findall(r"\*\*([^*]+)\*\*", CONNECTING.replace("\n", " ")))
    for label in (
        steps["user"]["menu_options"]["direct"],
        steps["user"]["menu_options"]["home_assistant"],
        *(steps["connect"]["menu_options"][key] for key in ("camera", "check")),
        *(steps["reconfigure"]["menu_options"][key] for key in ("show", "home_assistant", "direct")),
        steps["direct"]["sections"]["own_files"]["name"],
        steps["camera"]["data"]["trust_certificate"],
    ):
        assert label in said & labels, label
    # A repair that is named has this name.
    for name in re.findall(r"repair:? \*\*([^*]+)\*\*", CONNECTING):
        assert name in titles, name
