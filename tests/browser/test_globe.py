"""The globe, in a real browser: the map's layers, times and colours on an earth that turns."""

import re
from urllib.parse import urlsplit

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser.conftest import Visit, visited

# Of windows of 800 x 600: pixels that no panel covers.
CLEAR = (slice(130, 480), slice(350, 640))


@pytest.fixture(scope="session")
def globe(chromium: str, map_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit to the globe."""
    return visited(tmp_path_factory, "globe", chromium, map_server)


def table(server: str, name: str) -> NDArray[np.int16]:
    """The colours of a colormap, (n, 3)."""
    colors = httpx.get(f"{server}/colormaps/{name}").json()["colors"]
    return np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors], "i2")


def colour_of(server: str, name: str, value: float, low: float, high: float) -> NDArray[np.int16]:
    """The colour of a value, (3,)."""
    colors = table(server, name)
    return colors[round((value - low) / (high - low) * (len(colors) - 1))]


def point(server: str, path: str, **parameters: object) -> float:
    """A value as the API tells it."""
    answer = httpx.get(f"{server}/point/{path}", params=parameters).json()  # type: ignore[arg-type]
    return float(answer["value"])


def distance(pixel: NDArray[np.uint8], colour: NDArray[np.int16]) -> int:
    """The largest difference of red, green and blue."""
    return int(np.abs(pixel.astype("i2") - colour).max())


def middle(globe: Visit, name: str) -> NDArray[np.uint8]:
    """What is right below the camera, (3,)."""
    x, y = globe.facts["middle"]
    pixel: NDArray[np.uint8] = globe.picture(name)[y, x]
    return pixel


def test_colour_of_a_known_value(globe: Visit, map_server: str) -> None:
    """What is right below the camera has the colour that its value has in the legend."""
    value = point(map_server, "ocean/sst", lon=-30, lat=10)
    expected = colour_of(map_server, "sst", value, -2, 32)
    assert distance(middle(globe, "above"), expected) <= 4


def test_hover_tells_value_and_place(globe: Visit, map_server: str) -> None:
    """Beside the pointer stands the value that the API has there."""
    text, place = globe.facts["hover"]
    found = re.fullmatch(r"([\d.]+)° ([NS]), ([\d.]+)° ([EW])", place)
    assert found is not None
    lat, north, lon, east = found.groups()
    signs = {"N": 1, "S": -1, "E": 1, "W": -1}
    value = point(
        map_server, "ocean/sst", lon=float(lon) * signs[east], lat=float(lat) * signs[north]
    )
    assert text.endswith(" °C")
    assert abs(float(text.removesuffix(" °C").replace("−", "-")) - value) <= 0.05


def test_recolours_without_a_request(globe: Visit, map_server: str) -> None:
    """Another colormap is painted from the values that are there."""
    assert globe.facts["recoloured"] == []
    value = point(map_server, "ocean/sst", lon=-30, lat=10)
    expected = colour_of(map_server, "plasma", value, -2, 32)
    assert distance(middle(globe, "recoloured"), expected) <= 4


def test_swaps_whole_frames(globe: Visit) -> None:
    """Until all tiles of another time are there the old ones stay; then none of them does."""
    before, waiting, after = (
        globe.picture(name)[CLEAR] for name in ("recoloured", "waiting", "stepped")
    )
    assert globe.facts["stepped"] > 0
    assert np.array_equal(before, waiting)
    assert (before != after).any(axis=-1).mean() > 0.2


def test_pole_is_a_place_as_all_others(globe: Visit, map_server: str) -> None:
    """From above the north pole, data lie all the way round it, without hole or seam."""
    picture = globe.picture("pole")
    colors = table(map_server, "viridis")
    nearest = np.abs(picture[:, :, None].astype("i2") - colors).max(axis=-1)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    x, y = globe.facts["pole"]
    radius = np.hypot(rows - y + 0.5, columns - x + 0.5)
    # To the left a panel begins, to the right the tools; coasts are drawn over the data.
    inner = nearest.min(axis=-1)[radius < 30]
    assert (inner <= 4).mean() > 0.98
    index = nearest.argmin(axis=-1)
    for reach in (8, 16, 24, 40, 60):
        ring = index[np.abs(radius - reach) < 0.7]
        # The data depend on the distance alone: in steps of their cells.
        assert np.ptp(ring[np.abs(ring - np.median(ring)) < 60]) <= 24
    value = point(map_server, "ice.north/thickness", lon=0, lat=90, depth=0)
    expected = colour_of(map_server, "viridis", value, *ends(map_server))
    assert distance(picture[y, x], expected) <= 12


def ends(server: str) -> tuple[float, float]:
    """The range of the sea ice's colours."""
    legend = httpx.get(f"{server}/legend/ice.north/thickness.json").json()
    return legend["min"], legend["max"]


def test_terrain_rises(globe: Visit) -> None:
    """Exaggerated mountains stand higher in the sky."""

    def skyline(name: str) -> float:
        window = globe.picture(name)[130:]
        sky = np.abs(window.astype("i2") - window[2, 5].astype("i2")).max(axis=-1) <= 2
        return float(np.argmin(sky[:, 20:260], axis=0).mean())

    assert skyline("steep") < skyline("flat") - 8


def test_buttons_and_keys_move_the_camera(globe: Visit) -> None:
    """Zooming in halves the way to the ground; the right arrow turns to the east."""
    assert 0.45 < globe.facts["zoomed"] < 0.55
    assert globe.facts["turned"] > 0.5


def test_click_chooses_a_place(globe: Visit) -> None:
    """It is the one below the pointer, and in the link."""
    found = re.search(r"place=Point;\[(-?[\d.]+),(-?[\d.]+)\]", globe.facts["clicked"])
    assert found is not None
    lon, lat = map(float, found.groups())
    assert abs(lon - globe.facts["at"][0]) < 0.1
    assert abs(lat - globe.facts["at"][1]) < 0.1


def test_plays_from_what_is_here(globe: Visit) -> None:
    """Once all steps were shown, playing on asks for no tile."""
    assert globe.facts["playing"] == []


def test_globe_is_accessible(globe: Visit) -> None:
    """axe-core finds nothing serious."""
    assert globe.facts["axe"] == []


def test_going_to_and_fro_leaves_nothing_behind(globe: Visit) -> None:
    """After ten turns between map and globe a page holds what it held after the first."""
    first, last = globe.facts["kept"]
    assert globe.facts["canvases"] == 1
    assert last["nodes"] <= first["nodes"] + 60
    assert last["listeners"] <= first["listeners"] + 20
    assert last["heap"] <= first["heap"] * 1.1 + 2e6


def test_nothing_goes_wrong_and_nothing_is_asked_elsewhere(globe: Visit, map_server: str) -> None:
    """The console stays empty under the strict policy, and only our host is asked."""
    assert globe.facts["errors"] == []
    assert globe.facts["hosts"] == [urlsplit(map_server).netloc]
