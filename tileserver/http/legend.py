"""Legends of layers, colormaps, tile matrix sets: what colours mean, and what can be asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from tileserver import layer
from tileserver.errors import ColormapNotFound, InvalidParameter
from tileserver.http import caching, params
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import Parameter, Query, boolean, choice, whole
from tileserver.services import colormaps, legend, matrixsets

Orientation = Literal["vertical", "horizontal"]

WIDTH = whole("width", 1, 4096, "Width in pixels.", None, "300")
HEIGHT = whole("height", 1, 4096, "Height in pixels.", None, "60")
ORIENTATION: Parameter[Orientation] = Parameter(
    "orientation", choice(("vertical", "horizontal")),
    {"type": "string", "enum": ["vertical", "horizontal"]}, "Which way values rise.", "vertical",
)  # fmt: skip
LABEL: Parameter[bool] = Parameter(
    "label", boolean, {"type": "boolean"}, "Whether title and units are shown.", True
)
TICKS = whole("ticks", 2, 50, "How many ticks at the most.", None, "5")
COLORS: Parameter[bool] = Parameter(
    "colors", boolean, {"type": "boolean"}, "Whether the colours of all are told too.", False
)
PARAMETERS = (
    *params.STYLE,
    params.EXPRESSION,
    params.VERSION,
    WIDTH,
    HEIGHT,
    ORIENTATION,
    LABEL,
    TICKS,
)
# The rest of a tile's parameters may stand in a legend's URL too, and change nothing.
PASSED_OVER = (params.TIME, params.METHOD, params.RESAMPLING, params.TILESIZE)

MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml", "json": "application/json"}


async def get_legend(request: Request) -> Response:
    """The legend of a layer as PNG, SVG or JSON, by the ending of the path."""
    path, state = request.path_params, context(request)
    name, format = _split(path["last"])
    dataset = state.catalog[path["dataset"]]
    query = Query(
        request.query_params.multi_items(),
        (*PARAMETERS, *PASSED_OVER),
        dataset.source.cube.dimensions,
    )
    found = layer.find_layer(dataset, name, query(params.EXPRESSION))
    drawn = replace(
        await legend.layer_legend(state.engine, dataset, found, query.style()),
        orientation=query(ORIENTATION),
        width=query(WIDTH),
        height=query(HEIGHT),
        label=query(LABEL),
        ticks=query(TICKS),
    )
    if format == "json":
        return caching.json_answer(request, legend.to_dict(drawn))
    if format == "png":
        body = await legend.drawn_png(state.engine, drawn)
    else:
        body = legend.to_svg(drawn).encode()
    return caching.answer(request, body, MEDIA_TYPES[format])


def _split(last: str) -> tuple[str, str]:
    """A layer's id and the format, from `sst.svg`; ids may hold dots."""
    name, dot, ending = last.rpartition(".")
    return (name, ending) if dot and ending in MEDIA_TYPES else (last, "png")


async def get_colormaps(request: Request) -> Response:
    """All colormaps by name."""
    query = Query(request.query_params.multi_items(), (COLORS,))
    # With all colours it takes tens of milliseconds.
    document = await asyncio.to_thread(colormaps.listing, colors=query(COLORS))
    return caching.json_answer(request, document)


async def get_colormap(request: Request) -> Response:
    """One colormap as JSON, or as a picture with the ending .png."""
    name = request.path_params["name"]
    query = Query(request.query_params.multi_items(), (WIDTH, HEIGHT))
    width, height = query(WIDTH) or 256, query(HEIGHT) or 20
    try:
        if name.endswith(".png"):
            # Of the largest it takes a good part of a second.
            body = await asyncio.to_thread(
                colormaps.preview_png, name.removesuffix(".png"), width=width, height=height
            )
            return caching.answer(request, body, "image/png")
        return caching.json_answer(request, colormaps.describe(name))
    except InvalidParameter as error:
        if error.name != "colormap_name":
            raise
        raise ColormapNotFound(name, "no such colour table; /colormaps lists them") from error


async def get_matrix_sets(request: Request) -> Response:
    """All tile matrix sets."""
    Query(request.query_params.multi_items(), ())
    sets = context(request).catalog.matrix_sets
    return caching.json_answer(request, matrixsets.listing(sets, base_url(request.scope)))


async def get_matrix_set(request: Request) -> Response:
    """One tile matrix set, as OGC Two Dimensional Tile Matrix Set 2.0 has it."""
    Query(request.query_params.multi_items(), ())
    tiles = context(request).catalog.matrix_sets[request.path_params["tms"]]
    return caching.json_answer(request, matrixsets.document(tiles))


ENDPOINTS = (
    Endpoint("/legend/{dataset}/{last}", get_legend, "A legend: variable[.png]", "legends",
             PARAMETERS, False, tuple(MEDIA_TYPES.values())),
    Endpoint("/colormaps", get_colormaps, "The colormaps", "legends", (COLORS,)),
    Endpoint("/colormaps/{name}", get_colormap, "A colormap: name[.png]", "legends",
             (WIDTH, HEIGHT), False, ("application/json", "image/png")),
    Endpoint("/tms", get_matrix_sets, "The tile matrix sets", "tiles"),
    Endpoint("/tms/{tms}", get_matrix_set, "A tile matrix set", "tiles"),
)  # fmt: skip
