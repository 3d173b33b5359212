"""What a WMS request names: from its texts to values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tileserver.drawing import View
from tileserver.encode import WHITE
from tileserver.errors import DatasetNotFound, InvalidParameter, shown
from tileserver.grid import Bounds, Grid
from tileserver.http import params
from tileserver.http.endpoint import Context
from tileserver.http.ogc.kvp import Parameters
from tileserver.services.ogc import named_layer, wms_crs, wms_dimension
from tileserver.services.ogc.named_view import NamedView
from tileserver.services.ogc.wms_canvas import Color
from tileserver.services.ogc.wms_crs import NamedCrs
from tileserver.services.ogc.wms_exception import WmsError
from tileserver.services.ogc.wms_grid import map_grid
from tileserver.services.ogc.wms_profile import (
    ANIMATIONS,
    FRAME_LIMIT,
    LAYER_LIMIT,
    LONGEST_SIDE_PX,
    MAP_FORMATS,
    OLDEST,
)
from tileserver.services.ogc.wms_style import style_text
from tileserver.style import Scale, parse_rescale

T = TypeVar("T")

_COLOR = re.compile(r"(?:0x|#)?([0-9a-fA-F]{6})", re.ASCII)
# Numbers of CRSs are metres or degrees: what is beyond is none, what is below no box.
FARTHEST, SMALLEST_BOX = 1e12, 1e-9
AUTO = "auto"
FASTEST, SLOW = 50, 2  # frames in a second: what clients can show, and the default


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its parameters, the version it is in, the dataset that its address names."""

    parameters: Parameters
    version: str
    state: Context
    dataset: str | None = None

    def required(self, name: str, remedy: str) -> str:
        """A parameter that has to be there. Raises WmsError."""
        value = self.parameters.get(name)
        if value is None:
            raise WmsError.missing(name, remedy)
        return value

    def parsed(self, name: str, parse: Callable[[str, str], T], default: T) -> T:
        """An optional parameter, empty as good as absent. Raises InvalidParameter."""
        text = self.parameters.get(name)
        return parse(name, text.strip()) if text else default

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number that has to be there. Raises WmsError, InvalidParameter."""
        text = self.required(name, f"expected a whole number from {low} to {high}")
        return params.integer(low, high)(name, text.strip())


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The layers and the place of a map, of which GetFeatureInfo asks too."""

    layers: tuple[NamedView, ...]
    target: Grid

    @classmethod
    def of(cls, asked: Asked) -> Picture:
        """Raises WmsError, NotFound, InvalidParameter."""
        names = listed("LAYERS", asked.required("LAYERS", "expected layers of GetCapabilities"))
        styles = _styles(asked, len(names))
        layers = tuple(named_view(asked, *each) for each in zip(names, styles, strict=True))
        place = _crs(asked, [named.view for named in layers])
        size = map_size(asked)
        bounds = _bbox(asked, place)
        sets = layers[0].view.dataset.matrix_sets.for_crs(place.crs)
        return cls(layers, map_grid(place, bounds, size, sets))


def listed(name: str, text: str) -> list[str]:
    """Layers by commas. Raises WmsError for none, or too many."""
    found = text.split(",")
    if not text or len(found) > LAYER_LIMIT:
        expected = f"expected 1 to {LAYER_LIMIT} layers of GetCapabilities, by commas"
        raise WmsError.invalid(name, text, expected, None if text else "LayerNotDefined")
    return [each.strip() for each in found]


def named_view(asked: Asked, name: str, style: str) -> NamedView:
    """A layer in a style, at the coordinates and in the colours that are asked for."""
    dataset, layer = named_layer.find(asked.state.catalog, name)
    if asked.dataset is not None and dataset.id != asked.dataset:
        raise DatasetNotFound(
            name, f"dataset {shown(asked.dataset)} has no such layer; /wms has all"
        )
    dimensions = named_layer.layer_dimensions(dataset, layer)
    try:
        dims = wms_dimension.asked(dimensions, asked.parameters.values)
        named = NamedView.of(dataset, layer, style_text(style), dims)
    except InvalidParameter as error:
        known = error.name in {dimension.name for dimension in dimensions}
        code = "InvalidDimensionValue" if known else "StyleNotDefined"
        raise WmsError(code, error.name, str(error)) from None
    return NamedView(_coloured(asked, named.view), named.chosen)


def defaults(asked: Asked, named: NamedView) -> dict[str, str]:
    """The coordinates that were taken where the request has none, by dimension."""
    dimensions = named_layer.layer_dimensions(named.view.dataset, named.view.layer)
    told = wms_dimension.asked(dimensions, asked.parameters.values)
    return {name: chosen.label for name, chosen in named.chosen.items() if name.lower() not in told}


def _styles(asked: Asked, count: int) -> list[str]:
    """One for each layer; none at all are as many defaults."""
    text = asked.required("STYLES", "it may be empty, which asks for the default styles")
    styles = [each.strip() for each in text.split(",")]
    if not text:
        return [""] * count
    if len(styles) != count:
        expected = f"expected as many styles as LAYERS, {count}, or an empty list"
        raise WmsError.invalid("STYLES", text, expected, "StyleNotDefined")
    return styles


def _coloured(asked: Asked, view: View) -> View:
    """The view with the range, scale and opacity that ncWMS' parameters ask for."""
    choice = view.choice
    changed = replace(
        choice,
        rescale=asked.parsed("COLORSCALERANGE", _range, choice.rescale) or choice.rescale,
        scale=asked.parsed("LOGSCALE", _scale, choice.scale),
        opacity=asked.parsed("OPACITY", _opacity, choice.opacity),
    )
    return view if changed == choice else replace(view, choice=changed)


def _range(name: str, text: str) -> tuple[float, float] | None:
    if text.lower() in (AUTO, "default"):
        return None
    try:
        return parse_rescale(text)
    except InvalidParameter:
        expected = "expected min,max with min below max, auto or default"
        raise InvalidParameter(name, text, expected) from None


def _opacity(name: str, text: str) -> float:
    return params.integer(0, 100)(name, text) / 100


def _scale(name: str, text: str) -> Scale | None:
    return "log" if boolean(name, text) else "linear"


def is_auto(asked: Asked) -> bool:
    """Whether the colours are to span the values that the map shows."""
    return (asked.parameters.get("COLORSCALERANGE") or "").lower() == AUTO


def _crs(asked: Asked, views: Sequence[View]) -> NamedCrs:
    """The CRS, which every layer has to be offered in."""
    name, code = ("SRS", "InvalidSRS") if asked.version == OLDEST else ("CRS", "InvalidCRS")
    text = asked.required(name, "expected one of GetCapabilities, e.g. EPSG:3857").strip()
    found = [wms_crs.find(view.dataset, view.layer, text) for view in views]
    for view, place in zip(views, found, strict=True):
        if place is None:
            offered = wms_crs.offered(view.dataset, view.layer)
            remedy = f"{view.layer.id} has {', '.join(each.name for each in offered)}"
            raise WmsError.invalid(name, text, remedy, code)
    assert found[0] is not None
    return found[0]


def map_size(asked: Asked) -> tuple[int, int]:
    """(width, height) in pixels, within the limits. Raises WmsError, InvalidParameter."""
    most = asked.state.map_pixels
    longest = min(most, LONGEST_SIDE_PX)
    width, height = (asked.whole(name, 1, longest) for name in ("WIDTH", "HEIGHT"))
    if width * height > most:
        text = f"WIDTH×HEIGHT={width}×{height}: expected at most {most} pixels"
        raise WmsError(None, "WIDTH", text)
    return width, height


def _bbox(asked: Asked, place: NamedCrs) -> Bounds:
    text = asked.required("BBOX", "expected minx,miny,maxx,maxy")
    parts = text.split(",")
    if len(parts) != 4:
        raise WmsError.invalid("BBOX", text, "expected four numbers, minx,miny,maxx,maxy")
    first, second, third, fourth = (params.number("BBOX", part.strip()) for part in parts)
    bounds = place.bounds((first, second, third, fourth), asked.version)
    west, south, east, north = bounds
    if not all(abs(each) <= FARTHEST for each in bounds):
        raise WmsError.invalid("BBOX", text, "expected numbers in units of the CRS")
    if not (east - west >= SMALLEST_BOX and north - south >= SMALLEST_BOX):
        remedy = "expected minx,miny,maxx,maxy with each minimum below its maximum"
        raise WmsError.invalid("BBOX", text, remedy)
    return bounds


def map_format(asked: Asked) -> str:
    """The media type of a map or an animation. Raises WmsError."""
    offered = (*MAP_FORMATS, *ANIMATIONS)
    expected = f"expected one of {', '.join(offered)}"
    text = asked.required("FORMAT", expected)
    found = next((each for each in offered if _bare(each) == _bare(text)), None)
    if found is None:
        raise WmsError.invalid("FORMAT", text, expected, "InvalidFormat")
    return found


def _bare(media_type: str) -> str:
    return media_type.replace(" ", "").lower()


def background(asked: Asked, media_type: str) -> Color | None:
    """What shows where no layer does; None where that is to be nothing."""
    transparent = asked.parsed("TRANSPARENT", boolean, False)
    color = asked.parsed("BGCOLOR", _color, WHITE)
    return None if transparent and media_type != "image/jpeg" else color


def frames(asked: Asked, target: Grid, views: Sequence[View]) -> list[tuple[View, ...]]:
    """The layers at each of the times that are asked for; once, where none is, or none has a time.

    Raises WmsError.
    """
    text = asked.parameters.get("TIME")
    first = next((view for view in views if view.selection.step is not None), None)
    if not text or first is None:
        return [tuple(views)]
    dimension = first.dataset.source.cube.dimensions[first.selection.time]
    most = min(FRAME_LIMIT, asked.state.map_pixels // math.prod(target.shape))
    try:
        times = wms_dimension.steps(dimension, text, most)
        return [tuple(_at(view, time) for view in views) for time in times]
    except InvalidParameter as error:
        raise WmsError("InvalidDimensionValue", "TIME", str(error)) from None


def _at(view: View, time: str) -> View:
    axis, selection = view.selection.axis(view.dataset.source.cube), view.selection
    if axis is None:
        return view
    return replace(view, selection=selection.replace(selection.time, axis.find(time)))


def frame_ms(asked: Asked) -> int:
    """How long a frame is shown, by ncWMS' parameter of frames in a second."""
    return round(1000 / asked.parsed("FRAMERATE", params.integer(1, FASTEST), SLOW))


def boolean(name: str, text: str) -> bool:
    """TRUE or FALSE, in any case."""
    if text.lower() not in ("true", "false"):
        raise InvalidParameter(name, text, "expected TRUE or FALSE")
    return text.lower() == "true"


def _color(name: str, text: str) -> Color:
    match = _COLOR.fullmatch(text)
    if match is None:
        raise InvalidParameter(name, text, "expected 0xRRGGBB, e.g. 0xFFFFFF")
    red, green, blue = bytes.fromhex(match[1])
    return red, green, blue


def pixel(asked: Asked, target: Grid) -> tuple[float, float]:
    """x and y in the CRS of the centre of the pixel that is asked for. Raises WmsError."""
    found = []
    for new, old, size in zip("IJ", "XY", reversed(target.shape), strict=True):
        # GDAL's driver asks by the old names in the new version too.
        name = old if asked.version == OLDEST else new
        if asked.parameters.get(name) is None and asked.parameters.get(old) is not None:
            name = old
        try:
            found.append(asked.whole(name, 0, size - 1))
        except InvalidParameter as error:
            raise WmsError("InvalidPoint", name, str(error)) from None
    col, row = found
    x, y = target.x, target.y
    return x.start + (col + 0.5) * x.step, y.start + (row + 0.5) * y.step
