"""Round values along a scale, and the shortest texts that tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tileserver.style import Style


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on the scale: its text, and where it stands, 0 to 1."""

    value: float
    label: str
    position: float


def ticks(style: Style, most: int) -> list[Tick]:
    """Round values within the style's range, at most so many."""
    low, high = style.rescale
    values = _decades(low, high, most) if style.scale == "log" else []
    if style.scale == "symlog":
        values = _signed_decades(low, high, most)
    if len(values) < 2:
        values = _rounded(low, high, most)
    positions = style.position(np.array(values, np.float64)).tolist()
    labels = _labels(values)
    return [Tick(*each) for each in zip(values, labels, positions, strict=True)]


def _rounded(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten: the closest that are not too many."""
    power = 10.0 ** math.floor(math.log10((high - low) / max(1, most - 1)))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def _decades(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1,)):
        values = [f * 10.0**e for e in range(first, last + 1) for f in factors]
        values = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        if len(values) <= most:
            return values
    every = -(-len(values) // most)
    return values[::every]


def _signed_decades(low: float, high: float, most: int) -> list[float]:
    """Zero and, on both sides of it, powers of ten from the largest down."""
    largest = math.floor(math.log10(max(abs(low), abs(high))))
    for count in (3, 2, 1):
        powers = [10.0 ** (largest - i) for i in range(count)]
        values = sorted({0.0, *powers, *(-power for power in powers)})
        values = [value for value in values if low <= value <= high]
        if len(values) <= most:
            return values
    return [values[0], values[-1]]


def _labels(values: Sequence[float]) -> list[str]:
    """The shortest texts that tell the values apart."""
    for digits in range(3, 17):
        labels = [_label(value, digits) for value in values]
        if len(set(labels)) == len(values) and _exact(labels, values):
            break
    return labels


def _exact(labels: Sequence[str], values: Sequence[float]) -> bool:
    largest = max((abs(value) for value in values), default=0.0)
    pairs = zip(labels, values, strict=True)
    return all(abs(float(label) - value) <= 1e-9 * largest for label, value in pairs)


def _label(value: float, digits: int) -> str:
    """So many significant digits, as `0.0001`, `20000` or `2e-7`."""
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    if exponent and 1e-4 <= abs(value) < 1e6:
        return f"{float(text):.0f}"
    return f"{mantissa}e{int(exponent)}" if exponent else text
