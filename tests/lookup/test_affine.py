"""Rotated and sheared images, against GDAL's warp and rasterio's transforms."""

import numpy as np
import pyproj
import pytest
from affine import Affine
from rasterio.enums import Resampling
from rasterio.warp import reproject

from tileserver.area import locate
from tileserver.cube import Level, Packing
from tileserver.grid import LONLAT, Grid, parse_crs, transformer
from tileserver.lookup.affine import affine_grid
from tileserver.matrixset import matrix_set
from tileserver.plan import sample
from tileserver.tms import native_zoom, tile_at, tile_grid
from tileserver.warp import warp

SHAPE = (80, 100)
TURNED = Affine.translation(500_000, 5.5e6) * Affine.rotation(20) * Affine.scale(100, -100)
SHEARED = TURNED * Affine.shear(15, 0)
UTM = parse_crs("EPSG:32632")
WEB = matrix_set("WebMercatorQuad")
DATA = np.add.outer(np.arange(80.0) * 100, np.arange(100.0)).astype(np.float32) + 1


def level(grid: Grid) -> Level:
    return Level(grid, (32, 32), grid.shape, 4 * 32 * 32)


def drawn(transform, zoom, resampling):
    """A tile at the image's middle, and our picture of it."""
    grid = affine_grid(UTM, transform, SHAPE)
    lon, lat = (v[0] for v in transformer(UTM, LONLAT).transform(*grid.middle()))
    tile = tile_grid(WEB, zoom, *tile_at(WEB, zoom, lon, lat))
    sampling = sample([level(grid)], tile, resampling)
    values, valid = warp(DATA[sampling.rows, sampling.cols], sampling, Packing())
    return tile, np.where(valid, values, 0)


def warped(transform, tile, resampling):
    """The tile by GDAL."""
    expected = np.zeros(tile.shape, np.float32)
    reproject(
        DATA,
        expected,
        src_transform=transform,
        src_crs="EPSG:32632",
        dst_crs="EPSG:3857",
        dst_transform=tile.transform,
        resampling=Resampling[resampling],
    )
    return expected


def contained(transform, tile):
    """The tile by pyproj, pixel by pixel."""
    mesh = np.meshgrid(tile.x.cell_centers(), tile.y.cell_centers())
    x, y = pyproj.Transformer.from_crs(3857, 32632, always_xy=True).transform(*mesh)
    cols, rows = (np.floor(v).astype(int) for v in ~transform * (x, y))
    there = (cols >= 0) & (cols < 100) & (rows >= 0) & (rows < 80)
    return np.where(there, DATA[rows.clip(0, 79), cols.clip(0, 99)], 0)


@pytest.mark.parametrize("transform", [TURNED, SHEARED, TURNED * Affine.scale(-1, 1)])
@pytest.mark.parametrize("zoom", [8, 11, 13])
def test_a_pixel_is_the_cell_that_contains_it(transform, zoom):
    """A turned image is read as it lies, with no warp before."""
    tile, ours = drawn(transform, zoom, "nearest")
    assert (ours > 0).any()
    assert (ours == contained(transform, tile)).mean() > 0.999
    assert (ours == warped(transform, tile, "nearest")).mean() > 0.97


def test_bilinear_is_gdals():
    """Weights follow the image's own rows and columns."""
    tile, ours = drawn(TURNED, 12, "bilinear")
    gdal = warped(TURNED, tile, "bilinear")
    inside = (ours > 0) & (gdal > 0)
    assert inside.mean() > 0.1
    assert np.median(np.abs(ours - gdal)[inside]) < 5


def test_an_average_is_the_mean_of_what_a_pixel_covers():
    """A plane stays a plane, but for pixels that the image fills in part."""
    _, ours = drawn(TURNED, 8, "average")
    _, nearest = drawn(TURNED, 8, "nearest")
    inside = (ours > 0) & (nearest > 0)
    assert inside.sum() > 100
    assert np.median(np.abs(ours - nearest)[inside]) < 400


def test_its_place_is_told():
    """Bounds, cell size and the cell at a point are those of the turned image."""
    grid = affine_grid(UTM, TURNED, SHAPE)
    np.testing.assert_allclose(grid.cell_size, (100, 100))
    x, y = zip(*(TURNED * (c, r) for c in (0, 100) for r in (0, 80)), strict=True)
    np.testing.assert_allclose(grid.bounds, (min(x), min(y), max(x), max(y)))
    lon, lat = transformer(UTM, LONLAT).transform(*(TURNED * (30.5, 20.5)))
    assert locate(grid, lon, lat) == (20, 30)
    plain = affine_grid(UTM, Affine(100, 0, 500_000, 0, -100, 5.5e6), SHAPE)
    assert plain.lookup is None
    assert native_zoom(WEB, grid) == native_zoom(WEB, plain)


def test_across_the_date_line():
    """A turned image in degrees is found in either convention of longitude."""
    lonlat = parse_crs("EPSG:4326")
    transform = Affine.translation(178, 10) * Affine.rotation(10) * Affine.scale(0.1, -0.1)
    grid = affine_grid(lonlat, transform, SHAPE)
    lon, lat = transform * (60.5, 40.5)
    assert lon > 180
    assert locate(grid, lon - 360, lat) == (40, 60) == locate(grid, lon, lat)
    assert grid.lonlat_bounds()[0] > grid.lonlat_bounds()[2]


def test_a_degenerate_transform_is_told():
    """Cells without area are no image."""
    with pytest.raises(ValueError, match="no area"):
        affine_grid(UTM, Affine(1, 1, 0, 1, 1, 0), SHAPE)
