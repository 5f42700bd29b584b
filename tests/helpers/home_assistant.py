"""A real Home Assistant in a process of its own, on the loopback and without the internet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
import importlib.metadata
from itertools import islice
import json
import os
from pathlib import Path
import re
import secrets
import shutil
import signal
import socket
import sys
import time
from typing import Any, NamedTuple, Self

import aiohttp

DOMAIN = "axis_people_counter"
INTEGRATION = Path(__file__).parents[2] / "custom_components" / DOMAIN

# Tests need the first ones; a person who opens the demo in a browser needs all.
MINIMAL = ("api", "config", "onboarding", "websocket_api")
COMPLETE = (*MINIMAL, "frontend", "history", "logbook", "recorder", "system_health")

# Home Assistant's pages need the list of all actions, which imports voice assistants and cameras. Their packages are
# large or would have to be compiled, and nothing here uses them. These stand-ins replace them: module and class.
_STAND_INS = {
    "PyTurboJPEG": ("turbojpeg", "TurboJPEG"),
    "av": ("av", "VideoFrame"),
    "pymicro-vad": ("pymicro_vad", "MicroVad"),
    "pyspeex-noise": ("pyspeex_noise", "AudioProcessor"),
}

# Home Assistant sets up more components than configured. `minimal` prevents all of them; otherwise only platforms such
# as cameras are left out, and analytics, which connects to the internet. The process ends with its parent.
_LAUNCHER = f"""
import ctypes, sys, types
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
from homeassistant import bootstrap
from homeassistant.__main__ import main
if sys.argv.pop(1) == "minimal":
    bootstrap.DEFAULT_INTEGRATIONS.clear()
    bootstrap.CRITICAL_INTEGRATIONS.clear()
else:
    bootstrap.DEFAULT_INTEGRATIONS.difference_update(bootstrap.BASE_PLATFORMS, ["analytics"])
    for module, name in {[*_STAND_INS.values()]}:
        sys.modules[module] = types.ModuleType(module)
        setattr(sys.modules[module], name, object)
sys.exit(main())
"""

_START_SECONDS = 120
_STOP_SECONDS = 30
_REQUEST_SECONDS = 60


class Shown(NamedTuple):
    """The URL and token to enter in cameras, and the certificate to install there, if there is one."""

    url: str
    token: str
    ca_file: Path | None


class HomeAssistantError(Exception):
    """Home Assistant failed or answered with an error."""


def free_port(preferred: int = 0) -> int:
    """Return a free port of the loopback, the preferred one if possible, and another one each time.

    It is none of those that the system itself gives to servers and connections: they may take it before it is used.
    """
    for port in (*([preferred] if preferred else []), *islice(_ports, 100)):
        with socket.socket() as probe, suppress(OSError):
            # Recently closed connections don't block the port, as Home Assistant sets this too, but others may not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port == preferred))
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise HomeAssistantError("There is no free port.")


def _own_ports() -> Iterator[int]:
    """Yield the ports of this process again and again; no two processes that run tests side by side share any."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw10").removeprefix("gw"))
    first, number = 20_000 + 1000 * (worker % 11), os.getpid()
    while True:
        number += 1
        yield first + number % 1000


_ports = _own_ports()


def missing_requirements() -> list[str]:
    """Return the requirements of a complete Home Assistant that aren't installed."""
    from homeassistant import bootstrap, components

    folder = Path(next(iter(components.__path__)))
    waiting = {*COMPLETE, *bootstrap.DEFAULT_INTEGRATIONS, *bootstrap.BASE_PLATFORMS, "stream"}
    seen: set[str] = set()
    requirements: set[str] = set()
    while waiting:
        seen.add(component := waiting.pop())
        manifest = json.loads((folder / component / "manifest.json").read_text())
        requirements.update(manifest.get("requirements", ()))
        waiting.update(set(manifest.get("dependencies", ())) - seen)
    wanted = (requirement for requirement in requirements if requirement.partition("==")[0] not in _STAND_INS)
    return sorted(requirement for requirement in wanted if not _is_installed(requirement))


def _is_installed(requirement: str) -> bool:
    """Return True if a package is installed in the pinned version."""
    name, version = re.split(r"(?:\[.*\])?==", requirement, maxsplit=1)
    try:
        return importlib.metadata.version(name) == version
    except importlib.metadata.PackageNotFoundError:
        return False


async def install(requirements: list[str]) -> None:
    """Install packages into this environment; uv shows the progress."""
    environments = Path(sys.prefix).parent
    uv = environments / "tools" / "bin" / "uv"
    # uv leaves files in the folder for temporary files. This one is in the checkout.
    temporary = environments / "tmp"
    temporary.mkdir(exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        str(uv if uv.exists() else shutil.which("uv") or "uv"),
        *("pip", "install", "--system-certs", "--cache-dir", str(environments / "cache")),
        *("--python", sys.executable, *requirements),
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    try:
        if await asyncio.wait_for(process.wait(), 600):
            raise HomeAssistantError(f"These could not be installed: {', '.join(requirements)}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class HomeAssistant:
    """One configuration folder and, while started, the process that uses it.

    `async with` starts and kills the process. After `stop` or `kill`, it can start again on the same folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        minimal: bool = True,
        extra: tuple[str, ...] = (),
        port: int = 0,
        zone: str = "UTC",
        name: str = "Test",
        python: str = sys.executable,
        yaml: str = "",
        integrations: tuple[Path, ...] = (),
    ) -> None:
        """Write the configuration.

        `extra` names further components to set up, `integrations` are folders of further custom integrations, and
        `yaml` is appended to the configuration.
        """
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token: str | None = None
        self.username = "demo"
        self.password = secrets.token_hex(4)
        self._minimal = minimal
        self._python = python
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._configure((*(MINIMAL if minimal else COMPLETE), *extra), zone, name, yaml)
        self._link((INTEGRATION, *integrations))

    def _configure(self, components: tuple[str, ...], zone: str, name: str, yaml: str) -> None:
        """Write the files that Home Assistant reads at its first start."""
        storage = self.folder / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        home = {
            "name": name,
            "time_zone": zone,
            "internal_url": self.url,
            "latitude": 55.7191,
            "longitude": 13.2217,
            "elevation": 50,
            "unit_system": "metric",
            "currency": "EUR",
            "country": "SE",
        }
        lines = ["homeassistant:", *(f"  {key}: {json.dumps(value)}" for key, value in home.items())]
        lines += [f"{component}:" for component in components]
        (self.folder / "configuration.yaml").write_text("\n".join([*lines, yaml]) + "\n")
        # From YAML these settings would be temporary: Home Assistant reverts them after five minutes.
        server = {
            "server_host": ["127.0.0.1"],
            "server_port": self.port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": True,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        }
        self._store("http", 2, 2, {"stable": server, "pending": None, "yaml_migration_done": True})
        # This step of the onboarding would set up weather and other services on the internet.
        self._store("onboarding", 4, 1, {"done": ["core_config"]})

    def _link(self, integrations: tuple[Path, ...]) -> None:
        """Let Home Assistant find custom integrations."""
        links = self.folder / "custom_components"
        links.mkdir(exist_ok=True)
        for integration in integrations:
            if not (link := links / integration.name).is_symlink():
                link.symlink_to(integration)

    def _store(self, key: str, version: int, minor_version: int, data: dict[str, Any]) -> None:
        """Write one of Home Assistant's own files, unless it exists already."""
        if not (file := self.folder / ".storage" / key).exists():
            content = {"version": version, "minor_version": minor_version, "key": key, "data": data}
            file.write_text(json.dumps(content))

    # The process

    @property
    def log_file(self) -> Path:
        """The file with the log of all starts."""
        return self.folder / "output.log"

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process, None while it runs."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start the process and wait until Home Assistant answers, or has started if there is a user already."""
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(self._python, "-c", _LAUNCHER, "minimal" if self._minimal else "complete"),
                *("-c", str(self.folder), "--skip-pip", "--log-no-color"),
                cwd=self.folder,
                # The log is read from the process's output: a log file would be rolled over, and so replaced.
                # Home Assistant starts ten seconds sooner if it may store compiled modules.
                env={**os.environ, "HA_DISABLE_LOG_FILE": "1", "PYTHONDONTWRITEBYTECODE": ""},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            await self._wait(self._has_started, _START_SECONDS, "Home Assistant didn't start")
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Let Home Assistant shut down; kill it after a time limit."""
        if self._process and self._process.returncode is None:
            try:
                self._process.send_signal(signal.SIGTERM)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
            finally:
                await self.kill()

    async def kill(self) -> None:
        """Kill the process and its children at once."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and leave nothing behind."""
        try:
            await self.stop()
        finally:
            if self._session:
                await self._session.close()

    def log(self) -> str:
        """Return what Home Assistant has logged."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    async def _has_started(self) -> bool:
        """Return True if Home Assistant answers; with a user, only once it is running."""
        if self.exit_code is not None:
            end = "\n".join(self.log().splitlines()[-20:])
            raise HomeAssistantError(f"Home Assistant ended with {self.exit_code}.\n{end}")
        try:
            if self.token is None:
                return bool(await self.request("GET", "/api/onboarding"))
            return bool((await self.request("GET", "/api/config"))["state"] == "RUNNING")
        except HomeAssistantError:
            return False

    async def _wait(self, condition: Callable[[], Awaitable[bool]], seconds: float, failure: str) -> None:
        """Poll a condition until it is true; raise after a time limit."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if await condition():
                return
            await asyncio.sleep(0.1)
        raise HomeAssistantError(f"{failure} within {seconds} seconds.")

    # HTTP

    async def request(self, method: str, path: str, data: Any = None) -> Any:
        """Send a request to the REST API and return the decoded answer."""
        text = await self._text(method, path, data, self._headers())
        return json.loads(text) if text else None

    async def page(self, path: str) -> str:
        """Return a page as it is shown to somebody who hasn't signed in."""
        return await self._text("GET", path, None, {})

    async def _text(self, method: str, path: str, data: Any, headers: Mapping[str, str]) -> str:
        try:
            async with self._http().request(method, self.url + path, json=data, headers=headers) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise HomeAssistantError(f"{method} {path}: {error!r}") from error
        if response.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            raise HomeAssistantError(f"{method} {path}: {response.status} {text}")
        return text

    async def command(self, kind: str, /, **fields: Any) -> Any:
        """Send one command to the websocket API and return its result."""
        try:
            async with (
                asyncio.timeout(_REQUEST_SECONDS),
                self._http().ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as connection,
            ):
                await connection.receive_json()
                await connection.send_json({"type": "auth", "access_token": self.token})
                greeting = await connection.receive_json()
                await connection.send_json({"id": 1, "type": kind, **fields})
                answer = await connection.receive_json()
        # aiohttp reports a connection that ends during a wait as a message of the wrong type.
        except (aiohttp.ClientError, TimeoutError, TypeError) as error:
            raise HomeAssistantError(f"{kind}: {error!r}") from error
        if greeting["type"] != "auth_ok" or not answer["success"]:
            raise HomeAssistantError(f"{kind}: {greeting} {answer}")
        return answer["result"]

    def _http(self) -> aiohttp.ClientSession:
        """Return the session of the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS))
        return self._session

    def _headers(self) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    # What a user does

    async def onboard(self) -> None:
        """Create the first user, finish the onboarding, and wait until Home Assistant has started."""
        client = f"{self.url}/"
        user = {"name": "Demo", "username": self.username, "password": self.password, "language": "en"}
        code = (await self.request("POST", "/api/onboarding/users", {**user, "client_id": client}))["auth_code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": client}
        async with self._http().post(f"{self.url}/auth/token", data=form) as response:
            self.token = (await response.json())["access_token"]
        # The first token expires after half an hour.
        label = "Simulated cameras"
        token = await self.command("auth/long_lived_access_token", client_name=label, lifespan=30)
        await self.request("POST", "/api/onboarding/integration", {"client_id": client, "redirect_uri": client})
        await self.request("POST", "/api/onboarding/analytics")
        self.token = token
        await self._wait(self._has_started, _START_SECONDS, "Home Assistant didn't start")
        await self._saved("auth", label)

    async def _saved(self, key: str, text: str) -> None:
        """Wait until one of Home Assistant's own files contains a text, so that a kill doesn't undo it."""
        file = self.folder / ".storage" / key

        async def is_saved() -> bool:
            return file.exists() and text in file.read_text()

        await self._wait(is_saved, 30, f"Home Assistant didn't save {key}")

    async def start_flow(self, handler: str = DOMAIN) -> dict[str, Any]:
        """Start the config flow of an integration and return the first step."""
        return dict(await self.request("POST", "/api/config/config_entries/flow", {"handler": handler}))

    async def submit(self, flow: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        """Submit the form of a step and return the next step."""
        step = dict(await self.request("POST", f"/api/config/config_entries/flow/{flow['flow_id']}", fields))
        if step["type"] == "create_entry":
            await self._saved("core.config_entries", step["result"]["entry_id"])
        return step

    @asynccontextmanager
    async def connecting(self, *, direct: bool = False) -> AsyncIterator[Shown]:
        """Set up the integration; inside the block, the dialog shows the URL and token for cameras.

        With `direct`, cameras push to a port of their own over HTTPS.
        """
        port = {"host": "127.0.0.1", "port": free_port(), "own_files": {}}
        way = "by_hand" if direct else "home_assistant"
        flow = await self.submit(await self.start_flow(), {**port, "way": way})
        # The loopback has no certificate, which Home Assistant accepts once it has warned.
        while flow.get("step_id") == "home_assistant" and flow.get("errors") in (None, {}, {"base": "not_https"}):
            flow = await self.submit(flow, {"url": self.url, "way": "by_hand"})
        if flow.get("step_id") not in ("by_hand", "by_hand_direct"):
            raise HomeAssistantError(f"The set-up didn't show what to enter in the cameras: {flow}")
        shown = flow["description_placeholders"]
        ca_file = await self._download(shown["authority_url"]) if direct else None
        yield Shown(shown["url"], shown["token"], ca_file)
        flow = await self.submit(flow, {"next": "finish"})
        if flow["type"] != "create_entry":
            raise HomeAssistantError(f"The set-up didn't finish: {flow}")

    async def _download(self, path: str) -> Path:
        """Store the certificate that a user installs in cameras."""
        async with self._http().get(self.url + path) as response:
            text = await response.text()
        if response.status != HTTPStatus.OK:
            raise HomeAssistantError(f"The certificate can't be downloaded: {response.status} {text}")
        file = self.folder / "ca.pem"
        file.write_text(text)
        return file

    async def add_subentry(self, kind: str, *forms: dict[str, Any]) -> str:
        """Add a subentry through its forms and return its id."""
        (entry,) = await self.command("config_entries/get", domain=DOMAIN)
        known = await self._subentries(entry["entry_id"])
        flows = "/api/config/config_entries/subentries/flow"
        flow = await self.request("POST", flows, {"handler": [entry["entry_id"], kind]})
        for fields in forms:
            if flow["type"] == "form":
                flow = await self.request("POST", f"{flows}/{flow['flow_id']}", fields)
        if flow["type"] != "create_entry":
            raise HomeAssistantError(f"The {kind} wasn't added: {flow}")
        (added,) = await self._subentries(entry["entry_id"]) - known
        await self._saved("core.config_entries", added)
        return added

    async def _subentries(self, entry_id: str) -> set[str]:
        """Return the ids of all subentries of an entry."""
        found = await self.command("config_entries/subentries/list", entry_id=entry_id)
        return {subentry["subentry_id"] for subentry in found}

    async def call(self, domain: str, service: str, **data: Any) -> Any:
        """Call an action."""
        return await self.request("POST", f"/api/services/{domain}/{service}", data)

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return the states of the integration's entities by unique id."""
        states = {state["entity_id"]: state for state in await self.request("GET", "/api/states")}
        return {
            entity["unique_id"]: states[entity["entity_id"]]
            for entity in await self.command("config/entity_registry/list")
            if entity["platform"] == DOMAIN and entity["entity_id"] in states
        }
