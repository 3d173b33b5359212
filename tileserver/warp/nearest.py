"""The cell in which a pixel's centre lies."""

from __future__ import annotations

from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.warp.arrays import Valid, Values


def gather(cells: Raw, sampling: Sampling) -> Raw:
    """The stored number of the cell in which each pixel's centre lies; any, outside the grid."""
    assert sampling.cells is not None
    return sampling.cells.gather(cells)


def nearest(cells: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The value of the cell in which each pixel's centre lies."""
    raw = gather(cells, sampling)
    valid = packing.valid(raw)
    for part in sampling.inside:
        valid &= part
    return packing.physical(raw), valid
