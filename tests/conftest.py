"""Fixtures of all tests: an instance with the integration, and a way to push to it as a camera does."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import cycle
import logging
from pathlib import Path
import threading
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from freezegun.api import FrozenDateTimeFactory
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import pytest_socket

from custom_components.axis_people_counter.const import DOMAIN, NAME
from custom_components.axis_people_counter.receiver import show_queue
from custom_components.axis_people_counter.statistics import series_writer
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.util import executor

from .helpers.pusher import TOKEN, Pusher
from .helpers.recorder_statistics import quiet
from .helpers.vapix import new_authority

# An example takes longer on a busy machine, which says nothing about the code.
settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")
# Their fixtures are shared by several test modules.
pytest_plugins = [
    "tests.helpers.opening",
    "tests.helpers.address_checks",
    "tests.helpers.pages",
    "tests.helpers.push_view",
    "tests.helpers.repairs",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests, so that none is left for one core at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _no_open_ledgers() -> Iterator[None]:
    """Fail a test that leaves a ledger's file open, where the system tells which files are open, or its thread."""
    before = set(open_ledgers())
    yield
    # A thread that was stopped may need a moment.
    for _ in range(100):
        if not (left_open := set(open_ledgers()) - before):
            return
        time.sleep(0.02)
    pytest.fail(f"Left open: {', '.join(sorted(left_open))}")


def open_ledgers() -> Iterator[str]:
    """Yield the open files of ledgers, and their threads."""
    for descriptor in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):
            target = str(descriptor.readlink())
            if "axis_people_counter.db" in target or target.endswith("ledger.db"):
                yield f"{descriptor.name}: {target}"
    yield from (thread.name for thread in threading.enumerate() if thread.name.startswith("axis_people_counter.db"))


@pytest.fixture(autouse=True, scope="session")
def _patient_executors() -> Iterator[None]:
    """Let threads of Home Assistant end on a busy machine: after a few milliseconds, it would interrupt them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(executor, "EXECUTOR_SHUTDOWN_TIMEOUT", 100)
        yield


@pytest.fixture(autouse=True)
def _both_loopback_addresses() -> None:
    """Allow IPv6's loopback address as well: "localhost" may be either."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"])


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest, _no_open_ledgers: None) -> None:
    """Let Home Assistant find the integration, if a test uses Home Assistant; the recorder must start before it."""
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Use the default settings of recorder, but don't log each SQL statement."""
    quiet()
    return {}


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Keep the check of asyncio's debug mode that can fail, without the mode.

    The mode formats the stack for every handle, task and future, which takes half the time of a test.
    """
    loop = asyncio.get_running_loop()
    thread = threading.get_ident()

    def checked[**P, R](schedule: Callable[P, R]) -> Callable[P, R]:
        def check(*args: P.args, **kwargs: P.kwargs) -> R:
            if threading.get_ident() != thread:
                raise RuntimeError("Only call_soon_threadsafe may be called from another thread.")
            return schedule(*args, **kwargs)

        return check

    for name in ("call_soon", "call_at"):
        setattr(loop, name, checked(getattr(loop, name)))


@pytest.fixture(autouse=True)
def _no_access_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable aiohttp's access log: it fails while a test has stopped the clock."""
    monkeypatch.setattr(logging.getLogger("aiohttp.access"), "disabled", True)


@pytest.fixture(autouse=True)
def _no_pauses_of_a_stopped_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses last for one turn of the event loop: by a stopped clock, no pause would end."""
    if "freezer" in request.fixturenames:
        monkeypatch.setattr(series_writer, "MAX_PAUSE", 0)
        # A test may move the clock while counts are shown, so that this seems to have taken minutes.
        monkeypatch.setattr(show_queue, "MAX_REST", 0)


@pytest.fixture(autouse=True, scope="session")
def _few_rsa_keys() -> Iterator[None]:
    """Return the same eight RSA keys again and again: making one takes longer than most tests, which need two."""
    generate = rsa.generate_private_key
    numbers = cycle(range(8))

    @cache
    def made(key_size: int, number: int) -> rsa.RSAPrivateKey:
        return generate(65537, key_size)

    def next_key(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        return made(key_size, next(numbers))

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(rsa, "generate_private_key", next_key)
        yield


@pytest.fixture(autouse=True, scope="session")
def _certificate_by_the_true_clock() -> None:
    """Make a certificate before a test stops the clock: cryptography keeps the class of its first date."""
    new_authority()


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Give every test its own configuration folder, and so its own ledger."""
    return str(tmp_path)


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    """Return the path of the ledger."""
    return tmp_path / "axis_people_counter.db"


@pytest.fixture
def noon(freezer: FrozenDateTimeFactory) -> FrozenDateTimeFactory:
    """Stop the clock on a Wednesday at noon in Stockholm."""
    freezer.move_to("2026-09-16T10:00:00Z")
    return freezer


@pytest.fixture
def all_entities_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable also the entities that are disabled at first."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture
def entry(hass: HomeAssistant, request: pytest.FixtureRequest) -> MockConfigEntry:
    """Return an entry as the config flow creates it, not yet set up."""
    if "noon" in request.fixturenames:
        # An entry that is loaded is loaded again when the clock is set back.
        request.getfixturevalue("noon")
    entry = MockConfigEntry(domain=DOMAIN, title=NAME, data={CONF_URL: "https://ha.example.com", CONF_TOKEN: TOKEN})
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def pusher(hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator) -> Pusher:
    """Set up the integration and return a client that pushes to it."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return Pusher(hass, await hass_client_no_auth())
