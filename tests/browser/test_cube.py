"""The space-time cube in a real browser: its faces are the API's values, and it is cut open."""

import re
from urllib.parse import unquote

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser.conftest import Visit, visited


@pytest.fixture(scope="session")
def cube(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit to the cube."""
    return visited(tmp_path_factory, "cube", chromium, demo_server)


@pytest.fixture(scope="session")
def block(demo_server: str) -> NDArray[np.float64]:
    """What the cube asks for, as the API tells it (steps, rows, columns)."""
    asked = {"bbox": "-60,-40,0,20", "steps": 96, **_size(-60, -40, 0, 20)}
    answer = httpx.get(f"{demo_server}/coverage/ocean/sst", params=asked).json()
    return np.array(answer["values"], "f8")


def _size(west: float, south: float, east: float, north: float) -> dict[str, int]:
    aspect = (east - west) * np.cos(np.radians((south + north) / 2)) / (north - south)
    width, height = (round(float(128 * np.sqrt(a))) for a in (aspect, 1 / aspect))
    return {"width": width, "height": height}


def colours(server: str, values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Those of temperatures in the layer's style (…, 3)."""
    colors = httpx.get(f"{server}/colormaps/sst").json()["colors"]
    table = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors], "i2")
    index = np.clip((np.nan_to_num(values) + 2) / 34, 0, 1) * (len(table) - 1)
    return table[np.round(index).astype(int)]


def face(cube: Visit, name: str) -> NDArray[np.int16]:
    """Its cells (rows, columns, 4)."""
    found = cube.facts[name]
    return np.array(found["rgba"], "i2").reshape(found["height"], found["width"], 4)


@pytest.mark.parametrize(("name", "slices"), [("front", np.s_[-1]), ("right", np.s_[:, :, -1])])
def test_faces_are_slices(
    cube: Visit, demo_server: str, block: NDArray[np.float64], name: str, slices: object
) -> None:
    """The front is the map of the latest step, the right side time × latitude at the east."""
    expected = block[slices]  # type: ignore[index]
    if name == "right":
        expected = expected.T
    shown = face(cube, name)
    assert shown.shape[:2] == expected.shape
    assert np.array_equal(shown[..., 3] > 0, ~np.isnan(expected))
    known = ~np.isnan(expected)
    assert np.abs(shown[known][:, :3] - colours(demo_server, expected)[known]).max() <= 4


def test_one_request_makes_a_cube(cube: Visit) -> None:
    """Cutting and turning make none."""
    assert len(cube.facts["asked"]) == 1
    assert cube.facts["askedLater"] == []


def test_cuts_are_told(cube: Visit) -> None:
    """By their time, latitude and longitude."""
    assert cube.facts["words"] == ["19 Dec 2021", "20.00° N", "0.00° E"]


def test_hover_tells_a_cell(cube: Visit, block: NDArray[np.float64]) -> None:
    """Its value, its time and its place."""
    value, time, place = cube.facts["hover"]
    assert time == "19 Dec 2021"
    found = re.fullmatch(r"([\d.]+)° ([NS]), ([\d.]+)° W", place)
    assert found is not None
    lat = float(found[1]) * (1 if found[2] == "N" else -1)
    _, height, width = block.shape
    row = int((20 - lat) / 60 * height)
    column = int((60 - float(found[3])) / 60 * width)
    expected = block[-1, row, column]
    shown = np.nan if value == "–" else float(value.removesuffix(" °C"))
    assert np.isclose(shown, expected, atol=0.01, equal_nan=True)


def test_faces_are_dragged(cube: Visit) -> None:
    """The right one inward cuts off the east; the link tells."""
    time, north, east = cube.facts["dragged"]["words"]
    assert (time, north) == ("19 Dec 2021", "20.00° N")
    assert re.fullmatch(r"[\d.]+° W", east)
    assert re.search(r"block=-60,-40,0,20,1,0,0\.\d+", cube.facts["dragged"]["hash"])


def test_keys_cut_too(cube: Visit) -> None:
    """Sliders cut along each axis; the step at the front is the page's time."""
    time, north, _ = cube.facts["pressed"]["words"]
    assert time == "17 Nov 2021"
    assert "time=2021-11-17" in cube.facts["pressed"]["hash"]
    assert north != "20.00° N"


def test_dragging_beside_it_turns_it(cube: Visit) -> None:
    """To another side."""
    before, after = cube.facts["turned"]
    assert before != after


def test_coast_lies_on_the_front(cube: Visit) -> None:
    """Of the box from 60° W to 20° W that of Brazil, whose eastern cape is at 34.8° W."""
    coast = cube.facts["coast"]
    assert coast["count"] > 100
    assert coast["west"] < 0.3
    assert abs(coast["east"] - (60 - 34.8) / 40) < 0.08


def test_wheel_brings_it_nearer(cube: Visit) -> None:
    """A notch is some fifth."""
    assert 1.1 < cube.facts["nearer"] < 1.5


def test_area_is_drawn_on_the_map(cube: Visit) -> None:
    """The cube is then of the rectangle, and is shown again."""
    found = re.search(r"block=([-\d.,]+)", cube.facts["drawn"]["hash"])
    assert found is not None
    west, south, east, north, *_ = (float(part) for part in found[1].split(","))
    # 120 pixels at zoom 3 are 21° of longitude; the middle of the window is at 30° W, 10° N.
    assert abs(west + 30) < 0.5
    assert abs(east - west - 120 / 2048 * 360) < 0.5
    assert south < 10 < north
    assert f"bbox={west:g}" in unquote(cube.facts["drawn"]["asked"])


def test_layer_without_time_is_told(cube: Visit) -> None:
    """In words, with a way on."""
    assert "no time" in cube.facts["message"]


def test_fits_a_phone(cube: Visit) -> None:
    """Nothing reaches beyond the window."""
    assert cube.facts["outside"] == 0


def test_is_accessible(cube: Visit) -> None:
    """axe-core finds nothing serious."""
    assert cube.facts["axe"] == []


def test_nothing_goes_wrong(cube: Visit) -> None:
    """The console stays empty."""
    assert cube.facts["errors"] == []
