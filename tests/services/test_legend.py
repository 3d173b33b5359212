"""Claims about legends."""

import io
import math
import re
from itertools import pairwise
from typing import Literal
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tileserver.colormaps import hex_color

from tileserver.errors import InvalidParameter
from tileserver.services.legend import PICTURE_SIZE, Legend, layout, to_dict, to_png, to_svg
from tileserver.services.shape import Box, Ramp, Text, text_length
from tileserver.services.tick import ticks
from tileserver.style import Colormap, Style

SST = Style(Colormap.named("sst"), (-2, 32))
LOG = Style(Colormap.named("chlorophyll"), (0.01, 30), "log")
REFLECTANCE = Style(Colormap.named("gray"), (0, 0.25))
SYMLOG = Style(Colormap.named("anomaly"), (-50, 50), "symlog")
NEAR = Style(Colormap.named("rain"), (101324.95, 101325.05))
LAND = Style(Colormap.named("corine"), (0, 1))
INTERVALS = Style(Colormap.inline('[[[0, 1.5], "#f00"], [[1.5, 10], "#00f8"]]'), (0, 1))
STYLES = [SST, LOG, SYMLOG, NEAR, LAND, INTERVALS]
NAMES = ["linear", "log", "symlog", "narrow", "classes", "intervals"]
TITLE = "Leaf area index of high vegetation, monthly mean over the growing season"
SVG = "{http://www.w3.org/2000/svg}"

styles = st.sampled_from(STYLES)
orientations = st.sampled_from(["vertical", "horizontal"])
pixels = st.integers(1, 500)
picture_bands = st.sampled_from([(), ("B04", TITLE * 5, "\0\n")])


def extent(text: Text) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of a line of text, as it is drawn."""
    length = text_length(text.text, text.size)
    left = text.x - {"l": 0, "m": length / 2, "r": length}[text.anchor]
    return left, text.y - text.size / 2, left + length, text.y + text.size / 2


def texts(legend: Legend) -> list[Text]:
    return [shape for shape in layout(legend) if isinstance(shape, Text)]


def opened(legend: Legend) -> Image.Image:
    return Image.open(io.BytesIO(to_png(legend)))


@pytest.mark.parametrize("style", STYLES, ids=NAMES)
@pytest.mark.parametrize("size", [(1, 1), (40, 20), (120, 260), (2000, 2000), (700, 60)])
def test_png_has_the_size_asked_for(style: Style, size: tuple[int, int]) -> None:
    """The PNG is exactly as wide and high as asked, to the pixel."""
    for orientation in ("vertical", "horizontal"):
        drawn = opened(Legend(style, TITLE, "m2 m-2", orientation, *size))
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGBA", size)


@pytest.mark.parametrize("style", STYLES, ids=NAMES)
def test_svg_and_png_agree_on_the_default_size(style: Style) -> None:
    """Without a size, both are as large as `size` says, which the WMTS capabilities repeat."""
    legend = Legend(style, "Sea", "K")
    root = ElementTree.fromstring(to_svg(legend))
    assert opened(legend).size == legend.size
    assert (int(root.attrib["width"]), int(root.attrib["height"])) == legend.size


@given(
    styles,
    orientations,
    pixels,
    pixels,
    st.sampled_from(["x", TITLE, "m" * 400, ""]),
    picture_bands,
)
def test_nothing_is_clipped(
    style: Style, orientation: str, width: int, height: int, title: str, bands: tuple[str, ...]
) -> None:
    """At any size every text lies within the picture, and no two texts overlap."""
    legend = Legend(style, title, "kg m-2 s-1", orientation, width, height, bands=bands)
    found = [extent(text) for text in texts(legend)]
    for left, top, right, bottom in found:
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height
    for i, (left, top, right, bottom) in enumerate(found):
        for other in found[i + 1 :]:
            beside = other[0] >= right or other[2] <= left
            assert beside or other[1] >= bottom or other[3] <= top


@given(styles, orientations, pixels, pixels, picture_bands)
def test_boxes_and_ramps_lie_within(
    style: Style, orientation: str, width: int, height: int, bands: tuple[str, ...]
) -> None:
    """At any size every box and ramp lies within the picture, but for half a pixel of a tick."""
    for shape in layout(Legend(style, TITLE, "K", orientation, width, height, bands=bands)):
        if isinstance(shape, Box | Ramp):
            assert -0.5 <= shape.x <= shape.x + shape.width <= width + 0.5
            assert -0.5 <= shape.y <= shape.y + shape.height <= height + 0.5


@pytest.mark.parametrize("size", [0, -1, 100_000, math.nan, math.inf])
@pytest.mark.parametrize("name", ["width", "height"])
def test_bad_sizes_are_refused(name: str, size: int) -> None:
    """A size of nothing, or beyond the limit, is refused by its name."""
    with pytest.raises(InvalidParameter, match=f"^{name}=.*4096"):
        Legend(SST, "Sea", **{name: size})  # type: ignore[arg-type]


def test_the_bar_has_the_style_s_colours() -> None:
    """A vertical bar rises: its top is the last colour of the palette, its bottom the first."""
    legend = Legend(SST, "Sea", "K")
    [bar] = [shape for shape in layout(legend) if isinstance(shape, Ramp)]
    drawn = np.asarray(opened(legend))
    middle = bar.x + bar.width // 2
    inside = drawn[bar.y + 1 : bar.y + bar.height - 1, middle, :3].astype(int)
    palette = SST.palette()[:, :3].astype(int)
    assert np.abs(inside[0] - palette[255]).max() <= 4
    assert np.abs(inside[-1] - palette[1]).max() <= 4


def test_a_tick_is_beside_its_colour() -> None:
    """The colour beside a tick is the colour of a pixel of that value, but for a pixel's height."""
    legend = Legend(LOG, "Chlorophyll", width=200, height=700)
    [bar] = [shape for shape in layout(legend) if isinstance(shape, Ramp)]
    drawn = np.asarray(opened(legend)).astype(int)
    shown = [text for text in texts(legend) if re.fullmatch(r"[0-9.]+", text.text)]
    assert len(shown) >= 4
    for text in shown:
        value = np.array([float(text.text)], np.float32)
        expected = LOG.palette()[LOG.index(value, np.ones(1, bool))[0], :3].astype(int)
        row = min(max(round(text.y), bar.y + 2), bar.y + bar.height - 3)
        assert np.abs(drawn[row, bar.x + bar.width // 2, :3] - expected).max() <= 12


def test_classes_have_their_colours() -> None:
    """Each class is a swatch in its colour and its name beside it, in order."""
    legend = Legend(LAND, "Land cover")
    boxes = [s for s in layout(legend) if isinstance(s, Box) and s.framed]
    assert [box.color for box in boxes] == [c.color for c in LAND.colormap.categories]
    named = [text.text.rstrip("…") for text in texts(legend)[1:]]
    labels = [c.label for c in LAND.colormap.categories]
    assert all(label.startswith(n) for label, n in zip(labels, named, strict=True))


def test_classes_without_room_are_counted() -> None:
    """Where not all classes have room, the last line says how many are missing."""
    legend = Legend(LAND, "Land cover", width=150, height=100)
    shown = [s for s in layout(legend) if isinstance(s, Box) and s.framed]
    assert texts(legend)[-1].text == f"… +{44 - len(shown) + 1}"


@pytest.mark.parametrize("most", [2, 3, 5, 10, 20])
@pytest.mark.parametrize("style", STYLES[:4], ids=NAMES[:4])
def test_ticks_ascend_within_the_range(style: Style, most: int) -> None:
    """Ticks are round values inside the range, ascending, no more than asked, told apart."""
    found = ticks(style, most)
    low, high = style.rescale
    assert 1 <= len(found) <= most
    assert all(low <= tick.value <= high and 0 <= tick.position <= 1 for tick in found)
    assert all(a.value < b.value and a.position < b.position for a, b in pairwise(found))
    assert len({tick.label for tick in found}) == len(found)


@given(
    st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.sampled_from(["linear", "symlog"]),
    st.integers(2, 20),
)  # fmt: skip
def test_labels_say_their_values(low: float, span: float, scale: str, most: int) -> None:
    """Any range has ticks whose labels are their values, without digits of rounding."""
    if np.float32(low) == np.float32(low + span):
        return
    style = Style(SST.colormap, (low, low + span), scale)  # type: ignore[arg-type]
    found = ticks(style, most)
    assert 1 <= len(found) <= most
    for tick in found:
        assert math.isclose(float(tick.label), tick.value, rel_tol=1e-9, abs_tol=1e-12)
        assert len(tick.label) <= 14


@pytest.mark.parametrize(
    ("style", "most", "labels"),
    [
        (Style(SST.colormap, (0.1, 0.7)), 7, ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]),
        (LOG, 5, ["0.01", "0.1", "1", "10"]),
        (SYMLOG, 7, ["-10", "-1", "-0.1", "0", "0.1", "1", "10"]),
        (SYMLOG, 3, ["-10", "0", "10"]),
        (SYMLOG, 2, ["-10", "10"]),
        (Style(SST.colormap, (0, 3e-7)), 4, ["0", "1e-7", "2e-7", "3e-7"]),
        (Style(SST.colormap, (0, 4e12)), 3, ["0", "2e12", "4e12"]),
        (Style(SST.colormap, (0, 20000)), 3, ["0", "10000", "20000"]),
        (Style(SST.colormap, (1e6, 1000000.5)), 2, ["1000000", "1000000.5"]),
        (Style(SST.colormap, (3, 4), "log"), 3, ["3", "3.5", "4"]),
    ],
)
def test_labels_are_as_people_write_them(style: Style, most: int, labels: list[str]) -> None:
    """Short decimals; powers where they are shorter; enough digits to tell neighbours apart."""
    assert [tick.label for tick in ticks(style, most)] == labels


def test_ticks_may_be_limited() -> None:
    """`ticks` is how many there are at the most."""
    assert len(texts(Legend(SST, "Sea", height=900, ticks=3))) - 1 <= 3
    assert len(to_dict(Legend(SST, "Sea", ticks=3))["ticks"]) <= 3


def test_label_false_leaves_the_heading_out() -> None:
    """Without label there is neither title nor unit; with it, the unit follows the title."""
    assert not [t for t in texts(Legend(SST, "Sea", "K", label=False)) if "Sea" in t.text]
    assert [t for t in texts(Legend(SST, "Sea", "K")) if t.text == "Sea [K]"]


def test_a_long_title_is_shortened() -> None:
    """A title without room ends in an ellipsis."""
    [heading] = [t for t in texts(Legend(SST, TITLE, None, "horizontal")) if "Leaf" in t.text]
    assert heading.text.endswith("…")


def test_svg_is_escaped_and_self_contained() -> None:
    """A title is text, never markup; control characters do not break the XML; nothing is loaded."""
    svg = to_svg(Legend(SST, "<script>&\x00\x1b]]>\ud800 \"a'", "<b>", width=600))
    root = ElementTree.fromstring(svg)
    assert not root.findall(f".//{SVG}script")
    assert next(root.iter(f"{SVG}text")).text == "<script>& ]]> \"a' [<b>]"
    assert "href" not in svg


@pytest.mark.parametrize("style", STYLES, ids=NAMES)
def test_svg_shows_the_texts_of_the_png(style: Style) -> None:
    """Both are drawn from one layout: the same texts in the same order."""
    legend = Legend(style, "Sea", "K")
    found = [t.text for t in ElementTree.fromstring(to_svg(legend)).iter(f"{SVG}text")]
    assert found == [text.text for text in texts(legend)]


def test_json_of_a_scale() -> None:
    """A scale's JSON has range, scale, 256 colours with alpha, and ticks with their places."""
    found = to_dict(Legend(SST, "Sea", "K"))
    assert (found["title"], found["units"], found["type"]) == ("Sea", "K", "continuous")
    assert (found["min"], found["max"], found["scale"]) == (-2, 32, "linear")
    assert found["colors"] == [hex_color(color) for color in SST.colormap.lut]
    assert found["ticks"][0] == {"value": 0, "label": "0", "position": pytest.approx(2 / 34)}


def test_json_of_classes() -> None:
    """Classes have value, label and colour; those of intervals also their range."""
    found = to_dict(Legend(LAND, "Land cover"))
    assert found["type"] == "categorical"
    first = {"value": 111, "label": "Continuous urban fabric", "color": "#e6004dff"}
    assert found["categories"][0] == first
    interval = to_dict(Legend(INTERVALS, "x"))["categories"][1]
    assert interval == {
        "value": 1.5, "range": [1.5, 10], "label": "1.5 – 10", "color": "#0000ff88"
    }  # fmt: skip


def test_the_panel_is_light_and_the_text_dark() -> None:
    """Text stays readable on any map: dark ink on a nearly opaque white panel."""
    drawn = np.asarray(opened(Legend(SST, "Sea", "K")))
    assert drawn[0, 0].tolist() == [255, 255, 255, 235]
    assert drawn[..., :3].sum(axis=-1).min() < 150


@pytest.mark.parametrize("orientation", ["vertical", "horizontal"])
def test_a_picture_has_a_bar_for_each_band(orientation: Literal["vertical", "horizontal"]) -> None:
    """Red, green and blue rise from black, with their titles above them and one range below."""
    legend = Legend(REFLECTANCE, "True colour", "1", orientation, bands=("B04", "B03", "B02"))
    assert legend.size == PICTURE_SIZE
    bars = [shape for shape in layout(legend) if isinstance(shape, Ramp)]
    image = opened(legend)
    for channel, bar in enumerate(bars):
        middle = bar.y + bar.height // 2
        pure = [pytest.approx(255 * (n == channel), abs=5) for n in range(3)]
        assert list(image.getpixel((bar.x + bar.width - 2, middle))[:3]) == pure
        assert max(image.getpixel((bar.x + 1, middle))[:3]) < 8
    assert [text.text for text in texts(legend)] == [
        "True colour", "Red: B04", "Green: B03", "Blue: B02", "0", "0.1", "0.2",
    ]  # fmt: skip


def test_the_bars_of_a_picture_differ_in_svg() -> None:
    """Each bar of an SVG has colours of its own."""
    root = ElementTree.fromstring(to_svg(Legend(REFLECTANCE, "x", bands=("a", "b", "c"))))
    colours = {each.attrib["id"] for each in root.iter(f"{SVG}linearGradient")}
    bars = [rect.attrib["fill"] for rect in root.iter(f"{SVG}rect") if "url" in rect.attrib["fill"]]
    assert sorted(bars) == sorted(f"url(#{name})" for name in colours)
    assert len(bars) == 3


def test_json_of_a_picture() -> None:
    """JSON says which band is which channel, and the range."""
    found = to_dict(Legend(REFLECTANCE, "True colour", bands=("B04", "B03", "B02")))
    assert (found["type"], found["min"], found["max"]) == ("composite", 0, 0.25)
    assert found["bands"][0] == {"channel": "red", "title": "B04", "color": "#ff0000ff"}
    assert [tick["label"] for tick in found["ticks"]] == ["0", "0.05", "0.1", "0.15", "0.2", "0.25"]
