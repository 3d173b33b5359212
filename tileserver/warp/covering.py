"""The cells that pixels cover: what the kernels over areas have in common.

A cell counts by the part of the pixel that it fills. On a grid that is turned against the target
the pixel is its bounding box in the grid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tileserver.axis import Floats
from tileserver.plan import Sampling, pixel_extents
from tileserver.warp.arrays import Valid

# Cells that fill less of a pixel are not there: rounding made them.
SLIVER = 1e-6
# What is worked on at a time: it stays in the processor's cache, and its arrays are small enough
# for the allocator to keep their memory.
PART_CELLS, PART_PX = 1 << 20, 1 << 14

# (top, bottom, left, right) of each pixel in cells: (h, 1) and (1, w) where separable, or (h, w).
Boxes = tuple[Floats, Floats, Floats, Floats]
Part = tuple[slice, slice]


def boxes_of(sampling: Sampling) -> Boxes:
    """What each pixel covers; nothing where it has no place on the grid."""
    if sampling.boxes:
        top, bottom, left, right = sampling.boxes
        return top, bottom, left, right
    assert sampling.y is not None
    assert sampling.x is not None
    top, bottom = pixel_extents(sampling.y)
    left, right = pixel_extents(sampling.x, sampling.turn)
    return top, bottom, left, right


def share_of(low: Floats, high: Floats, cells: Floats) -> Floats:
    """The part of each pixel, from low to high, that lies in each of the cells."""
    share: Floats = np.minimum(high, cells + 1)
    share -= np.maximum(low, cells)
    np.maximum(share, 0, out=share)
    share /= np.where(high > low, high - low, 1)
    return share


def parts_of(boxes: Boxes, pixels: Part | None = None) -> Iterator[tuple[Part, Part, Boxes]]:
    """The picture in parts, of each its pixels, their cells, and their boxes in these cells.

    A part has PART_PX at most. It covers PART_CELLS at most, and so do its pixels if each is as
    wide as the widest (that at a pole goes half round the globe); or it is one pixel.
    """
    height, width = boxes[0].shape
    rows, cols = pixels or (slice(0, height), slice(0, width))
    top, bottom, left, right = (p[rows, cols] for p in boxes)
    there = (bottom > top) & (right > left)
    if not there.any():
        return
    down, across = _span(top, bottom, there), _span(left, right, there)
    size_y, size_x = down.stop - down.start, across.stop - across.start
    widest = float((right - left).max())
    large = max(size_y * size_x, top.size * widest) > PART_CELLS
    if top.size > PART_PX or (large and top.size > 1):
        for quarter in itertools.product(_halves(rows), _halves(cols)):
            yield from parts_of(boxes, quarter)
        return
    moved_y = (np.clip(p - down.start, 0, size_y) for p in (top, bottom))
    moved_x = (np.clip(p - across.start, 0, size_x) for p in (left, right))
    yield (rows, cols), (down, across), (*moved_y, *moved_x)


def _span(low: Floats, high: Floats, there: Valid) -> slice:
    return slice(int(np.floor(low[there].min())), int(np.ceil(high[there].max())))


def _halves(part: slice) -> list[slice]:
    middle = (part.start + part.stop) // 2
    return [slice(a, b) for a, b in ((part.start, middle), (middle, part.stop)) if a < b]
