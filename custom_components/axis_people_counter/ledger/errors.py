"""The errors that the ledger raises.

Raised by file, schema, cameras and storing; handled by all that call the ledger.
"""


class LedgerError(Exception):
    """The ledger can't be written or read now: disk full, read-only, locked or gone."""


class LedgerTooNewError(Exception):
    """A later version of the integration made this file."""


class TooManyCamerasError(Exception):
    """The camera is new, and there are as many cameras as there may be."""
