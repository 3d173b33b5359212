"""What a query asks for: parameters, steps of time, levels; and what of them a dataset has."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.cube import Cube, Dimension
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.layer import Layer, Selection, find_layer, select
from tileserver.services.edr.coverage import Coverage, Kind, Times, Values
from tileserver.services.edr.frame import LONLAT_FRAME, Frame
from tileserver.services.ogc.interval import LATEST, Interval
from tileserver.services.ogc.wms_dimension import vertical
from tileserver.timeaxis import TimeAxis

Index = npt.NDArray[np.intp]
MOST_LEVELS = 10_000
SLACK = 1e-6  # of levels: stored in 32 bits 0.1 is a little more
_EXPECTED = "expected a level, low/high, a list of levels, or R20/100/50: 20 levels from 100 by 50"
_REPEATED = re.compile(r"R(\d{1,5})/([^/]+)/([^/]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Levels as `z` names them: all from low to high, or the nearest to each of some."""

    ends: tuple[float, float] | None
    listed: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked for, wherever that is.

    Args:
        layers: the parameters.
        time: None for all steps.
        levels: of the vertical dimension; None for all.
        dims: coordinates of other dimensions, by name.
    """

    dataset: Dataset
    layers: tuple[Layer, ...]
    time: Interval | None = None
    levels: Levels | None = None
    dims: Mapping[str, str] = field(default_factory=dict)
    frame: Frame = LONLAT_FRAME

    @property
    def cube(self) -> Cube:
        """What the dataset is."""
        return self.dataset.source.cube


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What a layer has of what is asked for.

    Args:
        steps: along the stored time dimension, in order of time; one where there is none.
        times: those of the steps; None where there is no time.
        rungs: along the vertical dimension; one where there is none.
    """

    layer: Layer
    selection: Selection
    steps: Index
    times: Times | None
    vertical: Dimension | None
    rungs: Index

    @property
    def levels(self) -> npt.NDArray[np.float64] | None:
        """The coordinates of the rungs."""
        if self.vertical is None:
            return None
        values = self.vertical.values
        assert isinstance(values, np.ndarray)
        return values[self.rungs]

    def coverage(self, kind: Kind, x: Floats, y: Floats, values: Values) -> Coverage:
        """Values of the layer at all steps and rungs, on a grid or at points."""
        told = {self.layer.id: values}
        return Coverage(kind, x, y, self.times, self.levels, self.vertical, told)

    def at(self, rung: int) -> Selection:
        """What is selected at a rung."""
        if self.vertical is None:
            return self.selection
        return self.selection.replace(self.vertical.name, rung)


def parameters(dataset: Dataset, names: Sequence[str] | None) -> tuple[Layer, ...]:
    """The variables that are asked for, by default all. Raises InvalidParameter."""
    known = [variable.id for variable in dataset.variables]
    for name in names or ():
        if name not in known:
            listed = ", ".join(known[:20])
            raise InvalidParameter("parameter-name", name, f"expected some of {listed}")
    return tuple(find_layer(dataset, name) for name in dict.fromkeys(names or known))


def upright(cube: Cube, layer: Layer) -> Dimension | None:
    """The vertical dimension of a layer, if it has one."""
    return vertical([cube.dimensions[name] for name in layer.dims])


def reach(question: Question, layer: Layer) -> Reach | None:
    """What of a layer is asked for; None where nothing is there. Raises InvalidParameter."""
    cube = question.cube
    selection = select(cube, layer, question.dims)
    steps, times = _steps(cube, selection, question.time)
    standing = upright(cube, layer)
    rungs = np.array([0]) if standing is None else find_levels(standing, question.levels)
    if not len(steps) or not len(rungs):
        return None
    return Reach(layer, selection, steps, times, standing, rungs)


def _steps(
    cube: Cube, selection: Selection, interval: Interval | None
) -> tuple[Index, Times | None]:
    axis = selection.axis(cube)
    if axis is None:
        known = np.array([selection.step or 0])
        if cube.instant is None or cube.time is None:
            return known, None
        return known, times_of(cube.time, cube.time.order)
    steps = axis.order if interval is None else find_steps(axis, interval)
    return steps, times_of(axis, steps)


def times_of(axis: TimeAxis, steps: Index) -> Times:
    """The instants of some steps."""
    return Times(tuple(axis.texts(steps)), axis.seconds[steps], axis.calendar)


def find_steps(axis: TimeAxis, interval: Interval) -> Index:
    """The steps within an interval; of an instant that is none the nearest, if the axis has it
    between its ends. Raises InvalidParameter for a day that the calendar lacks."""
    start, end = (axis.last if each == LATEST else each for each in (interval.start, interval.end))
    steps = axis.between(start, end)
    if len(steps) or not interval.is_point or start is None:
        return steps
    if not len(axis.between(None, start)) or not len(axis.between(start, None)):
        return steps
    return np.array([axis.find(start)])


def parse_levels(text: str) -> Levels:
    """Of `level`, `low/high`, `level,level,…` or `Rcount/first/step`. Raises InvalidParameter."""
    repeated = _REPEATED.fullmatch(text)
    if repeated is not None:
        count = int(repeated[1])
        first, step = _number(text, repeated[2]), _number(text, repeated[3])
        if not 1 <= count <= MOST_LEVELS:
            raise InvalidParameter("z", text, f"expected 1 to {MOST_LEVELS} levels")
        return Levels(None, first + step * np.arange(count, dtype=np.float64))
    if "/" in text:
        ends = [_number(text, part) for part in text.split("/")]
        if len(ends) != 2:
            raise InvalidParameter("z", text, _EXPECTED)
        return Levels((min(ends), max(ends)), np.empty(0))
    parts = text.split(",", MOST_LEVELS)
    return Levels(None, np.array([_number(text, part) for part in parts]))


def find_levels(dimension: Dimension, wanted: Levels | None) -> Index:
    """The indices of levels that are asked for, in the order of the store; none beyond its ends."""
    values = dimension.values
    assert isinstance(values, np.ndarray)
    known = np.flatnonzero(np.isfinite(values))
    if wanted is None:
        return known
    if wanted.ends is None:
        return _nearest(values, known, wanted.listed)
    low, high = wanted.ends
    low, high = low - SLACK * abs(low), high + SLACK * abs(high)
    return known[(values[known] >= low) & (values[known] <= high)]


def _nearest(
    values: npt.NDArray[np.float64], known: Index, wanted: npt.NDArray[np.float64]
) -> Index:
    """In the order of the store, each once."""
    low, high = values[known].min(), values[known].max()
    slack = SLACK * max(1.0, abs(low), abs(high))
    within = wanted[(wanted >= low - slack) & (wanted <= high + slack)]
    nearest = [int(np.abs(values[known] - each).argmin()) for each in within]
    return known[np.unique(np.array(nearest, np.intp))]


def _number(text: str, part: str) -> float:
    try:
        found = float(part) if part.isascii() else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InvalidParameter("z", text, _EXPECTED)
    return found
