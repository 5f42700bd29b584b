"""Registers what asks for reports: the action, and the address of links. Called by __init__ of the integration."""

from homeassistant.core import HomeAssistant, callback

from .action import async_setup_action
from .view import ReportView


@callback
def async_setup_reports(hass: HomeAssistant) -> None:
    """Register the action and the view; they stay registered while Home Assistant runs."""
    hass.http.register_view(ReportView())
    async_setup_action(hass)
