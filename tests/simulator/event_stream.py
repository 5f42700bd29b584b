"""The events that a camera sends over WebSocket, as documented by Axis, and everything that can be wrong with them.

Source: developer.axis.com, "Event streaming over WebSocket". The topic of counting events is only an example.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
import json
from typing import Any

from aiohttp import WSMsgType, web

PATH = "/vapix/ws-data-stream"
COUNTED = "tnsaxis:CameraApplicationPlatform/a3dpc/A3DPCCountingEvent"
# The end of a filter for all topics below one.
SUBTREE = "//."


class EventStream:
    """All open streams of one camera. All attributes can change at any time."""

    def __init__(self) -> None:
        """Start without streams."""
        # How many streams were opened.
        self.opened = 0
        # How many pings were answered.
        self.pongs = 0
        # Messages after the filters were accepted, written as they are.
        self.texts: list[str | bytes] = []
        # The first message comes again and again.
        self.is_endless = False
        # The stream ends after these messages.
        self.ends = False
        # Pings get no answer.
        self.is_dead = False
        # The filters are refused.
        self.refuses_filters = False
        # The filters of each open stream; without any, nothing passes.
        self.filters: dict[web.WebSocketResponse, list[str]] = {}
        self._transports: list[asyncio.Transport] = []

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Open a stream, and keep it until the client closes it."""
        stream = web.WebSocketResponse(autoping=False)
        await stream.prepare(request)
        assert request.transport
        self._transports.append(request.transport)
        self.opened += 1
        self.filters[stream] = []
        try:
            with suppress(ConnectionError):
                async for message in stream:
                    if message.type is WSMsgType.TEXT:
                        await self._configure(stream, message.data)
                        await self._send_texts(stream)
                    elif message.type is WSMsgType.PING and not self.is_dead:
                        await stream.pong(message.data)
                    self.pongs += message.type is WSMsgType.PONG
                    if self.ends:
                        break
        finally:
            self.filters.pop(stream, None)
            await stream.close()
        return stream

    async def announce(self, topic: str = COUNTED, **data: Any) -> None:
        """Send an event to the streams whose filters it passes."""
        notification = {
            "topic": topic,
            "timestamp": int(datetime.now(UTC).timestamp() * 1000),
            "message": {"source": {}, "key": {}, "data": data},
        }
        for stream, filters in list(self.filters.items()):
            if any(_passes(topic, wanted) for wanted in filters):
                await stream.send_json(_message("events:notify", params={"notification": notification}))

    async def flood(self) -> None:
        """Send as many empty pings as are received at once."""
        for transport in self._transports:
            transport.write(b"\x89\x00" * 130_000)

    async def crash(self) -> None:
        """Send pings, and reset the connections before they are answered."""
        for transport in self._transports:
            transport.write(b"\x89\x00" * 1000)
            transport.abort()

    async def drop(self) -> None:
        """Close all streams."""
        for stream in list(self.filters):
            await stream.close()

    async def _configure(self, stream: web.WebSocketResponse, text: str) -> None:
        """Set the filters of a stream, each with a topic."""
        if self.refuses_filters:
            error = {"code": 1000, "message": "Invalid topic filter"}
            await stream.send_json(_message("events:configure", error=error))
            return
        asked = json.loads(text)
        self.filters[stream] = [item["topicFilter"] for item in asked["params"]["eventFilterList"]]
        await stream.send_json(_message("events:configure", data={}))

    async def _send_texts(self, stream: web.WebSocketResponse) -> None:
        for text in self.texts:
            while True:
                if isinstance(text, str):
                    await stream.send_str(text)
                else:
                    await stream.send_bytes(text)
                if not self.is_endless:
                    break
                await asyncio.sleep(0)


def _message(method: str, **members: Any) -> dict[str, Any]:
    return {"apiVersion": "1.0", "method": method, **members}


def _passes(topic: str, wanted: str) -> bool:
    below = wanted.removesuffix(SUBTREE)
    return topic == wanted or (wanted.endswith(SUBTREE) and f"{topic}/".startswith(f"{below}/"))
