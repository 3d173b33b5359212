"""What GetMap is asked with, and how WMS says what is wrong with it."""

import asyncio
from urllib.parse import urlencode

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.http.ogc.wms_client import MAP, OLD, ask, client, image, reported
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

__all__ = ["client"]


MANDATORY = ("VERSION", "LAYERS", "STYLES", "BBOX", "WIDTH", "HEIGHT", "FORMAT")


@pytest.mark.parametrize(
    ("asked", "name"),
    [(MAP, name) for name in (*MANDATORY, "CRS")] + [(OLD, name) for name in (*MANDATORY, "SRS")],
)
def test_missing_parameter(client: TestClient, asked: dict[str, str], name: str) -> None:
    """Each mandatory one, in both versions: 400, and the text names it."""
    answer = ask(client, asked, **{name: None})
    assert reported(answer) == (400, None)
    assert f"{name} is missing" in answer.text


INVALID = [
    ("LAYERS", "", "LayerNotDefined"),
    ("LAYERS", "nothing", "LayerNotDefined"),
    ("LAYERS", "sea.nothing", "LayerNotDefined"),
    ("LAYERS", "sea.sst\0", "LayerNotDefined"),
    ("LAYERS", "../../etc/passwd.sst", "LayerNotDefined"),
    ("LAYERS", "sea.sst,", "LayerNotDefined"),
    ("LAYERS", ",".join(["sea.sst"] * 11), None),
    ("LAYERS", ",".join(["sea.sst"] * 1000), None),
    ("STYLES", "nothing", "StyleNotDefined"),
    ("STYLES", "viridis,viridis", "StyleNotDefined"),
    ("STYLES", "viridis:7:0", "StyleNotDefined"),
    ("STYLES", "contours/viridis", "StyleNotDefined"),
    ("STYLES", "raster/nothing", "StyleNotDefined"),
    ("BBOX", "1,2,3", None),
    ("BBOX", "1,2,3,4,5", None),
    ("BBOX", "a,b,c,d", None),
    ("BBOX", "", None),
    ("BBOX", "nan,0,1,1", None),
    ("BBOX", "0,0,inf,1", None),
    ("BBOX", "0,0,1e309,1", None),
    ("BBOX", "-1e308,-1e308,1e308,1e308", None),
    ("BBOX", "0,0,0,0", None),
    ("BBOX", "1,0,0,1", None),
    ("BBOX", "0,1,1,0", None),
    ("BBOX", "0,0,1e-300,1e-300", None),
    ("BBOX", "0,0,٣,٤", None),
    ("WIDTH", "0", None),
    ("WIDTH", "-5", None),
    ("WIDTH", "1.5", None),
    ("WIDTH", "1000000000", None),
    ("WIDTH", "9" * 4000, None),
    ("HEIGHT", "x", None),
    ("HEIGHT", "", None),
    ("FORMAT", "image/tiff", "InvalidFormat"),
    ("FORMAT", "", "InvalidFormat"),
    ("TRANSPARENT", "maybe", None),
    ("BGCOLOR", "red", None),
    ("BGCOLOR", "0x12345", None),
    ("TIME", "Bogus", "InvalidDimensionValue"),
    ("TIME", "2024-13-45", "InvalidDimensionValue"),
    ("TIME", "9" * 10_000, "InvalidDimensionValue"),
    ("TIME", "2050-01-01", "InvalidDimensionValue"),
    ("TIME", "1970-01-02,Bogus", "InvalidDimensionValue"),
    ("TIME", ",".join(["1970-01-02"] * 1001), "InvalidDimensionValue"),
    ("TIME", "1970-01-03/1970-01-01", "InvalidDimensionValue"),
    ("ELEVATION", "deep", "InvalidDimensionValue"),
    ("ELEVATION", "0,10", "InvalidDimensionValue"),
    ("DIM_DEPTH", "1e6", "InvalidDimensionValue"),
    ("COLORSCALERANGE", "5,5", None),
    ("COLORSCALERANGE", "nan,1", None),
    ("COLORSCALERANGE", "1", None),
    ("OPACITY", "200", None),
    ("LOGSCALE", "perhaps", None),
    ("VERSION", "7", None),
    ("SERVICE", "WFS", None),
    ("REQUEST", "GetNothing", "OperationNotSupported"),
]


@pytest.mark.parametrize("asked", [MAP, OLD], ids=["1.3.0", "1.1.1"])
@pytest.mark.parametrize(("name", "value", "code"), INVALID)
def test_invalid_parameter(
    client: TestClient, asked: dict[str, str], name: str, value: str, code: str | None
) -> None:
    """400 with the code that the standard has for it, if it has one."""
    answer = ask(client, asked, **{name: value})
    assert reported(answer) == (400, code)
    assert len(answer.content) < 2000


@pytest.mark.parametrize("name", ["EPSG:1", "EPSG:4269", "EPSG:99999999", "AUTO2:42001,1,0,0", "x"])
def test_unknown_crs(client: TestClient, name: str) -> None:
    """Each version has a code of its own."""
    assert reported(ask(client, MAP, CRS=name)) == (400, "InvalidCRS")
    assert reported(ask(client, OLD, SRS=name)) == (400, "InvalidSRS")


def test_only_a_layer_itself_is_offered_in_its_own_crs(client: TestClient) -> None:
    """One that shares the map with it would have to be, too."""
    place = {"CRS": "EPSG:32631", "BBOX": "4e5,4.9e6,5e5,5e6"}
    assert image(ask(client, MAP, LAYERS="utm.height", **place)).size == (60, 40)
    both = ask(client, MAP, LAYERS="utm.height,sea.sst", **place)
    assert reported(both) == (400, "InvalidCRS")


@pytest.mark.parametrize(
    "name",
    ["EPSG:900913", "EPSG:102100", "epsg:3857", "urn:ogc:def:crs:EPSG::3857"],
)
def test_names_of_web_mercator(client: TestClient, name: str) -> None:
    """Old, new, and as other standards write it."""
    assert ask(client, MAP, CRS=name).content == ask(client, MAP).content


def test_too_many_pixels(client: TestClient) -> None:
    """The limit is told before anything is drawn; so is that of a side."""
    answer = ask(client, MAP, WIDTH="16000", HEIGHT="1100")
    assert reported(answer) == (400, None)
    assert str(1 << 24) in answer.text
    assert reported(ask(client, MAP, WIDTH="16384", HEIGHT="1")) == (400, None)
    assert image(ask(client, MAP, WIDTH="16383", HEIGHT="1")).size == (16383, 1)


def test_pixels_are_a_setting() -> None:
    """A smaller limit holds, and its capabilities tell it."""
    app = create_app(Settings(map_pixels=1 << 16), catalog)
    with TestClient(app, "http://localhost") as client:
        assert image(ask(client, MAP, WIDTH="256", HEIGHT="256")).size == (256, 256)
        assert reported(ask(client, MAP, WIDTH="257", HEIGHT="256")) == (400, None)
        document = client.get("/wms?service=WMS&request=GetCapabilities").text
        assert "<MaxWidth>256</MaxWidth>" in document


def test_names_have_no_case_and_unknown_ones_no_meaning(client: TestClient) -> None:
    """Clients append what they like."""
    lower = {k.lower(): v for k, v in MAP.items()} | {
        "dpi": "96",
        "map_resolution": "96",
        "format_options": "dpi:96",
        "belowmincolor": "0x000000",
        "tiled": "true",
    }
    assert ask(client, lower).content == ask(client, MAP).content


@pytest.mark.parametrize(
    "query", ["", "x", "&&&", "request=GetMap&%zz=%", "SERVICE=WMS&REQUEST=%ff%fe", "a=1&" * 200]
)
def test_queries_that_are_none(client: TestClient, query: str) -> None:
    """400 as an exception, never more."""
    assert reported(client.get(f"/wms?{query}"))[0] == 400


def test_bytes_that_are_no_text(client: TestClient) -> None:
    """Some clients escape nothing."""
    url = httpx.URL("http://localhost/wms", query=b"SERVICE=WMS&REQUEST=GetMap&LAYERS=%FF%FE")
    assert reported(client.get(url))[0] == 400


def test_service_is_needed_for_capabilities_alone(client: TestClient) -> None:
    """GetMap is told from other services' by its name (OGC 06-042, 7.3)."""
    assert ask(client, MAP, SERVICE=None).status_code == 200
    assert reported(client.get("/wms?REQUEST=GetCapabilities")) == (400, None)


def test_layers_of_a_dataset(client: TestClient) -> None:
    """An address of one dataset has its layers alone."""
    query = urlencode(MAP)
    assert client.get(f"/wms/sea?{query}").content == client.get(f"/wms?{query}").content
    assert reported(client.get(f"/wms/utm?{query}")) == (400, "LayerNotDefined")


def test_dataset_that_cannot_be_opened(client: TestClient) -> None:
    """It is said, by a status that is no fault of the client's."""
    assert reported(ask(client, MAP, LAYERS="broken.sst")) == (502, None)


def test_dataset_that_is_being_opened() -> None:
    """A request waits a little for it, as one of our own tiles does."""
    made = catalog()

    async def reopen() -> None:
        entry = made.entries["sea"]
        dataset, entry.dataset = entry.dataset, None

        async def later() -> None:
            await asyncio.sleep(0.2)
            entry.dataset = dataset

        entry.opening = asyncio.ensure_future(later())

    with TestClient(create_app(Settings(), lambda *_: made), "http://localhost") as client:
        assert client.portal is not None
        for asked in (MAP, {"REQUEST": "GetLegendGraphic", "LAYER": "sea.sst"}):
            client.portal.call(reopen)
            assert ask(client, asked).status_code == 200
