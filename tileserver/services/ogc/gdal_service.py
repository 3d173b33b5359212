"""Service descriptions of GDAL (.xml, its driver WMS): a layer as a file that GDAL opens.

The tiles are those of WMTS by REST, so that a style id and any dimension may stand in their
address: GDAL's own driver of WMTS takes no time but the default one.
"""

from __future__ import annotations

import math
from itertools import pairwise
from urllib.parse import quote, urlencode

from tileserver.errors import InvalidParameter
from tileserver.grid import is_degrees
from tileserver.services.ogc import named_layer
from tileserver.services.ogc.desktop import DesktopLayer
from tileserver.services.ogc.wmts import VERSION
from tileserver.services.ogc.xml import element, leaf
from tileserver.services.tilejson import zoom_of
from tileserver.tms import Matrix, MatrixSet, projected_bounds, tile_range

MEDIA_TYPE = "application/xml"
COARSEST_TILES = 8  # along a side, at the coarsest overview
BANDS = 4  # red, green, blue, alpha


def description(layer: DesktopLayer, base_url: str) -> bytes:
    """The layer at the zoom whose pixels are as fine as its cells, with overviews.

    Raises InvalidParameter for a matrix set whose zooms do not halve pixels, as GDAL wants them.
    """
    tiles = layer.tiles
    if not _halves(tiles):
        sets = named_layer.layer_sets(layer.dataset, layer.layer)
        usable = " or ".join(each.id for each in sets if _halves(each))
        raise InvalidParameter("tms", tiles.id, f"GDAL wants zooms by halves: expected {usable}")
    matrix = tiles.matrix(zoom_of(layer.layer, tiles))
    parts = [
        element("Service", [leaf("ServerUrl", _template(layer, base_url))], {"name": "TMS"}),
        _window(layer, matrix),
        leaf("Projection", _projection(tiles)),
        leaf("BlockSizeX", matrix.tile_px),
        leaf("BlockSizeY", matrix.tile_px),
        leaf("BandsCount", BANDS),
        # Tiles in the window but outside of the data are not there.
        leaf("ZeroBlockHttpCodes", 404),
    ]
    # GDAL knows the file by its very first bytes: no declaration goes before them.
    return f"{element('GDAL_WMS', parts)}\n".encode()


def _template(layer: DesktopLayer, base_url: str) -> str:
    names = (quote(name, safe="") for name in (layer.id, layer.style, layer.tiles.id))
    query = urlencode(layer.dims, quote_via=quote)
    address = f"{base_url}/wmts/{VERSION}/{'/'.join(names)}/${{z}}/${{y}}/${{x}}.png"
    return f"{address}?{query}" if query else address


def _window(layer: DesktopLayer, matrix: Matrix) -> str:
    """Where the pixels lie: from a corner of a coarse tile, which all overviews share, up to the
    last pixel of the data."""
    tiles, bounds = layer.tiles, named_layer.layer_bounds(layer.layer)
    coarse = matrix.zoom
    while coarse > tiles.first_zoom and not _few(tiles, coarse, bounds):
        coarse -= 1
    corner, overviews = tile_range(tiles, coarse, bounds), matrix.zoom - coarse
    first_col, first_row = corner.min_x << overviews, corner.min_y << overviews
    left = matrix.left + first_col * matrix.span
    top = matrix.top - first_row * matrix.span
    _, south, east, _ = projected_bounds(tiles, bounds)
    # A hair less than a pixel more, or rounding adds one that has no tile.
    width = math.ceil((east - left) / matrix.cell_size - 1e-6)
    height = math.ceil((top - south) / matrix.cell_size - 1e-6)
    parts = [
        leaf("UpperLeftX", repr(left)),
        leaf("UpperLeftY", repr(top)),
        leaf("LowerRightX", repr(left + width * matrix.cell_size)),
        leaf("LowerRightY", repr(top - height * matrix.cell_size)),
        leaf("SizeX", width),
        leaf("SizeY", height),
        leaf("TileLevel", matrix.zoom),
        leaf("TileX", first_col),
        leaf("TileY", first_row),
        leaf("YOrigin", "top"),
    ]
    return element("DataWindow", parts) + leaf("OverviewCount", overviews)


def _halves(tiles: MatrixSet) -> bool:
    """Whether each zoom has pixels of half the size, from the same corner."""
    return all(
        math.isclose(a.cell_size, 2 * b.cell_size)
        and (a.left, a.top, a.tile_px) == (b.left, b.top, b.tile_px)
        for a, b in pairwise(tiles.matrices)
    )


def _few(tiles: MatrixSet, zoom: int, bounds: tuple[float, float, float, float]) -> bool:
    found = tile_range(tiles, zoom, bounds)
    return max(found.max_x - found.min_x, found.max_y - found.min_y) < COARSEST_TILES


def _projection(tiles: MatrixSet) -> str:
    if is_degrees(tiles.crs):
        return "EPSG:4326"  # GDAL has x first whatever the CRS's own order
    code = tiles.crs.to_authority()
    return ":".join(code) if code else tiles.crs.to_wkt()
