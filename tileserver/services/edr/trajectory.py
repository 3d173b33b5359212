"""Values along a path, which may climb and take time.

Points lie along geodesics between the vertices, about as far apart as cells are, and have a time
and a level of their own where the vertices have: those between them in proportion to the way.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tileserver.axis import Floats
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.grid import Grid
from tileserver.layer import Selection
from tileserver.pipeline import Engine
from tileserver.services.edr.coverage import Coverage, Values, merged
from tileserver.services.edr.question import Index, Question, Reach, reach, times_of
from tileserver.services.edr.reading import (
    Block,
    cell_m,
    check_count,
    check_reading,
    each,
    precision,
    read,
    without_overviews,
)
from tileserver.services.edr.wkt import NAME, Places
from tileserver.services.transect import MOST_POINTS, Way
from tileserver.services.window import finest, traced

PIECE = 64  # points that are read in one window: of a long path the window of all would be wide


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """Points (n,) in degrees, and what of a layer they show.

    Args:
        step_of, rung_of: the indices of each point's time and level; None where all share them.
    """

    reach: Reach
    lon: Floats
    lat: Floats
    step_of: Index | None
    rung_of: Index | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the values: (steps, levels, points)."""
        steps = len(self.reach.steps) if self.step_of is None else 1
        levels = len(self.reach.rungs) if self.rung_of is None else 1
        return (steps, levels, len(self.lon))

    def runs(self) -> Iterator[Index]:
        """Neighbours that share a time and a level, a few at a time."""
        changes = np.zeros(len(self.lon) - 1, np.bool_)
        for own in (self.step_of, self.rung_of):
            if own is not None:
                changes |= np.diff(own) != 0
        for run in np.split(np.arange(len(self.lon)), np.flatnonzero(changes) + 1):
            for first in range(0, len(run), PIECE):
                yield run[first : first + PIECE]

    def selections(self, point: int) -> list[Selection]:
        """What is read at a point, one for each level of the answer."""
        if self.rung_of is not None:
            return [self.reach.at(int(self.rung_of[point]))]
        return [self.reach.at(each) for each in self.reach.rungs.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Some points of a track at one of its levels, and what is read for them."""

    points: Index
    level: int
    block: Block


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """A layer along a line: all points, and the pieces that have cells."""

    track: _Track
    pieces: tuple[_Piece, ...]


async def trajectory(engine: Engine, question: Question, lines: Sequence[Places]) -> list[Coverage]:
    """The values along some lines; none where no point of a line lies in a cell.

    Raises InvalidParameter, PayloadTooLarge, SourceError.
    """
    paths = await asyncio.to_thread(_paths, engine, question, lines)
    values = await each(paths, partial(_values, engine, question))
    found = zip(paths, values, strict=True)
    return merged(_coverage(question, path.track, own) for path, own in found)


def _paths(engine: Engine, question: Question, lines: Sequence[Places]) -> list[_Path]:
    """The lines that meet cells."""
    reaches = [found for layer in question.layers if (found := reach(question, layer))]
    tracks = [_track(question, found, line) for line in lines for found in reaches]
    check_count(math.prod(track.shape) for track in tracks)
    paths = [path for track in tracks if (path := _Path(track, _pieces(track))).pieces]
    check_reading(engine, (piece.block for path in paths for piece in path.pieces))
    return paths


def _pieces(track: _Track) -> tuple[_Piece, ...]:
    layer, pieces = without_overviews(track.reach.layer), []
    for points in track.runs():
        parts = traced(layer, track.lon[points], track.lat[points])
        if not any(part.cell_of is not None and (part.cell_of >= 0).any() for part in parts):
            continue
        first = int(points[0])
        steps = track.reach.steps if track.step_of is None else track.step_of[first : first + 1]
        pieces += [
            _Piece(points, level, Block(layer, selection, steps, parts, len(points)))
            for level, selection in enumerate(track.selections(first))
        ]
    return tuple(pieces)


def _track(question: Question, found: Reach, line: Places) -> _Track:
    lon, lat, parts = _points(question, finest(found.layer).grid, line)
    step_of = rung_of = None
    axis = found.selection.axis(question.cube)
    if line.m is not None and axis is not None:
        step_of = _nearest(axis.seconds[axis.order], parts(line.m))
        if step_of is None:
            raise InvalidParameter(
                NAME, "…", f"expected M as seconds since 1970 within {axis.span}"
            )
        step_of = axis.order[step_of]
    if line.z is not None and found.levels is not None:
        levels = found.levels
        rung_of = _nearest(levels, parts(line.z))
        if rung_of is None:
            raise InvalidParameter(
                NAME, "…", f"expected Z from {np.nanmin(levels):g} to {np.nanmax(levels):g}"
            )
        rung_of = found.rungs[rung_of]
    return _Track(found, lon, lat, step_of, rung_of)


def _points(
    question: Question, grid: Grid, line: Places
) -> tuple[Floats, Floats, Callable[[Floats], Floats]]:
    """Points about a cell apart, with the vertices among them; and how what vertices have (n,)
    spreads over them."""
    way = Way.of(*question.frame.to_lonlat(line.x, line.y))
    if np.abs(way.lat).max() > 90 or not way.length_m > 0:
        raise InvalidParameter(NAME, "…", "expected a line on the Earth, longer than nothing")
    count = min(MOST_POINTS, math.ceil(way.length_m / cell_m(grid)) + 1)
    if len(way.lon) > MOST_POINTS:
        raise PayloadTooLarge(f"{NAME} has {len(way.lon)} vertices: send at most {MOST_POINTS}")
    distance_m = np.linspace(0, way.length_m, max(2, count))
    distance_m = np.unique(np.concatenate([distance_m, way.distance_m]))
    lon, lat = way.at(distance_m)
    return lon, lat, lambda values: np.interp(distance_m, way.distance_m, values)


def _margin(values: Floats) -> float:
    """How far beyond its ends an axis still answers: one of its steps."""
    known = np.sort(values[np.isfinite(values)])
    return float(np.median(np.diff(known))) if len(known) > 1 else math.inf


def _nearest(known: Floats, wanted: Floats) -> Index | None:
    """The index of the coordinate nearest to each; None where some lie beyond by a step."""
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    after = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(ordered[before] - wanted) <= np.abs(ordered[after] - wanted)
    beyond = np.maximum(ordered[0] - wanted, wanted - ordered[-1])
    return None if (beyond > _margin(known)).any() else order[np.where(nearer, before, after)]


def _coverage(question: Question, track: _Track, values: Values) -> Coverage:
    found = track.reach
    times, levels = found.times, found.levels
    axis = found.selection.axis(question.cube)
    if track.step_of is not None and axis is not None:
        times = times_of(axis, track.step_of)
    if track.rung_of is not None and found.vertical is not None:
        known = found.vertical.values
        assert isinstance(known, np.ndarray)
        levels = known[track.rung_of]
    x, y = question.frame.from_lonlat(track.lon, track.lat)
    return Coverage(
        kind="path",
        x=x,
        y=y,
        times=times,
        levels=levels,
        vertical=found.vertical,
        values={found.layer.id: values},
        moving=track.step_of is not None,
        climbing=track.rung_of is not None,
    )


async def _values(engine: Engine, question: Question, path: _Path) -> Values:
    """The values (steps, levels, points) of a layer."""
    out = np.full(path.track.shape, np.nan, precision(path.track.reach.layer))
    found = await each(path.pieces, lambda piece: read(engine, question, piece.block))
    for piece, values in zip(path.pieces, found, strict=True):
        out[:, piece.level, piece.points] = values.reshape(len(values), -1)
    return out
