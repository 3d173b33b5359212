"""Exception reports of KVP, clause by clause: OGC 07-057r7, tables 23 and 26; OGC 06-121r9, 8."""

from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.http.ogc.wmts_client import INFO, TILE, Report, kvp, reported

SCHEMAS = Path(__file__).parents[4] / "shared" / "data" / "wmts-xsd"
LONG = "9" * 4096
FAR = "7" * 12
MISSING, INVALID, RANGE = "MissingParameterValue", "InvalidParameterValue", "TileOutOfRange"
# Every parameter of both operations that has to be there, as the standard spells it.
TILE_PARAMETERS = [
    *("service", "request", "version", "Layer", "Style", "Format"),
    *("TileMatrixSet", "TileMatrix", "TileRow", "TileCol"),
]
INFO_PARAMETERS = [name for name in TILE_PARAMETERS if name != "Format"] + ["InfoFormat", "I", "J"]
OPERATIONS = {"GetTile": TILE, "GetFeatureInfo": INFO}

BAD_IN_BOTH: list[tuple[str, str, str]] = [
    ("service", "WMS", INVALID),
    ("request", "GetMap", INVALID),
    ("request", "GetTile ", INVALID),
    ("version", "1.1.0", INVALID),
    ("version", "1.0", INVALID),
    ("Layer", "nothing", INVALID),
    ("Layer", "sea", INVALID),
    ("Layer", "sea.", INVALID),
    ("Layer", "sea.nothing", INVALID),
    ("Layer", "SEA.SST", INVALID),
    ("Layer", "../../etc/passwd", INVALID),
    ("Layer", "sea.sst\0", INVALID),
    ("Layer", "sea._", INVALID),
    ("Layer", LONG, INVALID),
    ("Style", "nonesuch", INVALID),
    ("Style", "a\0b", INVALID),
    ("Style", "viridis:9:1", INVALID),
    ("Style", "viridis:5:5", INVALID),
    ("Style", "viridis:nan:inf", INVALID),
    ("Style", "viridis:1", INVALID),
    ("Style", "viridis:1e309:2", INVALID),
    ("Style", "../viridis", INVALID),
    ("Format", "image/gif", INVALID),
    ("Format", "png", INVALID),
    ("Format", "image/png; mode=8bit", INVALID),
    ("TileMatrixSet", "Nothing", INVALID),
    ("TileMatrixSet", "UTM31WGS84Quad", INVALID),
    ("TileMatrixSet", "webmercatorquad", INVALID),
    ("TileMatrix", "x", INVALID),
    ("TileMatrix", "999", INVALID),
    ("TileMatrix", "-1", INVALID),
    ("TileMatrix", "02", INVALID),
    ("TileMatrix", "2.0", INVALID),
    ("TileMatrix", LONG, INVALID),
    ("TileRow", "x", INVALID),
    ("TileRow", "1.5", INVALID),
    ("TileRow", "1e309", INVALID),
    ("TileRow", "\u0663", INVALID),
    ("TileRow", "4", RANGE),
    ("TileRow", "-1", RANGE),
    ("TileRow", FAR, RANGE),
    ("TileRow", LONG, RANGE),
    ("TileCol", "x", INVALID),
    ("TileCol", "nan", INVALID),
    ("TileCol", "0x3", INVALID),
    ("TileCol", "4", RANGE),
    ("TileCol", "-1", RANGE),
    ("TileCol", LONG, RANGE),
    ("time", "Bogus", INVALID),
    ("time", "2100-01-01", INVALID),
    ("time", LONG, INVALID),
    ("depth", "shallow", INVALID),
    ("depth", "9999", INVALID),
    ("depth", "1e309", INVALID),
    ("depth", "nan", INVALID),
]
BAD_IN_INFO: list[tuple[str, str, str]] = [
    ("InfoFormat", "text/xml", INVALID),
    ("InfoFormat", "application/vnd.ogc.gml", INVALID),
    ("InfoFormat", "TEXT/HTML", INVALID),
    ("InfoFormat", "text/html;charset=utf-8", INVALID),
    ("I", "x", INVALID),
    ("I", "1.5", INVALID),
    ("I", "256", RANGE),
    ("I", "-1", RANGE),
    ("I", LONG, RANGE),
    ("J", "\u0663", INVALID),
    ("J", "256", RANGE),
    ("J", "-1", RANGE),
]


@pytest.mark.parametrize("value", [None, ""], ids=["left out", "empty"])
@pytest.mark.parametrize(
    ("operation", "name"),
    [
        *(("GetTile", name) for name in TILE_PARAMETERS),
        *(("GetFeatureInfo", name) for name in INFO_PARAMETERS),
    ],
)
def test_missing(memory: TestClient, operation: str, name: str, value: str | None) -> None:
    """A parameter that has to be there, but is not or has no value, is named."""
    answer = kvp(memory, OPERATIONS[operation], **{name: value})
    if (name, value) == ("Style", ""):  # the layer's own
        assert answer.status_code == 200
    else:
        assert reported(answer) == (400, MISSING, name)


@pytest.mark.parametrize(
    ("operation", "name", "value", "code"),
    [
        *(("GetTile", *each) for each in BAD_IN_BOTH),
        *(("GetFeatureInfo", *each) for each in BAD_IN_BOTH + BAD_IN_INFO),
    ],
)
def test_invalid(memory: TestClient, operation: str, name: str, value: str, code: str) -> None:
    """A value that cannot be used is told with its parameter, as the standard spells that."""
    assert reported(kvp(memory, OPERATIONS[operation], **{name: value})) == (400, code, name)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (400, MISSING, "request")),
        ("service", (400, MISSING, "request")),
        ("service&request", (400, MISSING, "request")),
        ("request=GetCapabilities", (400, MISSING, "service")),
        ("a=b", (400, MISSING, "service")),
        ("service=WMTS", (400, MISSING, "request")),
        ("service=WMS&request=GetCapabilities", (400, INVALID, "service")),
        ("service=WMTS&request=GetLegendGraphic", (400, INVALID, "request")),
        ("service=WMTS&request=", (400, MISSING, "request")),
    ],
)
def test_requests(memory: TestClient, query: str, expected: Report) -> None:
    """A request that is none says which part is."""
    assert reported(memory.get(f"/wmts?{query}")) == expected


@pytest.mark.parametrize(
    ("parameters", "code", "locator"),
    [
        ({"AcceptVersions": "2.0.0"}, "VersionNegotiationFailed", None),
        ({"acceptversions": "1.0,1.0.0.0"}, "VersionNegotiationFailed", None),
        ({"updateSequence": "2"}, "InvalidUpdateSequence", None),
        ({"Sections": "Nothing"}, INVALID, "sections"),
        ({"SECTIONS": "Contents,Nothing"}, INVALID, "sections"),
    ],
)
def test_get_capabilities(
    memory: TestClient, parameters: dict[str, str], code: str, locator: str | None
) -> None:
    """What GetCapabilities cannot agree on has a code of its own, and no locator."""
    asked = {"service": "WMTS", "request": "GetCapabilities"}
    assert reported(kvp(memory, asked, **parameters)) == (400, code, locator)


def test_a_broken_dataset(memory: TestClient) -> None:
    """A dataset that cannot be opened is no fault of the request."""
    assert reported(kvp(memory, TILE, Layer="broken.x")) == (502, "NoApplicableCode", None)


def test_layers_of_another_dataset(memory: TestClient) -> None:
    """The address of one dataset knows its layers alone."""
    asked = "&".join(f"{name}={quote(value)}" for name, value in TILE.items())
    assert memory.get(f"/wmts/sea?{asked}").status_code == 200
    assert reported(memory.get(f"/wmts/utm?{asked}")) == (400, INVALID, "Layer")


def test_too_many_parameters(memory: TestClient) -> None:
    """Two hundred parameters are refused before they are looked at."""
    extra = {f"p{n}": "1" for n in range(200)}
    assert reported(kvp(memory, TILE | extra)) == (400, INVALID, None)


@pytest.mark.parametrize("operation", [TILE, INFO])
def test_a_head(memory: TestClient, operation: dict[str, str]) -> None:
    """HEAD is as GET without the body, of what is good and of what is not."""
    for changes in ({}, {"TileRow": "9"}):
        asked = "&".join(f"{k}={quote(v)}" for k, v in (operation | changes).items())
        get, head = memory.get(f"/wmts?{asked}"), memory.head(f"/wmts?{asked}")
        assert head.status_code == get.status_code
        assert not head.content
        for name in ("content-type", "content-length", "x-time"):
            assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize("path", ["/wmts", "/wmts/sea"])
@pytest.mark.parametrize(
    "body",
    [
        '<GetTile xmlns="http://www.opengis.net/wmts/1.0"/>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ],
)
def test_post(memory: TestClient, path: str, body: str) -> None:
    """POST is not taken, and what it holds is not read."""
    answer = memory.post(path, content=body, headers={"Content-Type": "text/xml"})
    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["allow"].split(",")} == {"GET", "HEAD"}
    assert "root:" not in answer.text


def test_options(memory: TestClient) -> None:
    """Browsers may ask whether they may ask."""
    answer = memory.options("/wmts")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the OGC schemas are not at ../shared/data")
@pytest.mark.parametrize(
    "changes",
    [
        {"Layer": "<&\"'>\0\ufffe"},
        {"Layer": None},
        {"time": "\U0001f600" * 100},
        {"TileRow": "99"},
        {"Layer": "broken.x"},
    ],
)
def test_valid_reports(memory: TestClient, changes: dict[str, str | None]) -> None:
    """Reports are valid by the schema of OWS 1.1, whatever the request held."""
    schema = etree.XMLSchema(file=str(SCHEMAS / "ows/1.1.0/owsAll.xsd"))
    schema.assertValid(etree.fromstring(kvp(memory, TILE, **changes).content))
