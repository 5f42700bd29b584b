"""What the tests of the ledger share: a ledger without Home Assistant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components.axis_people_counter.ledger import file as ledger_file
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.ledgers import assert_sound, opened


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Leave Home Assistant out: the ledger doesn't know it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the ledger of this test is."""
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger that must not be taken for a damaged one, and see that it is sound in the end."""
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        yield ledger
    assert moved == []
    assert_sound(path)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks only for a moment."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
