"""The layers of a dataset in a WMTS document, as text, with `xml.BASE_URL` for the server.

Hundreds of layers with hundreds of times and 25 zooms each would be a document that no client reads
to its end, so what says nothing is left out: limits that are those of the whole matrix, zooms that
no data is fine enough for. In a large document it is more, by its detail:

    whole   nothing
    brief   times that a period tells as well, all but a few values of other dimensions
    terse   and abstracts, credits, templates of feature info, which KVP gives as well
    bare    and limits, which boxes tell as well, if not to the tile
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from tileserver.cube import TIME, Dimension
from tileserver.grid import Bounds
from tileserver.services.ogc.dimension import LONGEST_LIST, listed_values
from tileserver.services.ogc.layer_info import LayerInfo, StyleInfo
from tileserver.services.ogc.wmts_matrix import link, projected_box
from tileserver.services.ogc.wmts_service import VERSION, described
from tileserver.services.ogc.xml import BASE_URL, element, leaf
from tileserver.tms import MatrixSet

TILE_FORMAT = "image/png"
# Media type → suffix of its REST address, in order of preference.
INFO_FORMATS = {"text/plain": "txt", "application/json": "json", "text/html": "html"}
Detail = Literal["whole", "brief", "terse", "bare"]
BRIEF_LIST = 10  # values of a dimension in a document of many layers
LONGEST_ABSTRACT = 1000


@dataclass(frozen=True, slots=True, eq=False)
class LayersText:
    """The layers of a dataset.

    Args:
        entries: how many values, styles and matrix sets there are to choose from, each with each,
            if all values are listed: as many as QGIS puts into its menus.
        is_whole: whether all values are listed that a document lists at all.
    """

    text: bytes
    ids: tuple[str, ...]
    theme: tuple[str, ...]
    matrix_sets: tuple[MatrixSet, ...]
    entries: int
    is_whole: bool

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds."""
        return len(self.text)

    @classmethod
    def of(cls, layers: Sequence[LayerInfo], detail: Detail = "whole") -> LayersText:
        """Of the layers of a dataset."""
        longest = LONGEST_LIST if detail == "whole" else BRIEF_LIST
        used = dict.fromkeys(tiles for layer in layers for tiles in layer.matrix_sets)
        return cls(
            text="".join(_layer(layer, detail, longest) for layer in layers).encode(),
            ids=tuple(layer.id for layer in layers),
            theme=layers[0].theme if layers else (),
            matrix_sets=tuple(used),
            entries=sum(map(_entries, layers)),
            is_whole=detail == "whole"
            or all(each.size <= longest for layer in layers for each in layer.dimensions),
        )


def _entries(layer: LayerInfo) -> int:
    values = sum(min(each.size, LONGEST_LIST) for each in layer.dimensions)
    return max(values, 1) * len(layer.styles) * len(layer.matrix_sets)


def _layer(layer: LayerInfo, detail: Detail, longest: int) -> str:
    infos = INFO_FORMATS if layer.queryable else ()
    full = detail in ("whole", "brief")
    firsts = layer.first_zooms or tuple(tiles.first_zoom for tiles in layer.matrix_sets)
    sets = list(zip(layer.matrix_sets, layer.native_zooms, firsts, strict=True))
    parts = [
        *described(layer.title, _shortened(layer.abstract) if full else None, layer.keywords),
        _bounding_box(layer.bbox),
        leaf("ows:Identifier", layer.id),
        *(projected_box(tiles, layer.bbox) for tiles in layer.matrix_sets),
        _credit(layer) if full else "",
        *(_style(layer.id, style, first=i == 0) for i, style in enumerate(layer.styles)),
        leaf("Format", TILE_FORMAT),
        *(leaf("InfoFormat", name) for name in infos),
        *(_dimension(name, each, longest) for name, each in _named(layer.dimensions)),
        *(
            link(tiles, layer.bbox, native, first, limited=detail != "bare")
            for tiles, native, first in sets
        ),
        *_resources(layer, infos=layer.queryable and full),
    ]
    return element("Layer", parts)


def _shortened(abstract: str | None) -> str | None:
    """As much as a client shows: it stands at every layer of a dataset, whose own says all."""
    if abstract is None or len(abstract) <= LONGEST_ABSTRACT:
        return abstract
    return f"{abstract[:LONGEST_ABSTRACT].rstrip()} …"


def _bounding_box(bbox: Bounds) -> str:
    west, south, east, north = bbox
    if west >= east:  # across 180°, which clients do not read here: GDAL and QGIS see no area
        west, east = -180.0, 180.0
    corners = [
        leaf("ows:LowerCorner", f"{west:.12g} {south:.12g}"),
        leaf("ows:UpperCorner", f"{east:.12g} {north:.12g}"),
    ]
    return element("ows:WGS84BoundingBox", corners)


def _credit(layer: LayerInfo) -> str:
    """Whose data it is; the standard has no element for that, but links that have titles."""
    if not layer.attribution:
        return ""
    href = f"{BASE_URL}/datasets/{quote(layer.dataset, safe='')}"
    told = {"xlink:href": href, "xlink:title": layer.attribution}
    return element("ows:Metadata", attributes=told)


def _style(layer_id: str, style: StyleInfo, *, first: bool) -> str:
    parts = [leaf("ows:Title", style.id), leaf("ows:Identifier", style.id)]
    if style.legend_size is not None:
        place = "/".join(quote(part, safe="") for part in (layer_id, style.id))
        width, height = map(str, style.legend_size)
        legend = {
            "format": "image/png",
            "xlink:href": f"{BASE_URL}/wmts/{VERSION}/{place}/legend.png",
            "width": width,
            "height": height,
        }
        parts.append(element("LegendURL", attributes=legend))
    return element("Style", parts, {"isDefault": "true" if first else "false"})


def _named(dimensions: Sequence[Dimension]) -> list[tuple[str, Dimension]]:
    """Dimensions and what they are called: the first of times `time`, by which QGIS knows it."""
    names = [each.name for each in dimensions]
    times = [each.name for each in dimensions if each.kind == "time"]
    if times and TIME not in names:
        names[names.index(times[0])] = TIME
    return list(zip(names, dimensions, strict=True))


@lru_cache(maxsize=16)  # that of a dataset's layers; it keeps axes of datasets that are gone
def _dimension(name: str, dimension: Dimension, longest: int) -> str:
    is_time = dimension.kind == "time"
    unit = "ISO8601" if is_time else dimension.units
    parts = [
        leaf("ows:Title", dimension.title) if dimension.title else "",
        leaf("ows:Identifier", name),
        leaf("ows:UOM", unit) if unit else "",
        leaf("Default", dimension.label(dimension.default())),
        leaf("Current", "true") if is_time else "",
        *(leaf("Value", value) for value in listed_values(dimension, longest)),
    ]
    return element("Dimension", parts)


def _resources(layer: LayerInfo, *, infos: bool) -> list[str]:
    place = "{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}"
    address = f"{BASE_URL}/wmts/{VERSION}/{quote(layer.id, safe='')}/{place}"
    names = [name for name, _ in _named(layer.dimensions)]
    query = "&".join(f"{quote(name, safe='')}={{{name}}}" for name in names)
    query = f"?{query}" if query else ""
    written = [_resource("tile", TILE_FORMAT, f"{address}.png{query}")]
    if infos:
        written += [
            _resource("FeatureInfo", media_type, f"{address}/{{J}}/{{I}}.{suffix}{query}")
            for media_type, suffix in INFO_FORMATS.items()
        ]
    return written


def _resource(kind: str, media_type: str, template: str) -> str:
    named = {"format": media_type, "resourceType": kind, "template": template}
    return element("ResourceURL", attributes=named)
