"""MapProxy passes on what we draw, tell and explain by WMS, as a cascade of services does."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
import numpy as np
import pytest
import yaml
from PIL import Image

from tests.clients.cubes import GULF
from tests.clients.places import gulf_value

wsgiapp = pytest.importorskip("mapproxy.wsgiapp", reason="MapProxy is not installed")

TIME = "2024-03-05T00:00:00Z"
SIZE = (170, 140)
Ask = Callable[[dict[str, Any]], bytes]


@pytest.fixture(scope="module", params=["1.3.0", "1.1.1"])
def proxy(client_server: str, tmp_path_factory: pytest.TempPathFactory, request: Any) -> Ask:
    """MapProxy in front of a layer, asking by a version: what it answers to a query."""
    offered = {"version": request.param, "featureinfo": True, "legendgraphic": True}
    source = {
        "type": "wms",
        "wms_opts": {**offered, "featureinfo_format": "text/plain"},
        "supported_srs": ["EPSG:3857", "EPSG:4326"],
        "forward_req_params": ["time"],
        "req": {"url": f"{client_server}/wms?", "layers": f"{GULF}.temp", "transparent": True},
    }
    layer = {"name": "temp", "title": "Passed on", "sources": ["ours"]}
    layer["dimensions"] = {"time": {"values": [TIME], "default": TIME}}
    service = {"srs": ["EPSG:3857", "EPSG:4326"], "versions": ["1.3.0"], "md": {"title": "Proxy"}}
    told = {"services": {"wms": service}, "layers": [layer], "sources": {"ours": source}}
    config = tmp_path_factory.mktemp("proxy") / "mapproxy.yaml"
    config.write_text(yaml.safe_dump(told))
    app = wsgiapp.make_wsgi_app(str(config))
    return lambda query: answer(app, query)


def answer(app: Any, query: dict[str, Any]) -> bytes:
    """What a WSGI application has for a query."""
    told: list[str] = []
    environment = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/service",
        "QUERY_STRING": urlencode(query), "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
    }  # fmt: skip
    body = b"".join(app(environment, lambda status, headers, error=None: told.append(status)))
    assert told == ["200 OK"], body
    return body


def a_map(**more: Any) -> dict[str, Any]:
    """A map of the gulf, latitudes first."""
    about = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "temp"}
    about |= {"STYLES": "", "CRS": "EPSG:4326", "BBOX": "16,41,30,58", "FORMAT": "image/png"}
    return {**about, "WIDTH": SIZE[0], "HEIGHT": SIZE[1], "TRANSPARENT": "TRUE", **more}


@pytest.mark.parametrize(
    "place",
    [
        {"CRS": "EPSG:4326", "BBOX": "16,41,30,58"},
        {"CRS": "EPSG:3857", "BBOX": "4500000,1800000,6200000,3200000"},
    ],
)
def test_map(proxy: Ask, client_server: str, place: dict[str, str]) -> None:
    """The map is ours to the pixel, at the time that is asked for."""
    query = a_map(TIME=TIME, **place)
    passed = Image.open(io.BytesIO(proxy(query))).convert("RGBA")
    ours = httpx.get(
        f"{client_server}/wms", params={**query, "LAYERS": f"{GULF}.temp"}, trust_env=False
    )
    expected = np.asarray(Image.open(io.BytesIO(ours.content)).convert("RGBA"))
    assert len(np.unique(expected.reshape(-1, 4), axis=0)) > 20
    assert np.array_equal(np.asarray(passed), expected)


def test_value(proxy: Ask, client_data: Path) -> None:
    """So is the value at a pixel; MapProxy hands on no time there."""
    asked = {"QUERY_LAYERS": "temp", "I": 20, "J": 20, "INFO_FORMAT": "text/plain"}
    told = proxy(a_map(REQUEST="GetFeatureInfo", **asked)).decode()
    value = gulf_value(client_data, "2024-03-06", 0, (43.05, 27.95))
    assert f"{value:.7g} °C" in told


def test_legend(proxy: Ask) -> None:
    """And the legend."""
    query = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetLegendGraphic", "LAYER": "temp"}
    legend = Image.open(io.BytesIO(proxy({**query, "FORMAT": "image/png", "SLD_VERSION": "1.1.0"})))
    assert len(legend.convert("RGB").getcolors(1 << 20)) > 20
