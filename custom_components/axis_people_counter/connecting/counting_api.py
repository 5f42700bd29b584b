"""Asks the counting application in a camera for its counts.

Knows the requests; the answers are read in counting_answers.py, and vapix.py signs in. Used by the set-up of a camera
and by whatever reads counts from it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta, tzinfo
from http import HTTPStatus
from typing import Final

from ..counting import LocalCounts
from .camera_errors import CameraError
from .counting_answers import AnswerError, LiveAnswer, live_2d, live_3d, rows_2d, rows_3d, serial_in
from .vapix import CameraWeb, CountingApplication, Response

_LIVE_3D: Final = "/a3dpc/api/occupancy"
_EXPORT_3D: Final = "/a3dpc/api/export/json"
# The name of the 2D application in paths; older versions have the other two (seen).
_API_2D: Final = tuple(f"/local/{name}/.api" for name in ("tvpc", "people-counter", "occupancy-estimator"))
_LIVE_2D: Final = "live-sum.json"
# Seconds of the shortest intervals that can be exported.
WIDTHS: Final = {CountingApplication.THREE_D: 60, CountingApplication.TWO_D: 15 * 60}
MAX_LIVE_BYTES: Final = 64 * 1024
# A day by the minute takes 200 KB.
MAX_EXPORT_BYTES: Final = 2 * 1024 * 1024


class NoCountsError(CameraError):
    """The camera has answered, but not with counts that can be read; its other counts may be readable."""


class CountingApi:
    """The counting application of a camera that `CameraWeb.connect` has found."""

    def __init__(self, web: CameraWeb, serial: str, application: CountingApplication, path: str) -> None:
        """Ask under a path that the application has."""
        self.application = application
        self._serial = serial
        self._web = web
        self._path = path

    @classmethod
    async def find(cls, web: CameraWeb, serial: str) -> CountingApi:
        """Return the application of the camera with this serial number. Raises CameraError if it has none."""
        possible = [cls(web, serial, CountingApplication.THREE_D, _LIVE_3D)]
        possible += [cls(web, serial, CountingApplication.TWO_D, path) for path in _API_2D]
        for api in possible:
            if await api.is_present():
                return api
        raise web.camera_error("camera_no_counter")

    async def is_present(self) -> bool:
        """Return True if the camera has the application. Raises CameraError if it is that of another camera."""
        response = await self._web.get(self._live_path, MAX_LIVE_BYTES)
        if self.application is CountingApplication.THREE_D and response.status != HTTPStatus.OK:
            # The camera may have no live counts: their source, the estimation of the occupancy, can be switched off.
            response = await self._web.get(f"{_EXPORT_3D}?start=today&end=now&resolution=day", MAX_LIVE_BYTES)
        if response.status == HTTPStatus.NOT_FOUND:
            return False
        self._check_serial(self._body(response))
        return True

    async def live(self, zone: tzinfo) -> LiveAnswer:
        """Return the live counts of a camera in a time zone. Raises CameraError."""
        body = self._body(await self._web.get(self._live_path, MAX_LIVE_BYTES))
        self._check_serial(body)
        with self._readable():
            return live_3d(body) if self.application is CountingApplication.THREE_D else live_2d(body, zone)

    @property
    def _live_path(self) -> str:
        return self._path if self.application is CountingApplication.THREE_D else f"{self._path}?{_LIVE_2D}"

    def _check_serial(self, body: bytes) -> None:
        """Raise CameraError if an answer names another camera; not every answer names one."""
        with self._readable():
            serial = serial_in(body)
        if serial is not None:
            self._web.check_serial(serial, self._serial)

    @property
    def width(self) -> int:
        """Seconds of an exported row."""
        return WIDTHS[self.application]

    async def export(self, day: date) -> list[LocalCounts]:
        """Return the counts of a local day that the camera still has, as it counted them. Raises CameraError."""
        next_day = day + timedelta(days=1)
        is_3d = self.application is CountingApplication.THREE_D
        if is_3d:
            # The export doesn't name its camera, and another one may have got the address.
            await self.is_present()
            path = f"{_EXPORT_3D}?start={day:%Y%m%d}&end={next_day:%Y%m%d}&resolution=minute"
        else:
            path = f"{self._path}?export-csv&date={day:%Y%m%d}-{day:%Y%m%d}&res=15m"
        body = self._body(await self._web.get(path, MAX_EXPORT_BYTES))

        def read() -> list[LocalCounts]:
            rows = rows_3d(body) if is_3d else rows_2d(body, self._serial)
            return [row for row in rows if row.start.date() == day]

        with self._readable():
            return await asyncio.get_running_loop().run_in_executor(None, read)

    def _body(self, response: Response) -> bytes:
        if response.status != HTTPStatus.OK:
            # The messages of both applications' errors differ from version to version.
            raise _no_counts(self._web.camera_error("camera_refused", reason=f"HTTP {response.status}"))
        return response.body

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Translate an error about an answer to CameraError."""
        try:
            yield
        except AnswerError as err:
            raise _no_counts(self._web.camera_error(err.key)) from None


def _no_counts(error: CameraError) -> NoCountsError:
    return NoCountsError(error.message.key, **error.message.placeholders)
