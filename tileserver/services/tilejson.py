"""TileJSON 3.0 of a layer (github.com/mapbox/tilejson-spec)."""

from __future__ import annotations

from tileserver import tms
from tileserver.dataset import Dataset
from tileserver.grid import Bounds
from tileserver.layer import Layer
from tileserver.services import inspection

# Zooms below the one whose pixels are as fine as the cells: there cells grow to be seen as such.
EXTRA_ZOOMS = 2


def document(
    dataset: Dataset,
    layer: Layer,
    tiles: tms.MatrixSet,
    *,
    base: str,
    query: str = "",
    size: int = 256,
) -> dict[str, object]:
    """The document; its tile URLs carry `query` on.

    Bounds are within -180 to 180, as the standard wants: a grid across 180° spans them all.
    """
    bounds = _bounds(layer)
    first = inspection.first_zoom(layer, tiles, dataset.limits)
    deepest = min(zoom_of(layer, tiles) + EXTRA_ZOOMS, tiles.last_zoom)
    place = "" if tiles.id == tms.WEB_MERCATOR_QUAD else f"/{tiles.id}"
    path = f"{base}/tiles/{dataset.id}/{layer.id}{place}"
    suffix = f"?{query}" if query else ""
    found: dict[str, object] = {
        "tilejson": "3.0.0",
        "name": f"{dataset.title}: {layer.title}",
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [f"{path}/{{z}}/{{x}}/{{y}}.png{suffix}"],
        "bounds": list(bounds),
        "center": [
            (bounds[0] + bounds[2]) / 2,
            (bounds[1] + bounds[3]) / 2,
            max(zoom_to_fit(tiles, bounds, deepest), first),
        ],
        "minzoom": first,
        "maxzoom": deepest,
        "tileSize": size,
        "crs": tiles.crs_urn,
    }
    if dataset.config.attribution or dataset.source.cube.attribution:
        found["attribution"] = dataset.config.attribution or dataset.source.cube.attribution
    if layer.bands == 1:
        found["legend"] = f"{base}/legend/{dataset.id}/{layer.id}.png{suffix}"
    return found


def zoom_of(layer: Layer, tiles: tms.MatrixSet) -> int:
    """The first zoom whose pixels are as fine as the layer's finest cells."""
    return max(tms.native_zoom(tiles, variable.grid) for variable in layer.variables)


def _bounds(layer: Layer) -> Bounds:
    west, south, east, north = layer.variables[0].grid.lonlat_bounds()
    return (-180.0, south, 180.0, north) if west > east else (west, south, east, north)


def zoom_to_fit(tiles: tms.MatrixSet, bounds: Bounds, deepest: int) -> int:
    """The deepest zoom at which the bounds fit into two tiles each way."""
    for zoom in range(deepest, tiles.first_zoom, -1):
        found = tms.tile_range(tiles, zoom, bounds)
        if found.max_x - found.min_x < 2 and found.max_y - found.min_y < 2:
            return zoom
    return tiles.first_zoom
