"""Numbers that sum up the cells of an area, at each of some steps.

`mean` and `std` (of the population) weigh each cell by the area of its part inside. `sum` counts
each cell's value by the part of it that is inside. `min`, `max`, `count`, `median` and the
percentiles `p0` … `p100` take each cell that the area touches once; percentiles interpolate
linearly, as numpy does. Cells without a value are left out; with none left all but `count` is NaN.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.errors import InvalidParameter

Values = npt.NDArray[np.floating]

SIMPLE = ("mean", "std", "min", "max", "count", "sum")
DEFAULT = ("mean", "std")
MOST_AGGREGATES = 16
_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d{1,3})?)", re.ASCII)


def parse_aggregates(text: str | None) -> tuple[str, ...]:
    """The names in `mean,std,p90`, each once; DEFAULT where nothing is asked.

    Raises InvalidParameter naming `aggregate`.
    """
    if text is None:
        return DEFAULT
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in SIMPLE and _percent(name) is None:
            raise InvalidParameter(
                "aggregate", name, f"expected {', '.join(SIMPLE)}, median, or p0 to p100"
            )
    if len(names) > MOST_AGGREGATES:
        raise InvalidParameter("aggregate", text, f"expected at most {MOST_AGGREGATES}")
    return names


def needs_all(names: Sequence[str]) -> bool:
    """Whether a step's cells are needed all at once: for medians and percentiles."""
    return any(name not in SIMPLE for name in names)


def _percent(name: str) -> float | None:
    if name == "median":
        return 50.0
    match = _PERCENTILE.fullmatch(name)
    return float(match[1]) if match and float(match[1]) <= 100 else None


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is known of some cells at each step (t,), such that two of them can be joined.

    Args:
        weight: the sum of weights.
        mean: the weighted mean, 0 without cells.
        spread: the weighted sum of squared distances from the mean.
        low, high: NaN without cells.
    """

    weight: Floats
    mean: Floats
    spread: Floats
    low: Floats
    high: Floats
    count: npt.NDArray[np.int64]
    total: Floats

    @classmethod
    def of(cls, values: Values, weights: Floats, parts: Floats) -> Moments:
        """Of values (t, n), NaN where there are none, in cells of these weights and parts (n,)."""
        valid = ~np.isnan(values)
        clean = np.where(valid, values, 0).astype(np.float64, copy=False)
        present = valid.astype(np.float64)
        weight = present @ weights
        mean = _ratio(clean @ weights, weight)
        total = clean @ parts
        distance = np.subtract(clean, mean[:, None], out=clean)
        distance *= present
        np.square(distance, out=distance)
        low = np.fmin.reduce(values, axis=1, initial=np.nan)
        high = np.fmax.reduce(values, axis=1, initial=np.nan)
        count = valid.sum(axis=1)
        return cls(weight, mean, distance @ weights, _f8(low), _f8(high), count, total)

    def joined(self, other: Moments) -> Moments:
        """Of the cells of both (Chan et al. 1983, doi:10.1080/00031305.1983.10483115)."""
        weight = self.weight + other.weight
        distance = other.mean - self.mean
        share = _ratio(other.weight, weight)
        return Moments(
            weight,
            self.mean + distance * share,
            self.spread + other.spread + distance**2 * self.weight * share,
            np.fmin(self.low, other.low),
            np.fmax(self.high, other.high),
            self.count + other.count,
            self.total + other.total,
        )

    def named(self, name: str) -> Floats:
        """One of SIMPLE (t,)."""
        if name == "count":
            return _f8(self.count)
        known = {
            "mean": self.mean,
            "std": np.sqrt(_ratio(self.spread, self.weight)),
            "min": self.low,
            "max": self.high,
            "sum": self.total,
        }
        return np.where(self.count > 0, known[name], np.nan)


def percentiles(values: Values, percents: Sequence[float]) -> Floats:
    """Percentiles (len(percents), t) of values (t, n), NaN left out, linearly interpolated.

    numpy's nanpercentile does the same row by row, in a Python loop.
    """
    ordered = np.sort(values, axis=1)  # NaN last
    count = (~np.isnan(ordered)).sum(axis=1)
    out = np.full((len(percents), len(values)), np.nan)
    rows = np.flatnonzero(count)
    for number, percent in enumerate(percents):
        position = (count[rows] - 1) * (percent / 100)
        below = np.floor(position).astype(np.intp)
        above = np.minimum(below + 1, count[rows] - 1)
        low, high = _f8(ordered[rows, below]), _f8(ordered[rows, above])
        out[number, rows] = low + (high - low) * (position - below)
    return out


def aggregate(
    blocks: Sequence[Moments], names: Sequence[str], ordered: Values | None = None
) -> dict[str, Floats]:
    """All the named numbers (t,), from the moments of an area's blocks.

    Args:
        ordered: values (t, n) of all cells, where `needs_all(names)`.
    """
    moments = reduce(Moments.joined, blocks)
    out = {name: moments.named(name) for name in names if name in SIMPLE}
    others = {name: percent for name in names if (percent := _percent(name)) is not None}
    if others and ordered is not None:
        found = percentiles(ordered, list(others.values()))
        out.update(zip(others, found, strict=True))
    return {name: out[name] for name in names}


def _ratio(over: Floats, under: Floats) -> Floats:
    """over / under, 0 where under is 0."""
    return np.divide(over, under, out=np.zeros_like(under), where=under > 0)


def _f8(values: npt.NDArray[np.number]) -> Floats:
    return values.astype(np.float64, copy=False)
