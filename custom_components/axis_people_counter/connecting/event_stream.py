"""A camera's event stream, which announces that its counting application has something new.

Source: developer.axis.com, "Event streaming over WebSocket"; the filter for a whole tree of topics is that of "Event
data streaming". The events of the counting applications aren't documented, so their contents aren't read, and nothing
depends on them: the camera is asked for its counts, with the stream only earlier. Used by live_polling.py.
"""

import asyncio
from collections.abc import Callable
import json
import logging
import re
from time import monotonic
from typing import Any, Final

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .camera_access import CameraAccess
from .camera_errors import CameraError
from .vapix import CameraWeb

_LOGGER = logging.getLogger(__name__)

_PATH: Final = "/vapix/ws-data-stream?sources=events"
_CONFIGURE: Final[dict[str, Any]] = {
    "apiVersion": "1.0",
    "method": "events:configure",
    "params": {"eventFilterList": [{"topicFilter": "tnsaxis:CameraApplicationPlatform//."}]},
}
# The names of both counting applications, as far as they were seen.
_TOPIC: Final = re.compile(
    r"(?:tns)?axis:CameraApplicationPlatform/.*(a3dpc|tvpc|people[ _-]?count|occupancy[ _-]?estimat)", re.IGNORECASE
)
# Topics with this name are for the pages of an application, many times a second (seen).
_INTERNAL: Final = "xinternal"
# Errors after which a stream is tried again with the same sign-in; all others are answers.
_TEMPORARY: Final = frozenset({"camera_timeout", "camera_unreachable"})
MAX_MESSAGE_BYTES: Final = 16 * 1024
# More messages than this in so many seconds are too many.
MAX_MESSAGES: Final = 500
WINDOW: Final = 10
# Seconds without a message until a camera is asked for a sign of life, and until it is given up then.
SILENCE: Final = 30
# Seconds until a stream that has ended is opened again; doubled each time, up to the second one.
FIRST_PAUSE: Final = 30
MAX_PAUSE: Final = 60 * 60


class EventStream:
    """The event stream of one camera, which is opened while there is access."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, access: CameraAccess, on_event: Callable[[], None]
    ) -> None:
        """Call `on_event` for each event of a counting application."""
        self.is_open = False
        self._hass = hass
        self._entry = entry
        self._access = access
        self._on_event = on_event
        self._task: asyncio.Task[None] | None = None
        self._pause: float = FIRST_PAUSE
        self._not_before = 0.0
        # The sign-in with which the camera has refused the stream.
        self._refused: CameraWeb | None = None

    @callback
    def async_keep_open(self) -> None:
        """Open the stream unless it is open, after the camera has answered otherwise."""
        web = self._access.web
        if self._task or web is None or web is self._refused or monotonic() < self._not_before:
            return
        self._task = self._entry.async_create_background_task(self._hass, self._async_run(web), "event stream")

    @callback
    def async_stop(self) -> None:
        """Close the stream."""
        if self._task:
            self._task.cancel()

    async def _async_run(self, web: CameraWeb) -> None:
        started = monotonic()
        try:
            await self._async_listen(web)
        except CameraError as err:
            # A camera locks out whoever tries again and again, and one without streams needn't be asked for one.
            if err.message.key not in _TEMPORARY:
                self._refused = web
            _LOGGER.debug("%s has no event stream: %s", self._access.serial, err.message.key)
        except (ClientError, OSError) as err:
            _LOGGER.debug("The event stream of %s broke: %s", self._access.serial, type(err).__name__)
        finally:
            self.is_open = False
            self._task = None
            ended = monotonic()
            if ended - started > MAX_PAUSE:
                self._pause = FIRST_PAUSE
            self._not_before = ended + self._pause
            self._pause = min(2 * self._pause, MAX_PAUSE)

    async def _async_listen(self, web: CameraWeb) -> None:
        socket, response = await web.open_websocket(_PATH, MAX_MESSAGE_BYTES)
        try:
            await socket.send_json(_CONFIGURE)
            self.is_open = True
            await self._async_read(socket)
        finally:
            # The answer to a polite end may be behind a hundred thousand messages, which would be read without a pause.
            response.close()
            await socket.close()

    async def _async_read(self, socket: ClientWebSocketResponse) -> None:
        """Read events until the stream ends, is silent even when asked for a sign of life, or has too many messages."""
        window, messages, is_pinged = monotonic(), 0, False
        while messages < MAX_MESSAGES:
            try:
                message = await socket.receive(timeout=SILENCE)
            except TimeoutError:
                if is_pinged:
                    return
                await socket.ping()
                is_pinged = True
                continue
            is_pinged = False
            if monotonic() - window > WINDOW:
                window, messages = monotonic(), 0
            messages += 1
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                if is_about_counts(message.data):
                    self._on_event()
            elif message.type is not WSMsgType.PONG:
                return


def is_about_counts(text: str) -> bool:
    """Return True if a message is an event of a counting application."""
    try:
        message = json.loads(text)
        topic = message["params"]["notification"]["topic"] if message["method"] == "events:notify" else None
    except ValueError, TypeError, LookupError, RecursionError:
        return False
    return isinstance(topic, str) and _TOPIC.match(topic) is not None and _INTERNAL not in topic.lower()
