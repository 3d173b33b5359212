"""What ArcGIS Pro, ArcGIS Online and old portals ask of a WMS, as they write it.

None of them runs here: these requests follow what is seen in servers' logs.
"""

import io
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.clients.cubes import GULF
from tests.clients.picture import fetch_picture, plain

LAYER = f"{GULF}.temp"
TILE = f"/tiles/{GULF}/temp/5/20/13.png?time=2024-03-02"
MERCATOR = "5009377.085697311,2504688.542848655,6261721.357121638,3757032.814272984"
# ArcGIS Pro writes the parameters in this order, and more than the standard knows.
PRO = {
    "REQUEST": "GetMap", "SERVICE": "WMS", "VERSION": "1.3.0", "LAYERS": LAYER, "STYLES": "",
    "FORMAT": "image/png", "BGCOLOR": "0xFEFFFF", "TRANSPARENT": "TRUE", "CRS": "EPSG:102100",
    "BBOX": MERCATOR, "WIDTH": "256", "HEIGHT": "256", "EXCEPTIONS": "INIMAGE", "DPI": "96",
    "MAP_RESOLUTION": "96", "FORMAT_OPTIONS": "dpi:96", "TIME": "2024-03-02T00:00:00.000Z",
}  # fmt: skip
ONLINE = {
    "SERVICE": "WMS", "REQUEST": "GetMap", "FORMAT": "image/png", "TRANSPARENT": "TRUE",
    "STYLES": "", "VERSION": "1.3.0", "LAYERS": LAYER, "WIDTH": "256", "HEIGHT": "256",
    "CRS": "EPSG:3857", "BBOX": MERCATOR,
    "TIME": "2024-03-02T00:00:00.000Z,2024-03-02T00:00:00.000Z",
}  # fmt: skip
OLD = {
    "SERVICE": "WMS", "VERSION": "1.1.1", "REQUEST": "GetMap", "LAYERS": LAYER, "STYLES": "",
    "SRS": "EPSG:900913", "BBOX": MERCATOR, "WIDTH": "256", "HEIGHT": "256",
    "FORMAT": "image/png", "TRANSPARENT": "true", "REASPECT": "false", "TILED": "true",
    "EXCEPTIONS": "application/vnd.ogc.se_inimage", "time": "2024-03-02",
}  # fmt: skip


def ask(base: str, query: dict[str, str]) -> httpx.Response:
    return httpx.get(f"{base}/wms", params=query, trust_env=False)


def picture(answer: httpx.Response) -> NDArray[np.uint8]:
    assert answer.headers["content-type"] == "image/png", answer.text
    return plain(np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA")))


@pytest.mark.parametrize("query", [PRO, ONLINE, OLD], ids=["pro", "online", "old"])
def test_map(client_server: str, query: dict[str, str]) -> None:
    """The map is our tile there and then."""
    assert np.array_equal(picture(ask(client_server, query)), fetch_picture(client_server, TILE))


@pytest.mark.parametrize("code", ["EPSG:102100", "EPSG:102113", "EPSG:900913", "EPSG:3785"])
def test_names_of_mercator(client_server: str, code: str) -> None:
    """Web Mercator is known by all names that it had."""
    answer = ask(client_server, {**PRO, "CRS": code})
    assert np.array_equal(picture(answer), fetch_picture(client_server, TILE))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (PRO, "INIMAGE"),
        (PRO, "application/vnd.ogc.se_inimage"),
        (OLD, "application/vnd.ogc.se_inimage"),
    ],
)
def test_error_as_a_picture(client_server: str, query: dict[str, str], name: str) -> None:
    """An error comes as a picture of the size that was asked for, with something written on it."""
    answer = ask(client_server, {**query, "EXCEPTIONS": name, "LAYERS": "nothing.here"})
    shown = picture(answer)
    assert shown.shape == (256, 256, 4)
    assert len(np.unique(shown.reshape(-1, 4), axis=0)) > 1


@pytest.mark.parametrize(
    ("query", "name", "given"),
    [
        (PRO, "application/vnd.ogc.wms_xml", "text/xml"),
        (PRO, "application/vnd.ogc.se_xml", "text/xml"),
        (PRO, "text/xml", "text/xml"),
        (OLD, "application/vnd.ogc.wms_xml", "application/vnd.ogc.se_xml"),
    ],
)
def test_error_as_xml(client_server: str, query: dict[str, str], name: str, given: str) -> None:
    """By whatever name XML is asked for, it is an exception of the version."""
    answer = ask(client_server, {**query, "EXCEPTIONS": name, "LAYERS": "nothing.here"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].partition(";")[0] == given
    assert 'code="LayerNotDefined"' in answer.text


def test_identify(client_server: str) -> None:
    """A click tells the value as a page, which is what ArcGIS shows."""
    asked: dict[str, Any] = {
        **PRO, "REQUEST": "GetFeatureInfo", "QUERY_LAYERS": LAYER, "INFO_FORMAT": "text/html",
        "I": "128", "J": "128", "FEATURE_COUNT": "1000",
    }  # fmt: skip
    answer = ask(client_server, asked)
    assert answer.headers["content-type"].startswith("text/html")
    assert "°C" in answer.text
