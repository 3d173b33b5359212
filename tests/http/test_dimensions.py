"""Dimensions and classes by the routes: two times, steps ahead, typical years, masks of classes."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
import zarr
from starlette.testclient import TestClient

from tests.services.ogc.cubes import hard_catalog
from tileserver.app import create_app
from tileserver.settings import Settings

DAYS = {"units": "days since 2001-01-01"}
LAT, LON = np.linspace(60.0, 40.0, 40), np.arange(60) / 2
TILE = "/4/8/5.npy?tilesize=256"
# Fewer steps than these there are; a document lists no more than a thousand.
MANY = 1200


def add(group: zarr.Group, name: str, data: np.ndarray, dims: str, **attrs: object) -> None:
    array = group.create_array(name, data=data, dimension_names=tuple(dims.split()))
    array.attrs.update(attrs)


def store(path: Path, shape: tuple[int, ...], dims: str, coordinates: dict) -> zarr.Group:
    """A variable `a` of which each step holds its number."""
    return fill(zarr.create_group(path), shape, dims, coordinates)


def fill(group: zarr.Group, shape: tuple[int, ...], dims: str, coordinates: dict) -> zarr.Group:
    """The same in a group."""
    add(group, "lat", LAT, "lat", units="degrees_north")
    add(group, "lon", LON, "lon", units="degrees_east")
    steps = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    whole = np.broadcast_to(steps[..., None, None], (*shape, 40, 60))
    add(group, "a", whole.astype("f4"), f"{dims} lat lon".strip())
    for name, (values, attrs) in coordinates.items():
        add(group, name, np.asarray(values), name, **attrs)
    return group


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Stores of all kinds."""
    root = tmp_path_factory.mktemp("dimensions")
    reference = {**DAYS, "standard_name": "forecast_reference_time"}
    store(
        root / "two.zarr",
        (2, 3),
        "reference t",
        {
            "reference": ([0, 1], reference),
            "t": ([1, 2, 3], {**DAYS, "standard_name": "time"}),
        },
    )
    store(
        root / "ahead.zarr",
        (2, 2),
        "time step",
        {
            "time": ([0, 1], reference),
            "step": ([0, 18 * 3600 * 10**9], {"units": "nanoseconds"}),
        },
    )
    store(
        root / "typical.zarr",
        (12,),
        "time",
        {
            "time": (15 + 30 * np.arange(12), {**DAYS, "climatology": "bounds"}),
        },
    )
    single = store(root / "single.zarr", (), "", {})
    single.create_array("time", data=np.array(3)).attrs.update(DAYS)
    store(
        root / "many.zarr",
        (MANY,),
        "run",
        {
            "run": (np.arange(MANY), {**reference, "calendar": "none"}),
        },
    )
    classes(root / "classes.zarr")
    groups = zarr.create_group(root / "groups.zarr")
    for name, days in {"first": [0, 1, 2], "second": [10, 12]}.items():
        fill(groups.create_group(name), (len(days),), "time", {"time": (days, DAYS)})
    names = ("two", "ahead", "typical", "single", "many", "classes", "groups")
    document = {"datasets": [{"id": name, "url": str(root / f"{name}.zarr")} for name in names]}
    (root / "catalog.yaml").write_text(yaml.safe_dump(document))
    with TestClient(create_app(Settings(catalog=str(root / "catalog.yaml")))) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield client


def classes(path: Path) -> None:
    """Classes 2 and 4 by turns, with a mean of 3 that is none; bits; fine and coarse."""
    group = store(path, (), "", {})
    turns = np.where(np.indices((40, 60)).sum(axis=0) % 2, 2, 4)
    add(
        group,
        "bits",
        turns.astype("u1"),
        "lat lon",
        flag_masks=[2, 4, 8],
        flag_meanings="odd even neither",
        flag_colors="red lime blue",
    )
    add(group, "wide", turns.astype("u2"), "lat lon")


def pixels(answer: object) -> np.ndarray:
    return np.load(io.BytesIO(answer.content))[0]


def test_two_times(client: TestClient) -> None:
    """Both are listed as times; each is asked for by its name, to the nearest or latest."""
    found = client.get("/datasets/two").json()["dimensions"]
    assert found["reference"]["type"] == found["time"]["type"] == "time"
    assert found["reference"]["values"] == ["2001-01-01T00:00:00Z", "2001-01-02T00:00:00Z"]
    assert found["reference"]["default"] == "2001-01-02T00:00:00Z"
    assert found["time"]["last"] == "2001-01-04T00:00:00Z"
    point = "/point/two/a?lon=5&lat=50"
    for asked, value in {
        "": 5,
        "&time=2001-01-02": 3,
        "&reference=2001-01-01T05:00": 2,
        "&reference=latest": 5,
        "&reference=2001-01-01&time=2001-01-03T01:00": 1,
    }.items():
        assert client.get(point + asked).json()["value"] == value
    refused = client.get(f"{point}&reference=2001-01-01T05:00&method=exact")
    assert refused.status_code == 400
    assert "reference=" in refused.json()["detail"]
    page = client.get("/datasets/two/dimensions/reference?start=2001-01-02").json()
    assert page["values"] == ["2001-01-02T00:00:00Z"]
    series = client.get("/timeseries/two/a?lon=5&lat=50&reference=2001-01-01").json()
    assert series["values"]["value"] == [0, 1, 2]
    document = client.get("/wmts/two/1.0.0/WMTSCapabilities.xml").text
    assert document.index(">time<") < document.index(">reference<")
    assert document.count("<ows:UOM>ISO8601</ows:UOM>") == 2


def test_groups_with_times_of_their_own(client: TestClient) -> None:
    """`time` means a variable's own times, whatever they are called beside the others'."""
    found = client.get("/datasets/groups").json()
    dims = {variable["id"]: variable["dims"] for variable in found["variables"]}
    assert dims == {"first.a": ["time", "y", "x"], "second.a": ["time_second", "y", "x"]}
    point = client.get("/point/groups/second.a?lon=5&lat=50&time=2001-01-11").json()
    assert (point["time"], point["value"]) == ("2001-01-11T00:00:00Z", 0)
    assert client.get("/point/groups/second.a?lon=5&lat=50").json()["value"] == 1
    series = client.get("/timeseries/groups/second.a?lon=5&lat=50").json()
    assert series["times"] == ["2001-01-11T00:00:00Z", "2001-01-13T00:00:00Z"]
    assert series["values"]["value"] == [0, 1]
    mean = client.get("/statistics/groups/second.a?time=2001-01-11").json()
    assert (mean["time"], mean["mean"]) == ("2001-01-11T00:00:00Z", 0)
    tile = client.get(f"/tiles/groups/second.a{TILE}&time=2001-01-11T02:00")
    assert tile.headers["X-Time"] == "2001-01-11T00:00:00Z"
    assert "Nearest" in tile.headers["Warning"]
    assert client.get("/point/groups/second.a?lon=5&lat=50&time=2001-01-01").status_code == 400


def test_the_time_that_a_forecast_is_for(client: TestClient) -> None:
    """It is told with values and pictures."""
    asked = "time=2001-01-01&step=18"
    answer = client.get(f"/point/ahead/a?lon=5&lat=50&{asked}").json()
    assert (answer["time"], answer["valid_time"]) == (
        "2001-01-01T00:00:00Z", "2001-01-01T18:00:00Z",
    )  # fmt: skip
    assert answer["dimensions"] == {"step": "18"}
    tile = client.get(f"/tiles/ahead/a{TILE}&{asked}")
    assert tile.headers["X-Time"] == "2001-01-01T00:00:00Z"
    assert tile.headers["X-Valid-Time"] == "2001-01-01T18:00:00Z"
    assert client.get("/datasets/ahead").json()["dimensions"]["step"]["units"] == "hours"
    assert "valid_time" not in client.get("/point/two/a?lon=5&lat=50").json()


def test_a_typical_year(client: TestClient) -> None:
    """Begins with its first step, by every route."""
    dimension = client.get("/datasets/typical").json()["dimensions"]["time"]
    assert dimension["default"] == dimension["first"] == "2001-01-16T00:00:00Z"
    tile = client.get(f"/tiles/typical/a{TILE}")
    assert tile.headers["X-Time"] == "2001-01-16T00:00:00Z"
    assert "<Default>2001-01-16" in client.get("/wmts/typical/1.0.0/WMTSCapabilities.xml").text


def test_the_time_of_all_data(client: TestClient) -> None:
    """Is told, though no variable can be asked for it."""
    [found] = [d for d in client.get("/datasets").json()["datasets"] if d["id"] == "single"]
    assert found["time"] == {
        "start": "2001-01-04T00:00:00Z", "end": "2001-01-04T00:00:00Z", "count": 1,
    }  # fmt: skip
    assert client.get(f"/tiles/single/a{TILE}").headers["X-Time"] == "2001-01-04T00:00:00Z"
    answer = client.get("/point/single/a?lon=5&lat=50&time=1999-01-01").json()
    assert answer["time"] == "2001-01-04T00:00:00Z"
    assert client.get("/timeseries/single/a?lon=5&lat=50").status_code == 400


def test_many_numbers(client: TestClient) -> None:
    """They are paged, and spread over a document."""
    dimension = client.get("/datasets/many").json()["dimensions"]["run"]
    assert (dimension["type"], dimension["size"], "values" in dimension) == ("number", MANY, False)
    page = client.get("/datasets/many/dimensions/run?start=7&limit=2").json()
    assert page["values"] == [7, 8]
    assert "start=9&limit=2" in page["next"]
    assert client.get("/point/many/a?lon=5&lat=50&run=1100").json()["value"] == 1100


@pytest.mark.parametrize("name", ["bits", "wide"])
@pytest.mark.parametrize("zoom", ["0/0/0", "2/2/1", "5/16/10"])
@pytest.mark.parametrize("resampling", ["", "&resampling=average", "&resampling=bilinear"])
def test_classes_in_expressions(client: TestClient, name: str, zoom: str, resampling: str) -> None:
    """Are never averaged, nor interpolated, whatever is asked of the other variables."""
    query = f"expression={name} * ({name} in (2, 4))"
    shown = pixels(client.get(f"/tiles/classes/_/{zoom}.npy?{query}{resampling}"))
    assert set(np.unique(shown[np.isfinite(shown)])) <= {2.0, 4.0}
    assert np.isfinite(shown).any()


def test_bits(client: TestClient) -> None:
    """A picture and its legend show the first that is set; a point tells all."""
    legend = client.get("/legend/classes/bits.json").json()
    assert [(c["value"], c["mask"], c["label"], c["color"][:7]) for c in legend["categories"]] == [
        (2, 2, "odd", "#ff0000"), (4, 4, "even", "#00ff00"), (8, 8, "neither", "#0000ff"),
    ]  # fmt: skip
    answer = client.get("/point/classes/bits", params={"lon": LON[0], "lat": LAT[0]}).json()
    assert (answer["value"], answer["label"]) == (4, "even")
    [listed] = [v for v in client.get("/datasets/classes").json()["variables"] if v["id"] == "bits"]
    assert [c["mask"] for c in listed["style"]["categories"]] == [2, 4, 8]


def test_time_by_any_name() -> None:
    """`time` is a layer's time, whatever its dimension is called; a wrong one is told."""
    with TestClient(create_app(Settings(), hard_catalog), "http://localhost") as client:
        address = "/tiles/run/wind/1/0/0.png"
        by_name = client.get(f"{address}?run=1970-01-01")
        by_time = client.get(f"{address}?time=1970-01-01")
        assert by_time.content == by_name.content != client.get(address).content
        assert by_time.headers["x-time"] == "1970-01-01T00:00:00Z"
        assert client.get(f"{address}?time=bogus").status_code == 400
        point = client.get("/point/run/wind?lon=10&lat=10&time=1970-01-01").json()
        assert point["time"] == "1970-01-01T00:00:00Z"
