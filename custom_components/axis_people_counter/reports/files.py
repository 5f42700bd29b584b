"""Saves reports in the media folder, or in the folder `www`. Called by action.py.

Everybody who reaches Home Assistant can read files in `www` without signing in, so that their names can't be guessed.
"""

from pathlib import Path
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.file import WriteError, write_utf8_file_atomic

from ..const import DOMAIN
from .request import ReportRequest, signature
from .writing import Written

MEDIA: Final = "media"
WWW: Final = "www"
NOWHERE: Final = "nowhere"
SAVE_TO: Final = (NOWHERE, MEDIA, WWW)


class SavedFile(NamedTuple):
    """A saved page: its path on disk, and its address in Home Assistant."""

    path: Path
    url: str


async def async_save(
    hass: HomeAssistant, request: ReportRequest, written: Written, save_to: str, secret: str
) -> SavedFile:
    """Save the page of a report over an earlier one of the same period and places. Raises HomeAssistantError."""
    # The same places always have the same name, which tells nobody theirs.
    places = signature({"places": ",".join(request.places), "language": request.language}, secret)[:32]
    name = f"{request.file_name}_{places}.html"
    if save_to == WWW:
        saved = SavedFile(Path(hass.config.path(WWW), DOMAIN, name), f"/local/{DOMAIN}/{name}")
    else:
        source, folder = next(iter(hass.config.media_dirs.items()), ("local", hass.config.path(MEDIA)))
        saved = SavedFile(Path(folder, DOMAIN, name), f"media-source://media_source/{source}/{DOMAIN}/{name}")
    try:
        await hass.async_add_executor_job(_write, saved.path, written.html)
    except (OSError, WriteError) as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="report_not_saved",
            translation_placeholders={"path": str(saved.path.parent)},
        ) from err
    return saved


def _write(path: Path, page: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_utf8_file_atomic(str(path), page)
