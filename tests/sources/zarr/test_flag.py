"""Classes by CF attributes, in every form that files have them in."""

import numpy as np
import pytest

from tileserver.colormap import CLASSES, Category, Colormap, class_index
from tileserver.cube import Flag, Packing
from tileserver.sources.zarr.flag import flags_of

PLAIN = Packing()
THREE = [(0.0, "no data"), (1.0, "land"), (2.0, "open sea")]


def told(attrs, packing=PLAIN):
    return [(flag.value, flag.label) for flag in flags_of(attrs, packing)]


@pytest.mark.parametrize(
    "values", [[0, 1, 2], [0.0, 1.0, 2.0], "0b, 1b, 2b", "0 1 2", "0x0,0x1,0x2"]
)
@pytest.mark.parametrize(
    "meanings",
    ["no_data land open_sea", ["no_data", "land", "open sea"], "no data, land, open sea"],
)
def test_values_and_meanings(values, meanings):
    """As lists, and as texts in the manners of CDL."""
    assert told({"flag_values": values, "flag_meanings": meanings}) == THREE


@pytest.mark.parametrize("meanings", [{}, {"flag_meanings": "land sea"}, {"flag_meanings": 5}])
def test_meanings_that_do_not_match(meanings):
    """The classes are there all the same, called by their numbers."""
    assert told({"flag_values": [0, 1, 250], **meanings}) == [(0, "0"), (1, "1"), (250, "250")]


@pytest.mark.parametrize(
    "attrs", [{}, {"flag_meanings": "a b"}, {"flag_values": "abc"}, {"flag_values": {}}]
)
def test_no_classes(attrs):
    """Without values there are none."""
    assert told(attrs) == []


def test_one_value():
    """A single class is a number rather than a list."""
    assert told({"flag_values": 1, "flag_meanings": "ice"}) == [(1, "ice")]


def test_packed_values():
    """Classes are told in stored numbers, and looked for among physical ones."""
    assert told({"flag_values": [1, 2], "flag_meanings": "a b"}, Packing(0.5, 1.0)) == [
        (1.5, "a"), (2.0, "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "colors",
    ["#ff0000 #00ff00 #0000ff", ["red", "lime", "blue"], [[255, 0, 0], [0, 255, 0], [0, 0, 255]],
     [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]], "rgb(255,0,0);lime;#00f"],
)  # fmt: skip
def test_colors(colors):
    """By name, in hexadecimal digits, as channels."""
    flags = flags_of({"flag_values": [1, 2, 3], "flag_colors": colors}, PLAIN)
    assert [f.color for f in flags] == [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)]


@pytest.mark.parametrize("colors", ["#ff0000", [1, 2, 3], ["nocolor", "#12", [1]], 5])
def test_colors_that_are_none(colors):
    """They are passed over."""
    flags = flags_of({"flag_values": [1, 2, 3], "flag_colors": colors}, PLAIN)
    assert [flag.color for flag in flags] == [None, None, None]


BITS = {"flag_masks": [1, 2, 4], "flag_meanings": "cloud shadow snow"}
FIELDS = {  # of CF 3.5: a bit of its own, and a field of two
    "flag_masks": [1, 12, 12, 12],
    "flag_values": [1, 0, 4, 8],
    "flag_meanings": "low_battery clear haze cloud",
}


def drawn(attrs, numbers, dtype=np.float64):
    """The name of the class that each number is drawn as."""
    flags = flags_of(attrs, PLAIN)
    entries = [Category(f.value, f.label, (0, 0, i, 255), f.mask) for i, f in enumerate(flags)]
    index = class_index(Colormap.categorical("a", entries), np.array(numbers, dtype))
    return [entries[i - 1].label if i else None for i in index]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int32])
def test_bits(dtype):
    """The first that is set; where none is, nothing."""
    numbers = [0, 1, 2, 3, 4, 6, 8]
    expected = [None, "cloud", "shadow", "cloud", "snow", "shadow", None]
    assert drawn(BITS, numbers, dtype) == expected


def test_fields():
    """The first class that a number has; those of zero, where nothing is set, at last."""
    assert drawn(FIELDS, [0, 1, 4, 8, 5, 12, np.nan]) == [
        "clear", "low battery", "haze", "cloud", "low battery", None, None,
    ]  # fmt: skip


def test_masks_of_many_bits():
    """A mask alone is met where any of its bits is set."""
    attrs = {"flag_masks": [3, 4], "flag_meanings": "bad odd"}
    assert drawn(attrs, [0, 1, 2, 3, 4]) == [None, "bad", "bad", "bad", "odd"]


def test_signed_bytes():
    """The highest bit of a signed byte."""
    attrs = {"flag_masks": [128, 1], "flag_meanings": "high low"}
    assert drawn(attrs, [-128, -127, 1, 0], np.int8) == ["high", "high", "low", None]


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_the_highest_bit(dtype):
    """It is told as a negative number, of numbers that may be floating, as SNAP writes it."""
    attrs = {"flag_masks": "[-2147483648, 1]", "flag_meanings": "high low"}
    assert told(attrs) == [(2**31, "high"), (1, "low")]
    numbers = [-(2**31), -(2**31) + 1, 1, 2, 0]
    assert drawn(attrs, numbers, dtype) == ["high", "high", "low", None, None]
    if dtype is np.float64:
        assert drawn(attrs, [2**31, 2**31 + 2]) == ["high", "high"]


@pytest.mark.parametrize("masks", [[0, 1], [-(2**40), 2], [2**60, 1], [1.5, 2]])
def test_masks_that_mean_nothing(masks):
    """Nothing, more than a float holds, parts: no classes, unless there are values."""
    assert told({"flag_masks": masks}) == []


def test_a_value_holds():
    """All the names of a number, as /point tells them."""
    flags = flags_of(FIELDS, PLAIN)
    assert [flag.label for flag in flags if flag.holds(9.0)] == ["low battery", "cloud"]
    assert not Flag(1.0, "a").holds(float("nan"))
    assert not Flag(1.0, "a", mask=1).holds(float("nan"))


def test_more_classes_than_colours():
    """They are kept, though a picture of so many is a ramp."""
    assert len(told({"flag_values": list(range(300))})) > CLASSES


def test_as_many_bits_as_colours():
    """The last of 255 classes is told from none."""
    entries = [Category(n, str(n), (0, 0, 0, 255), 255) for n in range(1, CLASSES + 1)]
    numbers = np.arange(256, dtype=np.float64)
    assert class_index(Colormap.categorical("a", entries), numbers).tolist() == list(range(256))
