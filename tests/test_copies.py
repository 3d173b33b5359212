"""Copies of a dataset in a bucket, as the whole app serves them: built, noticed, read in one go."""

import re
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.scale.cubes import append, noisy, write_cube
from tests.test_freshness import Place, until
from tests.test_freshness import place as place
from tileserver.scale.optimize import Optimizer, Wanted
from tileserver.scale.target import Target
from tileserver.scale.task import Threads
from tileserver.sources.opening import Origin
from tileserver.sources.storage.connection import Storage

STEPS, HEIGHT, WIDTH = 4, 512, 1024
TILE = "/tiles/d/t/0/0/0.npy"


def optimize(place: Place, wanted: Wanted | None = None) -> None:
    """Build the copies through the object store, as an operator does."""
    storage = Storage(endpoint=place.s3.url, anonymous=True)
    origin = Origin(("s3://data/a.zarr",), Path(), storage)
    # The server of the tests signs what is written.
    keys = place.s3.credentials
    signed = Storage(
        endpoint=place.s3.url, access_key_id=keys.access_key, secret_access_key=keys.secret_key
    )
    target = Target("s3://data/a.optimized", signed)
    Optimizer(origin, target, wanted or Wanted(), Threads(2), grace_s=0).run()


@pytest.fixture
def cube(place: Place) -> Path:
    values = {"t": noisy(STEPS, HEIGHT, WIDTH, gaps=0)}
    path = write_cube(place.bucket / "a.zarr", values, chunks=(1, 128, 256))
    place.register(d="a.zarr")
    return path


def reads(place: Place, since: int) -> list[str]:
    """The objects that were read, without their folders' names."""
    log = place.s3.log[since:]
    return [each.key for each in log if each.method == "GET" and re.search(r"/c/", each.key)]


def test_cold_tile_of_an_overview_is_one_read(place: Place, cube: Path) -> None:
    """Where chunks lie in shards is known when the dataset is open, at every step."""
    optimize(place)
    with place.client(refresh_s=3600) as client:
        for time in ("2020-01-01", "2020-01-04"):
            before = len(place.s3.log)
            assert client.get(TILE, params={"time": time}).status_code == 200
            assert len(place.s3.log) == before + 1
            [key] = reads(place, before)
            assert key.startswith("a.optimized/overviews-")


def test_copies_are_used_and_told_when_they_are_built(place: Place, cube: Path) -> None:
    """No restart: the next look at the storage finds the manifest; the description tells it."""
    with place.client() as client:
        plain = client.get("/datasets/d").json()
        assert plain["layouts"] == {"overviews": None, "time_series": None}
        optimize(place)
        # The overviews are there, and may be told, before the time series are written.
        until(lambda: client.get("/datasets/d").json()["layouts"]["time_series"] is not None)
        found = client.get("/datasets/d").json()
        assert found["version"] != plain["version"]
        told = found["layouts"]
        covered = {"steps": STEPS, "of": STEPS, "until": "2020-01-04T00:00:00Z"}
        assert told["overviews"] == {
            "variables": {"t": {"method": "mean", "levels": 2}},
            **covered,
        }
        assert told["time_series"]["variables"]["t"]["chunks"][0] == STEPS
        assert told["time_series"].items() >= covered.items()


def test_steps_that_are_added_are_drawn_before_their_overviews(place: Place, cube: Path) -> None:
    """The newest step is drawn from the source until the copies have it, then from them."""
    optimize(place)
    with place.client() as client:
        append(cube, {"t": np.full((1, HEIGHT, WIDTH), 7, np.float32)})
        newest = {"time": "2020-01-05", "method": "exact"}
        until(lambda: client.get(TILE, params=newest).status_code == 200)
        told = client.get("/datasets/d").json()["layouts"]
        assert (told["overviews"]["steps"], told["overviews"]["of"]) == (STEPS, STEPS + 1)
        before = client.get(TILE, params=newest).content
        series = client.get("/timeseries/d/t", params={"lon": 10, "lat": 10}).json()
        assert series["values"]["value"][-1] == 7
        optimize(place)
        until(lambda: client.get("/datasets/d").json()["layouts"]["overviews"]["steps"] > STEPS)
        assert client.get(TILE, params=newest).content == before


def test_answers_while_copies_change_are_whole(place: Place, cube: Path) -> None:
    """Between two manifests, and when one is taken away, tiles and series are those of the data."""
    optimize(place)
    data = zarr.open_group(cube, mode="r")["t"]
    assert isinstance(data, zarr.Array)
    point = {"lon": 10, "lat": 10}
    row, col = int((90 - 10) / 180 * HEIGHT), int((180 + 10) / 360 * WIDTH)
    expected = np.asarray(data[:, row, col]).tolist()
    with place.client() as client:
        manifest = place.bucket / "a.optimized" / "manifest.json"
        text = manifest.read_bytes()
        for number in range(12):
            manifest.unlink() if number % 2 else manifest.write_bytes(text)
            assert client.get(TILE).status_code == 200
            answer = client.get("/timeseries/d/t", params=point).json()
            assert answer["values"]["value"] == pytest.approx(expected)
        manifest.unlink(missing_ok=True)
        until(lambda: client.get("/datasets/d").json()["layouts"]["overviews"] is None)


def test_statistics_of_a_level_tell_their_error(place: Place, cube: Path) -> None:
    """The mean of a large box lies within the error of that of the finest level."""
    optimize(place, Wanted(time_series=False))
    with place.client() as client:
        found = {
            level: client.get(f"/statistics/d/t?bbox=-100,-50,120,60&level={level}").json()
            for level in (0, 1, 2)
        }
    for level in (1, 2):
        error = found[level]["error"]["mean"]
        assert abs(found[level]["mean"] - found[0]["mean"]) <= error < 5


def test_steps_without_overviews_harm_no_others(place: Place, cube: Path) -> None:
    """Where all of a new step is too much to read it alone is drawn as a pattern; colours of the
    others, whose range is taken from the newest step too, are there."""
    optimize(place)
    append(cube, {"t": np.full((1, HEIGHT, WIDTH), 7, np.float32)})
    with place.client(tile_read_bytes=1 << 20) as client:
        old, new = (
            client.get("/tiles/d/t/0/0/0.png", params={"time": f"2020-01-0{day}"}) for day in (4, 5)
        )
        told = client.get("/datasets/d").json()["variables"][0]
    assert (old.status_code, new.status_code) == (200, 200)
    assert "X-Over-Budget" not in old.headers
    assert "X-Over-Budget" in new.headers
    assert told["range"][0] <= 7
