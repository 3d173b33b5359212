"""Claims about how values become colours."""

import json
import math
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tileserver import colormaps
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.style import Category, Colormap, Style, check_range, parse_rescale

VIRIDIS = Colormap.named("viridis")
F32 = np.float32

EDGES = [math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 1e-45, -0.0, 0.0, 1.0, 20.0, 5.0, -5.0]


def values_of(*more: float) -> st.SearchStrategy[NDArray[np.float32]]:
    """Rows of float32: ordinary, extreme, NaN, infinite, and the given ones."""
    element = st.sampled_from([*EDGES, *more]) | st.floats(width=32) | st.floats(-30, 30, width=32)
    return arrays.arrays(F32, st.integers(1, 20), elements=element.map(F32))


def bent(style: Style, value: np.float32) -> np.float32:
    """t(value) of the module's formula, one value at a time."""
    if style.scale == "log":
        return np.log(value)
    if style.scale == "symlog":
        threshold = max(map(abs, style.rescale)) / 1000
        return np.copysign(np.log1p(np.abs(value) * F32(1 / threshold)), value)
    return value


def plain_index(style: Style, value: np.float32, valid: bool) -> int:
    """The definition of `Style.index`, for one value and without tricks."""
    if not valid or np.isnan(value):
        return 0
    low, high = style.rescale
    if style.scale == "log":
        low, high = math.log(low), math.log(high)
    elif style.scale == "symlog":
        threshold = max(map(abs, style.rescale)) / 1000
        low, high = (math.copysign(math.log1p(abs(b) / threshold), b) for b in (low, high))
    with np.errstate(all="ignore"):
        place = (bent(style, value) - F32(low)) * F32(255 / (high - low))
    if np.isnan(place) or place <= 0:
        return 1
    return 255 if place >= 254 else 1 + math.floor(place)


STYLES = [
    Style(VIRIDIS, (0, 20)),
    Style(VIRIDIS, (-5, 20)),
    Style(VIRIDIS, (273.15, 313.15)),
    Style(VIRIDIS, (-1e38, 1e38)),
    Style(VIRIDIS, (0, 1e-30)),
    Style(VIRIDIS, (0.01, 20), "log"),
    Style(VIRIDIS, (1e-30, 1e38), "log"),
    Style(VIRIDIS, (-5, 20), "symlog"),
    Style(VIRIDIS, (-1e38, 1e38), "symlog"),
    Style(VIRIDIS, (0, 1e-30), "symlog"),
]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.scale}{style.rescale}")
@given(values=values_of(273.15, 313.15, 1e38, -1e38, 0.01, 1e-30), data=st.data())
def test_index_equals_its_plain_twin(
    style: Style, values: NDArray[np.float32], data: st.DataObject
) -> None:
    """The fast kernel gives what one value at a time gives, bit by bit, and never warns."""
    valid = data.draw(arrays.arrays(np.bool_, values.shape))
    expected = [plain_index(style, v, bool(ok)) for v, ok in zip(values, valid, strict=True)]
    if style.scale == "linear":
        assert style.index(values, valid).tolist() == expected
    else:  # numpy's vector and scalar logarithms may differ in their last bit
        found = style.index(values, valid).astype(int)
        assert np.abs(found - expected).max() <= 1
        assert ((found == 0) == (np.array(expected) == 0)).all()


@pytest.mark.parametrize("style", STYLES[:3], ids=lambda style: str(style.rescale))
@given(values=arrays.arrays(F32, 8, elements=st.floats(-30, 350, width=32)))
def test_index_is_the_floor_of_position(style: Style, values: NDArray[np.float32]) -> None:
    """index = 1 + floor(255 position), but for values within rounding of a border."""
    exact = style.position(values.astype(np.float64)) * 255
    found = style.index(values, np.ones(8, bool)) - 1.0
    expected = np.minimum(np.floor(exact), 254)
    on_border = np.abs(exact - np.rint(exact)) < 1e-3
    assert ((found == expected) | on_border).all()


def test_beyond_the_range_are_the_end_colours() -> None:
    """Values below and above the range, infinite ones too, take the first and last colour."""
    values = np.array([-1, -np.inf, 0, 20, 21, np.inf, 3.4e38], F32)
    assert STYLES[0].index(values, np.ones(7, bool)).tolist() == [1, 1, 1, 255, 255, 255, 255]


def test_nan_and_invalid_are_transparent() -> None:
    """NaN is transparent, and so is what is not valid, whatever its value."""
    values = np.array([np.nan, 10, 10, np.nan], F32)
    assert STYLES[0].index(values, np.array([1, 0, 1, 0], bool)).tolist() == [0, 0, 128, 0]


def test_log_of_zero_or_less_is_the_first_colour() -> None:
    """Under log, zero and negative values are below every range."""
    style = Style(VIRIDIS, (1, 100), "log")
    values = np.array([0, -1, -np.inf, 1, 10, 100], F32)
    assert style.index(values, np.ones(6, bool)).tolist() == [1, 1, 1, 1, 128, 255]


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "f2", "f8"])
@pytest.mark.parametrize("name", ["viridis", "worldcover"])
def test_index_takes_any_number(dtype: str, name: str) -> None:
    """Integers and other floats give the indices that float32 gives."""
    style = Style(Colormap.named(name), (0, 120))
    values, valid = np.array([[0, 10, 20], [95, 100, 101]]), np.ones((2, 3), bool)
    found = style.index(values.astype(dtype), valid)
    assert found.dtype == np.uint8
    assert found.tolist() == style.index(values.astype(F32), valid).tolist()


def test_index_leaves_its_input_alone() -> None:
    """Neither values nor validity are changed."""
    for style in (*STYLES, Style(Colormap.named("worldcover"), (0, 1))):
        values, valid = np.array([1, np.nan, -3, 1e9], F32), np.array([1, 1, 0, 1], bool)
        style.index(values, valid)
        assert np.array_equal(values, np.array([1, np.nan, -3, 1e9], F32), equal_nan=True)
        assert valid.tolist() == [True, True, False, True]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.scale}{style.rescale}")
def test_value_is_the_inverse_of_position(style: Style) -> None:
    """The value at a position has that position."""
    at = np.linspace(0, 1, 11)
    values = np.array([style.value(float(p)) for p in at])
    assert np.allclose(style.position(values), at, atol=1e-9)


def test_symlog_is_symmetric_and_bends() -> None:
    """Over a symmetric range zero is the middle, and a hundredth of it far from the middle."""
    style = Style(VIRIDIS, (-10, 10), "symlog")
    found = style.position(np.array([-10, -0.1, 0, 0.1, 10]))
    assert np.allclose(found + found[::-1], 1)
    assert found[2] == 0.5
    assert found[3] > 0.6


def test_position_of_nan_is_nan() -> None:
    """A position is in 0..1, NaN for NaN."""
    found = STYLES[0].position(np.array([np.nan, -np.inf, np.inf, 5], F32))
    assert np.array_equal(found, [np.nan, 0, 1, 0.25], equal_nan=True)


def test_palette_has_transparency_first() -> None:
    """Index 0 is transparent, 1 the first colour, 255 the last, by rounded steps between."""
    palette = STYLES[0].palette()
    lut = colormaps.lut("viridis")
    assert palette.shape == (256, 4)
    assert palette[0].tolist() == [0, 0, 0, 0]
    assert all(np.array_equal(palette[i], lut[round((i - 1) * 255 / 254)]) for i in range(1, 256))


def test_opacity_is_multiplied_into_alpha() -> None:
    """Opacity makes colours translucent, and does not touch their hues."""
    colormap = Colormap.inline('["#ff000080", "#00ff00"]')
    full, half = (Style(colormap, (0, 1), opacity=o).palette() for o in (1.0, 0.5))
    assert half[1].tolist() == [255, 0, 0, 64]
    assert half[255].tolist() == [0, 255, 0, 128]
    assert np.array_equal(full[:, :3], half[:, :3])


def test_palette_cannot_be_written() -> None:
    """The palette is kept for all tiles of a style: it is read-only."""
    with pytest.raises(ValueError, match="read-only"):
        STYLES[0].palette()[0] = 1


def test_classes_take_their_exact_value() -> None:
    """A category's index is its place from 1; other values, also near ones, have none."""
    style = Style(Colormap.named("worldcover"), (0, 1))
    values = np.array([10, 20, 100, 9, 11, 10.5, 101, 0, 255, np.nan, np.inf, -np.inf, 1e30], F32)
    found = style.index(values, np.ones(13, bool))
    assert found.tolist() == [1, 2, 11] + [0] * 10
    assert style.palette()[1].tolist() == [0, 100, 0, 255]
    assert not style.palette()[12:].any()


@pytest.mark.parametrize("spread", [1, 7, 100_000], ids=["table", "gaps", "search"])
@given(values=values_of(-3.0, 2.0, 4.0, 14.0, 100_000.0, 400_000.0, 16_777_216.0))
def test_classes_equal_their_plain_twin(spread: int, values: NDArray[np.float32]) -> None:
    """By table or by search, a class is where its value is equal."""
    classes = [-3, *(spread * i for i in range(1, 40))]
    style = Style(Colormap.inline(json.dumps({str(v): "#123456" for v in classes})), (0, 1))
    expected = [classes.index(v) + 1 if v in classes else 0 for v in values.tolist()]
    assert style.index(values, np.ones(values.shape, bool)).tolist() == expected


@given(values=values_of(0.1, 0.7, 10.0, 30.0))
@example(values=np.array([0.1, 0.7, 10, 20, 30], F32))
def test_intervals_are_half_open(values: NDArray[np.float32]) -> None:
    """An interval holds its lower bound and not its upper one; between intervals is nothing."""
    bounds = [(-5, 0.1), (0.1, 0.7), (0.7, 10), (20, 30)]
    text = json.dumps([[list(pair), [1, 2, 3]] for pair in bounds])
    expected = [
        next((i + 1 for i, (a, b) in enumerate(bounds) if F32(a) <= v < F32(b)), 0) for v in values
    ]
    found = Style(Colormap.inline(text), (0, 1)).index(values, np.ones(values.shape, bool))
    assert found.tolist() == expected


def test_named_is_without_case() -> None:
    """A name means the same in any case, reversed too, and is looked up once."""
    assert Colormap.named("RdBu_R") is Colormap.named("rdbu_r")
    assert Colormap.named("RdBu").name == "rdbu"


def test_reversed_classes_keep_their_values() -> None:
    """Reversing a table of classes turns its colours round, not its values and names."""
    forward, backward = (Colormap.named(n).categories for n in ("worldcover", "worldcover_r"))
    assert [(c.value, c.label) for c in forward] == [(c.value, c.label) for c in backward]
    assert [c.color for c in forward] == [c.color for c in reversed(backward)]


@pytest.mark.parametrize("name", ["viridiss", "nvdi", "RdBuu_r"])
def test_an_unknown_name_is_told_the_nearest(name: str) -> None:
    """A mistyped name gets a suggestion."""
    with pytest.raises(InvalidParameter, match=r"colormap_name=.*did you mean (viridis|ndvi|rdbu)"):
        Colormap.named(name)


@pytest.mark.parametrize("name", ["", "../../etc", "\x00", "é" * 10_000, "_r", "viridis_r_r", " "])
def test_an_impossible_name_is_refused(name: str) -> None:
    """Anything that is no name is an InvalidParameter that says where the names are."""
    with pytest.raises(InvalidParameter, match="/colormaps"):
        Colormap.named(name)


def test_inline_classes() -> None:
    """Integers that do not span 0..255 are classes, as TiTiler has it, in ascending order."""
    found = Colormap.inline('{"20": "#00ff00", "3": [255, 0, 0], "-1": [1, 2, 3, 4]}')
    assert found.categories == (
        Category(-1, "-1", (1, 2, 3, 4)),
        Category(3, "3", (255, 0, 0, 255)),
        Category(20, "20", (0, 255, 0, 255)),
    )


def test_inline_ramp_by_entries() -> None:
    """Entries from 0 to 255 are a ramp, each colour at its place and straight between."""
    lut = Colormap.inline('{"0": [0, 0, 0], "100": [100, 0, 0], "255": [100, 155, 0, 0]}').lut
    assert lut[[0, 50, 100, 255]].tolist() == [
        [0, 0, 0, 255], [50, 0, 0, 255], [100, 0, 0, 255], [100, 155, 0, 0]
    ]  # fmt: skip


def test_inline_of_256_entries_is_itself() -> None:
    """All 256 entries are taken as they are."""
    lut = colormaps.lut("nipy_spectral")
    text = json.dumps({str(i): color for i, color in enumerate(lut.tolist())})
    assert np.array_equal(Colormap.inline(text).lut, lut)


def test_inline_list_is_a_ramp() -> None:
    """A list of colours is spaced evenly, in any of the ways to write a colour."""
    lut = Colormap.inline('["#000000", [255, 0, 0], "#ffffff80", "#fff"]').lut
    assert lut[[0, 85, 170, 255]].tolist() == [
        [0, 0, 0, 255], [255, 0, 0, 255], [255, 255, 255, 128], [255, 255, 255, 255]
    ]  # fmt: skip


def test_inline_intervals() -> None:
    """TiTiler's intervals are classes, sorted, labelled with their bounds."""
    found = Colormap.inline("[[[10, 20.5], [1, 2, 3, 4]], [[-3, 10], [255, 0, 0]]]")
    assert [(i.low, i.high, i.label) for i in found.intervals] == [
        (-3, 10, "-3 – 10"), (10, 20.5, "10 – 20.5")
    ]  # fmt: skip
    assert found.classified


@pytest.mark.parametrize(
    "text",
    [
        "", "viridis", "{", "[]", "{}", "null", "1", '"#fff"', "NaN", "[NaN, NaN]", '["#fff"]',
        '{"a": "#fff"}', '{"1.5": "#fff"}', '{"1": "red"}', '{"1": [1, 2]}', '{"1": [0, 0, 256]}',
        '{"1": [NaN, 0, 0]}', '{"²": "#fff"}', '{"1": null}', '{"99999999": "#fff"}',
        '{"999999999999999999999": "#fff"}', "[[[0, 1]]]", "[[[1, 0], [0, 0, 0]]]", "[[[]]]",
        "[[[0, NaN], [0, 0, 0]]]", "[[[0, Infinity], [0, 0, 0]]]", "[[[0, 1e999], [0, 0, 0]]]",
        '[[["0", "1"], [0, 0, 0]]]', "[[[true, 2], [0, 0, 0]]]", "[[[5, 5], [0, 0, 0]]]",
        "[[[0, 2], [0, 0, 0]], [[1, 3], [0, 0, 0]]]", "[[[0, 1], [0, 0, 0]], 7]",
        "[[[16777216, 16777217], [0, 0, 0]]]", "[" * 30_000, '{"1":' * 10_000, "1" * 5_000,
        json.dumps({str(i): "#fff" for i in range(1, 300)}), "[" + "1" * 5_000 + "]", "\ud800",
    ],
)  # fmt: skip
def test_inline_garbage_is_refused(text: str) -> None:
    """What is not one of the four forms is an InvalidParameter that shows them."""
    with pytest.raises(InvalidParameter, match=r"colormap=.*expected JSON"):
        Colormap.inline(text)


@pytest.mark.parametrize(
    "text",
    ["x" * 65_537, "é" * 40_000, "[" + "0," * 5_000_000 + "0]", json.dumps(["#fff"] * 1025)],
    ids=["bytes", "characters of two bytes", "10 MB", "entries"],
)
def test_inline_is_bounded(text: str) -> None:
    """Over 64 kB or 1024 entries is too large, and is told so."""
    with pytest.raises(PayloadTooLarge, match="colormap"):
        Colormap.inline(text)


@given(st.text(max_size=60) | st.from_regex(r'[\[{]["0-9,:\[\]{}#a-f. -]{0,40}', fullmatch=True))
def test_inline_never_breaks(text: str) -> None:
    """Any text is a colormap or an InvalidParameter."""
    with suppress(InvalidParameter):
        assert Colormap.inline(text).lut.shape == (256, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0,1", (0, 1)), ("-1.5,2e3", (-1.5, 2000)), (" 0 , .5 ", (0, 0.5)), ("+1.,2", (1, 2))],
)
def test_rescale_is_parsed(text: str, expected: tuple[float, float]) -> None:
    """Two numbers with a comma."""
    assert parse_rescale(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", ",", "1", "1,", ",1", "1,2,3", "nan,inf", "0,inf", "-inf,0", "nan,1", "5,5", "9,1",
        "a,b", "0;1", "1_0,2_0", "١,٢", "0,1e999", "0,1e39", "0,1e-31", "16777216,16777217",
        "0x0,0x1", "1" * 4096, "0," + "9" * 4096, "0,1\n2", "0,1\x00",
    ],
)  # fmt: skip
def test_bad_rescale_is_refused(text: str) -> None:
    """NaN, infinity, nothing, half a pair, an empty or falling range: InvalidParameter."""
    with pytest.raises(InvalidParameter, match="rescale="):
        parse_rescale(text)


@given(st.floats(), st.floats())
def test_a_range_that_passes_can_be_drawn(low: float, high: float) -> None:
    """Every range that is accepted gives first and last colour at its bounds."""
    try:
        check_range(low, high)
    except InvalidParameter:
        return
    found = Style(VIRIDIS, (low, high)).index(np.array([low, high], F32), np.ones(2, bool))
    assert found[0] <= 2
    assert found[1] >= 254


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rescale", {"rescale": (math.nan, 1.0)}),
        ("rescale", {"rescale": (5.0, 5.0)}),
        ("rescale", {"rescale": (9.0, 1.0)}),
        ("rescale", {"rescale": (0.0, 1.0), "scale": "log"}),
        ("rescale", {"rescale": (-1.0, 1.0), "scale": "log"}),
        ("scale", {"scale": "cubic"}),
        ("opacity", {"opacity": 1.1}),
        ("opacity", {"opacity": -0.1}),
        ("opacity", {"opacity": math.nan}),
    ],
)
def test_bad_styles_are_refused(name: str, arguments: dict[str, object]) -> None:
    """A style that cannot be drawn cannot be made; the error names the parameter."""
    with pytest.raises(InvalidParameter, match=f"^{name}="):
        Style(**({"colormap": VIRIDIS, "rescale": (0.0, 1.0)} | arguments))  # type: ignore[arg-type]


def test_keys_differ_where_pixels_differ() -> None:
    """Any other colormap, range, scale or opacity has another key; equal styles have one."""
    styles = [
        Style(VIRIDIS, (0, 1)),
        Style(Colormap.named("viridis_r"), (0, 1)),
        Style(Colormap.named("worldcover"), (0, 1)),
        Style(Colormap.inline('["#000", "#fff"]'), (0, 1)),
        Style(Colormap.inline('["#000", "#ffe"]'), (0, 1)),
        Style(Colormap.inline('{"1": "#fff"}'), (0, 1)),
        Style(Colormap.inline('{"2": "#fff"}'), (0, 1)),
        Style(VIRIDIS, (0, 2)),
        Style(VIRIDIS, (0.1, 1)),
        Style(VIRIDIS, (0.1, 1), "log"),
        Style(VIRIDIS, (0, 1), opacity=0.5),
    ]
    assert len({style.key for style in styles}) == len(set(styles)) == len(styles)
    assert Style(VIRIDIS, (0, 1)).key == Style(Colormap.named("VIRIDIS"), (0.0, 1.0)).key


def test_classified_styles_ignore_the_range() -> None:
    """Range and scale say nothing about classes: neither refused nor part of the key."""
    classes = Colormap.named("worldcover")
    assert Style(classes, (5, 5), "log").key == Style(classes, (0, 1)).key


def test_keys_are_the_same_in_every_process() -> None:
    """A key does not depend on the process: tiles cached by it survive a restart."""
    code = (
        "from tileserver.style import Colormap, Style;"
        "keys = [Style(Colormap.named(n), (0, 1)).key for n in ('corine', 'ndvi')]; print(*keys)"
    )
    run = [sys.executable, "-c", code]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    assert printed == [Style(Colormap.named(name), (0, 1)).key for name in ("corine", "ndvi")]
