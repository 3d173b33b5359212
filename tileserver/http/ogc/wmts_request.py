"""What a WMTS request names: from its texts to a drawing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tileserver.catalog import Catalog
from tileserver.drawing import Drawing, View
from tileserver.errors import DatasetNotFound, InvalidParameter, TileOutOfRange, shown
from tileserver.grid import LONLAT, Bounds, Grid, transformer
from tileserver.http.endpoint import Context
from tileserver.http.ogc.headers import named_headers
from tileserver.http.ogc.kvp import Parameters
from tileserver.services.ogc import named_layer, wmts
from tileserver.services.ogc.named_view import NamedView
from tileserver.services.ogc.ows import OwsError
from tileserver.tms import MatrixSet, tile_grid, tile_range

_WHOLE = re.compile(r"-?\d+", re.ASCII)
MOST_DIGITS = 12
LONGEST_KEY = 1000  # characters of what a tile's address says beside its place
OPERATIONS_EXPECTED = f"expected {', '.join(wmts.OPERATIONS)}"
# The texts of a tile's address and the parameters that they are in KVP.
NAMES = {
    "layer": "Layer",
    "matrix_set": "TileMatrixSet",
    "matrix": "TileMatrix",
    "row": "TileRow",
    "col": "TileCol",
}


@dataclass(frozen=True, slots=True)
class Address:
    """The texts that name a tile; `dims` by the names of dimensions in lower case.

    Args:
        dataset: the one whose layers alone are offered at the request's path.
    """

    layer: str
    style: str
    matrix_set: str
    matrix: str
    row: str
    col: str
    dims: Mapping[str, str]
    dataset: str | None = None

    @classmethod
    def of_query(cls, parameters: Parameters, dataset: str | None = None) -> Address:
        """From a KVP request. Raises OwsError for what it lacks."""
        version = parameters.required("version", f"expected {wmts.VERSION}")
        if version != wmts.VERSION:
            raise OwsError.invalid("version", version, f"expected {wmts.VERSION}")
        texts = {
            field: parameters.required(name, "expected as in GetCapabilities")
            for field, name in NAMES.items()
        }
        style = parameters.get("Style")
        if style is None:  # but it may be empty: the layer's own
            raise OwsError.missing("Style", "expected as in GetCapabilities")
        return cls(style=style, dims=_dimensions(parameters), dataset=dataset, **texts)

    @classmethod
    def of_path(cls, path: Mapping[str, str], query: str) -> Address:
        """From the parts of a REST path, with the dimensions in its query."""
        return cls(
            layer=path["layer"],
            style=path["style"],
            matrix_set=path["tms"],
            matrix=path["z"],
            row=path["row"],
            col=path["col"],
            dims=_dimensions(Parameters.read(query)),
        )

    @property
    def key(self) -> tuple[str, ...] | None:
        """The same for tiles of one set; None where it is too long to be kept."""
        dims = (text for item in sorted(self.dims.items()) for text in item)
        key = ("wmts", self.dataset or "", self.layer, self.style, self.matrix_set, *dims)
        return key if sum(map(len, key)) <= LONGEST_KEY else None


def _dimensions(parameters: Parameters) -> dict[str, str]:
    known = parameters.values.items()
    return {name: text for name, text in known if name not in named_layer.RESERVED}


def operation(parameters: Parameters) -> str:
    """The operation of a KVP request, in lower case. Raises OwsError where it is none."""
    service = parameters.required("service", "expected WMTS")
    if service.upper() != "WMTS":
        raise OwsError.invalid("service", service, "expected WMTS")
    name = parameters.required("request", OPERATIONS_EXPECTED)
    if name.lower() not in map(str.lower, wmts.OPERATIONS):
        raise OwsError.invalid("request", name, OPERATIONS_EXPECTED)
    return name.lower()


def check_format(parameters: Parameters, *, needed: bool) -> None:
    """Refuse another format than ours; GetFeatureInfo may leave it out, as QGIS does."""
    expected = f"expected {wmts.TILE_FORMAT}"
    asked = parameters.required("Format", expected) if needed else parameters.get("Format")
    if asked and asked != wmts.TILE_FORMAT:
        raise OwsError.invalid("Format", asked, expected)


def info_format(parameters: Parameters) -> str:
    """The media type that GetFeatureInfo is to answer in. Raises OwsError."""
    expected = f"expected one of {', '.join(wmts.INFO_FORMATS)}"
    asked = parameters.required("InfoFormat", expected)
    if asked not in wmts.INFO_FORMATS:
        raise OwsError.invalid("InfoFormat", asked, expected)
    return asked


@dataclass(frozen=True, slots=True, eq=False)
class LayerTiles:
    """The tiles of a layer in a style, at some coordinates, in a matrix set.

    Args:
        bounds: of the layer, which limit the tiles.
        headers: what goes with each of them, but for its ETag.
    """

    named: NamedView
    tiles: MatrixSet
    bounds: Bounds
    headers: Mapping[str, str]

    @property
    def view(self) -> View:
        """What the tiles show."""
        return self.named.view

    @classmethod
    def find(cls, state: Context, address: Address) -> LayerTiles:
        """What an address names but for the place, as it is now. Raises NotFound,
        InvalidParameter."""
        catalog, key = state.catalog, address.key
        if key is None:
            return cls._made(catalog, address)
        return state.tilesets.kept(catalog, key, cls, lambda: cls._made(catalog, address))

    @classmethod
    def _made(cls, catalog: Catalog, address: Address) -> LayerTiles:
        dataset, layer = named_layer.find(catalog, address.layer)
        if address.dataset not in (None, dataset.id):
            remedy = f"expected a layer of dataset {shown(address.dataset)} at this path"
            raise DatasetNotFound(address.layer, remedy)
        tiles = named_layer.find_set(dataset, layer, address.matrix_set)
        named = NamedView.of(dataset, layer, address.style, address.dims)
        return cls(named, tiles, named_layer.layer_bounds(layer), named_headers(named))

    @classmethod
    def queried(cls, state: Context, address: Address) -> LayerTiles:
        """The same, of a layer that may be asked for values. Raises OwsError else."""
        found = cls.find(state, address)
        if not found.view.dataset.config.queryable:
            text = f"Layer={shown(address.layer)!r}: its values cannot be asked for here"
            raise OwsError("OperationNotSupported", "GetFeatureInfo", text, 501)
        return found

    def drawing(self, address: Address) -> Drawing:
        """The tile at an address. Raises InvalidParameter, TileOutOfRange."""
        zooms = (self.tiles.first_zoom, self.tiles.last_zoom)
        zoom = whole("TileMatrix", address.matrix, zooms)
        if str(zoom) != address.matrix:  # it is a name, not a number
            raise InvalidParameter("TileMatrix", address.matrix, f"expected {zoom}")
        limits = tile_range(self.tiles, zoom, self.bounds)
        row = whole("TileRow", address.row, (limits.min_y, limits.max_y))
        col = whole("TileCol", address.col, (limits.min_x, limits.max_x))
        return Drawing(self.view, tile_grid(self.tiles, zoom, col, row))


def whole(name: str, text: str, limits: tuple[int, int]) -> int:
    """A whole number within limits, both included.

    Raises InvalidParameter for what is no number, TileOutOfRange outside the limits.
    """
    low, high = limits
    remedy = f"expected {low} to {high}"
    if not _WHOLE.fullmatch(text):
        raise InvalidParameter(name, text, remedy)
    value = int(text) if len(text) <= MOST_DIGITS else -1
    if not low <= value <= high:
        raise TileOutOfRange(text, f"{name} is {low} to {high} here", name)
    return value


def pixel_lonlat(target: Grid, i: str, j: str) -> tuple[float, float]:
    """The centre of a pixel, in degrees; infinite off the Earth. Raises TileOutOfRange."""
    height, width = target.shape
    col, row = whole("I", i, (0, width - 1)), whole("J", j, (0, height - 1))
    x = target.x.start + (col + 0.5) * target.x.step
    y = target.y.start + (row + 0.5) * target.y.step
    lon, lat = transformer(target.crs, LONLAT).transform(x, y)
    return float(lon), float(lat)
