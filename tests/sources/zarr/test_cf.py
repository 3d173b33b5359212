"""Packing, missing values and ranges: numbers are those that xarray decodes from each attribute.

xarray knows no valid ranges; there numpy says what the NetCDF Users Guide does.
"""

import base64
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tileserver.sources.zarr.cf import number, numbers, packing, physical_range

from .zarrs import decoded, opened, write

NAN = float("nan")
DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f4", "f8"]
ATTRS = {
    "none": {},
    "fill": {"_FillValue": 7},
    "fill of zero": {"_FillValue": 0},
    "missing": {"missing_value": 14},
    "several missing": {"missing_value": [14, 21]},
    "both": {"_FillValue": 7, "missing_value": 14},
    "scale": {"scale_factor": 0.01},
    "scale and offset": {"scale_factor": 0.5, "add_offset": -3.0, "_FillValue": 7},
    "scale in a list": {"scale_factor": [0.5], "add_offset": [10.0]},
    "offset": {"add_offset": 100},
    "negative scale": {"scale_factor": -2.0, "missing_value": 14},
    "fill beyond the type": {"missing_value": -9999.0, "_FillValue": 1e30},
    "fill with a part": {"missing_value": 7.5},
    "missing NaN": {"missing_value": NAN},
    "fill NaN": {"_FillValue": NAN, "scale_factor": 0.1},
    "fill NaN, missing": {"_FillValue": NAN, "missing_value": 14},
}
UNSIGNED = {
    "true": {"_Unsigned": "true"},
    "true, fill": {"_Unsigned": "true", "_FillValue": -1},
    "true, fill, scale": {"_Unsigned": "true", "_FillValue": -1, "scale_factor": 0.5},
    "false": {"_Unsigned": "false"},
    "false, fill": {"_Unsigned": "false", "_FillValue": 255},
}
SHAPE = (20, 30)


def stored(dtype):
    """All small numbers of a type, 0 and its ends among them."""
    data = (np.arange(600).reshape(SHAPE) % 101).astype(dtype)
    if data.dtype.kind in "iu":
        data[0, :2] = np.iinfo(dtype).max, np.iinfo(dtype).min
    return data


def by_xarray(path: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of attributes that do not conform: that is the point
        with xr.open_zarr(path, chunks=None, consolidated=False, decode_times=False) as data:
            return data["a"].values.astype(np.float64)


def encoded(attrs, dtype, zarr_format):
    """As xarray writes _FillValue in Zarr 3: of floats as base64."""
    if zarr_format == 3 and "_FillValue" in attrs and np.dtype(dtype).kind == "f":
        packed = struct.pack("<d", float(attrs["_FillValue"]))
        return {**attrs, "_FillValue": base64.b64encode(packed).decode()}
    return attrs


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ATTRS)
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_as_xarray_decodes(tmp_path, zarr_format, kind, dtype):
    """The same numbers, and the same ones missing, with no fill value of the array itself."""
    attrs = ATTRS[kind]
    if zarr_format == 3 and kind.startswith("fill NaN") and dtype[0] != "f":
        pytest.skip("xarray does not open it")
    told = encoded(attrs, dtype, zarr_format)
    path = write(tmp_path / "a", stored(dtype), attrs=told, zarr_format=zarr_format,
                 chunks=SHAPE, fill_value=None if zarr_format == 2 else 0)  # fmt: skip
    check(path, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("fill", [0, 7, None])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_fill_value_of_the_array(tmp_path, zarr_format, fill, dtype):
    """It marks missing data in Zarr 2; in Zarr 3 it does not, and a true zero is a zero."""
    path = write(tmp_path / "a", stored(dtype), attrs={"missing_value": 14},
                 zarr_format=zarr_format, chunks=SHAPE, fill_value=fill)  # fmt: skip
    check(path)
    zeros = (decoded(path, "a") == 0).any()
    assert zeros == (zarr_format == 3 or fill != 0)


@pytest.mark.parametrize("dtype", ["i1", "i2", "u1", "u2"])
@pytest.mark.parametrize("kind", UNSIGNED)
def test_unsigned(tmp_path, kind, dtype):
    """_Unsigned turns the type into the other one, and the fill value with it."""
    attrs = UNSIGNED[kind]
    if attrs.get("_FillValue") == -1 and dtype[0] == "u":
        pytest.skip("no fill value of the type")
    if attrs.get("_FillValue") == 255 and dtype != "u2":
        pytest.skip("xarray does not turn it")
    path = write(tmp_path / "a", stored(dtype), attrs=attrs, zarr_format=3, chunks=SHAPE)
    check(path)


def check(path, rtol=1e-6):
    np.testing.assert_allclose(decoded(path, "a"), by_xarray(path), rtol=rtol, equal_nan=True)


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        ("NaN", ()), ("nan", ()), ("-9999", (-9999,)), (["1", "2"], (1, 2)), ("0b, 1b", (0, 1)),
        (None, ()), ([], ()), (True, (1,)), ([[3], 4], (3, 4)),
    ],
)  # fmt: skip
def test_missing_values_in_odd_forms(value, missing):
    """Texts, lists in lists, nothing."""
    assert packing({"missing_value": value}, np.dtype("i2")).missing == missing


@pytest.mark.parametrize("value", [{}, "not base64!", [{}], [[]] * 2 + ["x"]])
def test_missing_values_that_are_none(value):
    """They are refused."""
    with pytest.raises(ValueError):  # noqa: PT011 (of base64 and of ours)
        packing({"missing_value": value}, np.dtype("i2"))


def test_numbers_wider_than_floats():
    """64-bit fill values keep all their digits."""
    for dtype, value in (("u8", 2**64 - 1), ("i8", -(2**63))):
        assert packing({"_FillValue": value}, np.dtype(dtype)).missing == (value,)
        raw = np.array([value, value + (1 if value < 0 else -1)], dtype)
        assert packing({"_FillValue": value}, np.dtype(dtype)).valid(raw).tolist() == [False, True]


def test_doubles_that_mark_singles():
    """1e20 told as a double is 1e20 among float32, as netCDF takes it."""
    fill = packing({"missing_value": 1e20}, np.dtype("f4"))
    assert fill.valid(np.array([1e20, 1], "f4")).tolist() == [False, True]


def test_scale_as_text():
    """As some writers leave it."""
    found = packing({"scale_factor": "0.1", "add_offset": "5"}, np.dtype("i2"))
    assert (found.scale, found.offset) == (0.1, 5.0)


RANGES = [  # dtype, attributes, the least and the greatest stored number that are valid
    ("i2", {"valid_range": [10, 50], "scale_factor": 0.1}, 10, 50),  # of the packed type
    ("i2", {"valid_range": [1.0, 5.0], "scale_factor": 0.1}, 10, 50),  # of that of scale_factor
    ("i2", {"valid_min": 1.0, "add_offset": -1.5, "scale_factor": 0.1}, 25, None),
    ("i2", {"valid_max": 5.0, "scale_factor": -0.1}, -50, None),
    ("i2", {"valid_range": [10.0, 50.0]}, 10, 50),  # nothing is packed
    ("i2", {"valid_range": [10.0, 50.0], "scale_factor": 2}, 10, 50),
    ("f4", {"valid_range": [10.0, 50.0], "scale_factor": 0.1}, 10, 50),
    ("f4", {"valid_min": "10", "valid_max": ["50"]}, 10, 50),
    ("f4", {"valid_range": "10, 50"}, 10, 50),
    ("f4", {"valid_range": [10, "nan"]}, 10, None),
    ("u1", {"valid_range": [0, -56], "_Unsigned": "true"}, 0, 200),  # told in signed bytes
    ("u1", {"valid_range": [0.0, 1.0], "scale_factor": 1 / 250}, 0, 250),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "attrs", "low", "high"), RANGES)
def test_valid_ranges(dtype, attrs, low, high):
    """Of stored numbers or of physical ones: its type says which (NUG, attribute conventions)."""
    raw = np.arange(-300 if dtype != "u1" else 0, 300 if dtype != "u1" else 256).astype(dtype)
    expected = np.ones(raw.shape, bool)
    expected &= True if low is None else raw >= low
    expected &= True if high is None else raw <= high
    assert np.array_equal(packing(attrs, np.dtype(dtype)).valid(raw), expected)


@pytest.mark.parametrize(
    ("dtype", "attrs", "expected"),
    [
        ("i2", {"valid_range": [0, 100], "scale_factor": 0.5}, (0, 50)),
        ("u1", {"valid_range": [0.0, 5.0], "scale_factor": 0.004}, (0, 1.02)),  # what there can be
        ("i2", {"valid_range": [100, 0], "scale_factor": -1.0}, None),  # nothing is valid
        ("i2", {"valid_range": [0, 100], "scale_factor": -1.0}, (-100, 0)),
        ("i2", {"valid_range": [-32767, 32767]}, None),  # all but the fill value
        ("u1", {"valid_range": [0, 254]}, (0, 254)),
        ("f4", {"valid_min": 5.0}, None),
        ("f4", {"valid_range": [-3e38, 3e38]}, None),  # more than colours can be given to
        ("f4", {"valid_range": [5, 5]}, None),
        ("f4", {"actual_range": [5.0, 7]}, (5, 7)),
        ("i2", {"actual_range": [5.0, 7.0], "scale_factor": 0.1}, (5, 7)),
        ("f4", {"actual_range": [5.0, 7.0], "valid_range": [0, 10]}, (0, 10)),
        ("f4", {"actual_range": "none"}, None),
        ("f4", {"actual_range": [1]}, None),
        ("f4", {}, None),
    ],
)
def test_ranges_of_colours(dtype, attrs, expected):
    """What the metadata declare, where it says something of the values."""
    known = physical_range(packing(attrs, np.dtype(dtype)), attrs, np.dtype(dtype))
    assert known is None if expected is None else known == pytest.approx(expected)


def test_an_actual_range_is_the_range_of_the_colours(tmp_path):
    """As a hint: nothing is masked by it."""
    path = write(tmp_path / "a", stored("f4"), attrs={"actual_range": [5.0, 50.0]})
    assert opened(path).cube.variables["a"].valid_range == (5.0, 50.0)
    assert (decoded(path, "a") < 5).any()


def test_numbers_in_all_forms():
    """As JSON and CDL write them."""
    assert numbers(["1", 2, [3.5, "4s 5L 0x10 -1.5e3f"]]) == [1, 2, 3.5, 4, 5, 16, -1500]
    assert [type(n) for n in numbers(["1", "1.0", 2, 2.0])] == [int, float, int, float]
    assert json.dumps(numbers("inf -inf")) == "[Infinity, -Infinity]"
    for value in ([1, 2], [], "", {}):
        with pytest.raises(ValueError, match="expected"):
            number(value)
