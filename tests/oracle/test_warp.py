"""The kernels against rasterio and pyproj, on every kind of grid and many matrix sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from affine import Affine

from tileserver.axis import Axis
from tileserver.grid import LONLAT, Grid, parse_crs

from .reference import (
    View,
    assert_bilinear,
    assert_nearest,
    cell_by_cell,
    compare,
    coordinates,
    draw,
    gdal,
    mean_of_parts,
    views,
)

MERCATOR, CRS84, WGS84 = "WebMercatorQuad", "WorldCRS84Quad", "WGS1984Quad"
EUROPE, ARCTIC, UTM31 = "EuropeanETRS89_LAEAQuad", "UPSArcticWGS84Quad", "UTM31WGS84Quad"
ANTARCTIC = "UPSAntarcticWGS84Quad"
SINUSOIDAL = "+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs"
ALBERS = "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +datum=WGS84 +units=m +no_defs"
ROTATED = "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +R=6371229 +no_defs"
GAUSSIAN = np.degrees(np.arcsin(np.polynomial.legendre.leggauss(80)[0]))


@dataclass(frozen=True)
class Case:
    """A grid, the matrix sets to draw it in, and points whose tiles are drawn."""

    grid: Grid
    sets: tuple[str, ...]
    points: tuple[tuple[float, float], ...]


def lonlat(west: float, top: float, step: tuple[float, float], shape: tuple[int, int]) -> Grid:
    return Grid.from_affine(LONLAT, Affine(step[0], 0, west, 0, step[1], top), shape)


def projected(crs: str, left: float, top: float, res: float, shape: tuple[int, int]) -> Grid:
    return Grid.from_affine(parse_crs(crs), Affine(res, 0, left, 0, -res, top), shape)


GLOBAL_SETS = (MERCATOR, CRS84, WGS84, ARCTIC, EUROPE)
EVERYWHERE = ((10.3, 50.2), (-179.9, 5.0), (179.9, -40.0), (0.1, 0.1), (-80.0, 84.0))
SEAMS = ((-179.9, 71.0), (0.1, 50.2))

CASES = {
    "global": Case(lonlat(-180, 90, (0.5, -0.5), (360, 720)), GLOBAL_SETS, EVERYWHERE),
    "global, rows up": Case(lonlat(-180, -90, (0.5, 0.5), (360, 720)), GLOBAL_SETS, SEAMS),
    "global 0-360": Case(lonlat(0, 90, (0.5, -0.5), (360, 720)), GLOBAL_SETS, EVERYWHERE),
    "global 0-360, points at poles": Case(
        Grid(
            LONLAT,
            Axis.from_centers(np.arange(360.0), period=360),
            Axis.from_centers(np.arange(90, -91, -1.0)),
        ),
        (*GLOBAL_SETS, ANTARCTIC),
        EVERYWHERE,
    ),
    "columns to the west": Case(
        lonlat(180, 90, (-1.25, -1.25), (144, 288)), (MERCATOR, CRS84), SEAMS
    ),
    "regional": Case(
        lonlat(-11.3, 61.7, (0.03, -0.02), (700, 600)),
        (MERCATOR, CRS84, EUROPE, UTM31),
        ((-3.0, 55.0), (3.3, 52.0)),
    ),
    "regional 0-360 across 180": Case(
        lonlat(150.1, 10, (0.2, -0.2), (300, 400)),
        (MERCATOR, CRS84, WGS84),
        ((179.9, -20.0), (-179.9, -20.0), (151.0, 9.0), (-151.0, -40.0)),
    ),
    "regional across 0": Case(
        lonlat(340, 60, (0.1, -0.1), (250, 500)),
        (MERCATOR, WGS84, EUROPE),
        ((-0.05, 50.0), (0.05, 50.0), (-15.0, 40.0), (20.0, 40.0)),
    ),
    "almost round": Case(
        lonlat(-179, 80, (0.5, -0.5), (320, 716)), (MERCATOR, CRS84), ((179.9, 0.1), (-179.9, 0.1))
    ),
    "UTM north": Case(
        projected("EPSG:32633", 399960, 5300040, 100, (1098, 1098)),
        (MERCATOR, EUROPE, UTM31),
        ((14.5, 47.4),),
    ),
    "UTM south": Case(
        projected("EPSG:32723", 600000, 7500000, 250, (500, 600)),
        (MERCATOR, CRS84),
        ((-43.6, -23.0),)
    ),
    "UTM across the date line": Case(
        projected("EPSG:32660", 570585, 5847615, 250, (940, 930)),
        (MERCATOR, CRS84),
        ((179.8, 51.5), (-179.8, 51.5), (179.0, 52.0)),
    ),
    "LAEA": Case(
        projected("EPSG:3035", 2500000, 5500000, 5000, (800, 900)),
        (MERCATOR, EUROPE, CRS84, ARCTIC),
        ((10.0, 52.0), (25.0, 65.0)),
    ),
    "Arctic": Case(
        projected("EPSG:3413", -3850000, 5850000, 12500, (896, 608)),
        (MERCATOR, ARCTIC, CRS84),
        ((0.0, 89.9), (-45.0, 80.0), (179.9, 75.0), (30.0, 70.0)),
    ),
    "UPS north": Case(
        projected("EPSG:5041", 0, 4000000, 10000, (400, 400)),
        (MERCATOR, ARCTIC, EUROPE),
        ((10.0, 89.9), (60.0, 80.0)),
    ),
    "Antarctic": Case(
        projected("EPSG:3031", -3950000, 4350000, 12500, (664, 632)),
        (MERCATOR, ANTARCTIC, CRS84),
        ((0.0, -89.9), (60.0, -70.0), (-179.9, -75.0)),
    ),
    "sinusoidal": Case(
        projected(SINUSOIDAL, -7783653, 5559752, 926.625433, (1200, 1200)),
        (MERCATOR, CRS84),
        ((-90.0, 45.0),),
    ),
    "global sinusoidal": Case(
        projected(SINUSOIDAL, -20015109.354, 10007554.677, 40030.218708, (500, 1000)),
        (MERCATOR, CRS84),
        ((-90.0, 45.0), (170.0, 70.0)),
    ),
    "Albers": Case(
        projected(ALBERS, -2300000, 3100000, 4000, (700, 1100)), (MERCATOR, CRS84), ((-96.0, 40.0),)
    ),
    "Mercator": Case(
        projected("EPSG:3395", -2000000, 9000000, 7000, (900, 800)),
        (MERCATOR, WGS84),
        ((5.0, 50.0), (-10.0, 60.0)),
    ),
    "rotated pole": Case(
        Grid.from_affine(
            parse_crs(ROTATED), Affine(0.11, 0, -28.43, 0, -0.11, 21.95), (412, 424)
        ),
        (MERCATOR, CRS84, EUROPE),
        ((10.0, 50.0), (25.0, 65.0)),
    ),
    "Gaussian": Case(
        Grid(
            LONLAT,
            Axis.from_centers(np.arange(0, 360, 1.125), period=360),
            Axis.from_centers(GAUSSIAN[::-1]),
        ),
        (MERCATOR, CRS84, WGS84, ARCTIC),
        EVERYWHERE,
    ),
}  # fmt: skip


def _views() -> list[object]:
    return [
        pytest.param(name, view, id=f"{name} {view}".replace(" ", "_"))
        for name, case in CASES.items()
        for each in case.sets
        for view in views(each, case.grid, case.points)
    ]


VIEWS = _views()
REGULAR = [n for n, c in CASES.items() if c.grid.x.edges is None and c.grid.y.edges is None]


def numbers(grid: Grid) -> np.ndarray:
    """Every cell has a value that tells its neighbours from it; some have none."""
    row, col = np.mgrid[: grid.shape[0], : grid.shape[1]]
    values = ((row * 7 + col * 13) % 251 + row / 1000).astype(np.float32)
    return np.where((row // 5 + col // 7) % 11 == 0, np.float32(np.nan), values)


def smooth(grid: Grid) -> np.ndarray:
    """A field whose waves are some cells long, round the globe where the grid is; some holes."""
    row, col = np.mgrid[: grid.shape[0], : grid.shape[1]]
    waves = np.sin(2 * np.pi * 16 * col / grid.shape[1]) * np.cos(row / 9)
    return np.where((row // 23 + col // 31) % 7 == 0, np.nan, waves).astype(np.float32)


@pytest.mark.parametrize(("name", "view"), VIEWS)
def test_nearest_is_the_cell_that_holds_the_pixel(name: str, view: View) -> None:
    """Nearest pixels are the cells that pyproj names; on regular grids GDAL says so too."""
    grid = CASES[name].grid
    data = numbers(grid)
    drawn = draw(data, grid, view.grid, "nearest")
    assert_nearest(drawn, cell_by_cell(data, grid, view.grid), grid, view.grid)
    if name in REGULAR:
        # GDAL takes the wrong row for one pixel that touches the pole.
        assert_nearest(drawn, gdal(data, grid, view.grid, "nearest"), grid, view.grid, spare=1)


@pytest.mark.parametrize(("name", "view"), [v for v in VIEWS if v.values[0] in REGULAR])
def test_bilinear_is_what_gdal_interpolates(name: str, view: View) -> None:
    """Bilinear pixels are GDAL's to 1 % of the range, and there where GDAL's are."""
    grid = CASES[name].grid
    data = smooth(grid)
    drawn = draw(data, grid, view.grid, "bilinear")
    if drawn.sampling is None or drawn.sampling.resampling == "average":
        return  # reduced too far for a triangle; see the test of average
    expected = gdal(data, grid, view.grid, "bilinear", drawn.sampling.reduction)
    assert_bilinear(drawn, expected, grid, view.grid)


def _coarse_views() -> list[object]:
    """The first tile of each case and set: that of the whole extent."""
    first = {(p.values[0], p.values[1].tiles): p for p in reversed(VIEWS)}
    return [p for p in reversed(first.values()) if p.values[0] in REGULAR]


@pytest.mark.parametrize(("name", "view"), _coarse_views())
def test_average_is_the_mean_over_the_pixel(name: str, view: View) -> None:
    """Average is GDAL's where rows and columns stay so, and elsewhere as near to the truth.

    To 0.5 % of the range, 2 % in 1 pixel of 100 (on the grid's outer edge). The truth is the mean
    of the cells at 5 × 5 points of each pixel; GDAL takes the box between two corners of a pixel,
    the server that around all four.
    """
    grid = CASES[name].grid
    data = smooth(grid)
    drawn = draw(data, grid, view.grid, "average")
    if drawn.sampling is None:
        assert not np.isfinite(gdal(data, grid, view.grid, "average")).any()
        return
    ours = np.where(drawn.valid, drawn.values, np.nan)
    theirs = gdal(data, grid, view.grid, "average", drawn.sampling.reduction)
    assert drawn.sampling.y is not None
    if drawn.sampling.y.shape[1] == 1:
        same = np.isfinite(ours) == np.isfinite(theirs)
        assert same.mean() >= 0.995
        errors = np.abs(ours - theirs)[np.isfinite(ours) & np.isfinite(theirs)] / 2
        assert errors.max(initial=0.0) <= 0.02
        assert errors.size == 0 or (errors <= 0.005).mean() >= 0.99
        return
    true = mean_of_parts(data, grid, view.grid, 5)
    assert root_mean_square(ours - true) <= max(1.05 * root_mean_square(theirs - true), 0.025 * 2)


def root_mean_square(errors: np.ndarray) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.sqrt((known**2).mean())) if known.size else 0.0


def test_bilinear_goes_on_across_the_seam() -> None:
    """A field that is continuous round the globe has no step in any tile at 180° or 0°."""
    for first in (-180.0, 0.0, -179.5, 20.0):
        grid = lonlat(first, 90, (1.0, -1.0), (180, 360))
        lon, lat = np.meshgrid(grid.x.cell_centers(), grid.y.cell_centers())
        data = np.sin(np.radians(8 * lon + 30)) * np.cos(np.radians(lat))
        for name in GLOBAL_SETS:
            for view in views(name, grid, SEAMS):
                drawn = draw(data, grid, view.grid, "bilinear")
                x, y = coordinates(view.grid, LONLAT)
                true = np.sin(np.radians(8 * x + 30)) * np.cos(np.radians(y))
                assert np.abs(drawn.values - true)[drawn.valid].max() < 1e-2, (first, str(view))


def test_bilinear_between_irregular_rows() -> None:
    """Between Gaussian latitudes a field that is linear in latitude stays so."""
    grid = CASES["Gaussian"].grid
    data = np.repeat(grid.y.cell_centers()[:, None], grid.shape[1], axis=1)
    for view in views(MERCATOR, grid, EVERYWHERE):
        drawn = draw(data, grid, view.grid, "bilinear")
        _, lat = coordinates(view.grid, LONLAT)
        within = drawn.valid & (np.abs(lat) < grid.y.cell_centers().max())
        assert np.abs(drawn.values - lat)[within].max() < 1e-6 * np.ptp(data)


def test_a_pole_in_the_tile_has_its_own_cells() -> None:
    """Pixels around the pole show the row of cells at the pole, of all longitudes."""
    grid = CASES["global"].grid
    data = np.arange(grid.shape[0])[:, None] * 1000.0 + np.arange(grid.shape[1])
    [view] = [v for v in views(ARCTIC, grid, ((0.0, 89.99),)) if v.zoom == 3]
    drawn = draw(data, grid, view.grid, "nearest")
    assert drawn.valid.all()
    assert drawn.values.min() < 1000
    assert compare(drawn, cell_by_cell(data, grid, view.grid)).share > 0.995
