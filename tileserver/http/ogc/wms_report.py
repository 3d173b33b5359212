"""Errors of WMS over HTTP: as XML, drawn into the picture that was asked for, or as a blank one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from starlette.responses import Response

from tileserver.errors import (
    ColormapNotFound,
    DatasetNotFound,
    Forbidden,
    InvalidParameter,
    NotFound,
    TileserverError,
    Unauthenticated,
    VariableNotFound,
)
from tileserver.gate import in_thread
from tileserver.http.errors import RETRY_AFTER_S, TRANSIENT
from tileserver.http.ogc.wms_request import Asked, background, map_format, map_size
from tileserver.services.ogc.ows import OwsError
from tileserver.services.ogc.wms_canvas import error_picture
from tileserver.services.ogc.wms_exception import MEDIA_TYPES, WmsError, service_exception
from tileserver.services.ogc.wms_profile import MAP_FORMATS, NEWEST

NOT_KEPT = {"Cache-Control": "no-store"}
_CODES: Mapping[type[NotFound], tuple[str, str]] = {
    DatasetNotFound: ("LayerNotDefined", "LAYERS"),
    VariableNotFound: ("LayerNotDefined", "LAYERS"),
    ColormapNotFound: ("StyleNotDefined", "STYLES"),
}


async def report(error: TileserverError, asked: Asked) -> Response:
    """An error as a service exception, or as the picture that EXCEPTIONS asks for."""
    # A picture would be a good answer, where a client has to learn that it must say who it is.
    kind = "XML" if isinstance(error, Unauthenticated | Forbidden) else _kind(asked)
    if kind != "XML":
        with suppress(TileserverError):  # without a size or a format there is no picture
            media_type = map_format(asked)
            text, ground = (
                str(as_wms(error)) if kind == "INIMAGE" else "",
                background(asked, media_type),
            )
            format = MAP_FORMATS.get(media_type)
            if format is None:  # an error does not move
                media_type, format = "image/png", "png"
            job = partial(error_picture, text, map_size(asked), ground, format)
            async with asked.state.map_gate:
                body = await in_thread(asked.state.engine.pool, job)
            return Response(body, headers={**NOT_KEPT, "Content-Type": media_type})
    return xml_report(error, asked.version)


def xml_report(error: TileserverError, version: str = NEWEST) -> Response:
    """An error as a service exception."""
    told, headers = as_wms(error), {**NOT_KEPT, "Content-Type": MEDIA_TYPES[version]}
    if isinstance(error, TRANSIENT):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return Response(service_exception(version, told), told.status, headers)


def _kind(asked: Asked) -> str:
    """How a GetMap wants to be told of errors: XML, INIMAGE or BLANK."""
    parameters = asked.parameters
    if (parameters.get("request") or "").lower() != "getmap":
        return "XML"
    name = (parameters.get("exceptions") or "XML").upper().rpartition("SE_")[2]
    return name if name in ("INIMAGE", "BLANK") else "XML"


def as_wms(error: TileserverError) -> WmsError:
    """The code and locator that tell an error of the core; KVP knows no 404."""
    text = str(error)
    match error:
        case WmsError():
            return error
        case OwsError():
            return WmsError(None, error.locator, text, error.status)
        case NotFound():
            code, locator = _CODES.get(type(error), (None, error.name))
            return WmsError(code, locator, text)
        case InvalidParameter():
            return WmsError(None, error.name, text)
        case _:
            return WmsError(None, None, text, error.status)
