"""GetFeatureInfo: the source's own numbers, in every format, and where there are none."""

import math
from urllib.parse import quote

import numpy as np
import pyproj
import pytest
import xarray as xr
from starlette.testclient import TestClient

from tests.http.ogc.wmts_client import INFO, LATEST, REST, kvp, layer_of, problem, reported
from tests.http.ogc.wmts_cubes import Stores
from tests.services import memory_catalog
from tileserver.app import create_app
from tileserver.catalog import Catalog
from tileserver.cube import Raw
from tileserver.dataset import Entry, make_dataset
from tileserver.settings import Settings

MEDIA_TYPES = {"text/plain": "txt", "application/json": "json", "text/html": "html"}
HALF_M = math.pi * 6378137  # of the world's width in Web Mercator


def asked(layer: str, zoom: int, lon: float, lat: float) -> dict[str, str]:
    """The parameters of the pixel that shows a place, in Web Mercator, by pyproj."""
    x, y = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    span = 2 * HALF_M / 2**zoom
    across, down = (x + HALF_M) / span, (HALF_M - y) / span
    place = {
        "TileMatrix": zoom, "TileCol": int(across), "TileRow": int(down),
        "I": int(across % 1 * 256), "J": int(down % 1 * 256),
    }  # fmt: skip
    return INFO | {"Layer": layer, "Style": ""} | {k: str(v) for k, v in place.items()}


def told(client: TestClient, parameters: dict[str, str], **changes: str) -> dict[str, object]:
    """The properties of the pixel, and its place."""
    answer = kvp(client, parameters, **changes)
    assert answer.status_code == 200, answer.text
    [feature] = answer.json()["features"]
    return feature["properties"] | {"place": feature["geometry"]["coordinates"]}


def nearest(dataset: xr.Dataset, name: str, place: list[float], **at: object) -> float:
    """The number that xarray reads where a pixel's centre is."""
    lon, lat = place
    return float(dataset[name].sel(lon=lon, lat=lat, method="nearest").sel(**at))


@pytest.mark.parametrize(("lon", "lat"), [(3.3, 52.1), (0.6, 59.4), (29.4, 40.6), (14.9, 50.0)])
@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("depth", [0.5, 10.0, 50.0])
def test_numbers_of_the_source(
    stores: Stores, lon: float, lat: float, step: int, depth: float
) -> None:
    """The value at every place, time and depth is the one that xarray reads there."""
    cube = xr.decode_cf(stores.datasets["levels"])
    time = cube["time"].values[step]
    found = told(
        stores.client,
        asked("levels.sst", 9, lon, lat),
        time=f"{time}Z"[:19] + "Z",
        depth=f"{depth}",
    )
    expected = nearest(cube, "sst", found["place"], time=time, depth=depth)
    assert found["value"] == pytest.approx(expected, nan_ok=True)
    assert found["place"] == pytest.approx([lon, lat], abs=0.01)
    assert found["units"] == "K"


def test_title_units_and_coordinates(stores: Stores) -> None:
    """A value is told with its title, units, time and depth, and the pixel's own place."""
    found = told(stores.client, asked("levels.sst", 6, 3.3, 52.1), depth="10")
    assert found["title"] == "levels: Temperature <of the sea> & more"
    assert (found["time"], found["depth"]) == ("2001-01-05T00:00:00Z", "10")
    page = kvp(stores.client, asked("levels.sst", 6, 3.3, 52.1), InfoFormat="text/html").text
    assert "Temperature &lt;of the sea&gt; &amp; more" in page
    assert "<of" not in page


def test_a_class(stores: Stores) -> None:
    """A class is told by its name beside its number."""
    found = told(stores.client, asked("levels.kind", 9, 3.3, 52.1))
    number = nearest(stores.datasets["levels"], "kind", found["place"])
    assert (found["value"], found["label"]) == (number, ("land", "sea", "lake")[int(number)])
    text = kvp(stores.client, asked("levels.kind", 9, 3.3, 52.1), InfoFormat="text/plain").text
    assert f"value: {number:g} ({found['label']})\n" in text


def test_a_picture(stores: Stores) -> None:
    """A picture of three bands tells all of them."""
    found = told(stores.client, asked("levels.mix", 9, 3.3, 52.1), time="2001-01-02")
    cube = xr.decode_cf(stores.datasets["levels"])
    time = np.datetime64("2001-01-02")
    for name, band in zip(("red", "green", "blue"), found["bands"], strict=True):
        assert band["value"] == nearest(cube, name, found["place"], time=time)
        assert (band["id"], band["title"], band["units"]) == (name, name.title(), "1")


def test_an_expression(stores: Stores) -> None:
    """What is worked out is told with what it is worked out from."""
    found = told(stores.client, asked("levels.ratio", 9, 3.3, 52.1))
    red, blue = (each["value"] for each in found["inputs"] if each["id"] in ("red", "blue"))
    assert {red, blue} == {each["value"] for each in found["inputs"]}
    by_name = {each["id"]: each["value"] for each in found["inputs"]}
    assert found["value"] == pytest.approx(by_name["red"] / by_name["blue"])


@pytest.mark.parametrize(("layer", "crs"), [("utm.a", "EPSG:32631"), ("polar.a", "EPSG:3413")])
@pytest.mark.parametrize("own", [False, True])
def test_projected(stores: Stores, layer: str, crs: str, own: bool) -> None:
    """In a set of the dataset's own CRS and in Web Mercator alike the value is the cell's there."""
    name = layer.partition(".")[0]
    cube = stores.datasets[name]
    x, y = (float(cube[axis].values[2]) for axis in "xy")
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    query = asked(layer, 9, lon, lat)
    if own:
        tiles = {"utm": "UTM31WGS84Quad", "polar": "EPSG3413Quad"}[name]
        matrix = stores.client.get(f"/tms/{tiles}").json()["tileMatrices"][7]
        span = matrix["cellSize"] * matrix["tileWidth"]
        left, top = matrix["pointOfOrigin"]
        across, down = (x - left) / span, (top - y) / span
        query |= {"TileMatrixSet": tiles, "TileMatrix": matrix["id"]} | {
            "TileCol": str(int(across)), "TileRow": str(int(down)),
            "I": str(int(across % 1 * 256)), "J": str(int(down % 1 * 256)),
        }  # fmt: skip
    found = told(stores.client, query)
    at = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(*found["place"])
    assert (found["x"], found["y"]) == pytest.approx(at, abs=1e-3)
    expected = cube["a"].sel(x=at[0], y=at[1], method="nearest")
    assert found["value"] == float(expected)


def test_no_data_and_outside(stores: Stores) -> None:
    """Where a cell is empty, and where there is no cell, is told apart, in words."""
    empty = told(stores.client, asked("levels.sst", 12, 0.01, 60.01))
    assert (empty["value"], empty["missing"]) == (None, "no data")
    beside = asked("levels.sst", 4, 31.0, 52.0)  # within the limits of tiles, beyond the data
    assert told(stores.client, beside)["missing"] == "outside the data"
    assert "value: outside the data" in kvp(stores.client, beside, InfoFormat="text/plain").text


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_formats(memory: TestClient, media_type: str) -> None:
    """Every format comes with its very media type and length, by KVP and by REST alike."""
    by_kvp = kvp(memory, INFO, InfoFormat=media_type)
    by_rest = memory.get(f"{REST}/20/10.{MEDIA_TYPES[media_type]}?time={LATEST}&depth=0")
    assert by_kvp.content == by_rest.content
    for answer in (by_kvp, by_rest):
        assert answer.headers["content-type"] == media_type
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.headers["x-time"] == LATEST
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_as_qgis_asks(memory: TestClient) -> None:
    """FORMAT may be left out, a template may be left unfilled."""
    path = f"{REST}/20/10.html?time={quote('{time}')}&depth={quote('{depth}')}"
    assert memory.get(path).status_code == 200
    answer = kvp(memory, INFO, format=None, time="{Time}", depth="")
    assert answer.status_code == 200
    assert answer.content == kvp(memory, INFO).content


def test_nearest_is_said(memory: TestClient) -> None:
    """A value of the nearest step says so, as a tile does."""
    answer = kvp(memory, INFO, time="1970-01-02T07:00:00Z")
    assert answer.json()["features"][0]["properties"]["time"] == "1970-01-02T00:00:00Z"
    assert answer.headers["warning"] == "99 Nearest value used: time=1970-01-02T00:00:00Z"


@pytest.fixture
def closed() -> TestClient:
    """A client of a dataset whose values may not be asked for."""
    sea = memory_catalog.sea()
    config = sea.config.model_copy(update={"queryable": False})
    dataset = make_dataset(config, sea.source)

    def make(cache: Raw, pool: object) -> Catalog:
        made = memory_catalog.catalog(cache, pool)
        made.entries["sea"] = Entry(config, made.entries["sea"].origin, dataset=dataset)
        return made

    return TestClient(create_app(Settings(), make), "http://localhost")


def test_not_queryable(closed: TestClient) -> None:
    """Of a layer that cannot be queried feature info is not supported, whatever format is asked
    for; its tiles are there, and capabilities offer no format."""
    with closed as client:
        expected = (501, "OperationNotSupported", "GetFeatureInfo")
        assert reported(kvp(client, INFO)) == expected
        assert reported(kvp(client, INFO, InfoFormat="text/xml")) == expected
        assert reported(kvp(client, INFO, Layer="sea.flow", Style="default")) == expected
        assert problem(client.get(f"{REST}/20/10.txt")) == 501
        assert client.get(f"{REST}.png").status_code == 200
        layer = layer_of(client, "sea.sst")
        assert not [each for each in layer if each.tag.endswith("InfoFormat")]
        assert {each.get("resourceType") for each in layer if each.get("template")} == {"tile"}
