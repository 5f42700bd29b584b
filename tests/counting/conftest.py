"""What the tests of counting share: no Home Assistant."""

import pytest


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Start no Home Assistant."""
