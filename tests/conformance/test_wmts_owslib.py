"""WMTS as OWSLib sees it, over HTTP."""

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from owslib.util import ServiceException
from owslib.wmts import WebMapTileService
from PIL import Image

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

TILE = {
    "layer": "sea.sst",
    "style": "plasma",
    "format": "image/png",
    "tilematrixset": "WorldCRS84Quad",
    "tilematrix": "1",
    "row": 0,
    "column": 1,
}

# Of OWSLib's own making: it asks lxml elements whether they are true.
pytestmark = pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning")


@contextmanager
def running() -> Iterator[str]:
    """A server on a free port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(Settings(), catalog), log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(scope="module")
def service(base: str) -> WebMapTileService:
    return WebMapTileService(f"{base}/wmts")


def test_capabilities(service: WebMapTileService) -> None:
    """OWSLib reads layers, dimensions, styles, formats and boxes."""
    sst = service["sea.sst"]
    assert service.identification.type == "OGC WMTS"
    assert not service.restonly
    assert list(sst.styles) == ["plasma"]
    assert sst.formats == ["image/png"]
    assert sst.dimensions["time"]["values"][0] == "1970-01-01T00:00:00Z"
    assert sst.dimensions["depth"]["default"] == "0"
    assert sst.boundingBoxWGS84 == (-180.0, -90.0, 180.0, 90.0)
    assert list(sst.tilematrixsetlinks) == ["WebMercatorQuad", "WorldCRS84Quad"]


@pytest.mark.parametrize("dims", [{}, {"time": "1970-01-02T00:00:00Z", "depth": "10"}])
def test_tile(service: WebMapTileService, dims: dict[str, str]) -> None:
    """A tile by KVP, at the default and at chosen dimensions."""
    answer = service.gettile(**TILE, **dims)
    assert answer.info()["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.read())).size == (256, 256)


def test_template(service: WebMapTileService) -> None:
    """OWSLib fills the REST template, every dimension a variable of it."""
    dims = {"time": "1970-01-02T00:00:00Z", "depth": "10"}
    templates = service["sea.sst"].resourceURLs
    tiles = [each for each in templates if each["resourceType"] == "tile"]
    assert len(tiles) == 1
    service["sea.sst"].resourceURLs = tiles
    url = service.buildTileResource(**TILE, **dims)
    assert url.endswith(
        "/wmts/1.0.0/sea.sst/plasma/WorldCRS84Quad/1/0/1.png?time=1970-01-02T00:00:00Z&depth=10"
    )


def test_exception(service: WebMapTileService) -> None:
    """A tile that is not there is a ServiceException."""
    with pytest.raises(ServiceException, match="TileRow is 0 to 1"):
        service.gettile(**{**TILE, "row": 99})


def test_title_case(base: str) -> None:
    """Content-Type is sent as it is spelt, which the OGC compliance tests look for."""
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"GET /wmts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert b"\r\nContent-Type: application/xml\r\n" in answer
    assert answer.count(b"ontent-") == answer.lower().count(b"content-")
