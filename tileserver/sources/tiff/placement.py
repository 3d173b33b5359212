"""Where the files of a stack lie in the grid that holds them all: pure functions of transforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from affine import Affine

from tileserver.errors import SourceError
from tileserver.sources.tiff.raster import LevelShape

# Grids are the same, and offsets whole, while no cell strays by more than this part of one.
SAME_GRID_CELLS = 0.01
Shape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies: pixel corners of its finest level to CRS units, and its (rows, cols)."""

    transform: Affine
    shape: Shape

    def corner_in(self, other: Place) -> tuple[int, int]:
        """Its first (row, col) in the cells of another; SourceError where cells do not match."""
        a, b = other.transform, self.transform
        col, row = ~a @ (b.c, b.f)
        cols, rows = self.shape[::-1]
        last_col, last_row = ~a @ (b @ (cols, rows))
        first = (round(row), round(col))
        ends = (
            row - first[0],
            col - first[1],
            last_row - rows - first[0],
            last_col - cols - first[1],
        )
        if max(map(abs, ends)) > SAME_GRID_CELLS:
            raise SourceError(
                f"its cells, {b.a:.10g} × {abs(b.e):.10g} from {b.c:.10g}, {b.f:.10g}, are not "
                f"those of the stack, {a.a:.10g} × {abs(a.e):.10g} from {a.c:.10g}, {a.f:.10g}: "
                f"warp it with gdalwarp -tap -tr {abs(a.a):.10g} {abs(a.e):.10g} -te …"
            )
        return first


@dataclass(frozen=True, slots=True)
class Frame:
    """The grid of a stack.

    Args:
        origin: of the file that cells are counted from.
        first: the (row, col) there of the frame's first cell.
        levels: from the finest to the coarsest.
        factors: cells of the finest level along a side of one of each level; none where all files
            have the frame's own grid, so that levels are told by their shapes.
    """

    origin: Place
    first: tuple[int, int]
    levels: tuple[LevelShape, ...]
    factors: tuple[int, ...] = ()

    @property
    def shape(self) -> Shape:
        """(rows, cols) of the finest level."""
        return self.levels[0].shape

    def corner(self, place: Place) -> tuple[int, int]:
        """The (row, col) of a file's first cell. Raises SourceError for one that does not fit."""
        row, col = place.corner_in(self.origin)
        row, col = row - self.first[0], col - self.first[1]
        rows, cols = self.shape
        inside = (
            min(row, col) >= 0 and row + place.shape[0] <= rows and col + place.shape[1] <= cols
        )
        if not inside or (not self.factors and place.shape != self.shape):
            raise SourceError(
                f"its grid ({place.shape[0]} × {place.shape[1]} cells) differs from the stack's "
                f"({rows} × {cols}), which was made before: register the stack again, or warp it "
                f"with gdalwarp -te … -ts {cols} {rows}"
            )
        return row, col

    def own_level(self, level: int, shapes: Sequence[Shape]) -> int:
        """The file's level that is one of the frame's; SourceError where it has none."""
        if self.factors:
            rows, cols = shapes[0]
            factor = self.factors[level]
            wanted = (rows // factor, cols // factor)
        else:
            wanted = self.levels[level].shape
        if wanted not in shapes:
            raise SourceError(
                f"it lacks the overview of {wanted[0]} × {wanted[1]} cells that the stack has: "
                "add it with gdaladdo"
            )
        return list(shapes).index(wanted)

    def parts(
        self, level: int, corner: tuple[int, int], shape: Shape, window: Sequence[slice]
    ) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
        """What a file has of a window of a level: where in its own, and where in the window.

        Args:
            corner: of the file, by `corner`.
            shape: of its finest level.
            window: its columns may go on beyond the last, at the first.
        """
        factor, width = self.factors[level], self.levels[level].shape[1]
        rows = _overlap(window[0], corner[0] // factor, shape[0] // factor)
        turns = (0, width) if window[1].stop > width else (0,)
        for turn in turns:
            cols = _overlap(window[1], corner[1] // factor + turn, shape[1] // factor)
            if rows is not None and cols is not None:
                yield (rows[0], cols[0]), (rows[1], cols[1])


def _overlap(window: slice, first: int, size: int) -> tuple[slice, slice] | None:
    """The part of a window that lies in `size` cells from `first`: counted there, and in itself."""
    start, stop = max(window.start, first), min(window.stop, first + size)
    if start >= stop:
        return None
    return slice(start - first, stop - first), slice(start - window.start, stop - window.start)


def frame_of(
    first: Sequence[LevelShape], others: Sequence[Sequence[LevelShape]], places: Sequence[Place]
) -> Frame:
    """The grid that holds a first file and all places, with the levels that fit all files.

    Args:
        others: levels of more files whose headers were read.
        places: of all files whose place is known, the first one's too.

    Raises SourceError for a place whose cells are others.
    """
    origin = Place(first[0].transform, first[0].shape)
    corners = [place.corner_in(origin) for place in places]
    shapes = [place.shape for place in places]
    if set(corners) <= {(0, 0)} and set(shapes) <= {origin.shape}:
        kept = [each for each in first if all(_has(each.shape, levels) for levels in others)]
        return Frame(origin, (0, 0), tuple(kept))
    top, left = (min(corner[i] for corner in corners) for i in (0, 1))
    bottom, right = (
        max(corner[i] + shape[i] for corner, shape in zip(corners, shapes, strict=True))
        for i in (0, 1)
    )
    numbers = [n for pair in (*corners, *shapes) for n in pair]
    levels, factors = [], []
    for level in first:
        factor = _factor(origin.shape, level.shape)
        fits = factor and not any(n % factor for n in numbers)
        if fits and all(_has_factor(factor, each) for each in others):
            transform = origin.transform @ Affine.translation(left, top) @ Affine.scale(factor)
            shape = ((bottom - top) // factor, (right - left) // factor)
            levels.append(LevelShape(transform, shape, level.chunk, level.planar))
            factors.append(factor)
    return Frame(origin, (top, left), tuple(levels), tuple(factors))


def _factor(full: Shape, level: Shape) -> int:
    """How many cells a side a level makes one of; 0 where that is no whole number."""
    factor = full[0] // level[0]
    return factor if (level[0] * factor, level[1] * factor) == full else 0


def _has(shape: Shape, levels: Sequence[LevelShape]) -> bool:
    return any(level.shape == shape for level in levels)


def _has_factor(factor: int, levels: Sequence[LevelShape]) -> bool:
    rows, cols = levels[0].shape
    return _has((rows // factor, cols // factor), levels)
