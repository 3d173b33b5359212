"""GDAL, rasterio and OWSLib see what is kept to some: with a key, or by a signed address."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from owslib.util import Authentication, ServiceException
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
from PIL import Image
from requests import HTTPError

from tests.clients.conftest import PrivateServer
from tests.clients.cubes import GULF
from tests.clients.picture import fetch_picture, plain
from tests.clients.qgis import PYTHON, is_there

PROGRAM = Path(__file__).parent / "programs" / "gdal_reader.py"
WITHIN_S = 60
LAYER, TILE = f"{GULF}.temp", (3, 5, 3)
WAYS = ("password", "header", "signature")
KINDS = ("description", "wmts")

# Of OWSLib's own making: it asks lxml elements whether they are true.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]


def options(way: str, key: str) -> dict[str, str]:
    """GDAL's settings by which it says who asks."""
    if way == "password":
        return {"GDAL_HTTP_USERPWD": f"key:{key}"}
    return {"GDAL_HTTP_HEADERS": f"Authorization: Bearer {key}"} if way == "header" else {}


def opened(kind: str, base: str) -> str:
    """What GDAL opens."""
    if kind == "description":
        return f"{base}/wmts/{GULF}/temp.xml"
    capabilities = f"{base}/wmts/{GULF}/1.0.0/WMTSCapabilities.xml"
    return f"WMTS:{capabilities},layer={LAYER},tilematrixset=WebMercatorQuad,tilematrix=3"


@pytest.fixture(scope="module")
def gdal(
    client_server: str, private_server: PrivateServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, dict[str, Any]], Path]:
    """What GDAL reads in each way, and where its pixels are."""
    if not is_there("osgeo"):
        pytest.skip(f"no GDAL for {PYTHON} here: apt-get install python3-gdal")
    folder, url = tmp_path_factory.mktemp("gdal"), private_server.url
    jobs = {}
    for kind in KINDS:
        jobs[f"{kind} public"] = {"open": opened(kind, client_server)}
        jobs[f"{kind} none"] = {"open": opened(kind, url), "may_fail": True}
        wrong = options("header", private_server.other)
        jobs[f"{kind} other"] = {"open": opened(kind, url), "options": wrong, "may_fail": True}
        for way in WAYS:
            base = private_server.signed if way == "signature" else url
            asked = options(way, private_server.key)
            jobs[f"{kind} {way}"] = {"open": opened(kind, base), "options": asked}
    for number, job in enumerate(jobs.values()):
        # What one caller was shown GDAL would show the next.
        job["options"] = job.get("options", {}) | {"GDAL_DEFAULT_WMS_CACHE_PATH": f"{number}"}
    done = subprocess.run(
        [PYTHON, str(PROGRAM), str(folder)],
        input=json.dumps(list(jobs.values())),
        cwd=folder,
        capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(jobs, json.loads(done.stdout)["seen"], strict=True)), folder


def pixels(gdal: tuple[dict[str, dict[str, Any]], Path], name: str) -> NDArray[np.uint8]:
    """(bands, height, width) uint8."""
    facts, folder = gdal
    return np.load(folder / f"{list(facts).index(name)}.npy")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_gdal_sees_it(gdal: tuple[dict[str, dict[str, Any]], Path], kind: str, way: str) -> None:
    """The pixels are those of a public layer."""
    seen = pixels(gdal, f"{kind} {way}")
    assert len(np.unique(seen)) > 10
    np.testing.assert_array_equal(seen, pixels(gdal, f"{kind} public"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("description none", "401"),
        ("description other", "403"),
        # GDAL looks into the report of the error for layers.
        ("wmts none", "Missing Capabilities"),
        ("wmts other", "Missing Capabilities"),
    ],
)
def test_gdal_is_told(gdal: tuple[dict[str, dict[str, Any]], Path], name: str, said: str) -> None:
    """Who may not see it gets an error, not an empty picture."""
    assert said in gdal[0][name]["error"]


@pytest.mark.parametrize("way", ["password", "header"])
def test_rasterio(
    client_server: str, private_server: PrivateServer, tmp_path: Path, way: str
) -> None:
    """By settings of GDAL in an environment of rasterio."""
    address = opened("description", private_server.url)
    told = options(way, private_server.key) | {"GDAL_DEFAULT_WMS_CACHE_PATH": str(tmp_path)}
    with rasterio.Env(**told), rasterio.open(address) as one:
        seen = one.read()
    with rasterio.open(opened("description", client_server)) as one:
        np.testing.assert_array_equal(seen, one.read())


def owslib_ways(key: str) -> list[dict[str, Any]]:
    """How OWSLib says who asks."""
    return [
        {"auth": Authentication(username="key", password=key)},
        {"headers": {"Authorization": f"Bearer {key}"}},
    ]


@pytest.mark.parametrize("way", [0, 1], ids=["password", "header"])
def test_owslib_wmts(client_server: str, private_server: PrivateServer, way: int) -> None:
    """Capabilities list the layer, and tiles come by them."""
    address = f"{private_server.url}/wmts/{GULF}/1.0.0/WMTSCapabilities.xml"
    service = WebMapTileService(address, **owslib_ways(private_server.key)[way])
    assert LAYER in service.contents
    z, x, y = TILE
    tile = service.gettile(
        layer=LAYER, tilematrixset="WebMercatorQuad", tilematrix=str(z), row=y, column=x,
        format="image/png",
    )  # fmt: skip
    path = f"/tiles/{GULF}/temp/{z}/{x}/{y}.png"
    np.testing.assert_array_equal(picture(tile.read()), fetch_picture(client_server, path))


@pytest.mark.parametrize("way", [0, 1], ids=["password", "header"])
def test_owslib_wms(client_server: str, private_server: PrivateServer, way: int) -> None:
    """Maps are those of a public layer."""
    maps = []
    for base, told in (
        (client_server, {}),
        (private_server.url, owslib_ways(private_server.key)[way]),
    ):
        service = WebMapService(f"{base}/wms", version="1.3.0", **told)
        drawn = service.getmap(
            layers=[LAYER], styles=[""], srs="CRS:84", bbox=(40, 15, 60, 31), size=(120, 96),
            format="image/png", transparent=True,
        )  # fmt: skip
        maps.append(picture(drawn.read()))
    np.testing.assert_array_equal(*maps)


def test_owslib_without_a_key(private_server: PrivateServer) -> None:
    """Lists nothing of the whole server, and is refused by the dataset."""
    assert list(WebMapService(f"{private_server.url}/wms", version="1.3.0").contents) == []
    with pytest.raises((ServiceException, HTTPError)):
        WebMapService(f"{private_server.url}/wms/{GULF}", version="1.3.0")


def picture(body: bytes) -> NDArray[np.uint8]:
    """(height, width, 4) uint8."""
    with Image.open(io.BytesIO(body)) as image:
        return plain(np.asarray(image.convert("RGBA")))
