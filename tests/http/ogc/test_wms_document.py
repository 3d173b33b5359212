"""Capabilities of WMS over HTTP: versions, update sequences, formats, what is kept."""

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.dataset import Dataset
from tileserver.http.ogc import wms_document
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.wms_layer import Branch
from tileserver.settings import Settings

NAMES = {"": "http://www.opengis.net/wms", "ogc": "http://www.opengis.net/ogc"}
CAPABILITIES = "SERVICE=WMS&REQUEST=GetCapabilities"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(
        create_app(Settings(public_url="https://maps.example/a&b/"), catalog)
    ) as client:
        yield client


def root(client: TestClient, query: str = "", path: str = "/wms") -> ElementTree.Element:
    """Of the answer's document."""
    answer = client.get(f"{path}?{CAPABILITIES}{query}")
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.content)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", "1.3.0"),
        ("&VERSION=", "1.3.0"),
        ("&VERSION=1.3.0", "1.3.0"),
        ("&version=1.1.1", "1.1.1"),
        ("&VERSION=2.0.0", "1.3.0"),  # higher than all: the highest
        ("&VERSION=1.2.0", "1.1.1"),  # between: the next lower
        ("&VERSION=1.0.0", "1.1.1"),  # lower than all: the lowest
        ("&WMTVER=1.0.0", "1.1.1"),
        ("&VERSION=nonsense", "1.1.1"),
    ],
)
def test_version(client: TestClient, asked: str, given: str) -> None:
    """Versions are negotiated (OGC 06-042, 6.2.4)."""
    assert root(client, asked).get("version") == given


def test_media_types(client: TestClient) -> None:
    """Each version has its own; of 1.1.1 plain XML can be had; what is unknown is the default."""
    types = {
        ("1.3.0", ""): "text/xml",
        ("1.3.0", "application/json"): "text/xml",
        ("1.1.1", ""): "application/vnd.ogc.wms_xml",
        ("1.1.1", "text/xml"): "text/xml",
    }
    for (version, wanted), given in types.items():
        answer = client.get(f"/wms?{CAPABILITIES}&VERSION={version}&FORMAT={wanted}")
        assert answer.headers["content-type"].partition(";")[0] == given


def test_update_sequence(client: TestClient) -> None:
    """The current one, and a later one, are exceptions; any other has the document."""
    current = root(client).get("updateSequence")
    assert current
    codes = {}
    for known in (current, "9", "0", "1.other"):
        answer = client.get(f"/wms?{CAPABILITIES}&UPDATESEQUENCE={known}")
        found = ElementTree.fromstring(answer.content).find("ogc:ServiceException", NAMES)
        codes[known] = (answer.status_code, None if found is None else found.get("code"))
    assert codes == {
        current: (200, "CurrentUpdateSequence"),
        "9": (400, "InvalidUpdateSequence"),
        "0": (200, None),
        "1.other": (200, None),
    }


def test_layers_of_one_dataset(client: TestClient) -> None:
    """A dataset's own document has its layers and address alone, and its title."""
    document = root(client, path="/wms/sea.ice")
    names = [each.text for each in document.findall(".//Layer/Name", NAMES)]
    assert names == ["sea.ice.extent"]
    assert document.findtext("Service/Title", None, NAMES) == "sea.ice"
    hrefs = {each.get("{http://www.w3.org/1999/xlink}href") for each in document.iter()}
    assert "https://maps.example/a&b/wms/sea.ice?" in hrefs


def test_addresses(client: TestClient) -> None:
    """Every address begins with that of the server."""
    found = [
        href
        for each in root(client).iter(f"{{{NAMES['']}}}OnlineResource")
        if (href := each.get("{http://www.w3.org/1999/xlink}href"))
    ]
    assert len(found) > 10
    assert all(href.startswith("https://maps.example/a&b/wms") for href in found)


@pytest.mark.parametrize("path", ["/wms/nothing", "/wms/broken"])
def test_no_such_dataset(client: TestClient, path: str) -> None:
    """A dataset that is not there, or cannot be opened, is an exception."""
    answer = client.get(f"{path}?{CAPABILITIES}")
    assert answer.status_code in (400, 404, 502, 503)
    assert ElementTree.fromstring(answer.content).tag.endswith("ServiceExceptionReport")
    assert answer.headers["cache-control"] == "no-store"


def test_kept(client: TestClient) -> None:
    """A client that has the document is told so; it comes compressed to those that take that."""
    path = f"/wms?{CAPABILITIES}"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert plain.content == packed.content
    assert packed.headers["content-encoding"] == "gzip"
    again = client.get(path, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"{path}&VERSION=1.1.1", headers={"If-None-Match": plain.headers["etag"]})
    assert other.status_code == 200


def test_prepared() -> None:
    """What a dataset contributes is there before the document is asked for."""
    fragments, sea = Fragments(), catalog()["sea"]
    wms_document.prepare(fragments, sea)
    made: list[Dataset] = []
    found = fragments.get(sea, "wms 1.3.0", lambda it: made.append(it) or Branch.of(it, "1.3.0"))
    assert (made, "sea.sst" in found.text) == ([], True)


def test_limits_are_told(client: TestClient) -> None:
    """A map of the largest width and height is drawn, and no larger one."""
    document = root(client)
    side = int(document.findtext("Service/MaxWidth", "", NAMES))
    limit = int(document.findtext("Service/LayerLimit", "", NAMES))
    about = {
        "SERVICE": "WMS", "REQUEST": "GetMap", "VERSION": "1.3.0", "STYLES": "", "CRS": "CRS:84",
        "BBOX": "0,0,1,1", "FORMAT": "image/png",
    }  # fmt: skip
    sizes = {
        (side + 1, side): 400,
        (side, side + 1): 400,
        (64, 64): 200,
    }
    for (width, height), status in sizes.items():
        query = {**about, "LAYERS": "sea.sst", "WIDTH": width, "HEIGHT": height}
        assert client.get("/wms", params=query).status_code == status
    for count, status in ((limit, 200), (limit + 1, 400)):
        query = {**about, "LAYERS": ",".join(["sea.sst"] * count), "WIDTH": 8, "HEIGHT": 8}
        assert client.get("/wms", params=query).status_code == status


def test_every_crs_is_drawn(client: TestClient) -> None:
    """Each CRS that a layer has, or inherits, is one that it is drawn in."""
    layers = root(client).find("Capability/Layer", NAMES)
    assert layers is not None
    utm = next(
        each for each in layers.findall("Layer", NAMES)
        if each.findtext("Title", None, NAMES) == "utm"
    )  # fmt: skip
    names = [each.text for parent in (layers, utm) for each in parent.findall("CRS", NAMES)]
    assert "EPSG:32631" in names
    for name in names:
        query = (
            f"SERVICE=WMS&REQUEST=GetMap&VERSION=1.3.0&STYLES=&CRS={name}&BBOX=0,0,10,10"
            "&FORMAT=image/png&WIDTH=8&HEIGHT=8&LAYERS=utm.height"
        )
        assert client.get(f"/wms?{query}").headers["content-type"] == "image/png", name
