"""WMTS capabilities and legends by HTTP."""

import io
import xml.etree.ElementTree as ET

import httpx2 as httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.http.ogc.wmts_client import NAMES, kvp, problem, reported
from tileserver.services.legend import PICTURE_SIZE


def layers(response: httpx.Response) -> list[str | None]:
    assert response.status_code == 200, response.text
    root = ET.fromstring(response.content)
    return [each.text for each in root.findall("Contents/Layer/ows:Identifier", NAMES)]


def test_capabilities(memory: TestClient) -> None:
    """KVP and REST give the same document of all datasets that are open."""
    by_kvp = memory.get("/wmts?Service=WMTS&REQUEST=GetCapabilities")
    by_rest = memory.get("/wmts/1.0.0/WMTSCapabilities.xml")
    assert by_kvp.content == by_rest.content
    assert by_rest.headers["content-type"] == "application/xml"
    names = layers(by_rest)
    assert names[:2] == ["sea.flow", "sea.sst"]
    assert {"sea.kind", "sea.ice.extent", "utm.height"} <= set(names)


def test_capabilities_of_one_dataset(memory: TestClient) -> None:
    """A dataset has a document of its own, whose links lead to itself."""
    document = memory.get("/wmts/utm/1.0.0/WMTSCapabilities.xml")
    assert layers(document) == ["utm.height"]
    assert b'"http://localhost/wmts/utm?"' in document.content
    assert memory.get("/wmts/utm?service=WMTS&request=GetCapabilities").content == document.content


def test_capabilities_of_no_dataset(memory: TestClient) -> None:
    """The document of an unknown dataset is not there: 404 by REST, a report by KVP."""
    assert memory.get("/wmts/nothing/1.0.0/WMTSCapabilities.xml").status_code == 404
    answer = memory.get("/wmts/nothing?service=WMTS&request=GetCapabilities")
    assert reported(answer) == (400, "InvalidParameterValue", "Layer")


def test_capabilities_are_kept(memory: TestClient) -> None:
    """A client that has the document gets 304, and it travels compressed."""
    first = memory.get("/wmts/1.0.0/WMTSCapabilities.xml")
    assert first.headers["content-encoding"] == "gzip"
    again = memory.get(
        "/wmts/1.0.0/WMTSCapabilities.xml", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


def test_update_sequence(memory: TestClient) -> None:
    """The current sequence gives the root alone, an older one all, a later one an exception."""
    asked = {"service": "WMTS", "request": "GetCapabilities"}
    current = ET.fromstring(kvp(memory, asked).content).get("updateSequence")
    assert current is not None
    assert len(ET.fromstring(kvp(memory, asked, updateSequence=current).content)) == 0
    assert layers(kvp(memory, asked, updateSequence="0" + current[1:]))
    assert layers(kvp(memory, asked, updateSequence="1.ffffffffffffffff"))
    later = kvp(memory, asked, updateSequence="2" + current[1:])
    assert reported(later)[:2] == (400, "InvalidUpdateSequence")


def test_negotiation(memory: TestClient) -> None:
    """Only version 1.0.0 is spoken; sections choose parts of the document."""
    asked = {"service": "WMTS", "request": "GetCapabilities"}
    assert layers(kvp(memory, asked, AcceptVersions="2.0.0,1.0.0"))
    refused = kvp(memory, asked, AcceptVersions="2.0.0")
    assert reported(refused)[:2] == (400, "VersionNegotiationFailed")
    part = ET.fromstring(kvp(memory, asked, Sections="ServiceIdentification").content)
    assert len(part) == 1
    unknown = kvp(memory, asked, sections="Nothing")
    assert reported(unknown) == (400, "InvalidParameterValue", "sections")


@pytest.mark.parametrize("path", ["", "/sea", "/sea.ice"])
def test_legends(memory: TestClient, path: str) -> None:
    """Every legend has the size that capabilities tell, whatever a client appends to its address,
    as QGIS does."""
    root = ET.fromstring(memory.get(f"/wmts{path}/1.0.0/WMTSCapabilities.xml").content)
    styles = root.findall("Contents/Layer/Style", NAMES)
    assert styles
    for legend in (style.find("LegendURL", NAMES) for style in styles):
        assert legend is not None
        href = legend.get("{http://www.w3.org/1999/xlink}href", "")
        more = "SERVICE=WMS&REQUEST=GetLegendGraphic&VERSION=1.3.0&LAYER=x&STYLE=&SLD_VERSION=1.1.0"
        answer = memory.get(f"{href}{'&' if '?' in href else '?'}{more}&WIDTH=9&TRANSPARENT=true")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == legend.get("format")
        image = Image.open(io.BytesIO(answer.content))
        assert image.size == (int(legend.get("width", 0)), int(legend.get("height", 0)))


def test_legends_of_styles(memory: TestClient) -> None:
    """Any style has its legend: a range behind it shows, and a picture of bands has one too."""
    path = "/wmts/1.0.0/sea.sst/{}/legend.png"
    own, ranged = (memory.get(path.format(style)) for style in ("plasma", "plasma:0:7"))
    assert own.status_code == ranged.status_code == 200
    assert own.content != ranged.content
    assert memory.get(path.format("default")).content == own.content
    picture = memory.get("/wmts/1.0.0/sea.flow/default/legend.png")
    assert Image.open(io.BytesIO(picture.content)).size == PICTURE_SIZE
    assert memory.head(path.format("plasma")).status_code == 200
    again = memory.get(path.format("plasma"), headers={"If-None-Match": own.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("layer", "style", "status"),
    [
        ("sea.nothing", "plasma", 404),
        ("sea.sst", "nonesuch", 404),
        ("sea.sst", "plasma:7:0", 400),
        ("sea.flow", "plasma", 404),
        ("sea.sst", "%00", 404),
    ],
)
def test_no_such_legends(memory: TestClient, layer: str, style: str, status: int) -> None:
    """What there is not has no legend."""
    assert problem(memory.get(f"/wmts/1.0.0/{layer}/{style}/legend.png")) == status
