"""What a query finds: values of some parameters on the same axes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.cube import Dimension

Values = npt.NDArray[np.floating]
Kind = Literal["grid", "points", "path"]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Instants (n,).

    Args:
        labels: ISO 8601.
        seconds: since 1970 in the calendar.
    """

    labels: tuple[str, ...]
    seconds: Floats
    calendar: str = "standard"


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Values on a grid, at points, or along a path.

    Args:
        x, y: in the CRS of the answer: the axes of a grid, or each place.
        times: None where there is no time.
        levels: coordinates of the vertical dimension; None where there is none.
        vertical: that dimension.
        values: by parameter: (times, levels, rows, cols) of a grid, else (times, levels, places),
            with one of what there is none; NaN where there is no value.
        moving: of a path, whether each place has a time of its own.
        climbing: and whether it has a level of its own; where so, `times` and `levels` are those
            of the places, and the values have one along that axis.
    """

    kind: Kind
    x: Floats
    y: Floats
    times: Times | None
    levels: Floats | None
    vertical: Dimension | None
    values: Mapping[str, Values]
    moving: bool = False
    climbing: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values of each parameter."""
        return next(iter(self.values.values())).shape

    @property
    def size(self) -> int:
        """How many values there are, of all parameters."""
        return sum(each.size for each in self.values.values())

    @property
    def _axes(self) -> Hashable:
        levels = None if self.levels is None else self.levels.tobytes()
        vertical = None if self.vertical is None else self.vertical.name
        labels = None if self.times is None else self.times.labels
        places = (self.x.tobytes(), self.y.tobytes())
        return (self.kind, self.moving, self.climbing, *places, labels, levels, vertical)


def merged(found: Iterable[Coverage]) -> list[Coverage]:
    """With those that have the same axes made one."""
    by_axes: dict[Hashable, Coverage] = {}
    for each in found:
        known = by_axes.setdefault(each._axes, each)
        if known is not each:
            by_axes[each._axes] = replace(known, values={**known.values, **each.values})
    return list(by_axes.values())
