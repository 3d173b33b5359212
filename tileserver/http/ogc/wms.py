"""WMS 1.3.0 and 1.1.1: maps of any size and CRS, drawn as tiles are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import TileserverError
from tileserver.http import params
from tileserver.http.endpoint import Endpoint, renewing
from tileserver.http.ogc import wms_document
from tileserver.http.ogc.kvp import Parameters
from tileserver.http.ogc.wms_report import report
from tileserver.http.params import Parameter
from tileserver.services.ogc.wms_exception import MEDIA_TYPES, WmsError
from tileserver.services.ogc.wms_profile import (
    INFO_FORMATS,
    MAP_FORMATS,
    NEWEST,
    OLDEST,
    VERSIONS,
)

PATH = "/wms"
CAPABILITIES = ("getcapabilities", "capabilities")  # the second is that of WMS 1.0
_TEXT = partial(Parameter, parse=params.text, schema=params.STRING, default=None)
PARAMETERS: tuple[Parameter[str | None], ...] = (
    _TEXT("service", description="WMS."),
    _TEXT("request", description="GetCapabilities, GetMap, GetFeatureInfo or GetLegendGraphic."),
    _TEXT("version", description=f"{' or '.join(VERSIONS)}."),
)

Operation = Callable[[Request, Parameters, str], Awaitable[Response]]


async def get_kvp(request: Request) -> Response:
    """A KVP request, of all datasets or of one."""
    version = NEWEST
    try:
        parameters = Parameters.parse(request.url.query)
        version = negotiated(parameters.get("version") or parameters.get("wmtver"))
        return await renewing(partial(_operate, parameters=parameters, version=version))(request)
    except TileserverError as error:
        return report(error, version)


def negotiated(asked: str | None) -> str:
    """The version that an answer has: the newest that is not above the one that is asked for, the
    oldest where there is none (OGC 06-042, 6.2.4)."""
    if not asked:
        return NEWEST
    wanted = _numbers(asked)
    return next((each for each in VERSIONS if _numbers(each) <= wanted), OLDEST)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.strip()[:20].split(".")
    return tuple(int(p) if p.isascii() and p.isdigit() else 0 for p in parts)


async def _operate(request: Request, parameters: Parameters, version: str) -> Response:
    operation = parameters.required("request", f"expected one of {', '.join(_OPERATIONS)}")
    service = parameters.get("service")
    if service is None and operation.lower() in CAPABILITIES:
        raise WmsError.missing("service", "expected WMS")
    if service is not None and service.upper() != "WMS":
        raise WmsError.invalid("service", service, "expected WMS")
    answer = _OPERATIONS.get(operation.lower())
    if answer is None:
        known = ", ".join(_OPERATIONS)
        raise WmsError.invalid("request", operation, f"expected one of {known}", NOT_SUPPORTED)
    return await answer(request, parameters, version)


NOT_SUPPORTED = "OperationNotSupported"
_OPERATIONS: Mapping[str, Operation] = {
    "getcapabilities": wms_document.get_capabilities,
    "capabilities": wms_document.get_capabilities,
}
_ANY = (*MEDIA_TYPES.values(), *MAP_FORMATS, *INFO_FORMATS)

ENDPOINTS = (
    Endpoint(PATH, get_kvp, "WMS 1.3.0 and 1.1.1", "wms", PARAMETERS, True, _ANY),
    Endpoint(f"{PATH}/{{dataset}}", get_kvp, "WMS of one dataset", "wms", PARAMETERS, True, _ANY),
)
