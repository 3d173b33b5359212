"""The cells of a mesh that hold points.

The pixels of a picture are found from one another: a few by the pyramid of blocks, all others start
where these say and walk. What a walk does not find is looked for in the pyramid, so that no seam,
hole or fold of the mesh is missed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tileserver.axis import Floats
from tileserver.lookup.blocks import CELLS, SIDE, Index, Pairs, Singles, boxes_of_points
from tileserver.lookup.direction import Directions
from tileserver.lookup.mesh import ROUNDING, UNIT, Mesh

STRIDE_PX = 16  # between the pixels that are looked for in the pyramid
WALKS = 3
FEWEST_TO_WALK = 2048
GROUP_PX = 8
STRIP_PX = 1 << 13  # what is worked on at a time: it stays in the processor's cache
MOST_PAIRS = 1 << 18
BELOW_ONE = 1 - 1e-9


def find(mesh: Mesh, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Positions along columns and rows of points in degrees, which broadcast; NaN outside."""
    shape = np.broadcast_shapes(lon.shape, lat.shape)
    known = np.broadcast_to(np.isfinite(lon) & np.isfinite(lat), shape).ravel()
    finding = _Finding.of(mesh, shape, Directions.of(lon, lat))
    if len(shape) == 2 and known.size >= FEWEST_TO_WALK:
        finding.walk(np.flatnonzero(known))
    finding.search(np.flatnonzero(known & np.isnan(finding.cols)))
    return finding.cols.reshape(shape), finding.rows.reshape(shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Finding:
    """Points in a mesh that are being looked for.

    Args:
        shape: that the points broadcast to.
        cols, rows: (n,) what is found of them so far, NaN where nothing is.
    """

    mesh: Mesh
    shape: tuple[int, ...]
    points: Directions
    cols: Floats
    rows: Floats

    @classmethod
    def of(cls, mesh: Mesh, shape: tuple[int, ...], points: Directions) -> _Finding:
        """Nothing is found yet."""
        size = math.prod(shape)
        return cls(mesh, shape, points, np.full(size, np.nan), np.full(size, np.nan))

    def _note(self, index: Index, cell: Pairs, u: Floats, v: Floats) -> None:
        """What was found of points: their cells, and where in them they lie."""
        self.rows[index] = cell[0] + np.clip(v, 0, BELOW_ONE)
        self.cols[index] = cell[1] + np.clip(u, 0, BELOW_ONE)

    def walk(self, todo: Index) -> None:
        """Finds most points of a picture from those at a lattice of its pixels."""
        height, width = self.shape
        nodes_y, nodes_x = _lattice(height), _lattice(width)
        nodes = (nodes_y[:, None] * width + nodes_x).ravel()
        self.search(nodes)
        found = np.stack([self.rows[nodes], self.cols[nodes]])
        found = _filled(found.reshape(2, len(nodes_y), len(nodes_x)))
        guesses = [_spread(each, nodes_y, nodes_x).ravel() for each in found]
        todo = todo[np.isfinite(guesses[0].take(todo))]
        for start in range(0, len(todo), STRIP_PX):
            strip = todo[start : start + STRIP_PX]
            row, col = (
                np.clip(guess.take(strip), 0, size - 1).astype(np.intp)
                for guess, size in zip(guesses, self.mesh.shape, strict=True)
            )
            self._walk_from(strip, row, col)

    def _walk_from(self, todo: Index, row: Index, col: Index) -> None:
        points = self.points.at(self.shape, todo)
        for _ in range(WALKS):
            u, v, inside = self.mesh.within(points, row, col)
            if inside.all():
                self._note(todo, (row, col), u, v)
                return
            self._note(todo[inside], (row[inside], col[inside]), u[inside], v[inside])
            to_row, to_col = (
                np.clip(cell + np.floor(np.nan_to_num(step)), 0, size - 1).astype(np.intp)
                for cell, step, size in zip((row, col), (v, u), self.mesh.shape, strict=True)
            )
            going = np.flatnonzero(~inside & ((to_row != row) | (to_col != col)))
            if not going.size:
                return
            todo, row, col = todo[going], to_row[going], to_col[going]
            points = self.points.at(self.shape, todo)

    def search(self, todo: Index) -> None:
        """Finds points in the pyramid of blocks, whatever the mesh is like."""
        if not todo.size:
            return
        todo, starts = self._groups(todo)
        vectors = self.points.at(self.shape, todo).vectors
        blocks = self.mesh.blocks
        low, high = boxes_of_points(vectors, starts)
        level = self._level_of(high - low, blocks.top)
        pairs = blocks.descend(low, high, blocks.all_at_top(len(starts)), blocks.top, level)
        if level == CELLS:
            pairs = self._touching(vectors, starts, pairs)
        ends = np.append(starts[1:], len(todo))
        counts = (ends - starts).take(pairs[0])
        points = np.ascontiguousarray(vectors.T, dtype=np.float32)
        batch = np.cumsum(counts) // MOST_PAIRS
        for part in np.split(np.arange(len(counts)), np.flatnonzero(np.diff(batch)) + 1):
            number = np.repeat(starts.take(pairs[0][part]), counts[part])
            number += _counted(counts[part])
            cells = np.repeat(pairs[1][part], counts[part])
            found = blocks.descend(points, points, (number, cells), level, CELLS)
            self._try(todo, *found)

    def _touching(self, vectors: Floats, starts: Index, pairs: Pairs) -> Pairs:
        """Those pairs of a group and a cell of which no edge of the cell parts the two."""
        groups, cells = pairs
        counts = np.diff(starts, append=len(vectors))
        centers = np.add.reduceat(vectors, starts, axis=0) / counts[:, None]
        away = np.linalg.norm(vectors - np.repeat(centers, counts, axis=0), axis=1)
        radius = (np.maximum.reduceat(away, starts) * 1.001 + ROUNDING).take(groups)
        center = [axis.take(groups) for axis in np.ascontiguousarray(centers.T)]
        row, col = np.divmod(cells, self.mesh.shape[1])
        around = self.mesh.around(row * (self.mesh.shape[1] + 1) + col)
        corners = list(zip(*([part / UNIT for part in axis] for axis in around), strict=True))
        normals = [_cross(corners[i], corners[(i + 1) % 4]) for i in range(4)]
        a, b, c, d = corners
        across, down = ([p - q for p, q in zip(*ends, strict=True)] for ends in ((c, a), (d, b)))
        sign = np.where(_dot(_cross(across, down), center) < 0, -1.0, 1.0)
        touching = self.mesh.valid.take(cells)
        for normal in normals:
            reach = radius * np.sqrt(_dot(normal, normal))
            touching &= _dot(normal, center) * sign >= -reach
        return groups[touching], cells[touching]

    def _try(self, todo: Index, number: Index, cell: Index) -> None:
        for start in range(0, len(number), MOST_PAIRS):
            index = todo.take(number[start : start + MOST_PAIRS])
            row, col = np.divmod(cell[start : start + MOST_PAIRS], self.mesh.shape[1])
            points = self.points.at(self.shape, index)
            u, v, inside = self.mesh.within(points, row, col)
            self._note(index[inside], (row[inside], col[inside]), u[inside], v[inside])

    def _groups(self, todo: Index) -> Pairs:
        """Points in an order in which neighbours in a picture follow each other, and where each
        group of them starts."""
        if len(self.shape) != 2 or todo.size < FEWEST_TO_WALK:
            return todo, np.arange(todo.size)
        row, col = np.divmod(todo, self.shape[1])
        group = row // GROUP_PX * self.shape[1] + col // GROUP_PX
        order = np.argsort(group, kind="stable")
        return todo[order], np.flatnonzero(np.diff(group[order], prepend=-1))

    def _level_of(self, sizes: Singles, top: int) -> int:
        """The level whose blocks are as large as most groups."""
        group = float(np.median(sizes.max(axis=0)))
        if group < self.mesh.size:
            return CELLS
        return min(round(math.log(group / self.mesh.size, SIDE)), top)


def _cross(a: Sequence[Floats], b: Sequence[Floats]) -> list[Floats]:
    """Of vectors by their three coordinates (n,)."""
    return [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]


def _dot(a: Sequence[Floats], b: Sequence[Floats]) -> Floats:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _lattice(size: int) -> Index:
    count = -(-(size - 1) // STRIDE_PX) + 1
    return np.linspace(0, size - 1, count).round().astype(np.intp)


def _counted(counts: Index) -> Index:
    """0, 1, … for each of some counts, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - counts, counts)


def _filled(values: Floats) -> Floats:
    """Values (…, rows, cols) of a lattice, NaN beside others as these."""
    for axis in (-1, -2):
        for turned in (values, np.flip(values, axis)):
            before = np.roll(turned, 1, axis)
            before[(..., 0) if axis == -1 else (..., 0, slice(None))] = np.nan
            np.copyto(turned, before, where=np.isnan(turned))
    return values


def _spread(values: Floats, nodes_y: Index, nodes_x: Index) -> Floats:
    """Values of a lattice of pixels at all pixels, linearly."""
    for nodes in (nodes_y, nodes_x):
        at = np.arange(nodes[-1] + 1)
        first = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
        part = ((at - nodes[first]) / (nodes[first + 1] - nodes[first]))[:, None]
        values = (values[first] * (1 - part) + values[first + 1] * part).T
    return values
