"""What all routes have in common: links, conditional requests, names that clash."""

from collections.abc import Iterator

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tests.services.synthetic import Field, days, make, noise
from tileserver.app import create_app
from tileserver.axis import Axis
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Raw
from tileserver.dataset import Entry
from tileserver.grid import LONLAT, Grid
from tileserver.settings import Settings
from tileserver.sources.opening import Origin

TILEJSON = "/tiles/sea/sst/tilejson.json"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


def tile_url(client: TestClient, **headers: str) -> str:
    """Where TileJSON says that tiles are."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(TILEJSON, headers=named).json()["tiles"][0]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1@evil.example", '127.0.0.1:80"<x>', "127.0.0.1/a", "localhost:x",
     "localhost:80:80", "[::1", ""],
)  # fmt: skip
def test_made_up_host_never_gets_into_links(client: TestClient, host: str) -> None:
    """Row 26: neither another name nor text behind a name that is known."""
    assert tile_url(client, host=host).startswith("http://testserver:80/tiles/")


def test_own_host_and_port_are_kept(client: TestClient) -> None:
    """A tunnel to another port of this machine works."""
    assert tile_url(client, host="localhost:9999").startswith("http://localhost:9999/tiles/")
    assert tile_url(client, host="[::1]:9999").startswith("http://[::1]:9999/tiles/")


def test_forwarded_headers_count_from_trusted_proxies_alone() -> None:
    """Row 26: else they are ignored; a root path is part of every link."""
    forwarded = {"X_Forwarded_Host": "maps.example", "X_Forwarded_Proto": "https",
                 "X_Forwarded_Prefix": "/cubes"}  # fmt: skip
    near = ("10.0.0.7", 1234)
    trusting = Settings(trusted_proxies="10.0.0.0/8")
    with TestClient(create_app(trusting, catalog), client=near) as client:
        assert tile_url(client, **forwarded).startswith("https://maps.example/cubes/tiles/")
    with TestClient(create_app(Settings(), catalog), client=near) as client:
        assert tile_url(client, **forwarded).startswith("http://testserver/tiles/")
    with TestClient(create_app(Settings(), catalog), root_path="/cubes") as client:
        assert tile_url(client).startswith("http://testserver/cubes/tiles/")


@pytest.mark.parametrize(
    "forwarded",
    [{"X_Forwarded_Host": '"><script>'}, {"X_Forwarded_Host": "a b"}, {"Host": '"><script>'},
     {"X_Forwarded_Proto": "javascript"}, {"X_Forwarded_Prefix": "//evil.example"},
     {"X_Forwarded_Prefix": '/"><script>'}, {"X_Forwarded_Prefix": "cubes"}],
)  # fmt: skip
def test_what_is_no_address_is_not_forwarded(forwarded: dict[str, str]) -> None:
    """A trusted proxy may pass on what a client has made up."""
    trusting = Settings(trusted_proxies="10.0.0.0/8")
    with TestClient(create_app(trusting, catalog), client=("10.0.0.7", 1234)) as client:
        found = tile_url(client, **forwarded)
        assert found.replace("testserver:80/", "testserver/").startswith("http://testserver/tiles/")


def test_tilejson_carries_the_query_on(client: TestClient) -> None:
    """Time, style and size go into the tiles' address as they were given."""
    query = "time=1970-01-02&colormap_name=magma_r&rescale=0,9&tilesize=512"
    document = client.get(f"{TILEJSON}?{query}").json()
    assert document["tiles"][0].endswith(f"/{{z}}/{{x}}/{{y}}.png?{query}")
    assert document["tileSize"] == 512


@pytest.mark.parametrize(
    "url",
    ["/", "/docs", "/openapi.json", "/datasets", "/datasets/sea", "/tms", "/colormaps", TILEJSON,
     "/legend/sea/sst.png", "/legend/sea/sst.svg", "/point/sea/sst?lon=1&lat=1",
     "/tiles/sea/sst/0/0/0", "/tiles/sea/sst/0/0/0.npy", "/wmts/1.0.0/WMTSCapabilities.xml"],
)  # fmt: skip
def test_known_answers_are_not_sent_again(client: TestClient, url: str) -> None:
    """304 for the ETag: alone, weak, in a list, or any; HEAD as GET without the body."""
    answer = client.get(url)
    etag = answer.headers["etag"]
    for known in (etag, f"W/{etag.removeprefix('W/')}", f'"other", {etag}', "*"):
        again = client.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    head = client.head(url)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)
    assert head.headers["content-length"] == answer.headers["content-length"]


def test_long_names_are_cut_in_messages(client: TestClient) -> None:
    """An unknown parameter of any length gets a short answer."""
    answer = client.get(f"/tiles/sea/sst/0/0/0?{'a' * 30_000}=1")
    assert (answer.status_code, len(answer.content) < 2000) == (400, True)


def test_statistics_take_no_point(client: TestClient) -> None:
    """What would be passed over is refused."""
    assert client.get("/statistics/sea/sst?lon=1&lat=1").status_code == 400


@pytest.mark.parametrize("given", ["start=2001-01-01", "end=1960-01-01"])
def test_range_without_steps_names_what_was_given(client: TestClient, given: str) -> None:
    """The message is about a parameter that the request has."""
    answer = client.get(f"/timeseries/sea/sst?lon=1&lat=1&{given}")
    name, _, value = given.partition("=")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{name}='{value}': expected a range with times")


def with_levels(cache: ByteCache[Raw], pool: object) -> Catalog:
    """A dataset with a dimension called as a parameter of /statistics."""
    grid = Grid(LONLAT, Axis(0.0, 1.0, 8), Axis(8.0, -1.0, 8))
    values = noise(2, 3, 8, 8)
    field = Field(("time", "level"), (grid,), (values,), (1, 1, 8, 8))
    dataset = make({"t": field}, {"time": days(2), "level": np.array([850.0, 500.0, 200.0])})
    entry = Entry(
        DatasetConfig(id="synthetic", url="memory"), Origin(("memory",), None), dataset=dataset
    )
    return Catalog({"synthetic": entry}, cache=cache, pool=pool)


def test_dimension_goes_before_a_parameter_of_its_name() -> None:
    """`level` is a pressure where the cube has such levels, as on every other route."""
    with TestClient(create_app(Settings(), with_levels)) as client:
        found = [client.get(f"/statistics/synthetic/t?level={hpa}").json() for hpa in (850, 500)]
        assert [each["dimensions"]["level"] for each in found] == ["850", "500"]
        assert found[0]["mean"] != found[1]["mean"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("gzip; q=0.0, br", None)],
)
def test_compressed_for_those_who_take_it(
    client: TestClient, accepted: str, encoding: str | None
) -> None:
    """A quality of zero refuses an encoding (RFC 9110, 12.4.2)."""
    for path in ("/openapi.json", "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"):
        answer = client.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding
