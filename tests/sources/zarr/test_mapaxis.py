"""Where cells along an axis begin and end: by bounds, midway, at the poles, and around 180°."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.sources.zarr.test_crs import UTM, grid_of
from tests.sources.zarr.zarrs import numbers, opened
from tileserver.area import locate
from tileserver.axis import Axis


def written(path: Path, axes: dict, attrs: dict | None = None, bounds: dict | None = None) -> Path:
    """A variable `a` on axes by name, with the edges of their cells."""
    group = zarr.create_group(path)
    for name, values in axes.items():
        array = group.create_array(name, data=np.asarray(values), dimension_names=(name,))
        if bounds and name in bounds:
            array.attrs["bounds"] = f"{name}_bnds"
            edges = np.asarray(bounds[name])
            group.create_array(f"{name}_bnds", data=edges, dimension_names=(name, "bnds"))
    shape = tuple(len(values) for values in axes.values())
    array = group.create_array("a", data=numbers("f4", shape), dimension_names=tuple(axes))
    array.attrs.update(attrs or {})
    return path


def pairs(edges) -> np.ndarray:
    """(n, 2) of edges (n + 1,)."""
    edges = np.asarray(edges)
    return np.stack([edges[:-1], edges[1:]], -1)


LAT, LON = 50 - 0.5 * np.arange(20), 5 + 0.5 * np.arange(30)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_coordinate_at_the_corner(tmp_path, swapped):
    """Bounds say that a coordinate is the cell's lower left corner, not its centre."""
    bounds = {"lat": np.stack([LAT, LAT + 0.5], -1), "lon": np.stack([LON, LON + 0.5], -1)}
    if swapped:
        bounds = {name: edges[:, ::-1] for name, edges in bounds.items()}
    grid = grid_of(written(tmp_path / "a", {"lat": LAT, "lon": LON}, bounds=bounds))
    assert (grid.x.edges, grid.y.edges) == (None, None)
    assert grid.bounds == (5, 40.5, 20, 50.5)
    assert list(opened(tmp_path / "a").cube.variables) == ["a"]


def test_gaussian_latitudes_with_their_bounds(tmp_path):
    """Cells of a Gaussian grid end where its weights say, not midway."""
    nodes, weights = np.polynomial.legendre.leggauss(32)
    lat = np.degrees(np.arcsin(nodes))
    edges = np.degrees(np.arcsin(np.clip(np.cumsum([-1, *weights]), -1, 1)))
    path = written(
        tmp_path / "a", {"lat": lat, "lon": np.arange(0, 360, 5.0)}, bounds={"lat": pairs(edges)}
    )
    np.testing.assert_allclose(grid_of(path).y.cell_edges(), edges, atol=1e-9)


def test_rows_at_the_poles_stay_regular(tmp_path):
    """Bounds that end at ±90 around rows centred there leave an even axis even."""
    lat = 90 - 2.5 * np.arange(73)
    edges = np.clip(91.25 - 2.5 * np.arange(74), -90, 90)
    grid = grid_of(
        written(
            tmp_path / "a",
            {"lat": lat, "lon": np.arange(0, 360, 2.5)},
            bounds={"lat": pairs(edges)},
        )
    )
    assert grid.y.edges is None
    assert grid.lonlat_bounds() == (-180, -90, 180, 90)
    assert locate(grid, 0, 90) == (0, 0)
    assert locate(grid, 0, -90) == (72, 0)


def test_longitudes_of_another_turn(tmp_path):
    """Bounds that begin at -0.5 beside a coordinate of 0 to 360."""
    lon = np.arange(0.0, 360, 1)
    edges = pairs(np.arange(-0.5, 360))
    edges[200:] -= 360
    grid = grid_of(written(tmp_path / "a", {"lat": LAT, "lon": lon}, bounds={"lon": edges}))
    assert grid.x.wraps
    assert grid.x.edges is None


WRONG = {
    "of other cells": pairs(np.arange(31) + 500.0),
    "with gaps": np.stack([LON - 0.1, LON + 0.1], -1),
    "missing": np.full((30, 2), np.nan),
    "all zero": np.zeros((30, 2)),
    "of another shape": np.zeros((30, 4)),
}


@pytest.mark.parametrize("kind", WRONG)
def test_bounds_that_do_not_fit_are_left_out(tmp_path, kind):
    """Stale bounds move no cell."""
    path = written(tmp_path / "a", {"lat": LAT, "lon": LON}, bounds={"lon": WRONG[kind]})
    assert grid_of(path).bounds == (4.75, 40.25, 19.75, 50.25)


def test_irregular_axes_with_bounds(tmp_path):
    """Edges that are told are the cells' own."""
    edges = np.array([0.0, 1, 3, 3.5, 7, 8])
    lon = (edges[:-1] + edges[1:]) / 2 + 0.1
    grid = grid_of(written(tmp_path / "a", {"lat": LAT, "lon": lon}, bounds={"lon": pairs(edges)}))
    np.testing.assert_array_equal(grid.x.cell_edges(), edges)
    assert isinstance(grid.x, Axis)


def test_one_cell_with_bounds(tmp_path):
    """One cell alone is as long as its bounds say."""
    path = written(
        tmp_path / "a", {"y": [5.5e6], "x": 6e5 + 10 * np.arange(9)}, {"proj:code": UTM},
        {"y": [[5.4e6, 5.6e6]]},
    )  # fmt: skip
    assert grid_of(path).bounds[1::2] == (5.4e6, 5.6e6)


def test_coordinates_called_otherwise_than_their_dimension(tmp_path):
    """latitude(y) and longitude(x) place a variable on y and x."""
    group = zarr.create_group(tmp_path / "a")
    for name, dim, values in (("latitude", "y", LAT), ("longitude", "x", LON)):
        array = group.create_array(name, data=values, dimension_names=(dim,))
        array.attrs["units"] = {"y": "degrees_north", "x": "degrees_east"}[dim]
    group.create_array("a", data=numbers("f4", (20, 30)), dimension_names=("y", "x"))
    cube = opened(tmp_path / "a").cube
    assert list(cube.variables) == ["a"]
    assert cube.variables["a"].grid.bounds == (4.75, 40.25, 19.75, 50.25)


@pytest.mark.parametrize("first", [170.0, -190.0])
def test_regional_grids_across_180(tmp_path, first):
    """In either convention, jumping or going on."""
    lon = first + 0.5 * np.arange(40)
    for name, values in (("on", lon), ("jump", (lon + 180) % 360 - 180)):
        grid = grid_of(written(tmp_path / name, {"lat": LAT, "lon": values}))
        assert grid.lonlat_bounds()[::2] == (169.75, -170.25)
        assert locate(grid, -175.4, 45.2) == (10, 29)
        assert locate(grid, 184.6, 45.2) == (10, 29)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_jitter_of_coordinates(tmp_path, dtype):
    """Less than a millimetre, or than what float32 holds, leaves an axis even."""
    random = np.random.default_rng(7)
    x = 6e5 + 10 * np.arange(500) + random.uniform(-5e-4, 5e-4, 500)
    y = 5.5e6 - 10 * np.arange(400) + random.uniform(-5e-4, 5e-4, 400)
    axes = {"y": y.astype(dtype), "x": x.astype(dtype)}
    grid = grid_of(written(tmp_path / "a", axes, {"proj:code": UTM}))
    assert (grid.x.edges, grid.y.edges) == (None, None)
