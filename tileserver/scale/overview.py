"""Overviews of a source: a store of coarser levels of its variables, made block by block.

Block   reads a block once, writes what it fills of each level, puts aside the rest
Shard   joins what blocks have put aside
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tileserver.cube import TIME, Cube, Raw, Variable
from tileserver.plan import ReadPlan
from tileserver.scale.cfstore import empty_of
from tileserver.scale.overviewplan import Cut, cut
from tileserver.scale.reading import State
from tileserver.scale.reduction import count_partial, extent, reduce_block
from tileserver.scale.target import Target
from tileserver.scale.task import Found

PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class Build:
    """What all tasks of a build have in common.

    Args:
        store: of the target, what is built.
        work: folder of the target for what lasts only as long as the build.
    """

    source: State
    target: Target
    store: str
    work: str

    @property
    def cube(self) -> Cube:
        """Of the source."""
        return self.source.cube


@dataclass(frozen=True, slots=True)
class Block:
    """Some steps of a block of a variable.

    Args:
        base: the group of the store that holds its levels.
        lead: what to take along each leading dimension, from start to stop.
        at: the block's row and column.
    """

    build: Build
    base: str
    variable: str
    method: str
    cut: Cut
    lead: tuple[tuple[int, int], ...]
    at: tuple[int, int]

    @property
    def key(self) -> str:
        """`t2m/5-6/0-3`: variable, where along its dimensions, row and column."""
        lead = "/".join(f"{start}-{stop}" for start, stop in self.lead)
        return "/".join(filter(None, ("blocks", self.variable, lead, f"{self.at[0]}-{self.at[1]}")))

    def run(self) -> Found:
        """Write the levels; tells the lowest and highest value, and by step `count_partial`."""
        variable = self.build.cube.variables[self.variable]
        raw = self.build.source.read(ReadPlan(self.variable, 0, self._window(variable)))
        ends, partial = [], {}
        for index in np.ndindex(*raw.shape[:-2]):
            step = tuple(start + i for (start, _), i in zip(self.lead, index, strict=True))
            ends.append(self._reduce(variable, step, raw[index]))
            where = "-".join(map(str, step))
            partial[where] = count_partial(raw[index], variable.packing, self.cut.factors)
        known = [end for end in ends if end is not None]
        low = min((end[0] for end in known), default=None)
        high = max((end[1] for end in known), default=None)
        return {"low": low, "high": high, "partial": partial}

    def _reduce(self, variable: Variable, step: tuple[int, ...], raw: Raw) -> Any:
        empty = empty_of(variable)
        levels = reduce_block(raw, variable.packing, self.method, self.cut.factors, empty)
        for number, level in enumerate(levels):
            if self.cut.is_direct(number):
                window = self._place(number, level.shape)
                self._array(number)[(*step, *window)] = level
            elif not _is_empty(level, empty):
                self._put_aside(number, step, level)
        return extent(raw, variable.packing)

    def _window(self, variable: Variable) -> tuple[slice, ...]:
        lead = (slice(*each) for each in self.lead)
        sides = zip(self.at, (self.cut.y, self.cut.x), strict=True)
        block = (slice(n * s.block, min((n + 1) * s.block, s.size)) for n, s in sides)
        return (*lead, *block)

    def _place(self, number: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Where the block lies in a level."""
        row, col = self.at[0] * self.cut.y.part(number), self.at[1] * self.cut.x.part(number)
        return slice(row, row + shape[0]), slice(col, col + shape[1])

    def _array(self, number: int) -> Any:
        return level_array(self.build, self.base, number, self.variable)

    def _put_aside(self, number: int, step: tuple[int, ...], level: Raw) -> None:
        data = io.BytesIO()
        np.save(data, level)
        key = piece_key(self.build, self.variable, number, step, self.at)
        self.build.target.put(key, data.getvalue())


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard of a level that several blocks fill.

    Args:
        base: the group of the store that holds its levels.
        level: counted from 0.
        step: along each leading dimension.
        at: the shard's row and column.
    """

    build: Build
    base: str
    variable: str
    cut: Cut
    level: int
    step: tuple[int, ...]
    at: tuple[int, int]

    @property
    def key(self) -> str:
        """`3/t2m/5/0-0`: level, variable, where along its dimensions, row and column."""
        step = "-".join(map(str, self.step))
        at = f"{self.at[0]}-{self.at[1]}"
        return "/".join(filter(None, ("shards", str(self.level), self.variable, step, at)))

    def run(self) -> Found:
        """Write the shard."""
        variable = self.build.cube.variables[self.variable]
        rows, cols = self._window
        joined = np.full(
            (rows.stop - rows.start, cols.stop - cols.start), empty_of(variable), variable.dtype
        )
        parts = (self.cut.y.part(self.level), self.cut.x.part(self.level))
        for at in itertools.product(_touched(rows, parts[0]), _touched(cols, parts[1])):
            data = self.build.target.get(
                piece_key(self.build, self.variable, self.level, self.step, at)
            )
            if data is not None:
                _paste(joined, np.load(io.BytesIO(data)), at, parts, (rows, cols))
        array = level_array(self.build, self.base, self.level, self.variable)
        array[(*self.step, rows, cols)] = joined
        return {}

    @property
    def _window(self) -> tuple[slice, slice]:
        sizes = zip(self.at, self.cut.shard(self.level), self.cut.shape(self.level), strict=True)
        rows, cols = (slice(n * s, min((n + 1) * s, whole)) for n, s, whole in sizes)
        return rows, cols


def level_array(build: Build, base: str, number: int, variable: str) -> Any:
    """The array of a level, to write to."""
    path = "/".join(filter(None, (build.store, base, str(number + 1))))
    return build.target.group(path, mode="r+")[variable]


def piece_key(
    build: Build, variable: str, level: int, step: tuple[int, ...], at: tuple[int, int]
) -> str:
    """Where a block's part of a level is put aside."""
    where = "-".join(map(str, step)) or "all"
    return f"{build.work}/{PIECES}/{variable}/{level}/{where}/{at[0]}-{at[1]}.npy"


def _is_empty(level: Raw, empty: float) -> bool:
    return bool((level != level).all() if empty != empty else (level == empty).all())


def _touched(window: slice, part: int) -> range:
    return range(window.start // part, -(-window.stop // part))


def _paste(
    joined: Raw,
    piece: Raw,
    at: tuple[int, int],
    parts: tuple[int, int],
    window: tuple[slice, slice],
) -> None:
    """What of a block's part lies in the window."""
    into, of = [], []
    for number, part, size, wanted in zip(at, parts, piece.shape, window, strict=True):
        first = number * part
        start, stop = max(first, wanted.start), min(first + size, wanted.stop)
        into.append(slice(start - wanted.start, stop - wanted.start))
        of.append(slice(start - first, stop - first))
    joined[tuple(into)] = piece[tuple(of)]


def cut_of(variable: Variable, steps: int) -> Cut:
    """How a variable of so many steps along its leading dimensions is cut."""
    time = variable.dims.index(TIME) if TIME in variable.dims else None
    chunk = 1 if time is None else variable.levels[0].chunks[time]
    return cut(variable, steps, chunk)


def blocks(
    build: Build, base: str, variable: Variable, method: str, steps: range
) -> Iterator[Block]:
    """The tasks that read a variable, of some steps along time."""
    plan = cut_of(variable, _count(variable, steps))
    for lead in _leads(variable, steps, plan.steps):
        for at in itertools.product(range(plan.y.blocks), range(plan.x.blocks)):
            yield Block(build, base, variable.id, method, plan, lead, at)


def shards(build: Build, base: str, variable: Variable, steps: range) -> Iterator[Shard]:
    """The tasks that join what blocks of a variable have put aside."""
    plan = cut_of(variable, _count(variable, steps))
    for level in range(len(plan.factors)):
        if plan.is_direct(level):
            continue
        rows, cols = (
            range(-(-n // s)) for n, s in zip(plan.shape(level), plan.shard(level), strict=True)
        )
        places = list(itertools.product(rows, cols))
        for lead in _leads(variable, steps, 1):
            step = tuple(start for start, _ in lead)
            for at in places:
                yield Shard(build, base, variable.id, plan, level, step, at)


def _count(variable: Variable, steps: range) -> int:
    sizes = variable.levels[0].shape[:-2]
    return int(
        np.prod([len(steps) if d == TIME else n for d, n in zip(variable.dims, sizes, strict=True)])
    )


def _leads(variable: Variable, steps: range, at_once: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """Parts of the leading dimensions: single steps, of time so many, ending where chunks do."""
    each: list[Sequence[tuple[int, int]]] = []
    for dim, size in zip(variable.dims, variable.levels[0].shape[:-2], strict=True):
        if dim == TIME:
            starts = range(steps.start // at_once * at_once, steps.stop, at_once)
            each.append([(max(s, steps.start), min(s + at_once, steps.stop)) for s in starts])
        else:
            each.append([(i, i + 1) for i in range(size)])
    yield from itertools.product(*each)


def methods_of(variables: Sequence[Variable], wanted: Mapping[str, str]) -> dict[str, str]:
    """How each variable is summed up: as wanted, else classes by the most frequent."""
    return {v.id: wanted.get(v.id) or ("mode" if v.flags else "mean") for v in variables}
