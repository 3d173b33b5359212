"""QGIS sees what is kept to some by a key as its password, or by a signed address; else nothing."""

from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.clients.conftest import PrivateServer
from tests.clients.cubes import GULF
from tests.clients.document import Document
from tests.clients.picture import fetch_picture, plain
from tests.clients.qgis import Visit, visit

LAYER, TILE = f"{GULF}.temp", (6, 41, 27)
PROTOCOLS = ("wmts", "wms", "xyz")


def source(protocol: str, base: str) -> str:
    """A layer's address as QGIS's provider reads it."""
    if protocol == "xyz":
        template = f"{base}/tiles/{GULF}/temp/{{z}}/{{x}}/{{y}}.png"
        return f"type=xyz&zmin=0&zmax=10&url={quote(template, safe='')}"
    about = f"contextualWMSLegend=0&crs=EPSG:3857&format=image/png&layers={LAYER}&dpiMode=7"
    if protocol == "wms":
        return f"{about}&styles=&url={quote(f'{base}/wms/{GULF}')}"
    capabilities = f"{base}/wmts/{GULF}/1.0.0/WMTSCapabilities.xml"
    fixed = "styles=viridis:0:40&tileMatrixSet=WebMercatorQuad&tileDimensions=depth%3D0"
    return f"{about}&{fixed}&url={quote(capabilities)}"


@pytest.fixture(scope="module")
def bounds(client_server: str) -> list[float]:
    """Of the tile that is drawn."""
    return Document.of(client_server).tile_bounds("WebMercatorQuad", *TILE)


@pytest.fixture(scope="module")
def qgis(
    private_server: PrivateServer,
    bounds: list[float],
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """One visit, in which all is tried."""
    url, views = private_server.url, {"now": {"bounds": bounds, "size": [256, 256], "frame": None}}
    jobs: dict[str, dict[str, Any]] = {}
    for protocol in PROTOCOLS:
        job = {"source": source(protocol, url), "views": views}
        jobs[f"{protocol} by none"] = job
        jobs[f"{protocol} by another"] = {**job, "password": private_server.other}
        jobs[f"{protocol} by configuration"] = {**job, "password": private_server.key}
        jobs[f"{protocol} by source"] = {**job, "password": private_server.key, "user": "key"}
        jobs[f"{protocol} by signature"] = {
            **job,
            "source": source(protocol, private_server.signed),
        }
    definition = f"{private_server.signed}/wmts/{GULF}/temp.qlr"
    jobs["definition by signature"] = {"open": definition, "views": views}
    return visit(jobs, tmp_path_factory.mktemp("qgis"))


@pytest.fixture(scope="module")
def tile(client_server: str) -> NDArray[np.uint8]:
    """The same tile of a server that shows it to all."""
    z, x, y = TILE
    return fetch_picture(client_server, f"/tiles/{GULF}/temp/{z}/{x}/{y}.png")


@pytest.mark.parametrize("way", ["configuration", "source", "signature"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_may_sees_it(qgis: Visit, tile: NDArray[np.uint8], protocol: str, way: str) -> None:
    """The pixels are those of a public layer."""
    assert qgis.facts[f"{protocol} by {way}"]["loaded"]
    seen = plain(qgis.picture(f"{protocol} by {way}", "now"))
    np.testing.assert_array_equal(seen, tile)


@pytest.mark.parametrize("way", ["none", "another"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_may_not_sees_nothing(qgis: Visit, protocol: str, way: str) -> None:
    """No layer, or one without a picture."""
    seen = qgis.facts[f"{protocol} by {way}"]
    if seen["loaded"]:
        assert qgis.picture(f"{protocol} by {way}", "now")[..., 3].max() == 0


def test_signed_definition_opens(qgis: Visit, tile: NDArray[np.uint8]) -> None:
    """A layer file below a signed address leads below it, so that it needs no key."""
    seen = qgis.facts["definition by signature"]
    assert seen["layers"] == [["Gulf & <bay> Ω: Temperature", True, True]]
    assert all("/signed/" in address for address in seen["asked"])
    np.testing.assert_array_equal(plain(qgis.picture("definition by signature", "now")), tile)


def test_key_is_in_no_address(qgis: Visit, private_server: PrivateServer) -> None:
    """QGIS sends it as a header, so that no log has it."""
    asked = [address for seen in qgis.facts.values() for address in seen.get("asked", [])]
    assert len(asked) > 10
    assert [address for address in asked if private_server.key in address] == []
