"""The STAC API, as pystac-client walks it."""

from __future__ import annotations

from typing import Any

import httpx2
import numpy as np
import pytest
import xarray as xr
from pystac_client import Client
from shapely.geometry import box, mapping, shape

from tests.stac.schemas import check_core, check_extensions

DATASETS = ["ocean", "s2", "model", "land"]


@pytest.fixture
def client(demo_server: str) -> Client:
    return Client.open(f"{demo_server}/stac")


def get(server: str, path: str) -> Any:
    answer = httpx2.get(f"{server}/stac{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def documents(server: str) -> list[dict[str, Any]]:
    found = [get(server, "")]
    for collection in get(server, "/collections")["collections"]:
        items = get(server, f"/collections/{collection['id']}/items?limit=2")
        found += [collection, *items["features"]]
    return found


def test_client_walks_it(client: Client) -> None:
    """From the landing page to collections and all of their items."""
    assert [each.id for each in client.get_collections()] == DATASETS
    collection = client.get_collection("s2")
    items = list(collection.get_items())
    times = [item.datetime for item in items]
    assert len(items) == len(set(times)) >= 4
    assert times == sorted(times, reverse=True)
    assert collection.extent.temporal.intervals[0] == [times[-1], times[0]]
    again = collection.get_item(items[3].id)
    assert again is not None
    assert again.to_dict()["properties"] == items[3].to_dict()["properties"]
    assert [each.id for each in client.get_children()] == DATASETS


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_search(client: Client, demo_server: str, method: str) -> None:
    """By collections, times, places and ids; page after page."""
    steps = list(client.get_collection("ocean").get_items())
    middle = steps[5]
    window = f"{steps[9].datetime:%FT%TZ}/{steps[2].datetime:%FT%TZ}"
    found = client.search(method=method, collections=["ocean"], datetime=window, limit=3)
    assert found.matched() == 8
    assert [item.id for item in found.items()] == [item.id for item in steps[2:10]]
    one = client.search(method=method, ids=[middle.id], collections=["ocean", "s2"])
    assert [item.id for item in one.items()] == [middle.id]
    scene = shape(next(client.get_collection("s2").get_items()).geometry)
    near, far = scene.buffer(0.1).bounds, (-150.0, -40.0, -149.0, -39.0)
    here = client.search(method=method, collections=["s2"], bbox=near)
    count = here.matched()
    assert count is not None
    assert count >= 4
    assert client.search(method=method, collections=["s2"], bbox=far).matched() == 0
    for area, expected in ((scene.centroid, count), (box(*far), 0)):
        told = client.search(method=method, collections=["s2"], intersects=mapping(area))
        assert told.matched() == expected
    assert client.search(method=method, max_items=5).matched() == 20


def test_core_schemas(demo_server: str) -> None:
    """Catalogue, collections and items are what STAC 1.1 says."""
    found = documents(demo_server)
    assert len(found) == 1 + 4 + 3 * 2
    for document in found:
        check_core(document)


def test_extension_schemas(demo_server: str) -> None:
    """Datacube, projection, raster, render, web map links, Zarr."""
    for document in documents(demo_server):
        check_extensions(document)


def test_data_are_there(client: Client) -> None:
    """The asset is opened by what it says, and has what the collection says."""
    collection = client.get_collection("ocean")
    asset = collection.assets["data"]
    found = xr.open_zarr(asset.href, zarr_format=asset.extra_fields["zarr:zarr_format"])
    described = collection.extra_fields["cube:variables"]
    assert set(described) == set(map(str, found.data_vars))
    height, width = asset.extra_fields["proj:shape"]
    assert found.sst.shape[1:] == (height, width)
    transform = asset.extra_fields["proj:transform"]
    np.testing.assert_allclose(found.lon[0], transform[2] + transform[0] / 2)
    np.testing.assert_allclose(found.lat[-1], transform[5] + transform[4] * (height - 0.5))


def test_links_are_alive(client: Client) -> None:
    """Maps, legends, thumbnails and series of an item."""
    collection = client.get_collection("ocean")
    item = next(collection.get_items())
    filled = {"{z}": "1", "{x}": "1", "{y}": "0"}
    for link in item.links:
        if link.rel in ("xyz", "tilejson", "wmts"):
            href = str(link.href)
            for part, value in filled.items():
                href = href.replace(part, value)
            answer = httpx2.get(href)
            assert answer.status_code == 200, href
    for name in ("thumbnail", "legend-sst"):
        picture = httpx2.get(item.assets[name].href)
        assert picture.headers["content-type"] == "image/png", picture.text
    [series] = [each for each in collection.links if each.rel == "service" and "sst?" in each.href]
    table = httpx2.get(str(series.href).replace("{{bbox}}", "0,0,9,9")).text
    assert table.splitlines()[0] == "time,mean,std,min,max"


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/collections/none", 404, "dataset"),
        ("/collections/ocean/items/20010101T000000Z", 404, "item"),
        ("/collections/ocean/items/x", 404, "item"),
        ("/collections/land/items/20010101T000000Z", 404, "item"),
        ("/search?limit=0", 400, "limit"),
        ("/search?bbox=1,2", 400, "bbox"),
        ("/search?datetime=yesterday", 400, "datetime"),
        ("/search?intersects={}", 400, "intersects"),
        ("/search?filter=x", 400, "filter"),
        ("/search?bbox=0,0,1,1&intersects={%22type%22:%22Point%22,%22coordinates%22:[0,0]}", 400,
         "intersects"),
    ],
)  # fmt: skip
def test_what_cannot_be_used(demo_server: str, path: str, status: int, name: str) -> None:
    """Is told by its name."""
    answer = httpx2.get(f"{demo_server}/stac{path}")
    assert (answer.status_code, answer.json()["parameter"]) == (status, name)


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"limit": "x"}', b'{"ids": {"a": 1}}', b"null",
                                  b'{"intersects": ' + b'{"geometries": ' * 200 + b"1" + b"}" * 201,
                                  b'{"bbox": ' + b"[" * 900 + b"]" * 900 + b"}"])  # fmt: skip
def test_what_cannot_be_posted(demo_server: str, body: bytes) -> None:
    """Is 400, or finds nothing; never a mistake of the server."""
    answer = httpx2.post(f"{demo_server}/stac/search", content=body)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        assert answer.json()["numberMatched"] == 0


def test_landing_page_by_either_address(demo_server: str) -> None:
    """Clients put other paths behind the one with a slash."""
    assert get(demo_server, "/") == get(demo_server, "")


def test_degrees_are_named_by_their_code(demo_server: str) -> None:
    """Not by a page of PROJJSON, which browsers of STAC spread out."""
    for dataset in ("ocean", "model"):
        found = get(demo_server, f"/collections/{dataset}")["cube:dimensions"]
        assert {found[name]["reference_system"] for name in ("lon", "lat")} == {4326}


def test_links_have_titles(demo_server: str) -> None:
    """Those to maps, which browsers of STAC list."""
    for document in documents(demo_server):
        for link in document["links"]:
            if link["rel"] in ("xyz", "tilejson", "wmts", "wms", "service"):
                assert link["title"], link
