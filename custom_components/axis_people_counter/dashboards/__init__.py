"""Dashboards that build themselves: the integration builds them, and a small JavaScript module asks for them."""

from .early_pages import async_add_loader, async_remove_loader
from .module import async_setup_dashboards

__all__ = [
    "async_add_loader",
    "async_remove_loader",
    "async_setup_dashboards",
]
