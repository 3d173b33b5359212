"""XYZ tiles in any matrix set, and their TileJSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tileserver import layer, tms
from tileserver.encode import MEDIA_TYPES
from tileserver.http import caching, params
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import Query
from tileserver.http.picture import picture_answer
from tileserver.http.tileset import DEFAULT_SIZE, PARAMETERS, TILE, TILE_OF_SET, Address, TilePath
from tileserver.services import tilejson
from tileserver.trail import Stages


async def get_tile(request: Request) -> Response:
    """One tile."""
    stages, state = Stages(), context(request)
    path = TilePath(**request.path_params)
    tileset = state.tilesets.find(state.catalog, path, request.scope["query_string"])
    drawing = tileset.drawing(Address.parse(path))
    return await picture_answer(request, drawing, tileset.headers, stages)


async def get_tilejson(request: Request) -> Response:
    """The TileJSON 3.0 of a layer."""
    path, state = request.path_params, context(request)
    dataset = state.catalog[path["dataset"]]
    query = Query(request.query_params.multi_items(), PARAMETERS, dataset.source.cube.dimensions)
    found = layer.find_layer(dataset, path["variable"], query(params.EXPRESSION))
    layer.select(dataset.source.cube, found, query.dims, query(params.METHOD))
    query.style()
    document = tilejson.document(
        dataset,
        found,
        dataset.matrix_sets[path.get("tms", tms.WEB_MERCATOR_QUAD)],
        base=base_url(request.scope),
        query=request.url.query,
        size=int(query(params.TILESIZE) or DEFAULT_SIZE),
    )
    return caching.json_answer(request, document)


_TILE = "/tiles/{dataset}/{variable}"
_IMAGES = tuple(MEDIA_TYPES.values())

ENDPOINTS = (
    Endpoint(f"{_TILE}/tilejson.json", get_tilejson, "TileJSON 3.0", "tiles", PARAMETERS, True),
    Endpoint(f"{_TILE}/{{tms}}/tilejson.json", get_tilejson, "TileJSON 3.0 in any matrix set",
             "tiles", PARAMETERS, True),
    Endpoint(TILE, get_tile, "A tile in WebMercatorQuad: y[@2x][.png]",
             "tiles", PARAMETERS, True, _IMAGES),
    Endpoint(TILE_OF_SET, get_tile, "A tile in any matrix set", "tiles", PARAMETERS, True, _IMAGES),
)  # fmt: skip
