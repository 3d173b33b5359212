"""WMTS 1.0.0, by KVP and by REST: the same tiles as /tiles, found by the protocol's own names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import NotFound
from tileserver.http import caching, params
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.ogc.front import shows
from tileserver.http.ogc.headers import info_answer
from tileserver.http.ogc.kvp import XML, Parameters, query_text, reported
from tileserver.http.ogc.negotiation import negotiated
from tileserver.http.ogc.wmts_document import PATH, get_capabilities, get_document
from tileserver.http.ogc.wmts_request import (
    Address,
    LayerTiles,
    check_format,
    info_format,
    operation,
    pixel_lonlat,
)
from tileserver.http.params import Parameter
from tileserver.http.picture import picture_answer
from tileserver.services import legend
from tileserver.services.ogc import named_layer, wmts
from tileserver.services.ogc.feature_info import describe, write_info
from tileserver.trail import Stages

SUFFIX = "png"
_MEDIA_TYPES = {suffix: media_type for media_type, suffix in wmts.INFO_FORMATS.items()}
_TEXT = partial(Parameter, parse=params.text, schema=params.STRING, default=None)
PARAMETERS: tuple[Parameter[str | None], ...] = (
    _TEXT("service", description="WMTS."),
    _TEXT("request", description="GetCapabilities, GetTile or GetFeatureInfo."),
    _TEXT("version", description=f"{wmts.VERSION}."),
    _TEXT("layer", description="{dataset}.{variable}."),
    _TEXT("style", description="A style of the layer, any colormap, or viridis:0:7 with a range."),
    _TEXT("format", description=f"{wmts.TILE_FORMAT}."),
    _TEXT("TileMatrixSet", description="A matrix set of the layer, e.g. WebMercatorQuad."),
    _TEXT("TileMatrix", description="The zoom."),
    _TEXT("TileRow", description="The tile's row, from the top."),
    _TEXT("TileCol", description="The tile's column, from the left."),
    _TEXT("InfoFormat", description="text/plain, application/json or text/html."),
    _TEXT("I", description="The pixel's column in the tile, for GetFeatureInfo."),
    _TEXT("J", description="The pixel's row in the tile, for GetFeatureInfo."),
    _TEXT("time", description="An instant, a period, `current` or `default`; others are snapped."),
)


async def get_kvp(request: Request) -> Response:
    """A KVP request, of all datasets or of one."""
    parameters = Parameters.of(request)
    return await _OPERATIONS[operation(parameters)](request, parameters)


async def get_tile(request: Request) -> Response:
    """A tile by REST."""
    negotiated(request, {SUFFIX: wmts.TILE_FORMAT})
    return await _tile(request, _address(request))


async def get_info(request: Request) -> Response:
    """The value at a pixel of a tile by REST."""
    path = request.path_params
    media_type = _MEDIA_TYPES.get(path["suffix"])
    if media_type is None:
        raise NotFound(path["suffix"], f"expected one of {', '.join(_MEDIA_TYPES)} at the end")
    negotiated(request, {path["suffix"]: media_type})
    address = _address(request)
    found = LayerTiles.queried(context(request), address)
    place = pixel_lonlat(found.drawing(address).target, path["i"], path["j"])
    return await _info(request, found, place, media_type)


def _address(request: Request) -> Address:
    return Address.of_path(request.path_params, query_text(request.scope["query_string"]))


async def get_legend(request: Request) -> Response:
    """The legend of a style; clients append what they like to its address."""
    path, state = request.path_params, context(request)
    dataset, layer = named_layer.find(state.catalog, path["layer"])
    choice = named_layer.parse_style(dataset, layer, path["style"])
    made = await legend.layer_legend(state.engine, dataset, layer, choice)
    drawn = replace(made, orientation=named_layer.LEGEND_ORIENTATION)
    body = await legend.drawn_png(state.engine, drawn)
    return caching.answer(request, body, wmts.TILE_FORMAT)


async def _kvp_tile(request: Request, parameters: Parameters) -> Response:
    address = Address.of_query(parameters, request.path_params.get("dataset"))
    check_format(parameters, needed=True)
    return await _tile(request, address)


async def _kvp_info(request: Request, parameters: Parameters) -> Response:
    address = Address.of_query(parameters, request.path_params.get("dataset"))
    check_format(parameters, needed=False)
    found = LayerTiles.queried(context(request), address)
    i, j = (parameters.required(name, "expected a pixel of the tile") for name in ("I", "J"))
    media_type = info_format(parameters)
    return await _info(
        request, found, pixel_lonlat(found.drawing(address).target, i, j), media_type
    )


async def _tile(request: Request, address: Address) -> Response:
    stages = Stages()
    found = LayerTiles.find(context(request), address)
    drawing = found.drawing(address)
    shows(request, drawing.view.dataset)
    return await picture_answer(request, drawing, found.headers, stages)


async def _info(
    request: Request, found: LayerTiles, place: tuple[float, float], media_type: str
) -> Response:
    read = partial(context(request).engine.read, found.view.dataset)
    body = write_info(media_type, [await describe(read, found.named, *place)])
    return info_answer(body, media_type, found.headers)


_OPERATIONS: Mapping[str, Callable[[Request, Parameters], Awaitable[Response]]] = {
    "getcapabilities": get_capabilities,
    "gettile": _kvp_tile,
    "getfeatureinfo": _kvp_info,
}

_TILE = f"{PATH}/{wmts.VERSION}/{{layer}}/{{style}}/{{tms}}/{{z}}/{{row}}/{{col}}"
_DOCUMENT = f"{wmts.VERSION}/WMTSCapabilities.xml"
_IMAGE = (wmts.TILE_FORMAT,)
_ANY = (XML, *_IMAGE, *wmts.INFO_FORMATS)

ENDPOINTS = (
    Endpoint(PATH, reported(get_kvp), "WMTS 1.0.0 by KVP", "wmts", PARAMETERS, True, _ANY),
    Endpoint(f"{PATH}/{_DOCUMENT}", get_document, "WMTS capabilities", "wmts", answers=(XML,)),
    Endpoint(f"{PATH}/{{dataset}}", reported(get_kvp), "WMTS by KVP, capabilities of one dataset",
             "wmts", PARAMETERS, True, _ANY),
    Endpoint(f"{PATH}/{{dataset}}/{_DOCUMENT}", get_document, "WMTS capabilities of one dataset",
             "wmts", answers=(XML,)),
    Endpoint(f"{_TILE}.{SUFFIX}", get_tile, "A WMTS tile", "wmts", (params.TIME,), True, _IMAGE),
    Endpoint(f"{_TILE}/{{j}}/{{i}}.{{suffix}}", get_info, "The value at a pixel of a WMTS tile",
             "wmts", (params.TIME,), True, tuple(wmts.INFO_FORMATS)),
    Endpoint(f"{PATH}/{wmts.VERSION}/{{layer}}/{{style}}/legend.png", get_legend,
             "The legend of a WMTS style", "wmts", answers=_IMAGE),
)  # fmt: skip
