"""Check the documentation: names, figures and links are those of the code."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
import json
import re
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest

from custom_components.axis_people_counter.connecting.authority import (
    AUTHORITY_LIFETIME,
    RENEWED_BEFORE_END,
    SERVER_LIFETIME,
)
from custom_components.axis_people_counter.connecting.certificate_files import ENDS_SOON
from custom_components.axis_people_counter.connecting.certificates import AUTHORITY_FILE, SERVER_FILE
from custom_components.axis_people_counter.connecting.listener import PATIENCE
from custom_components.axis_people_counter.connecting.server import (
    MAX_CAMERA_CONNECTIONS,
    MAX_STRANGERS,
    REQUEST_SECONDS,
)
from custom_components.axis_people_counter.const import (
    AUTHORITY_FILE_NAME,
    DEFAULT_KEEP_DAYS,
    DEFAULT_PORT,
    DOMAIN,
    MAX_KEEP_DAYS,
    MIN_KEEP_DAYS,
    PREVIOUS_TOKEN_LIFETIME,
    PUSH_PATH,
)
from custom_components.axis_people_counter.coordinator import MIN_SILENCE, MISSED_INTERVALS
from custom_components.axis_people_counter.exports.export import LINK_LIFETIME, MAX_LINK_CAMERAS
from custom_components.axis_people_counter.http.bodies import MAX_BODY
from custom_components.axis_people_counter.http.view import REFUSALS
from custom_components.axis_people_counter.ledger import MAX_CAMERAS
from custom_components.axis_people_counter.receiver.sender_problems import MAX_CLOCK_DIFFERENCE
from custom_components.axis_people_counter.reports.request import LINK_LIFETIME as LINK_OF_REPORT, MAX_PLACES
from custom_components.axis_people_counter.services import MAX_DAYS, MAX_ROWS

from .helpers.documentation import (
    HOME_ASSISTANT_LABELS,
    PAGES,
    ROOT,
    anchors,
    blocks,
    from_yaml,
    links,
    mappings_with,
    without_code,
)

# Keys of entities that both cameras and places have, and of those that only places have.
OF_BOTH: Final = {"in_today", "occupancy", "occupied", "out_today", "reset_occupancy"}
OF_PLACES: Final = {
    "compared_to_last_week",
    "complete_until",
    "conversion_rate",
    "drift_today",
    "free_places",
    "full",
    "goal_reached",
    "incomplete",
    "nearly_full",
    "occupancy_correction",
    "occupancy_percentage",
    "peak_today",
    "threshold",
    "typical_now",
    "visitors_outside_today",
    "visitors_today",
}
# Labels on the pages of Axis cameras. These aren't in the translations, and neither are those of Home Assistant.
AXIS_LABELS: Final = {
    "+",
    "API token",
    "CA",
    "CA certificates",
    "Device settings > TCP/IP > Security",
    "Report to server",
    "Save",
    "Send interval",
    "Settings > Reporting > Push Reporting",
    "Setup > Counter",
    "Setup > Reporting",
    "System",
    "System > Date and time",
    "System > Security",
    "System > Security > CA certificates",
    "Test connection",
    "URL",
}
INTEGRATION: Final = ROOT / "custom_components" / DOMAIN
ENGLISH: Final[dict[str, Any]] = json.loads((INTEGRATION / "translations" / "en.json").read_text())
# The pages that explain what is shown under these names.
README: Final = "README.md"
ENTITIES_PAGE: Final = "docs/entities.md"
PLACES_PAGE: Final = "docs/places.md"
OPTIONS_PAGE: Final = "docs/entities.md"
REPAIRS_PAGE: Final = "docs/troubleshooting.md"
ACTIONS_PAGE: Final = "docs/actions.md"
AUTOMATIONS_PAGE: Final = "docs/automations.md"
# Pages that don't explain the user interface.
DEVELOPERS_PAGES: Final = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/development.md",
    "docs/performance.md",
}
MAX_LINES: Final = 200
# Others could disappear, or lead to somebody's advertisement.
HOSTS: Final = {"github.com", "my.home-assistant.io"}
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)


def issue_titles() -> list[str]:
    """Return the titles of all repair issues, with an ellipsis for names."""
    return [re.sub(r"{\w+}", "…", issue["title"]) for issue in ENGLISH["issues"].values()]


def texts(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yield all texts of a translation."""
    for value in tree.values():
        if isinstance(value, dict):
            yield from texts(value)
        else:
            yield value


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
    """Each entity is explained under its name: in the README, and in the page of cameras, places or both."""
    names = {key: entity["name"] for platform in ENGLISH["entity"].values() for key, entity in platform.items()}
    assert names.keys() >= OF_BOTH | OF_PLACES
    for page, keys in (
        # That cameras of places call some of them otherwise is for the page about entities.
        (README, {key for key in names if not key.endswith("_at_door")}),
        (ENTITIES_PAGE, names.keys() - OF_PLACES),
        (PLACES_PAGE, OF_BOTH | OF_PLACES),
    ):
        explained = set(re.findall(r"\*\*([^*]+)\*\*", " ".join(re.findall(r"^\|[^|]*\|", PAGES[page], re.MULTILINE))))
        assert {names[key] for key in keys} - explained == set(), page


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
    assert f"{MIN_KEEP_DAYS} to {MAX_KEEP_DAYS} days. | {DEFAULT_KEEP_DAYS} |" in text


def test_repairs() -> None:
    """Each repair issue is explained under its title."""
    assert [title for title in issue_titles() if f"| **{title}** |" not in PAGES[REPAIRS_PAGE]] == []


def test_actions() -> None:
    """Each action and each of its fields is explained."""
    text = PAGES[ACTIONS_PAGE] + PAGES["docs/import.md"] + PAGES["docs/reports.md"]
    for service, labels in ENGLISH["services"].items():
        assert f"`{DOMAIN}.{service}`" in text
        assert all(f"| `{field}` |" in text for field in labels.get("fields", ())), service


def test_documented_actions() -> None:
    """Each example of an action uses an action that exists, with fields that it has."""
    services = from_yaml((INTEGRATION / "services.yaml").read_text())
    found = set()
    for block in blocks("yaml"):
        for action in mappings_with("action", from_yaml(block)):
            domain, _, service = action["action"].partition(".")
            if domain == DOMAIN:
                found.add(service)
                assert action.get("data", {}).keys() <= services[service].get("fields", {}).keys(), service
    assert found == {"create_report", "fill_gaps", "get_counts", "rebuild_statistics", "set_occupancy"}


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


def test_labels() -> None:
    """Each bold text is a label of the user interface. Other bold texts begin a paragraph, and end with a mark."""
    blueprints = (path.read_text() for path in (ROOT / "blueprints").rglob("*.yaml"))
    labels = {name for text in blueprints for name in re.findall(r"^  name: (.*)$", text, re.MULTILINE)}
    labels |= {re.sub(r"{\w+}", "…", text) for text in texts(ENGLISH)} | AXIS_LABELS | HOME_ASSISTANT_LABELS
    for page in PAGES.keys() - DEVELOPERS_PAGES:
        found = set(re.findall(r"\*\*([^*]+)\*\*", without_code(PAGES[page]).replace("\n", " ")))
        assert {label for label in found - labels if label[-1] not in ".,:?"} == set(), page


@pytest.mark.parametrize(
    ("page", "fact"),
    [
        ("certificates", f"{AUTHORITY_LIFETIME.days // 365} years"),
        ("certificates", f"{SERVER_LIFETIME.days} days; renewed {RENEWED_BEFORE_END.days} days before it ends"),
        ("certificates", f"after {PATIENCE // MINUTE} minutes"),
        ("certificates", f"{'Two' if timedelta(weeks=2) == ENDS_SOON else ENDS_SOON} weeks before"),
        ("certificates", f"`.storage/{DOMAIN}`"),
        ("certificates", f"`{AUTHORITY_FILE}`"),
        ("certificates", f"`{SERVER_FILE}`"),
        ("security", f"`.storage/{DOMAIN}/{AUTHORITY_FILE}`"),
        ("security", f"{MAX_STRANGERS} connections for strangers and {MAX_CAMERA_CONNECTIONS} for\ncameras"),
        ("security", f"{REQUEST_SECONDS:.0f} seconds for the head"),
        ("security", f"{MAX_BODY // 1024**2} MiB"),
        ("https", f"`{MAX_BODY}`"),
        ("https", f"`{PUSH_PATH}`"),
        ("connecting", f"the port at {DEFAULT_PORT}"),
        ("connecting", f'"{DEFAULT_PORT}:{DEFAULT_PORT}"'),
        ("connecting", f"`{AUTHORITY_FILE_NAME}`"),
        ("connecting", f"another {PREVIOUS_TOKEN_LIFETIME // HOUR} hours"),
        ("actions", f"at most {MAX_ROWS:,} rows and {MAX_DAYS:,} days"),
        ("actions", f"up to {MAX_LINK_CAMERAS} cameras"),
        ("actions", f"works for {'one' if LINK_LIFETIME == HOUR else LINK_LIFETIME} hour"),
        ("reports", f"for {LINK_OF_REPORT.days} days, without signing in"),
        ("reports", f"at most {MAX_PLACES} |"),
        ("entities", f"{'three' if MISSED_INTERVALS == 3 else MISSED_INTERVALS} reports"),
        ("entities", f"after {MIN_SILENCE // MINUTE} minutes"),
        ("troubleshooting", f"larger than {MAX_BODY // 1024**2} MiB"),
        ("troubleshooting", f"more than {MAX_CAMERAS} cameras report"),
        ("troubleshooting", f"more than {MAX_CLOCK_DIFFERENCE // 60} minutes"),
    ],
)
def test_facts(page: str, fact: str) -> None:
    """Figures, names and paths are those of the code."""
    assert fact.lower() in PAGES[f"docs/{page}.md"].lower()


def test_length() -> None:
    """Each page stays short."""
    assert {page: lines for page, text in PAGES.items() if (lines := text.count("\n")) > MAX_LINES} == {}


def test_refusals() -> None:
    """The page for developers has each answer to a push that is refused, in the order in which they apply."""
    lines = [
        f"| `{error.__name__}` | {refusal.status} | {refusal.sentence or "the error's own"} "
        f"| {f'`{refusal.issue.key}`' if refusal.issue else 'none'} |"
        for error, refusal in REFUSALS.items()
    ]
    assert "\n".join(lines) in PAGES["docs/architecture.md"]


def test_names_of_code() -> None:
    """The modules, folders, tests and classes in the page for developers exist."""
    page = PAGES["docs/architecture.md"]
    code = "".join(path.read_text() for path in INTEGRATION.rglob("*.py"))
    names = set(re.findall(r"(?:[\w.]+/)*\w+\.(?:py|json|txt)\b|(?:\w+/)+(?=[` ])", page))
    assert len(names) > 40
    for name in names:
        assert any((folder / name).exists() for folder in (ROOT, INTEGRATION, INTEGRATION / "connecting")), name
    for name in re.findall(r"[A-Z][a-z]+[A-Z]\w+(?=  )|\b[A-Z][a-z]+(?=\.\w+\(\))", page):
        assert f"class {name}" in code, name
    for name in re.findall(r"(\w+)\(\)", page):
        assert f"def {name}(" in code, name
