"""Files for desktop GIS over HTTP: what can be asked for, and what is told if it cannot."""

from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

QLR = "/wmts/sea/sst.qlr"
XML = "/wmts/sea/sst.xml"


def source_of(client: TestClient, path: str) -> str:
    """The address of the layer that a definition has."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found = ElementTree.fromstring(answer.content).findtext("maplayers/maplayer/datasource")
    assert found is not None
    return found


def template_of(client: TestClient, path: str) -> str:
    """The address of tiles that a service description has."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.content).findtext("Service/ServerUrl", "")


@pytest.mark.parametrize(
    ("path", "media_type", "name"),
    [
        (QLR, "application/x-qgis-layer-definition", "sea.sst.qlr"),
        ("/wmts/sea.ice/extent.qlr", "application/x-qgis-layer-definition", "sea.ice.extent.qlr"),
        ("/wmts/sea/1.0.0/layers.qlr", "application/x-qgis-layer-definition", "sea.qlr"),
        (XML, "application/xml", "sea.sst.xml"),
        ("/wmts/sea/u.o.xml", "application/xml", "sea.u.o.xml"),
    ],
)
def test_file(memory: TestClient, path: str, media_type: str, name: str) -> None:
    """Files come with their type and name, and are fetched anew only if they changed."""
    answer = memory.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
    assert answer.headers["cache-control"] == "public, max-age=60"
    again = memory.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert memory.head(path).headers["etag"] == answer.headers["etag"]


def test_pinned_file(memory: TestClient) -> None:
    """With the dataset's version in its address a file is kept for good."""
    version = memory.get("/datasets/sea").json()["version"]
    answer = memory.get(QLR, params={"version": version})
    assert "immutable" in answer.headers["cache-control"]
    assert "immutable" not in memory.get(f"{QLR}?version=other").headers["cache-control"]


@pytest.mark.parametrize("ending", ["qlr", "xml"])
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("sea/none.{}", 404, "variable='none'"),
        ("none/sst.{}", 404, "dataset='none'"),
        ("broken/sst.{}", 502, "it cannot be opened"),
        ("sea/_.{}", 404, "name it in the catalogue"),
        ("sea/sst.{}?style=none", 404, "'none'"),
        ("sea/sst.{}?style=viridis:7:1", 400, "viridis:7:1"),
        ("sea/sst.{}?tms=none", 404, "tms='none'"),
        ("sea/sst.{}?time=never", 400, "time='never'"),
        ("sea/sst.{}?time=2031-01-01", 400, "time='2031-01-01'"),
        ("sea/sst.{}?depth=deep", 400, "depth='deep'"),
        ("sea/kind.{}?depth=10", 400, "depth='10': no such parameter"),
        ("sea/sst.{}?styles=viridis", 400, "styles='viridis': no such parameter"),
        ("sea/sst.{}?tms=WebMercatorQuad&tms=WorldCRS84Quad", 400, "twice"),
    ],
)
def test_error(memory: TestClient, ending: str, path: str, status: int, words: str) -> None:
    """What cannot be is told as a problem that names it."""
    answer = memory.get(f"/wmts/{path.format(ending)}")
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert words in answer.json()["detail"]
    assert answer.headers["cache-control"] == "no-store"


def test_capabilities_are_no_description(memory: TestClient) -> None:
    """The address of the capabilities of all datasets stays theirs."""
    assert b"<Capabilities" in memory.get("/wmts/1.0.0/WMTSCapabilities.xml").content
    assert b"<Capabilities" in memory.get("/wmts/sea/1.0.0/WMTSCapabilities.xml").content


def test_dimensions(memory: TestClient) -> None:
    """Times are left to QGIS unless one is asked for; other dimensions stand in the source."""
    assert "tileDimensions=depth%3D0&" in source_of(memory, QLR)
    day = "1970-01-03T00:00:00Z"
    fixed = source_of(memory, f"{QLR}?time=1970-01-03&depth=10")
    assert f"tileDimensions=time%3D{day};depth%3D10&" in fixed
    by_wms = source_of(memory, f"{QLR}?service=WMS&depth=10")
    assert "timeDimensionExtent=1970-01-01T00:00:00Z/1970-01-05T00:00:00Z/P1D&" in by_wms
    assert by_wms.endswith("url=http://localhost/wms/sea?dim_depth%3D10")
    assert "wmst" not in source_of(memory, f"{QLR}?service=WMS&time=1970-01-03")
    assert template_of(memory, XML).endswith("/${z}/${y}/${x}.png")
    assert template_of(memory, f"{XML}?time=1970-01-03").endswith("?time=1970-01-03T00%3A00%3A00Z")


def test_style(memory: TestClient) -> None:
    """A style is the layer's own, or the one that is asked for, as it is written."""
    assert "styles=plasma&" in source_of(memory, QLR)
    assert "styles=viridis:0:7&" in source_of(memory, f"{QLR}?style=viridis:0:7")
    assert "/sea.sst/viridis%3A0%3A7/" in template_of(memory, f"{XML}?style=viridis:0:7")


def test_group(memory: TestClient) -> None:
    """A dataset's file has every layer that its capabilities have."""
    tree = ElementTree.fromstring(memory.get("/wmts/sea/1.0.0/layers.qlr").content)
    layers = tree.findall("layer-tree-group/layer-tree-group[@name='Sea <test>']/layer-tree-layer")
    document = memory.get("/wmts/sea/1.0.0/WMTSCapabilities.xml").content
    names = {"": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
    listed = ElementTree.fromstring(document).findall("Contents/Layer/ows:Identifier", names)
    assert [each.get("id") for each in layers] == [each.text for each in listed]
