"""A client of WMS over a catalogue in memory, and what it asks for."""

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2 as httpx
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

OGC = "{http://www.opengis.net/ogc}"
MAP = {
    "SERVICE": "WMS",
    "VERSION": "1.3.0",
    "REQUEST": "GetMap",
    "LAYERS": "sea.sst",
    "STYLES": "",
    "CRS": "EPSG:3857",
    "BBOX": "-2e7,-1e7,1e7,1e7",
    "WIDTH": "60",
    "HEIGHT": "40",
    "FORMAT": "image/png",
    "TRANSPARENT": "TRUE",
}
OLD = {k: v for k, v in MAP.items() if k != "CRS"} | {"VERSION": "1.1.1", "SRS": "EPSG:3857"}
LAST = "1970-01-05T00:00:00Z"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog), "http://localhost") as client:
        yield client


def ask(client: TestClient, asked: dict[str, str], **changes: str | None) -> httpx.Response:
    """With some parameters changed, or without those that are None."""
    known = {k: v for k, v in (asked | changes).items() if v is not None}
    return client.get(f"/wms?{urlencode(known)}")


def reported(answer: httpx.Response) -> tuple[int, str | None]:
    """The status and the exception's code, as the version of the request writes it."""
    root = ET.fromstring(answer.content)
    is_old = answer.headers["content-type"] == "application/vnd.ogc.se_xml"
    assert is_old or answer.headers["content-type"] == "text/xml"
    assert root.get("version") == ("1.1.1" if is_old else "1.3.0")
    assert answer.headers["cache-control"] == "no-store"
    found = root.find("ServiceException" if is_old else f"{OGC}ServiceException")
    assert found is not None
    assert found.text
    return answer.status_code, found.get("code")


def image(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def pixels(answer: httpx.Response) -> np.ndarray:
    return np.asarray(image(answer).convert("RGBA"))
