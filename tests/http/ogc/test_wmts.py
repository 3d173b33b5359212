import io
import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2 as httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

NAMES = {"": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
TILE = {
    "service": "WMTS",
    "request": "GetTile",
    "version": "1.0.0",
    "layer": "sea.sst",
    "style": "plasma",
    "format": "image/png",
    "TileMatrixSet": "WebMercatorQuad",
    "TileMatrix": "2",
    "TileRow": "1",
    "TileCol": "3",
}
INFO = TILE | {"request": "GetFeatureInfo", "InfoFormat": "application/json", "I": "10", "J": "20"}
REST = "/wmts/1.0.0/sea.sst/plasma/WebMercatorQuad/2/1/3"
LATEST = "1970-01-05T00:00:00Z"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog), "http://localhost") as client:
        yield client


def kvp(client: TestClient, parameters: dict[str, str], **changes: str) -> httpx.Response:
    asked = {k: v for k, v in {**parameters, **changes}.items() if v is not None}
    return client.get(f"/wmts?{urlencode(asked)}")


def reported(response: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, exception code and locator."""
    assert response.headers["content-type"] == "application/xml"
    exception = ET.fromstring(response.content).find("ows:Exception", NAMES)
    assert exception is not None
    return response.status_code, exception.get("exceptionCode"), exception.get("locator")


def layers(response: httpx.Response) -> list[str | None]:
    assert response.status_code == 200, response.text
    root = ET.fromstring(response.content)
    return [each.text for each in root.findall("Contents/Layer/ows:Identifier", NAMES)]


def test_capabilities(client: TestClient) -> None:
    """KVP and REST give the same document of all datasets that are open."""
    by_kvp = client.get("/wmts?Service=WMTS&REQUEST=GetCapabilities")
    by_rest = client.get("/wmts/1.0.0/WMTSCapabilities.xml")
    assert by_kvp.content == by_rest.content
    assert by_rest.headers["content-type"] == "application/xml"
    names = layers(by_rest)
    assert names[:2] == ["sea.flow", "sea.sst"]
    assert {"sea.kind", "sea.ice.extent", "utm.height"} <= set(names)


def test_capabilities_of_one_dataset(client: TestClient) -> None:
    """A dataset has a document of its own, whose links lead to itself."""
    document = client.get("/wmts/utm/1.0.0/WMTSCapabilities.xml")
    assert layers(document) == ["utm.height"]
    assert b'"http://localhost/wmts/utm?"' in document.content
    assert client.get("/wmts/utm?service=WMTS&request=GetCapabilities").content == document.content


def test_capabilities_of_no_dataset(client: TestClient) -> None:
    """The document of an unknown dataset is not there: 404 by REST, a report by KVP."""
    assert client.get("/wmts/nothing/1.0.0/WMTSCapabilities.xml").status_code == 404
    answer = client.get("/wmts/nothing?service=WMTS&request=GetCapabilities")
    assert reported(answer) == (400, "InvalidParameterValue", "Layer")


def test_capabilities_are_kept(client: TestClient) -> None:
    """A client that has the document gets 304, and it travels compressed."""
    first = client.get("/wmts/1.0.0/WMTSCapabilities.xml")
    assert first.headers["content-encoding"] == "gzip"
    again = client.get(
        "/wmts/1.0.0/WMTSCapabilities.xml", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


def test_update_sequence(client: TestClient) -> None:
    """The current sequence gives the root alone, an older one all, a later one an exception."""
    asked = {"service": "WMTS", "request": "GetCapabilities"}
    current = ET.fromstring(kvp(client, asked).content).get("updateSequence")
    assert current is not None
    assert len(ET.fromstring(kvp(client, asked, updateSequence=current).content)) == 0
    assert layers(kvp(client, asked, updateSequence="0" + current[1:]))
    assert layers(kvp(client, asked, updateSequence="1.ffffffffffffffff"))
    later = kvp(client, asked, updateSequence="2" + current[1:])
    assert reported(later) == (400, "InvalidUpdateSequence", "updateSequence")


def test_negotiation(client: TestClient) -> None:
    """Only version 1.0.0 is spoken; sections choose parts of the document."""
    asked = {"service": "WMTS", "request": "GetCapabilities"}
    assert layers(kvp(client, asked, AcceptVersions="2.0.0,1.0.0"))
    refused = kvp(client, asked, AcceptVersions="2.0.0")
    assert reported(refused) == (400, "VersionNegotiationFailed", "acceptVersions")
    part = ET.fromstring(kvp(client, asked, Sections="ServiceIdentification").content)
    assert len(part) == 1
    unknown = kvp(client, asked, sections="Nothing")
    assert reported(unknown) == (400, "InvalidParameterValue", "sections")


@pytest.mark.parametrize(
    ("query", "code", "locator"),
    [
        ("", "MissingParameterValue", "request"),
        ("service", "MissingParameterValue", "request"),
        ("request=GetCapabilities", "MissingParameterValue", "service"),
        ("service=WMTS", "MissingParameterValue", "request"),
        ("service=WMS&request=GetCapabilities", "InvalidParameterValue", "service"),
        ("service=WMTS&request=GetMap", "InvalidParameterValue", "request"),
    ],
)
def test_bad_requests(client: TestClient, query: str, code: str, locator: str) -> None:
    """A request that is none says which part is."""
    assert reported(client.get(f"/wmts?{query}")) == (400, code, locator)


@pytest.mark.parametrize("time", [None, "1970-01-02T00:00:00Z"])
def test_same_picture_everywhere(client: TestClient, time: str | None) -> None:
    """KVP, REST and XYZ give the same bytes."""
    query = "" if time is None else f"?time={time}"
    by_kvp = kvp(client, TILE, time=time)
    by_rest = client.get(f"{REST}.png{query}")
    by_xyz = client.get(f"/tiles/sea/sst/2/3/1.png{query}")
    assert by_kvp.status_code == 200, by_kvp.text
    assert by_kvp.content == by_rest.content == by_xyz.content
    assert by_kvp.headers["etag"] == by_xyz.headers["etag"]
    image = Image.open(io.BytesIO(by_kvp.content))
    assert image.size == (256, 256)
    assert len(image.convert("RGBA").getcolors(65536)) > 1


def test_dimensions_change_the_picture(client: TestClient) -> None:
    """Another time or depth is another picture; names of dimensions have no case by KVP."""
    default = kvp(client, TILE).content
    assert kvp(client, TILE, TIME="1970-01-02").content != default
    assert kvp(client, TILE, DEPTH="50").content != default
    assert kvp(client, TILE, unknown="x").content == default


@pytest.mark.parametrize("time", ["default", "current", "{time}", "{Time}", "", LATEST])
def test_default_time(client: TestClient, time: str) -> None:
    """Words for the default, and a template left unfilled, mean the latest time."""
    answer = client.get(f"{REST}.png", params={"time": time})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-time"] == LATEST
    assert "warning" not in answer.headers


def test_nearest_time(client: TestClient) -> None:
    """The nearest step is used, and said."""
    answer = kvp(client, TILE, time="1970-01-02T07:00:00Z", depth="12")
    assert answer.headers["x-time"] == "1970-01-02T00:00:00Z"
    assert answer.headers["warning"] == (
        "99 Nearest value used: time=1970-01-02T00:00:00Z, depth=10"
    )


def test_period(client: TestClient) -> None:
    """A period is answered by its latest step."""
    answer = kvp(client, TILE, time="1970-01-01T00:00:00Z/1970-01-03T00:00:00Z/P1D")
    assert answer.headers["x-time"] == "1970-01-03T00:00:00Z"


@pytest.mark.parametrize("time", ["Bogus", "2024-13-45", "0000", "2100-01-01", "9" * 3000])
def test_bad_time(client: TestClient, time: str) -> None:
    """A time that is none, or far outside the axis, names the parameter."""
    assert reported(kvp(client, TILE, time=time)) == (400, "InvalidParameterValue", "time")
    assert client.get(f"{REST}.png?time={time}").status_code == 400


@pytest.mark.parametrize("name", [n for n in TILE if n not in ("service", "request")])
def test_missing_parameters(client: TestClient, name: str) -> None:
    """Each mandatory parameter is missed by its name."""
    status, code, locator = reported(kvp(client, TILE, **{name: None}))
    assert (status, code, (locator or "").lower()) == (400, "MissingParameterValue", name.lower())


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("version", "1.1.0", "InvalidParameterValue"),
        ("layer", "sea.nothing", "InvalidParameterValue"),
        ("layer", "../../etc", "InvalidParameterValue"),
        ("style", "nonesuch", "InvalidParameterValue"),
        ("style", "a\0b", "InvalidParameterValue"),
        ("style", "viridis:9:1", "InvalidParameterValue"),
        ("format", "image/gif", "InvalidParameterValue"),
        ("TileMatrixSet", "Nothing", "InvalidParameterValue"),
        ("TileMatrix", "999", "InvalidParameterValue"),
        ("TileMatrix", "x", "InvalidParameterValue"),
        ("TileRow", "4", "TileOutOfRange"),
        ("TileRow", "-1", "TileOutOfRange"),
        ("TileRow", "9" * 3000, "TileOutOfRange"),
        ("TileCol", "1e309", "InvalidParameterValue"),
        ("TileCol", "\u0663", "InvalidParameterValue"),
    ],
)
def test_bad_values(client: TestClient, name: str, value: str, code: str) -> None:
    """A value that cannot be used is told with its parameter."""
    status, found, locator = reported(kvp(client, TILE, **{name: value}))
    assert (status, found, (locator or "").lower()) == (400, code, name.lower())


def test_limits_are_honoured(client: TestClient) -> None:
    """A tile of the set that lies beyond the layer's limits is out of range."""
    zoom_8 = {"layer": "utm.height", "style": "viridis", "TileMatrix": "8"}
    outside = kvp(client, TILE, **zoom_8, TileRow="91", TileCol="0")
    assert reported(outside) == (400, "TileOutOfRange", "TileCol")
    inside = kvp(client, TILE, **zoom_8, TileRow="91", TileCol="129")
    assert inside.status_code == 200, inside.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("sea.nothing/plasma/WebMercatorQuad/2/1/3.png", 404),
        ("sea.sst/nonesuch/WebMercatorQuad/2/1/3.png", 404),
        ("sea.sst/plasma/Nothing/2/1/3.png", 404),
        ("sea.sst/plasma/WebMercatorQuad/99/1/3.png", 404),
        ("sea.sst/plasma/WebMercatorQuad/2/1/4.png", 404),
        ("sea.sst/plasma/WebMercatorQuad/2/1/3.gif", 404),
        ("sea.sst/plasma/WebMercatorQuad/2/1/x.png", 400),
        ("sea.sst/plasma/WebMercatorQuad/2/1/3/0/256.txt", 404),
        ("sea.sst/plasma/WebMercatorQuad/2/1/3/0/0.xml", 404),
        ("..%2f..%2fetc/plasma/WebMercatorQuad/2/1/3.png", 404),
        ("sea.sst/%00/WebMercatorQuad/2/1/3.png", 404),
        ("sea.sst/..%5c/WebMercatorQuad/2/1/3.png", 404),
        ("sea.sst/plasma/WebMercatorQuad/2/1/3.png?time=%00", 400),
    ],
)
def test_rest_errors(client: TestClient, path: str, status: int) -> None:
    """By REST an error is plain HTTP, told as problem details."""
    answer = client.get(f"/wmts/1.0.0/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("image/png", 200),
        ("text/html,image/*;q=0.5", 200),
        ("*/*", 200),
        ("text/html", 406),
        ("image/png;q=0, text/html", 406),
    ],
)
def test_accept(client: TestClient, accept: str, status: int) -> None:
    """By REST a client that takes no PNG is told so."""
    assert client.get(f"{REST}.png", headers={"Accept": accept}).status_code == status


def test_feature_info(client: TestClient) -> None:
    """Feature info is the value of the cell under the pixel, as /point tells it."""
    [feature] = json.loads(kvp(client, INFO).content)["features"]
    lon, lat = feature["geometry"]["coordinates"]
    northing = math.pi * (1 - 2 * (256 + 20.5) / 1024)
    assert lon == pytest.approx(90 + 90 * 10.5 / 256)
    assert lat == pytest.approx(math.degrees(math.atan(math.sinh(northing))))
    properties = feature["properties"]
    assert properties["time"] == LATEST
    assert properties["units"] == "°C"
    point = client.get(f"/point/sea/sst?lon={lon}&lat={lat}").json()
    assert properties["value"] == point["value"]


@pytest.mark.parametrize(
    ("media_type", "suffix"),
    [("text/plain", "txt"), ("application/json", "json"), ("text/html", "html")],
)
def test_feature_info_formats(client: TestClient, media_type: str, suffix: str) -> None:
    """Every format comes with its very media type and length, by KVP and by REST alike."""
    by_kvp = kvp(client, INFO, InfoFormat=media_type)
    by_rest = client.get(f"{REST}/20/10.{suffix}?time={LATEST}&depth=0")
    assert by_kvp.content == by_rest.content
    for answer in (by_kvp, by_rest):
        assert answer.headers["content-type"] == media_type
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("changes", "status", "code", "locator"),
    [
        ({"I": "256"}, 400, "TileOutOfRange", "I"),
        ({"J": "-1"}, 400, "TileOutOfRange", "J"),
        ({"I": "x"}, 400, "InvalidParameterValue", "I"),
        ({"I": None}, 400, "MissingParameterValue", "I"),
        ({"InfoFormat": None}, 400, "MissingParameterValue", "InfoFormat"),
        ({"InfoFormat": "text/xml"}, 400, "InvalidParameterValue", "InfoFormat"),
        ({"time": "Bogus"}, 400, "InvalidParameterValue", "time"),
    ],
)
def test_feature_info_errors(
    client: TestClient, changes: dict[str, str], status: int, code: str, locator: str
) -> None:
    """What cannot be told of a pixel is an exception; FORMAT may be left out, as QGIS does."""
    assert reported(kvp(client, INFO, format=None, **changes)) == (status, code, locator)


def test_feature_info_without_format(client: TestClient) -> None:
    """FORMAT may be left out of GetFeatureInfo, as QGIS does."""
    assert kvp(client, INFO, format=None).status_code == 200


def test_styles(client: TestClient) -> None:
    """Any colormap is a style, with a range behind it; none, or `default`, is the layer's own."""
    own = kvp(client, TILE).content
    assert kvp(client, TILE, style="").content == own
    assert kvp(client, TILE, style="default").content == own
    other = kvp(client, TILE, style="viridis:0:100").content
    assert other not in (own, kvp(client, TILE, style="viridis").content)
    same = client.get("/tiles/sea/sst/2/3/1.png?colormap_name=viridis&rescale=0,100")
    assert other == same.content


def test_legend(client: TestClient) -> None:
    """The legend has the size that capabilities tell, whatever a client appends to its address."""
    root = ET.fromstring(client.get("/wmts/1.0.0/WMTSCapabilities.xml").content)
    legend = root.find("Contents/Layer/Style/LegendURL", NAMES)
    assert legend is not None
    href = legend.get("{http://www.w3.org/1999/xlink}href")
    answer = client.get(f"{href}?SERVICE=WMS&REQUEST=GetLegendGraphic&LAYER=x")
    assert answer.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (int(legend.get("width", 0)), int(legend.get("height", 0)))


def test_not_modified(client: TestClient) -> None:
    """A tile that the client has is 304, with the time that it shows."""
    etag = kvp(client, TILE).headers["etag"]
    again = client.get(f"{REST}.png", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.headers["x-time"] == LATEST


def test_a_broken_dataset(client: TestClient) -> None:
    """A dataset that cannot be opened is a report of its own and is in no document."""
    assert reported(kvp(client, TILE, layer="broken.x"))[:2] == (502, "NoApplicableCode")


def test_methods(client: TestClient) -> None:
    """HEAD is as GET without the body; POST is not allowed."""
    head = client.head(f"{REST}.png")
    assert head.status_code == 200
    assert not head.content
    assert client.post("/wmts", content="<GetCapabilities/>").status_code == 405
