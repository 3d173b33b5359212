"""Statistics against numpy and xarray."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import orjson
import pytest
import xarray as xr

from tests.services.synthetic import Field, days, make, noise, projected, regular
from tileserver.axis import Axis
from tileserver.cube import Packing
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import from_bbox, from_lonlat, parse_geometry
from tileserver.grid import LONLAT, Grid
from tileserver.layer import find_layer, select
from tileserver.services.statistics import (
    MOST_CELLS,
    Question,
    Request,
    estimate,
    prepare,
    statistics,
)


def only(grid: Grid, values: np.ndarray, packing: Packing | None = None) -> Dataset:
    field = Field(("time",), (grid,), (values,), (1, 30, 45), packing or Packing())
    return make({"v": field}, {"time": days(len(values))})


def resolve(
    dataset: Dataset,
    geometry: object = None,
    *,
    name: str = "v",
    expression: str | None = None,
    **more: object,
) -> Request:
    layer = find_layer(dataset, name, expression)
    selection = select(dataset.source.cube, layer, {"time": "1970-01-02"})
    return prepare(layer, selection, geometry, **more)


def ask(dataset: Dataset, geometry: object = None, **more: object) -> dict:
    request = resolve(dataset, geometry, **more)
    with ThreadPoolExecutor(1) as pool:
        return asyncio.run(statistics(dataset.source.read, dataset, request, pool=pool))


def test_the_whole() -> None:
    """Of the whole at a step: all numbers are numpy's, mean and std weighted by area."""
    grid, values = regular(), noise(3, 90, 180)
    answer = ask(only(grid, values))
    data = xr.DataArray(values[1], dims=("y", "x"), coords={"y": grid.y.cell_centers()})
    known = values[1][~np.isnan(values[1])]
    weighted = data.weighted(np.cos(np.radians(data.y)))
    counts, edges = np.histogram(known, 64)
    low, high = np.percentile(known, (2, 98))
    assert {k: answer[k] for k in ("dataset", "variable", "time", "level", "units")} == {
        "dataset": "synthetic",
        "variable": "v",
        "time": "1970-01-02T00:00:00Z",
        "level": 0,
        "units": "K",
    }
    assert answer["count"] == known.size
    assert answer["valid_percent"] == pytest.approx(100 * known.size / 16200)
    assert (answer["min"], answer["max"]) == (known.min(), known.max())
    assert answer["mean"] == pytest.approx(float(weighted.mean()), rel=1e-12)
    assert answer["std"] == pytest.approx(float(weighted.std()), rel=1e-12)
    assert answer["median"] == pytest.approx(np.median(known), rel=1e-12)
    assert answer["percentiles"] == {"2": pytest.approx(low), "98": pytest.approx(high)}
    assert answer["histogram"] == {"counts": counts.tolist(), "edges": edges.tolist()}
    assert json.loads(orjson.dumps(answer)) == answer


def test_an_area_across_180() -> None:
    """An area counts the cells that it touches, across 180 degrees too."""
    values = noise(2, 90, 180)
    answer = ask(only(regular(), values), from_bbox((171, -20, -170, 20)))
    cells = np.concatenate([values[1, 35:55, 175:], values[1, 35:55, :5]], axis=1)
    assert answer["count"] == np.isfinite(cells).sum()
    assert (answer["min"], answer["max"]) == (np.nanmin(cells), np.nanmax(cells))
    parts = np.ones((20, 10)) * np.cos(np.radians(regular().y.cell_centers()[35:55]))[:, None]
    parts[:, 0] /= 2
    known = np.isfinite(cells)
    assert answer["mean"] == pytest.approx(
        np.average(cells[known], weights=parts[known]), rel=1e-12
    )


def test_a_point_is_its_cell() -> None:
    """A point has the statistics of one value."""
    dataset = only(regular(), np.full((2, 90, 180), 5.0))
    answer = ask(dataset, from_lonlat(10.5, 20.5))
    assert (answer["count"], answer["mean"], answer["std"], answer["median"]) == (1, 5.0, 0.0, 5.0)


def test_packed_and_combined() -> None:
    """Stored integers are decoded, expressions worked out."""
    raw = np.arange(90 * 180 * 2).reshape(2, 90, 180).astype("i4")
    dataset = only(regular(), raw, Packing(scale=0.5, missing=(16200,)))
    answer = ask(dataset, name="_", expression="v * 2 + 1")
    assert (answer["min"], answer["max"], answer["count"]) == (16202, 32400, 16199)


@pytest.mark.parametrize("geometry", [None, from_bbox((100, 0, 110, 10))])
def test_nothing(geometry: object) -> None:
    """Without values, or outside, numbers are null and the histogram is empty."""
    grid = projected("EPSG:32632", 300_000, 5_900_000, 1000, 50)
    answer = ask(only(grid, np.full((2, 50, 50), np.nan)), geometry)
    assert (answer["count"], answer["valid_percent"]) == (0, 0.0)
    names = ("min", "max", "mean", "std", "median")
    assert [answer[name] for name in names] == [None] * 5
    assert answer["percentiles"] == {"2": None, "98": None}
    assert answer["histogram"] == {"counts": [], "edges": []}


def test_bins_bounds_and_percentiles() -> None:
    """The histogram's bins and range, and the percentiles, can be asked for."""
    values = noise(2, 90, 180)
    question = Question(bins=10, bounds=(270.0, 290.0), percents=(0, 12.5, 100))
    answer = ask(only(regular(), values), question=question)
    known = values[1][~np.isnan(values[1])]
    counts, edges = np.histogram(known, 10, (270, 290))
    assert answer["histogram"] == {"counts": counts.tolist(), "edges": edges.tolist()}
    assert list(answer["percentiles"]) == ["0", "12.5", "100"]
    assert answer["percentiles"]["12.5"] == pytest.approx(np.percentile(known, 12.5))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"bins": 0}, "bins"),
        ({"bins": 5000}, "bins"),
        ({"bounds": (5.0, 5.0)}, "range"),
        ({"bounds": (0.0, np.inf)}, "range"),
        ({"percents": (101.0,)}, "p"),
        ({"percents": (np.nan,)}, "p"),
    ],
)
def test_wrong_questions(wrong: dict, name: str) -> None:
    """What cannot be answered is refused by name."""
    with pytest.raises(InvalidParameter, match=rf"^{name}="):
        Question(**wrong)


def pyramid() -> Dataset:
    """Three levels of the globe: 1800 × 3600 cells, a quarter and a sixteenth of them."""
    grids = tuple(regular(step=step) for step in (0.1, 0.2, 0.4))
    arrays = tuple(np.full((2, *g.shape), number, "i1") for number, g in enumerate(grids))
    field = Field(("time",), grids, arrays, (1, 450, 450))
    return make({"v": field}, {"time": days(2)})


@pytest.mark.parametrize(
    ("bbox", "asked", "level"),
    [
        ((-180, -90, 180, 90), None, 2),
        ((-180, -90, 180, 90), 0, 0),
        ((-60, -60, 60, 60), None, 1),
        ((0, 0, 20, 20), None, 0),
        ((0, 0, 20, 20), 2, 2),
    ],
)
def test_levels(bbox: tuple, asked: int | None, level: int) -> None:
    """The coarsest level with enough cells is taken, unless one is asked for."""
    answer = ask(pyramid(), from_bbox(bbox), level=asked)
    assert (answer["level"], answer["mean"]) == (level, level)


def test_no_such_level() -> None:
    """A level that is not there is refused with those that are."""
    with pytest.raises(InvalidParameter, match=r"^level=.*0 to 2"):
        resolve(pyramid(), level=3)


def test_the_estimate_is_what_is_read() -> None:
    """The estimate is the bytes of all chunks in the window."""
    dataset = only(regular(), noise(2, 90, 180))
    polygon = {"type": "Polygon", "coordinates": [[[-179, 0], [-100, 0], [-100, 40], [-179, 0]]]}
    assert estimate(resolve(dataset, parse_geometry(polygon)[0].geometry)) == 2 * 30 * 45 * 8
    assert estimate(resolve(dataset)) == 3 * 4 * 30 * 45 * 8


def test_too_many_cells() -> None:
    """A single huge level is refused before any read, with what to do."""
    grid = Grid(LONLAT, Axis(-180, 0.05, 7200, period=360.0), Axis(90, -0.05, 3600))
    dataset = only(grid, np.broadcast_to(np.int8(1), (2, 3600, 7200)))
    for geometry in (None, from_bbox((-180, -90, 180, 90))):
        with pytest.raises(PayloadTooLarge, match=str(MOST_CELLS)):
            resolve(dataset, geometry)
    assert dataset.source.reads == []


def test_too_many_cells_below_a_level_of_few() -> None:
    """What the coarser level has is told rather than nothing."""
    steps = (0.05, 1.0)
    grids = tuple(
        Grid(LONLAT, Axis(-180, s, round(360 / s), period=360.0), Axis(90, -s, round(180 / s)))
        for s in steps
    )
    arrays = tuple(np.broadcast_to(np.int8(1), (2, *grid.shape)) for grid in grids)
    dataset = make({"v": Field(("time",), grids, arrays, (1, 90, 90))}, {"time": days(2)})
    for geometry in (None, from_bbox((-180, -90, 180, 90))):
        assert resolve(dataset, geometry).level == 1
    with pytest.raises(PayloadTooLarge, match=str(MOST_CELLS)):
        resolve(dataset, level=0)
