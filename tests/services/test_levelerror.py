"""Bounds of what coarse levels tell, held to the finest level."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tests.services.synthetic import Field, days, make, projected, regular
from tileserver.cube import Packing, Reduction
from tileserver.dataset import Dataset
from tileserver.geometry import Geometry, from_bbox, parse_geometry
from tileserver.grid import Grid
from tileserver.layer import find_layer, select
from tileserver.scale.reduction import count_partial
from tileserver.services.statistics import prepare, statistics
from tileserver.sources.memory import MemorySource

FACTOR = 4
TRIANGLE = {"type": "Polygon", "coordinates": [[[-60, -40], [75, -31], [20, 71], [-60, -40]]]}
AREAS = {
    "all": None,
    "box": from_bbox((-31, -47, 52, 33)),
    "across 180°": from_bbox((150.5, 10.2, -120.5, 81.3)),
    "polar": from_bbox((-180, 61, 180, 90)),
    "triangle": parse_geometry(TRIANGLE)[0].geometry,
    "within a cell": from_bbox((1.0, 1.0, 3.0, 2.5)),
}


def wild(height: int, width: int) -> np.ndarray:
    """Numbers with jumps, so that parts of cells are unlike the rest."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width]
    steps = np.where((x // 3 + y // 5) % 2, 40.0, -40.0)
    return 280 + steps * random.random((height, width)) + 20 * np.sin(y / 9)


def with_level(grid: Grid, raw: np.ndarray, packing: Packing, **told: object) -> Dataset:
    """A dataset of one step, its coarse level by xarray."""
    valid = packing.valid(raw)
    data = xr.DataArray(np.where(valid, raw, np.nan), dims=("y", "x"))
    coarse = data.coarsen(y=FACTOR, x=FACTOR, boundary="pad").mean().values
    coarse[np.isnan(coarse)] = packing.missing[0] if packing.missing else np.nan
    coarse = (np.rint(coarse) if raw.dtype.kind == "i" else coarse).astype(raw.dtype)
    grids, arrays = (grid, grid.coarsened((FACTOR, FACTOR))), (raw[None], coarse[None])
    dataset = make({"v": Field(("time",), grids, arrays, (1, 30, 45), packing)}, {"time": days(1)})
    cube = dataset.source.cube
    variable = cube.variables["v"]
    known = packing.decode(raw)
    ends = {"low": float(np.nanmin(known)), "high": float(np.nanmax(known))}
    [partial] = count_partial(raw, packing, [(FACTOR, FACTOR)])
    reduction = Reduction(
        **{"method": "mean", "factor": (FACTOR, FACTOR), "partial": partial, **ends, **told}
    )
    levels = (variable.levels[0], replace(variable.levels[1], reduction=reduction))
    cube = replace(cube, variables={"v": replace(variable, levels=levels)})
    return replace(dataset, source=MemorySource(cube, {"v": arrays}))


def ask(dataset: Dataset, area: Geometry | None, level: int) -> dict:
    layer = find_layer(dataset, "v", None)
    selection = select(dataset.source.cube, layer, {})
    request = prepare(layer, selection, area, level=level)
    return asyncio.run(statistics(dataset.source.read, dataset, request))


KINDS = {
    "plain": ("f8", Packing()),
    "packed": ("i2", Packing(scale=0.5, offset=100, missing=(-999,))),
}


def holed(raw: np.ndarray, empty: float, holes: str) -> np.ndarray:
    """With cells that have no value: here and there, or in continents."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[: raw.shape[0], : raw.shape[1]]
    where = {
        "no holes": np.zeros(raw.shape, bool),
        "specks": random.random(raw.shape) < 0.003,
        "continents": np.sin(x / 14) + np.sin(y / 11 + x / 40) > 0.8,
        "above the mean": (raw > np.median(raw)) & (random.random(raw.shape) < 0.7),
    }
    return np.where(where[holes], np.array(empty, raw.dtype), raw)


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("holes", ["no holes", "specks", "continents", "above the mean"])
def test_mean_is_within_its_error(name: str, kind: str, holes: str) -> None:
    """The finest level's mean is no farther away than is said; min and max lie where it is said."""
    dtype, packing = KINDS[kind]
    values = ((wild(90, 180) - packing.offset) / packing.scale).astype(dtype)
    values = holed(values, packing.missing[0] if packing.missing else np.nan, holes)
    dataset = with_level(regular(), values, packing)
    fine, coarse = (ask(dataset, AREAS[name], level) for level in (0, 1))
    error = coarse["error"]
    assert abs(fine["mean"] - coarse["mean"]) <= error["mean"] + 1e-9
    for end in ("min", "max"):
        low, high = error[end]
        assert low - 1e-9 <= fine[end] <= high + 1e-9
    assert fine["error"] == {"mean": 0.0}


@pytest.mark.parametrize(("name", "share"), [("all", 0.02), ("box", 0.06), ("triangle", 0.1)])
def test_error_of_large_areas_is_small(name: str, share: float) -> None:
    """A bound that says something: a small part of what values span."""
    values = wild(90, 180)
    error = ask(with_level(regular(), values, Packing()), AREAS[name], 1)["error"]["mean"]
    assert 0 < error < share * np.ptp(values)


def test_grid_in_metres_that_cells_do_not_divide() -> None:
    """Cells that go on beyond the grid count less than they seem to."""
    values = wild(50, 50)
    grid = projected("EPSG:32632", 300_000, 5_900_000, 1000, 50)
    dataset = with_level(grid, values, Packing())
    fine, coarse = (ask(dataset, None, level) for level in (0, 1))
    assert abs(fine["mean"] - coarse["mean"]) <= coarse["error"]["mean"]
    assert coarse["error"]["mean"] < 0.2 * np.ptp(values)


@pytest.mark.parametrize("told", [{"method": "nearest"}, {"partial": None}])
def test_mean_without_a_bound(told: dict[str, object]) -> None:
    """Of other methods, and where holes were not counted, none is claimed."""
    answer = ask(with_level(regular(), wild(90, 180), Packing(), **told), AREAS["box"], 1)
    assert answer["error"]["mean"] is None
    assert len(answer["error"]["min"]) == 2


def test_levels_of_which_nothing_is_known() -> None:
    """A store's own levels say nothing of how they were made."""
    dataset = with_level(regular(), wild(90, 180), Packing())
    cube = dataset.source.cube
    variable = cube.variables["v"]
    levels = tuple(replace(level, reduction=None) for level in variable.levels)
    arrays = dataset.source.arrays  # type: ignore[attr-defined]
    cube = replace(cube, variables={"v": replace(variable, levels=levels)})
    assert ask(replace(dataset, source=MemorySource(cube, arrays)), None, 1)["error"] is None
