"""A camera's web server in tests: paths, answers, and servers that aren't cameras."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
import json
from pathlib import Path
import socket
import ssl
import traceback
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.axis_people_counter.connecting.camera_errors import CameraError
from custom_components.axis_people_counter.connecting.vapix import CameraIdentity, Connection

from ..simulator import Camera, Device, Visits
from ..simulator.device import PASSWORD

DEVICE = CameraIdentity("accc8ef3d92e", "AXIS P8815-2 3D People Counter", "11.11.148")

INFO = "/axis-cgi/basicdeviceinfo.cgi"

PARAMETERS = "/axis-cgi/param.cgi"

AUTHORITIES = "/config/rest/cert/v1/ca_certificates"

SETTINGS = "/a3dpc/api/settings"


class FakeResolver(AbstractResolver):
    """Resolves some names to ports of the loopback, and records what it was asked."""

    def __init__(self, ports: dict[tuple[str, int], int]) -> None:
        self.ports = ports
        self.asked: list[tuple[str, int]] = []

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        self.asked.append((host, port))
        if (host, port) not in self.ports:
            raise OSError("Nobody has this name.")
        found = ResolveResult(
            hostname=host, host="127.0.0.1", port=self.ports[host, port], family=socket.AF_INET, proto=0, flags=0
        )
        return [found]

    async def close(self) -> None:
        """Have nothing to close."""


def new_authority() -> tuple[str, x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return the certificate of a new authority in PEM format, the certificate, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = certificate_builder("Shop CA", "Shop CA", key, ca=True).sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), certificate, key


def certificate_builder(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.CertificateBuilder:
    """Return a certificate without a signature."""
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


async def failure(asking: Awaitable[object]) -> CameraError:
    """Return the CameraError that is raised; assert that it doesn't contain the password."""
    with pytest.raises(CameraError) as caught:
        await asking
    error = caught.value
    assert PASSWORD not in "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert PASSWORD not in f"{error!r} {error} {error.message.placeholders}"
    # A log would show aiohttp's own exception if it were the cause or the context.
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None or isinstance(error.__context__, CameraError)
    return error


@asynccontextmanager
async def raw_server(answer: bytes, *, endless: bytes = b"", hang: bool = False) -> AsyncIterator[str]:
    """Answer every request with these bytes, then close, go on for ever, or wait."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(65536)
            writer.write(answer)
            while endless:
                writer.write(endless)
                await writer.drain()
            await writer.drain()
            if hang:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


def accepted(device: Device) -> Connection | None:
    """Return how a camera is reached whose certificate a person has accepted, None over plain HTTP."""
    if not device.https:
        return None
    return Connection("https", sha256(ssl.PEM_cert_to_DER_cert(device.certificate)).hexdigest())


def device_info(**properties: Any) -> bytes:
    """Return the body of an answer about the device."""
    known = {"SerialNumber": "ACCC8EF3D92E", "ProdFullName": "AXIS P8815-2", "Version": "11.11.148"}
    return json.dumps({"apiVersion": "1.3", "data": {"propertyList": known | properties}}).encode()


def pushing_camera(url: str, ca_file: Path | None = None) -> Camera:
    """Return a camera that pushes to a URL."""
    zone = ZoneInfo("Europe/Stockholm")
    return Camera(
        Visits("shop", zone),
        url,
        "secret",
        serial="accc8ef3d92e",
        name="Main entrance",
        installed=datetime.now(UTC),
        ca_file=ca_file,
    )
