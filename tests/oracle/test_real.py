"""Tiles of real files are what rasterio warps of the cells that rasterio and xarray read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from tileserver.grid import Grid
from tileserver.sources.opening import Origin
from tileserver.style import Colormap

from .datasets import OpenOriginal, Shown, geotiff, show, zarr_level
from .reference import View, assert_bilinear, assert_nearest, cell_by_cell, gdal, views

SHARED = Path(__file__).parents[3] / "shared" / "data"
MERCATOR = "WebMercatorQuad"

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="no ../shared here: nothing to try on real third-party data"
)

# file: (band, its variable, another matrix set, points amid its data)
TIFFS = {
    "rio-tiler/cog_dateline.tif": (1, "b1", "WorldCRS84Quad", ((179.8, 51.6), (-179.9, 51.5))),
    "rio-tiler/cog_scale_epsg4326.tif": (1, "b1", "WorldCRS84Quad", ((127.3, 37.4),)),
    "rio-tiler/cog_fullearth.tif": (1, "b1", "WGS1984Quad", ((10.0, 50.0), (-100.0, -20.0))),
    "rio-tiler/cog_int16.tif": (1, "b1", "UPSArcticWGS84Quad", ((-56.8, 73.4),)),
    "rio-tiler/cog_nodata_nan.tif": (1, "Gamma0_VV", "WorldCRS84Quad", ((-122.2, 47.3),)),
    "rio-tiler/cog_world.tif": (1, "b1", "EuropeanETRS89_LAEAQuad", ((10.0, 50.0),)),
    "rio-tiler/cog_cmap.tif": (1, "b1", "WorldCRS84Quad", ((-79.38, 39.85),)),
    "xcube/sample-cog.tif": (2, "green", "WorldCRS84Quad", ((-105.5, 35.6),)),
    "rioxarray/cog.tif": (1, "b1", "WGS1984Quad", ((-74.1, 44.9),)),
}


def origin(path: Path, crs: str | None = None) -> Origin:
    return Origin((str(path),), Path(), crs=crs)


def check(
    asked: Origin,
    variable: str,
    original: OpenOriginal,
    sets: tuple[str, ...],
    points: tuple[tuple[float, float], ...],
) -> None:
    """Nearest, bilinear and colours of the tiles with the points, at three zooms of each set."""

    def chosen(grid: Grid) -> list[View]:
        return [view for each in sets for view in views(each, grid, points)]

    seen = 0
    for view, shown in show(asked, variable, chosen, original, "nearest"):
        expected = gdal(shown.cells, shown.original, view.grid, "nearest")
        exact = cell_by_cell(shown.cells, shown.original, view.grid)
        ours = shown.drawn
        assert_nearest(ours, exact, shown.grid, view.grid, rtol=1e-6)
        seen += assert_nearest(ours, expected, shown.grid, view.grid, rtol=1e-6)
        assert_colours(shown, view)
    assert seen > 10_000, "the tiles show nothing"
    for view, shown in show(asked, variable, chosen, original, "bilinear"):
        sampling = shown.drawn.sampling
        if sampling.resampling == "bilinear":
            expected = gdal(shown.cells, shown.original, view.grid, "bilinear", sampling.reduction)
            assert_bilinear(shown.drawn, expected, shown.grid, view.grid)


def assert_colours(shown: Shown, view: View) -> None:
    """The PNG shows viridis from 0 to 1 of the values, and nothing where there are none."""
    rgba = np.asarray(Image.open(io.BytesIO(shown.body)).convert("RGBA"))
    assert ((rgba[..., 3] == 255) == shown.drawn.valid).all()
    lut = Colormap.named("viridis").lut
    position = np.clip(shown.drawn.values, 0, 1) * 255
    expected = lut[np.minimum(np.floor(position), 254).astype(int)]
    off = np.abs(rgba.astype(int) - expected)[shown.drawn.valid]
    assert off.max(initial=0) <= 4, f"{view}: a colour is off by {off.max()}"


@pytest.mark.parametrize("name", TIFFS)
def test_geotiff(name: str) -> None:
    """Every GeoTIFF, in Web Mercator and another matrix set."""
    band, variable, other, points = TIFFS[name]
    path = SHARED / name
    check(origin(path), variable, geotiff(path, band), (MERCATOR, other), points)
