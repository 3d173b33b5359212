"""Whether a dataset's tiles are what rasterio, pyproj and the colour tables say."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tileserver.grid import Grid
from tileserver.sources.opening import Origin
from tileserver.style import Colormap

from .datasets import OpenOriginal, Shown, show
from .reference import View, assert_bilinear, assert_nearest, cell_by_cell, gdal, views


def origin(path: Path, crs: str | None = None) -> Origin:
    return Origin((str(path),), Path(), crs=crs)


def check(
    asked: Origin,
    variable: str,
    original: OpenOriginal,
    sets: tuple[str, ...],
    points: tuple[tuple[float, float], ...],
    steps: Mapping[str, str] | None = None,
) -> None:
    """Nearest, bilinear and colours of the tiles with the points, at three zooms of each set."""

    def chosen(grid: Grid) -> list[View]:
        return [view for each in sets for view in views(each, grid, points)]

    seen = 0
    for view, shown in show(asked, variable, chosen, original, "nearest", steps):
        exact = cell_by_cell(shown.cells, shown.original, view.grid)
        seen += assert_nearest(shown.drawn, exact, shown.grid, view.grid, rtol=1e-6)
        if shown.original.y.edges is None:
            warped = gdal(shown.cells, shown.original, view.grid, "nearest")
            assert_nearest(shown.drawn, warped, shown.grid, view.grid, rtol=1e-6)
        assert_colours(shown, view)
    assert seen > 10_000, "the tiles show nothing"
    for view, shown in show(asked, variable, chosen, original, "bilinear", steps):
        sampling = shown.drawn.sampling
        if sampling.resampling == "bilinear" and shown.original.y.edges is None:
            expected = gdal(shown.cells, shown.original, view.grid, "bilinear", sampling.reduction)
            assert_bilinear(shown.drawn, expected, shown.grid, view.grid)


def assert_colours(shown: Shown, view: View) -> None:
    """The PNG shows viridis from 0 to 1 of the values, and nothing where there are none."""
    rgba = np.asarray(Image.open(io.BytesIO(shown.body)).convert("RGBA"))
    assert ((rgba[..., 3] == 255) == shown.drawn.valid).all()
    lut = Colormap.named("viridis").lut
    position = np.clip(np.nan_to_num(shown.drawn.values), 0, 1) * 255
    expected = lut[np.minimum(np.floor(position), 254).astype(int)]
    off = np.abs(rgba.astype(int) - expected)[shown.drawn.valid]
    assert off.max(initial=0) <= 4, f"{view}: a colour is off by {off.max()}"
