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
from tileserver.grid import Bounds
from tileserver.services.ows import OWS, XLINK, OwsError, document, element, leaf
from tileserver.services.wmts_dimension import listed_values

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
class Matrix:
    """One matrix of tiles.

    Args:
        corner: of its top left tile, in the order of the CRS' own axes.
        tile_shape: (height, width) in pixels.
        shape: (rows, columns) in tiles.
    """

    id: str
    scale_denominator: float
    corner: tuple[float, float]
    tile_shape: tuple[int, int]
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class MatrixSet:
    """A tile matrix set; `crs` is a URN."""

    id: str
    crs: str
    matrices: tuple[Matrix, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """The tiles of one matrix that a layer touches, first and last both included."""

    matrix: str
    rows: tuple[int, int]
    cols: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """A matrix set that a layer is offered in, and where in it."""

    matrix_set: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class StyleInfo:
    """A style by its id; `legend_size` is (width, height) in pixels of the PNG at the href."""

    id: str
    legend_href: str | None = None
    legend_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What is drawn as one picture; the first of its styles is the default.

    Args:
        bbox: in degrees; west > east where it crosses 180°.
        queryable: whether GetFeatureInfo tells values.
    """

    id: str
    title: str
    abstract: str | None
    bbox: Bounds
    styles: tuple[StyleInfo, ...]
    dimensions: tuple[Dimension, ...]
    links: tuple[Link, ...]
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


def capabilities(
    service: Service,
    layers: Sequence[Layer],
    matrix_sets: Sequence[MatrixSet],
    sections: Collection[str] = SECTIONS,
) -> bytes:
    """The document, or the part of it that has the given sections."""
    written: dict[str, Callable[[], str]] = {
        "ServiceIdentification": lambda: _identification(service),
        "ServiceProvider": lambda: _provider(service),
        "OperationsMetadata": lambda: _operations(service),
        "Contents": lambda: _contents(service, layers, matrix_sets),
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
    name = leaf("ows:ProviderName", service.provider)
    return element("ows:ServiceProvider", [name, element("ows:ServiceContact")])


def _operations(service: Service) -> str:
    values = element("ows:AllowedValues", [leaf("ows:Value", "KVP")])
    constraint = element("ows:Constraint", [values], {"name": "GetEncoding"})
    href = {"xlink:href": f"{service.base_url}{service.path}?"}
    http = element("ows:HTTP", [element("ows:Get", [constraint], href)])
    ways = [element("ows:DCP", [http])]
    written = [element("ows:Operation", ways, {"name": name}) for name in OPERATIONS]
    return element("ows:OperationsMetadata", written)


def _contents(service: Service, layers: Sequence[Layer], sets: Sequence[MatrixSet]) -> str:
    written = [_layer(layer, service.base_url) for layer in layers]
    return element("Contents", [*written, *(_matrix_set(each) for each in sets)])


def _layer(layer: Layer, base_url: str) -> str:
    infos = INFO_FORMATS if layer.queryable else ()
    parts = [
        leaf("ows:Title", layer.title),
        leaf("ows:Abstract", layer.abstract) if layer.abstract else "",
        _bounding_box(layer.bbox),
        leaf("ows:Identifier", layer.id),
        *(_style(style, first=i == 0) for i, style in enumerate(layer.styles)),
        leaf("Format", TILE_FORMAT),
        *(leaf("InfoFormat", name) for name in infos),
        *(_dimension(dimension) for dimension in layer.dimensions),
        *(_link(link) for link in layer.links),
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


@lru_cache(maxsize=256)
def _link(link: Link) -> str:
    limits = [_limit(limit) for limit in link.limits]
    parts = [leaf("TileMatrixSet", link.matrix_set)]
    if limits:
        parts.append(element("TileMatrixSetLimits", limits))
    return element("TileMatrixSetLink", parts)


def _limit(limit: Limit) -> str:
    parts = [
        leaf("TileMatrix", limit.matrix),
        leaf("MinTileRow", limit.rows[0]),
        leaf("MaxTileRow", limit.rows[1]),
        leaf("MinTileCol", limit.cols[0]),
        leaf("MaxTileCol", limit.cols[1]),
    ]
    return element("TileMatrixLimits", parts)


def _resources(layer: Layer, base_url: str) -> list[str]:
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
def _matrix_set(matrix_set: MatrixSet) -> str:
    parts = [
        leaf("ows:Identifier", matrix_set.id),
        leaf("ows:SupportedCRS", matrix_set.crs),
        *(_matrix(matrix) for matrix in matrix_set.matrices),
    ]
    return element("TileMatrixSet", parts)


def _matrix(matrix: Matrix) -> str:
    parts = [
        leaf("ows:Identifier", matrix.id),
        leaf("ScaleDenominator", repr(matrix.scale_denominator)),
        leaf("TopLeftCorner", f"{matrix.corner[0]!r} {matrix.corner[1]!r}"),
        leaf("TileWidth", matrix.tile_shape[1]),
        leaf("TileHeight", matrix.tile_shape[0]),
        leaf("MatrixWidth", matrix.shape[1]),
        leaf("MatrixHeight", matrix.shape[0]),
    ]
    return element("TileMatrix", parts)
