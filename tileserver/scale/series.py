"""A segment of the copy along time: some steps of the finest level of all variables.

Slab    reads some steps of a block of the source, and puts them aside
Shard   joins a shard from slabs, or reads it from where it comes from at once
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from zarr.codecs import BloscCodec

from tileserver.cube import TIME, Cube, Raw, Variable
from tileserver.plan import ReadPlan
from tileserver.scale.cfstore import empty_of
from tileserver.scale.reading import State
from tileserver.scale.seriesplan import Cut
from tileserver.scale.target import Target
from tileserver.scale.task import Found
from tileserver.sources.manifest import Segment

SLABS = "slabs.zarr"
Window = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """What all tasks of a segment have in common.

    Args:
        segment: what is written.
        work: folder of the target for what lasts only as long as the build.
        merged: segments that it takes the place of and is read from; none: from the source.
    """

    source: State
    target: Target
    segment: Segment
    work: str
    merged: tuple[Segment, ...] = ()

    @property
    def cube(self) -> Cube:
        """Of the source."""
        return self.source.cube

    def array(self, variable: str) -> Any:
        """The segment's array of a variable, to write to."""
        return self.target.group(self.segment.store, mode="r+")[variable]

    def slabs(self, variable: str) -> Any:
        """The array that slabs of a variable are put aside in."""
        return self.target.group(f"{self.work}/{SLABS}", mode="r+")[variable]


@dataclass(frozen=True, slots=True)
class Slab:
    """Some steps of a block of the source.

    Args:
        window: along the leading dimensions, then rows and columns; of time steps of the segment.
    """

    build: Build
    variable: str
    window: tuple[tuple[int, int], ...]

    @property
    def key(self) -> str:
        """`slabs/t2m/0-16/0-720/0-1440`."""
        return _key("slabs", self.variable, self.window)

    def run(self) -> Found:
        """Put it aside."""
        window = _slices(self.window)
        self.build.slabs(self.variable)[window] = _of_source(self.build, self.variable, window)
        return {}


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard of the copy; `window` as of a Slab."""

    build: Build
    variable: str
    window: tuple[tuple[int, int], ...]
    is_direct: bool

    @property
    def key(self) -> str:
        """`shards/t2m/0-200/0-64/64-128`."""
        return _key("shards", self.variable, self.window)

    def run(self) -> Found:
        """Write it."""
        window = _slices(self.window)
        if self.build.merged:
            values = _of_segments(self.build, self.variable, window)
        elif self.is_direct:
            values = _of_source(self.build, self.variable, window)
        else:
            values = self.build.slabs(self.variable)[window]
        self.build.array(self.variable)[window] = values
        return {}


def _of_source(build: Build, name: str, window: Window) -> Raw:
    axis = build.cube.variables[name].dims.index(TIME)
    moved = list(window)
    first = build.segment.start
    moved[axis] = slice(window[axis].start + first, window[axis].stop + first)
    return build.source.read(ReadPlan(name, 0, tuple(moved)))


def _of_segments(build: Build, name: str, window: Window) -> Raw:
    """From the segments that this one takes the place of."""
    axis = build.cube.variables[name].dims.index(TIME)
    wanted = window[axis]
    parts = []
    for each in build.merged:
        first = each.start - build.segment.start
        start, stop = (
            max(wanted.start - first, 0),
            min(wanted.stop, each.stop - build.segment.start),
        )
        if start < stop - first:
            own = list(window)
            own[axis] = slice(start, stop - first)
            array: Any = build.target.group(each.store)[name]
            parts.append(array[tuple(own)])
    return np.concatenate(parts, axis=axis)


def add_slabs(build: Build, variable: Variable, cut: Cut) -> None:
    """The array that slabs are put aside in, in pieces that shards are joined from."""
    group = build.target.group(f"{build.work}/{SLABS}", mode="a")
    if variable.id in group:
        return
    shape = segment_shape(variable, build.segment)
    rows, cols = shape[-2:]
    sides = [min(cut.slab_side, _up(size, cut.side)) for size in (rows, cols)]
    lead = [cut.slab_steps if dim == TIME else 1 for dim in variable.dims]
    group.create_array(
        variable.id,
        shape=shape,
        chunks=(*lead, cut.side, cut.side),
        shards=(*lead, *sides),
        dtype=variable.dtype.newbyteorder("<"),
        compressors=BloscCodec(cname="lz4", clevel=3, shuffle="shuffle"),
        fill_value=empty_of(variable),
    )


def layout(
    variable: Variable, cut: Cut, segment: Segment
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shape, chunks and shards of a variable's array in a segment."""
    shape = segment_shape(variable, segment)
    lead = [cut.steps if dim == TIME else 1 for dim in variable.dims]
    return shape, (*lead, cut.chunk, cut.chunk), (*lead, cut.side, cut.side)


def segment_shape(variable: Variable, segment: Segment) -> tuple[int, ...]:
    """Of a variable's array in a segment."""
    shape = list(variable.levels[0].shape)
    shape[variable.dims.index(TIME)] = segment.stop - segment.start
    return tuple(shape)


def slabs(build: Build, variable: Variable, cut: Cut) -> Iterator[Slab]:
    """The tasks that read the source."""
    shape = segment_shape(variable, build.segment)
    lead = [cut.slab_steps if dim == TIME else 1 for dim in variable.dims]
    for window in windows(shape, (*lead, cut.slab_side, cut.slab_side)):
        yield Slab(build, variable.id, window)


def shards(build: Build, variable: Variable, cut: Cut) -> Iterator[Shard]:
    """The tasks that write the segment."""
    shape, _, parts = layout(variable, cut, build.segment)
    for window in windows(shape, parts):
        yield Shard(build, variable.id, window, cut.is_direct)


def windows(shape: Sequence[int], parts: Sequence[int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """The parts of an array, from start to stop along each dimension."""
    each = (
        [(start, min(start + part, size)) for start in range(0, size, part)]
        for size, part in zip(shape, parts, strict=True)
    )
    yield from itertools.product(*each)


def _slices(window: Sequence[tuple[int, int]]) -> Window:
    return tuple(slice(*each) for each in window)


def _key(kind: str, variable: str, window: Sequence[tuple[int, int]]) -> str:
    return "/".join([kind, variable, *(f"{start}-{stop}" for start, stop in window)])


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple
