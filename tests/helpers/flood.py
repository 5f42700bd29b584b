"""Flood a port with connections or requests from a process of its own.

python -m tests.helpers.flood connect|hello|handshake|expect ADDRESS PORT SOURCE SECONDS
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
import socket
import ssl
import struct
import sys
import time

# Below the limit of open files of a process.
OPEN = 300
RESET = struct.pack("ii", 1, 0)
EXPECT = b"POST /api/axis_people_counter/push HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 0\r\n\r\n"


def context() -> ssl.SSLContext:
    """Return a context that verifies nothing."""
    found = ssl.create_default_context()
    found.check_hostname = False
    found.verify_mode = ssl.CERT_NONE
    return found


def client_hello() -> bytes:
    """Return the first message of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context().wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


def flood(kind: str, address: str, port: int, source: str, seconds: float) -> int:
    """Flood for some seconds, and return the number of connections or answers."""
    hello = client_hello()
    opened: deque[socket.socket] = deque(maxlen=OPEN)
    until = time.monotonic() + seconds
    count = 0
    while time.monotonic() < until:
        client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        with suppress(OSError):
            client.settimeout(2)
            # A reset leaves no port in TIME_WAIT.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.bind((source, 0))
            if kind == "connect":
                client.setblocking(False)
                opened.append(client)
                with suppress(BlockingIOError):
                    client.connect((address, port))
            elif kind == "hello":
                # The server computes a signature for its answer.
                client.connect((address, port))
                client.sendall(hello)
                client.recv(1)
                client.close()
            else:
                client.connect((address, port))
                with context().wrap_socket(client) as secure:
                    while kind == "expect" and time.monotonic() < until:
                        secure.sendall(EXPECT * 100)
                        if not (answer := secure.recv(1 << 20)):
                            break
                        count += answer.count(b"HTTP/1.1 ")
        count += kind != "expect"
    return count


if __name__ == "__main__":
    what, where, number, origin, how_long = sys.argv[1:]
    print(flood(what, where, int(number), origin, float(how_long)), flush=True)  # noqa: T201
