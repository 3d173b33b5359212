"""The demo cubes: plausible, the same every time, made once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

from tileserver.demo import STAMP, build


@pytest.fixture(scope="module")
def folder(demo_data: Path) -> Path:
    return demo_data.parent


def test_ocean_lies_where_the_sea_is(folder: Path) -> None:
    """Deserts are land, the middle of the Pacific is sea, tropics are warm and poles cold."""
    sst = xr.open_zarr(folder / "ocean.zarr").sst.isel(time=0)
    at = {"method": "nearest"}
    assert np.isnan(sst.sel(lon=10, lat=24, **at))
    assert np.isnan(sst.sel(lon=-100, lat=40, **at))
    assert 24 < sst.sel(lon=-150, lat=5, **at) < 33
    assert -1.81 <= sst.sel(lon=0, lat=80, **at) < 6


def test_seasons_differ_by_hemisphere(folder: Path) -> None:
    """The north is warmest when the south is coldest."""
    sst = xr.open_zarr(folder / "ocean.zarr").sst.sel(lon=-30, method="nearest")
    north = sst.sel(lat=40, method="nearest").values
    south = sst.sel(lat=-35, method="nearest").values
    assert np.corrcoef(north, south)[0, 1] < -0.5


def test_scenes_are_cogs_of_four_bands(folder: Path) -> None:
    """Tiled, named, scaled; one of them ends at the edge of the swath."""
    paths = sorted((folder / "s2").glob("s2_*.tif"))
    assert len(paths) == 4
    for path in paths:
        with rasterio.open(path) as scene:
            assert scene.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert scene.descriptions == ("b02", "b03", "b04", "b08")
            assert (scene.crs.to_epsg(), scene.nodata) == (32632, 0)
            assert set(scene.scales) == {0.0001}


def test_model_has_levels_and_runs_from_0_to_360(folder: Path) -> None:
    """Gaussian latitudes, no point beyond the poles, colder above."""
    model = xr.open_zarr(folder / "model.zarr")
    assert float(model.lon.min()) == 0
    assert float(model.lon.max()) > 350
    steps = np.abs(np.diff(model.lat))
    assert steps.max() - steps.min() > 1e-3
    profile = model.t.isel(time=0).mean(("lat", "lon")).values
    assert (np.diff(profile) < 0).all()


def test_mountains_stand_where_they_are_and_the_sea_has_none(folder: Path) -> None:
    """And every cell of land has one of the classes that the store names."""
    land = xr.open_zarr(folder / "land.zarr")
    at = {"method": "nearest"}
    assert land.elevation.sel(lon=88, lat=30, **at) > 3000
    assert land.elevation.sel(lon=20, lat=52, **at) < 800
    assert np.isnan(land.elevation.sel(lon=-150, lat=5, **at))
    cover = land.land_cover.values
    classes = set(np.unique(cover[~np.isnan(cover)]).astype(int))
    assert classes <= set(land.land_cover.attrs["flag_values"])
    assert len(classes) > 5
    assert (np.isnan(cover) == np.isnan(land.elevation.values)).all()


def test_second_build_does_nothing(folder: Path) -> None:
    """Nor does it touch a file."""
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    build(folder, small=True)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_a_killed_build_is_made_anew_and_the_same(folder: Path, tmp_path: Path) -> None:
    """Without its stamp a folder counts for nothing; what is made then equals the first."""
    shutil.copytree(folder, tmp_path / "again")
    (tmp_path / "again" / STAMP).unlink()
    shutil.rmtree(tmp_path / "again" / "ocean.zarr" / "sst")
    build(tmp_path / "again", small=True)
    for name in ("ocean.zarr", "model.zarr"):
        xr.testing.assert_identical(
            xr.open_zarr(folder / name).load(), xr.open_zarr(tmp_path / "again" / name).load()
        )
