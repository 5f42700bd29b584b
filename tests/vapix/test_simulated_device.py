"""The simulated web server is as strict as a camera's."""

from hashlib import md5
import json

import aiohttp
import pytest

from ..helpers.vapix import AUTHORITIES, INFO, PARAMETERS, SETTINGS
from ..simulator import Device
from ..simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_simulated_digest(session: aiohttp.ClientSession, device: Device) -> None:
    """Reject a repeated nonce count and any changed parameter of a digest."""

    def hashed(*parts: str) -> str:
        return md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    async def status(**changed: str) -> int:
        async with session.get(f"{device.url}{PARAMETERS}?action=list&group=Brand") as response:
            challenge = response.headers["WWW-Authenticate"]
        said = dict(part.split("=", 1) for part in challenge.removeprefix("Digest ").split(", "))
        nonce = said["nonce"].strip('"')
        realm = said["realm"].strip('"')
        uri = f"{PARAMETERS}?action=list&group=Brand"
        digest = hashed(hashed("root", realm, PASSWORD), nonce, "00000001", "x", "auth", hashed("GET", uri))
        parts = {
            "username": '"root"',
            "realm": f'"{realm}"',
            "nonce": f'"{nonce}"',
            "uri": f'"{uri}"',
            "opaque": said["opaque"],
            "algorithm": "MD5",
            "qop": "auth",
            "nc": "00000001",
            "cnonce": '"x"',
            "response": f'"{digest}"',
        } | changed
        header = "Digest " + ", ".join(f"{name}={value}" for name, value in parts.items())
        statuses = []
        for _ in range(2):
            async with session.get(f"{device.url}{uri}", headers={"Authorization": header}) as response:
                statuses.append(response.status)
        assert statuses[1] == 401
        return statuses[0]

    assert await status() == 200
    for name, value in {
        "username": '"admin"',
        "realm": '"x"',
        "uri": '"/"',
        "opaque": '"x"',
        "algorithm": "SHA-256",
        "qop": "auth-int",
        "nc": "1",
        "cnonce": '""',
        "response": '""',
    }.items():
        assert await status(**{name: value}) == 401


async def test_simulated_refusals(session: aiohttp.ClientSession, pem: str) -> None:
    """Reject requests that a camera would reject."""
    async with Device(authentication=()) as device:

        async def asked(method: str, path: str, body: object = None) -> tuple[int, str]:
            async with session.request(method, device.url + path, data=json.dumps(body)) as response:
                return response.status, await response.text()

        wrong: list[object] = [
            None,
            [],
            {"alias": "x"},
            {"alias": "", "certificate": pem},
            {"alias": "x" * 129, "certificate": pem},
            {"alias": "x", "certificate": "text"},
        ]
        for data in wrong:
            status, text = await asked("POST", AUTHORITIES, {"data": data})
            assert status == 400
            assert '"status": "error"' in text
        assert (await asked("POST", AUTHORITIES, {"data": {"alias": "x", "certificate": pem}}))[0] == 201
        assert (await asked("POST", AUTHORITIES, {"data": {"alias": "x", "certificate": pem}}))[0] == 400
        assert (await asked("DELETE", AUTHORITIES))[0] == 405
        for body in (None, {}, {"push_protocol_version": 4}, {"push_protocol_version": "0.4"}):
            assert (await asked("PATCH", SETTINGS, body))[0] == 400
        for method, body in (("GET", None), ("POST", None), ("POST", {"method": "x"})):
            assert '"error"' in (await asked(method, INFO, body))[1]
        assert "must be specified" in (await asked("GET", PARAMETERS))[1]
        assert (await asked("GET", f"{PARAMETERS}?action=list&group=root.Brand"))[
            1
        ] == f"root.Brand.ProdFullName={device.name}\n"
        assert (await asked("GET", "/elsewhere"))[0] == 404
        assert device.faults.protocol_version == "0.4"
