"""The cell in which a pixel's centre lies."""

from __future__ import annotations

from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.warp.arrays import Valid, Values


def nearest(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The value of the cell in which each pixel's centre lies."""
    assert sampling.index is not None
    raw = block.ravel().take(sampling.index, mode="clip")
    valid = packing.valid(raw)
    if sampling.inside is not None:
        valid &= sampling.inside
    return packing.physical(raw), valid
