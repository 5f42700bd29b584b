"""Finds active repair issues by what they are about. Their ids name no camera."""

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir


def active_issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the active issues by `<kind>_<about>`, or by kind alone."""
    found = {}
    for (domain, _), issue in ir.async_get(hass).issues.items():
        if domain == DOMAIN and issue.active:
            data = issue.data or {}
            found[f"{issue.translation_key}_{data['about']}" if data["about"] else str(data["key"])] = issue
    return found
