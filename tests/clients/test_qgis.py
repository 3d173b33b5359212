"""QGIS itself opens, draws and asks what we hand it; its pictures are our tiles to the pixel."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2 as httpx
import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from pyproj import Transformer

from tests.clients.cubes import GULF
from tests.clients.document import Document
from tests.clients.picture import colours, fetch_picture, plain
from tests.clients.qgis import Visit, visit

# QGIS 3.22 reads no times of WMTS; the oldest that is known to is 3.40.
READS_TIMES = 34000
FRAMES = {
    "first": ["2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"],
    "between": ["2024-03-03T06:00:00Z", "2024-03-03T18:00:00Z"],
}
TIMES = {"first": "2024-03-01T00:00:00Z", "between": "2024-03-03T00:00:00Z"}
HOURS = ["2010-01-01T05:00:00Z", "2020-02-29T13:20:00Z"]
PLACE = (52.9, 25.6)  # in degrees, not on a border of cells


def view(bounds: list[float], frame: str | None = None) -> dict[str, Any]:
    """A picture as large as a tile."""
    return {"bounds": bounds, "size": [256, 256], "frame": FRAMES[frame] if frame else None}


TO_MERCATOR = Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True)


def jobs(base: str, document: Document) -> dict[str, dict[str, Any]]:
    """All that QGIS is to do, by name."""
    gulf = f"{base}/wmts/{GULF}/temp.qlr"
    point = list(TO_MERCATOR.transform(*PLACE))
    mercator = document.tile_bounds("WebMercatorQuad", 6, 41, 27)
    views = {name: view(mercator, name) for name in FRAMES} | {"latest": view(mercator)}
    world = document.tile_bounds("WebMercatorQuad", 1, 0, 0)
    utm = {"now": view(document.tile_bounds("UTM32WGS84Quad", 14, 4162, 6044))}
    opened = {
        "wmts": {"open": gulf, "views": views, "points": [point], "legend": True},
        "wms": {
            "open": f"{gulf}?service=WMS", "views": views, "points": [point], "legend": True,
        },
        "fixed": {
            "open": f"{gulf}?time=2024-03-02&depth=10&style=plasma:0:40",
            "views": {"now": view(mercator)}, "points": [point],
        },
        "deep": {"open": f"{gulf}?service=WMS&depth=50", "views": views},
        "degrees": {
            "open": f"{gulf}?tms=WorldCRS84Quad",
            "views": {"now": view(document.tile_bounds("WorldCRS84Quad", 3, 10, 3))},
        },
        "degrees by WMS": {
            "open": f"{gulf}?tms=WorldCRS84Quad&service=WMS",
            "views": {"now": view(document.tile_bounds("WorldCRS84Quad", 5, 41, 12))},
        },
        "utm by WMS": {
            "open": f"{base}/wmts/valley/colour.qlr?tms=UTM32WGS84Quad&service=WMS", "views": utm,
        },
        "utm": {"open": f"{base}/wmts/valley/colour.qlr?tms=UTM32WGS84Quad", "views": utm},
        "classes": {
            "open": f"{base}/wmts/valley/cover.qlr?tms=UTM32WGS84Quad",
            "views": utm, "points": [[665_000, 5_242_000]], "legend": True,
        },
        "polar": {
            "open": f"{base}/wmts/ice/thickness.qlr?tms=EPSG3413Quad",
            "views": {"now": view(document.tile_bounds("EPSG3413Quad", 1, 0, 0))},
        },
        **{
            f"hours by {service}": {
                "open": f"{base}/wmts/hours/count%20(h).qlr?service={service}",
                "views": {str(i): view(world) | {"frame": [t, t]} for i, t in enumerate(HOURS)},
            }
            for service in ("WMTS", "WMS")
        },
        "group": {"open": f"{base}/wmts/valley/1.0.0/layers.qlr"},
    }  # fmt: skip
    return {"browse": {"browse": f"{base}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"}, **opened}


@pytest.fixture(scope="module")
def document(client_server: str) -> Document:
    """The capabilities of WMTS."""
    return Document.of(client_server)


@pytest.fixture(scope="module")
def qgis(client_server: str, document: Document, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit, in which all is tried."""
    return visit(jobs(client_server, document), tmp_path_factory.mktemp("qgis"))


@pytest.fixture(scope="module")
def picture(client_server: str) -> Callable[[str], NDArray[np.uint8]]:
    """What the server has at a path."""
    return partial(fetch_picture, client_server)


def test_definition_opens(qgis: Visit) -> None:
    """A definition is a layer by its title, in its CRS and extent, with its texts."""
    seen = qgis.facts["wmts"]
    assert (seen["loaded"], seen["error"]) == (True, "")
    assert seen["layers"] == [["Gulf & <bay> Ω: Temperature", True, True]]
    assert seen["crs"] == "EPSG:3857"
    corners = [*TO_MERCATOR.transform(40, 15), *TO_MERCATOR.transform(60, 31)]
    assert seen["extent"] == pytest.approx(corners, rel=1e-9)
    texts = (seen["title"], seen["abstract"], seen["rights"])
    assert texts == (seen["layers"][0][0], 'Temperature "by" depth & day', ["© Made-up & Sons"])


@pytest.mark.parametrize("service", ["wmts", "wms"])
def test_time_controller(
    qgis: Visit, picture: Callable[[str], NDArray[np.uint8]], service: str
) -> None:
    """QGIS knows all times, and draws for each frame its first instant or the step next to it."""
    if service == "wmts" and qgis.version < READS_TIMES:
        pytest.skip("QGIS before 3.40 reads no times of WMTS")
    seen = qgis.facts[service]
    assert (seen["animated"], seen["times"]) == (True, 6)
    assert seen["span"] == ["2024-03-01T00:00:00Z", "2024-03-06T00:00:00Z"]
    for name, time in TIMES.items():
        drawn = qgis.picture(service, name)
        assert np.array_equal(plain(drawn), picture(f"/tiles/{GULF}/temp/6/41/27.png?time={time}"))
    assert not np.array_equal(qgis.picture(service, "first"), qgis.picture(service, "between"))


@pytest.mark.parametrize(
    ("job", "view", "tile"),
    [
        ("wmts", "latest", f"/tiles/{GULF}/temp/6/41/27.png"),
        ("wms", "latest", f"/tiles/{GULF}/temp/6/41/27.png"),
        (
            "fixed", "now",
            f"/tiles/{GULF}/temp/6/41/27.png"
            "?time=2024-03-02&depth=10&colormap_name=plasma&rescale=0,40",
        ),
        ("deep", "first", f"/tiles/{GULF}/temp/6/41/27.png?time=2024-03-01&depth=50"),
        ("degrees", "now", f"/tiles/{GULF}/temp/WorldCRS84Quad/3/10/3.png"),
        ("degrees by WMS", "now", f"/tiles/{GULF}/temp/WorldCRS84Quad/5/41/12.png"),
        ("utm by WMS", "now", "/tiles/valley/colour/UTM32WGS84Quad/14/4162/6044.png"),
        ("utm", "now", "/tiles/valley/colour/UTM32WGS84Quad/14/4162/6044.png"),
        ("classes", "now", "/tiles/valley/cover/UTM32WGS84Quad/14/4162/6044.png"),
        ("polar", "now", "/tiles/ice/thickness/EPSG3413Quad/1/0/0.png"),
    ],
)  # fmt: skip
def test_picture_is_the_tile(
    qgis: Visit, picture: Callable[[str], NDArray[np.uint8]], job: str, view: str, tile: str
) -> None:
    """What QGIS draws at the place and size of a tile is that tile, inside of the data: it cuts
    what it asks for, and what it shows, at their edge."""
    drawn = qgis.picture(job, view)
    assert colours(drawn) > 1
    assert np.array_equal(plain(drawn), picture(tile))


@pytest.mark.parametrize("service", ["WMTS", "WMS"])
def test_long_axis(qgis: Visit, picture: Callable[[str], NDArray[np.uint8]], service: str) -> None:
    """Of a hundred thousand steps QGIS opens a layer within seconds, and draws any of them."""
    if service == "WMTS" and qgis.version < READS_TIMES:
        pytest.skip("QGIS before 3.40 reads no times of WMTS")
    seen = qgis.facts[f"hours by {service}"]
    assert seen["seconds"] < 10
    assert seen["span"] == ["2010-01-01T00:00:00Z", "2021-05-29T15:00:00Z"]
    drawn = [plain(qgis.picture(f"hours by {service}", str(i))) for i in range(len(HOURS))]
    for pixels, time in zip(drawn, HOURS, strict=True):
        assert np.array_equal(pixels, picture(f"/tiles/hours/count%20(h)/1/0/0.png?time={time}"))
    assert not np.array_equal(*drawn)


def test_fixed_time_is_not_animated(qgis: Visit) -> None:
    """A layer of one time has no part in animations."""
    assert not qgis.facts["fixed"]["animated"]
    assert qgis.facts["wmts"]["animated"]


@pytest.mark.parametrize(
    ("job", "time", "depth"),
    [
        ("wmts", "2024-03-06T00:00:00Z", 0),
        ("wms", "2024-03-06T00:00:00Z", 0),
        ("fixed", "2024-03-02T00:00:00Z", 10),
    ],
)
def test_identify(
    qgis: Visit, client_server: str, client_data: Path, job: str, time: str, depth: int
) -> None:
    """QGIS is told the value that lies in the store, as text, HTML and a feature, with its time."""
    found = qgis.facts[job]["points"][0]
    place = {"lon": PLACE[0], "lat": PLACE[1], "time": time, "depth": depth}
    ours = httpx.get(f"{client_server}/point/{GULF}/temp", params=place, trust_env=False).json()
    with xr.open_zarr(client_data.parent / f"{GULF}.zarr", consolidated=False) as cube:
        at = {"lon": PLACE[0], "lat": PLACE[1], "time": time.rstrip("Z"), "depth": depth}
        value = float(cube["temp"].sel(at, method="nearest"))
    assert ours["value"] == pytest.approx(value, rel=1e-6)
    (feature,) = found["features"]
    assert float(feature["value"]) == pytest.approx(value, rel=1e-6)
    assert feature["time"] == time
    # The middle of the pixel that was clicked on, of 512 along the layer.
    assert feature["place"] == pytest.approx(TO_MERCATOR.transform(*PLACE), abs=3000)
    for text in (*found["text"], *found["html"]):
        assert f"{value:.7g} °C" in text
        assert time in text


def test_identify_of_classes(qgis: Visit, client_data: Path) -> None:
    """A class is told by its name."""
    with xr.open_zarr(client_data.parent / "valley.zarr", consolidated=False) as cube:
        number = int(cube["cover"].sel(x=665_000, y=5_242_000, method="nearest"))
        name = cube["cover"].attrs["flag_meanings"].split()[number - 1]
    (text,) = qgis.facts["classes"]["points"][0]["text"]
    assert f"value: {number} ({name.replace('_', ' ')})" in text or f"{number} ({name})" in text


@pytest.mark.parametrize(("job", "layer"), [("wmts", f"{GULF}.temp"), ("classes", "valley.cover")])
def test_legend(qgis: Visit, document: Document, job: str, layer: str) -> None:
    """The legend in QGIS is as large as capabilities say, and shows colours."""
    assert tuple(qgis.facts[job]["legend"]) == document.legend_size(layer)
    assert colours(qgis.picture(job, "legend")) > 3


def test_legend_by_wms(qgis: Visit) -> None:
    """By WMS there is a legend too."""
    assert colours(qgis.picture("wms", "legend")) > 10


def test_group(qgis: Visit) -> None:
    """The layers of a dataset come in a group, the first of them shown."""
    seen = qgis.facts["group"]
    assert seen["groups"] == ["Valley"]
    assert [(valid, shown) for _, valid, shown in seen["layers"]] == [
        (True, i == 0) for i in range(5)
    ]


def test_browser(qgis: Visit) -> None:
    """QGIS's browser lists every layer, set and time, within seconds."""
    seen = qgis.facts["browse"]
    assert seen["errors"] == []
    sources = [parse_qs(entry) for entry in seen["entries"]]
    listed = {(source["layers"][0], source["crs"][0]) for source in sources}
    own = {(f"{GULF}.temp", "OGC:CRS84"), ("valley.cover", "EPSG:32632")}
    assert own | {("ice.thickness", "EPSG:3413")} <= listed
    assert {layer for layer, code in listed if code == "EPSG:3857"} == {
        layer for layer, _ in listed
    }
    if qgis.version < READS_TIMES:  # later ones leave them to the time controller
        dims = {dim for source in sources for dim in source.get("tileDimensions", ())}
        assert {f"time=2024-03-0{day}T00:00:00Z" for day in range(1, 7)} <= dims
    assert seen["seconds"] < 20


def test_only_good_answers(qgis: Visit) -> None:
    """Every address that QGIS asked for has an answer."""
    asked = {url for seen in qgis.facts.values() for url in seen.get("asked", ())}
    assert asked
    with httpx.Client(trust_env=False) as client:
        assert {client.get(url).status_code for url in asked} == {200}
