"""The request for a report: its places, days and language. A link holds all of it, with a signature of its own.

Home Assistant's own signatures end when it restarts, which is too soon for a link in a mail. Called by action.py and
view.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
import hashlib
import hmac
from typing import Any, Final, Self
from urllib.parse import urlencode

from ..const import CONF_ISSUE_SECRET, DOMAIN
from ..counting import Timestamp
from .model import ReportKind
from .periods import Days, period_of

REPORT_PATH: Final = f"/api/{DOMAIN}/report"
LINK_LIFETIME: Final = timedelta(days=7)
# Each place is a page; a link holds the keys of all.
MAX_PLACES: Final = 12
FILE_TYPES: Final = ("html", "csv")
_SIGNATURE: Final = "signature"
# The secret has other uses, so that each needs a key of its own.
_PURPOSE: Final = b"link to a report"


class SignatureError(Exception):
    """The signature is missing or wrong: nobody here has made this link."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """A report that was asked for; `places` has the keys of places, `day` is any day of its period."""

    places: tuple[str, ...]
    kind: ReportKind
    day: date
    language: str
    weather: str | None = None

    @property
    def days(self) -> Days:
        """The days of the report."""
        return period_of(self.kind, self.day)

    @property
    def file_name(self) -> str:
        """The name of a file of the report, without its ending, of letters and digits only."""
        return f"report_{self.kind}_{self.days.first.isoformat()}"

    def link(self, file_type: str, expires: Timestamp, secret: str) -> str:
        """Return the path of a link that works until an instant."""
        parameters = {
            "places": ",".join(self.places),
            "period": self.kind.value,
            "date": self.days.first.isoformat(),
            "language": self.language,
            **({"weather": self.weather} if self.weather else {}),
            "format": file_type,
            "expires": str(expires),
        }
        return f"{REPORT_PATH}?{urlencode({**parameters, _SIGNATURE: signature(parameters, secret)}, safe=',')}"

    @classmethod
    def of_link(cls, parameters: Mapping[str, str]) -> Self:
        """Return the request of a link whose signature was right."""
        return cls(
            tuple(parameters["places"].split(",")),
            ReportKind(parameters["period"]),
            date.fromisoformat(parameters["date"]),
            parameters["language"],
            parameters.get("weather"),
        )


def last_finished(kind: ReportKind, today: date) -> date:
    """Return a day of the last period that is over."""
    return period_of(kind, today).first - timedelta(days=1)


def signature(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of parameters, in any order."""
    key = hmac.digest(secret.encode(), _PURPOSE, "sha256")
    return hmac.new(key, urlencode(sorted(parameters.items())).encode(), hashlib.sha256).hexdigest()


def signed_parameters(query: Sequence[tuple[str, str]], secret: str) -> dict[str, str]:
    """Return the parameters of a link without its signature. Raises SignatureError."""
    parameters = dict(query)
    found = parameters.pop(_SIGNATURE, "")
    # A parameter that stands there twice has no meaning that was signed.
    if len(dict(query)) < len(query) or not hmac.compare_digest(found.encode(), signature(parameters, secret).encode()):
        raise SignatureError
    return parameters


def secret_of(data: Mapping[str, Any]) -> str:
    """Return the secret of an entry, which stays the same when Home Assistant restarts."""
    secret: str = data[CONF_ISSUE_SECRET]
    return secret
