"""Tiles of the demo's cubes are what rasterio and pyproj make of the files' own numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tileserver.sources.opening import Origin

from .agreement import check, origin
from .datasets import geotiff, zarr_level

MERCATOR = "WebMercatorQuad"
CITIES = ((-29.9, 45.0), (-179.9, 20.0), (179.9, -30.0), (0.1, 0.1))


@pytest.mark.parametrize("variable", ["sst", "chl"])
def test_ocean(demo_data: Path, variable: str) -> None:
    """The global ocean at its latest step."""
    path = demo_data.parent / "ocean.zarr"
    original = zarr_level(path, "OGC:CRS84", "lon", "lat")
    sets = (MERCATOR, "WorldCRS84Quad", "EuropeanETRS89_LAEAQuad")
    check(origin(path), variable, original, sets, CITIES)


@pytest.mark.parametrize("variable", ["t", "msl"])
def test_model(demo_data: Path, variable: str) -> None:
    """The model on 0-360 with Gaussian latitudes, pixel by pixel."""
    path = demo_data.parent / "model.zarr"
    original = zarr_level(path, "OGC:CRS84", "lon", "lat")
    sets = (MERCATOR, "WGS1984Quad", "UPSArcticWGS84Quad")
    check(origin(path), variable, original, sets, CITIES)


def test_scenes(demo_data: Path) -> None:
    """The latest of the scenes in UTM, at the level that fits each zoom."""
    folder = demo_data.parent / "s2"
    stack = Origin((str(folder / "*.tif"),), Path(), time_pattern=r"s2_(?P<time>\d{8})\.tif")
    latest = max(folder.glob("*.tif"))
    check(stack, "b08", geotiff(latest, 4), (MERCATOR, "WorldCRS84Quad"), ((11.4, 47.25),))
