"""The steps of the dialogs: set-up, options, places, cameras and repairs. Used by config_flow.py and repairs.py."""

from .address_form import (
    ADDRESS_KEYS,
    DIRECT,
    HOME_ASSISTANT,
    LISTENER_SCHEMA,
    URL_SCHEMA,
    async_listener_data,
    async_listener_errors,
    async_suggested_listener,
    base_url,
    has_public_url,
    listener_settings,
    suggested_url,
)
from .camera_flow import CameraFlow
from .camera_steps import CameraSteps
from .choices import BY_HAND, CONF_WAY, choice_field
from .direction_repairs import DirectionFlow
from .drift_repairs import DriftFlow
from .fill_repairs import DifferenceFlow, GapsFlow
from .guide_steps import PREPARED_SCHEMA, GuideSteps
from .known_camera_steps import KnownCameraSteps
from .place_flow import PlaceFlow
from .repair_flow import CONF_CHOICE, RepairFlow, choice_schema
from .replace_flow import (
    CONF_NEW_CAMERA,
    CONF_OLD_CAMERA,
    ReplaceSteps,
    async_confirmation,
    async_old_cameras,
    async_replace,
    camera_field,
)

__all__ = [
    "ADDRESS_KEYS",
    "BY_HAND",
    "CONF_CHOICE",
    "CONF_NEW_CAMERA",
    "CONF_OLD_CAMERA",
    "CONF_WAY",
    "DIRECT",
    "HOME_ASSISTANT",
    "LISTENER_SCHEMA",
    "PREPARED_SCHEMA",
    "URL_SCHEMA",
    "CameraFlow",
    "CameraSteps",
    "DifferenceFlow",
    "DirectionFlow",
    "DriftFlow",
    "GapsFlow",
    "GuideSteps",
    "KnownCameraSteps",
    "PlaceFlow",
    "RepairFlow",
    "ReplaceSteps",
    "async_confirmation",
    "async_listener_data",
    "async_listener_errors",
    "async_old_cameras",
    "async_replace",
    "async_suggested_listener",
    "base_url",
    "camera_field",
    "choice_field",
    "choice_schema",
    "has_public_url",
    "listener_settings",
    "suggested_url",
]
