"""Levels from blocks, held to xarray's coarsen and to plain loops."""

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

from tileserver.cube import Packing
from tileserver.scale.reduction import count_partial, extent, reduce_block

FACTORS = [(2, 2), (4, 4), (12, 12)]


def blocks(size: tuple[int, int], gaps: float = 0.3) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(7)
    values = rng.normal(0, 100, size).astype(np.float32)
    values[rng.random(size) < gaps] = np.nan
    values[:5, :7] = np.nan
    return values


@pytest.mark.parametrize("size", [(48, 96), (50, 97), (13, 5)])
@pytest.mark.parametrize("method", ["mean", "min", "max"])
def test_levels_are_those_of_xarray(size: tuple[int, int], method: str) -> None:
    """Each level is xarray's coarsen of the finest, gaps left out, the last cells partial."""
    values = blocks(size)
    found = reduce_block(values, Packing(), method, FACTORS, np.nan)
    array = xr.DataArray(values.astype(np.float64), dims=("y", "x"))
    for level, (y, x) in zip(found, FACTORS, strict=True):
        coarse = getattr(array.coarsen(y=y, x=x, boundary="pad"), method)()
        np.testing.assert_allclose(level, coarse.values, rtol=1e-6)


def test_mean_of_packed_integers_is_rounded_once() -> None:
    """A mean of stored integers is the nearest stored number; missing ones do not count."""
    raw = np.array([[1, 2, -99, -99], [2, 2, -99, 7]], np.int16)
    [level] = reduce_block(raw, Packing(0.1, 5.0, (-99,)), "mean", [(2, 2)], -99)
    assert level.dtype == np.int16
    assert level.tolist() == [[2, 7]]


def test_lowest_of_a_falling_packing_is_the_highest_stored() -> None:
    """Where the scale is negative the lowest physical value is the highest stored number."""
    raw = np.array([[1, 5], [3, 2]], np.int16)
    [level] = reduce_block(raw, Packing(scale=-1.0), "min", [(2, 2)], 0)
    assert level.item() == 5


def test_mode_is_the_most_frequent_class() -> None:
    """Of classes that are equally frequent the lowest; what is missing is none."""
    rng = np.random.default_rng(3)
    raw = rng.integers(0, 6, (30, 42)).astype(np.uint8)
    levels = reduce_block(raw, Packing(missing=(0,)), "mode", [(2, 2), (6, 6)], 0)
    for level, factor in zip(levels, (2, 6), strict=True):
        for (row, col), found in np.ndenumerate(level):
            part = raw[row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
            counts = np.bincount(part[part > 0], minlength=6)
            assert found == (counts.argmax() if counts.any() else 0)


def test_nearest_is_a_stored_cell() -> None:
    """The cell in the middle of each."""
    raw = np.arange(35, dtype=np.int32).reshape(5, 7)
    [level] = reduce_block(raw, Packing(), "nearest", [(3, 3)], 0)
    assert level.tolist() == [[8, 11, 13], [29, 32, 34]]


def test_mean_of_many_keeps_its_digits() -> None:
    """Sums are of 64 bits: a million cells of 16 777 216.5 are that on average."""
    raw = np.full((1000, 1000), 1234567.9, np.float32)
    [level] = reduce_block(raw, Packing(), "mean", [(1000, 1000)], np.nan)
    assert level.item() == raw[0, 0]


def test_extent_is_of_valid_physical_values() -> None:
    """What is missing is not told, what is packed is unpacked."""
    raw = np.array([[1, -99], [7, 3]], np.int16)
    assert extent(raw, Packing(2.0, 1.0, (-99,))) == (3.0, 15.0)
    assert extent(np.full((2, 2), np.nan, np.float32), Packing()) is None


@pytest.mark.parametrize("size", [(48, 96), (50, 97), (13, 5)])
@pytest.mark.parametrize("gaps", [0.0, 0.01, 0.3, 1.0])
def test_partial_cells_are_counted(size: tuple[int, int], gaps: float) -> None:
    """Those in which xarray counts some valid cells, and fewer than there are."""
    rng = np.random.default_rng(5)
    values = np.where(rng.random(size) < gaps, np.nan, 1.0).astype(np.float32)
    found = count_partial(values, Packing(), FACTORS)
    array = xr.DataArray(values, dims=("y", "x"))
    for number, (y, x) in zip(found, FACTORS, strict=True):
        padded = {"y": y, "x": x, "boundary": "pad"}
        valid = array.notnull().astype("f8").coarsen(**padded).sum()
        whole = xr.ones_like(array).coarsen(**padded).sum()
        assert number == int(((valid > 0) & (valid < whole)).sum())
