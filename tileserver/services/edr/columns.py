"""Coverages as columns of a table: a row for each value's time, level and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.services.edr.coverage import Coverage, Values

Index = npt.NDArray[np.intp]
Cell = TypeVar("Cell", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Rows (n,) that have a value of some parameter, or all of them.

    Args:
        time_of: the index of each row's time among `labels`; None where there is no time.
        levels: of each row; None where there are none.
    """

    labels: tuple[str, ...]
    time_of: Index | None
    levels: Floats | None
    x: Floats
    y: Floats
    values: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.x)


def columns(found: Coverage, *, known_only: bool = False) -> Columns:
    """The rows of a coverage: by time, level, and place.

    Args:
        known_only: whether those are left out that have no value of any parameter.
    """
    shape = found.shape
    axes = np.indices(shape, sparse=True)
    places = axes[2:]
    x = found.x[places[-1]]
    y = found.y[places[0] if found.kind == "grid" else places[-1]]
    values = {name: each.ravel() for name, each in found.values.items()}
    kept = np.ones(int(np.prod(shape)), np.bool_)
    if known_only:
        kept = np.logical_or.reduce([np.isfinite(each) for each in values.values()])

    def spread(part: npt.NDArray[Cell]) -> npt.NDArray[Cell]:
        return np.broadcast_to(part, shape).ravel()[kept]

    time_of = levels = None
    if found.times is not None:
        time_of = spread(places[-1] if found.moving else axes[0])
    if found.levels is not None:
        levels = spread(found.levels[places[-1] if found.climbing else axes[1]])
    return Columns(
        labels=found.times.labels if found.times else (),
        time_of=time_of,
        levels=levels,
        x=spread(x),
        y=spread(y),
        values={name: each[kept] for name, each in values.items()},
    )
