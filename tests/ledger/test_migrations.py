"""A ledger of an earlier release becomes one of this version, as a whole or not at all, and answers as before."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
import re
from typing import Final

import pytest

from custom_components.axis_people_counter.ledger import schema

from ..helpers.bare_ledger import as_after_a_power_cut, assert_sound, opened, query, stored_as_sent
from ..helpers.ledger_questions import KEYS, assert_same, deliver
from ..helpers.released_ledgers import HISTORY, QUESTION, RELEASED, dump, install, tell

# By their first bytes: what each migration does may never change, only how it is explained.
DIGESTS: Final = ("ba2b1d56abd4", "d3d1b8f131c9", "4ce28ea305ff")


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def released(request: pytest.FixtureRequest, path: Path) -> Path:
    """Return the ledger of a release."""
    install(request.param, path)
    return path


def version(path: Path) -> int:
    """Return the schema version of a file."""
    ((number,),) = query(path, "PRAGMA user_version")
    return int(number)


def test_migrations_never_change() -> None:
    """Each migration is as it was when it was released."""
    plain = (re.sub(r"\s+", " ", re.sub(r"--.*", "", sql)) for sql in schema.MIGRATIONS)
    assert tuple(sha256(sql.encode()).hexdigest()[:12] for sql in plain) == DIGESTS


def test_answers_of_a_released_ledger(released: Path, tmp_path: Path) -> None:
    """It answers as a ledger that this version made of the same pushes, also after all of them come again."""
    new = tmp_path / "new.db"
    tell(new)
    with opened(released) as one, opened(new) as other:
        assert_same(one, other, [QUESTION])
        for delivery in HISTORY:
            assert deliver(one, delivery) == deliver(other, delivery)
        assert_same(one, other, [QUESTION])
    assert_sound(released)
    for key in KEYS:
        assert stored_as_sent(released, key) == stored_as_sent(new, key)
    assert version(released) == version(new)


def test_power_cut_during_the_migration(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut before any statement, the ledger is as it was; the next start migrates it."""
    before, found = dump(released), version(released)
    copies: list[Path] = []
    statements = schema._statements  # noqa: SLF001

    def copied(script: str) -> Iterator[str]:
        for statement in statements(script):
            copies.append(as_after_a_power_cut(released, tmp_path / str(len(copies))))
            yield statement

    with monkeypatch.context() as cut:
        cut.setattr(schema, "_statements", copied)
        with opened(released) as ledger:
            ledger.cameras().result()
    assert version(released) == len(schema.MIGRATIONS)
    assert len(copies) > 5
    for copy in copies:
        assert (dump(copy), version(copy)) == (before, found)
        with opened(copy) as ledger:
            ledger.cameras().result()
        assert dump(copy) == dump(released)
