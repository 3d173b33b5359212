"""From stored numbers to the pixels of a target: pure kernels.

All take the part (rows, cols) of a window that is a `Sampling`'s crop, and give values (h, w) with
a bool array of the same shape, True where a value is there.
"""

from __future__ import annotations

from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.warp.arrays import Valid, Values
from tileserver.warp.average import average
from tileserver.warp.bilinear import bilinear, bilinear_single
from tileserver.warp.mode import mode
from tileserver.warp.nearest import gather, nearest

__all__ = ["Valid", "Values", "bilinear_single", "gather", "warp"]

KERNELS = {"nearest": nearest, "bilinear": bilinear, "average": average, "mode": mode}


def warp(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The physical values of the sampling's target, of the window that it names."""
    return KERNELS[sampling.resampling](block[sampling.crop], sampling, packing)
