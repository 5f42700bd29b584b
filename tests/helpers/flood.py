"""A stranger in a process of its own, who does something to a port of the loopback as fast as it can, for a while.

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

# As many as one process may have open without being noticed by its own system.
OPEN = 300
RESET = struct.pack("ii", 1, 0)
EXPECT = b"POST /api/axis_people_counter/push HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 0\r\n\r\n"


def context() -> ssl.SSLContext:
    """Return a context that trusts everybody."""
    found = ssl.create_default_context()
    found.check_hostname = False
    found.verify_mode = ssl.CERT_NONE
    return found


def client_hello() -> bytes:
    """Return how a handshake begins."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context().wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


def flood(kind: str, address: str, port: int, source: str, seconds: float) -> int:
    """Return how often it was done."""
    hello = client_hello()
    opened: deque[socket.socket] = deque(maxlen=OPEN)
    until = time.monotonic() + seconds
    count = 0
    while time.monotonic() < until:
        one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        with suppress(OSError):
            one.settimeout(2)
            # Nothing is left of it that would keep a port from others.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            one.bind((source, 0))
            if kind == "connect":
                one.setblocking(False)
                opened.append(one)
                with suppress(BlockingIOError):
                    one.connect((address, port))
            elif kind == "hello":
                # It is answered with a signature, which nobody waits for.
                one.connect((address, port))
                one.sendall(hello)
                one.recv(1)
                one.close()
            else:
                one.connect((address, port))
                with context().wrap_socket(one) as secure:
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
