"""The layers of a dataset in the capabilities of WMS, as text.

A child inherits the CRSs and boxes of its parents (OGC 06-042, 7.2.4.8), so each is told as high in
the tree as it holds. Dimensions would be inherited too, but OWSLib looks for them on the layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from tileserver.cube import TIME, Dimension
from tileserver.dataset import Dataset
from tileserver.grid import LONLAT, WEB_MERCATOR, Bounds, transformer
from tileserver.layer import Layer, layers
from tileserver.matrixset import code_of
from tileserver.services.ogc import wms_crs, wms_dimension
from tileserver.services.ogc.dimension import LONGEST_LIST, listed_values, periods
from tileserver.services.ogc.layer_info import LayerInfo, StyleInfo, layer_infos
from tileserver.services.ogc.wms_crs import CRS84, NamedCrs
from tileserver.services.ogc.wms_profile import LEGEND_FORMATS, NEWEST
from tileserver.services.ogc.xml import BASE_URL, XLINK, element, leaf
from tileserver.timeaxis import TimeAxis

# Boxes in these go with every layer, beside that of its data's own CRS. They are named again at
# each dataset, since OpenLayers hands CRSs on to the next level alone.
BOXED = (CRS84, "EPSG:4326", "EPSG:3857")
MERCATOR_DEG = 85.0511287798066  # where the square of Web Mercator ends
# A stretch of two instants is regular by chance: periods that stand for fewer than this say little.
FEWER = 3
PIXEL_M = 0.00028  # as wide as OGC takes a screen's to be
SLACK = 1.5  # between two zooms
BRIEF_LIST = 10  # values of a dimension in a document that would be too large
WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Branch:
    """A dataset in the tree of layers.

    Args:
        text: its element with those of its layers in it.
        brief: the same with few values of each dimension.
        bbox: of all its layers, in degrees.
        theme: the titles of what it lies in, the widest first.
    """

    text: str
    brief: str
    bbox: Bounds
    theme: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, version: str) -> Branch:
        """That of a dataset, as a version writes it."""
        infos = layer_infos(dataset)
        known = list(zip(layers(dataset), infos, strict=True))
        traits = [Traits.of(dataset, *each, version) for each in known]
        shared = Traits.common(traits)
        first = infos[0]
        credit = [leaf("Title", first.attribution)] if first.attribution else []
        parts = [
            leaf("Title", dataset.title),
            leaf("Abstract", first.abstract) if first.abstract else "",
            keyword_list(first.keywords),
            *crs_names(list(map(wms_crs.named, BOXED)), version),
            *shared.texts,
            element("Attribution", credit) if credit else "",
        ]

        def written(longest: int) -> str:
            own = [each.without(shared) for each in traits]
            pairs = zip(infos, own, strict=True)
            return element("Layer", [*parts, *(_layer(*each, version, longest) for each in pairs)])

        text = written(LONGEST_LIST)
        lists = max((each.size for info in infos for each in info.dimensions), default=0)
        brief = written(BRIEF_LIST) if lists > BRIEF_LIST else text
        return cls(text, brief, dataset.source.cube.bounds(dataset.variables), first.theme)

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds."""
        return len(self.text) + (0 if self.brief is self.text else len(self.brief))


def keyword_list(keywords: Sequence[str]) -> str:
    """The element of keywords, if there are any."""
    return element("KeywordList", [leaf("Keyword", word) for word in keywords]) if keywords else ""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a layer has or inherits: CRSs, the box in degrees, boxes, each kind in a group."""

    groups: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, dataset: Dataset, layer: Layer, info: LayerInfo, version: str) -> Traits:
        """Those of a layer."""
        names = [leaf(_crs_tag(version), each.name) for each in wms_crs.own(dataset, layer)]
        found = _boxes(dataset, layer, info.bbox)
        boxes = [bounding_box(place, bounds, version) for place, bounds in found]
        kinds = [names, [geographic_box(info.bbox, version)], boxes]
        return cls(tuple(tuple(filter(None, kind)) for kind in kinds))

    @classmethod
    def common(cls, traits: Sequence[Traits]) -> Traits:
        """What all layers have alike."""
        kinds = zip(*(each.groups for each in traits), strict=True)
        return cls(
            tuple(tuple(t for t in kind[0] if all(t in k for k in kind[1:])) for kind in kinds)
        )

    def without(self, shared: Traits) -> Traits:
        """What a layer has beside."""
        kinds = zip(self.groups, shared.groups, strict=True)
        return Traits(tuple(tuple(t for t in own if t not in known) for own, known in kinds))

    @property
    def texts(self) -> Iterator[str]:
        """All of them."""
        return (text for kind in self.groups for text in kind)


def crs_names(places: Sequence[NamedCrs], version: str) -> list[str]:
    """The elements that name CRSs."""
    # CRS:84 is of 1.3.0; older clients know the order of EPSG:4326's axes as x, y.
    listed = [each.name for each in places if version == NEWEST or each.name != CRS84]
    return [leaf(_crs_tag(version), name) for name in listed]


def _crs_tag(version: str) -> str:
    return "CRS" if version == NEWEST else "SRS"


def geographic_box(bbox: Bounds, version: str) -> str:
    """The box in degrees that every version has."""
    west, south, east, north = _unbroken(bbox)
    if version != NEWEST:
        return element("LatLonBoundingBox", attributes=_edges((west, south, east, north)))
    sides = {"westBoundLongitude": west, "eastBoundLongitude": east}
    sides |= {"southBoundLatitude": south, "northBoundLatitude": north}
    return element(
        "EX_GeographicBoundingBox", [leaf(name, f"{side:.12g}") for name, side in sides.items()]
    )


def _unbroken(bbox: Bounds) -> Bounds:
    """A box of degrees; round the globe where it crosses 180°, since clients see none there."""
    west, south, east, north = bbox
    return (-180.0, south, 180.0, north) if west >= east else bbox


def bounding_box(place: NamedCrs, bounds: Bounds, version: str) -> str:
    """A box (west, south, east, north) in a CRS, its axes as the version has them."""
    if version != NEWEST and place.name == CRS84:
        return ""
    name = {_crs_tag(version): place.name}
    return element("BoundingBox", attributes=name | _edges(place.bounds(bounds, version)))


def _edges(box: Bounds) -> dict[str, str]:
    names = ("minx", "miny", "maxx", "maxy")
    return {name: f"{edge:.12g}" for name, edge in zip(names, box, strict=True)}


def world_boxes(bbox: Bounds) -> list[tuple[NamedCrs, Bounds]]:
    """A box of degrees in the CRSs that every layer has a box in."""
    west, south, east, north = box = _unbroken(bbox)
    low, high = (min(max(lat, -MERCATOR_DEG), MERCATOR_DEG) for lat in (south, north))
    x, y = transformer(LONLAT, WEB_MERCATOR).transform((west, east), (low, high))
    boxes = (box, box, (x[0], y[0], x[1], y[1]))
    return [(wms_crs.named(name), each) for name, each in zip(BOXED, boxes, strict=True)]


def _boxes(dataset: Dataset, layer: Layer, bbox: Bounds) -> list[tuple[NamedCrs, Bounds]]:
    """The boxes of a layer; in its data's own CRS the true one."""
    boxes = world_boxes(bbox)
    grid = layer.variables[0].grid
    own = wms_crs.find(dataset, layer, code_of(grid.crs))
    return boxes if own is None or own.name in BOXED else [*boxes, (own, grid.bounds)]


def _dimensions(dimensions: Sequence[Dimension], version: str, longest: int) -> list[str]:
    upright = wms_dimension.vertical(dimensions)
    timely = next((each for each in dimensions if each.kind == "time"), None)
    names = [
        TIME if each is timely else wms_dimension.ELEVATION if each is upright else each.name
        for each in dimensions
    ]
    written = [_dimension(*each, version, longest) for each in zip(dimensions, names, strict=True)]
    return [text for kind in zip(*written, strict=True) for text in kind]


@lru_cache(maxsize=64)
def _dimension(dimension: Dimension, name: str, version: str, longest: int) -> tuple[str, str]:
    """Its element, and in 1.1.1 that of its extent."""
    is_time = dimension.kind == "time"
    unit = "ISO8601" if is_time else dimension.units or ""
    told = {"name": name, "units": unit}
    if unit and not is_time:
        told["unitSymbol"] = unit
    about = {"default": dimension.label(dimension.default())}
    if is_time:
        about["multipleValues"] = "1"
    if dimension.kind != "text":
        about["nearestValue"] = "1"
    if is_time:
        about["current"] = "1"
    values = extent(dimension, longest)
    if version == NEWEST:
        return leaf("Dimension", values, told | about), ""
    return element("Dimension", attributes=told), leaf("Extent", values, {"name": name} | about)


def extent(dimension: Dimension, longest: int = LONGEST_LIST) -> str:
    """The values of a dimension, or the periods of its regular stretches where they are far fewer:
    every client reads a list. No more than `longest` of either."""
    if isinstance(dimension.values, TimeAxis):
        stretches = periods(dimension.values, longest)
        if dimension.size > longest or FEWER * len(stretches) <= dimension.size:
            return ",".join(stretches)
    values = listed_values(dimension, longest)
    if dimension.kind == "text":
        # A comma or a slash parts values; what holds one can be asked for all the same.
        values = [value for value in values if not {",", "/"} & set(value)]
    return ",".join(values)


def _layer(info: LayerInfo, own: Traits, version: str, longest: int) -> str:
    parts = [
        leaf("Name", info.id),
        leaf("Title", info.title),
        *own.texts,
        *_dimensions(info.dimensions, version, longest),
        *(_style(info, style, version) for style in info.styles),
        _scales(info, version),
    ]
    return element("Layer", parts, {"queryable": "1"} if info.queryable else None)


def _scales(info: LayerInfo, version: str) -> str:
    """The coarsest scale at which a map reads no more than it may, where there is one (OGC 06-042,
    7.2.4.6.9; of 1.1.1 the diagonal of a pixel in metres, OGC 01-068r3, 7.1.4.5.16)."""
    for tiles, first in zip(info.matrix_sets, info.first_zooms, strict=False):
        if first > tiles.first_zoom:
            coarsest = tiles.scale_denominator(first) * SLACK
            if version == NEWEST:
                return leaf("MaxScaleDenominator", f"{coarsest:.6g}")
            diagonal = coarsest * PIXEL_M * math.sqrt(2)
            return element("ScaleHint", attributes={"min": "0", "max": f"{diagonal:.6g}"})
    return ""


def _style(info: LayerInfo, style: StyleInfo, version: str) -> str:
    parts = [leaf("Name", style.id), leaf("Title", style.id)]
    if style.legend_size is not None:
        media_type, names = LEGEND_FORMATS[0], (quote(info.id), quote(style.id))
        address = (
            f"{BASE_URL}/wms?SERVICE=WMS&VERSION={version}&REQUEST=GetLegendGraphic"
            "&LAYER={}&STYLE={}&FORMAT=".format(*names)
            + media_type
        )
        size = dict(zip(("width", "height"), map(str, style.legend_size), strict=True))
        link = online(address, version)
        parts.append(element("LegendURL", [leaf("Format", media_type), link], size))
    return element("Style", parts)


def online(address: str, version: str) -> str:
    """An OnlineResource; the DTD of 1.1.1 wants the namespace on each."""
    link = {"xlink:type": "simple", "xlink:href": address}
    namespace = {} if version == NEWEST else {"xmlns:xlink": XLINK}
    return element("OnlineResource", attributes=namespace | link)
