"""Fixtures for tests of the ledger: a ledger without Home Assistant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components.axis_people_counter.ledger import file as ledger_file
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import assert_sound, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the ledger."""
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger; assert that it isn't moved aside, and is sound in the end."""
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        yield ledger
    assert moved == []
    assert_sound(path)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only briefly for locks."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
