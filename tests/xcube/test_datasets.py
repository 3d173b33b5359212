"""Datasets as the viewer needs them."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import yaml
from PIL import Image

from tests.conftest import running
from tests.xcube import cubes
from tests.xcube.conftest import KEY

# Without these the viewer shows a white page, or a map on which nothing is drawn.
OF_DATASETS = {"id", "title", "bbox", "spatialRef", "resolutions", "attrs", "dimensions"}
OF_VARIABLES = {
    *("id", "name", "title", "dims", "shape", "dtype", "units", "attrs", "timeChunkSize"),
    *("tileLevelMin", "tileLevelMax"),
    *("colorBarName", "colorBarNorm", "colorBarMin", "colorBarMax"),
}


def described(xcube: httpx.Client, **headers: str) -> dict[str, Any]:
    """The datasets by their ids."""
    found = xcube.get("/datasets", params={"details": "1"}, headers=headers).json()["datasets"]
    return {each["id"]: each for each in found}


def test_viewer_finds_all_that_it_needs(xcube: httpx.Client) -> None:
    """Nothing is missing of any dataset, nor of any variable."""
    found = described(xcube)
    assert set(found) == {"globe", "polar", "crossing", "bands"}
    for dataset in found.values():
        assert dataset.keys() >= OF_DATASETS
        assert dataset["dimensions"]
        assert dataset["variables"]
        for variable in dataset["variables"]:
            assert variable.keys() >= OF_VARIABLES
            assert variable["colorBarMin"] < variable["colorBarMax"]
            assert len(variable["dims"]) == len(variable["shape"])


def test_one_is_as_it_is_among_all(xcube: httpx.Client) -> None:
    """The route of one tells the same."""
    assert xcube.get("/datasets/globe").json() == described(xcube)["globe"]


def test_plain_list_is_short(xcube: httpx.Client) -> None:
    """Ids and titles, without what takes reading."""
    found = xcube.get("/datasets").json()
    assert found["entrypointDatasetId"] is None
    assert found["datasets"][0] == {
        "id": "globe", "title": "The globe", "groupTitle": "Earth", "tags": ["round"],
    }  # fmt: skip


def test_times_are_texts(xcube: httpx.Client) -> None:
    """The dimension `time` has each step as ISO 8601 in UTC."""
    dimensions = {each["name"]: each for each in described(xcube)["globe"]["dimensions"]}
    assert dimensions["time"]["size"] == len(cubes.TIMES)
    assert dimensions["time"]["coordinates"][0] == cubes.FIRST
    assert dimensions["time"]["coordinates"][-1] == cubes.LAST
    assert dimensions["lon"] == {
        "name": "lon", "size": 36, "dtype": "float64", "coordinates": [5.0, 355.0],
    }  # fmt: skip


def test_variable_has_its_style(xcube: httpx.Client) -> None:
    """Colours, range and logarithm are the catalogue's."""
    variables = {each["name"]: each for each in described(xcube)["globe"]["variables"]}
    spread = variables["spread"]
    assert spread["colorBarName"] == "magma"
    assert spread["colorBarNorm"] == "log"
    assert (spread["colorBarMin"], spread["colorBarMax"]) == (0.001, 1000)
    assert variables["north"]["dims"] == ["time", "lat", "lon"]
    assert variables["north"]["shape"] == [4, 18, 36]
    assert variables["kind"]["colorBarName"] == "globe.kind"


def test_attributes_are_json(xcube: httpx.Client) -> None:
    """Arrays become lists, and NaN a text."""
    attrs = described(xcube)["globe"]["attrs"]
    assert attrs["numbers"] == [0, 1, 2]
    assert attrs["missing"] == "NaN"


@pytest.mark.parametrize(
    ("name", "bbox"),
    [
        ("globe", [-180, -90, 180, 90]),
        ("crossing", [170, -10, 190, 10]),
    ],
)
def test_boxes(xcube: httpx.Client, name: str, bbox: list[float]) -> None:
    """0 to 360 goes round the globe; a grid across 180° has an east beyond it."""
    found = described(xcube)[name]
    assert found["bbox"] == pytest.approx(bbox)
    assert found["geometry"]["coordinates"][0][0] == pytest.approx(bbox[:2])


def test_polar_box_holds_the_pole(xcube: httpx.Client) -> None:
    """All longitudes, from the corners' latitude to the pole."""
    west, south, east, north = described(xcube)["polar"]["bbox"]
    assert (west, east, north) == (-180, 180, 90)
    assert 58 < south < 62


def test_picture_is_told_apart(xcube: httpx.Client) -> None:
    """A composite of three bands is the dataset's RGB, no variable of it."""
    found = described(xcube)["bands"]
    assert found["rgbSchema"]["varNames"] == ["red", "green", "blue"]
    assert found["rgbSchema"]["normRanges"] == [[0, 1]] * 3
    assert {each["name"] for each in found["variables"]} == {"red", "green", "blue"}


def test_kept_dataset_is_listed_for_its_readers(xcube: httpx.Client) -> None:
    """By the key in the header that the viewer sends."""
    assert "vault" in described(xcube, authorization=f"Bearer {KEY}")


def test_signed_address_opens_a_kept_dataset(xcube_server: str) -> None:
    """With all that the viewer asks for, which can put no header to its tiles; links stay below."""
    headers = {"authorization": f"Bearer {KEY}"}
    base = httpx.post(f"{xcube_server}/datasets/vault/sign", headers=headers).json()["base"]
    with httpx.Client(base_url=f"{base}/xcube") as client:
        found = described(client)
    assert found.keys() == {"globe", "polar", "crossing", "bands", "vault"}
    assert found["vault"]["variables"][0]["tileUrl"].startswith(f"{base}/xcube/tiles/vault/")
    assert httpx.get(f"{base}/xcube/tiles/vault/north/0/0/0").status_code == 200
    assert httpx.get(f"{base}/xcube/statistics/vault/north?lon=0&lat=0").status_code == 200


def test_damage_hides_nothing(tmp_path: Path) -> None:
    """A variable whose numbers cannot be read has some range, a dataset that cannot be opened is
    left out; the others are as they are."""
    for name in ("sound", "damaged"):
        cubes.crossing().to_zarr(tmp_path / f"{name}.zarr", zarr_format=2)
    for chunk in (tmp_path / "damaged.zarr" / "east").glob("[0-9]*"):
        chunk.write_bytes(b"no chunk")
    listed = [
        {"id": name, "url": str(tmp_path / f"{name}.zarr")} for name in ("damaged", "sound", "gone")
    ]
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump({"datasets": listed}))
    with running("--catalog", str(tmp_path / "catalog.yaml")) as url:
        found = httpx.get(f"{url}/xcube/datasets?details=1").json()["datasets"]
    ranges = {
        dataset["id"]: (variable["colorBarMin"], variable["colorBarMax"])
        for dataset in found
        for variable in dataset["variables"]
    }
    assert ranges.keys() == {"damaged", "sound"}
    assert ranges["damaged"][0] < ranges["damaged"][1]
    assert 170 < ranges["sound"][0] < ranges["sound"][1] < 190


def test_point_chooses(xcube: httpx.Client) -> None:
    """Only datasets that are there, also across 180°."""

    def at(point: str) -> set[str]:
        found = xcube.get("/datasets", params={"point": point}).json()["datasets"]
        return {each["id"] for each in found}

    assert at("0,0") == {"globe"}
    assert at("-175,0") == at("175,0") == {"globe", "crossing"}
    assert xcube.get("/datasets", params={"point": "0"}).status_code == 400


def test_answer_is_compressed(xcube: httpx.Client) -> None:
    """As it is kept; who reads no gzip gets the same."""
    packed = xcube.get("/datasets?details=1")
    plain = xcube.get("/datasets?details=1", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_coordinates(xcube: httpx.Client) -> None:
    """All of any dimension, the map's too."""
    lat = xcube.get("/datasets/globe/coords/lat").json()
    assert lat["coordinates"] == cubes.globe()["lat"].values.tolist()
    time = xcube.get("/datasets/globe/coords/time").json()
    assert time["coordinates"][0] == cubes.FIRST
    lacking = xcube.get("/datasets/globe/coords/depth")
    assert lacking.status_code == 404
    assert "time, lat, lon" in lacking.json()["error"]["message"]


def test_color_bars(xcube: httpx.Client) -> None:
    """Groups of names with pictures of 256 colours; matplotlib's as it spells them; each variable's
    colours are among them."""
    groups = xcube.get("/colorbars").json()
    bars = {bar[0]: bar[1:] for _, _, group in groups for bar in group}
    assert {"viridis", "Blues", "RdBu", "anomaly"} <= bars.keys()
    with Image.open(io.BytesIO(base64.b64decode(bars["viridis"][0]))) as image:
        assert image.size == (256, 1)
        assert np.asarray(image.convert("RGBA"))[0, 0].tolist() == [68, 1, 84, 255]
    assert bars["globe.kind"][1] == {
        "name": "globe.kind",
        "type": "categorical",
        "colors": [[1, "#0000ffff", "water"], [2, "#00ff00ff", "land"], [4, "#ffffffff", "ice"]],
    }
    names = {v["colorBarName"] for d in described(xcube).values() for v in d["variables"]}
    assert names <= bars.keys()
    assert not any(name.startswith("vault") for name in bars)
