"""Any grid, any tile: strategies, and the pixels that there should be by pyproj."""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyproj
from hypothesis import strategies as st

from tests.formats.truth import DEGREES, Separable, transform
from tileserver.axis import Axis
from tileserver.cache import ByteCache
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Dimension, Level, Variable
from tileserver.dataset import Dataset, make_dataset
from tileserver.drawing import Drawing, View
from tileserver.grid import Grid, is_degrees, parse_crs
from tileserver.layer import find_layer, select
from tileserver.matrixset import matrix_set
from tileserver.pipeline import Engine
from tileserver.sources.memory import MemorySource
from tileserver.timeaxis import TimeAxis
from tileserver.tms import Matrix, MatrixSet, tile_grid

DAY_S = 86400.0
STEPS = 3
EVERY = 3  # pixel is looked at
BORDER = 0.005  # of a cell: so near to an edge a pixel may show the neighbour
BORDER_PX = 0.005  # of a pixel, where that is more
LOST_PX = 0.02  # a centre that comes back from the grid's CRS farther off has no one place there

SETS = (
    "WebMercatorQuad", "WorldCRS84Quad", "WGS1984Quad", "WorldMercatorWGS84Quad",
    "EuropeanETRS89_LAEAQuad", "UPSArcticWGS84Quad", "UPSAntarcticWGS84Quad", "CanadianNAD83_LCC",
    "NZTM2000Quad", "EPSG3413Quad", "EPSG3031Quad", "UTM31WGS84Quad", "UTM01SouthWGS84Quad",
)  # fmt: skip

ROTATED_POLE = pyproj.CRS.from_cf(
    {
        "grid_mapping_name": "rotated_latitude_longitude",
        "grid_north_pole_latitude": 39.25,
        "grid_north_pole_longitude": -162.0,
    }
).to_wkt()
# CRS in metres, each with the part of the Earth (west, south, east, north) that it is made for.
METRIC = {
    "EPSG:3857": (-180, -85, 180, 85),
    "EPSG:32631": (-2, -10, 8, 83),
    "EPSG:32701": (-183, -80, -171, 10),
    "EPSG:3035": (-16, 32, 40, 72),
    "EPSG:3031": (-180, -90, 180, -60),
    "EPSG:3413": (-180, 60, 180, 90),
    "EPSG:5041": (-180, 60, 180, 90),
    "+proj=sinu +R=6371007.181 +units=m": (-180, -90, 180, 90),
    "+proj=geos +h=35785831 +lon_0=140.7 +sweep=y": (80, -70, 200, 70),
    "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=10": (-40, 15, 60, 75),
    "EPSG:3832": (100, -50, 260, 50),  # Mercator around 150° E: across the date line
}


@dataclass(frozen=True)
class Sample:
    """A grid by its edges and the server's own axes, with a number of its own in each cell."""

    crs: str
    x: Axis
    y: Axis

    @property
    def place(self) -> Separable:
        return Separable(self.crs, self.x.cell_edges(), self.y.cell_edges())

    @property
    def grid(self) -> Grid:
        return Grid(parse_crs(self.crs), self.x, self.y)

    @property
    def numbers(self) -> np.ndarray:
        """(time, rows, cols), none twice."""
        shape = (STEPS, self.y.size, self.x.size)
        return np.arange(1.0, 1.0 + math.prod(shape), dtype=np.float32).reshape(shape)

    @property
    def dataset(self) -> Dataset:
        numbers = self.numbers
        level = Level(self.grid, (1, *numbers.shape[1:]), numbers.shape, numbers[0].nbytes)
        variable = Variable("v", ("time",), numbers.dtype, (level,))
        time = Dimension("time", TimeAxis(np.arange(STEPS) * DAY_S))
        source = MemorySource(Cube({"v": variable}, {"time": time}), {"v": (numbers,)})
        return make_dataset(DatasetConfig(id="a", url="memory"), source)


@dataclass(frozen=True)
class Tile:
    """An address that the set has."""

    tiles: str
    zoom: int
    col: int
    row: int

    @property
    def grid(self) -> Grid:
        return tile_grid(matrix_set(self.tiles), self.zoom, self.col, self.row)


def _log(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(math.exp)


SIGN = st.sampled_from((1.0, -1.0))
SIZE = st.one_of(st.integers(1, 5), st.integers(6, 60), st.just(200))
NICE = st.sampled_from((1e-6, 1e-3, 0.0625, 0.1, 0.25, 0.5, 1.0, 1.40625, 2.5, 5.0, 10.0, 30.0))


@st.composite
def longitudes(draw: st.DrawFn) -> Axis:
    """Global from anywhere, or a part of the globe."""
    size, sign = draw(SIZE), draw(SIGN)
    start = draw(st.one_of(st.sampled_from((-180.0, 0.0, -360.0, 180.0)), st.floats(-540, 540)))
    if draw(st.booleans()) and size > 1:
        step = 360 / size
    else:
        step = draw(st.one_of(NICE, _log(1e-7, 90)))
        size = max(1, min(size, math.floor(360 / step)))
    start -= draw(st.sampled_from((0.0, 0.5))) * step
    return Axis(start if sign > 0 else start + size * step, sign * step, size, period=360.0)


@st.composite
def latitudes(draw: st.DrawFn) -> Axis:
    """Rows that end where they like, at a pole or half a cell beyond it; some irregular."""
    if draw(st.integers(0, 3)) == 0:
        return draw(irregular_latitudes())
    size, sign = draw(SIZE), draw(SIGN)
    step = min(draw(st.one_of(NICE, _log(1e-7, 60))), 180 / max(size - 1, 1))
    length = size * step
    if draw(st.booleans()):
        south = draw(st.floats(-90, max(-90.0, 90 - length)))
    else:
        south = draw(st.sampled_from((-90.0, 90 - length, -90 - step / 2, 90 + step / 2 - length)))
    return Axis(south if sign > 0 else south + length, sign * step, size)


@st.composite
def irregular_latitudes(draw: st.DrawFn) -> Axis:
    """Gaussian ones, or any, as the opening makes them of centres."""
    size = draw(st.integers(2, 60))
    if draw(st.booleans()):
        centers = np.degrees(np.arcsin(np.polynomial.legendre.leggauss(size)[0]))
    else:
        gaps = draw(st.lists(st.floats(0.01, 1), min_size=size + 1, max_size=size + 1))
        centers = -90 + 180 * np.cumsum(gaps)[:-1] / sum(gaps)
    return Axis.from_centers(centers[:: int(draw(SIGN))])


@st.composite
def degrees(draw: st.DrawFn) -> Sample:
    crs = draw(st.sampled_from(("OGC:CRS84", "EPSG:4326", "EPSG:4258")))
    return Sample(crs, draw(longitudes()), draw(latitudes()))


@st.composite
def metric(draw: st.DrawFn) -> Sample:
    """Around a place that the CRS is made for, as fine or coarse as may be."""
    crs = draw(st.sampled_from(tuple(METRIC)))
    west, south, east, north = METRIC[crs]
    lon, lat = draw(st.floats(west, east)), draw(st.floats(south, north))
    x, y = (float(p) for p in transform(DEGREES, crs, np.array(lon), np.array(lat)))
    if not math.isfinite(x + y):
        x, y = 0.0, 0.0
    return Sample(crs, *(draw(_around(each, _log(0.01, 3e6))) for each in (x, y)))


@st.composite
def rotated_pole(draw: st.DrawFn) -> Sample:
    middle = draw(st.floats(-40, 40)), draw(st.floats(-40, 40))
    return Sample(ROTATED_POLE, *(draw(_around(each, _log(1e-4, 5), 45)) for each in middle))


@st.composite
def _around(
    draw: st.DrawFn, middle: float, steps: st.SearchStrategy[float], longest: float = 2.5e7
) -> Axis:
    size = draw(SIZE)
    step = min(draw(steps), longest / size) * draw(SIGN)
    return Axis(middle - step * size * draw(st.floats(0, 1)), step, size)


SAMPLES = st.one_of(degrees(), degrees(), metric(), rotated_pole())


@st.composite
def cases(draw: st.DrawFn) -> tuple[Sample, Tile]:
    """A grid, and a tile that looks at a point of it or beside it; some look anywhere."""
    sample = draw(SAMPLES)
    tiles = matrix_set(draw(st.sampled_from(SETS)))
    zoom = draw(st.integers(tiles.first_zoom, 24 if tiles.is_quadtree else tiles.last_zoom))
    row = draw(st.floats(-0.2, 1.2)) * sample.y.size
    col = draw(st.floats(-0.2, 1.2)) * sample.x.size
    x, y = (float(p) for p in _in_set(sample, tiles, row, col))
    if draw(st.booleans()):
        zoom = _fit(draw, sample, tiles, (row, col), zoom)
    matrix = tiles.matrix(zoom)
    at_col, at_row = (x - matrix.left) / matrix.span, (matrix.top - y) / matrix.span
    if not math.isfinite(at_col + at_row):
        at_col, at_row = draw(st.floats(0, 1)) * matrix.width, draw(st.floats(0, 1)) * matrix.height
    where = (
        min(max(math.floor(at), 0), size - 1)
        for at, size in ((at_col, matrix.width), (at_row, matrix.height))
    )
    return sample, Tile(tiles.id, zoom, *where)


def _in_set(sample: Sample, tiles: MatrixSet, row: float, col: float) -> tuple[float, float]:
    """A position of the grid, also outside, in the set's CRS; NaN where that has no such place."""
    x, y = sample.x.start + col * sample.x.step, sample.y.start + row * sample.y.step
    return transform(sample.crs, tiles.crs.srs, np.array(x), np.array(y))


def _fit(
    draw: st.DrawFn, sample: Sample, tiles: MatrixSet, at: tuple[float, float], zoom: int
) -> int:
    """A zoom whose pixels are from 1/8 to 64 cells large."""
    here = np.array(_in_set(sample, tiles, *at))
    there = np.array(_in_set(sample, tiles, at[0], at[1] + 1))
    size = float(np.hypot(*(there - here)))
    if not (math.isfinite(size) and size > 0):
        return zoom
    wanted = size * 2.0 ** draw(st.integers(-3, 6))

    def off(matrix: Matrix) -> float:
        return abs(math.log(matrix.cell_size / wanted))

    return min(tiles.matrices, key=off).zoom


def drawn(sample: Sample, tile: Tile, step: int) -> np.ndarray:
    """The tile's pixels as the server draws them, NaN where it is transparent."""
    dataset = sample.dataset
    layer = find_layer(dataset, "v")
    asked = {"time": str(np.datetime64(0, "D") + step)}
    view = View(dataset, layer, select(dataset.source.cube, layer, asked), resampling="nearest")

    async def run() -> tuple[np.ndarray, np.ndarray]:
        with ThreadPoolExecutor(1) as pool:
            engine = Engine(
                tiles=ByteCache(1 << 20, len),
                samplings=ByteCache(1 << 20, lambda sampling: sampling.nbytes),
                pool=pool,
            )
            return await engine.pixels(Drawing(view, tile.grid))

    values, valid = asyncio.run(run())
    return np.where(valid, values[0], np.nan)


def wrong_pixels(sample: Sample, tile: Tile, step: int, pixels: np.ndarray) -> np.ndarray:
    """Which of every EVERY pixels show another cell than that of their centre, by pyproj."""
    target = tile.grid
    first = (tile.col + tile.row) % EVERY
    crs = target.crs.srs
    x, y = np.meshgrid(
        target.x.start + (np.arange(first, target.x.size, EVERY) + 0.5) * target.x.step,
        target.y.start + (np.arange(first, target.y.size, EVERY) + 0.5) * target.y.step,
    )
    there = transform(crs, sample.crs, x, y)
    slack = BORDER_PX * pixel_size(*there, sample)
    wrong = wrong_values(sample, step, pixels[first::EVERY, first::EVERY], *there, slack)
    return wrong & has_one_place(sample, crs, x, y, abs(target.x.step))


def pixel_size(x: np.ndarray, y: np.ndarray, sample: Sample) -> np.ndarray:
    """How far the sample's coordinates move from one pixel to the next, there or in the middle."""
    moves = [np.gradient(part) for part in (x, y)]
    if sample.x.period:
        moves[0] = [(move + 180) % 360 - 180 for move in moves[0]]
    size = np.nan_to_num(np.max(np.abs(moves), axis=(0, 1))) / EVERY
    return np.maximum(size, size[size.shape[0] // 2, size.shape[1] // 2])


def wrong_values(
    sample: Sample, step: int, got: np.ndarray, x: np.ndarray, y: np.ndarray, slack: np.ndarray
) -> np.ndarray:
    """Which values are not of the cell at a point of the sample's CRS, nor of one within BORDER of
    a cell or `slack` in units of the CRS; NaN is right outside.

    A number tells its cell, as no two are alike.
    """
    rows, cols = _position(sample.y, y), _position(sample.x, x)
    height, width = sample.place.shape
    index = np.nan_to_num(got - 1 - step * height * width).astype(int)
    wraps = bool(sample.x.period) and abs(abs(sample.x.stop - sample.x.start) - 360) < 1e-9
    gaps = []
    for at, cell, axis in ((rows, index // width, sample.y), (cols, index % width, sample.x)):
        border = BORDER + slack / np.abs(axis.step)
        off = np.abs(at - cell - 0.5)
        if wraps and axis is sample.x:
            off = np.minimum(off, width - off)
        outside = np.minimum(at, axis.size - at)  # below 0
        gaps.append((off > 0.5 + border, ~(outside > border)))
    wrong_cell = (gaps[0][0] | gaps[1][0]) | (index < 0) | (index >= height * width)
    may_be_outside = gaps[0][1] | (gaps[1][1] & (not wraps))
    return np.where(np.isnan(got), ~may_be_outside, wrong_cell)


def _position(axis: Axis, coords: np.ndarray) -> np.ndarray:
    """Cells from the first edge, going on beyond the ends; of longitudes in the nearest turn."""
    edges = axis.cell_edges()
    if axis.period:
        middle = (edges[0] + edges[-1]) / 2
        coords = middle + (coords - middle + 180) % 360 - 180
    sign = np.sign(axis.step)
    cell = np.clip(np.searchsorted(edges * sign, coords * sign, side="right") - 1, 0, axis.size - 1)
    return cell + (coords - edges[cell]) / (edges[cell + 1] - edges[cell])


def has_one_place(
    sample: Sample, crs: str, x: np.ndarray, y: np.ndarray, pixel: float
) -> np.ndarray:
    """Whether points have no other place in the grid's CRS than theirs; degrees have one alone."""
    if is_degrees(parse_crs(sample.crs)):
        return np.ones(x.shape, bool)
    return comes_back(sample, crs, x, y, pixel)


def comes_back(sample: Sample, crs: str, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Whether points come back from the grid's CRS: far from what a CRS is made for PROJ gives
    points, but others than those it came from. On the far side of the Earth some have two places in
    UTM, of which the way back leads to one."""
    there = transform(crs, sample.crs, x, y)
    back_x, back_y = transform(sample.crs, crs, *there)
    turn = 360.0 if is_degrees(parse_crs(crs)) else math.inf
    off = np.abs(back_x - x)
    off = np.minimum(off, np.abs(off - turn))
    return ~(np.hypot(off, back_y - y) >= LOST_PX * pixel) | np.isnan(there[0])
