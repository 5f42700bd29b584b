"""Names and limits that several modules share."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "axis_people_counter"
NAME: Final = "AXIS People Counter"
MANUFACTURER: Final = "Axis Communications"

LEDGER_FILE: Final = "axis_people_counter.db"
PUSH_PATH: Final = "/api/axis_people_counter/push"

CONF_PREVIOUS_TOKEN: Final = "previous_token"
CONF_PREVIOUS_TOKEN_EXPIRES: Final = "previous_token_expires"
CONF_RESET_TIME: Final = "reset_time"
CONF_KEEP_DAYS: Final = "keep_days"

DEFAULT_RESET_TIME: Final = "00:00:00"
# A camera remembers 90 days; what it may send again has to be there in full detail.
MIN_KEEP_DAYS: Final = 100
DEFAULT_KEEP_DAYS: Final = 400
MAX_KEEP_DAYS: Final = 3650

PREVIOUS_TOKEN_LIFETIME: Final = timedelta(hours=24)
