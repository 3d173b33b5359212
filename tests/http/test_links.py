"""The links of a dataset lead to it in every protocol."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

TILE = {"{z}": "0", "{x}": "0", "{y}": "0"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


def expanded(client: TestClient, dataset: str) -> dict[str, str]:
    """Media types by the addresses of a dataset and of all its layers."""
    document = client.get(f"/datasets/{dataset}").json()
    found = {}
    for link in document["links"]:
        assert ("{" in link["href"]) == link.get("templated", False)
        for variable in document["variables"]:
            address = link["href"].replace("{variable}", quote(variable["id"], safe=""))
            for name, number in TILE.items():
                address = address.replace(name, number)
            found[address] = link["type"]
    return found


@pytest.mark.parametrize("dataset", ["sea", "utm"])
def test_every_link_leads_to_what_it_says(client: TestClient, dataset: str) -> None:
    """Of the dataset itself, and by templates of each layer."""
    links = expanded(client, dataset)
    assert len(links) > 8
    for address, media_type in links.items():
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].partition(";")[0] == media_type, address


def test_layers_are_named_as_protocols_name_them(client: TestClient) -> None:
    """The name of a variable's layer stands in the capabilities."""
    variables = client.get("/datasets/sea").json()["variables"]
    written = client.get("/wmts/sea/1.0.0/WMTSCapabilities.xml").text
    for variable in variables:
        assert f"<ows:Identifier>{variable['layer']}</ows:Identifier>" in written


def test_listing_is_small(client: TestClient) -> None:
    """A line of the listing leads to its dataset and its capabilities alone."""
    for line in client.get("/datasets").json()["datasets"]:
        assert {link["rel"] for link in line["links"]} <= {"self", "wmts"}
