"""Certificates, HTTPS servers and reverse proxies on the loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
import socket
import ssl
from typing import Any

from aiohttp import ClientError, ClientSession, DummyCookieJar, hdrs, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
import pytest
from yarl import URL

from .pusher import Pusher

HERE = "127.0.0.1"
NAME = "ha.example.com"
DAY = timedelta(days=1)

type Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


def issue(
    subject: str,
    issuer: Pair | None = None,
    *names: str,
    begins: timedelta = -DAY,
    ends: timedelta = 90 * DAY,
    extension: x509.ExtensionType | None = None,
) -> Pair:
    """Make a certificate: of a server if there are names, else of an authority; self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    signer = issuer.key if issuer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=bool(names),
                key_cert_sign=not names,
                crl_sign=not names,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if names:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if found := [
        x509.IPAddress(ip_address(host)) if host[-1].isdigit() else x509.DNSName(host) for host in names if host
    ]:
        builder = builder.add_extension(x509.SubjectAlternativeName(found), critical=False)
    if extension:
        builder = builder.add_extension(extension, critical=False)
    return Pair(builder.sign(signer, hashes.SHA256()), key)


@dataclass
class Certificates:
    """The authority and the files of a test."""

    folder: Path
    root: Pair

    def context(self, *chain: Pair | str, key: Pair | None = None) -> ssl.SSLContext:
        """Return the context of a server with these certificates, its own first."""
        path = self.folder / "server.pem"
        first = key or chain[0]
        assert isinstance(first, Pair)
        path.write_text(first.key_pem + "".join(part.pem if isinstance(part, Pair) else part for part in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def good(self) -> ssl.SSLContext:
        """Return the context of a server with a valid certificate."""
        return self.context(issue("server", self.root, NAME))

    def trust(self, *roots: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make these authorities the only public ones."""
        path = self.folder / "roots.pem"
        path.write_text("".join(root.pem for root in roots))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


@dataclass
class Proxy:
    """A reverse proxy with its settings."""

    backend: URL
    limit: int | None = None
    # Reads a whole request before it forwards it.
    buffers: bool = False
    drops: tuple[str, ...] = ()
    adds: dict[str, str] = field(default_factory=dict)
    # Replaces the status of each answer.
    status: int | None = None
    requests: list[web.BaseRequest] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Forward a request."""
        self.requests.append(request)
        if self.limit is not None and (request.content_length or 0) > self.limit:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="<html>too large</html>")
        headers = request.headers.copy()
        for name in self.drops:
            headers.popall(name, None)
        headers.update(self.adds)
        try:
            data = b"".join([chunk async for chunk in request.content.iter_any()]) if self.buffers else request.content
            async with (
                ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False) as session,
                session.request(
                    request.method, self.backend.with_path(request.path), data=data, headers=headers
                ) as response,
            ):
                return web.Response(
                    status=self.status or response.status,
                    body=await response.read(),
                    headers={hdrs.CONTENT_TYPE: response.headers[hdrs.CONTENT_TYPE], hdrs.SET_COOKIE: "stranger=1"},
                )
        except ClientError, ConnectionError, web.RequestPayloadError:
            return web.Response(status=HTTPStatus.BAD_GATEWAY)


@asynccontextmanager
async def accepting(
    protocol: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Accept connections, ignoring their errors, and yield the port."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    async def shake_hands(client: socket.socket) -> None:
        with suppress(OSError):
            await loop.connect_accepted_socket(protocol, client, ssl=context)

    async def accept() -> None:
        while True:
            client, _ = await loop.sock_accept(server)
            tasks.append(loop.create_task(shake_hands(client)))

    with socket.create_server((HERE, 0)) as server:
        server.setblocking(False)
        tasks.append(loop.create_task(accept()))
        try:
            yield server.getsockname()[1]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def serving(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], context: ssl.SSLContext | None = None
) -> AsyncIterator[URL]:
    """Serve HTTP and yield the URL."""
    server = web.Server(handler, lingering_time=0.1)
    async with accepting(server, context) as port:
        yield URL.build(scheme="https" if context else "http", host=NAME, port=port)
    await server.shutdown(0.5)
    # The shutdown doesn't wait for the tasks it cancels.
    await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(client: Client, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Call a function with each connection, then close it; yield the port."""
    tasks: list[asyncio.Task[Any]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.append(task)
        with suppress(OSError, asyncio.CancelledError):
            await client(reader, writer)
        writer.transport.abort()

    async with accepting(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), connected), context) as port:
        yield port
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def proxied(pusher: Pusher, context: ssl.SSLContext | None, **settings: Any) -> AsyncIterator[tuple[URL, Proxy]]:
    """Put a proxy in front of Home Assistant, and yield its URL."""
    proxy = Proxy(URL.build(scheme="http", host=HERE, port=pusher.client.port), **settings)
    async with serving(proxy.handle, context) as url:
        yield url, proxy


async def closing_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close a connection."""


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Read without answering."""
    await reader.read(-1)


async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet as SSH does."""
    writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
    await reader.read(-1)


def at(port: int, scheme: str = "https", host: str = NAME) -> str:
    """Return the address of a port."""
    return f"{scheme}://{host}:{port}"
