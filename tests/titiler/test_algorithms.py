"""Algorithms of titiler.core on our own tiles give its pixels."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.titiler.conftest import Pair, numbers
from tests.titiler.test_agreement import tile_of

ALGORITHMS = [
    ("contours", {}),
    ("contours", {"increment": 10, "thickness": 2, "minz": 0, "maxz": 250}),
    ("terrarium", {}),
    ("terrainrgb", {}),
    ("terrainrgb", {"interval": 0.5, "baseval": -500}),
]


def own_tile(pair: Pair, name: str, params: dict[str, float], **query: str) -> np.ndarray:
    """Red, green, blue and alpha (row, col, 4) of a tile of /tiles."""
    where = tile_of("degrees", 11).replace("/tiles/WebMercatorQuad", "/tiles/degrees/b1")
    asked = {"algorithm": name, "algorithm_params": json.dumps(params), **query}
    answer = pair.own.get(f"{where}.png", params=asked)
    assert answer.status_code == 200, answer.text
    return np.array(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


@pytest.mark.parametrize(("name", "params"), ALGORITHMS)
def test_colours_are_titilers(pair: Pair, name: str, params: dict[str, float]) -> None:
    """Pixel by pixel, wherever there is a value."""
    asked = {"algorithm": name, "algorithm_params": json.dumps(params)}
    _, told = pair.ask("degrees", f"{tile_of('degrees', 11)}.npy", **asked)
    other = np.moveaxis(numbers(told), 0, -1)
    own = own_tile(pair, name, params, resampling="nearest")
    seen = own[..., 3] > 0
    np.testing.assert_array_equal(seen, other[..., 3] > 0)
    np.testing.assert_array_equal(own[seen], other[seen])


@pytest.mark.parametrize("name", ["terrarium", "terrainrgb"])
def test_heights_come_back(pair: Pair, name: str) -> None:
    """What a program reads out of the colours is what the file holds."""
    red, green, blue, alpha = np.moveaxis(
        own_tile(pair, name, {}, resampling="nearest").astype(np.float64), -1, 0
    )
    if name == "terrarium":
        heights = 256 * red + green + blue / 256 - 32768
    else:
        heights = -10000 + 0.1 * (65536 * red + 256 * green + blue)
    stored, told = numbers(pair.ask("degrees", f"{tile_of('degrees', 11)}.npy")[0])
    np.testing.assert_allclose(heights[alpha > 0], stored[told > 0], atol=1e-9)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"algorithm_params": '{"increment": 0}'}, "increment: 0"),
        ({"algorithm_params": '{"minz": 9, "maxz": 9}'}, "minz: 9"),
        ({"algorithm_params": '{"azimuth": 9}'}, "there are increment, thickness"),
        ({"colormap_name": "viridis"}, "three bands takes none"),
    ],
)
def test_wrong_parameters_are_told(pair: Pair, query: dict[str, str], told: str) -> None:
    """With the value and what is expected."""
    answer = pair.own.get("/tiles/degrees/b1/0/0/0.png", params={"algorithm": "contours", **query})
    assert answer.status_code == 400
    assert told in answer.json()["detail"]
