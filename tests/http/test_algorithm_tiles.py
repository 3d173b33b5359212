"""Tiles of hillshade and slope: what the kernels make of the pixels, in the algorithm's colours."""

import io
import json
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.oracle.reference import draw
from tests.services.memory_catalog import ZONE_31, catalog
from tileserver.algorithm import Algorithm, Hillshade, Slope
from tileserver.app import create_app
from tileserver.matrixset import matrix_set
from tileserver.settings import Settings
from tileserver.tms import tile_grid

TILE = "/tiles/utm/height/9/259/184"
HEIGHTS = (np.arange(60 * 80, dtype="f4") % 251).reshape(60, 80)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "made"),
    [
        ({"algorithm": "hillshade"}, Hillshade()),
        (
            {"algorithm": "slope", "algorithm_params": '{"units": "percent"}'},
            Slope(units="percent"),
        ),
    ],
)
def test_tile_is_the_algorithms(client: TestClient, query: dict[str, str], made: Algorithm) -> None:
    """Of bilinear heights on the tile and the pixels around it."""
    target = tile_grid(matrix_set("WebMercatorQuad"), 9, 259, 184, 256)
    pixels = draw(HEIGHTS, ZONE_31, target.padded(1), "bilinear")
    expected, valid = made.apply(pixels.values, pixels.valid, target)
    assert valid.any()
    [found] = np.load(io.BytesIO(client.get(f"{TILE}.npy", params=query).content))
    np.testing.assert_array_equal(np.isnan(found), ~valid)
    np.testing.assert_allclose(found[valid], expected[valid], atol=0.02)
    picture = Image.open(io.BytesIO(client.get(TILE, params=query).content)).convert("RGBA")
    colours = np.asarray(picture)
    np.testing.assert_array_equal(colours[..., 3] > 0, valid)
    assert (colours[..., 0] == colours[..., 1]).all()  # grey


def test_request_goes_before_the_algorithms_look(client: TestClient) -> None:
    """Colours, range, resampling and parameters change the picture; TiTiler's buffer does not."""
    plain = {"algorithm": "hillshade"}
    first = client.get(TILE, params=plain)
    for other in (
        {"colormap_name": "viridis"},
        {"rescale": "100,200"},
        {"resampling": "nearest"},
        {"algorithm_params": '{"azimuth": 45}'},
        {"algorithm": "slope"},
    ):
        answer = client.get(TILE, params=plain | other)
        assert answer.status_code == 200
        assert answer.headers["etag"] != first.headers["etag"]
        assert answer.content != first.content
    buffered = client.get(TILE, params=plain | {"algorithm_params": '{"buffer": 3}'})
    assert buffered.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("ending", ["", ".npy", ".webp"])
def test_three_bands_take_no_algorithm(client: TestClient, ending: str) -> None:
    """In any format."""
    answer = client.get(f"/tiles/sea/flow/1/0/0{ending}?algorithm=hillshade")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "algorithm"


def test_legend_is_the_algorithms(client: TestClient) -> None:
    """Its title, units and range."""
    params = json.dumps({"units": "percent"})
    query = {"algorithm": "slope", "algorithm_params": params}
    legend = client.get("/legend/utm/height.json", params=query).json()
    assert (legend["title"], legend["units"]) == ("Slope", "percent")
    plain = client.get("/legend/utm/height.json").json()
    assert plain["title"] == "height"


def test_tilejson_carries_the_algorithm(client: TestClient) -> None:
    """To the addresses of tiles and legend; what is wrong with it is told at once."""
    found = client.get("/tiles/utm/height/tilejson.json?algorithm=slope").json()
    assert found["tiles"][0].endswith("?algorithm=slope")
    answer = client.get("/tiles/utm/height/tilejson.json?algorithm=steep")
    assert answer.status_code == 400
