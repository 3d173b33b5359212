"""What a data cube is, as far as anybody above the sources needs to know: immutable values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

import numpy as np
import numpy.typing as npt

from tileserver.errors import InvalidParameter
from tileserver.grid import Bounds, Grid
from tileserver.timeaxis import Method, TimeAxis

Raw = npt.NDArray[np.number]
Kind = Literal["time", "number", "text"]

TIME = "time"
MEASUREMENTS = "measurements."  # what an EOPF product is about; beside it are conditions, quality
MOST_LISTED = 12  # coordinates in a message


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """A dimension other than the two of the map.

    Args:
        name: as in URLs; the time dimension is always called `time`.
        values: the coordinates: a TimeAxis, floats (n,), or texts.
        units: of numbers, as in the store, e.g. hPa.
        title: for people.
        unit_s: of numbers that are a forecast's time ahead: the seconds of one.
        notes: what the owner of the store should know of it.
    """

    name: str
    values: TimeAxis | npt.NDArray[np.float64] | tuple[str, ...]
    units: str | None = None
    title: str | None = None
    unit_s: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What the coordinates are."""
        if isinstance(self.values, TimeAxis):
            return "time"
        return "number" if isinstance(self.values, np.ndarray) else "text"

    @property
    def size(self) -> int:
        """The number of coordinates that can be asked for."""
        return self.values.size if isinstance(self.values, TimeAxis) else len(self.values)

    def labels(self) -> list[str] | list[float]:
        """The coordinates as they stand in JSON: times ascending, all else as stored."""
        if isinstance(self.values, TimeAxis):
            return self.values.texts(self.values.order)
        if isinstance(self.values, np.ndarray):
            return [_plain(v) for v in self.values.tolist()]
        return list(self.values)

    def label(self, index: int) -> str:
        """One coordinate as text."""
        if isinstance(self.values, TimeAxis):
            return self.values.label(index)
        value = self.values[index]
        return f"{value:.12g}" if isinstance(value, float) else str(value)

    def default(self) -> int:
        """The index taken where none is asked for: a time axis' own, the first of all else."""
        if isinstance(self.values, TimeAxis):
            return self.values.default if self.values.size else 0
        if isinstance(self.values, np.ndarray):
            return int(np.isfinite(self.values).argmax())
        return 0

    def find(self, text: str, method: Method = "nearest") -> int:
        """The index of a coordinate given as text. Raises InvalidParameter."""
        if isinstance(self.values, TimeAxis):
            return self.values.find(text, method=method, name=self.name)
        if isinstance(self.values, np.ndarray):
            return self._find_number(self.values, text, method)
        if text in self.values:
            return self.values.index(text)
        raise InvalidParameter(self.name, text, f"expected one of {_listed(self.values)}")

    def _find_number(self, values: npt.NDArray[np.float64], text: str, method: Method) -> int:
        try:
            wanted = float(text) if text.isascii() else math.nan
        except ValueError:
            wanted = math.nan
        if not math.isfinite(wanted):
            raise self._no_such(text, "a number, one of")
        distances = np.where(np.isfinite(values), np.abs(values - wanted), np.inf)
        best = int(distances.argmin())
        tolerance = 1e-6 * max(1.0, abs(wanted))
        if distances[best] <= tolerance:
            return best
        known = values[np.isfinite(values)]
        step = float(np.abs(np.diff(known)).max()) if len(known) > 1 else math.inf
        inside = len(known) and known.min() <= wanted <= known.max()
        if method == "exact" or not len(known) or not (inside or distances[best] <= step):
            raise self._no_such(text, "one of")
        return best

    def _no_such(self, text: str, expected: str) -> InvalidParameter:
        labels = [self.label(i) for i in range(min(self.size, MOST_LISTED + 1))]
        units = f" {self.units}" if self.units else ""
        return InvalidParameter(self.name, text, f"expected {expected} {_listed(labels)}{units}")


def _plain(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _listed(values: Sequence[object], most: int = MOST_LISTED) -> str:
    texts = [str(v) for v in values[:most]]
    return ", ".join(texts) + (", …" if len(values) > most else "")


@dataclass(frozen=True, slots=True)
class Packing:
    """How stored numbers become physical ones, as CF 1.11, sections 2.5.1 and 8.1 say.

    physical = stored * scale + offset; a stored number is not valid where it equals one of
    `missing`, is NaN, or lies outside `valid_range` (in stored numbers).
    """

    scale: float = 1.0
    offset: float = 0.0
    missing: tuple[int | float, ...] = ()
    valid_range: tuple[float, float] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether stored numbers are the physical ones."""
        return self.scale == 1.0 and self.offset == 0.0

    def valid(self, raw: Raw) -> npt.NDArray[np.bool_]:
        """Where stored numbers (any shape) are valid."""
        valid = np.isfinite(raw) if raw.dtype.kind == "f" else np.ones(raw.shape, np.bool_)
        for value in self.missing:
            valid &= raw != value
        if self.valid_range is not None:
            valid &= (raw >= self.valid_range[0]) & (raw <= self.valid_range[1])
        return valid

    def physical(self, raw: Raw) -> npt.NDArray[np.floating]:
        """Physical numbers of stored ones (any shape): float64, or float32 of a plain float32."""
        if self.is_plain:
            single = raw.dtype == np.float32
            return raw.astype(np.float32 if single else np.float64, copy=False)
        scaled = np.multiply(raw, self.scale, dtype=np.float64)
        scaled += self.offset
        return scaled

    def decode(self, raw: Raw) -> npt.NDArray[np.floating]:
        """Physical numbers of stored ones, NaN where not valid."""
        return np.where(self.valid(raw), self.physical(raw), np.nan)


@dataclass(frozen=True, slots=True)
class Reduction:
    """How cells of a level sum up those of the finest.

    Args:
        method: mean, nearest, mode, min or max.
        factor: cells of the finest along y and x in one.
        low, high: of all physical values of the finest; None where there are none.
        partial: at most so many cells of a map stand for some of the finest that have a value and
            for some that have none; None where that is not known.
    """

    method: str
    factor: tuple[int, int]
    low: float | None = None
    high: float | None = None
    partial: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One resolution of a variable.

    Args:
        grid: where its cells lie.
        chunks: the size of a stored chunk along each leading dimension and (rows, cols).
        shape: the size along the same dimensions.
        nbytes: of one decoded chunk.
        steps: how many of the first along the stored time dimension it has; None for all.
        reduction: how it was made of the finest, where that is known.
    """

    grid: Grid
    chunks: tuple[int, ...]
    shape: tuple[int, ...]
    nbytes: int
    steps: int | None = None
    reduction: Reduction | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Flag:
    """One class of a categorical variable (CF flag_values, flag_masks and flag_meanings).

    Args:
        value: of all its numbers, or of their bits in the mask.
    """

    value: float
    label: str
    color: tuple[int, int, int, int] | None = None
    mask: int | None = None

    def holds(self, value: float) -> bool:
        """Whether a number is of this class."""
        if self.mask is None:
            return value == self.value
        return value == value and int(value) & self.mask == self.value


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable that can be drawn on a map.

    Args:
        id: as in URLs.
        dims: its dimensions without the two of the map, in the order of arrays that are read.
        levels: from the finest to the coarsest.
        series: the finest level once more, chunked along time, if there is such a copy; its shape
            is the finest's, its `steps` may be fewer, and those it lacks are read from the finest.
        valid_range: of physical values by the metadata (CF valid_min, valid_max, actual_range).
        flags: the classes of a categorical variable.
    """

    id: str
    dims: tuple[str, ...]
    dtype: np.dtype[np.generic]
    levels: tuple[Level, ...]
    packing: Packing = Packing()
    title: str | None = None
    units: str | None = None
    valid_range: tuple[float, float] | None = None
    flags: tuple[Flag, ...] = ()
    attrs: Mapping[str, object] = field(default_factory=dict)
    series: Level | None = None

    @property
    def grid(self) -> Grid:
        """Where the cells of the finest level lie."""
        return self.levels[0].grid

    def reaching(self, step: int | None) -> Variable:
        """With those of its levels that have a step along time; itself where all do."""
        last = self.levels[-1].steps
        if last is None or step is None or step < last:
            return self
        return replace(self, levels=tuple(v for v in self.levels if v.steps is None))

    def stored(self, number: int) -> Level:
        """What a ReadPlan's level means: one of `levels`, or after them `series`."""
        if number == len(self.levels) and self.series is not None:
            return self.series
        return self.levels[number]


@dataclass(frozen=True, slots=True)
class Render:
    """How whoever publishes data wants them drawn, in the words of STAC's extension render.

    Args:
        assets: that it is made of.
        bands: ids of variables: one of a picture in colours of a table, three of one in colours.
    """

    title: str | None = None
    assets: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    expression: str | None = None
    rescale: tuple[float, float] | None = None
    colormap_name: str | None = None
    scale: str | None = None
    resampling: str | None = None

    def of(self, bands: tuple[str, ...]) -> Render:
        """The same of these variables."""
        return replace(self, bands=bands)


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """All that a source knows about its data, resolved once.

    Args:
        renders: how it wants to be drawn, by variable or by a name for what is made of several.
    """

    variables: Mapping[str, Variable]
    dimensions: Mapping[str, Dimension]
    title: str | None = None
    description: str | None = None
    attribution: str | None = None
    licence: str | None = None
    attrs: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    renders: Mapping[str, Render] = field(default_factory=dict)

    @property
    def time(self) -> TimeAxis | None:
        """The time axis, if there is one."""
        dimension = self.dimensions.get(TIME)
        return dimension.values if dimension and isinstance(dimension.values, TimeAxis) else None

    @property
    def instant(self) -> str | None:
        """The only time of data that have no time dimension, where the store tells it."""
        if self.time is None or self.time.size != 1:
            return None
        static = all(TIME not in variable.dims for variable in self.variables.values())
        return self.time.first if static else None

    def find(self, name: str) -> Variable | None:
        """The variable of an id, or of the last parts of one: `b04` is `reflectance.b04`.

        Where several end so, that of an EOPF product's measurements; None where none is meant.
        """
        if name in self.variables:
            return self.variables[name]
        ends = self._ending(name)
        measured = [key for key in ends if key.startswith(MEASUREMENTS)]
        found = measured if len(ends) > 1 else ends
        return self.variables[found[0]] if len(found) == 1 else None

    def no_such(self, name: str) -> str:
        """What to say of a name that means no variable: which ones are near."""
        ends = self._ending(name)
        if ends:
            return f"no variable {name!r}, but {_listed(ends)}: name one of them"
        lasts = {key.rpartition(".")[2]: key for key in reversed(list(self.variables))}
        near = [lasts.get(n, n) for n in get_close_matches(name, [*self.variables, *lasts], n=5)]
        listed = _listed(list(dict.fromkeys(near))) if near else _listed(list(self.variables), 20)
        return f"no variable {name!r}; there {'are' if len(near) != 1 else 'is'} {listed}"

    def _ending(self, name: str) -> list[str]:
        return [key for key in self.variables if key.endswith(f".{name}")]

    def bounds(self, variables: Iterable[Variable] | None = None) -> Bounds:
        """(west, south, east, north) in degrees around some variables, by default all."""
        grids = {id(v.grid): v.grid for v in variables or self.variables.values()}
        boxes = [grid.lonlat_bounds() for grid in grids.values()]
        if len(boxes) == 1:
            return boxes[0]
        west, south, east, north = zip(*boxes, strict=True)
        if any(w > e for w, e in zip(west, east, strict=True)):
            return (-180.0, min(south), 180.0, max(north))
        return (min(west), min(south), max(east), max(north))
