"""What expressions do with numbers: numpy operations on float64 in which NaN is not known.

Truth is three-valued (Kleene): `a or b` holds where one of them holds though the other is not
there, and `where` looks only at the branch it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Operation = Callable[..., Floats]

# Above this, float64 does not hold every integer, and bits mean nothing.
LARGEST_INTEGER = 2.0**53
BITS = 53


def bitwise(operation: Callable[..., npt.NDArray[np.int64]]) -> Operation:
    """An operation on the bits of whole numbers; NaN where an operand is none."""

    def on_floats(*operands: Floats) -> Floats:
        whole = np.logical_and.reduce(
            np.broadcast_arrays(
                *((x == np.rint(x)) & (np.abs(x) < LARGEST_INTEGER) for x in operands)
            )
        )
        integers = [np.where(whole, x, 0).astype(np.int64) for x in operands]
        return np.where(whole, operation(*integers), np.nan)

    return on_floats


def compared(comparison: Callable[[Floats, Floats], npt.NDArray[np.bool_]]) -> Operation:
    """A comparison; NaN where an operand is."""

    def on_floats(a: Floats, b: Floats) -> Floats:
        return np.where(np.isnan(a) | np.isnan(b), np.nan, comparison(a, b))

    return on_floats


def both(a: Floats, b: Floats) -> Floats:
    """Kleene's and: 0 where either is 0, else NaN where either is NaN, else 1."""
    unknown = np.isnan(a) | np.isnan(b)
    return np.where((a == 0) | (b == 0), 0.0, np.where(unknown, np.nan, 1.0))


def either(a: Floats, b: Floats) -> Floats:
    """Kleene's or: 1 where either holds, else NaN where either is NaN, else 0."""
    unknown = np.isnan(a) | np.isnan(b)
    return np.where(_holds(a) | _holds(b), 1.0, np.where(unknown, np.nan, 0.0))


def negated(a: Floats) -> Floats:
    """Kleene's not."""
    return np.where(np.isnan(a), np.nan, a == 0)


def _holds(a: Floats) -> npt.NDArray[np.bool_]:
    holds: npt.NDArray[np.bool_] = (a != 0) & ~np.isnan(a)
    return holds


def choose(condition: Floats, a: Floats, b: Floats) -> Floats:
    """a where the condition holds, b where it does not, NaN where it is not known."""
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, a, b))


def _clip(a: Floats, low: Floats, high: Floats) -> Floats:
    return np.minimum(np.maximum(a, low), high)


def _least(*operands: Floats) -> Floats:
    return reduce(np.minimum, operands)


def _greatest(*operands: Floats) -> Floats:
    return reduce(np.maximum, operands)


@bitwise
def _bit(number: npt.NDArray[np.int64], place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Whether a bit is set, counted from 0 at the lowest."""
    return np.where((place >= 0) & (place < BITS), number >> np.clip(place, 0, BITS) & 1, 0)


def _is_nan(a: Floats) -> Floats:
    return np.isnan(a).astype(np.float64)


_MANY = 1000
TRUTHS = ("bit", "isnan")  # functions whose results are truth values
FUNCTIONS: dict[str, tuple[Operation, int, int]] = {  # with the least and most arguments
    "abs": (np.abs, 1, 1),
    "arccos": (np.arccos, 1, 1),
    "arcsin": (np.arcsin, 1, 1),
    "arctan": (np.arctan, 1, 1),
    "arctan2": (np.arctan2, 2, 2),
    "bit": (_bit, 2, 2),
    "ceil": (np.ceil, 1, 1),
    "clip": (_clip, 3, 3),
    "cos": (np.cos, 1, 1),
    "exp": (np.exp, 1, 1),
    "floor": (np.floor, 1, 1),
    "isnan": (_is_nan, 1, 1),
    "log": (np.log, 1, 1),
    "log10": (np.log10, 1, 1),
    "log2": (np.log2, 1, 1),
    "max": (_greatest, 2, _MANY),
    "min": (_least, 2, _MANY),
    "round": (np.rint, 1, 1),
    "sin": (np.sin, 1, 1),
    "sqrt": (np.sqrt, 1, 1),
    "tan": (np.tan, 1, 1),
    "tanh": (np.tanh, 1, 1),
    "where": (choose, 3, 3),
}
