"""The documents that eodash_catalog reads, in the way that it reads them."""

from __future__ import annotations

import httpx2 as httpx
import pytest
from pystac import Item
from pystac_client import Client

from tests.xcube import cubes

pytestmark = [
    pytest.mark.filterwarnings("ignore:Server does not conform to ITEM_SEARCH"),
    pytest.mark.filterwarnings("ignore:Falling back to pystac"),
]


def found(xcube_server: str, dataset: str) -> Item:
    """The item of a dataset, by the steps of its datacube source."""
    client = Client.open(f"{xcube_server}/xcube/ogc")
    collection = client.get_collection(dataset)
    item = collection.get_item("datacube")
    assert item is not None
    return item


def test_times_are_found(xcube_server: str) -> None:
    """Each becomes an item of eodash's own, with the address of its tiles."""
    item = found(xcube_server, "globe")
    dimensions = item.properties["cube:dimensions"]
    [time] = [d for d in dimensions.values() if d["type"] == "temporal"]
    assert time["values"][0] == cubes.FIRST
    assert time["values"][-1] == cubes.LAST
    assert "north" in item.properties["cube:variables"]
    assert item.bbox == [-180, -90, 180, 90]
    address = f"{xcube_server}/xcube/tiles/globe/north/0/0/0"
    style = f"crs=EPSG:3857&time={time['values'][1]}&vmin=-2&vmax=32&cbar=thermal"
    answer = httpx.get(f"{address}?{style}")
    assert answer.status_code == 200
    assert answer.headers["x-time"] == time["values"][1]


def test_space_is_told(xcube_server: str) -> None:
    """In the coordinates of the data, with their reference system."""
    dimensions = found(xcube_server, "bands").properties["cube:dimensions"]
    assert dimensions["x"] == {
        "type": "spatial", "axis": "x", "extent": [600_000, 601_000], "reference_system": 32632,
    }  # fmt: skip
    assert dimensions["y"]["extent"] == [5_300_000, 5_301_000]


def test_box_across_the_antimeridian(xcube_server: str) -> None:
    """Has its west east of its east, and a shape of two parts."""
    item = found(xcube_server, "crossing")
    assert item.bbox == pytest.approx([170, -10, -170, 10])
    assert item.geometry is not None
    assert item.geometry["type"] == "MultiPolygon"


def test_datasets_are_listed(xcube_server: str) -> None:
    """Those that the caller may see."""
    client = Client.open(f"{xcube_server}/xcube/ogc")
    listed = {collection.id for collection in client.get_collections()}
    assert listed == {"globe", "polar", "crossing", "bands"}
    assert {link.title for link in client.get_child_links()} >= {"The globe"}


def test_kept_dataset_is_refused(xcube: httpx.Client) -> None:
    """And whatever else is not there."""
    assert xcube.get("/ogc/collections/vault").status_code == 401
    assert xcube.get("/ogc/collections/vault/items/datacube").status_code == 401
    assert xcube.get("/ogc/collections/lacking").status_code == 404
    assert xcube.get("/ogc/collections/globe/items/other").status_code == 404


def test_dataset_without_times_has_no_item(xcube: httpx.Client) -> None:
    """STAC has no items without a time."""
    assert xcube.get("/ogc/collections/polar/items").json()["features"] == []
    lacking = xcube.get("/ogc/collections/polar/items/datacube")
    assert lacking.status_code == 404
    assert "no times" in lacking.json()["error"]["message"]
    relations = {link["rel"] for link in xcube.get("/ogc/collections/polar").json()["links"]}
    assert "item" not in relations
