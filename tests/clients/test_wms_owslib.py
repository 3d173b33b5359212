"""OWSLib reads what WMS tells of itself, and gets maps, values and legends by it."""

import io
import json
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from owslib.util import ServiceException
from owslib.wms import WebMapService
from PIL import Image
from pyproj import Transformer

from tests.clients.cubes import GULF
from tests.clients.places import PLACE, gulf_land, gulf_value

LAYER = f"{GULF}.temp"
VERSIONS = ("1.3.0", "1.1.1")
DEGREES = (38.0, 14.0, 62.0, 30.0)  # wider than the data, and not as high
PLACES = [
    ("1.3.0", "CRS:84"), ("1.3.0", "EPSG:4326"), ("1.3.0", "EPSG:3857"), ("1.3.0", "EPSG:3035"),
    ("1.1.1", "EPSG:4326"), ("1.1.1", "EPSG:3857"), ("1.1.1", "EPSG:900913"),
]  # fmt: skip
SIZE = (120, 80)
TIME = "2024-03-02T00:00:00Z"

# Of OWSLib's own making: it asks lxml elements whether they are true.
pytestmark = pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning")


@pytest.fixture(scope="module")
def services(client_server: str) -> dict[str, Any]:
    """OWSLib's view of the service, by version."""
    return {each: WebMapService(f"{client_server}/wms", version=each) for each in VERSIONS}


def bounds(crs: str) -> tuple[float, ...]:
    """A box in a CRS about that in degrees, (west, south, east, north)."""
    code = {"CRS:84": "OGC:CRS84", "EPSG:900913": "EPSG:3857"}.get(crs, crs)
    change = Transformer.from_crs("OGC:CRS84", code, always_xy=True)
    return change.transform_bounds(*DEGREES)


def request(crs: str, **more: Any) -> dict[str, Any]:
    """A map of the gulf."""
    about = {"layers": [LAYER], "styles": [""], "format": "image/png", "transparent": True}
    return {**about, "srs": crs, "bbox": bounds(crs), "size": SIZE, "time": TIME, **more}


@pytest.mark.parametrize("version", VERSIONS)
def test_contents(services: dict[str, Any], version: str) -> None:
    """Layers with inherited CRSs and boxes, times, heights, styles with legends."""
    service = services[version]
    assert service.identification.title == "Clients' cubes"
    assert service.identification.version == version
    operations = {each.name for each in service.operations}
    assert operations == {"GetCapabilities", "GetMap", "GetFeatureInfo", "GetLegendGraphic"}
    layer = service[LAYER]
    assert layer.title == "Gulf & <bay> Ω: Temperature"
    assert layer.boundingBoxWGS84 == (40, 15, 60, 31)
    assert layer.queryable
    assert layer.timepositions == ["2024-03-01T00:00:00Z/2024-03-06T00:00:00Z/P1D"]
    assert layer.defaulttimeposition == "2024-03-06T00:00:00Z"
    assert layer.elevations == ["0", "10", "50"]
    assert {"EPSG:4326", "EPSG:3857"} <= set(layer.crsOptions)
    assert "EPSG:32632" in service["valley.cover"].crsOptions
    assert "EPSG:32632" not in layer.crsOptions
    assert service["valley.cover"].timepositions is None
    assert list(layer.styles) == ["viridis"]


@pytest.mark.parametrize(("version", "crs"), PLACES)
def test_map(services: dict[str, Any], client_data: Path, version: str, crs: str) -> None:
    """In any CRS what shows lies where it lies in the store."""
    answer = services[version].getmap(**request(crs))  # OWSLib itself turns boxes of 1.3.0
    assert answer.info()["Content-Type"] == "image/png"
    picture = np.asarray(Image.open(io.BytesIO(answer.read())).convert("RGBA"))
    assert picture.shape == (SIZE[1], SIZE[0], 4)
    code = {"CRS:84": "OGC:CRS84", "EPSG:900913": "EPSG:3857"}.get(crs, crs)
    land, certain = gulf_land(client_data, code, bounds(crs), SIZE)
    assert certain.mean() > 0.7
    assert land[certain].any()
    assert not land[certain].all()
    assert np.array_equal((picture[..., 3] == 0)[certain], land[certain])


def test_map_in_utm(services: dict[str, Any]) -> None:
    """A layer is drawn in its data's own CRS."""
    service = services["1.3.0"]
    box = (660_000, 5_236_000, 672_000, 5_248_000)
    about = {"srs": "EPSG:32632", "bbox": box, "size": (100, 100), "time": None}
    answer = service.getmap(**request("EPSG:3857", layers=["valley.colour"], **about))
    picture = np.asarray(Image.open(io.BytesIO(answer.read())).convert("RGBA")).astype(int)
    assert (picture[..., 3] == 255).all()
    assert (np.diff(picture[50, :, 0]) >= 0).all()  # red rises to the east
    assert (np.diff(picture[:, 50, 1]) >= 0).all()  # and green to the south
    assert (np.ptp(picture[50, :, 0]), np.ptp(picture[:, 50, 1])) == pytest.approx(
        (253, 253), abs=2
    )


@pytest.mark.parametrize(("version", "crs"), PLACES)
@pytest.mark.parametrize(("time", "depth"), [(TIME, 0), ("2024-03-05T00:00:00Z", 50)])
def test_value(
    services: dict[str, Any], client_data: Path, version: str, crs: str, time: str, depth: float
) -> None:
    """The value at a pixel is that of the store at the pixel's place."""
    west, south, east, north = bounds(crs)
    code = {"CRS:84": "OGC:CRS84", "EPSG:900913": "EPSG:3857"}.get(crs, crs)
    x, y = Transformer.from_crs("OGC:CRS84", code, always_xy=True).transform(*PLACE)
    column = int((x - west) / (east - west) * SIZE[0])
    row = int((north - y) / (north - south) * SIZE[1])
    about = {"query_layers": [LAYER], "info_format": "application/json", "xy": (column, row)}
    answer = services[version].getfeatureinfo(
        **request(crs, time=time, elevation=str(depth), **about)
    )
    (feature,) = json.loads(answer.read())["features"]
    place = feature["geometry"]["coordinates"]
    assert place == pytest.approx(PLACE, abs=0.3)
    told = gulf_value(client_data, time.rstrip("Z"), depth, place)
    assert feature["properties"]["value"] == pytest.approx(told, rel=1e-6)


def test_times_differ(services: dict[str, Any]) -> None:
    """Another time is another picture, a time between two is the nearer."""
    pictures = [
        services["1.3.0"].getmap(**request("EPSG:4326", time=time)).read()
        for time in (TIME, "2024-03-02T05:00:00Z", "2024-03-03")
    ]
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("layer", [LAYER, "valley.cover", "valley.colour"])
def test_legend(client_server: str, services: dict[str, Any], version: str, layer: str) -> None:
    """A legend is as large as is told."""
    (style,) = services[version][layer].styles.values()
    answer = httpx.get(style["legend"], trust_env=False)
    assert answer.status_code == 200, answer.text
    assert style["legend"].startswith(client_server)
    assert answer.headers["content-type"] == "image/png"
    if version == "1.3.0":  # of 1.1.1 OWSLib reads no size
        told = (int(style["legend_width"]), int(style["legend_height"]))
        assert Image.open(io.BytesIO(answer.content)).size == told


@pytest.mark.parametrize("version", VERSIONS)
def test_exception(services: dict[str, Any], version: str) -> None:
    """What cannot be drawn is a ServiceException that says why."""
    with pytest.raises(ServiceException, match=r"nothing\.here"):
        services[version].getmap(**request("EPSG:4326", layers=["nothing.here"]))
