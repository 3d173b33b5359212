"""QGIS finds the layers of a WMS connection, draws them at any place, asks them, shows legends."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer

from tests.clients.cubes import GULF
from tests.clients.picture import plain
from tests.clients.places import PLACE, gulf_land, gulf_value
from tests.clients.qgis import Visit, visit

DEGREES = (41.3, 18.2, 58.7, 28.4)  # along no tile
CRSS = ("CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3035")
SIZE = (333, 211)
FRAME = ["2024-03-02T00:00:00Z", "2024-03-03T00:00:00Z"]
UTM = (661_000.0, 5_237_000.0, 671_500.0, 5_237_000.0 + 10_500 * 211 / 333)
POLAR = (-2_500_000.0, -1_000_000.0, 2_495_000.0, 2_165_000.0)  # pixels of 15 km
# Of layers in a style that capabilities need not list, the CRS of their data and a place in it.
OWN = {
    "valley.colour": ("", "EPSG:32632", UTM),
    "valley.red": ("magma:0:1", "EPSG:32632", UTM),
    "ice.thickness": ("", "EPSG:3413", POLAR),
}


def code(crs: str) -> str:
    return "OGC:CRS84" if crs == "CRS:84" else crs


def bounds(crs: str) -> list[float]:
    """(west, south, east, north) about those in degrees, of square pixels: else QGIS widens them.

    What is drawn lies within the layer's extent: QGIS draws no more, and stretches it to pixels.
    """
    change = Transformer.from_crs("OGC:CRS84", code(crs), always_xy=True)
    west, south, east, north = change.transform_bounds(*DEGREES)
    middle, high = (south + north) / 2, (east - west) * SIZE[1] / SIZE[0]
    return [west, middle - high / 2, east, middle + high / 2]


def source(base: str, layer: str, crs: str, style: str = "", query: str = "") -> str:
    """A layer's address as QGIS's provider reads it."""
    times = {
        "type": "wmst",
        "allowTemporalUpdates": "true",
        "temporalSource": "provider",
        "timeDimensionExtent": "2024-03-01T00:00:00Z/2024-03-06T00:00:00Z/P1D",
    }
    about = {"contextualWMSLegend": "0", "crs": crs, "dpiMode": "7", "featureCount": "10"}
    about |= {"format": "image/png", "layers": layer}
    told = {**about, **(times if layer == f"{GULF}.temp" else {}), "styles": style}
    told["url"] = quote(f"{base}/wms{query}")
    return "&".join(f"{k}={v}" for k, v in told.items())


def jobs(base: str) -> dict[str, dict[str, Any]]:
    """All that QGIS is to do, by name."""
    found: dict[str, dict[str, Any]] = {"browse": {"browse": f"{base}/wms"}}
    for crs in CRSS:
        point = Transformer.from_crs("OGC:CRS84", code(crs), always_xy=True).transform(*PLACE)
        view = {"bounds": bounds(crs), "size": SIZE}
        found[crs] = {
            "source": source(base, f"{GULF}.temp", crs),
            "views": {"framed": {**view, "frame": FRAME}, "latest": view},
            "points": [list(point)],
            "legend": crs == "EPSG:3857",
        }
    found["1.1.1"] = {
        **found["EPSG:4326"],
        "source": source(base, f"{GULF}.temp", "EPSG:4326", query="?VERSION=1.1.1"),
    }
    for layer, (style, crs, box) in OWN.items():
        found[layer] = {
            "source": source(base, layer, crs, style),
            "views": {"now": {"bounds": box, "size": SIZE}},
            "legend": True,
        }
    return found


@pytest.fixture(scope="module")
def qgis(client_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit, in which all is tried."""
    return visit(jobs(client_server), tmp_path_factory.mktemp("qgis"))


def our_map(base: str, query: Mapping[str, object]) -> NDArray[np.uint8]:
    """What GetMap of 1.1.1 has, whose boxes are x, y whatever the CRS."""
    about = {"SERVICE": "WMS", "REQUEST": "GetMap", "VERSION": "1.1.1", "FORMAT": "image/png"}
    about |= {"STYLES": "", "TRANSPARENT": "TRUE", "WIDTH": SIZE[0], "HEIGHT": SIZE[1]}
    answer = httpx.get(f"{base}/wms", params={**about, **query}, trust_env=False)
    assert answer.headers["content-type"] == "image/png", answer.text
    return plain(np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA")))


def test_browser(qgis: Visit) -> None:
    """The browser lists every layer, those with times as such."""
    seen = qgis.facts["browse"]
    assert seen["errors"] == []
    found = {q["layers"][0]: q for q in map(parse_qs, seen["entries"])}
    layers = {f"valley.{each}" for each in ("colour", "red", "green", "blue", "cover")}
    assert {f"{GULF}.temp", "ice.thickness"} | layers <= found.keys()
    assert not any("type" in found[layer] for layer in layers)
    spans = {
        f"{GULF}.temp": "2024-03-01T00:00:00Z/2024-03-06T00:00:00Z/P1D",
        "ice.thickness": "2024-01-01T00:00:00Z/2024-03-01T00:00:00Z/P1M",
    }
    for layer, span in spans.items():
        assert (found[layer]["type"], found[layer]["timeDimensionExtent"]) == (["wmst"], [span])


@pytest.mark.parametrize("crs", CRSS)
def test_layer(qgis: Visit, crs: str) -> None:
    """A layer has its extent in the CRS, whatever the order of axes, and all times."""
    seen = qgis.facts[crs]
    assert seen["loaded"]
    assert (seen["animated"], seen["times"]) == (True, 6)
    assert seen["span"] == ["2024-03-01T00:00:00Z", "2024-03-06T00:00:00Z"]
    back = Transformer.from_crs(code(crs), "OGC:CRS84", always_xy=True)
    west, south, east, north = seen["extent"]
    lon, lat = back.transform((west + east) / 2, (south + north) / 2)
    assert (lon, lat) == pytest.approx((50, 23), abs=3)


@pytest.mark.parametrize("crs", CRSS)
def test_what_shows_lies_where_it_lies(qgis: Visit, client_data: Path, crs: str) -> None:
    """In any CRS the island is drawn where the store has it."""
    land, certain = gulf_land(client_data, code(crs), bounds(crs), SIZE)
    assert certain.mean() > 0.7
    assert 0 < land[certain].mean() < 1
    drawn = qgis.picture(crs, "latest")
    assert np.array_equal((drawn[..., 3] == 0)[certain], land[certain])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:3035"])
def test_picture_is_the_map(qgis: Visit, client_server: str, crs: str) -> None:
    """What QGIS draws is the map of that place, to the pixel, at each time."""
    query = {"LAYERS": f"{GULF}.temp", "SRS": crs, "BBOX": ",".join(map(repr, bounds(crs)))}
    latest = plain(qgis.picture(crs, "latest"))
    framed = plain(qgis.picture(crs, "framed"))
    assert np.array_equal(latest, our_map(client_server, query))
    assert np.array_equal(framed, our_map(client_server, {**query, "TIME": FRAME[0]}))
    assert not np.array_equal(framed, latest)


@pytest.mark.parametrize("layer", OWN)
def test_picture_in_own_crs(qgis: Visit, client_server: str, layer: str) -> None:
    """So it is in the data's own CRS."""
    style, crs, box = OWN[layer]
    query = {"LAYERS": layer, "STYLES": style, "SRS": crs, "BBOX": ",".join(map(str, box))}
    drawn, expected = plain(qgis.picture(layer, "now")), our_map(client_server, query)
    assert len(np.unique(expected.reshape(-1, 4), axis=0)) > 50
    assert np.array_equal(drawn, expected)


@pytest.mark.parametrize("crs", CRSS)
def test_identify(qgis: Visit, client_data: Path, crs: str) -> None:
    """QGIS is told the value that lies in the store at the place, in each format."""
    told = qgis.facts[crs]["points"][0]
    value = gulf_value(client_data, "2024-03-06", 0)
    (feature,) = told["features"]
    assert float(feature["value"]) == pytest.approx(value, rel=1e-6)
    for text in (*told["text"], *told["html"]):
        assert f"{value:.7g} °C" in text


def test_oldest_version(qgis: Visit) -> None:
    """QGIS reads and draws by 1.1.1, where longitudes come first, what it does by 1.3.0."""
    seen = qgis.facts["1.1.1"]
    queries = [parse_qs(urlsplit(url).query) for url in seen["asked"]]
    boxes = [q["BBOX"][0] for q in queries if q.get("SRS") == ["EPSG:4326"]]
    assert boxes
    assert all(float(box.split(",")[0]) > 31 for box in boxes)
    for name in ("framed", "latest"):
        assert np.array_equal(qgis.picture("1.1.1", name), qgis.picture("EPSG:4326", name))
    newest = qgis.facts["EPSG:4326"]
    same = ("extent", "times", "span", "points")
    assert {key: seen[key] for key in same} == {key: newest[key] for key in same}


def test_legend(qgis: Visit, client_server: str) -> None:
    """The legend is as large as capabilities say; that of a style that is not listed shows too."""
    query = {"SERVICE": "WMS", "REQUEST": "GetCapabilities", "VERSION": "1.3.0"}
    document = httpx.get(f"{client_server}/wms", params=query, trust_env=False).text
    width, height = qgis.facts["EPSG:3857"]["legend"]
    assert f'<LegendURL width="{width}" height="{height}">' in document
    for layer in ("EPSG:3857", "valley.colour", "valley.red"):
        shown = qgis.picture(layer, "legend")
        assert len(np.unique(shown.reshape(-1, 4), axis=0)) > 20


def test_only_good_answers(qgis: Visit) -> None:
    """Every address that QGIS asked for has an answer, and boxes of 4326 have latitudes first."""
    asked = {url for seen in qgis.facts.values() for url in seen.get("asked", ())}
    assert asked
    with httpx.Client(trust_env=False) as client:
        assert {client.get(url).status_code for url in asked} == {200}
    queries = [parse_qs(urlsplit(url).query) for url in asked]
    turned = [q["BBOX"][0] for q in queries if q.get("CRS") == ["EPSG:4326"] and "BBOX" in q]
    assert turned
    assert all(float(box.split(",")[0]) < 31 for box in turned)
