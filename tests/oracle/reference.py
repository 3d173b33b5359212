"""What pixels should be: by rasterio with an exact transformer, and by pyproj cell by cell.

Neither shares code with the package but the description of a grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyproj
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from tileserver.axis import Axis
from tileserver.cube import Level, Packing
from tileserver.grid import Grid
from tileserver.matrixset import matrix_set
from tileserver.plan import Sampling, sample
from tileserver.tms import MatrixSet, native_zoom, tile_grid
from tileserver.warp import warp

BORDER = 0.01  # of a cell: nearest pixels may differ so near to a cell's border only
LARGEST_ERROR_PX = 0.005  # or so near as positions are exact, where pixels are of many cells
NODATA = -1e30
# At a tolerance of 0 rasterio 1.4's WarpedVRT sets no transformer and fails; at this one GDAL
# interpolates between no pixels that it has not transformed exactly itself.
EXACT_CELLS = 1e-9
SMALLEST_SHARE = 0.995


def level_of(grid: Grid, chunks: tuple[int, int] | None = None, itemsize: int = 4) -> Level:
    """The grid as a level stored in chunks of (rows, cols)."""
    chunks = chunks or grid.shape
    return Level(grid, chunks, grid.shape, itemsize * chunks[0] * chunks[1])


def window(data: np.ndarray, sampling: Sampling) -> np.ndarray:
    """The cells that a sampling reads; columns go on at the first one."""
    cols = np.arange(sampling.cols.start, sampling.cols.stop) % data.shape[1]
    return data[sampling.rows][:, cols]


@dataclass(frozen=True)
class Drawn:
    """Pixels as the package draws them: values and validity (h, w)."""

    values: np.ndarray
    valid: np.ndarray
    sampling: Sampling | None


def draw(
    data: np.ndarray,
    grid: Grid,
    target: Grid,
    resampling: str,
    *,
    chunks: tuple[int, int] | None = None,
    packing: Packing | None = None,
) -> Drawn:
    """The target drawn from data (rows, cols), NaN where there is none."""
    sampling = sample([level_of(grid, chunks)], target, resampling)
    if sampling is None:
        return Drawn(np.zeros(target.shape), np.zeros(target.shape, bool), None)
    values, valid = warp(window(data, sampling), sampling, packing or Packing())
    return Drawn(
        np.broadcast_to(values, target.shape), np.broadcast_to(valid, target.shape), sampling
    )


def coordinates(target: Grid, crs: pyproj.CRS) -> tuple[np.ndarray, np.ndarray]:
    """x and y (h, w) of every pixel's centre in the CRS, each through pyproj."""
    height, width = target.shape
    col, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x = target.x.start + col * target.x.step
    y = target.y.start + row * target.y.step
    if target.crs != crs:
        chosen = pyproj.Transformer.from_crs(target.crs, crs, always_xy=True)
        x, y = chosen.transform(x, y)
    bad = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(bad, np.nan, x), np.where(bad, np.nan, y)


def _position(axis: Axis, coords: np.ndarray) -> np.ndarray:
    """Which cell, and how far in it, from the axis' edges alone; NaN outside."""
    edges = axis.cell_edges()
    sign = 1.0 if edges[-1] > edges[0] else -1.0
    edges, x = edges * sign, coords * sign
    if axis.period is not None:
        turn = np.floor((x - edges[0]) / axis.period) * axis.period
        x = np.where((x >= edges[0]) & (x <= edges[-1]), x, x - turn)
    cell = np.searchsorted(edges, x, side="right") - 1
    inside = (cell >= 0) & (cell < axis.size)
    cell = np.clip(cell, 0, axis.size - 1)
    part = (x - edges[cell]) / (edges[cell + 1] - edges[cell])
    return np.where(inside & np.isfinite(x), cell + part, np.nan)


def positions(grid: Grid, target: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (h, w) of the target's pixels, counted from the grid's first edges."""
    x, y = coordinates(target, grid.crs)
    row, col = _position(grid.y, y), _position(grid.x, x)
    outside = np.isnan(row) | np.isnan(col)
    return np.where(outside, np.nan, row), np.where(outside, np.nan, col)


def cell_by_cell(data: np.ndarray, grid: Grid, target: Grid) -> np.ndarray:
    """The value of the cell in which each pixel's centre lies, NaN outside."""
    row, col = positions(grid, target)
    inside = np.isfinite(row)
    index = [np.where(inside, np.floor(p), 0).astype(int) for p in (row, col)]
    return np.where(inside, data[index[0], index[1]], np.nan)


def border_distance(grid: Grid, target: Grid) -> np.ndarray:
    """How far each pixel's centre is from the next border of a cell, in cells (h, w).

    The outer edges are borders too; pixels outside count from where they lie.
    """
    x, y = coordinates(target, grid.crs)
    distances = []
    for axis, coords in ((grid.x, x), (grid.y, y)):
        turns = (-1, 0, 1) if axis.period else (0,)
        edges = np.sort(np.concatenate([axis.cell_edges() + 360.0 * t for t in turns]))
        after = np.clip(np.searchsorted(edges, coords), 1, len(edges) - 1)
        near = np.minimum(np.abs(coords - edges[after - 1]), np.abs(edges[after] - coords))
        distances.append(near / abs(axis.step))
    return np.nan_to_num(np.minimum(*distances), nan=0.0)


def gdal(
    data: np.ndarray,
    grid: Grid,
    target: Grid,
    resampling: str,
    reduction: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """A warp by GDAL, every pixel transformed exactly; NaN where there is nothing.

    GDAL knows of no turns: a grid that goes round the globe is laid out three times side by side,
    any other in degrees is tried in three turns.

    Args:
        reduction: cells per pixel along (y, x), for the kernels that reduce.
    """
    turns = [0.0]
    transform = grid.transform
    if grid.x.wraps:
        data = np.tile(data, (1, 3))
        transform = transform @ Affine.translation(-grid.x.size, 0)
    elif grid.x.period:
        turns = [-grid.x.period, 0.0, grid.x.period]
    out = np.full(target.shape, np.nan)
    for turn in turns:
        moved = Affine.translation(turn, 0) @ transform
        warped = _gdal(data, grid.crs, moved, target, resampling, reduction)
        out = np.where(np.isnan(out), warped, out)
    return out


def _gdal(
    data: np.ndarray,
    crs: pyproj.CRS,
    transform: Affine,
    target: Grid,
    resampling: str,
    reduction: tuple[float, float],
) -> np.ndarray:
    height, width = data.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=1, height=height, width=width, dtype="float64",
            crs=CRS.from_wkt(crs.to_wkt()), transform=transform, nodata=NODATA,
        ) as file:  # fmt: skip
            file.write(np.where(np.isfinite(data), data, NODATA).astype(np.float64), 1)
        with (
            memory.open() as file,
            WarpedVRT(
                file,
                crs=CRS.from_wkt(target.crs.to_wkt()),
                transform=target.transform,
                height=target.shape[0],
                width=target.shape[1],
                nodata=NODATA,
                resampling=Resampling[resampling],
                tolerance=EXACT_CELLS,
                XSCALE=1 / reduction[1],
                YSCALE=1 / reduction[0],
                # GDAL samples the edges of a tile to learn which cells it needs: not enough
                # where a pole or the end of a turn lies in the tile.
                SOURCE_EXTRA=100,
            ) as warped,
        ):
            out = warped.read(1)
    return np.where(out == NODATA, np.nan, out)


@dataclass(frozen=True)
class Comparison:
    """How two pictures agree."""

    same: np.ndarray
    shown: int
    share: float


def compare(drawn: Drawn, expected: np.ndarray, rtol: float = 0.0) -> Comparison:
    """Pixel by pixel: both empty, or both the same value."""
    ours = np.where(drawn.valid, drawn.values, np.nan)
    same = np.isclose(ours, expected, rtol=rtol, atol=0, equal_nan=True)
    return Comparison(same, int(np.isfinite(expected).sum()), float(same.mean()))


def assert_nearest(
    drawn: Drawn,
    expected: np.ndarray,
    grid: Grid,
    target: Grid,
    *,
    spare: int = 0,
    rtol: float = 0.0,
) -> int:
    """At least 99.5 % of the pixels are equal and the others, but `spare`, on cell borders.

    Returns how many pixels show something.
    """
    found = compare(drawn, expected, rtol)
    assert found.share >= SMALLEST_SHARE, f"{found.share:.4%} of the pixels are equal"
    distance = border_distance(grid, target)[~found.same]
    reduction = max(drawn.sampling.reduction) if drawn.sampling else 1.0
    near = max(BORDER, LARGEST_ERROR_PX * reduction)
    assert (distance > near).sum() <= spare, (
        f"{distance.size} pixels differ, up to {distance.max():.4f} of a cell from a border"
    )
    return found.shown


def assert_bilinear(drawn: Drawn, expected: np.ndarray, grid: Grid, target: Grid) -> int:
    """Within 1 % of the range where both show something, and both do but on cell borders.

    Returns how many pixels show something.
    """
    ours = np.where(drawn.valid, drawn.values, np.nan)
    both = np.isfinite(ours) & np.isfinite(expected)
    one = np.isfinite(ours) != np.isfinite(expected)
    assert one.mean() <= 1 - SMALLEST_SHARE, f"{one.mean():.4%} of the pixels are there in one only"
    assert border_distance(grid, target)[one].max(initial=0.0) <= BORDER
    if both.any():
        error = np.abs(ours - expected)[both].max()
        span = max(np.ptp(expected[both]), 1e-6 * np.abs(expected[both]).max())
        assert error <= 0.01 * span, f"a pixel is off by {error:g}"
    return int(both.sum())


def mean_of_parts(data: np.ndarray, grid: Grid, target: Grid, parts: int) -> np.ndarray:
    """The mean of the nearest cells at parts × parts points of each pixel, NaN without any."""
    fine = Grid(
        target.crs,
        Axis(target.x.start, target.x.step / parts, target.x.size * parts),
        Axis(target.y.start, target.y.step / parts, target.y.size * parts),
    )
    split = cell_by_cell(data, grid, fine).reshape(target.y.size, parts, target.x.size, parts)
    known = np.isfinite(split)
    counts = known.sum(axis=(1, 3))
    total = np.where(known, split, 0.0).sum(axis=(1, 3))
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


@dataclass(frozen=True)
class View:
    """A tile to draw."""

    tiles: str
    zoom: int
    col: int
    row: int
    grid: Grid = field(repr=False)

    def __str__(self) -> str:
        return f"{self.tiles}/{self.zoom}/{self.col}/{self.row}"


def tile_at(tiles: MatrixSet, zoom: int, lon: float, lat: float) -> View | None:
    """The tile that holds a point; None where the set has none."""
    to_tiles = pyproj.Transformer.from_crs("OGC:CRS84", tiles.crs, always_xy=True)
    x, y = to_tiles.transform(lon, lat)
    matrix = tiles.matrix(zoom)
    if not np.isfinite(x + y):
        return None
    col = int(np.floor((x - matrix.left) / matrix.span))
    row = int(np.floor((matrix.top - y) / matrix.span))
    if not (0 <= col < matrix.width and 0 <= row < matrix.height):
        return None
    return View(tiles.id, zoom, col, row, tile_grid(tiles, zoom, col, row))


def whole_zoom(tiles: MatrixSet, grid: Grid) -> int:
    """The zoom whose tile is about as large as the grid."""
    native = native_zoom(tiles, grid)
    return max(tiles.first_zoom, native - max(0, round(np.log2(max(grid.shape) / 256))))


def views(tiles_id: str, grid: Grid, points: Sequence[tuple[float, float]]) -> list[View]:
    """Tiles with the points at three zooms: all of the grid, native, and over-zoomed 4×."""
    tiles = matrix_set(tiles_id)
    native = native_zoom(tiles, grid)
    deepest = 24 if tiles.is_quadtree else tiles.last_zoom
    zooms = sorted({whole_zoom(tiles, grid), min(native, deepest), min(native + 2, deepest)})
    found = [tile_at(tiles, zoom, *point) for zoom in zooms for point in points]
    return list({str(v): v for v in found if v is not None}.values())
