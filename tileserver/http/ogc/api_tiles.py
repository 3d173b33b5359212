"""OGC API – Tiles: the same tiles as /tiles, as map tiles of collections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tileserver.drawing import Drawing
from tileserver.encode import Format
from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.ogc.api import DOCUMENT, STEP, SUBSET, TAG, TIME, asked
from tileserver.http.ogc.front import shows
from tileserver.http.ogc.headers import named_headers
from tileserver.http.ogc.negotiation import (
    F_IMAGE,
    VARY,
    F,
    document_answer,
    encoding,
    negotiated,
)
from tileserver.http.ogc.wmts_request import whole
from tileserver.http.params import Parameter, Query
from tileserver.http.picture import picture_answer
from tileserver.services.ogc import named_layer, tileset
from tileserver.services.ogc.interval import by_dimension, coordinate
from tileserver.services.ogc.link import ROOT, Encoding
from tileserver.services.ogc.named_view import NamedView
from tileserver.services.ogc.tileset import IMAGES, Map
from tileserver.tms import MatrixSet, tile_grid, tile_range
from tileserver.trail import Stages

Describe = Callable[[Map, str, Encoding], dict[str, Any]]
OF_TILE: tuple[Parameter[Any], ...] = (F_IMAGE, *STEP)
OF_TILESET: tuple[Parameter[Any], ...] = (F, *STEP)
_FORMATS: Mapping[str, Format] = {"png": "png", "jpeg": "jpg", "webp": "webp"}


async def get_tile_matrix_sets(request: Request) -> Response:
    """All tile matrix sets."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    sets, base = context(request).catalog.matrix_sets, base_url(request.scope)
    # Some of a hundred CRSs are made when they are asked for first.
    found = await asyncio.to_thread(tileset.matrix_sets, sets, base, shown)
    return document_answer(request, found, shown)


async def get_tile_matrix_set(request: Request) -> Response:
    """One tile matrix set."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    tiles = context(request).catalog.matrix_sets[request.path_params["tileMatrixSetId"]]
    return document_answer(
        request, tileset.matrix_set(tiles, base_url(request.scope), shown), shown
    )


async def get_styles(request: Request) -> Response:
    """The styles of a collection."""
    return await _map_answer(request, _pictured(request), tileset.styles)


async def get_tilesets(request: Request) -> Response:
    """The tilesets of a collection, in a style if one is named."""
    return await _map_answer(request, _pictured(request), tileset.tilesets)


async def get_tileset(request: Request) -> Response:
    """One tileset."""
    pictured = _pictured(request)
    tiles = _tiles(request, pictured)

    def describe(pictured: Map, base: str, shown: Encoding) -> dict[str, Any]:
        return tileset.tileset(pictured, tiles, base, shown)

    answer = await _map_answer(request, pictured, describe)
    template = tileset.template(pictured, tiles, base_url(request.scope), "png")
    answer.headers["Link-Template"] = f'"{template}"; rel="item"; type="{IMAGES["png"]}"'
    return answer


async def _map_answer(request: Request, pictured: Map, describe: Describe) -> Response:
    query = Query(request.query_params.multi_items(), OF_TILESET)
    _named(pictured, query)  # a coordinate that cannot be had is told here already
    base, shown = base_url(request.scope), encoding(request, query)
    found = await asyncio.to_thread(describe, pictured, base, shown)
    return document_answer(request, found, shown)


async def get_tile(request: Request) -> Response:
    """A tile; 204 where the layer has nothing at the coordinates that are asked for."""
    stages = Stages()
    query = Query(request.query_params.multi_items(), OF_TILE)
    image = query(F_IMAGE) or negotiated(request, IMAGES)
    pictured = _pictured(request)
    tiles = _tiles(request, pictured)
    z, x, y = _place(request, pictured, tiles)
    named = _named(pictured, query)
    if named is None:
        return Response(status_code=204, headers={"Cache-Control": caching.SHORT, "Vary": VARY})
    drawing = Drawing(named.view, tile_grid(tiles, z, x, y), _FORMATS[image])
    headers = {**named_headers(named), "Vary": VARY}
    if "X-Time" in headers:
        headers["OGCAPI-datetime"] = headers["X-Time"]
    shows(request, pictured.dataset)
    return await picture_answer(request, drawing, headers, stages)


def _pictured(request: Request) -> Map:
    """The layer that a path names, in its style. Raises NotFound, InvalidParameter."""
    path = request.path_params
    dataset, layer = named_layer.find(context(request).catalog, path["collectionId"])
    style = path.get("styleId")
    if style is not None:
        named_layer.parse_style(dataset, layer, style)
    return Map(dataset, layer, style, asked(request, STEP))


def _tiles(request: Request, pictured: Map) -> MatrixSet:
    name = request.path_params["tileMatrixSetId"]
    return named_layer.find_set(pictured.dataset, pictured.layer, name)


def _place(request: Request, pictured: Map, tiles: MatrixSet) -> tuple[int, int, int]:
    """Zoom, column and row, within the limits that the tileset tells. Raises TileOutOfRange."""
    path = request.path_params
    deepest = tileset.deepest_zoom(pictured.layer, tiles)
    zoom = whole("tileMatrix", path["tileMatrix"], (tiles.first_zoom, deepest))
    limits = tile_range(tiles, zoom, named_layer.layer_bounds(pictured.layer))
    row = whole("tileRow", path["tileRow"], (limits.min_y, limits.max_y))
    col = whole("tileCol", path["tileCol"], (limits.min_x, limits.max_x))
    return zoom, col, row


def _named(pictured: Map, query: Query) -> NamedView | None:
    """The view that is asked for; None where the layer has nothing there."""
    dataset, layer = pictured.dataset, pictured.layer
    dimensions = named_layer.layer_dimensions(dataset, layer)
    subset = query(SUBSET)
    wanted = by_dimension(dimensions, subset or {}, query(TIME))
    texts: dict[str, str] = {}
    for dimension in dimensions:
        if dimension.name in wanted:
            text = coordinate(dimension, wanted[dimension.name])
            if text is None:
                return None
            texts[dimension.name.lower()] = text
    return NamedView.of(dataset, layer, pictured.style or "", texts)


_COLLECTION = f"{ROOT}/collections/{{collectionId}}"
_STYLED = f"{_COLLECTION}/styles/{{styleId}}"
_TILESET = "/map/tiles/{tileMatrixSetId}"
_TILE = f"{_TILESET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
_IMAGE = tuple(IMAGES.values())

ENDPOINTS = (
    Endpoint(f"{ROOT}/tileMatrixSets", get_tile_matrix_sets, "The tile matrix sets", TAG, (F,),
             answers=DOCUMENT),
    Endpoint(f"{ROOT}/tileMatrixSets/{{tileMatrixSetId}}", get_tile_matrix_set, "A tile matrix set",
             TAG, (F,), answers=DOCUMENT),
    Endpoint(f"{_COLLECTION}/styles", get_styles, "The styles of a collection", TAG, OF_TILESET,
             answers=DOCUMENT),
    *(
        Endpoint(f"{parent}{below}", handler, summary + style, TAG, parameters, answers=answers,
                 empty=(204,) if below == _TILE else ())
        for parent, style in ((_COLLECTION, ""), (_STYLED, ", in a style"))
        for below, handler, summary, parameters, answers in (
            ("/map/tiles", get_tilesets, "The tilesets of a collection", OF_TILESET, DOCUMENT),
            (_TILESET, get_tileset, "A tileset of a collection", OF_TILESET, DOCUMENT),
            (_TILE, get_tile, "A tile of a collection", OF_TILE, _IMAGE),
        )
    ),
)  # fmt: skip
