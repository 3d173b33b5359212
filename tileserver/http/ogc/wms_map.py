"""GetMap and GetFeatureInfo of WMS."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tileserver.cost import OverBudget
from tileserver.drawing import View
from tileserver.grid import LONLAT, transformer
from tileserver.http import caching, params
from tileserver.http.endpoint import Context, context
from tileserver.http.ogc import wms_request
from tileserver.http.ogc.front import shows
from tileserver.http.ogc.headers import info_answer, named_headers
from tileserver.http.ogc.wms_request import Asked, Picture
from tileserver.http.picture import pattern_answer, server_timing
from tileserver.services.ogc import feature_info, wms_animation, wms_map
from tileserver.services.ogc.named_view import NamedView
from tileserver.services.ogc.wms_animation import Animation
from tileserver.services.ogc.wms_exception import WmsError
from tileserver.services.ogc.wms_map import Map
from tileserver.services.ogc.wms_profile import ANIMATIONS, INFO_FORMATS, MAP_FORMATS, OLDEST
from tileserver.trail import Stages

MOST_FEATURES = 1_000_000  # more than any client asks for; a layer has one


async def get_map(request: Request, asked: Asked) -> Response:
    """The map; of several times as an animation, if its format is one."""
    media_type = wms_request.map_format(asked)
    stages, found = Stages(), Picture.of(asked)
    views = [named.view for named in found.layers]
    stages.mark("parse")
    if wms_request.is_auto(asked):
        engine = context(request).engine
        jobs = [wms_map.fitted(engine, view, found.target) for view in views]
        views = await asyncio.gather(*jobs)
        stages.mark("range")
    wanted = _wanted(asked, found, views, media_type)
    headers = map_headers(asked, found.layers) | {"ETag": wanted.etag}
    shows(request, *(view.dataset for view in views))
    if caching.matches(request.headers.get("if-none-match"), wanted.etag):
        return caching.not_modified(headers)
    try:
        body = await _drawn(context(request), wanted, stages)
    except OverBudget as error:
        if isinstance(wanted, Animation) or not context(request).has_pattern:
            raise
        return pattern_answer(wanted.target.shape, wanted.format, media_type, error)
    headers |= {"Server-Timing": server_timing(stages), "Content-Type": media_type}
    return Response(body, headers=headers)


def _wanted(
    asked: Asked, found: Picture, views: Sequence[View], media_type: str
) -> Map | Animation:
    """What the format is of. Raises WmsError."""
    background = wms_request.background(asked, media_type)
    kind = ANIMATIONS.get(media_type)
    if kind is None:
        return Map(tuple(views), found.target, MAP_FORMATS[media_type], background)
    frames = wms_request.frames(asked, found.target, views)
    maps = tuple(Map(each, found.target, "png", background) for each in frames)
    return Animation(maps, kind, wms_request.frame_ms(asked))


async def _drawn(state: Context, wanted: Map | Animation, stages: Stages) -> bytes:
    if isinstance(wanted, Map):
        return await wms_map.draw(state.engine, state.map_gate, wanted, stages)
    return await wms_animation.draw_animation(state.engine, state.map_gate, wanted)


async def get_info(request: Request, asked: Asked) -> Response:
    """What the layers have at a pixel of a map."""
    state, found = context(request), Picture.of(asked)
    names = asked.required("QUERY_LAYERS", "expected some of LAYERS")
    media_type = _info_format(asked)
    asked.parsed("FEATURE_COUNT", params.integer(1, MOST_FEATURES), 1)
    place = wms_request.pixel(asked, found.target)
    lon, lat = map(float, transformer(found.target.crs, LONLAT).transform(*place))
    queried = [_queried(asked, name) for name in wms_request.listed("QUERY_LAYERS", names)]
    jobs = [
        feature_info.describe(partial(state.engine.read, named.view.dataset), named, lon, lat)
        for named in queried
    ]
    body = feature_info.write_info(media_type, await asyncio.gather(*jobs))
    return info_answer(body, media_type, map_headers(asked, queried))


def _queried(asked: Asked, name: str) -> NamedView:
    """A layer that tells its values. Raises WmsError, NotFound."""
    named = wms_request.named_view(asked, name, "")
    if not named.view.dataset.config.queryable:
        text = f"layer {name} tells no values: see queryable in GetCapabilities"
        raise WmsError("LayerNotQueryable", "QUERY_LAYERS", text)
    return named


def _info_format(asked: Asked) -> str:
    expected = f"expected one of {', '.join(INFO_FORMATS)}"
    text = asked.parameters.get("INFO_FORMAT")
    if text is None and asked.version != OLDEST:
        raise WmsError.missing("INFO_FORMAT", expected)
    media_type = (text or INFO_FORMATS[0]).lower()
    if media_type not in INFO_FORMATS:
        raise WmsError.invalid("INFO_FORMAT", media_type, expected, "InvalidFormat")
    return media_type


def map_headers(asked: Asked, layers: Sequence[NamedView]) -> dict[str, str]:
    """How long an answer keeps, the time that its first layer with one shows, and the coordinates
    that stand in for others, or for none (OGC 06-042, C.4)."""
    each = [named_headers(named) for named in layers]
    headers = next((known for known in each if "X-Time" in known), each[0])
    nearest: dict[str, str] = {}
    default: dict[str, str] = {}
    for named in layers:
        nearest |= named.stand_ins
        default |= wms_request.defaults(asked, named)
    said = [("Nearest", nearest), ("Default", default)]
    warnings = [f"99 {word} value used: {_listed(used)}" for word, used in said if used]
    if warnings:
        headers["Warning"] = ", ".join(warnings)
    return headers


def _listed(used: Mapping[str, str]) -> str:
    return ", ".join(f"{quote(name)}={_plain(label)}" for name, label in used.items())


def _plain(label: str) -> str:
    """A coordinate as it may stand in a header: it may be any text of a store."""
    return label if label.isascii() and label.isprintable() else quote(label)
