"""A layer at a step in a style is one picture, has one value and one legend, by every protocol."""

import io
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx2 as httpx
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.http.ogc.test_crawl import awkward_catalog
from tests.http.ogc.wire import running
from tests.services.memory_catalog import GLOBE, _entry, _source, _variable
from tests.services.memory_catalog import catalog as plain_catalog
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Raw
from tileserver.dataset import make_dataset
from tileserver.settings import Settings

HALF = 20037508.342789244  # of the side of Web Mercator's square, EPSG:3857, in metres
PIXEL = (100, 130)  # column, row
WMTS = {"SERVICE": "WMTS", "VERSION": "1.0.0", "TileMatrixSet": "WebMercatorQuad"}
WMS = {"SERVICE": "WMS", "VERSION": "1.3.0", "CRS": "EPSG:3857", "WIDTH": "256", "HEIGHT": "256",
       "FORMAT": "image/png", "TRANSPARENT": "TRUE"}  # fmt: skip
OGC = {"": "", "viridis": "/styles/viridis", "magma:1:7": "/styles/magma:1:7"}
OWN = {"": {}, "viridis": {"colormap_name": "viridis"},
       "magma:1:7": {"colormap_name": "magma", "rescale": "1,7"}}  # fmt: skip


def all_catalog(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """Hard places and names, pictures of three bands, classes, a logarithmic scale."""
    known = [awkward_catalog(cache, pool).entries, plain_catalog(cache, pool).entries]
    source = _source([], _variable("chl", GLOBE))
    styles = {"chl": {"scale": "log", "rescale": [0.1, 250]}}
    config = DatasetConfig.model_validate({"id": "log", "url": "memory", "styles": styles})
    log = {"log": _entry(make_dataset(config, source))}
    return Catalog({**known[0], **known[1], **log}, cache=cache, pool=pool)


@pytest.fixture(scope="module", params=["demo", "hard"])
def server(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    if request.param == "demo":
        with httpx.Client(base_url=request.getfixturevalue("demo_server")) as client:
            yield client
    else:
        with (
            running(create_app(Settings(), all_catalog)) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            yield client


@dataclass(frozen=True)
class Place:
    """A tile of Web Mercator that a layer touches, and what it is called by."""

    dataset: str
    variable: str
    layer: str
    zoom: int
    row: int
    col: int
    times: tuple[str | None, ...]
    axis: str  # what /tiles calls its time
    plain: bool  # no picture of three bands, which has one style and no one value

    @property
    def collection(self) -> str:
        return f"/ogc/collections/{quote(self.layer, safe='')}"

    @property
    def by_rest(self) -> str:
        return f"WebMercatorQuad/{self.zoom}/{self.row}/{self.col}"

    @property
    def wmts(self) -> dict[str, str]:
        return WMTS | {"Layer": self.layer, "Format": "image/png", "TileMatrix": str(self.zoom),
                       "TileRow": str(self.row), "TileCol": str(self.col)}  # fmt: skip

    @property
    def wms(self) -> dict[str, str]:
        size = 2 * HALF / 2**self.zoom
        west, north = self.col * size - HALF, HALF - self.row * size
        box = ",".join(map(repr, (west, north - size, west + size, north)))
        return WMS | {"LAYERS": self.layer, "BBOX": box}

    @property
    def lonlat(self) -> dict[str, float]:
        """The centre of the pixel."""
        x, y = ((n + (i + 0.5) / 256) / 2**self.zoom for n, i in zip(self.tile, PIXEL, strict=True))
        return {
            "lon": x * 360 - 180,
            "lat": math.degrees(math.atan(math.sinh((1 - 2 * y) * math.pi))),
        }

    @property
    def tile(self) -> tuple[int, int]:
        return self.col, self.row


def places(client: httpx.Client) -> Iterator[Place]:
    """One for each layer."""
    for dataset in client.get("/datasets").json()["datasets"]:
        if dataset["status"] != "ready":
            continue
        document = client.get(f"/datasets/{dataset['id']}").json()
        axes = [name for name, each in document["dimensions"].items() if each["type"] == "time"]
        for variable in document["variables"]:
            address = f"/ogc/collections/{quote(variable['layer'], safe='')}"
            found = client.get(address).json()
            times = found["extent"].get("temporal", {}).get("interval", [[]])[0]
            limits = client.get(f"{address}/map/tiles/WebMercatorQuad").json()[
                "tileMatrixSetLimits"
            ]
            low = next((each for each in limits if int(each["tileMatrix"]) >= 1), limits[-1])
            styles = client.get(f"{address}/styles").json()["styles"]
            yield Place(
                dataset["id"], variable["id"], variable["layer"], int(low["tileMatrix"]),
                low["minTileRow"], low["minTileCol"], tuple({None, *times}),
                axis=next((each for each in axes if each in variable["dims"]), "time"),
                plain=styles[0]["id"] != "default",
            )  # fmt: skip


def pixels(answer: httpx.Response) -> npt.NDArray[np.uint8]:
    """Its pixels (256, 256, 4), of nothing the same nothing."""
    assert answer.status_code == 200, f"{answer.url} {answer.text}"
    found = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
    return np.where(found[..., 3:] > 0, found, 0).astype(np.uint8)


def pictures(client: httpx.Client, at: Place, style: str, time: str | None) -> Iterator[object]:
    """The same picture, by each protocol."""
    when: Mapping[str, str] = {} if time is None else {"time": time}
    own = f"/tiles/{at.dataset}/{quote(at.variable, safe='')}/{at.zoom}/{at.col}/{at.row}.png"
    rest = f"/wmts/1.0.0/{quote(at.layer, safe='')}/{style or 'default'}/{at.by_rest}.png"
    tiles = f"{at.collection}{OGC[style]}/map/tiles/{at.by_rest}"
    datetime = {"f": "png"} if time is None else {"f": "png", "datetime": time}
    by_kvp = {**at.wmts, **when, "Style": style, "REQUEST": "GetTile"}
    by_map = {**at.wms, **when, "STYLES": style, "REQUEST": "GetMap"}
    yield pixels(client.get(own, params=OWN[style] | ({} if time is None else {at.axis: time})))
    yield pixels(client.get("/wmts", params=by_kvp))
    yield pixels(client.get(rest, params=when))
    yield pixels(client.get(tiles, params=datetime))
    yield pixels(client.get("/wms", params=by_map))
    yield pixels(client.get("/wms", params={**by_map, "VERSION": "1.1.1", "SRS": "EPSG:3857"}))


def test_pictures(server: httpx.Client) -> None:
    """Equal to the pixel, in the layer's own style and others, at its first, last and own time."""
    seen = 0
    for at in places(server):
        for style in OGC if at.plain else ("",):
            for time in at.times:
                first, *others = pictures(server, at, style, time)
                for other in others:
                    np.testing.assert_array_equal(other, first, f"{at} {style} {time}")
                seen += 1
    assert seen > 20


def test_values(server: httpx.Client) -> None:
    """Equal by WMTS in both ways and by WMS, and to that of /point."""
    col, row = map(str, PIXEL)
    for at in places(server):
        kvp = {**at.wmts, "Style": "", "I": col, "J": row, "REQUEST": "GetFeatureInfo"}
        wms = {**at.wms, "STYLES": "", "I": col, "J": row, "REQUEST": "GetFeatureInfo"}
        wms |= {"QUERY_LAYERS": at.layer, "INFO_FORMAT": "application/json"}
        rest = f"/wmts/1.0.0/{quote(at.layer, safe='')}/default/{at.by_rest}/{row}/{col}.json"
        told = [
            server.get("/wmts", params={**kvp, "InfoFormat": "application/json"}),
            server.get(rest),
            server.get("/wms", params=wms),
        ]
        first, *others = ([each["properties"] for each in a.json()["features"]] for a in told)
        assert all(other == first for other in others), at
        point = server.get(f"/point/{at.dataset}/{quote(at.variable, safe='')}", params=at.lonlat)
        if at.plain:
            assert point.json()["value"] == first[0]["value"], at


def test_legends(server: httpx.Client) -> None:
    """That of capabilities of WMTS is that of WMS."""
    document = ET.fromstring(
        server.get("/wmts", params=WMTS | {"REQUEST": "GetCapabilities"}).content
    )
    ows, href = "{http://www.opengis.net/ows/1.1}Identifier", "{http://www.w3.org/1999/xlink}href"
    asked = {"SERVICE": "WMS", "REQUEST": "GetLegendGraphic", "FORMAT": "image/png"}
    seen = 0
    for layer in document.iter("{http://www.opengis.net/wmts/1.0}Layer"):
        by_wms = server.get("/wms", params={**asked, "LAYER": layer.findtext(ows, ""), "STYLE": ""})
        url = next(layer.iter("{http://www.opengis.net/wmts/1.0}LegendURL")).attrib[href]
        assert server.get(url).content == by_wms.content
        seen += 1
    assert seen > 5


def test_ranges_that_a_logarithm_has_no_place_for() -> None:
    """A style whose range reaches zero is drawn linearly, on a logarithmic layer too."""
    with (
        running(create_app(Settings(), all_catalog)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        at = next(each for each in places(client) if each.layer == "log.chl")
        style = "viridis:0:7"
        by_kvp = client.get("/wmts", params={**at.wmts, "REQUEST": "GetTile", "Style": style})
        by_map = client.get("/wms", params={**at.wms, "REQUEST": "GetMap", "STYLES": style})
        path = f"/tiles/log/chl/{at.zoom}/{at.col}/{at.row}.png"
        linear = client.get(f"{path}?colormap_name=viridis&rescale=0,7&scale=linear")
        assert linear.status_code == 200
        assert by_kvp.content == by_map.content == linear.content
