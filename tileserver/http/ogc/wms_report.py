"""Errors of WMS over HTTP: as XML, drawn into the picture that was asked for, or as a blank one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from tileserver.errors import (
    ColormapNotFound,
    DatasetNotFound,
    InvalidParameter,
    NotFound,
    TileserverError,
    VariableNotFound,
)
from tileserver.services.ogc.ows import OwsError
from tileserver.services.ogc.wms_exception import MEDIA_TYPES, WmsError, service_exception

_CODES: Mapping[type[NotFound], tuple[str, str]] = {
    DatasetNotFound: ("LayerNotDefined", "layers"),
    VariableNotFound: ("LayerNotDefined", "layers"),
    ColormapNotFound: ("StyleNotDefined", "styles"),
}


def report(error: TileserverError, version: str) -> Response:
    """An error as a service exception."""
    told = as_wms(error)
    headers = {"Content-Type": MEDIA_TYPES[version], "Cache-Control": "no-store"}
    if told.status == 503:
        headers["Retry-After"] = "1"
    return Response(service_exception(version, told), told.status, headers)


def as_wms(error: TileserverError) -> WmsError:
    """The code and locator that tell an error of the core; KVP knows no 404."""
    text = str(error)
    match error:
        case WmsError():
            return error
        case OwsError():
            return WmsError(error.code, error.locator, text, error.status)
        case NotFound():
            code, locator = _CODES.get(type(error), (None, error.name))
            return WmsError(code, locator, text)
        case InvalidParameter():
            return WmsError(None, error.name, text)
        case _:
            return WmsError(None, None, text, error.status)
