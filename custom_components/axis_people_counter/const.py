"""Names and limits that several modules share."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "axis_people_counter"
SUBENTRY_CAMERA: Final = "camera"
SUBENTRY_PLACE: Final = "place"
NAME: Final = "AXIS People Counter"
MANUFACTURER: Final = "Axis Communications"

LEDGER_FILE: Final = "axis_people_counter.db"
EVENT_PASSAGE: Final = "axis_people_counter_passage"
PUSH_PATH: Final = "/api/axis_people_counter/push"

AUTHORITY_FILE_NAME: Final = "home-assistant-people-counter-ca.pem"
AUTHORITY_PATH: Final = "/api/axis_people_counter/authority.pem"

# The cameras reach a listener of our own, with a certificate of our own or one of the user.
CONF_DIRECT: Final = "direct"
CONF_OWN_ADDRESS: Final = "own_address"
CONF_CERTIFICATE: Final = "certificate"
CONF_PRIVATE_KEY: Final = "private_key"
# Each with the end of the time for which it is still accepted.
CONF_PREVIOUS_TOKENS: Final = "previous_tokens"
CONF_EXPIRES: Final = "expires"
CONF_ISSUE_SECRET: Final = "issue_secret"
CONF_RESET_TIME: Final = "reset_time"
CONF_DOORS: Final = "doors"
CONF_REVERSED_DOORS: Final = "reversed_doors"
CONF_CAPACITY: Final = "capacity"
CONF_WARNING_LEVEL: Final = "warning_level"
CONF_HYSTERESIS: Final = "hysteresis"
CONF_RESET_VALUE: Final = "reset_value"
CONF_OPENING_HOURS: Final = "opening_hours"
CONF_SALES: Final = "sales"
CONF_GOAL: Final = "goal"
CONF_DELETE_OLD_COUNTS: Final = "delete_old_counts"
CONF_KEEP_DAYS: Final = "keep_days"
CONF_LIVE_SECONDS: Final = "live_seconds"
# By their keys: cameras at which in means out, those whose direction a person has confirmed, and those that replace
# none. By key and serial number: those that do.
CONF_REVERSED_CAMERAS: Final = "reversed_cameras"
CONF_CONFIRMED_DIRECTIONS: Final = "confirmed_directions"
CONF_DECLINED: Final = "declined_cameras"
CONF_REPLACEMENTS: Final = "replacements"
# By key: since when the part of the people who come in at a door is right, as a person has confirmed.
CONF_CONFIRMED_PARTS: Final = "confirmed_parts"

# As in the guide.
DEFAULT_PORT: Final = 4443
DEFAULT_RESET_TIME: Final = "00:00:00"
# A camera keeps its counts for 90 days. Those it may send again must still be stored, so that they count once.
MIN_KEEP_DAYS: Final = 100
# Three years and some days: each month can be compared with the same month of the two years before.
DEFAULT_KEEP_DAYS: Final = 1100
MAX_KEEP_DAYS: Final = 3650

# Seconds between two questions for live counts; 0 asks for none.
DEFAULT_LIVE_SECONDS: Final = 5
MIN_LIVE_SECONDS: Final = 2
MAX_LIVE_SECONDS: Final = 60

PREVIOUS_TOKEN_LIFETIME: Final = timedelta(hours=24)
