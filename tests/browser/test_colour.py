"""Colours in the browser: the server's own, chosen without asking it."""

import io
import json
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
import pytest
from PIL import Image

from tests.browser.conftest import visited

CODES = 0.02  # of a tile's pixels: their values come in 16 bits, and may lie beyond a colour's end
NEXT = 12  # levels from one colour of a table to the next, at the most
HOLLOW = ("classes", "steps", "ownClasses", "named")  # between whose colours there is none


@pytest.fixture(scope="module")
def facts(
    chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What was seen while colours were chosen."""
    return visited(tmp_path_factory, "colour", chromium, demo_server).facts


def point(server: str, lon: float, lat: float) -> float:
    """The value at a place."""
    answer = httpx.get(f"{server}/point/ocean/sst", params={"lon": lon, "lat": lat})
    return float(answer.raise_for_status().json()["value"])


def legend(server: str, **style: str) -> dict[str, Any]:
    """What the server says that colours mean."""
    found: dict[str, Any] = httpx.get(f"{server}/legend/ocean/sst.json?{urlencode(style)}").json()
    return found


def rgb(color: str) -> list[int]:
    """`#rrggbb…` as three bytes."""
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


@pytest.mark.parametrize("style", ["linear", "reversed", "log", "own", "placed"])
def test_raw_values_have_the_colours_of_the_picture(facts: dict[str, Any], style: str) -> None:
    """Each pixel of a tile, coloured in the browser and by the server."""
    same = facts["same"][style]
    assert same["coloured"] > 5000
    assert same["equal"] > 1 - CODES
    assert same["worst"] <= NEXT


def test_symmetric_logarithms_differ_by_a_colour_at_the_most(facts: dict[str, Any]) -> None:
    """Where they bend, near zero, a code's step is a good part of a colour's."""
    same = facts["same"]["symlog"]
    assert same["equal"] > 0.75
    assert same["worst"] <= NEXT


@pytest.mark.parametrize("style", HOLLOW)
def test_classes_and_steps_have_their_colours(facts: dict[str, Any], style: str) -> None:
    """And nothing where there is none: no pixel is mixed."""
    same = facts["same"][style]
    assert same["coloured"] > 5000
    assert same["equal"] > 1 - CODES


def test_legend_is_the_ramp_with_round_values(facts: dict[str, Any], demo_server: str) -> None:
    """Its ends have the end colours."""
    colors = legend(demo_server)["colors"]
    assert facts["legend"]["ends"] == [rgb(colors[0]), rgb(colors[-1])]
    assert facts["legend"]["ticks"] == ["0", "10", "20", "30"]


def test_colormaps_are_in_families(facts: dict[str, Any]) -> None:
    """By subject first, then matplotlib's by kind."""
    families = facts["families"]
    assert {"ocean", "land cover", "diverging (matplotlib)"} <= set(families)
    assert [f.endswith("(matplotlib)") for f in families] == sorted(
        f.endswith("(matplotlib)") for f in families
    )


def test_choosing_colours_asks_for_nothing(facts: dict[str, Any]) -> None:
    """Colormap, reverse, 2-98 %, dragging, typing, scale: no request once the list is open."""
    assert facts["asked"] == []
    assert facts["class"]["asked"] == []
    assert facts["log"] == {"errors": [], "failures": []}


def test_fitting_takes_the_percentiles_of_what_is_in_view(
    facts: dict[str, Any], demo_server: str
) -> None:
    """As the API tells them of the same box."""
    box = ",".join(map(str, facts["box"]))
    answer = httpx.get(f"{demo_server}/statistics/ocean/sst", params={"bbox": box}).json()
    expected = [answer["percentiles"]["2"], answer["percentiles"]["98"]]
    assert facts["fitted"] == pytest.approx(expected, abs=0.05 * (expected[1] - expected[0]))


def test_dragging_a_handle_recolours_at_once(facts: dict[str, Any]) -> None:
    """While it is dragged."""
    assert facts["dragged"][0] == facts["fitted"][0]
    assert facts["dragged"][1] < facts["fitted"][1]
    assert facts["whileDragged"]["before"] != facts["whileDragged"]["now"]


def test_what_is_chosen_is_in_the_link_and_on_the_map(
    facts: dict[str, Any], demo_server: str
) -> None:
    """The pixel has the colour that the server gives its value."""
    assert "colormap=plasma_r&rescale=15,30&scale=log" in facts["hash"]
    value = point(demo_server, *facts["place"])
    style = {"colormap_name": "plasma_r", "rescale": "15,30", "scale": "log"}
    colors = list(map(rgb, legend(demo_server, **style)["colors"]))
    nearest = min(
        range(256),
        key=lambda i: sum(abs(a - b) for a, b in zip(colors[i], facts["pixel"], strict=True)),
    )
    shown = 15 * (30 / 15) ** (nearest / 255)
    assert shown == pytest.approx(value, abs=0.4)


def test_an_impossible_range_is_refused_in_words(facts: dict[str, Any]) -> None:
    """And changes nothing."""
    assert "below the highest" in facts["refused"]


def test_classes_are_listed_recoloured_and_hidden(facts: dict[str, Any]) -> None:
    """Each by its name; hidden ones show what lies below."""
    assert "tree cover" in facts["classes"]
    assert len(facts["classes"]) == 8
    found = facts["class"]
    assert found["index"] >= 0
    assert found["recoloured"] == [255, 0, 255]
    assert found["hidden"] == rgb(found["ground"])


def test_own_colormaps_are_drawn_linked_and_kept(facts: dict[str, Any], demo_server: str) -> None:
    """What the browser paints is what the server draws of the JSON in the link."""
    own = facts["own"]
    assert "20 not a colour" in own["refused"]
    text = own["hash"].split("colormap=")[1].split("&")[0]
    assert json.loads(text) == {"0": "#0000ff", "128": "#00ff00", "255": "#ff0000"}
    answer = httpx.get(
        f"{demo_server}/tiles/ocean/sst/0/0/0.png", params={"colormap": text, "rescale": "20,30"}
    )
    with Image.open(io.BytesIO(answer.content)) as image:
        palette = {tuple(color[1][:3]) for color in image.convert("RGBA").getcolors(1 << 16) or []}
    assert tuple(own["colour"]) in palette
    assert own["again"] == own["colour"]
    assert own["name"] == "Traffic light"
    assert own["kept"] == ["Traffic light"]


def test_an_expression_without_a_range_gets_the_servers(
    facts: dict[str, Any], demo_server: str
) -> None:
    """From a link that names none: that of its coarsest level, as in legends."""
    found = httpx.get(f"{demo_server}/legend/ocean/_.json", params={"expression": "sst*2"}).json()
    assert facts["expression"]["range"] == pytest.approx([found["min"], found["max"]], rel=1e-4)
    assert facts["expression"]["errors"] == []
