"""The pages of the documentation, as text, and the examples in them."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.util.yaml import parse_yaml

ROOT: Final = Path(__file__).parents[2]
# By their paths in the repository.
PAGES: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
}
# YAML blocks with a name in a comment before them. A test sets each of them off.
EXAMPLES: Final[dict[str, str]] = dict(
    example
    for text in PAGES.values()
    for example in re.findall(r"<!-- example: (.+?) -->\n```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
)
# Labels on the pages of Home Assistant and HACS, by their way from one to the other. `scripts/e2e` looks them up.
HOME_ASSISTANT_LABELS: Final = {
    "Activity",
    "Add dashboard",
    "Add from link",
    "Change",
    "Community dashboards",
    "Counter",
    "Create",
    "Create helper",
    "Daily",
    "Custom repositories",
    "Delete",
    "Delete selected statistics",
    "Download",
    "Download diagnostics",
    "Edit in YAML",
    "Enabled",
    "Enter selection mode",
    "Expose",
    "HTTP server > Reverse proxy",
    "HTTP server > SSL/TLS",
    "Input sensor",
    "Install",
    "Integration",
    "Intermediate v6",
    "Max",
    "Mean",
    "Meter reset cycle",
    "Min",
    "Modern v6",
    "Number",
    "Perform action",
    "Reconfigure",
    "Remove",
    "SSL profile",
    "Schedule",
    "Settings",
    "Settings > Automations & scenes",
    "Settings > Dashboards",
    "Settings > Devices & services > AXIS People Counter",
    "Settings > Devices & services > Add integration",
    "Settings > Devices & services > Helpers",
    "Settings > Home Assistant Cloud",
    "Settings > Marketplace",
    "Settings > System > Network",
    "Settings > System > Repairs",
    "Settings > Tools > Actions",
    "Settings > Tools > Statistics",
    "Settings > Voice assistants",
    "Statistics graph",
    "System information",
    "Trust X-Forwarded-For",
    "Trusted proxies",
    "Uninstall",
    "Update",
    "Utility Meter",
}


def from_yaml(text: str) -> dict[str, Any]:
    """Return a YAML mapping."""
    config = parse_yaml(text)
    assert isinstance(config, dict)
    return config


def mappings_with(key: str, config: Any) -> Iterator[dict[str, Any]]:
    """Yield each mapping in a configuration that has a key, also those inside of others."""
    if isinstance(config, list):
        for item in config:
            yield from mappings_with(key, item)
    elif isinstance(config, dict):
        if key in config:
            yield config
        for item in config.values():
            yield from mappings_with(key, item)


def blocks(language: str) -> list[str]:
    """Return all blocks of code in a language."""
    pattern = rf"^ *```{language}\n(.*?)^ *```$"
    return [block for text in PAGES.values() for block in re.findall(pattern, text, re.MULTILINE | re.DOTALL)]


def without_code(text: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page that links can lead to."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> set[str]:
    """Return the targets of all links and pictures of a page."""
    defined = dict(re.findall(r"^\[([\w-]+)\]: (\S+)$", text, re.MULTILINE))
    assert set(re.findall(r"\]\[([\w-]+)\]", text)) == set(defined)
    return {*re.findall(r"\]\(([^)\s]+)\)", text), *defined.values()}
