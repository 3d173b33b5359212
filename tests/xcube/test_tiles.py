"""Tiles by xcube's addresses and in its words for colours."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.xcube.conftest import KEY
from tileserver.colormap import Colormap
from tileserver.matrixset import matrix_set
from tileserver.tms import tile_at

WORLD = "/tiles/globe/north/0/0/0"
MERCATOR = {"crs": "EPSG:3857"}
RANGE = {"vmin": -90, "vmax": 90}
VIRIDIS = Colormap.named("viridis").lut
BANDS = tile_at(matrix_set("WebMercatorQuad"), 14, 10.345, 47.848)  # the column and row


def pixels(answer: httpx.Response) -> NDArray[np.uint8]:
    """(rows, cols, 4) uint8."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as image:
        return np.asarray(image.convert("RGBA"))


def tile(xcube: httpx.Client, path: str = WORLD, **query: Any) -> NDArray[np.uint8]:
    """A tile's pixels, in Web Mercator if nothing else is said."""
    return pixels(xcube.get(path, params=MERCATOR | query))


def test_tile_is_the_native_one(xcube: httpx.Client, xcube_server: str) -> None:
    """Pixel for pixel, rows and columns the other way round in the address."""
    native = httpx.get(
        f"{xcube_server}/tiles/globe/north/2/3/1.png?rescale=-90,90&colormap_name=plasma"
    )
    ours = tile(xcube, "/tiles/globe/north/2/1/3", cmap="plasma", **RANGE)
    assert (ours == pixels(native)).all()


def test_defaults_are_the_layers_own(xcube: httpx.Client, xcube_server: str) -> None:
    """Not 0 to 1: without a range and colours a tile is as the catalogue says."""
    native = httpx.get(f"{xcube_server}/tiles/globe/spread/1/0/0.png")
    assert (tile(xcube, "/tiles/globe/spread/1/0/0") == pixels(native)).all()


def test_western_half_is_there(xcube: httpx.Client) -> None:
    """Of longitudes from 0 to 360 both halves of the map are drawn."""
    drawn = tile(xcube, time="2024-01-01")
    assert (drawn[..., 3] == 255).all()
    assert (drawn[:, :128] == drawn[:, 128:]).all()


@pytest.mark.parametrize("crs", ["CRS84", "EPSG:4326", "OGC:CRS84", None])
def test_geographic_tiles(xcube: httpx.Client, crs: str | None) -> None:
    """Two of 180° make the world; it is what is meant where nothing is said."""
    query = {"time": "2024-01-01", "cmap": "viridis", **RANGE}
    path = "/tiles/globe/north/0/0/1"
    drawn = pixels(xcube.get(path, params=query | ({"crs": crs} if crs else {})))
    # Row 7 is 85.4° north, of the first row of cells.
    expected = VIRIDIS[round((85 + 90) / 180 * 255)]
    assert abs(drawn[7, 0].astype(int) - expected).max() <= 3
    assert (drawn == drawn[:, :1]).all()


def test_polar_grid_lies_around_its_pole(xcube: httpx.Client) -> None:
    """North of its circle there is data at all longitudes, south of it none."""
    drawn = pixels(xcube.get("/tiles/polar/distance/0/0/0", params={"crs": "CRS84"}))
    assert (drawn[:20, :, 3] == 255).all()
    assert (drawn[60:, :, 3] == 0).all()


def test_grid_across_the_antimeridian(xcube: httpx.Client) -> None:
    """Both sides are drawn, each at its own edge of the map."""
    west, east = (
        tile(xcube, f"/tiles/crossing/east/3/3/{col}", vmin=170, vmax=190) for col in (0, 7)
    )
    assert west[255, 0, 3] == east[255, 255, 3] == 255
    assert west[255, 255, 3] == east[255, 0, 3] == 0


@pytest.mark.parametrize("path", ["0/0/1", "0/-1/0", "1/2/0", "31/0/0", "-1/0/0"])
def test_beyond_the_map_is_clear(xcube: httpx.Client, path: str) -> None:
    """200 and nothing to see, as clients of an xcube server expect."""
    assert not tile(xcube, f"/tiles/globe/north/{path}").any()


def test_retina(xcube: httpx.Client) -> None:
    """Twice the pixels of the same place."""
    assert tile(xcube, retina="1").shape == (512, 512, 4)
    clear = tile(xcube, "/tiles/globe/north/0/0/9", retina="1")
    assert clear.shape == (512, 512, 4)


@pytest.mark.parametrize(
    ("vmin", "vmax"), [(0, 1000), (-5, 1000), (0.0, 0.0), (1000, 0.001), (-3, -1)]
)
def test_logarithm_of_any_range(xcube: httpx.Client, vmin: float, vmax: float) -> None:
    """A range that has no logarithm, or none at all, is drawn all the same."""
    drawn = tile(xcube, "/tiles/globe/spread/0/0/0", norm="log", vmin=vmin, vmax=vmax)
    assert (drawn[..., 3] == 255).all()


def test_logarithm_is_one(xcube: httpx.Client) -> None:
    """Equal steps in the exponent are equal steps of colour."""
    query = {"norm": "log", "vmin": 0.001, "vmax": 1000, "cmap": "viridis", "crs": "CRS84"}
    spread = pixels(xcube.get("/tiles/globe/spread/0/0/0", params=query))
    linear = {"vmin": -90, "vmax": 90, "cmap": "viridis", "crs": "CRS84", "time": "2024-01-01"}
    north = pixels(xcube.get("/tiles/globe/north/0/0/0", params=linear))
    assert abs(spread.astype(int) - north).max() <= 3


def test_a_range_without_norm_is_linear(xcube: httpx.Client) -> None:
    """The viewer says nothing where a user turns a layer's logarithm off."""
    path = "/tiles/globe/spread/0/0/0"
    query = {"vmin": 0.001, "vmax": 1000}
    assert (tile(xcube, path, **query) == tile(xcube, path, norm="lin", **query)).all()
    assert (tile(xcube, path, **query) != tile(xcube, path, norm="log", **query)).any()


def test_alpha_lets_the_lower_half_fade(xcube: httpx.Client) -> None:
    """From clear at the bottom to opaque from the middle on; with _r of the colours turned."""
    query = {"time": "2024-01-01", **RANGE}
    faded = tile(xcube, cmap="viridis_alpha", **query)
    plain = tile(xcube, cmap="viridis", **query)
    assert (faded[..., :3] == plain[..., :3]).all()
    south, north = faded[250, 0], faded[100, 0]
    assert south[3] < 40
    assert north[3] == 255
    turned = tile(xcube, cmap="viridis_r_alpha", **query)
    assert turned[250, 0, 3] < 40
    assert (turned[100, 0] == tile(xcube, cmap="viridis_r", **query)[100, 0]).all()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("balance", "anomaly"),
        ("curl_r", "greening"),
        ("thermal_i", "thermal"),
        ("amp_r_i", "Reds_r"),
    ],
)
def test_names_of_cmocean(xcube: httpx.Client, name: str, meant: str) -> None:
    """What an xcube server has of them, and eodash offers, are tables that look like them."""
    assert (tile(xcube, cmap=name) == tile(xcube, cmap=meant)).all()


def made(kind: str, *colors: tuple[float, str]) -> str:
    """A user's colour bar as the viewer sends it."""
    return json.dumps({"name": "ucb1", "type": kind, "colors": colors})


def test_continuous_colors_of_a_user(xcube: httpx.Client) -> None:
    """Colours stand where their values say within the range that is given apart."""
    bar = made("continuous", (0, "#000000"), (1, "#ff0000"), (2, "#ff0000ff"))
    drawn = tile(xcube, cmap=bar, time="2024-01-01", **RANGE)
    assert drawn[0, 0].tolist() == [255, 0, 0, 255]
    assert drawn[255, 0, 0] < 20  # 85° south
    assert 110 < drawn[165, 0, 0] < 145  # of the cell around 45° south


def test_stepwise_colors_of_a_user(xcube: httpx.Client) -> None:
    """One colour from each value to the next: nothing between."""
    bar = made("stepwise", (0, "#0000ff"), (0.5, "#00ff00"), (1, "#ff0000"))
    drawn = tile(xcube, cmap=bar, time="2024-01-01", **RANGE)
    assert drawn[0, 0].tolist() == [0, 255, 0, 255]
    assert drawn[255, 0].tolist() == [0, 0, 255, 255]
    assert len(np.unique(drawn.reshape(-1, 4), axis=0)) == 2


def test_classes_of_a_user(xcube: httpx.Client) -> None:
    """Values that are no class are clear."""
    bar = made("categorical", (1, "#112233"), (4, "#445566"))
    drawn = tile(xcube, "/tiles/globe/kind/0/0/0", cmap=bar)
    colors = {tuple(color) for color in np.unique(drawn.reshape(-1, 4), axis=0).tolist()}
    assert {(0x11, 0x22, 0x33, 255), (0x44, 0x55, 0x66, 255)} <= colors
    assert drawn[255, 0, 3] == 0  # 2, land


def test_own_classes(xcube: httpx.Client) -> None:
    """By the name of the list, whatever range comes with it."""
    drawn = tile(xcube, "/tiles/globe/kind/0/0/0", cmap="globe.kind", vmin=0, vmax=1)
    assert drawn[0, 0].tolist() == [255, 255, 255, 255]
    assert drawn[255, 0].tolist() == [0, 255, 0, 255]


def test_cbar_is_cmap(xcube: httpx.Client) -> None:
    """The name of before, which eodash still uses."""
    assert (tile(xcube, cbar="Blues") == tile(xcube, cmap="Blues")).all()


def test_expression(xcube: httpx.Client) -> None:
    """`name=expression`, slashes and all."""
    path = "/tiles/globe/half%3D(north%2B90)%2F180/0/0/0"
    query = {"cmap": "viridis", "time": "2024-01-01"}
    computed = tile(xcube, path, vmin=0, vmax=1, **query)
    assert abs(computed.astype(int) - tile(xcube, **query, **RANGE)).max() <= 3


def test_picture(xcube: httpx.Client, xcube_server: str) -> None:
    """`rgb` is the dataset's composite."""
    col, row = BANDS
    native = pixels(httpx.get(f"{xcube_server}/tiles/bands/colours/14/{col}/{row}.png"))
    assert native[..., 3].any()
    assert (tile(xcube, f"/tiles/bands/rgb/14/{row}/{col}") == native).all()


def test_picture_of_other_variables(xcube: httpx.Client) -> None:
    """Each colour by its own variable and range."""
    place = f"/tiles/bands/rgb/14/{BANDS[1]}/{BANDS[0]}"
    plain = tile(xcube, place)
    turned = tile(xcube, place, r="blue", b="red")
    there = plain[..., 3] == 255
    assert there.any()
    assert abs(turned[there][:, [2, 1, 0]].astype(int) - plain[there][:, :3]).max() <= 1
    brighter = tile(xcube, place, gvmin=0, gvmax=0.5)
    assert (brighter[there][:, 1] == 255).all()


def test_time_is_found(xcube: httpx.Client) -> None:
    """As labels have it, with a blank, or near one; the step used is told."""
    for time in ("2024-01-02T00:00:00Z", "2024-01-02 00:00:00", "2024-01-02T06:00:00Z"):
        answer = xcube.get(WORLD, params=MERCATOR | {"time": time})
        assert answer.headers["x-time"] == "2024-01-02T00:00:00Z"


def test_unknown_parameters_are_passed_over(xcube: httpx.Client) -> None:
    """Clients add some of their own."""
    assert xcube.get(WORLD, params={"debug": "1", "dummy": "2"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/tiles/globe/north/a/0/0", {}, 400),
        ("/tiles/globe/north/0/1.5/0", {}, 400),
        (WORLD, {"crs": "EPSG:25832"}, 400),
        (WORLD, {"vmin": "low"}, 400),
        (WORLD, {"vmin": "0", "vmax": "nan"}, 400),
        (WORLD, {"norm": "cube"}, 400),
        (WORLD, {"cmap": "nowhere"}, 400),
        (WORLD, {"cmap": "{"}, 400),
        (WORLD, {"cmap": "{}"}, 400),
        (WORLD, {"cmap": '{"colors": []}'}, 400),
        (WORLD, {"cmap": '{"colors": 1}'}, 400),
        (WORLD, {"cmap": made("continuous", (1, "#000"))}, 400),
        (WORLD, {"cmap": made("continuous", (1, "#000"), (1, "#111"))}, 400),
        (WORLD, {"cmap": made("continuous", (0, "black"), (1, "#111"))}, 400),
        (WORLD, {"cmap": made("categorical", (1, "#000"), (1, "#111"))}, 400),
        (WORLD, {"cmap": made("categorical", (1e300, "#000"), (2, "#111"))}, 400),
        (WORLD, {"cmap": '{"colors": [[NaN, "#000"], [Infinity, "#111"]]}'}, 400),
        (WORLD, {"cmap": f'{{"name": "{"x" * 30_000}"}}'}, 400),
        (WORLD, {"format": "gif"}, 400),
        (WORLD, {"retina": "perhaps"}, 400),
        (WORLD, {"time": "yesterday"}, 400),
        (WORLD, {"time": "1999-01-01"}, 400),
        ("/tiles/globe/lacking/0/0/0", {}, 404),
        ("/tiles/lacking/north/0/0/0", {}, 404),
        ("/tiles/globe/rgb/0/0/0", {}, 404),
        ("/tiles/bands/rgb/0/0/0", {"r": "lacking"}, 400),
        ("/tiles/bands/rgb/0/0/0", {"r": "red`;`blue"}, 400),
        ("/tiles/globe/a=__import__('os')/0/0/0", {}, 400),
        ("/tiles/globe/a=lacking/0/0/0", {}, 400),
        ("/tiles/globe/a=/0/0/0", {}, 400),
        ("/tiles/vault/north/0/0/0", {}, 401),
    ],
)
def test_what_is_wrong_is_told(
    xcube: httpx.Client, path: str, query: dict[str, str], status: int
) -> None:
    """In the words of an xcube server, with name, value and remedy."""
    answer = xcube.get(path, params=query)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["error"]["message"] == problem["detail"]
    assert ": " in problem["detail"]
    assert "Traceback" not in answer.text


def test_key_opens_tiles(xcube: httpx.Client) -> None:
    """In the header; nobody else may keep them."""
    headers = {"authorization": f"Bearer {KEY}"}
    answer = xcube.get("/tiles/vault/north/0/0/0", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("private")


def test_tile_is_not_sent_twice(xcube: httpx.Client) -> None:
    """304 for who has it."""
    etag = xcube.get(WORLD).headers["etag"]
    again = xcube.get(WORLD, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("size", [(300, 40), (60, 240)])
def test_legend_is_as_large_as_it_is_asked_for(xcube: httpx.Client, size: tuple[int, int]) -> None:
    """In pixels."""
    query = {"width": size[0], "height": size[1], "vmin": 0, "vmax": 9, "cmap": "magma"}
    answer = xcube.get("/tiles/globe/north/legend", params=query)
    assert pixels(answer).shape == (size[1], size[0], 4)
    wide = xcube.get("/tiles/globe/north/legend", params=query | {"width": 100_000})
    assert wide.status_code == 400
