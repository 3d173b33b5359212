"""Attributes hold whatever somebody wrote: nothing in them does more than be refused."""

import contextlib
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tileserver.colormap import CLASSES, Category, Colormap, class_index
from tileserver.errors import CatalogError
from tileserver.sources.zarr.cf import packing, physical_range
from tileserver.sources.zarr.dimension import dimension, time_name
from tileserver.sources.zarr.flag import flags_of
from tileserver.sources.zarr.georeference import Coordinate

WORDS = [
    "NaN", "inf", "1b, 2b", "0x10", "days since 2000-01-01", "months since 1-1-1", "none", "noleap",
    "day as %Y%m%d.%f", "hours since 99999-1-1", "true", "#ff0000 red", "time", "timedelta64[ns]",
    "forecast_period", "hours", "a b c", "0x" + "f" * 99, "9" * 400, "",
]  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-300, 300), st.floats(), st.integers(), st.sampled_from([10**400, 2**64, -(2**63)])
)
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(WORDS), st.text(max_size=9))
VALUES = st.recursive(
    PLAIN, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.just("k"), v, max_size=1),
    max_leaves=6,
)  # fmt: skip
KEYS = [
    "_FillValue", "missing_value", "scale_factor", "add_offset", "valid_range", "valid_min",
    "valid_max", "actual_range", "_Unsigned", "flag_values", "flag_masks", "flag_meanings",
    "flag_colors", "units", "calendar", "climatology", "standard_name", "long_name", "axis",
]  # fmt: skip
ATTRS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
DTYPES = ["u1", "i2", "i4", "u8", "f4", "f8", "M8[ns]", "m8[s]", "O", "S3", "?"]
EXPECTED = (TypeError, ValueError, KeyError, struct.error)  # what opening takes for a reason


@settings(max_examples=400, deadline=None)
@given(ATTRS, st.sampled_from(DTYPES[:6]))
def test_variables(attrs, dtype):
    """Packing, range and classes come out as numbers that can be drawn, or are refused."""
    with contextlib.suppress(*EXPECTED), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = packing(attrs, np.dtype(dtype))
        raw = np.array([0, 1, 100]).astype(dtype)
        with np.errstate(all="ignore"):  # scales may be of any size
            found.decode(raw)
        known = physical_range(found, attrs, np.dtype(dtype))
        assert known is None or known[0] < known[1]
        flags = flags_of(attrs, found)
        if 0 < len(flags) <= CLASSES:
            entries = [Category(f.value, f.label, f.color or (0, 0, 0, 0), f.mask) for f in flags]
            class_index(Colormap.categorical("a", entries), raw.astype("f8"))
        assert not any(flag.holds(float("nan")) for flag in flags)


@settings(max_examples=400, deadline=None)
@given(ATTRS, st.sampled_from(DTYPES), st.lists(st.integers(0, 255), min_size=1, max_size=5))
def test_dimensions(attrs, dtype, stored):
    """A dimension that can be listed and asked for, or a reason why there is none."""
    values = (
        np.array(stored, "u1").astype(dtype)
        if dtype[0] != "O"
        else np.array(["a"] * len(stored), dtype)
    )
    coordinate = Coordinate(values, attrs)
    with contextlib.suppress(CatalogError):
        found = dimension("z", len(values), coordinate, time_name({"z": coordinate}))
        assert len(found.labels()) == found.size
        if found.size:
            found.label(found.default())


@pytest.mark.parametrize("depth", [3, 2000])
def test_lists_in_lists(depth):
    """They are followed only so far."""
    value = 1
    for _ in range(depth):
        value = [value]
    if depth == 3:
        assert packing({"missing_value": value}, np.dtype("u1")).missing == (1,)
        return
    with pytest.raises(ValueError, match="expected a number"):
        packing({"missing_value": value}, np.dtype("u1"))
