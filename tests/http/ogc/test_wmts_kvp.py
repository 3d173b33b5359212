"""WMTS by KVP: names without case, the same pictures as elsewhere, the limits of tiles."""

import io
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.http.ogc.wmts_client import (
    INFO,
    NAMES,
    REST,
    SERVICE,
    TILE,
    kvp,
    layer_of,
    reported,
)
from tests.http.ogc.wmts_cubes import Stores
from tests.services import memory_catalog
from tileserver.app import create_app
from tileserver.catalog import Catalog
from tileserver.cube import Raw
from tileserver.dataset import Entry, make_dataset
from tileserver.settings import Settings

Limits = tuple[str, int, int, int, int]  # matrix, rows from and to, columns from and to


@pytest.mark.parametrize("time", [None, "1970-01-02T00:00:00Z"])
def test_same_picture_everywhere(memory: TestClient, time: str | None) -> None:
    """KVP, REST and XYZ give the same bytes and ETag."""
    query = "" if time is None else f"?time={time}"
    by_kvp = kvp(memory, TILE, time=time)
    by_rest = memory.get(f"{REST}.png{query}")
    by_xyz = memory.get(f"/tiles/sea/sst/2/3/1.png{query}")
    assert by_kvp.status_code == 200, by_kvp.text
    assert by_kvp.content == by_rest.content == by_xyz.content
    assert by_kvp.headers["etag"] == by_rest.headers["etag"] == by_xyz.headers["etag"]
    assert by_kvp.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(by_kvp.content))
    assert image.size == (256, 256)
    assert len(image.convert("RGBA").getcolors(65536)) > 1


def test_names_without_case(memory: TestClient) -> None:
    """Names of parameters have no case, nor have those of dimensions; unknown ones say nothing."""
    expected = kvp(memory, TILE, time="1970-01-02", depth="10").content
    for spell in (str.upper, str.lower, str.title, str.swapcase):
        asked = {spell(name): value for name, value in TILE.items()}
        asked |= {spell("time"): "1970-01-02", spell("depth"): "10", spell("unknown"): "x"}
        assert memory.get("/wmts", params=asked).content == expected
    assert expected != kvp(memory, TILE).content


def test_the_first_of_equals_counts(memory: TestClient) -> None:
    """Of a parameter that is there twice, in whatever case, the first is taken; again as well."""
    first, second = "1970-01-02", "1970-01-03"
    asked = "&".join(f"{name}={quote(value)}" for name, value in TILE.items())
    for _ in range(2):
        for early, late in ((first, second), (second, first)):
            answer = memory.get(f"/wmts?{asked}&TIME={early}&time={late}")
            assert answer.headers["x-time"] == f"{early}T00:00:00Z"


def test_values_have_case(memory: TestClient) -> None:
    """But service and request are taken as clients write them."""
    assert kvp(memory, TILE, service="wmts", request="gettile").status_code == 200


def test_styles(memory: TestClient) -> None:
    """Any colormap is a style, with a range behind it; none, or `default`, is the layer's own."""
    own = kvp(memory, TILE).content
    assert kvp(memory, TILE, style="").content == own
    assert kvp(memory, TILE, style="default").content == own
    other = kvp(memory, TILE, style="viridis:0:100").content
    assert other not in (own, kvp(memory, TILE, style="viridis").content)
    same = memory.get("/tiles/sea/sst/2/3/1.png?colormap_name=viridis&rescale=0,100")
    assert other == same.content


def told_limits(client: TestClient, name: str) -> Iterator[tuple[str, Limits]]:
    """The limits that capabilities tell of a layer, by matrix set; where they leave them out, all
    of each matrix."""
    for link in layer_of(client, name).findall("TileMatrixSetLink", NAMES):
        tiles = link.findtext("TileMatrixSet", "", NAMES)
        told = link.findall("TileMatrixSetLimits/TileMatrixLimits", NAMES)
        for limits in told:
            matrix, *edges = (child.text or "" for child in limits)
            yield tiles, (matrix, *map(int, edges))
        if not told:
            for (each, matrix), (height, width) in sizes(client).items():
                if each == tiles:
                    yield tiles, (matrix, 0, height - 1, 0, width - 1)


def sizes(client: TestClient) -> dict[tuple[str, str], tuple[int, int]]:
    """Rows and columns of each matrix, in all the sets of the served documents."""
    found = {}
    for each in client.get("/tms").json()["tileMatrixSets"]:
        for matrix in client.get(f"/tms/{each['id']}").json()["tileMatrices"]:
            found[each["id"], matrix["id"]] = (matrix["matrixHeight"], matrix["matrixWidth"])
    return found


@pytest.mark.parametrize(
    ("layer", "sets"),
    [
        ("levels.sst", ["WebMercatorQuad", "WorldCRS84Quad"]),
        ("utm.a", ["WebMercatorQuad", "WorldCRS84Quad", "UTM31WGS84Quad"]),
        ("polar.a", ["WebMercatorQuad", "WorldCRS84Quad", "EPSG3413Quad"]),
    ],
)
def test_limits_hold(stores: Stores, layer: str, sets: list[str]) -> None:
    """In every matrix of every set the tiles at the corners are there, and one beyond is not."""
    assert check_limits(stores.client, layer) == sets


@pytest.mark.parametrize("layer", ["sea.sst", "sea.flow", "sea.ice.extent"])
def test_limits_of_the_world(memory: TestClient, layer: str) -> None:
    """So of layers all round the world, whose limits are those of the sets, and across 180°."""
    assert check_limits(memory, layer) == ["WebMercatorQuad", "WorldCRS84Quad"]


def check_limits(client: TestClient, layer: str) -> list[str]:
    """The matrix sets whose limits hold, by KVP and REST."""
    limits = list(told_limits(client, layer))
    for name, (matrix, top, bottom, left, right) in limits:
        place = {"TileMatrixSet": name, "TileMatrix": matrix}
        asked = SERVICE | place | {"Layer": layer, "Style": "", "Format": "image/png"}
        for row in {top, bottom}:
            for col in {left, right}:
                answer = kvp(client, asked, TileRow=str(row), TileCol=str(col))
                assert answer.status_code == 200, (name, matrix, row, col)
        for row, col, locator in (
            (top - 1, left, "TileRow"),
            (bottom + 1, right, "TileRow"),
            (top, left - 1, "TileCol"),
            (bottom, right + 1, "TileCol"),
        ):
            answer = kvp(client, asked, TileRow=str(row), TileCol=str(col))
            assert reported(answer) == (400, "TileOutOfRange", locator)
            path = f"/wmts/1.0.0/{layer}/default/{name}/{matrix}/{row}/{col}.png"
            assert client.get(path).status_code == 404
    return list(dict.fromkeys(name for name, _ in limits))


@pytest.mark.parametrize("layer", ["levels.sst", "utm.a", "polar.a"])
def test_limits_are_tight(stores: Stores, layer: str) -> None:
    """Beyond the limits there is nothing to see: the tile that /tiles has there is clear."""
    dataset, _, variable = layer.partition(".")
    known = sizes(stores.client)
    for name, (matrix, top, bottom, left, right) in told_limits(stores.client, layer):
        if int(matrix) not in (3, 6):
            continue
        height, width = known[name, matrix]
        beyond = ((top - 1, left), (bottom + 1, left), (top, left - 1), (top, right + 1))
        for row, col in beyond:
            if 0 <= row < height and 0 <= col < width:
                path = f"/tiles/{dataset}/{variable}/{name}/{matrix}/{col}/{row}.png"
                image = Image.open(io.BytesIO(stores.client.get(path).content)).convert("RGBA")
                assert image.getextrema()[3] == (0, 0), path


def test_a_dataset_opened_anew() -> None:
    """When a dataset was opened anew, no tile or value of what it was is left."""
    made: list[Catalog] = []

    def make(cache: Raw, pool: object) -> Catalog:
        made.append(memory_catalog.catalog(cache, pool))
        return made[0]

    with TestClient(create_app(Settings(), make), "http://localhost") as client:
        old = [kvp(client, asked) for asked in (TILE, TILE, INFO)]
        entry, renewed = made[0].entries["sea"], memory_catalog.sea()
        source = replace(renewed.source, version="1")
        source.arrays["sst"][0][...] += 7
        dataset = make_dataset(renewed.config, source)
        made[0].entries["sea"] = Entry(renewed.config, entry.origin, dataset=dataset)
        new = [kvp(client, asked) for asked in (TILE, TILE, INFO)]
    assert old[0].headers["etag"] == old[1].headers["etag"] != new[0].headers["etag"]
    assert old[0].content != new[0].content == new[1].content
    before, after = (each[2].json()["features"][0]["properties"]["value"] for each in (old, new))
    assert after == before + 7
