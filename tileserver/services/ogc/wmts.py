"""WMTS 1.0.0 (OGC 07-057r7): the capabilities document, from values to XML.

What the clients need beyond the standard, found by running them:

- `OperationsMetadata` names KVP alone; REST is told by templates. With both, clients mix them.
- A template carries each dimension as a query parameter, since a period value holds slashes.
- A style's Title is its Identifier (eodash matches by title), and no style id is empty.
- WMTS is the default namespace, OWS has the prefix `ows`: QGIS reads tag names as spelt.
- No WellKnownScaleSet: some clients take it for more than the matrices that stand there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from tileserver.cube import Dimension
from tileserver.grid import Bounds, is_degrees
from tileserver.services.ogc.dimension import listed_values
from tileserver.services.ogc.ows import OWS, OwsError
from tileserver.services.ogc.xml import XLINK, document, element, leaf
from tileserver.tms import Matrix, MatrixSet, TileRange, projected_bounds, tile_range

VERSION = "1.0.0"
NAMESPACE = "http://www.opengis.net/wmts/1.0"
TILE_FORMAT = "image/png"
# Media type → suffix of its REST address, in order of preference.
INFO_FORMATS = {"text/plain": "txt", "application/json": "json", "text/html": "html"}
OPERATIONS = ("GetCapabilities", "GetTile", "GetFeatureInfo")
SECTIONS = (
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "Contents",
    "Themes",
)


@dataclass(frozen=True, slots=True)
class StyleInfo:
    """A style by its id; `legend_size` is (width, height) in pixels of the PNG at the href."""

    id: str
    legend_href: str | None = None
    legend_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LayerInfo:
    """What is drawn as one picture; the first of its styles is the default.

    Args:
        bbox: in degrees; west > east where it crosses 180°.
        matrix_sets: those that it is offered in, in order of preference.
        queryable: whether GetFeatureInfo tells values.
    """

    id: str
    title: str
    abstract: str | None
    bbox: Bounds
    styles: tuple[StyleInfo, ...]
    dimensions: tuple[Dimension, ...]
    matrix_sets: tuple[MatrixSet, ...]
    queryable: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """What the document says of the service.

    Args:
        base_url: of the server, without a slash at its end.
        path: of this document's KVP address, e.g. /wmts or /wmts/sst.
        update_sequence: rises whenever the document changes.
    """

    title: str
    base_url: str
    path: str
    update_sequence: str
    abstract: str | None = None
    provider: str = "tileserver"
    provider_url: str | None = None


def capabilities(
    service: Service, layers: Sequence[LayerInfo], sections: Collection[str] = SECTIONS
) -> bytes:
    """The document, or the part of it that has the given sections."""
    written: dict[str, Callable[[], str]] = {
        "ServiceIdentification": lambda: _identification(service),
        "ServiceProvider": lambda: _provider(service),
        "OperationsMetadata": lambda: _operations(service),
        "Contents": lambda: _contents(service, layers),
    }
    parts = [write() for name, write in written.items() if name in sections]
    if set(sections) >= set(SECTIONS):
        href = f"{service.base_url}{service.path}/{VERSION}/WMTSCapabilities.xml"
        parts.append(element("ServiceMetadataURL", attributes={"xlink:href": href}))
    return document(_root(service.update_sequence, parts))


def unchanged(update_sequence: str) -> bytes:
    """The answer to a client that has the document already: its root alone."""
    return document(_root(update_sequence, []))


def parse_sections(text: str | None) -> tuple[str, ...]:
    """The sections that a client asks for, in any case; all of them where it names none."""
    if not text:
        return SECTIONS
    spelling = {name.lower(): name for name in SECTIONS}
    wanted = [name.strip().lower() for name in text.split(",")]
    if "all" in wanted:
        return SECTIONS
    unknown = next((name for name in wanted if name not in spelling), None)
    if unknown is not None:
        raise OwsError.invalid("sections", text, f"expected some of {', '.join(SECTIONS)} or All")
    return tuple(spelling[name] for name in wanted)


def _root(update_sequence: str, parts: Iterable[str]) -> str:
    return element(
        "Capabilities",
        parts,
        {
            "xmlns": NAMESPACE,
            "xmlns:ows": OWS,
            "xmlns:xlink": XLINK,
            "version": VERSION,
            "updateSequence": update_sequence,
        },
    )


def _identification(service: Service) -> str:
    return element(
        "ows:ServiceIdentification",
        [
            leaf("ows:Title", service.title),
            leaf("ows:Abstract", service.abstract) if service.abstract else "",
            leaf("ows:ServiceType", "OGC WMTS"),
            leaf("ows:ServiceTypeVersion", VERSION),
        ],
    )


def _provider(service: Service) -> str:
    site = {"xlink:href": service.provider_url} if service.provider_url else None
    parts = [
        leaf("ows:ProviderName", service.provider),
        element("ows:ProviderSite", attributes=site) if site else "",
        element("ows:ServiceContact"),
    ]
    return element("ows:ServiceProvider", parts)


def _operations(service: Service) -> str:
    values = element("ows:AllowedValues", [leaf("ows:Value", "KVP")])
    constraint = element("ows:Constraint", [values], {"name": "GetEncoding"})
    href = {"xlink:href": f"{service.base_url}{service.path}?"}
    http = element("ows:HTTP", [element("ows:Get", [constraint], href)])
    ways = [element("ows:DCP", [http])]
    written = [element("ows:Operation", ways, {"name": name}) for name in OPERATIONS]
    return element("ows:OperationsMetadata", written)


def _contents(service: Service, layers: Sequence[LayerInfo]) -> str:
    written = [_layer(layer, service.base_url) for layer in layers]
    used = dict.fromkeys(tiles for layer in layers for tiles in layer.matrix_sets)
    return element("Contents", [*written, *(_matrix_set(tiles) for tiles in used)])


def _layer(layer: LayerInfo, base_url: str) -> str:
    infos = INFO_FORMATS if layer.queryable else ()
    parts = [
        leaf("ows:Title", layer.title),
        leaf("ows:Abstract", layer.abstract) if layer.abstract else "",
        _bounding_box(layer.bbox),
        leaf("ows:Identifier", layer.id),
        *(_projected_box(tiles, layer.bbox) for tiles in layer.matrix_sets),
        *(_style(style, first=i == 0) for i, style in enumerate(layer.styles)),
        leaf("Format", TILE_FORMAT),
        *(leaf("InfoFormat", name) for name in infos),
        *(_dimension(dimension) for dimension in layer.dimensions),
        *(_link(tiles, layer.bbox) for tiles in layer.matrix_sets),
        *_resources(layer, base_url),
    ]
    return element("Layer", parts)


def _bounding_box(bbox: Bounds) -> str:
    west, south, east, north = bbox
    if west >= east:  # across 180°, which clients do not read here: GDAL and QGIS see no area
        west, east = -180.0, 180.0
    corners = [
        leaf("ows:LowerCorner", f"{west:.12g} {south:.12g}"),
        leaf("ows:UpperCorner", f"{east:.12g} {north:.12g}"),
    ]
    return element("ows:WGS84BoundingBox", corners)


def _projected_box(tiles: MatrixSet, bbox: Bounds) -> str:
    """The box in the CRS of a set, cut to it: GDAL takes a pole to Mercator, to no good end."""
    if is_degrees(tiles.crs):
        return ""
    west, south, east, north = projected_bounds(tiles, bbox)
    corners = [
        leaf("ows:LowerCorner", _ordered(tiles, west, south)),
        leaf("ows:UpperCorner", _ordered(tiles, east, north)),
    ]
    return element("ows:BoundingBox", corners, {"crs": tiles.crs_urn})


def _ordered(tiles: MatrixSet, x: float, y: float) -> str:
    """A point in the order of the CRS' own axes."""
    first, second = (y, x) if tiles.northing_first else (x, y)
    return f"{first:.17g} {second:.17g}"


def _style(style: StyleInfo, *, first: bool) -> str:
    parts = [leaf("ows:Title", style.id), leaf("ows:Identifier", style.id)]
    if style.legend_href is not None:
        legend = {"format": "image/png", "xlink:href": style.legend_href}
        if style.legend_size is not None:
            width, height = style.legend_size
            legend |= {"width": str(width), "height": str(height)}
        parts.append(element("LegendURL", attributes=legend))
    return element("Style", parts, {"isDefault": "true" if first else "false"})


@lru_cache(maxsize=256)
def _dimension(dimension: Dimension) -> str:
    is_time = dimension.kind == "time"
    unit = "ISO8601" if is_time else dimension.units
    parts = [
        leaf("ows:Title", dimension.title) if dimension.title else "",
        leaf("ows:Identifier", dimension.name),
        leaf("ows:UOM", unit) if unit else "",
        leaf("Default", dimension.label(dimension.default())),
        leaf("Current", "true") if is_time else "",
        *(leaf("Value", value) for value in listed_values(dimension)),
    ]
    return element("Dimension", parts)


@lru_cache(maxsize=1024)
def _link(tiles: MatrixSet, bbox: Bounds) -> str:
    limits = [_limit(matrix, tile_range(tiles, matrix.zoom, bbox)) for matrix in tiles.matrices]
    parts = [leaf("TileMatrixSet", tiles.id), element("TileMatrixSetLimits", limits)]
    return element("TileMatrixSetLink", parts)


def _limit(matrix: Matrix, tiles: TileRange) -> str:
    parts = [
        leaf("TileMatrix", matrix.zoom),
        leaf("MinTileRow", tiles.min_y),
        leaf("MaxTileRow", tiles.max_y),
        leaf("MinTileCol", tiles.min_x),
        leaf("MaxTileCol", tiles.max_x),
    ]
    return element("TileMatrixLimits", parts)


def _resources(layer: LayerInfo, base_url: str) -> list[str]:
    place = "{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}"
    address = f"{base_url}/wmts/{VERSION}/{quote(layer.id, safe='')}/{place}"
    query = "&".join(f"{quote(d.name, safe='')}={{{d.name}}}" for d in layer.dimensions)
    query = f"?{query}" if query else ""
    written = [_resource("tile", TILE_FORMAT, f"{address}.png{query}")]
    if layer.queryable:
        written += [
            _resource("FeatureInfo", media_type, f"{address}/{{J}}/{{I}}.{suffix}{query}")
            for media_type, suffix in INFO_FORMATS.items()
        ]
    return written


def _resource(kind: str, media_type: str, template: str) -> str:
    named = {"format": media_type, "resourceType": kind, "template": template}
    return element("ResourceURL", attributes=named)


@lru_cache(maxsize=64)
def _matrix_set(tiles: MatrixSet) -> str:
    parts = [
        leaf("ows:Title", tiles.title),
        leaf("ows:Identifier", tiles.id),
        leaf("ows:SupportedCRS", tiles.crs_urn),
        *(_matrix(tiles, matrix) for matrix in tiles.matrices),
    ]
    return element("TileMatrixSet", parts)


def _matrix(tiles: MatrixSet, matrix: Matrix) -> str:
    parts = [
        leaf("ows:Identifier", matrix.zoom),
        leaf("ScaleDenominator", repr(tiles.scale_denominator(matrix.zoom))),
        leaf("TopLeftCorner", _ordered(tiles, matrix.left, matrix.top)),
        leaf("TileWidth", matrix.tile_px),
        leaf("TileHeight", matrix.tile_px),
        leaf("MatrixWidth", matrix.width),
        leaf("MatrixHeight", matrix.height),
    ]
    return element("TileMatrix", parts)
