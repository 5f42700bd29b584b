"""Dashboards that build themselves: the integration builds them, and a small JavaScript module asks for them."""

from .module import async_setup_dashboards

__all__ = [
    "async_setup_dashboards",
]
