"""Blocks and transects over HTTP: formats, dimensions, what is refused, who goes away."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.http.test_disconnect import Server
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

BLOCK = "/coverage/sea/sst?bbox=-40,-20,40,20&width=20&height=10"
LINE = "/transect/sea/sst?line=-40,-20;40,20&points=9"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


def stored(depth: int, time: int) -> np.ndarray:
    """What the made-up sea holds (rows, cols) at a depth and a time."""
    numbers = np.arange(3 * 5 * 45 * 90, dtype="f4") % 251
    return numbers.reshape(3, 5, 45, 90)[depth, time]


def test_block_is_the_stored_cells(client: TestClient) -> None:
    """Where the grid asked for is the data's own, each number is that of its cell."""
    found = client.get("/coverage/sea/sst?bbox=-40,-18,40,22&width=20&height=10&depth=10").json()
    assert found["shape"] == [5, 10, 20]
    assert found["bbox"] == [-40, -18, 40, 22]
    assert found["units"] == "°C"
    assert found["times"][0] == "1970-01-01T00:00:00Z"
    rows, cols = slice((90 - 22) // 4, (90 + 18) // 4), slice((180 - 40) // 4, (180 + 40) // 4)
    for time in range(5):
        assert np.array_equal(found["values"][time], stored(1, time)[rows, cols])


def test_lines_are_the_block_step_by_step(client: TestClient) -> None:
    """First what is told of it, then one line for each step."""
    whole = client.get(BLOCK).json()
    answer = client.get(f"{BLOCK}&f=ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    head, *steps = (json.loads(line) for line in answer.text.splitlines())
    assert {**head, "values": [step["values"] for step in steps]} == whole
    assert [step["time"] for step in steps] == whole["times"]


def test_layers_without_time_have_one_step(client: TestClient) -> None:
    """Across 180° too; outside the data there are nulls."""
    url = "/coverage/sea.ice/extent?bbox=165,-15,-165,-10&width=30&height=5"
    found = client.get(url).json()
    assert (found["shape"], found["times"]) == ([1, 5, 30], [])
    values = np.array(found["values"][0], "f8")
    assert np.isnan(values[:, :5]).all()
    assert np.isnan(values[:, 25:]).all()
    assert np.array_equal(values[0, 5:25], np.arange(20))
    lines = client.get(f"{url}&f=ndjson").text.splitlines()
    assert json.loads(lines[1])["time"] is None


def test_classes_stay_classes(client: TestClient) -> None:
    """Of a coarse grid each number is one that is stored, never a mean."""
    url = "/coverage/sea/kind?bbox=-180,-90,180,90&width=7&height=5&steps=1"
    values = np.array(client.get(url).json()["values"])
    assert (values == np.round(values)).all()


def test_transect_as_json_and_csv(client: TestClient) -> None:
    """The same numbers; by default of the latest time alone."""
    found = client.get(LINE).json()
    assert found["times"] == ["1970-01-05T00:00:00Z"]
    assert (found["distance_m"][0], len(found["values"][0])) == (0, 9)
    answer = client.get(f"{LINE}&f=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [float(row["value"]) for row in rows] == found["values"][0]
    assert [float(row["distance_m"]) for row in rows] == found["distance_m"]
    assert {row["time"] for row in rows} == {"1970-01-05T00:00:00Z"}


def test_transect_is_the_points_values(client: TestClient) -> None:
    """Each number is that of `/point` there."""
    found = client.get(f"{LINE}&time=1970-01-02&depth=50").json()
    for lon, lat, value in zip(found["lon"], found["lat"], found["values"][0], strict=True):
        point = f"/point/sea/sst?lon={lon}&lat={lat}&time=1970-01-02&depth=50"
        assert client.get(point).json()["value"] == value


def test_transect_of_a_layer_without_time(client: TestClient) -> None:
    """It has one row and no time, in the table too."""
    url = "/transect/utm/height?line=1.8,44.9;2.5,45.1&points=4"
    found = client.get(url).json()
    assert (found["times"], len(found["values"])) == ([], 1)
    rows = list(csv.DictReader(io.StringIO(client.get(f"{url}&f=csv").text)))
    assert [row["time"] for row in rows] == [""] * 4


@pytest.mark.parametrize("url", [BLOCK, LINE, f"{LINE}&f=csv"])
def test_known_answers_are_not_sent_again(client: TestClient, url: str) -> None:
    """304 where the client has it."""
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("url", "parameter"),
    [
        ("/coverage/sea/sst", "bbox"),
        ("/coverage/sea/sst?bbox=0,10,10,0", "bbox"),
        ("/coverage/sea/sst?bbox=180,-90,-180,90", "bbox"),
        ("/coverage/sea/sst?bbox=360,0,0,9", "bbox"),
        (f"{BLOCK}&steps=0", "steps"),
        ("/coverage/sea/sst?bbox=0,0,9,9&width=257", "width"),
        (f"{BLOCK}&start=1990-01-01", "start"),
        (f"{BLOCK}&f=bin", "f"),
        (f"{BLOCK}&resampling=mode", "resampling"),
        ("/coverage/sea/flow?bbox=0,0,9,9", "variable"),
        ("/transect/sea/sst", "line"),
        ("/transect/sea/sst?line=1,1", "line"),
        ("/transect/sea/sst?line=1,1;1,1", "line"),
        ("/transect/sea/sst?line=1,1;1,91", "line"),
        ("/transect/sea/sst?line=1,1;a,2", "line"),
        (f"{LINE[:-1]}5000", "points"),
    ],
)
def test_refusals_name_the_parameter(client: TestClient, url: str, parameter: str) -> None:
    """400 with its name."""
    answer = client.get(url)
    assert (answer.status_code, answer.json().get("parameter")) == (400, parameter), answer.text


@pytest.mark.parametrize("limit", ["tile_read_bytes", "series_read_bytes"])
@pytest.mark.parametrize("url", [BLOCK, f"{BLOCK}&f=ndjson", LINE])
def test_too_much_is_refused_before_any_read(limit: str, url: str) -> None:
    """413 with the estimate and the limit: of one step, and of all."""
    settings = Settings.model_validate({limit: 1000})
    with TestClient(create_app(settings, catalog)) as client:
        answer = client.get(url)
    assert answer.status_code == 413
    assert "the limit is" in answer.json()["detail"]


@pytest.mark.parametrize("url", [BLOCK, f"{BLOCK}&f=ndjson"])
def test_who_goes_away_stops_the_reading(url: str) -> None:
    """All steps that are being read are given up."""

    async def run() -> None:
        async with Server() as server:
            leaves = asyncio.Event()

            async def gone() -> dict[str, Any]:
                await leaves.wait()
                return {"type": "http.disconnect"}

            path, query = url.split("?")
            asked = asyncio.ensure_future(server.get(gone, path, query.encode()))
            while server.source.begun < 5:
                await asyncio.sleep(0.001)
            leaves.set()
            await asked
            assert server.source.dropped == server.source.begun == 5

    asyncio.run(run())
