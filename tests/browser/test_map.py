"""The map's own pixels: held to the pictures that the server draws of the same tiles."""

import io
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.browser.conftest import Visit, visited

SIDE = 256
GROUND = (0xD5, 0xE1, 0xE8)  # --sea of the light theme, which lies below the data
NEXT_COLOUR = 12  # levels from one colour of a table to the next, at the most
FRAMES_DROPPED = 5  # of 50, as many as may be
RECOLOUR_MS = 50
BOUNDS = (str(FRAMES_DROPPED), str(RECOLOUR_MS))
GROWTH = 1.1  # of the heap, over 500 steps


@pytest.fixture(scope="module")
def map_visit(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A visit to maps without panels above them."""
    return visited(tmp_path_factory, "map", chromium, demo_server)


@pytest.fixture(scope="module")
def speed(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """What a map measures of itself."""
    return visited(tmp_path_factory, "mapspeed", chromium, demo_server, *BOUNDS)


def tile(
    server: str, path: str, opacity: float = 1.0, below: object = GROUND
) -> NDArray[np.float64]:
    """The server's picture of a tile, (row, col, 3), laid over what is below it."""
    body = httpx.get(f"{server}/tiles/{path}").raise_for_status().content
    with Image.open(io.BytesIO(body)) as image:
        rgba = np.asarray(image.convert("RGBA")).astype("f8")
    alpha = rgba[..., 3:] / 255 * opacity
    whole: NDArray[np.float64] = rgba[..., :3] * alpha + np.asarray(below, "f8") * (1 - alpha)
    return whole


def shown(visit: Visit, name: str, corner: list[int], side: int = SIDE) -> NDArray[np.float64]:
    """What the window shows of a tile."""
    x, y = corner
    crop: NDArray[np.float64] = visit.picture(name)[y : y + side, x : x + side].astype("f8")
    return crop


def close(one: NDArray[np.float64], other: NDArray[np.float64], levels: float = 1.5) -> float:
    """The share of pixels that are equal to within rounding."""
    return float(np.mean(np.abs(one - other).max(axis=-1) <= levels))


def same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether pixels are equal; a value at the border of two colours may have either."""
    return close(one, other) > 0.98 and close(one, other, NEXT_COLOUR) > 0.9995


@pytest.mark.parametrize(
    ("name", "path", "opacity"),
    [
        ("linear", "ocean/sst/3/3/3.png", 1.0),
        ("recoloured", "ocean/sst/3/3/3.png?colormap_name=magma_r&rescale=5,25", 0.5),
        ("symlog", "ocean/sst_anomaly/3/3/3.png?scale=symlog", 1.0),
        ("log", "ocean/chl/3/3/3.png", 1.0),
        ("restored", "ocean/sst/3/3/3.png", 1.0),
        ("flat", "ocean/sst/3/3/3.png?colormap_name=magma", 1.0),
    ],
)
def test_pixels_are_those_of_the_server(
    map_visit: Visit, demo_server: str, name: str, path: str, opacity: float
) -> None:
    """On every scale, translucent, after a lost context, and without WebGL."""
    expected = tile(demo_server, path, opacity)
    assert same(shown(map_visit, name, map_visit.facts["corner"]), expected)


def test_values_are_coloured_here(map_visit: Visit) -> None:
    """Raw tiles are asked for, and none again when colours change; pictures only without WebGL."""
    facts = map_visit.facts
    assert facts["asked"]["raw"] > 0 == facts["asked"]["coloured"]
    assert [a for a in facts["recolouring"] if "/tiles/" in a] == []
    assert facts["flat"]["coloured"] > 0 == facts["flat"]["raw"]


def test_layers_lie_above_each_other(map_visit: Visit, demo_server: str) -> None:
    """In their order, each with its opacity; land shows the lower one alone."""
    lower = tile(demo_server, "model/t/3/3/3.png")
    expected = tile(demo_server, "ocean/sst/3/3/3.png", 0.4, lower)
    seen = shown(map_visit, "stack", map_visit.facts["stackCorner"])
    assert same(seen, expected)
    assert 0.02 < close(lower, expected) < 0.98


def test_composites_are_pictures(map_visit: Visit, demo_server: str) -> None:
    """Three bands of values, or the server's picture: the colours are the same."""
    facts = map_visit.facts["composite"]
    expected = tile(demo_server, "s2/true_color/13/4354/2872.png")
    assert close(shown(map_visit, "composite", facts["corner"]), expected) > 0.99


def test_worlds_share_their_tiles(map_visit: Visit) -> None:
    """Each tile of the world is asked for once, however often it is seen, across 180° too."""
    facts, picture = map_visit.facts["worlds"], map_visit.picture("worlds")
    assert facts["asked"] == 4
    y = facts["corner"][1]
    band = picture[y + 60 : y + 250].astype("i2")

    left, right = band[:, 2:250], band[:, 514:762]
    assert float(np.mean(np.abs(left - right).max(axis=-1) <= 1)) > 0.97


def ground(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where no data are seen."""
    bare: NDArray[np.bool_] = np.abs(picture.astype("i2") - GROUND).max(axis=-1) <= 2
    return bare


def test_zooms_between_whole_ones_have_no_seams(map_visit: Visit) -> None:
    """No line of the ground shows through where tiles meet."""
    bare = ground(map_visit.picture("between")[150:550, 50:650])
    assert max(bare.mean(axis=0).max(), bare.mean(axis=1).max()) < 0.2


def test_dragged_far_is_whole(map_visit: Visit) -> None:
    """The map goes on round the world; a link tells a longitude of the one world."""
    longitude = float(parse_qs(map_visit.facts["dragged"][1:])["view"][0].split("/")[2])
    assert -180 <= longitude <= 180
    assert ground(map_visit.picture("dragged")).mean() < 0.6


def test_data_without_time_are_drawn_at_once(map_visit: Visit) -> None:
    """The first view is fitted, then its tiles are asked for."""
    assert map_visit.facts["timeless"]["asked"] > 0
    picture = map_visit.picture("timeless")
    assert np.any(np.abs(picture.astype("f8") - GROUND).max(axis=-1) > NEXT_COLOUR, axis=None)


def test_deep_zooms_ask_for_no_finer_tiles(map_visit: Visit) -> None:
    """A cell of 0.25° needs no tile of zoom 17; one or two of the last useful zoom are enough."""
    asked = map_visit.facts["deep"]["asked"]
    zooms = {int(urlsplit(address).path.split("/")[-3]) for address in asked}
    assert len(asked) <= 4
    assert max(zooms) <= 8


def test_zooming_never_blanks(map_visit: Visit) -> None:
    """Whatever is drawn on the way to another zoom has data at its centre."""
    zoomed = map_visit.facts["zoomed"]
    assert "view=3/" not in zoomed["hash"]
    assert len(zoomed["alphas"]) >= 2
    assert set(zoomed["alphas"]) == {255}


def test_hover_tells_value_and_place(map_visit: Visit, demo_server: str) -> None:
    """From the tile that is there, without a request: that of the API at the same place."""
    value, _, place = map_visit.facts["hover"]["lines"]
    lat, lon = (float(part.split("°")[0]) for part in place.split(", "))
    assert map_visit.facts["hover"]["asked"] == 0
    told = httpx.get(f"{demo_server}/point/ocean/chl?lon={-lon}&lat={lat}").json()["value"]
    assert value.endswith("mg m⁻³")
    assert float(value.split(" ")[0]) == pytest.approx(told, rel=0.02)


def test_hover_tells_all_layers(map_visit: Visit) -> None:
    """The topmost first, by name."""
    lines = [line for line in map_visit.facts["stackHover"] if line]
    assert lines[0] == "Sea surface temperature"
    assert lines[1].endswith("°C")
    assert lines[2] == "Air temperature"
    assert lines[3].endswith("K")


def test_keyboard_reads_the_centre(map_visit: Visit) -> None:
    """Under a cross, and aloud."""
    keys = map_visit.facts["keys"]
    assert keys["cross"]
    assert keys["lines"][0].endswith("°C")
    assert keys["lines"][0] in keys["said"]


def test_failures_are_told_once_and_mended(map_visit: Visit) -> None:
    """By the layer's name and in the server's words; trying again brings the layer back."""
    facts = map_visit.facts
    assert facts["failed"] == ["Sea surface temperature: the store does not answer"]
    assert facts["mended"] == []
    assert "Sea surface temperature" in facts["mendedHover"]


def test_fine_screens_have_fine_tiles(map_visit: Visit, demo_server: str) -> None:
    """Twice the pixels, each as the server's."""
    facts = map_visit.facts["retina"]
    assert facts["large"] > 0 == facts["small"]
    corner = [2 * at for at in facts["corner"]]
    expected = tile(demo_server, "ocean/sst/3/3/3@2x.png")
    assert same(shown(map_visit, "retina", corner, 2 * SIDE), expected)


def test_nothing_is_wrong(map_visit: Visit) -> None:
    """No error is in the console, with WebGL or without, and after a lost context."""
    facts = map_visit.facts
    assert facts["errors"] == facts["flat"]["errors"] == facts["restored"] == []


@pytest.mark.paced
def test_plays_without_requests(speed: Visit) -> None:
    """50 steps at 10 a second after preloading: no request, hardly a late frame, in some try."""
    played = speed.facts["played"]
    assert played["asked"] == 0
    assert played["late"] < FRAMES_DROPPED


@pytest.mark.paced
def test_recolours_at_once(speed: Visit) -> None:
    """The median of nine, until the pixels can be read, in software; the best of some tries."""
    assert speed.facts["recoloured"] < RECOLOUR_MS


@pytest.mark.paced
def test_memory_stays(speed: Visit) -> None:
    """500 steps leave nothing behind."""
    heap = speed.facts["heap"]
    assert heap["after"] < GROWTH * heap["before"]
