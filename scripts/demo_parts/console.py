"""The output of the demo and the benchmark while they work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


def echo(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print what begins, and how long it took."""
    started = asyncio.get_running_loop().time()
    print(f"{text} … ", end="", flush=True)  # noqa: T201
    try:
        yield
    except BaseException:
        echo()
        raise
    echo(f"done ({asyncio.get_running_loop().time() - started:.0f} s)")
