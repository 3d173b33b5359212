"""What a WMTS request names: from its texts to a drawing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from tileserver.drawing import Drawing
from tileserver.errors import InvalidParameter, TileOutOfRange
from tileserver.grid import Bounds
from tileserver.http.endpoint import Context
from tileserver.http.ogc.headers import named_headers
from tileserver.http.ogc.kvp import Parameters
from tileserver.services.ogc import named_layer, wmts
from tileserver.services.ogc.named_view import NamedView
from tileserver.services.ogc.ows import OwsError
from tileserver.tms import MatrixSet, tile_grid, tile_range

_WHOLE = re.compile(r"-?\d+", re.ASCII)
MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Address:
    """The texts that name a tile; `dims` by the names of dimensions in lower case."""

    layer: str
    style: str
    matrix_set: str
    matrix: str
    row: str
    col: str
    dims: Mapping[str, str]

    @classmethod
    def of_query(cls, parameters: Parameters) -> Address:
        """From a KVP request. Raises OwsError for what it lacks."""
        version = parameters.required("version", f"expected {wmts.VERSION}")
        if version != wmts.VERSION:
            raise OwsError.invalid("version", version, f"expected {wmts.VERSION}")
        names = {
            "layer": "Layer",
            "style": "Style",
            "matrix_set": "TileMatrixSet",
            "matrix": "TileMatrix",
            "row": "TileRow",
            "col": "TileCol",
        }
        texts = {
            field: parameters.required(name, "expected as in GetCapabilities")
            for field, name in names.items()
        }
        return cls(dims=parameters.values, **texts)

    @classmethod
    def of_path(cls, request: Request) -> Address:
        """From a REST path, with the dimensions in its query."""
        path = request.path_params
        return cls(
            layer=path["layer"],
            style=path["style"],
            matrix_set=path["tms"],
            matrix=path["z"],
            row=path["row"],
            col=path["col"],
            dims={name.lower(): value for name, value in request.query_params.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What an address names."""

    named: NamedView
    drawing: Drawing

    @classmethod
    def at(cls, address: Address, state: Context) -> Found:
        """Raises NotFound for unknown names and tiles, InvalidParameter for bad values."""
        dataset, layer = named_layer.find(state.catalog, address.layer)
        tiles = named_layer.find_set(dataset, layer, address.matrix_set)
        z, x, y = _place(address, tiles, named_layer.layer_bounds(layer))
        named = NamedView.of(dataset, layer, address.style, address.dims)
        return cls(named, Drawing(named.view, tile_grid(tiles, z, x, y)))

    @property
    def headers(self) -> dict[str, str]:
        """Those of the picture."""
        return named_headers(self.named) | {"ETag": self.drawing.etag}


def _place(address: Address, tiles: MatrixSet, bounds: Bounds) -> tuple[int, int, int]:
    """Zoom, column and row, within the limits that capabilities tell. Raises TileOutOfRange."""
    zoom = whole("TileMatrix", address.matrix, (tiles.first_zoom, tiles.last_zoom))
    limits = tile_range(tiles, zoom, bounds)
    row = whole("TileRow", address.row, (limits.min_y, limits.max_y))
    col = whole("TileCol", address.col, (limits.min_x, limits.max_x))
    return zoom, col, row


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
