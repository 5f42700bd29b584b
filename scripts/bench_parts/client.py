"""Posts prepared bodies over several connections, and prints the seconds it took.

Without a pause they are sent as fast as they are answered. The process does next to nothing else, so that the server is
what limits it.
"""

import argparse
from collections.abc import Iterator
import gc
import json
from pathlib import Path
import re
import selectors
import socket
import sys
from time import perf_counter, process_time, sleep

SILENCE_SECONDS = 120

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def request(path: str, token: str, body: bytes) -> bytes:
    """Return a complete request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_answer(connection: socket.socket) -> None:
    """Read one answer and require 200."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 ") or not (length := _LENGTH.search(head + b"\r\n")):
        sys.exit(f"The answer was {received.decode(errors='replace')}")
    missing = int(length[1]) - len(body)
    while missing > 0:
        missing -= len(_more(connection))


def _more(connection: socket.socket) -> bytes:
    """Return the next bytes of an answer."""
    if not (received := connection.recv(65536)):
        sys.exit("The connection was closed.")
    return received


def post(port: int, waiting: Iterator[bytes], connections: int, pause: float) -> None:
    """Post all requests; a connection sends its next one when it has an answer and has paused."""
    with selectors.DefaultSelector() as selector:
        for _, request in zip(range(connections), waiting, strict=False):
            connection = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(SILENCE_SECONDS)
            if not ready:
                sys.exit(f"No answer for {SILENCE_SECONDS} seconds.")
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                read_answer(key.fileobj)
                if (next_request := next(waiting, None)) is None:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                else:
                    sleep(pause)
                    key.fileobj.sendall(next_request)


def main() -> None:
    """Prepare the requests, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("token")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0, help="seconds between an answer and the next body")
    arguments = parser.parse_args()
    bodies = arguments.bodies.read_bytes().splitlines()
    prepared = [request(arguments.path, arguments.token, body) for body in bodies]
    gc.disable()
    begin, begin_cpu = perf_counter(), process_time()
    post(arguments.port, iter(prepared), arguments.connections, arguments.pause)
    print(json.dumps({"seconds": perf_counter() - begin, "busy": process_time() - begin_cpu}))  # noqa: T201


if __name__ == "__main__":
    main()
