"""Light and slope are gdaldem's, on planes and everywhere the plain formula's, in true metres."""

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.reference import draw
from tileserver.axis import Axis
from tileserver.grid import LONLAT, WEB_MERCATOR, Grid, parse_crs, transformer
from tileserver.matrixset import matrix_set
from tileserver.terrain import ground_resolution, hillshade, slope
from tileserver.tms import tile_grid

# Its scale is 1 near its origin, so that its units are metres on the ground.
METRES = parse_crs("+proj=tmerc +lat_0=45 +lon_0=9 +ellps=WGS84")
Array = npt.NDArray[np.float64]


def metre_grid(shape: tuple[int, int], width: float = 10.0, height: float = 20.0) -> Grid:
    """North up, near the origin."""
    return Grid(METRES, Axis(-100.0, width, shape[1]), Axis(100.0, -height, shape[0]))


def whole(heights: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    return np.ones(heights.shape, np.bool_)


def rugged() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Heights (8, 9) with four gaps, those that gdaldem was given."""
    row, col = np.mgrid[0:8, 0:9]
    heights = 200 + 12 * np.sin(0.9 * col) + 15 * np.cos(0.7 * row) + 2 * ((3 * row + 5 * col) % 4)
    valid = np.ones(heights.shape, np.bool_)
    valid[[2, 4, 0, 5], [3, 6, 0, 1]] = False
    return heights.astype(np.float32), valid


# What gdaldem 3.6.2 makes of it in pixels of 10 m × 20 m with NoData -9999 and -compute_edges:
# `hillshade` with -az, -alt and -z, rounded, 0 where there is none; `slope`, and with -p. Each
# without the outermost pixels, for which it extrapolates.
GDALDEM_SHADE = {
    (315, 45, 1): [
        [174, 152, 45, 18, 102, 176, 180],
        [158, 92, 0, 37, 79, 159, 160],
        [161, 85, 24, 65, 108, 184, 185],
        [199, 130, 33, 34, 122, 0, 206],
        [0, 163, 80, 64, 151, 234, 225],
        [244, 154, 102, 103, 177, 251, 242],
    ],
    (100, 30, 2.5): [
        [1, 91, 253, 252, 224, 1, 1],
        [1, 180, 0, 220, 202, 1, 1],
        [1, 211, 252, 237, 131, 1, 1],
        [1, 209, 253, 253, 210, 0, 1],
        [0, 200, 244, 236, 203, 1, 1],
        [1, 178, 216, 215, 143, 1, 1],
    ],
}
NONE = -9999.0
GDALDEM_SLOPE = {
    False: [
        [26.91, 15.45, 38.05, 45.13, 21.62, 38.12, 47.75],
        [32.83, 25.2, NONE, 36.8, 27.48, 33.2, 49.37],
        [39.64, 25.7, 44.24, 30.64, 23.94, 29.27, 36.82],
        [35.36, 14.46, 43.72, 43.52, 16.59, NONE, 29.43],
        [NONE, 14.09, 37.21, 44.07, 24.62, 35.42, 42.68],
        [29.96, 30.74, 39.92, 39.71, 29.14, 34.39, 47.83],
    ],
    True: [
        [50.76, 27.63, 78.28, 100.45, 39.64, 78.47, 110.08],
        [64.51, 47.06, NONE, 74.82, 52.01, 65.44, 116.54],
        [82.85, 48.13, 97.4, 59.22, 44.39, 56.06, 74.86],
        [70.96, 25.78, 95.64, 94.96, 29.8, NONE, 56.42],
        [NONE, 25.1, 75.93, 96.82, 45.82, 71.12, 92.23],
        [57.64, 59.46, 83.66, 83.05, 55.75, 68.45, 110.41],
    ],
}


@pytest.mark.parametrize("light", GDALDEM_SHADE)
def test_shade_is_gdaldems(light: tuple[float, float, float]) -> None:
    """To the rounding of its bytes, beside gaps too."""
    heights, valid = rugged()
    azimuth, altitude, factor = light
    found = hillshade(
        heights, valid, metre_grid((6, 7)), azimuth=azimuth, altitude=altitude, factor=factor
    )
    there = valid[1:-1, 1:-1]
    expected = np.array(GDALDEM_SHADE[light])
    assert found.dtype == np.float32
    assert np.abs(found - expected)[there].max() <= 0.501


@pytest.mark.parametrize("percent", [False, True])
def test_slope_is_gdaldems(percent: bool) -> None:
    """To the two digits that are given here."""
    heights, valid = rugged()
    found = slope(heights, valid, metre_grid((6, 7)), percent=percent, factor=1)
    there = valid[1:-1, 1:-1]
    assert np.abs(found - np.array(GDALDEM_SLOPE[percent]))[there].max() <= 0.0051


def plain_rises(heights: Array, valid: npt.NDArray[np.bool_], grid: Grid) -> tuple[Array, Array]:
    """Eastwards and northwards (h, w), pixel by pixel, north up."""
    height, width = heights.shape
    width_m, height_m = ground_resolution(grid)
    east, north = np.zeros((2, height - 2, width - 2))
    for row in range(1, height - 1):
        for col in range(1, width - 1):
            z = heights[row - 1 : row + 2, col - 1 : col + 2].copy()
            z[~valid[row - 1 : row + 2, col - 1 : col + 2]] = heights[row, col]
            rise = z[:, 2].dot([1, 2, 1]) - z[:, 0].dot([1, 2, 1])
            east[row - 1, col - 1] = rise / (8 * width_m[row - 1, 0])
            rise = z[0].dot([1, 2, 1]) - z[2].dot([1, 2, 1])
            north[row - 1, col - 1] = rise / (8 * height_m[row - 1, 0])
    return east, north


def plain_shade(east: Array, north: Array, azimuth: float, altitude: float) -> Array:
    """By angles, as textbooks and the comments in gdaldem have it."""
    zenith, steepness = np.radians(90 - altitude), np.arctan(np.hypot(east, north))
    downhill = np.arctan2(-east, -north)  # clockwise from north
    angle = np.radians(azimuth) - downhill
    light = np.cos(zenith) * np.cos(steepness) + np.sin(zenith) * np.sin(steepness) * np.cos(angle)
    return 1 + 254 * np.maximum(0, light)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.integers(1, 12),
    st.floats(0, 360),
    st.floats(-90, 90),
    st.floats(0, 0.9),
    st.booleans(),
)
def test_kernels_are_the_plain_formula(seed, height, width, azimuth, altitude, gaps, double):
    """Of any heights with any gaps, whatever stands in these."""
    random = np.random.default_rng(seed)
    heights = 4000 + random.normal(0, 15, (height + 2, width + 2))
    heights = heights.astype(np.float64 if double else np.float32)
    valid = random.random(heights.shape) >= gaps
    grid = metre_grid((height, width))
    east, north = plain_rises(heights.astype(np.float64), valid, grid)
    heights[~valid] = random.choice([np.nan, np.inf, -3e38, 0])
    there = valid[1:-1, 1:-1]
    shade = hillshade(heights, valid, grid, azimuth=azimuth, altitude=altitude, factor=1)
    expected = plain_shade(east, north, azimuth, altitude)
    np.testing.assert_allclose(shade[there], expected[there], atol=0.01)
    steepness = slope(heights, valid, grid, percent=False, factor=1)
    expected = np.degrees(np.arctan(np.hypot(east, north)))
    np.testing.assert_allclose(steepness[there], expected[there], atol=0.001)


def test_large_tile_is_the_plain_formula() -> None:
    """Done in several strips of rows, one of them with a gap."""
    row, col = np.mgrid[0:402, 0:258]
    heights = 500 + 40 * np.sin(row / 9) * np.cos(col / 7)
    valid = whole(heights)
    valid[300:310, 50:60] = False
    grid = metre_grid((400, 256))
    expected = plain_shade(*plain_rises(heights, valid, grid), 315, 45)
    found = hillshade(heights, valid, grid, azimuth=315, altitude=45, factor=1)
    there = valid[1:-1, 1:-1]
    np.testing.assert_allclose(found[there], expected[there], atol=0.01)


def plane(facing: float, steepness: float, shape: tuple[int, int] = (5, 6)) -> Array:
    """Heights of the pixels around `metre_grid`'s, falling towards a direction, in degrees."""
    rise = -np.tan(np.radians(steepness))
    row, col = np.mgrid[0 : shape[0] + 2, 0 : shape[1] + 2]
    east, north = 10.0 * col, -20.0 * row
    towards = np.radians(facing)
    heights: Array = 3000 + rise * (east * np.sin(towards) + north * np.cos(towards))
    return heights


@given(st.floats(0, 360), st.floats(0, 80))
def test_plane_has_its_slope_and_light(facing: float, steepness: float) -> None:
    """A plane's slope is its own; with the lamp right above it all light is on it."""
    heights, grid = plane(facing, steepness), metre_grid((5, 6))
    found = slope(heights, whole(heights), grid, percent=False, factor=1)
    np.testing.assert_allclose(found, steepness, atol=1e-3)
    lit = hillshade(
        heights, whole(heights), grid, azimuth=facing, altitude=90 - steepness, factor=1
    )
    np.testing.assert_allclose(lit, 255, atol=1e-2)


def test_light_from_upper_left() -> None:
    """What faces it is brightest, what faces away darkest, and level ground lies between."""
    shade = {
        facing: hillshade(
            plane(facing, 30), whole(plane(0, 0)), metre_grid((5, 6)),
            azimuth=315, altitude=45, factor=1,
        )[0, 0]
        for facing in range(0, 360, 45)
    }  # fmt: skip
    assert max(shade, key=lambda facing: shade[facing]) == 315
    assert min(shade, key=lambda facing: shade[facing]) == 135
    level = hillshade(
        plane(0, 0), whole(plane(0, 0)), metre_grid((5, 6)), azimuth=315, altitude=45, factor=1
    )
    assert shade[135] < level[0, 0] < shade[315]
    np.testing.assert_allclose(level, 1 + 254 * np.sqrt(0.5), rtol=1e-6)


def test_exaggerated_heights() -> None:
    """A factor does what higher heights do."""
    heights, valid = rugged()
    grid = metre_grid((6, 7))
    np.testing.assert_allclose(
        slope(heights, valid, grid, percent=True, factor=3),
        3 * slope(heights, valid, grid, percent=True, factor=1),
        rtol=1e-5,
    )


def test_rows_and_columns_may_run_either_way() -> None:
    """The same ground in the same light, whichever corner is first."""
    heights, valid = rugged()
    light = {"azimuth": 300.0, "altitude": 40.0, "factor": 1.0}
    expected = hillshade(heights, valid, metre_grid((6, 7)), **light)
    turned = Grid(METRES, Axis(-30.0, -10.0, 7), Axis(-20.0, 20.0, 6))
    found = hillshade(heights[::-1, ::-1], valid[::-1, ::-1], turned, **light)
    there = valid[1:-1, 1:-1]
    np.testing.assert_allclose(found[::-1, ::-1][there], expected[there], rtol=1e-5)


@pytest.mark.parametrize(
    ("crs", "center", "pixel", "tolerance"),
    [
        ("OGC:CRS84", (10, 60), 0.01, 1e-4),
        ("EPSG:4807", (5, 50), 0.01, 1e-4),  # grads
        ("EPSG:3857", (1e6, 6e6), 100, 7e-3),
        ("EPSG:3395", (1e6, 6e6), 100, 1e-4),
        ("EPSG:4087", (1e6, 6e6), 100, 7e-3),
        ("EPSG:32633", (3e5, 6e6), 10, 1e-4),
        ("EPSG:3035", (4.3e6, 3.2e6), 100, 1e-3),
        ("EPSG:3031", (1e5, 2e6), 100, 1e-3),
        ("EPSG:2263", (9.8e5, 2e5), 100, 1e-4),  # feet
    ],
)
def test_pixels_in_metres(
    crs: str, center: tuple[float, float], pixel: float, tolerance: float
) -> None:
    """The geodesic distances across pixels, in degrees and projections of any unit."""
    (x, y), size = center, 8
    grid = Grid(
        parse_crs(crs),
        Axis(x - size / 2 * pixel, pixel, size),
        Axis(y + size / 2 * pixel, -pixel, size),
    )
    to_lonlat, geod = transformer(grid.crs, LONLAT), pyproj.Geod(ellps="WGS84")
    rows, nothing = grid.y.cell_centers(), np.zeros(size)

    def distance(east: float, north: float) -> Array:
        ends = (to_lonlat.transform(x + nothing + s * east, rows + s * north) for s in (-0.5, 0.5))
        metres: Array = geod.inv(*(each for end in ends for each in end))[2]
        return metres

    width, height = ground_resolution(grid)
    np.testing.assert_allclose(width[:, 0], distance(pixel, 0), rtol=tolerance)
    np.testing.assert_allclose(height[:, 0], distance(0, pixel), rtol=tolerance)


def test_web_mercator_pixels_shrink_with_the_cosine_of_latitude() -> None:
    """In every row of the whole world."""
    grid = tile_grid(matrix_set("WebMercatorQuad"), 0, 0, 0, 256)
    rows = grid.y.cell_centers()
    lat = transformer(WEB_MERCATOR, LONLAT).transform(np.zeros(256), rows)[1]
    for lengths in ground_resolution(grid):
        np.testing.assert_allclose(lengths[:, 0], grid.x.step * np.cos(np.radians(lat)), rtol=1e-6)


def test_pixels_at_the_pole() -> None:
    """Have no width and yet a shade."""
    grid = Grid(LONLAT, Axis(-1.5, 1.0, 3), Axis(90.5, -1.0, 2))
    heights = np.arange(20.0).reshape(4, 5)
    found = hillshade(heights, whole(heights), grid, azimuth=315, altitude=45, factor=1e6)
    assert np.isfinite(found).all()


def test_tiles_meet_without_a_seam() -> None:
    """Two tiles are the halves of one picture."""
    row, col = np.mgrid[0:300, 0:400]
    data = 900 + 300 * np.sin(row / 11) * np.cos(col / 13)
    source = Grid(LONLAT, Axis(9.0, 0.005, 400, period=360.0), Axis(47.5, -0.005, 300))
    tiles = matrix_set("WebMercatorQuad")
    left, right = (tile_grid(tiles, 9, x, 180, 256) for x in (270, 271))
    both = Grid(left.crs, Axis(left.x.start, left.x.step, 512), left.y)

    def shaded(target: Grid) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        pixels = draw(data, source, target.padded(1), "bilinear")
        shade = hillshade(pixels.values, pixels.valid, target, azimuth=315, altitude=45, factor=1)
        return shade, pixels.valid[1:-1, 1:-1]

    (shade, valid), parts = shaded(both), [shaded(left), shaded(right)]
    assert valid[:, 250:262].any()
    np.testing.assert_array_equal(np.hstack([each[1] for each in parts]), valid)
    found = np.hstack([each[0] for each in parts])
    np.testing.assert_allclose(found[valid], shade[valid], atol=0.01)


@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_the_world_goes_on_beyond_its_edges(west: float) -> None:
    """What lies beyond 180 degrees is what lies on the other side."""
    row, col = np.mgrid[0:180, 0:360]
    data = 1000.0 + row + 90 * np.sin(np.radians(col + west) * 3 + 1)
    source = Grid(LONLAT, Axis(west, 1.0, 360, period=360.0), Axis(90.0, -1.0, 180))
    target = tile_grid(matrix_set("WebMercatorQuad"), 0, 0, 0, 256)
    pixels = draw(data, source, target.padded(1), "bilinear")
    assert pixels.valid.all()
    np.testing.assert_allclose(pixels.values[:, 0], pixels.values[:, -2], atol=1e-3)
    np.testing.assert_allclose(pixels.values[:, -1], pixels.values[:, 1], atol=1e-3)
