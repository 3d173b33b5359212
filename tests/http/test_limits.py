"""What would cost too much is refused before anything is read; areas are repaired or refused."""

import json
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from lxml import etree
from PIL import Image
from starlette.testclient import TestClient

from tests.scale.cubes import noisy, write_cube
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.cube import Raw
from tileserver.settings import Settings

made: list[Catalog] = []


def kept(cache: ByteCache[Raw], pool: object) -> Catalog:
    made.append(catalog(cache))
    return made[-1]


@pytest.fixture
def tight() -> Iterator[TestClient]:
    """A server that may read next to nothing."""
    settings = Settings(
        tile_read_bytes=1000, series_read_bytes=1000, body_bytes=5000, over_budget="error"
    )
    with TestClient(create_app(settings, kept)) as client:
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


def polygon(*points: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(p) for p in points]]}


@pytest.mark.parametrize(
    "url",
    [
        "/tiles/sea/sst/0/0/0",
        "/tiles/sea/flow/1/0/0.jpg",
        "/timeseries/sea/sst?bbox=-180,-90,180,90",
        "/timeseries/sea/sst?lon=1&lat=1",
        "/statistics/sea/sst",
    ],
)
def test_too_much_is_refused_before_any_read(tight: TestClient, url: str) -> None:
    """Row 12: 413 with the estimate and the limit, and the source was not asked."""
    answer = tight.get(url)
    assert answer.status_code == 413, answer.text
    detail = answer.json()["detail"]
    assert "would read" in detail
    assert "the limit is" in detail
    assert made[-1]["sea"].source.reads == []


@pytest.fixture(scope="module")
def coarse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server of a globe in 16 chunks, of which a tile may read 4."""
    folder = tmp_path_factory.mktemp("coarse")
    latitude = np.linspace(90, -90, 360, dtype=np.float32)[None, :, None] + np.zeros((1, 1, 720))
    values = {"sst": noisy(1, 360, 720), "latitude": latitude.astype(np.float32)}
    write_cube(folder / "sea.zarr", values, chunks=(1, 90, 180))
    (folder / "catalog.yaml").write_text("datasets: [{id: sea, url: sea.zarr}]")
    settings = Settings(catalog=(str(folder / "catalog.yaml"),), tile_read_chunks=4)
    with TestClient(create_app(settings)) as client:
        yield client


def test_pattern_takes_the_place_of_what_reads_too_much(coarse: TestClient) -> None:
    """A picture that says so, with the figures, kept for a moment."""
    answer = coarse.get("/tiles/sea/sst/0/0/0.png")
    assert answer.status_code == 200
    assert answer.headers["X-Over-Budget"].startswith("chunks=")
    assert "zoom in" in answer.headers["Warning"]
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "ETag" not in answer.headers
    with Image.open(BytesIO(answer.content)) as picture:
        assert picture.size == (256, 256)
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
    assert 0.02 < (alpha > 0).mean() < 0.2  # what lies below shows through
    assert alpha[118:138, 80:176].max() > 200  # words in the middle


@pytest.mark.parametrize("suffix", ["webp", "jpg"])
def test_pattern_in_other_formats(coarse: TestClient, suffix: str) -> None:
    """As it was asked for."""
    answer = coarse.get(f"/tiles/sea/sst/0/0/0@2x.{suffix}")
    with Image.open(BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == (
            {"webp": "WEBP", "jpg": "JPEG"}[suffix],
            (512, 512),
        )


@pytest.mark.parametrize("suffix", ["npy", "bin"])
def test_numbers_have_no_pattern(coarse: TestClient, suffix: str) -> None:
    """What is no picture is 413, with the figures."""
    answer = coarse.get(f"/tiles/sea/sst/0/0/0.{suffix}")
    assert answer.status_code == 413
    assert "16 chunks, the limit is 4" in answer.json()["detail"]


def test_clients_are_told_where_tiles_begin(coarse: TestClient) -> None:
    """TileJSON and WMTS list the zooms whose tiles are within the limits, and no others."""
    first = coarse.get("/tiles/sea/sst/tilejson.json").json()["minzoom"]
    assert first > 0
    assert "X-Over-Budget" in coarse.get(f"/tiles/sea/sst/{first - 1}/0/0.png").headers
    assert "X-Over-Budget" not in coarse.get(f"/tiles/sea/sst/{first}/0/0.png").headers
    document = etree.fromstring(coarse.get("/wmts/sea/1.0.0/WMTSCapabilities.xml").content)
    layer = next(
        each
        for each in document.iterfind(".//{*}Layer")
        if each.findtext("{*}Identifier") == "sea.sst"
    )
    link = next(
        each
        for each in layer.iterfind("{*}TileMatrixSetLink")
        if each.findtext("{*}TileMatrixSet") == "WebMercatorQuad"
    )
    listed = [int(each.text or "") for each in link.iterfind(".//{*}TileMatrix")]
    assert min(listed) == first


@pytest.mark.parametrize("route", ["timeseries", "statistics"])
def test_body_over_the_limit_is_not_parsed(tight: TestClient, route: str) -> None:
    """Row 10: 413, whatever it holds."""
    answer = tight.post(f"/{route}/sea/sst", content=b"[" * 6000)
    assert (answer.status_code, "5000 bytes" in answer.json()["detail"]) == (413, True)


def test_xml_is_not_parsed(client: TestClient) -> None:
    """Row 15: 415, a DTD is never looked at."""
    body = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    answer = client.post(
        "/timeseries/sea/sst", content=body, headers={"content-type": "application/xml"}
    )
    assert answer.status_code == 415


def test_bow_tie_is_repaired(client: TestClient) -> None:
    """Row 11: a polygon that crosses itself covers its two halves."""
    tie = polygon((0, 0), (20, 20), (20, 0), (0, 20), (0, 0))
    answer = client.post("/timeseries/sea/sst?aggregate=count", json=tie)
    assert answer.status_code == 200
    assert min(answer.json()["values"]["count"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(polygon()),
        json.dumps(polygon((0, 0), (1, 1))),
        '{"type":"Polygon","coordinates":[[[0,0],[1,NaN],[1,1],[0,0]]]}',
        json.dumps(polygon((0, 0), (0, 99), (1, 1), (0, 0))),
        json.dumps({"type": "Circle"}),
        json.dumps({"type": "FeatureCollection", "features": []}),
        "[]",
        "",
    ],
)
def test_unusable_area_says_what(client: TestClient, body: str) -> None:
    """Row 11: 400 that names the body."""
    answer = client.post("/timeseries/sea/sst", content=body)
    assert answer.status_code == 400, answer.text
    assert "body" in answer.json()["detail"]


def test_area_across_180_is_the_same_however_written(client: TestClient) -> None:
    """Row 11: beyond 180, with a jump, and as a box with west > east."""
    beyond = polygon((170, -20), (190, -20), (190, 20), (170, 20), (170, -20))
    jump = polygon((170, -20), (-170, -20), (-170, 20), (170, 20), (170, -20))
    url = "/timeseries/sea/sst?aggregate=mean,count"
    answers = [client.post(url, json=area).json()["values"] for area in (beyond, jump)]
    answers.append(client.get(f"{url}&bbox=170,-20,-170,20").json()["values"])
    assert answers[0]["count"][0] > 0
    for other in answers[1:]:
        assert other["count"] == answers[0]["count"]
        assert other["mean"] == pytest.approx(answers[0]["mean"])


def test_maps_over_the_limits_are_patterns(coarse: TestClient) -> None:
    """A map of WMS as well, and its capabilities tell the scale at which there is more."""
    asked = "service=WMS&version=1.3.0&request=GetMap&layers=sea.sst&styles=&crs=CRS:84"
    size = "width=600&height=300&format=image/png"
    whole = coarse.get(f"/wms?{asked}&bbox=-180,-90,180,90&{size}")
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "image/png")
    assert whole.headers["X-Over-Budget"].startswith("chunks=16")
    part = coarse.get(f"/wms?{asked}&bbox=10,10,40,25&{size}")
    assert "X-Over-Budget" not in part.headers
    for version, name in (("1.3.0", "MaxScaleDenominator"), ("1.1.1", "ScaleHint")):
        query = f"service=WMS&version={version}&request=GetCapabilities"
        document = etree.fromstring(coarse.get(f"/wms?{query}").content)
        assert document.find(f".//{{*}}{name}") is not None


def test_default_range_is_of_places_all_over(coarse: TestClient) -> None:
    """Of a map that is too large for a whole look, not of its middle alone."""
    variables = coarse.get("/datasets/sea").json()["variables"]
    low, high = next(v["range"] for v in variables if v["id"] == "latitude")
    assert -90 <= low < -40
    assert 40 < high <= 90


def test_body_of_more_parts_than_can_be_meant_is_not_parsed(client: TestClient) -> None:
    """Empty lists, objects and members by the million: JSON that takes long to parse and says
    nothing."""
    for body in (b"[" + b"[]," * 400_000 + b"1]", b"{" + b'"a":1,' * 700_000 + b'"b":1}'):
        answer = client.post("/statistics/sea/sst", content=body)
        assert (answer.status_code, "lists and objects" in answer.json()["detail"]) == (413, True)
