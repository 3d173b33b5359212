"""Claims about the list of colour tables."""

import io

import numpy as np
import pytest
from PIL import Image

from tileserver import colormaps as tables
from tileserver.errors import InvalidParameter
from tileserver.services import colormaps


def test_all_tables_are_listed() -> None:
    """The list has every table once, with its family and category, and no reversed one."""
    listed = colormaps.listing()["colormaps"]
    assert [entry["name"] for entry in listed] == tables.names()
    assert {entry["family"] for entry in listed} >= {"vegetation", "matplotlib"}
    assert all(entry["title"] and entry["category"] for entry in listed)


@pytest.mark.parametrize("name", ["ndvi", "viridis", "RdBu_r"])
def test_a_ramp_is_described(name: str) -> None:
    """A ramp has its name, its 256 colours with alpha, and no classes."""
    found = colormaps.describe(name)
    assert found["name"] == name.lower()
    assert found["colors"] == [tables.hex_color(color) for color in tables.lut(name)]
    assert "classes" not in found


def test_classes_are_described() -> None:
    """A table of classes lists value, label and colour of each."""
    found = colormaps.describe("worldcover")
    assert len(found["classes"]) == 11
    assert found["classes"][0] == {"value": 10, "label": "Tree cover", "color": "#006400ff"}


@pytest.mark.parametrize("name", ["nope", "", "../x"])
def test_unknown_tables_are_refused(name: str) -> None:
    """An unknown name is refused by picture and description alike."""
    with pytest.raises(InvalidParameter, match="colormap_name"):
        colormaps.describe(name)
    with pytest.raises(InvalidParameter, match="colormap_name"):
        colormaps.preview_png(name, width=256, height=20)


@pytest.mark.parametrize("size", [(256, 20), (1, 1), (100, 7), (1024, 2)])
def test_the_picture_shows_the_colours(size: tuple[int, int]) -> None:
    """The picture has the size asked for and the table's colours from left to right."""
    width, height = size
    image = Image.open(io.BytesIO(colormaps.preview_png("ndvi", width=width, height=height)))
    assert image.size == size
    found, lut = np.asarray(image), tables.lut("ndvi")
    assert (found == lut[np.arange(width) * 256 // width]).all()


def test_listing_with_colours_is_what_each_one_tells() -> None:
    """So that who lets people choose asks once, not for each."""
    listed = colormaps.listing(colors=True)["colormaps"]
    assert [each["name"] for each in listed] == list(tables.names())
    assert listed == [colormaps.describe(each["name"]) for each in listed]
