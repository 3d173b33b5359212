"""GetFeatureInfo and GetLegendGraphic of WMS."""

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.http.ogc.wms_client import MAP, ask, client, reported
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.catalog import Catalog
from tileserver.dataset import make_dataset
from tileserver.settings import Settings

__all__ = ["client"]

INFO = MAP | {
    "REQUEST": "GetFeatureInfo",
    "QUERY_LAYERS": "sea.sst",
    "INFO_FORMAT": "application/json",
    "CRS": "EPSG:4326",
    "BBOX": "-30,-40,30,50",
    "WIDTH": "90",
    "HEIGHT": "60",
    "I": "31",
    "J": "12",
}
OLD_INFO = {k: v for k, v in INFO.items() if k not in ("CRS", "I", "J")} | {
    "VERSION": "1.1.1",
    "SRS": "EPSG:4326",
    "BBOX": "-40,-30,50,30",
    "X": "31",
    "Y": "12",
}
SST = (np.arange(3 * 5 * 45 * 90) % 251).reshape(3, 5, 45, 90)
LEGEND = {
    "SERVICE": "WMS",
    "VERSION": "1.3.0",
    "REQUEST": "GetLegendGraphic",
    "LAYER": "sea.sst",
    "STYLE": "",
    "FORMAT": "image/png",
    "SLD_VERSION": "1.1.0",
}


def features(client: TestClient, asked: dict[str, str], **changes: str | None) -> list[dict]:
    answer = ask(client, asked, **changes)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return [each["properties"] for each in json.loads(answer.content)["features"]]


def value(client: TestClient, asked: dict[str, str], **changes: str | None) -> object:
    [found] = features(client, asked, **changes)
    return found["value"]


def test_value_is_that_of_the_pixels_cell(client: TestClient) -> None:
    """At (-8.5, 17.5), the centre of the pixel: in either version, which count axes differently."""
    row, col = int((90 - 17.5) // 4), int((180 - 8.5) // 4)
    assert value(client, INFO) == SST[0, 4, row, col]
    assert value(client, OLD_INFO) == SST[0, 4, row, col]
    past = SST[1, 1, row, col]
    assert value(client, INFO, TIME="1970-01-02", ELEVATION="10") == past


def test_old_names_of_the_pixel(client: TestClient) -> None:
    """GDAL asks by them in 1.3.0 as well; the version's own come first."""
    assert value(client, INFO, I=None, J=None, X="31", Y="12") == value(client, INFO)
    assert value(client, INFO, X="0", Y="0") == value(client, INFO)


def test_value_is_the_one_that_the_map_shows(client: TestClient) -> None:
    """By its colour, at every corner of a map."""
    answer = ask(client, {k: v for k, v in INFO.items() if k in MAP} | {"REQUEST": "GetMap"})
    index = np.asarray(Image.open(io.BytesIO(answer.content))).astype(int)
    for row, col in ((0, 0), (0, 89), (59, 0), (59, 89), (30, 45)):
        shown = np.ceil((index[row, col] - 1) * 250 / 255)
        assert value(client, INFO, I=str(col), J=str(row)) == shown


def test_layers_together(client: TestClient) -> None:
    """Several layers in their order; a colour picture tells its bands."""
    found = features(
        client, INFO, LAYERS="sea.sst,sea.flow", QUERY_LAYERS="sea.flow,sea.sst", FEATURE_COUNT="5"
    )
    assert [each["layer"] for each in found] == ["sea.flow", "sea.sst"]
    text = ask(client, INFO, QUERY_LAYERS="sea.flow,sea.sst", INFO_FORMAT="text/plain").text
    assert text.index("sea.flow") < text.index("sea.sst")


@pytest.mark.parametrize("media_type", ["text/plain", "text/html", "application/json"])
def test_formats_of_facts(client: TestClient, media_type: str) -> None:
    """The media type is the one that was asked for, to the letter."""
    answer = ask(client, INFO, INFO_FORMAT=media_type)
    assert answer.headers["content-type"] == media_type
    assert "1970-01-05" in answer.text
    assert answer.headers["x-time"] == "1970-01-05T00:00:00Z"


def test_beyond_180_degrees_and_outside(client: TestClient) -> None:
    """A pixel of the next turn is the same place; one off the Earth has no value."""
    here = value(client, INFO, BBOX="-30,-220,30,-130", I="9", J="12")
    assert here == value(client, INFO, BBOX="-30,140,30,230", I="9", J="12")
    assert here is not None
    assert value(client, INFO, BBOX="95,0,100,10") is None


WRONG = [
    ("QUERY_LAYERS", None, None),
    ("QUERY_LAYERS", "", "LayerNotDefined"),
    ("QUERY_LAYERS", "sea.nothing", "LayerNotDefined"),
    ("QUERY_LAYERS", ",".join(["sea.sst"] * 11), None),
    ("INFO_FORMAT", "text/xml", "InvalidFormat"),
    ("FEATURE_COUNT", "0", None),
    ("FEATURE_COUNT", "x", None),
    ("LAYERS", None, None),
    ("BBOX", None, None),
    ("TIME", "Bogus", "InvalidDimensionValue"),
]


@pytest.mark.parametrize("asked", [INFO, OLD_INFO], ids=["1.3.0", "1.1.1"])
@pytest.mark.parametrize(("name", "text", "code"), WRONG)
def test_what_is_wrong_with_a_question(
    client: TestClient, asked: dict[str, str], name: str, text: str | None, code: str | None
) -> None:
    """The codes of the standard."""
    assert reported(ask(client, asked, **{name: text})) == (400, code)


@pytest.mark.parametrize("text", ["90", "-1", "1e309", "x", "", "9" * 5000, "1.5"])
def test_pixels_outside_the_map(client: TestClient, text: str) -> None:
    """InvalidPoint, whichever of the four names it has; a missing one is missing."""
    for asked, names in ((INFO, ("I", "J")), (OLD_INFO, ("X", "Y"))):
        for name in names:
            assert reported(ask(client, asked, **{name: text})) == (400, "InvalidPoint")
            assert reported(ask(client, asked, **{name: None})) == (400, None)


def test_format_of_facts_is_optional_in_the_old_version(client: TestClient) -> None:
    """There the server chooses (OGC 01-068r3, 7.3.3.5)."""
    answer = ask(client, OLD_INFO, INFO_FORMAT=None)
    assert answer.headers["content-type"] == "text/plain"
    assert reported(ask(client, INFO, INFO_FORMAT=None)) == (400, None)


def test_layer_that_tells_nothing() -> None:
    """Where the catalogue says so: the map is drawn, and its values are refused."""

    def closed(*args: object) -> Catalog:
        made = catalog()
        entry = made.entries["sea"]
        assert entry.dataset is not None
        config = entry.config.model_copy(update={"queryable": False})
        entry.dataset = make_dataset(config, entry.dataset.source)
        return made

    with TestClient(create_app(Settings(), closed), "http://localhost") as client:
        assert ask(client, MAP).status_code == 200
        assert reported(ask(client, INFO)) == (400, "LayerNotQueryable")


def picture(client: TestClient, **changes: str | None) -> Image.Image:
    answer = ask(client, LEGEND, **changes)
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def test_legend(client: TestClient) -> None:
    """The same as WMTS', of the size that capabilities tell; a style is another picture."""
    answer = ask(client, LEGEND)
    known = client.get("/wmts/1.0.0/sea.sst/plasma/legend.png")
    assert answer.content == known.content
    assert answer.headers["content-type"] == "image/png"
    assert ask(client, LEGEND, STYLE="viridis").content != known.content
    again = ask(client, LEGEND, VERSION=None, STYLE=None, FORMAT=None, SCALE="1e6", RULE="x")
    assert again.content == known.content
    etag = {"If-None-Match": answer.headers["etag"]}
    assert client.get(str(answer.url), headers=etag).status_code == 304


@pytest.mark.parametrize("layer", ["sea.sst", "sea.kind", "sea.flow", "utm.height"])
def test_legend_sizes(client: TestClient, layer: str) -> None:
    """Exact in either direction, of ramps, classes and pictures of bands."""
    for width, height in ((20, 20), (300, 80), (90, 240)):
        size = {"WIDTH": str(width), "HEIGHT": str(height)}
        assert picture(client, LAYER=layer, **size).size == (width, height)
        assert picture(client, LAYER=layer, VERTICAL="TRUE", **size).size == (width, height)


def test_legend_in_other_formats(client: TestClient) -> None:
    """SVG, and JSON for clients that draw themselves."""
    drawn = ask(client, LEGEND, FORMAT="image/svg+xml", WIDTH="300")
    assert ET.fromstring(drawn.content).get("width") == "300"
    told = ask(client, LEGEND, FORMAT="application/json", COLORSCALERANGE="1,9", STYLE="magma")
    assert (told.json()["min"], told.json()["max"]) == (1, 9)
    assert told.json()["colormap_name"] == "magma"
    named = ask(client, LEGEND, PALETTE="seq-Blues-inv")
    assert named.content == ask(client, LEGEND, STYLE="blues_r").content


def test_bar_alone(client: TestClient) -> None:
    """The colours of the scale from end to end, lying or upright."""
    size = {"WIDTH": "255", "HEIGHT": "10", "COLORBARONLY": "true"}
    lying = np.asarray(picture(client, VERTICAL="false", **size).convert("RGB"))
    colors = ask(client, LEGEND, FORMAT="application/json").json()["colors"]
    first, last = (tuple(bytes.fromhex(colors[i].removeprefix("#"))[:3]) for i in (1, -2))
    assert np.abs(lying[5, 1].astype(int) - first).max() < 10
    assert np.abs(lying[5, -2].astype(int) - last).max() < 10
    assert picture(client, COLORBARONLY="true", VERTICAL="true").size == (20, 200)
    assert picture(client, COLORBARONLY="true", LAYER="sea.flow").size[0] > 0


LEGEND_WRONG = [
    ("LAYER", None, None),
    ("LAYER", "nothing", "LayerNotDefined"),
    ("STYLE", "nothing", "StyleNotDefined"),
    ("PALETTE", "nothing", "StyleNotDefined"),
    ("FORMAT", "image/gif", "InvalidFormat"),
    ("WIDTH", "0", None),
    ("WIDTH", "100000", None),
    ("HEIGHT", "x", None),
    ("COLORSCALERANGE", "2,1", None),
    ("VERTICAL", "up", None),
]


@pytest.mark.parametrize(("name", "text", "code"), LEGEND_WRONG)
def test_what_is_wrong_with_a_legend(
    client: TestClient, name: str, text: str | None, code: str | None
) -> None:
    """Exceptions, as of maps."""
    assert reported(ask(client, LEGEND, **{name: text})) == (400, code)
    assert reported(ask(client, LEGEND, VERSION="1.1.1", **{name: text})) == (400, code)
