"""Transects and Hovmöller diagrams, in a real browser: their numbers, colours, places and files."""

import csv
import io
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2 as httpx
import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from tests.browser.conftest import Visit, visited
from tests.browser.test_globe import colour_of, distance

SST = (-2, 32)  # the demo's range of colours


@pytest.fixture(scope="session")
def section(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit to the tab of sections."""
    return visited(tmp_path_factory, "section", chromium, demo_server)


def rows(table: dict[str, str]) -> list[dict[str, str]]:
    """Lines of a saved table by its head."""
    return list(csv.DictReader(io.StringIO(table["text"])))


def answer(server: str, path: str, **others: str) -> dict[str, Any]:
    """What the API says to a question that the page asked."""
    parts = urlsplit(path)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    found: dict[str, Any] = httpx.get(f"{server}{parts.path}", params={**asked, **others}).json()
    return found


def number(text: str) -> float:
    """A value of a table, NaN where there is none."""
    return float(text) if text else math.nan


def diagram(section: Visit, name: str) -> NDArray[np.float64]:
    """A saved diagram (times, places)."""
    lines = rows(section.facts[f"{name}Table"])
    steps = len({line["time"] for line in lines})
    return np.array([number(line["value"]) for line in lines]).reshape(steps, -1)


def block(server: str, section: Visit, name: str) -> NDArray[np.float64]:
    """The block (times, rows, cols) that a diagram was made of."""
    (asked,) = section.facts[name]["asked"]
    return np.array(answer(server, asked, f="json")["values"], "f8")


def test_without_a_line_says_what_to_do(section: Visit) -> None:
    """An empty tab is a sentence."""
    assert "Draw a line" in section.facts["empty"]


def test_a_drawn_line_is_in_the_link(section: Visit) -> None:
    """With its three corners, chosen."""
    place = re.search(r"place=LineString;(\[\[.*?\]\])", unquote(section.facts["line"]["hash"]))
    assert place is not None
    assert place[1].count("[") == 4
    assert "chosen=0" in section.facts["line"]["hash"]


def test_curve_is_the_transect(section: Visit, demo_server: str) -> None:
    """The saved numbers are the API's, at the distances that it tells."""
    (asked,) = section.facts["line"]["asked"]
    found = answer(demo_server, asked)
    lines = rows(section.facts["lineTable"])
    values = np.array([number(line["value"]) for line in lines])
    assert np.allclose(values, np.array(found["values"][0], "f8"), equal_nan=True)
    assert [float(line["distance_m"]) for line in lines] == found["distance_m"]
    assert np.isnan(values).any()
    assert {line["unit"] for line in lines} == {"degree_Celsius"}
    assert found["times"][0].startswith("2021-04-07")


def test_pointer_tells_value_and_place(section: Visit, demo_server: str) -> None:
    """What stands beside the pointer is what is there."""
    place, value = section.facts["under"]["place"], section.facts["under"]["value"]
    lat, lon = (float(part) for part in re.findall(r"([\d.]+)°", place))
    parameters = {"lon": -lon, "lat": lat, "time": "2021-04-07"}
    found = httpx.get(f"{demo_server}/point/ocean/sst", params=parameters).json()
    assert abs(float(value.removesuffix(" °C")) - found["value"]) < 0.3


def test_place_under_the_pointer_is_marked_on_the_map(section: Visit) -> None:
    """Where Mercator's map has that longitude and latitude."""
    lat, lon = (float(part) for part in re.findall(r"([\d.]+)°", section.facts["under"]["place"]))
    world = 256 * 2**3

    def north(degrees: float) -> float:
        return math.asinh(math.tan(math.radians(degrees))) / (2 * math.pi) * world

    expected = 640 + (-lon + 30) / 360 * world, 400 + north(20) - north(lat)
    assert np.allclose(section.facts["mark"], expected, atol=1.6)


def test_curve_follows_the_time(section: Visit) -> None:
    """A step on asks once, for that time."""
    (asked,) = section.facts["lineStepped"]
    assert "time=2021-05-09" in unquote(asked)


def test_latitudes_hold_means_over_longitude(section: Visit, demo_server: str) -> None:
    """Each number is the mean of its row, from south to north, of what has values."""
    found = diagram(section, "latitude")
    assert found.shape == (12, 120)
    with np.errstate(invalid="ignore"):
        expected = np.nanmean(block(demo_server, section, "latitude"), axis=2)[:, ::-1]
    assert np.allclose(found, expected, rtol=1e-4, equal_nan=True)


def test_longitudes_hold_means_by_area(section: Visit, demo_server: str) -> None:
    """Each number is the mean of its column, each cell weighing as much as its area."""
    found = diagram(section, "longitude")
    values = block(demo_server, section, "longitude")
    (asked,) = section.facts["longitude"]["asked"]
    _, south, _, north = (
        float(part) for part in parse_qs(urlsplit(asked).query)["bbox"][0].split(",")
    )
    edges = np.sin(np.radians(np.linspace(north, south, values.shape[1] + 1)))
    weights = np.where(np.isnan(values), 0, (edges[:-1] - edges[1:])[:, None])
    expected = np.nansum(values * weights, axis=1) / weights.sum(axis=1)
    assert np.allclose(found, expected, rtol=1e-4, equal_nan=True)


def test_latitudes_are_near_xarrays_means(section: Visit, demo_data: Path) -> None:
    """A block samples the cube: its means are those of all cells, to within a degree."""
    lines = rows(section.facts["latitudeTable"])
    latitudes = np.array([float(line["latitude"]) for line in lines[:120]])
    (asked,) = section.facts["latitude"]["asked"]
    west, _, east, _ = (
        float(part) for part in parse_qs(urlsplit(asked).query)["bbox"][0].split(",")
    )
    group = xr.open_datatree(demo_data.parent / "ocean.zarr", engine="zarr", consolidated=False)
    finest = next(node.to_dataset() for node in group.subtree if "sst" in node.variables)
    names = {"lat": "latitude", "lon": "longitude"}
    data = finest["sst"].rename({k: v for k, v in names.items() if k in finest["sst"].dims})
    inside = data.where((data.longitude >= west) & (data.longitude <= east)).isel(time=0)
    means = inside.mean("longitude").sel(latitude=latitudes, method="nearest")
    difference = np.abs(diagram(section, "latitude")[0] - means.to_numpy())
    assert np.nanmedian(difference) < 0.5


@pytest.mark.parametrize(("picture", "name"), [("latitude", "sst"), ("recoloured", "plasma")])
def test_cells_have_the_colours_of_their_values(
    section: Visit, demo_server: str, picture: str, name: str
) -> None:
    """By the layer's ramp, and by another as soon as it is chosen."""
    values = diagram(section, "latitude")
    canvas = section.facts["latitude"]["canvas"]
    left, top = canvas["x"] + 62, canvas["y"] + 8
    width, height = canvas["width"] - 78, canvas["height"] - 32
    pixels = section.picture(picture)
    for step, row in ((1, 20), (6, 70), (10, 100)):
        # Steps are not quite as far apart as each other: the middle of one is within it.
        x = left + (step + 0.5) / 12 * width
        y = top + (1 - (row + 0.5) / 120) * height
        expected = colour_of(demo_server, name, values[step, row], *SST)
        assert distance(pixels[int(y), int(x)], expected) <= 6


def test_recolours_without_a_request(section: Visit) -> None:
    """Another colormap paints what is there."""
    assert section.facts["recoloured"] == []


def test_pointing_reads_and_clicking_goes_to_the_time(section: Visit) -> None:
    """The value is that of the table, and the time that of the step."""
    value, day, place = section.facts["pointed"].split(" · ")
    assert section.facts["clicked"].startswith("2021-1")
    latitude = float(place.split("°")[0]) * (1 if place.endswith("N") else -1)
    found = [
        float(line["value"])
        for line in rows(section.facts["latitudeTable"])
        if line["time"] == section.facts["clicked"]
        and abs(float(line["latitude"]) - latitude) < 0.01
    ]
    assert abs(found[0] - float(value.removesuffix(" °C"))) <= 0.006
    assert day.endswith("2021")


def test_arrow_keys_read_out(section: Visit) -> None:
    """To the left is the step before."""
    first, second = (text.split(" · ")[1:] for text in section.facts["keys"])
    assert first[1] == second[1]
    assert first[0] != second[0]


def test_saves_pictures_with_title_and_legend(section: Visit, demo_server: str) -> None:
    """Of a size to print; the legend is the ramp."""
    for name in ("linePicture", "latitudePicture"):
        with Image.open(section.folder / section.facts[name]) as image:
            assert image.size == (1920, 1200)
    with Image.open(section.folder / section.facts["latitudePicture"]) as image:
        pixels = np.asarray(image.convert("RGB"))
    # The legend is 640 pixels wide, and ends at the frame's right.
    left = 1920 - 48 - 2 * 16 - 640
    for share in (0.1, 0.5, 0.9):
        value = SST[0] + share * (SST[1] - SST[0])
        pixel = pixels[2 * (600 - 56 + 14 + 5), int(left + share * 640)]
        assert distance(pixel, colour_of(demo_server, "sst", value, *SST)) <= 6
    assert section.facts["latitudePicture"] == "ocean_sst_time-latitude.png"


def test_can_be_given_up_and_tried_again(section: Visit) -> None:
    """A long answer is cancelled, a failed one told with a button that asks again."""
    assert section.facts["cancelled"] == 1
    assert "90.0° S to 90.0° N" in section.facts["retried"]


def test_says_why_there_is_no_diagram(section: Visit) -> None:
    """Of pictures, and of layers without time; in German on a German page."""
    assert section.facts["told"].startswith("Ein Farbbild")
    assert section.facts["timeless"].startswith("Diese Ebene hat keine Zeit")


def test_is_accessible(section: Visit) -> None:
    """axe-core finds no serious violation in the chart, nor in the diagram."""
    assert section.facts["axe"] == []


def test_nothing_goes_wrong(section: Visit, demo_server: str) -> None:
    """No error in the console, no other host."""
    assert section.facts["errors"] == []
    assert section.facts["hosts"] == [urlsplit(demo_server).netloc]
