"""From physical values to colours: pure kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.style import Style
from tileserver.warp import Valid, Values

Rgba = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Indexed:
    """One band in colour: index uint8 (row, col) into palette (256, 4); 0 is transparent."""

    index: npt.NDArray[np.uint8]
    palette: npt.NDArray[np.uint8]

    def rgba(self) -> Rgba:
        """(row, col, 4) uint8, straight alpha."""
        whole = np.ascontiguousarray(self.palette).view(np.uint32).ravel()
        return whole.take(self.index).view(np.uint8).reshape(*self.index.shape, 4)


def colorize(values: Values, valid: Valid, style: Style) -> Indexed:
    """One band (row, col) by its style."""
    return Indexed(style.index(values, valid), style.palette())


def compose(
    bands: Sequence[Values], valid: Valid, ranges: Sequence[tuple[float, float]], opacity: float
) -> Rgba:
    """Three bands (row, col) as red, green, blue, each linear over its range; (row, col, 4)."""
    rgba = np.zeros((*valid.shape, 4), np.uint8)
    for channel, (values, (low, high)) in enumerate(zip(bands, ranges, strict=True)):
        scaled = (np.where(valid, values, low) - low) * (255.0 / (high - low))
        np.clip(scaled, 0, 255, out=scaled)
        rgba[..., channel] = np.rint(scaled)
    rgba[..., 3] = np.where(valid, round(255 * opacity), 0)
    rgba[~valid] = 0
    return rgba


def empty(shape: tuple[int, int], palette: npt.NDArray[np.uint8]) -> Indexed:
    """A picture where no pixel has data."""
    return Indexed(np.zeros(shape, np.uint8), palette)
