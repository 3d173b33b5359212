"""GetLegendGraphic of WMS (OGC 05-078r4, 12), with ncWMS' parameters."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from tileserver.gate import in_thread
from tileserver.http import caching, params
from tileserver.http.endpoint import context
from tileserver.http.ogc.wms_request import Asked, boolean, named_view
from tileserver.services import legend, shape
from tileserver.services.legend import LARGEST_PX, Legend, Orientation
from tileserver.services.ogc.named_layer import LEGEND_ORIENTATION
from tileserver.services.ogc.wms_exception import WmsError
from tileserver.services.ogc.wms_profile import LEGEND_FORMATS
from tileserver.services.ogc.wms_style import palette_text
from tileserver.services.shape import Ramp, Shape

BAR_PX = (200, 20)  # length and breadth of the colours alone, where no size is asked

Size = tuple[int, int]


async def get_legend(request: Request, asked: Asked) -> Response:
    """The legend of a layer in a style; clients append what they like."""
    expected = f"expected one of {', '.join(LEGEND_FORMATS)}"
    media_type = (asked.parameters.get("FORMAT") or LEGEND_FORMATS[0]).lower()
    if media_type not in LEGEND_FORMATS:
        raise WmsError.invalid("FORMAT", media_type, expected, "InvalidFormat")
    name = asked.required("LAYER", "expected a layer of GetCapabilities")
    palette = asked.parameters.get("PALETTE")
    style = palette_text(palette) if palette else asked.parameters.get("STYLE") or ""
    view = named_view(asked, name, style).view
    engine = context(request).engine
    found = await legend.layer_legend(engine, view.dataset, view.layer, view.choice)
    sized = _sized(asked, found)
    if media_type == "application/json":
        return caching.json_answer(request, legend.to_dict(sized))
    bar = _bar(sized) if asked.parsed("COLORBARONLY", boolean, False) else None
    if media_type == "image/svg+xml":
        svg = shape.to_svg(*bar) if bar else legend.to_svg(sized)
        return caching.answer(request, svg.encode(), media_type)
    if bar:
        body = await in_thread(engine.pool, shape.to_png, *bar)
    else:
        body = await legend.drawn_png(engine, sized)
    return caching.answer(request, body, media_type)


def _sized(asked: Asked, found: Legend) -> Legend:
    """The legend as large as is asked; where nothing says which way values rise, along its longer
    side, or as capabilities have it."""
    side = params.integer(1, LARGEST_PX)
    width, height = (asked.parsed(name, side, None) for name in ("WIDTH", "HEIGHT"))
    usual = LEGEND_ORIENTATION == "vertical" if not (width and height) else height > width
    upright = asked.parsed("VERTICAL", boolean, usual)
    orientation: Orientation = "vertical" if upright else "horizontal"
    return replace(found, orientation=orientation, width=width, height=height)


def _bar(sized: Legend) -> tuple[list[Shape], Size] | None:
    """The colours alone, and their size; a picture of three bands has no such bar."""
    if sized.bands:
        return None
    length, breadth = BAR_PX
    width, height = (breadth, length) if sized.vertical else (length, breadth)
    size = (sized.width or width, sized.height or height)
    return [Ramp(0, 0, *size, sized.style.palette()[1:], sized.vertical)], size
