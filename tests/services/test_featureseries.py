"""Series of many features: the same numbers as one by one, each chunk read once."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest
import xarray as xr
from starlette.testclient import TestClient

from tests.scale.cubes import noisy, write_cube
from tileserver.app import create_app
from tileserver.scale.optimize import Optimizer, Wanted
from tileserver.scale.target import Target
from tileserver.scale.task import Threads
from tileserver.settings import Settings
from tileserver.sources.manifest import folder_of
from tileserver.sources.opening import Origin

STEPS = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cube, and the same with copies."""
    folder = tmp_path_factory.mktemp("series")
    values = {"t": noisy(STEPS, 90, 180)}
    for name in ("plain", "fast"):
        write_cube(folder / f"{name}.zarr", values, chunks=(1, 90, 180))
    path = str(folder / "fast.zarr")
    target = Target(folder_of(path))
    Optimizer(Origin((path,), folder), target, Wanted(), Threads(2), grace_s=0).run()
    (folder / "catalog.yaml").write_text(
        "datasets: [{id: plain, url: plain.zarr}, {id: fast, url: fast.zarr}]"
    )
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    settings = Settings(catalog=(str(folder / "catalog.yaml"),))
    with TestClient(create_app(settings)) as client:
        yield client


def feature(number: int, geometry: dict[str, object]) -> dict[str, object]:
    properties = {"name": f"s{number}"}
    return {"type": "Feature", "id": str(number), "properties": properties, "geometry": geometry}


def stations(count: int) -> dict[str, object]:
    """Points all over the globe, one of them nowhere."""
    rng = np.random.default_rng(5)
    places = np.column_stack([rng.uniform(-180, 180, count), rng.uniform(-90, 90, count)])
    points = [{"type": "Point", "coordinates": each} for each in places.tolist()]
    return collection([feature(n, point) for n, point in enumerate(points)])


def collection(features: list[dict[str, object]]) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": features}


def areas() -> dict[str, object]:
    """Boxes, one with a hole, one of two parts."""
    outer = [[0, 0], [40, 0], [40, 30], [0, 30], [0, 0]]
    hole = [[10, 5], [10, 20], [21.3, 20], [21.3, 5], [10, 5]]
    far = [[100, -50], [130, -50], [120, -20], [100, -50]]
    return collection(
        [
            feature(0, {"type": "Polygon", "coordinates": [outer, hole]}),
            feature(1, {"type": "MultiPolygon", "coordinates": [[outer], [far]]}),
            feature(2, {"type": "Polygon", "coordinates": [far]}),
        ]
    )


@pytest.mark.parametrize("dataset", ["plain", "fast"])
def test_points_are_those_of_xarray(client: TestClient, folder: Path, dataset: str) -> None:
    """Each station has the series of the cell that holds it, in the order of the request."""
    body = stations(300)
    answer = client.post(f"/timeseries/{dataset}/t", json=body).json()
    cube = xr.open_zarr(folder / "plain.zarr", chunks=None, consolidated=False)["t"]
    for one, asked in zip(answer["series"], body["features"], strict=True):
        lon, lat = asked["geometry"]["coordinates"]
        cell = cube.sel(lon=lon, lat=lat, method="nearest").values
        found = np.array(one["values"]["value"], np.float64)
        np.testing.assert_allclose(found, cell, rtol=1e-6)
        assert (one["id"], one["properties"]) == (asked["id"], asked["properties"])


def test_layouts_give_the_same_numbers(client: TestClient) -> None:
    """Of points and areas, from the source and from its copy along time."""
    for body in (stations(50), areas()):
        told = [client.post(f"/timeseries/{d}/t", json=body).json() for d in ("plain", "fast")]
        assert told[0]["series"] == told[1]["series"]


def test_lines_of_features(client: TestClient) -> None:
    """First the times, then each feature once, whole."""
    body = stations(40)
    answer = client.post("/timeseries/fast/t?f=ndjson&lines=feature", json=body)
    head, *lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert len(head["times"]) == STEPS
    assert sorted(line["feature"] for line in lines) == list(range(40))
    whole = client.post("/timeseries/fast/t", json=body).json()["series"]
    for line in lines:
        assert line["values"] == whole[line["feature"]]["values"]


def test_tables_have_the_same_numbers(client: TestClient) -> None:
    """CSV and Parquet, as pandas reads them, and JSON."""
    body = areas()
    query = "aggregate=mean,max,count"
    told = client.post(f"/timeseries/fast/t?{query}", json=body).json()
    csv = client.post(f"/timeseries/fast/t?{query}&f=csv", json=body)
    parquet = client.post(f"/timeseries/fast/t?{query}&f=parquet", json=body)
    assert parquet.headers["content-type"] == "application/vnd.apache.parquet"
    rows = pd.read_csv(io.StringIO(csv.text))
    table = pd.read_parquet(io.BytesIO(parquet.content))
    for number, series in enumerate(told["series"]):
        own = table[table["feature"] == number].sort_values("time")
        assert set(own["id"]) == {series["id"]}
        assert own["time"].tolist() == told["times"]
        for name, values in series["values"].items():
            np.testing.assert_allclose(own[name], np.array(values, float))
            of_csv = rows[rows["feature"] == number].sort_values("time")[name]
            np.testing.assert_allclose(of_csv, np.array(values, float))


def test_steps_and_places_outside(client: TestClient) -> None:
    """A stretch of time; a point off a regional grid has nulls."""
    body = stations(20)
    whole = client.post("/timeseries/fast/t", json=body).json()
    part = client.post("/timeseries/fast/t?start=2020-01-05&end=2020-01-09", json=body).json()
    assert part["times"] == whole["times"][4:9]
    for one, other in zip(part["series"], whole["series"], strict=True):
        assert one["values"]["value"] == other["values"]["value"][4:9]


def test_too_many_features_are_refused(client: TestClient) -> None:
    """413 with the number, before anything is read."""
    point = {"type": "Point", "coordinates": [1, 2]}
    answer = client.post("/timeseries/fast/t", json=collection([feature(0, point)] * 20_001))
    assert answer.status_code == 413
    assert "20001 features" in answer.json()["detail"]
