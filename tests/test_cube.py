"""Dimensions, packing and bounds of cubes."""

import numpy as np
import pytest

from tileserver.cube import Cube, Dimension, Packing
from tileserver.errors import InvalidParameter
from tileserver.timeaxis import TimeAxis

LEVEL = Dimension("level", np.array([1000.0, 850.0, 500.0]), units="hPa")


@pytest.mark.parametrize(("text", "index"), [("850", 1), ("850.0", 1), ("8.5e2", 1), ("600", 2)])
def test_numbers_are_found(text, index):
    """By value, or by the nearest within the axis."""
    assert LEVEL.find(text) == index


@pytest.mark.parametrize("text", ["", "nan", "inf", "abc", "١", "-5000", "1e309", "850hPa"])
def test_numbers_that_are_refused(text):
    """Anything else names the dimension and what there is."""
    with pytest.raises(InvalidParameter, match=r"^level=.*1000, 850, 500 hPa"):
        LEVEL.find(text)


def test_exact_numbers():
    """method=exact takes no neighbour."""
    with pytest.raises(InvalidParameter):
        LEVEL.find("600", method="exact")


def test_texts():
    """By the very text."""
    dimension = Dimension("member", ("control", "p1"))
    assert dimension.find("p1") == 1
    with pytest.raises(InvalidParameter, match="control, p1"):
        dimension.find("p2")


def test_defaults():
    """The latest time, the first of all else."""
    assert Dimension("time", TimeAxis(np.array([5.0, 9.0, 1.0]))).default() == 1
    assert LEVEL.default() == 0


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_packing(dtype):
    """stored * scale + offset, where valid."""
    raw = np.array([0, 1, 2, 3, 100], dtype)
    packing = Packing(0.5, 10.0, missing=(3,), valid_range=(1, 50))
    np.testing.assert_array_equal(packing.decode(raw), [np.nan, 10.5, 11, np.nan, np.nan])


def test_infinities_are_missing():
    """Neither NaN nor infinity is a value."""
    raw = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert Packing().valid(raw).tolist() == [False, False, False, True]


def test_plain_floats_are_not_copied():
    """Physical numbers of plain float32 are the stored ones."""
    raw = np.arange(4, dtype=np.float32)
    assert np.shares_memory(Packing().physical(raw), raw)


def test_no_time():
    """A cube without a time dimension has no axis."""
    assert Cube({}, {"level": LEVEL}).time is None
