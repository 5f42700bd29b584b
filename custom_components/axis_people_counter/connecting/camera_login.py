"""Signing in to a camera's web server: reads the challenges of a 401 and picks the strongest scheme that is safe.

Knows nothing of what is asked of the camera. Used by vapix.py.
"""

from http import HTTPStatus
import re
from typing import Final, NamedTuple, cast

from aiohttp import (
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    DigestAuthMiddleware,
    encode_basic_auth,
)
from aiohttp.hdrs import AUTHORIZATION, WWW_AUTHENTICATE
from multidict import CIMultiDict

# Digests that aiohttp supports, the strongest first.
_DIGESTS: Final = ("SHA-512-SESS", "SHA-512", "SHA-256-SESS", "SHA-256", "MD5-SESS", "MD5")
# The text between two commas, except commas within quotes.
_PART: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?+)++')
# The name of a scheme: a word without an equals sign after it.
_SCHEME: Final = re.compile(r"([^\s=]++)(?:\s++(?!=)|$)")


class LoginError(Exception):
    """The password can't be sent to this camera; the key is that of a translated message."""

    def __init__(self, key: str) -> None:
        """Keep the key of the message."""
        super().__init__(key)
        self.key = key


def login_for(response: ClientResponse, username: str, password: str) -> ClientMiddlewareType:
    """Return a middleware that signs in with the strongest scheme offered in a 401; raises LoginError."""
    challenges = _challenges(response)
    # aiohttp would reject a line break in a header, with an error that quotes the header.
    if not username.isprintable():
        raise LoginError("camera_credentials")
    try:
        if _strongest_digest(challenges):
            return _Digest(username, password)
        if any(challenge.scheme == "basic" for challenge in challenges):
            if response.url.scheme != "https":
                raise LoginError("camera_password_in_clear")
            return _Basic(username, password)
    except ValueError:
        # No camera accepts such a username.
        raise LoginError("camera_credentials") from None
    raise LoginError("camera_not_axis")


class _Challenge(NamedTuple):
    """One scheme that a camera offers. Names of schemes and parameters are in lower case, values as sent."""

    scheme: str
    parameters: dict[str, str]

    @property
    def algorithm(self) -> str:
        """The hash of a digest."""
        return self.parameters.get("algorithm", "MD5").strip('"').upper()

    def renews(self, other: _Challenge) -> bool:
        """Return True if only the nonce of an earlier challenge has expired."""
        is_stale = self.parameters.get("stale", "").strip('"').lower() == "true"
        return is_stale and self.parameters["realm"] == other.parameters["realm"]

    @property
    def is_usable_digest(self) -> bool:
        """True if aiohttp can answer the challenge."""
        qop = self.parameters.get("qop", "auth").strip('"').split(",")
        return (
            self.scheme == "digest"
            and self.algorithm in _DIGESTS
            and self.parameters.keys() >= {"realm", "nonce"}
            and "auth" in {quality.strip() for quality in qop}
        )


class _Refusal:
    """A 401 with one header, the challenge to answer, or none: aiohttp's digest reads only the first header."""

    def __init__(self, response: ClientResponse, challenge: _Challenge | None) -> None:
        self.status = response.status
        self.url = response.url
        self.headers = CIMultiDict[str]()
        if challenge:
            # Without a domain, the login is for all paths of the camera, and for no other host.
            members = [f"{name}={value}" for name, value in challenge.parameters.items() if name != "domain"]
            self.headers[WWW_AUTHENTICATE] = f"Digest {', '.join(members)}"


class _Digest:
    """Proves knowledge of the password with the strongest digest offered, as long as the camera takes the nonce."""

    def __init__(self, username: str, password: str) -> None:
        self._digest = DigestAuthMiddleware(username, password)
        self._answered: _Challenge | None = None

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        answers: list[ClientResponse] = []

        async def send(request: ClientRequest) -> ClientResponse:
            answers.append(response := await handler(request))
            if response.status != HTTPStatus.UNAUTHORIZED:
                return response
            challenge = _strongest_digest(_challenges(response))
            if self._answered and not (challenge and challenge.renews(self._answered)):
                # The password may be wrong now, or another camera may have come.
                challenge = None
            self._answered = challenge or self._answered
            return cast(ClientResponse, _Refusal(response, challenge))

        await self._digest(request, send)
        return answers[-1]


class _Basic:
    """Sends the password itself; allowed over TLS only."""

    def __init__(self, username: str, password: str) -> None:
        self._header = encode_basic_auth(username, password)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.headers[AUTHORIZATION] = self._header
        return await handler(request)


def _challenges(response: ClientResponse) -> list[_Challenge]:
    """Return all challenges, which may stand in one header or in several (RFC 9110, section 11.6.1)."""
    found: list[_Challenge] = []
    for part in _PART.findall(",".join(response.headers.getall(WWW_AUTHENTICATE, []))):
        text = part.strip()
        if scheme := _SCHEME.match(text):
            found.append(_Challenge(scheme[1].lower(), {}))
            text = text[scheme.end() :]
        name, equals, value = text.partition("=")
        if found and equals:
            found[-1].parameters[name.strip().lower()] = value.strip()
    return found


def _strongest_digest(challenges: list[_Challenge]) -> _Challenge | None:
    digests = [challenge for challenge in challenges if challenge.is_usable_digest]
    return min(digests, key=lambda challenge: _DIGESTS.index(challenge.algorithm), default=None)
