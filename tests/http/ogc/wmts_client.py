"""Requests of WMTS and what is read from the answers, for the tests."""

import xml.etree.ElementTree as ET
from urllib.parse import urlencode

import httpx2 as httpx
from starlette.testclient import TestClient

NAMES = {"": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
SERVICE = {"service": "WMTS", "request": "GetTile", "version": "1.0.0"}
TILE = SERVICE | {
    "Layer": "sea.sst",
    "Style": "plasma",
    "Format": "image/png",
    "TileMatrixSet": "WebMercatorQuad",
    "TileMatrix": "2",
    "TileRow": "1",
    "TileCol": "3",
}
INFO = TILE | {"request": "GetFeatureInfo", "InfoFormat": "application/json", "I": "10", "J": "20"}
REST = "/wmts/1.0.0/sea.sst/plasma/WebMercatorQuad/2/1/3"
LATEST = "1970-01-05T00:00:00Z"  # of sea.sst

Report = tuple[int, str | None, str | None]  # status, exceptionCode, locator


def kvp(client: TestClient, parameters: dict[str, str], **changes: str | None) -> httpx.Response:
    """The answer to parameters, some of them changed, or left out if None; a changed one may be
    spelt in another case."""
    lowered = {name.lower() for name in changes}
    kept = {k: v for k, v in parameters.items() if k.lower() not in lowered}
    asked = kept | {k: v for k, v in changes.items() if v is not None}
    return client.get(f"/wmts?{urlencode(asked)}")


def reported(response: httpx.Response) -> Report:
    """What an exception report says; that it is one."""
    assert response.headers["content-type"] == "application/xml", response.text
    assert response.headers["cache-control"] == "no-store"
    root = ET.fromstring(response.content)
    assert root.tag == f"{{{NAMES['ows']}}}ExceptionReport"
    assert root.get("version") == "1.1.0"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    [exception] = root.findall("ows:Exception", NAMES)
    assert exception.findtext("ows:ExceptionText", "", NAMES)
    return response.status_code, exception.get("exceptionCode"), exception.get("locator")


def problem(response: httpx.Response) -> int:
    """The status of an error by REST; that it is problem details."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["status"] == response.status_code
    assert response.json()["detail"]
    return response.status_code


def layer_of(client: TestClient, name: str) -> ET.Element:
    """The element of a layer in the capabilities."""
    root = ET.fromstring(client.get("/wmts/1.0.0/WMTSCapabilities.xml").content)
    found = root.findall("Contents/Layer", NAMES)
    return next(each for each in found if each.findtext("ows:Identifier", "", NAMES) == name)
