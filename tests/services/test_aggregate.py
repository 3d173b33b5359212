"""Aggregates against numpy and xarray."""

import numpy as np
import pytest
import xarray as xr

from tests.services.synthetic import noise
from tileserver.errors import InvalidParameter
from tileserver.services.aggregate import (
    Moments,
    aggregate,
    needs_all,
    parse_aggregates,
    percentiles,
)

ALL = ("mean", "std", "min", "max", "count", "sum", "median", "p10", "p2.5")
WEIGHTS = np.linspace(0.1, 3, 200)
PARTS = np.linspace(0.01, 1, 200)


def values() -> np.ndarray:
    """20 steps of 200 cells; the last step has no value, the one before it one."""
    out = noise(20, 200)
    out[-1] = np.nan
    out[-2, 1:] = np.nan
    out[-2, 0] = 7.0
    return out


def test_all_aggregates_are_xarrays() -> None:
    """Mean and std are xarray's weighted ones; the others numpy's without NaN."""
    data = values()
    moments = Moments.of(data, WEIGHTS, PARTS)
    found = aggregate([moments], ALL, data)
    cells = xr.DataArray(data, dims=("t", "n"))
    weighted = cells.weighted(xr.DataArray(WEIGHTS, dims="n"))
    expected = {
        "mean": weighted.mean("n"),
        "std": weighted.std("n"),
        "min": cells.min("n"),
        "max": cells.max("n"),
        "count": cells.count("n"),
        "sum": (cells * PARTS).sum("n", min_count=1),
    }
    some = cells[:-1]  # numpy warns of a step without a value
    for name, part in (("median", 0.5), ("p10", 0.1), ("p2.5", 0.025)):
        expected[name] = np.append(some.quantile(part, "n"), np.nan)
    assert list(found) == list(ALL)
    for name in ALL:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-12)


def test_moments_of_blocks_join() -> None:
    """Moments of blocks, joined, are those of the whole."""
    data = values() + 1e6  # where a sum of squares would lose digits
    cuts = [slice(0, 50), slice(50, 51), slice(51, 200)]
    blocks = [Moments.of(data[:, cut], WEIGHTS[cut], PARTS[cut]) for cut in cuts]
    names = ALL[:6]
    joined, whole = aggregate(blocks, names), aggregate([Moments.of(data, WEIGHTS, PARTS)], names)
    for name in names:
        np.testing.assert_allclose(joined[name], whole[name], rtol=1e-10, err_msg=name)


def test_nothing_is_nothing() -> None:
    """Without cells all is NaN but the count, with no warning."""
    empty = np.empty((2, 0))
    found = aggregate([Moments.of(empty, np.empty(0), np.empty(0))], ALL, empty)
    assert (found.pop("count") == 0).all()
    assert np.isnan(list(found.values())).all()


def test_percentiles_of_single_precision() -> None:
    """Percentiles of float32 are worked out in double precision."""
    data = noise(5, 101, dtype="f4")
    expected = np.nanpercentile(data.astype("f8"), [0, 33, 100], axis=1)
    np.testing.assert_allclose(percentiles(data, [0, 33, 100]), expected, rtol=1e-14)


def test_names() -> None:
    """Names are taken once; medians and percentiles need all cells."""
    assert parse_aggregates("std, mean,std,p90") == ("std", "mean", "p90")
    assert parse_aggregates(None) == ("mean", "std")
    assert [needs_all(("mean", n)) for n in ("max", "median", "p1")] == [False, True, True]


@pytest.mark.parametrize("text", ["", "avg", "mean,", "p101", "p", "p1e1", "median5", "MEAN", "p²"])
def test_unknown_names(text: str) -> None:
    """An unknown name is refused with those that there are."""
    with pytest.raises(InvalidParameter, match=r"^aggregate=.*expected mean, std"):
        parse_aggregates(text)
