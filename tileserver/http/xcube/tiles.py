"""Tiles and legends by xcube's addresses, row before column, and in its words for colours."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Literal
from urllib.parse import parse_qsl

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from tileserver import encode
from tileserver.dataset import Dataset
from tileserver.drawing import StyleChoice, View
from tileserver.errors import InvalidParameter, TileOutOfRange
from tileserver.http import caching, params
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.ogc.front import shows
from tileserver.http.params import STRING, Parameter, Query, choice, integer, number, whole
from tileserver.http.picture import picture_answer
from tileserver.http.tileset import Address, Tileset, headers_of, ordered
from tileserver.http.xcube.query import ROOT, TAG, known, taken_of
from tileserver.layer import Layer, select
from tileserver.render import Indexed
from tileserver.services import legend
from tileserver.services.xcube import colorbar, naming
from tileserver.services.xcube.naming import CHANNELS, RGB, Channel
from tileserver.style import Scale
from tileserver.tms import WEB_MERCATOR_QUAD
from tileserver.trail import Stages

Norm = Literal["lin", "log", "cat"]

PNG = "image/png"
SIZE = 256
CRS84 = "WorldCRS84Quad"
SETS = {
    "EPSG:3857": WEB_MERCATOR_QUAD,
    "CRS84": CRS84,
    "EPSG:4326": CRS84,
    "OGC:CRS84": CRS84,
}
LONGEST_BAR = 20_000  # of a user's own colours, of which there are up to 255
DARKEST = 1000  # how far a logarithm reaches below the highest value, where the lowest has none

CRS: Parameter[str] = Parameter(
    "crs", choice(SETS), {"type": "string", "enum": [*SETS]}, "Of the map.", "CRS84", "EPSG:3857"
)
VMIN: Parameter[float | None] = Parameter(
    "vmin", number, {"type": "number"}, "Of the colours; by default the layer's own.", None, "0"
)
VMAX: Parameter[float | None] = Parameter(
    "vmax", number, {"type": "number"}, "Of the colours; by default the layer's own.", None, "30"
)


def _bar(name: str, value: str) -> str:
    if len(value) > LONGEST_BAR:
        raise InvalidParameter(name, value, f"expected at most {LONGEST_BAR} characters")
    return value


CMAP: Parameter[str | None] = Parameter(
    "cmap", _bar, STRING,
    "A colour bar of /xcube/colorbars, maybe with _r and _alpha behind; or JSON with name, type "
    "(continuous, stepwise, categorical) and colors.", None, "viridis_r",
)  # fmt: skip
CBAR: Parameter[str | None] = Parameter("cbar", _bar, STRING, "The same as cmap.", None)
NORM: Parameter[Norm | None] = Parameter(
    "norm", choice(("lin", "log", "cat")), {"type": "string", "enum": ["lin", "log", "cat"]},
    "How values spread over the colours.", None,
)  # fmt: skip
FORMAT: Parameter[str] = Parameter(
    "format", choice(("png", PNG)), {"type": "string", "enum": ["png", PNG]}, "Of the file.", "png"
)
RETINA: Parameter[bool] = Parameter(
    "retina", params.boolean, {"type": "boolean"}, "Whether a tile has 512 pixels, not 256.", False
)
VARIABLES: tuple[Parameter[str | None], ...] = tuple(
    Parameter(name, params.text, STRING, "Of rgb: the variable in its place.", None)
    for name in CHANNELS
)
RANGES: tuple[Parameter[float | None], ...] = tuple(
    Parameter(name + end, number, {"type": "number"}, "Of rgb: the range of one colour.", None)
    for name in CHANNELS
    for end in ("vmin", "vmax")
)
COLOURS = (VMIN, VMAX, CMAP, CBAR, NORM)
TILE: tuple[Parameter[Any], ...] = (CRS, params.TIME, *COLOURS, FORMAT, RETINA, *VARIABLES, *RANGES)
WIDTH = whole("width", 1, 4096, "Width in pixels.", 256)
HEIGHT = whole("height", 1, 4096, "Height in pixels.", 16)
LEGEND = (*COLOURS, WIDTH, HEIGHT)


async def get_tile(request: Request) -> Response:
    """One tile; a clear one beyond the ends of the map."""
    stages, state, path = Stages(), context(request), request.path_params
    query = request.scope["query_string"]
    key = (TAG, path["dataset"], path["variable"], ordered(query))
    tileset = state.tilesets.kept(state.catalog, key, Tileset, partial(_tileset, request))
    z, y, x = (integer(-(2**31), 2**31)(name, path[name]) for name in ("z", "y", "x"))
    try:
        drawing = tileset.drawing(Address(z, x, y, 1, "png"))
    except TileOutOfRange:
        return caching.answer(request, _clear(tileset.size), PNG)
    shows(request, tileset.view.dataset)
    return await picture_answer(request, drawing, tileset.headers, stages)


def _tileset(request: Request) -> Tileset:
    """What an address names but for the place. Raises NotFound, InvalidParameter."""
    path = request.path_params
    dataset = context(request).catalog[path["dataset"]]
    cube = dataset.source.cube
    items = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = taken_of(items, TILE, cube.dimensions.keys())
    query(FORMAT)
    found, colours = _drawn(dataset, path["variable"], query)
    asked = {name: text.replace(" ", "T") for name, text in query.dims.items() if text}
    view = View(
        dataset=dataset,
        layer=found,
        selection=select(cube, found, asked),
        choice=colours,
        resampling=found.style.resampling,
    )
    size = SIZE * (2 if query(RETINA) else 1)
    headers = headers_of(view, asked.get("time"), pinned=False)
    return Tileset(view, dataset.matrix_sets[SETS[query(CRS)]], size, headers)


def _drawn(dataset: Dataset, name: str, query: Query) -> tuple[Layer, StyleChoice]:
    """The layer, and its colours."""
    low, high = query(VMIN), query(VMAX)
    channels = _channels(query)
    if name == RGB and channels != (Channel(),) * len(CHANNELS):
        shared = (low, high) if low is not None and high is not None else None
        return naming.mixed(dataset, channels, shared), StyleChoice(rescale=(0.0, 1.0))
    found = naming.find(dataset, name)
    return found, colours(dataset, found, query)


def _channels(query: Query) -> tuple[Channel, ...]:
    ends = [query(each) for each in RANGES]
    return tuple(
        Channel(query(variable), low, high)
        for variable, low, high in zip(VARIABLES, ends[::2], ends[1::2], strict=True)
    )


def colours(dataset: Dataset, layer: Layer, query: Query) -> StyleChoice:
    """How a request wants a layer coloured. Raises InvalidParameter."""
    low, high, norm = query(VMIN), query(VMAX), query(NORM)
    text = query(CMAP) or query(CBAR)
    colormap = None
    if text and layer.bands == 1:
        colormap = colorbar.find(dataset, layer, text)
    if low is None or high is None:
        return StyleChoice(colormap, None, _scale(norm))
    low, high = min(low, high), max(low, high)
    if low == high:
        high = low + 1
    # Who gives a range and no norm wants it linear: so does the viewer.
    scale = _scale(norm) or "linear"
    if scale == "log" and low <= 0:
        low, high = (high / DARKEST, high) if high > 0 else (1 / DARKEST, 1.0)
    return StyleChoice(colormap, (low, high), scale if layer.bands == 1 else None)


def _scale(norm: Norm | None) -> Scale | None:
    return None if norm is None else "log" if norm == "log" else "linear"


@lru_cache(maxsize=2)
def _clear(size: int) -> bytes:
    index = np.zeros((size, size), np.uint8)
    return encode.palette_png(Indexed(index, np.zeros((256, 4), np.uint8)))


async def get_legend(request: Request) -> Response:
    """The legend of a layer, of the very size that is asked for."""
    path, state = request.path_params, context(request)
    dataset = state.catalog[path["dataset"]]
    query = known(request, LEGEND)
    found = naming.find(dataset, path["variable"])
    choice = colours(dataset, found, query)
    drawn = await legend.layer_legend(state.engine, dataset, found, choice)
    width, height = query(WIDTH), query(HEIGHT)
    drawn = legend.Legend(
        drawn.style, drawn.title, drawn.units,
        orientation="horizontal" if width >= height else "vertical",
        width=width, height=height, bands=drawn.bands,
    )  # fmt: skip
    return caching.answer(request, await legend.drawn_png(state.engine, drawn), PNG)


_LAYER = f"{ROOT}/tiles/{{dataset}}/{{variable:path}}"

ENDPOINTS = (
    # Before tiles, which an expression with slashes would make of it.
    Endpoint(f"{_LAYER}/legend", get_legend, "A legend", TAG, LEGEND, answers=(PNG,)),
    Endpoint(f"{_LAYER}/{{z}}/{{y}}/{{x}}", get_tile, "A tile: row before column", TAG, TILE, True,
             (PNG,)),
)  # fmt: skip
