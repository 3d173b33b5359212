"""WMS 1.3.0 and 1.1.1: maps of any size and CRS, drawn as tiles are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import TileserverError
from tileserver.http import params
from tileserver.http.endpoint import Endpoint, context, renewing
from tileserver.http.ogc import wms_document
from tileserver.http.ogc.kvp import Parameters, query_text
from tileserver.http.ogc.wms_legend import get_legend
from tileserver.http.ogc.wms_map import get_info, get_map
from tileserver.http.ogc.wms_report import report
from tileserver.http.ogc.wms_request import Asked
from tileserver.http.params import Parameter
from tileserver.services.ogc import named_layer, wms
from tileserver.services.ogc.wms_exception import MEDIA_TYPES, WmsError
from tileserver.services.ogc.wms_profile import (
    ANIMATIONS,
    INFO_FORMATS,
    LAYER_LIMIT,
    LEGEND_FORMATS,
    MAP_FORMATS,
    NEWEST,
    OLDEST,
    VERSIONS,
)

PATH = "/wms"
OPERATIONS = ("GetCapabilities", "GetMap", "GetFeatureInfo", "GetLegendGraphic")
_TEXT = partial(Parameter, parse=params.text, schema=params.STRING, default=None)
PARAMETERS: tuple[Parameter[str | None], ...] = (
    _TEXT("SERVICE", description="WMS."),
    _TEXT("REQUEST", description=f"{', '.join(OPERATIONS)}."),
    _TEXT("VERSION", description=f"{' or '.join(VERSIONS)}."),
    _TEXT("LAYERS", description="{dataset}.{variable}, several by commas, the lowest first."),
    _TEXT("STYLES", description="One for each layer, or none: any colormap, viridis:0:7."),
    _TEXT("CRS", description="EPSG:3857, or another of the layers'; SRS in 1.1.1."),
    _TEXT("BBOX", description="minx,miny,maxx,maxy, in the order of the CRS' axes in 1.3.0."),
    _TEXT("WIDTH", description="Of the map in pixels."),
    _TEXT("HEIGHT", description="Of the map in pixels."),
    _TEXT("FORMAT", description=f"{', '.join((*MAP_FORMATS, *ANIMATIONS))}."),
    _TEXT("TRANSPARENT", description="TRUE or FALSE, the default."),
    _TEXT("BGCOLOR", description="0xRRGGBB, white by default, where nothing is drawn."),
    _TEXT("EXCEPTIONS", description="XML, INIMAGE or BLANK."),
    _TEXT("TIME", description="An instant, a list, a range start/end, or current."),
    _TEXT("ELEVATION", description="A step of the vertical dimension."),
    _TEXT("COLORSCALERANGE", description="min,max, auto or default."),
    _TEXT("LOGSCALE", description="TRUE or FALSE."),
    _TEXT("OPACITY", description="0 to 100."),
    _TEXT("FRAMERATE", description="Of an animation: frames in a second."),
    _TEXT("QUERY_LAYERS", description="The layers to tell values of."),
    _TEXT("INFO_FORMAT", description=f"{', '.join(INFO_FORMATS)}."),
    _TEXT("I", description="The pixel's column, from the left; X in 1.1.1."),
    _TEXT("J", description="The pixel's row, from the top; Y in 1.1.1."),
    _TEXT("LAYER", description="Of a legend."),
    _TEXT("STYLE", description="Of a legend."),
    _TEXT("PALETTE", description="Of a legend: a colormap."),
    _TEXT("VERTICAL", description="Of a legend: TRUE or FALSE."),
    _TEXT("COLORBARONLY", description="Of a legend: TRUE for the colours without texts."),
)

Operation = Callable[[Request, Asked], Awaitable[Response]]


async def get_wms(request: Request) -> Response:
    """A KVP request, of all datasets or of one."""
    state = context(request)
    asked = Asked(Parameters({}), NEWEST, state, request.path_params.get("dataset"))
    try:
        query = query_text(request.scope["query_string"])
        asked = replace(asked, parameters=Parameters.read(query))
        version = asked.parameters.get("version") or asked.parameters.get("wmtver")
        asked = replace(asked, version=negotiated(version))
        return await renewing(partial(_operate, asked=asked))(request)
    except TileserverError as error:
        return await report(error, asked)


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


async def _operate(request: Request, asked: Asked) -> Response:
    known = f"expected one of {', '.join(OPERATIONS)}"
    name = asked.required("REQUEST", known)
    service = asked.parameters.get("service")
    answer = _OPERATIONS.get(name.lower())
    if service is None and answer is _get_capabilities:
        raise WmsError.missing("SERVICE", "expected WMS")
    if service is not None and service.upper() != "WMS":
        raise WmsError.invalid("SERVICE", service, "expected WMS")
    if answer is None:
        raise WmsError.invalid("REQUEST", name, known, "OperationNotSupported")
    if answer in (get_map, get_info):  # legends have a version of their own
        _check_version(asked)
    if answer is not _get_capabilities:
        await _settled(asked)
    return await answer(request, asked)


async def _settled(asked: Asked) -> None:
    """Wait a little for datasets that are just being opened, as at the start."""
    catalog = asked.state.catalog
    for texts in (asked.parameters.get(name) for name in ("LAYERS", "QUERY_LAYERS", "LAYER")):
        for text in (texts or "").split(",")[:LAYER_LIMIT]:
            for dataset in named_layer.dataset_ids(catalog, text):
                await catalog.settle(dataset)


def _check_version(asked: Asked) -> None:
    """Raises WmsError."""
    expected = f"expected {' or '.join(VERSIONS)}"
    version = asked.parameters.get("version") or asked.parameters.get("wmtver")
    if version is None:
        raise WmsError.missing("VERSION", expected)
    if version not in VERSIONS:
        raise WmsError.invalid("VERSION", version, expected)


async def _get_capabilities(request: Request, asked: Asked) -> Response:
    return await wms_document.get_capabilities(request, asked.parameters, asked.version)


_OPERATIONS: Mapping[str, Operation] = {
    "getcapabilities": _get_capabilities,
    "capabilities": _get_capabilities,  # as WMS 1.0 calls it
    "getmap": get_map,
    "getfeatureinfo": get_info,
    "getlegendgraphic": get_legend,
}
_ANY = (
    *(*MEDIA_TYPES.values(), *(names[0] for names in wms.MEDIA_TYPES.values())),
    *(*MAP_FORMATS, *ANIMATIONS, *INFO_FORMATS, *LEGEND_FORMATS),
)

ENDPOINTS = (
    Endpoint(PATH, get_wms, "WMS 1.3.0 and 1.1.1", "wms", PARAMETERS, True, _ANY),
    Endpoint(f"{PATH}/{{dataset}}", get_wms, "WMS of one dataset", "wms", PARAMETERS, True, _ANY),
)
