"""Tile matrix sets in a WMTS document, as text, and which of their tiles a layer touches."""

from __future__ import annotations

from functools import lru_cache

from tileserver.grid import Bounds, is_degrees
from tileserver.services.ogc.xml import element, leaf
from tileserver.tms import Matrix, MatrixSet, TileRange, projected_bounds, tile_range

FINER_ZOOMS = 2  # than the data, whose limits are listed: a client enlarges those of the last


@lru_cache(maxsize=256)
def matrix_set(tiles: MatrixSet) -> str:
    """A set with all its matrices."""
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


@lru_cache(maxsize=1024)
def projected_box(tiles: MatrixSet, bbox: Bounds) -> str:
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


@lru_cache(maxsize=1024)
def link(
    tiles: MatrixSet, bbox: Bounds, native: int, first: int = 0, *, limited: bool = True
) -> str:
    """A matrix set with the limits in it; without them where every tile touches the layer.

    Zooms before the first are left out, whose tiles would read more than they may.

    A zoom that is not listed is no tile's that would show more (OGC 17-083r4, 6.3): all clients
    enlarge the last that is.
    """
    ranges = {matrix: tile_range(tiles, matrix.zoom, bbox) for matrix in tiles.matrices}
    parts = [leaf("TileMatrixSet", tiles.id)]
    is_part = any(_is_part(*each) for each in ranges.items())
    if first > tiles.first_zoom or (limited and is_part):
        # Where no zoom suits the data, such as beyond a set's edge, all of them are listed.
        last = native + FINER_ZOOMS if native > tiles.first_zoom else tiles.last_zoom
        limits = [_limit(*each) for each in ranges.items() if first <= each[0].zoom <= last]
        parts.append(element("TileMatrixSetLimits", limits))
    return element("TileMatrixSetLink", parts)


def _is_part(matrix: Matrix, tiles: TileRange) -> bool:
    return tiles != TileRange(0, matrix.width - 1, 0, matrix.height - 1)


def _limit(matrix: Matrix, tiles: TileRange) -> str:
    parts = [
        leaf("TileMatrix", matrix.zoom),
        leaf("MinTileRow", tiles.min_y),
        leaf("MaxTileRow", tiles.max_y),
        leaf("MinTileCol", tiles.min_x),
        leaf("MaxTileCol", tiles.max_x),
    ]
    return element("TileMatrixLimits", parts)
