"""What the server sees in a store, what it will cost, and what would make it cheaper."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tileserver import tms
from tileserver.cost import Cost, Limits
from tileserver.cube import TIME, Cube, Variable
from tileserver.layer import PLAIN, Layer
from tileserver.matrixset import matrix_set
from tileserver.plan import ReadPlan, Resampling, sample
from tileserver.services.layout import lagging
from tileserver.sources.chunk import planned_chunks

LARGE_CHUNK_BYTES = 32 << 20
SMALL_CHUNK_BYTES = 64 << 10
MANY_CHUNKS = 64
SLOW_SERIES_BYTES = 1 << 30
LISTED = 4


def overview_cost(variable: Variable) -> Cost:
    """Of the tile that shows the whole variable."""
    tiles = matrix_set(tms.WEB_MERCATOR_QUAD)
    zoom, bounds = 0, variable.grid.lonlat_bounds()
    for deeper in range(1, tiles.last_zoom + 1):
        found = tms.tile_range(tiles, deeper, bounds)
        if found.min_x != found.max_x or found.min_y != found.max_y:
            break
        zoom = deeper
    return _tile_cost(variable, tiles, zoom)


def native_cost(variable: Variable) -> Cost:
    """Of a tile in the middle whose pixels are as fine as the cells."""
    tiles = matrix_set(tms.WEB_MERCATOR_QUAD)
    return _tile_cost(variable, tiles, tms.native_zoom(tiles, variable.grid))


def first_zoom(layer: Layer, tiles: tms.MatrixSet, limits: Limits) -> int:
    """The first zoom whose tiles read no more than they may, in the middle of the layer."""
    if limits.allows(sum(map(_whole_cost, layer.variables), Cost(0, 0))):
        return tiles.first_zoom
    native = max(tms.native_zoom(tiles, variable.grid) for variable in layer.variables)
    for zoom in range(tiles.first_zoom, native):
        costs = (
            _tile_cost(variable, tiles, zoom, layer.style.resampling)
            for variable in layer.variables
        )
        if limits.allows(sum(costs, Cost(0, 0))):
            return zoom
    return max(native, tiles.first_zoom)


def first_zooms(cube: Cube, limits: Limits) -> dict[str, int]:
    """Of each variable, the first zoom of WebMercatorQuad whose tiles may be read."""
    tiles = matrix_set(tms.WEB_MERCATOR_QUAD)
    return {
        name: first_zoom(Layer(name, name, None, (variable,), PLAIN, name), tiles, limits)
        for name, variable in cube.variables.items()
    }


def _whole_cost(variable: Variable) -> Cost:
    """Of all cells of the coarsest level at one step."""
    level = variable.levels[-1]
    sides = zip(level.shape[-2:], level.chunks[-2:], strict=True)
    chunks = math.prod(-(-size // chunk) for size, chunk in sides)
    return Cost(chunks, chunks * level.nbytes)


def _tile_cost(
    variable: Variable, tiles: tms.MatrixSet, zoom: int, resampling: Resampling | None = "nearest"
) -> Cost:
    west, south, east, north = variable.grid.lonlat_bounds()
    lon, lat = (west + east + (360 if west > east else 0)) / 2, (south + north) / 2
    target = tms.tile_grid(tiles, zoom, *tms.tile_at(tiles, zoom, (lon + 180) % 360 - 180, lat))
    sampling = sample(variable.levels, target, resampling)
    if sampling is None:
        return Cost(0, 0)
    level = variable.levels[sampling.level]
    window = (*(slice(0, 1) for _ in variable.dims), sampling.rows, sampling.cols)
    chunks = planned_chunks(ReadPlan(variable.id, sampling.level, window, sampling.chunks), level)
    return Cost(chunks, chunks * level.nbytes)


def series_cost(variable: Variable) -> Cost | None:
    """Of a point's series over all times; None without a time axis."""
    if TIME not in variable.dims:
        return None
    level = variable.series or variable.levels[0]
    place = variable.dims.index(TIME)
    chunks = -(-level.shape[place] // level.chunks[place])
    return Cost(chunks, chunks * level.nbytes)


def advice(cube: Cube) -> list[str]:
    """What to change in the store, the most rewarding first."""
    found: dict[str, list[str]] = {}
    for variable in cube.variables.values():
        for text in _advice(variable):
            found.setdefault(text, []).append(variable.id)
    told = [f"{_named(ids)}: {text}" for text, ids in found.items()]
    return [*told, *lagging(cube), *cube.warnings]


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ", ".join(ids[:LISTED]) + more


def _advice(variable: Variable) -> list[str]:
    found = []
    level, whole = variable.levels[0], overview_cost(variable)
    if whole.chunks > MANY_CHUNKS:
        found.append(
            f"its overview tile reads {whole.chunks} chunks "
            f"({whole.nbytes / 1e6:.0f} MB): add overviews by tileserver optimize --overviews"
        )
    if level.nbytes > LARGE_CHUNK_BYTES:
        found.append(
            f"chunks of {level.nbytes / 1e6:.0f} MB are large for tiles: "
            "rechunk to about 1 MB, e.g. (1, 512, 512)"
        )
    if level.nbytes < SMALL_CHUNK_BYTES and whole.chunks > MANY_CHUNKS:
        found.append(f"chunks of {level.nbytes / 1e3:.0f} kB are small: use larger ones")
    series = series_cost(variable)
    if series is not None and series.nbytes > SLOW_SERIES_BYTES:
        found.append(
            f"a point's series decodes {series.nbytes / 1e9:.1f} GB: "
            "keep a copy along time: tileserver optimize --time-series"
        )
    return found
