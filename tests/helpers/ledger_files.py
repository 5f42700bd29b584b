"""Deletes the ledger's files, or copies them back, as a user does; damages them, as a disk does."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from .bare_ledger import query

LEDGER: Final = "axis_people_counter.db"


def delete_ledger(folder: Path) -> None:
    """Delete the ledger."""
    for file in folder.glob(f"{LEDGER}*"):
        file.unlink()


def copy_ledger(folder: Path) -> Callable[[], None]:
    """Copy the ledger as it is, and return what puts that copy back."""
    content = {file.name: file.read_bytes() for file in folder.glob(f"{LEDGER}*") if not file.name.endswith("-shm")}

    def put_back() -> None:
        delete_ledger(folder)
        for name, data in content.items():
            (folder / name).write_bytes(data)

    return put_back


def damage_packed_days(path: Path, position: int = -1, *, camera: int = 1) -> None:
    """Flip a bit in each packed day of a camera, by default of the first one."""
    for day, content in query(path, "SELECT day, content FROM packed_days WHERE camera = ?", camera):
        changed = bytearray(content)
        changed[position] ^= 1
        sql = "UPDATE packed_days SET content = ? WHERE camera = ? AND day = ?"
        query(path, sql, bytes(changed), camera, day)
