"""XYZ tiles in any matrix set, and their TileJSON."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from tileserver import layer, tms
from tileserver.drawing import Drawing
from tileserver.encode import MEDIA_TYPES, Format
from tileserver.errors import InvalidParameter, TileOutOfRange, shown
from tileserver.http import caching, params
from tileserver.http.endpoint import Context, Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import Query
from tileserver.pipeline import Stages
from tileserver.services import tilejson

_LAST = re.compile(
    r"(?P<y>\d{1,10})(?:@(?P<scale>\d{1,3})x)?(?:\.(?P<format>[a-z]{1,5}))?", re.ASCII
)
_DIGITS = re.compile(r"\d{1,10}", re.ASCII)
_FORMATS: dict[str, Format] = {
    "png": "png",
    "webp": "webp",
    "jpg": "jpg",
    "jpeg": "jpg",
    "npy": "npy",
    "bin": "bin",
}
DEFAULT_SIZE = 256

PARAMETERS = (
    params.TIME,
    params.METHOD,
    *params.STYLE,
    params.RESAMPLING,
    params.EXPRESSION,
    params.TILESIZE,
    params.VERSION,
)


@dataclass(frozen=True, slots=True)
class Address:
    """A tile's place in its matrix set, and how its file is to be."""

    z: int
    x: int
    y: int
    scale: int
    format: Format

    @classmethod
    def parse(cls, z: str, x: str, last: str) -> Address:
        """From the end of a path: z, x and `y[@2x][.png]`. Raises TileOutOfRange for what is no
        number, InvalidParameter for an unknown scale or format."""
        match = _LAST.fullmatch(last)
        if match is None or not (_DIGITS.fullmatch(z) and _DIGITS.fullmatch(x)):
            raise TileOutOfRange(
                f"{shown(z)}/{shown(x)}/{shown(last)}", "expected z/x/y[@2x][.png], whole numbers"
            )
        scale = int(match["scale"] or 1)
        if scale not in (1, 2):
            raise InvalidParameter("scale", f"@{scale}x", "expected @2x or nothing")
        format = _FORMATS.get(match["format"] or "png")
        if format is None:
            expected = ", ".join(MEDIA_TYPES)
            raise InvalidParameter("format", match["format"], f"expected one of {expected}")
        return cls(int(z), int(x), int(match["y"]), scale, format)


def parse_drawing(request: Request, state: Context) -> tuple[Drawing, Query]:
    """What a request for a tile wants drawn."""
    path = request.path_params
    dataset = state.catalog[path["dataset"]]
    cube = dataset.source.cube
    query = Query(request.query_params.multi_items(), PARAMETERS, cube.dimensions.keys())
    found = layer.find_layer(dataset, path["variable"], query(params.EXPRESSION))
    address = Address.parse(path["z"], path["x"], path["last"])
    tiles = tms.matrix_set(path.get("tms", tms.WEB_MERCATOR_QUAD))
    resampling = query(params.RESAMPLING)
    size = int(query(params.TILESIZE) or DEFAULT_SIZE) * address.scale
    drawing = Drawing(
        dataset=dataset,
        layer=found,
        selection=layer.select(cube, found, query.dims, query(params.METHOD)),
        target=tms.tile_grid(tiles, address.z, address.x, address.y, size),
        choice=query.style(),
        resampling=resampling or found.style.resampling,
        format=address.format,
    )
    return drawing, query


def headers_of(drawing: Drawing, asked: str | None, pinned: bool) -> dict[str, str]:
    """What goes with a picture: its validator, how long it keeps, the time that it shows."""
    headers = {
        "ETag": drawing.etag,
        "Cache-Control": caching.PINNED if pinned else caching.SHORT,
    }
    cube = drawing.dataset.source.cube
    used, axis = drawing.selection.time_label(cube), cube.time
    if used is not None and axis is not None:
        headers["X-Time"] = used
        step = drawing.selection.index("time")
        if asked is not None and step is not None and not axis.is_step(asked, step):
            headers["Warning"] = f"99 Nearest value used: time={used}"
    return headers


async def get_tile(request: Request) -> Response:
    """One tile."""
    stages = Stages()
    state = context(request)
    drawing, query = parse_drawing(request, state)
    pinned = query(params.VERSION) == drawing.dataset.version
    headers = headers_of(drawing, query.dims.get("time"), pinned)
    if caching.matches(request.headers.get("if-none-match"), drawing.etag):
        return caching.not_modified(headers)
    stages.mark("parse")
    body = await state.engine.tile(drawing, stages)
    headers["Server-Timing"] = server_timing(stages)
    return Response(body, headers=headers, media_type=MEDIA_TYPES[drawing.format])


def server_timing(stages: Stages) -> str:
    """W3C Server Timing, in milliseconds."""
    return ", ".join(f"{name};dur={s * 1000:.3f}" for name, s in stages.seconds.items())


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
        tms.matrix_set(path.get("tms", tms.WEB_MERCATOR_QUAD)),
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
    Endpoint(f"{_TILE}/{{z}}/{{x}}/{{last}}", get_tile, "A tile in WebMercatorQuad: y[@2x][.png]",
             "tiles", PARAMETERS, True, _IMAGES),
    Endpoint(f"{_TILE}/{{tms}}/{{z}}/{{x}}/{{last}}", get_tile, "A tile in any matrix set", "tiles",
             PARAMETERS, True, _IMAGES),
)  # fmt: skip
