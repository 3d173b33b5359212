"""How values become colours: the one definition, used by the renderer and by the legend.

A `Colormap` is 256 colours, or up to 255 classes; a `Style` says which values they stand for. A
coloured tile is an 8-bit palette image: index 0 is no data, transparent; 1..255 are the colours.

    position = (t(value) - t(low)) / (t(high) - t(low)), clipped to 0..1
    index    = 1 + min(⌊255 position⌋, 254)

with t(v) = v (linear), log v (log), sign(v) log(1 + |v| / c) where c = max(|low|, |high|) / 1000
(symlog: linear within c around zero). Values beyond the range take the end colours, infinities
too; NaN is no data. Under `log` a value of zero or less takes the first colour.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tileserver.colormap import (
    CLASSES,
    LARGEST_BOUND,
    Category,
    Colormap,
    Interval,
    class_index,
    float_type,
)
from tileserver.errors import InvalidParameter

__all__ = [
    "Category",
    "Colormap",
    "Interval",
    "Scale",
    "Style",
    "check_range",
    "clip",
    "parse_named",
    "parse_rescale",
]

Scale = Literal["linear", "log", "symlog"]

SMALLEST_SPAN = 1e-30  # with LARGEST_BOUND: float32 neither under- nor overflows
SYMLOG_THRESHOLD = 1 / 1000  # of the larger bound

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Style:
    """A colormap over a range of physical values; a classified colormap ignores range and scale.

    Raises:
        InvalidParameter: the range does not ascend or is not finite, or is not positive for
            `log`; unknown scale; opacity outside 0..1.
    """

    colormap: Colormap
    rescale: tuple[float, float]
    scale: Scale = "linear"
    opacity: float = 1.0

    def __post_init__(self) -> None:
        if self.scale not in get_args(Scale):
            raise InvalidParameter("scale", self.scale, "expected linear, log or symlog")
        if not 0 <= self.opacity <= 1:
            raise InvalidParameter("opacity", self.opacity, "expected a number from 0 to 1")
        if self.colormap.classified:
            return
        check_range(*self.rescale)
        if self.scale == "log" and self.rescale[0] <= 0:
            raise InvalidParameter(
                "rescale", _range_text(*self.rescale), "log needs a range above zero, or use symlog"
            )

    @property
    def key(self) -> str:
        """Changes when any pixel's colour may change; the same in every process."""
        if self.colormap.classified:
            return f"{self.colormap.key}:{float(self.opacity)!r}"
        low, high = map(float, self.rescale)
        return f"{self.colormap.key}:{low!r},{high!r}:{self.scale}:{float(self.opacity)!r}"

    def position(self, values: NDArray[Any]) -> NDArray[np.floating[Any]]:
        """Where values lie in the range, 0..1, NaN for NaN; the module says the formula."""
        with np.errstate(all="ignore"):
            x = self._scaled(values, 1.0)
            np.clip(x, 0, 1, out=x)
        return x

    def value(self, position: float) -> float:
        """The value at a position 0..1: the inverse of `position` within the range."""
        low, high = self.rescale
        if self.scale == "log":
            return math.exp(math.log(low) + position * (math.log(high) - math.log(low)))
        if self.scale == "linear":
            return low + position * (high - low)
        first, last = (self._symlog(bound) for bound in self.rescale)
        bent = first + position * (last - first)
        return math.copysign(math.expm1(abs(bent)) * self._threshold, bent)

    def palette(self) -> NDArray[np.uint8]:
        """The colours of the indices, (256, 4) uint8 RGBA, read-only; index 0 is transparent."""
        return _palette(self)

    def index(self, values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """The palette index of every value, uint8; 0 where not valid, NaN or of no class.

        Args:
            values: physical values of any shape, best float32.
            valid: True where there is data, the same shape.
        """
        if self.colormap.classified:
            index = class_index(self.colormap, values)
            index *= valid
        else:
            index = self._ramp_index(values)
            index *= np.equal(values, values) & valid
        return index

    def _ramp_index(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """1..255 for every value, whatever it is."""
        with np.errstate(all="ignore"):
            x = self._scaled(values, CLASSES)
            clip(x, CLASSES - 1)
        index: NDArray[np.uint8] = x.astype(np.uint8)
        index += 1
        return index

    @property
    def _threshold(self) -> float:
        return SYMLOG_THRESHOLD * max(map(abs, self.rescale))

    def _symlog(self, value: float) -> float:
        return math.copysign(math.log1p(abs(value) / self._threshold), value)

    def _scaled(self, values: NDArray[Any], span: float) -> NDArray[np.floating[Any]]:
        """span * (t(values) - t(low)) / (t(high) - t(low)), not clipped, a new array."""
        kind = float_type(values)
        low, high = self.rescale
        x: NDArray[np.floating[Any]]
        if self.scale == "linear":
            x = np.subtract(values, kind(low), dtype=kind)
        elif self.scale == "log":
            x = np.log(values, dtype=kind)
            low, high = math.log(low), math.log(high)
            x -= kind(low)
        else:
            x = np.abs(values, dtype=kind)
            x *= kind(1 / self._threshold)
            np.copysign(np.log1p(x, out=x), values, out=x)
            low, high = self._symlog(low), self._symlog(high)
            x -= kind(low)
        x *= kind(span / (high - low))
        return x


def clip(x: NDArray[np.floating[Any]], high: float) -> None:
    """Bring x into 0..high, in place; NaN to 0, so that none reaches a cast to integers.

    numpy has vector code for the `fmax` of two arrays, not for that of an array and a scalar.
    """
    bounds = np.zeros(x.shape[-1:], x.dtype)
    np.fmax(x, bounds, out=x)
    bounds[...] = high
    np.fmin(x, bounds, out=x)


def check_range(low: float, high: float) -> None:
    """A range that can be rescaled over: two finite numbers, ascending, apart in float32.

    Raises:
        InvalidParameter: it is not.
    """
    text = _range_text(low, high)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InvalidParameter("rescale", text, "expected two finite numbers, low,high")
    if not low < high:
        raise InvalidParameter("rescale", text, "expected low,high with low below high")
    if max(abs(low), abs(high)) > LARGEST_BOUND or high - low < SMALLEST_SPAN:
        raise InvalidParameter("rescale", text, "expected numbers that float32 can hold apart")
    if np.float32(low) == np.float32(high):
        raise InvalidParameter("rescale", text, "equal in float32, expected bounds further apart")


def parse_rescale(text: str) -> tuple[float, float]:
    """`low,high` as two finite numbers, ascending.

    Raises:
        InvalidParameter: anything else.
    """
    parts = [part.strip() for part in text.split(",", 2)]
    if len(parts) != 2 or not all(len(p) <= 40 and _NUMBER.fullmatch(p) for p in parts):
        raise InvalidParameter("rescale", text, "expected two finite numbers, low,high")
    low, high = map(float, parts)
    check_range(low, high)
    return low, high


def parse_named(text: str) -> tuple[Colormap, tuple[float, float] | None]:
    """A colormap by its name, maybe with a range: `viridis`, `viridis:0:7`.

    Raises InvalidParameter.
    """
    name, *bounds = text.split(":", 3)
    return Colormap.named(name), parse_rescale(",".join(bounds)) if bounds else None


def _range_text(low: float, high: float) -> str:
    return f"{low:g},{high:g}"


@lru_cache(maxsize=256)
def _palette(style: Style) -> NDArray[np.uint8]:
    palette = np.zeros((256, 4), np.uint8)
    if style.colormap.classified:
        classes = style.colormap.classes
        palette[1 : len(classes) + 1] = [entry.color for entry in classes]
    else:
        palette[1:] = style.colormap.lut[np.rint(np.linspace(0, 255, CLASSES)).astype(int)]
    palette[:, 3] = np.rint(palette[:, 3] * style.opacity)
    palette.setflags(write=False)
    return palette
