"""Comparing in a real browser: two times at a line, two layers on maps side by side."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser.conftest import Visit, visited

# Of windows of 1280 x 800: rows of sea and land clear of panels, labels, the handle and the bar.
ROWS = slice(480, 660)


@pytest.fixture(scope="session")
def compared(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit in which times and layers are compared."""
    return visited(tmp_path_factory, "compare", chromium, demo_server)


def changed(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The share of pixels that differ."""
    return float((np.abs(one.astype("i2") - other).max(axis=-1) > 2).mean())


def test_line_parts_two_times(compared: Visit) -> None:
    """To the left of the line the map is as it was, to its right it shows the other time."""
    now, swiped = (compared.picture(name)[ROWS] for name in ("now", "swiped"))
    assert changed(now[:, 360:630], swiped[:, 360:630]) < 0.002
    assert changed(now[:, 650:1000], swiped[:, 650:1000]) > 0.15


def test_labels_tell_what_is_shown(compared: Visit) -> None:
    """Of two times each side tells its own."""
    left, right = compared.facts["swiped"]["labels"]
    assert left == ["19 Dec 2021", "Sea surface temperature"]
    assert right == ["12 Jul 2021", "Sea surface temperature"]


def test_line_is_dragged_and_pressed(compared: Visit) -> None:
    """By mouse, key and finger; no tile is asked for."""
    assert compared.facts["dragged"] == "70"
    assert compared.facts["pressed"] == "60"
    assert compared.facts["touched"] == "28"
    assert compared.facts["asked"] == []
    now, swiped, moved = (compared.picture(name)[ROWS] for name in ("now", "swiped", "moved"))
    assert changed(now[:, 650:740], moved[:, 650:740]) < 0.002
    assert changed(swiped[:, 800:], moved[:, 800:]) < 0.002


def test_link_restores_the_comparison(compared: Visit) -> None:
    """Who follows it sees the same times, and the line where it was."""
    assert compared.facts["restored"] == {"labels": compared.facts["swiped"]["labels"], "at": "60"}


def test_maps_under_the_line_move_as_one(compared: Visit) -> None:
    """After dragging the map both sides show what was there before, moved by as much."""
    moved, panned = (compared.picture(name) for name in ("moved", "panned"))
    before, after = moved[480:560, 800:1100], panned[540:620, 900:1200]
    assert changed(before, after) < 0.12
    left, right = moved[480:560, 400:600], panned[540:620, 500:700]
    assert changed(left, right) < 0.12


def test_places_are_on_both_maps(compared: Visit) -> None:
    """A click on either chooses one."""
    assert compared.facts["marks"] == [1, 1]


def test_both_sides_play(compared: Visit) -> None:
    """They stay as many steps apart as they were."""
    assert compared.facts["played"] != compared.facts["swiped"]["labels"]
    left, right = (label[0] for label in compared.facts["played"])
    assert left != right


def test_leaving_takes_the_second_map_away(compared: Visit) -> None:
    """Nothing of it stays."""
    assert compared.facts["left"] == 0


def test_two_maps_get_the_same_room(compared: Visit) -> None:
    """Beside the panel each has half, and its layer is named."""
    first, second = compared.facts["side"]["boxes"]
    assert first["width"] == second["left"]
    assert abs(second["width"] - (first["width"] - 336)) < 12
    titles = [label[0] for label in compared.facts["side"]["labels"]]
    assert titles == ["Sea surface temperature", "Air temperature"]


def test_pointer_is_mirrored(compared: Visit) -> None:
    """A cross on the second map is as far from its middle as the pointer is from the first's."""
    first, second = compared.facts["side"]["boxes"]
    middle = (336 + first["width"]) / 2
    expected = second["left"] + (1280 - second["left"]) / 2 + 500 - middle
    assert abs(compared.facts["side"]["cross"]["x"] - expected) < 3
    assert compared.facts["side"]["cross"]["y"] == 400


def test_two_maps_move_as_one(compared: Visit) -> None:
    """Dragging the second moves the first, and both zoom."""
    side, dragged = (compared.picture(name) for name in ("side", "dragged"))
    assert changed(side[480:560, 400:600], dragged[540:620, 480:680]) < 0.12
    assert "view=4/" in compared.facts["side"]["zoomed"]


def test_is_accessible(compared: Visit) -> None:
    """axe-core finds nothing serious."""
    assert compared.facts["axe"] == []


def test_nothing_goes_wrong(compared: Visit) -> None:
    """The console stays empty."""
    assert compared.facts["errors"] == []
