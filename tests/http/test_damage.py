"""Stores with something wrong: one damaged chunk or variable harms nothing beside it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from starlette.testclient import TestClient

from tileserver.app import create_app
from tileserver.settings import Settings

LAT, LON = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)
TIME = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], "M8[ns]")
CHUNKS = {"chunks": (1, 18, 18)}


def cube(**variables: np.ndarray) -> xr.Dataset:
    """Global 10° maps over three days."""
    coords = {"time": TIME, "lat": LAT, "lon": LON}
    return xr.Dataset({k: (("time", "lat", "lon"), v) for k, v in variables.items()}, coords)


def write(dataset: xr.Dataset, path: Path) -> Path:
    encoding = {str(name): CHUNKS for name in dataset.data_vars}
    dataset.to_zarr(path, zarr_format=2, consolidated=True, encoding=encoding)
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("stores")
    values = np.random.default_rng(0).random((3, 18, 36)).astype("f4")
    chunk = write(cube(v=values), folder / "chunk.zarr")
    (chunk / "v" / "2.0.0").write_bytes(b"no chunk at all")
    variable = write(cube(sound=values, damaged=values), folder / "variable.zarr")
    for each in (variable / "damaged").glob("[0-9]*"):
        each.write_bytes(b"no chunk at all")
    timeless = cube(v=values).assign_coords(time=np.full(3, np.datetime64("NaT", "ns")))
    write(timeless, folder / "timeless.zarr")
    catalog = folder / "catalog.yaml"
    entries = [f"{{id: {p.stem}, url: {p.name}}}" for p in sorted(folder.glob("*.zarr"))]
    catalog.write_text(f"datasets: [{', '.join(entries)}]")
    with TestClient(create_app(Settings(catalog=str(catalog)))) as client:
        while client.get("/readyz").status_code == 503:
            pass
        yield client


def test_damaged_chunk_is_502_where_it_is_needed(client: TestClient) -> None:
    """Row 22: the tile of the chunk fails; its neighbour and other times do not."""
    assert client.get("/tiles/chunk/v/2/0/1").status_code == 502
    assert client.get("/tiles/chunk/v/2/2/1").status_code == 200
    assert client.get("/tiles/chunk/v/2/0/1?time=2024-01-01").status_code == 200


def test_default_range_is_of_what_can_be_read(client: TestClient) -> None:
    """A damaged chunk leaves the range of colours to the others."""
    [variable] = client.get("/datasets/chunk").json()["variables"]
    low, high = variable["range"]
    assert 0 <= low < 0.05
    assert 0.95 < high <= 1


def test_damaged_variable_does_not_hide_the_others(client: TestClient) -> None:
    """The dataset is described; the variable without any value says why it has no range."""
    answer = client.get("/datasets/variable")
    found = {v["id"]: v for v in answer.json()["variables"]}
    assert found["sound"]["range"] is not None
    assert "error" not in found["sound"]
    assert found["damaged"]["range"] is None
    assert found["damaged"]["error"] == "variable 'damaged': a chunk is damaged"


def test_dataset_without_any_time_is_listed_with_the_reason(client: TestClient) -> None:
    """Row 29: all steps are NaT."""
    answer = client.get("/timeseries/timeless/v?lon=1&lat=1")
    assert (answer.status_code, "no step has a valid time" in answer.json()["detail"]) == (
        502,
        True,
    )
