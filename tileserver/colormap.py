"""Colormaps: 256 colours, or classes of exact values or intervals; by name or given inline."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tileserver import colormaps
from tileserver.colormaps import Lut, Rgba
from tileserver.errors import InvalidParameter, PayloadTooLarge

CLASSES = 255  # the colours of an 8-bit palette beside its transparent index 0
INLINE_BYTES, INLINE_ENTRIES = 65_536, 1024
LARGEST_CLASS = 2**24  # integers above are not exact in float32
LARGEST_BOUND = 1e38  # differences of two do not overflow float32
TABLE_SPAN = 4096  # classes this close together are looked up in a table, not searched

_INTEGER = re.compile(r"-?[0-9]{1,8}")
_INLINE_REMEDY = (
    'expected JSON: {"1": "#rrggbb", …} by value, [[[min, max], "#rrggbb"], …] by interval,'
    ' or ["#rrggbb", …] from low to high'
)


@dataclass(frozen=True, slots=True)
class Category:
    """One class of a classified map: an integer in the data, or the bits of a mask in it; its
    name, its colour."""

    value: float
    label: str
    color: Rgba
    mask: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """One class of values, low <= value < high."""

    low: float
    high: float
    label: str
    color: Rgba


@dataclass(frozen=True, slots=True, eq=False)
class Colormap:
    """256 colours, (256, 4) uint8 RGBA, read-only; or classes: exact values or intervals, in
    ascending order, or bits, of which the first that are set count (`lut` then has a band for
    each). Equal where the `key` is equal."""

    name: str
    lut: Lut
    categories: tuple[Category, ...] = ()
    intervals: tuple[Interval, ...] = ()
    key: str = field(init=False)  # derived: the same in every process, other for any other colour

    def __post_init__(self) -> None:
        if self.lut.shape != (256, 4) or self.lut.dtype != np.uint8:
            raise ValueError("lut: expected (256, 4) uint8")
        self.lut.setflags(write=False)
        classes = repr((self.categories, self.intervals)) if self.classified else ""
        digest = blake2b(self.lut.tobytes() + classes.encode(), digest_size=8)
        object.__setattr__(self, "key", f"{self.name}-{digest.hexdigest()}")

    @classmethod
    def named(cls, name: str) -> "Colormap":
        """One of `tileserver.colormaps`, in any case; `_r` reverses its colours.

        Raises:
            InvalidParameter: no such name; suggests the nearest.
        """
        if not colormaps.exists(name):
            raise InvalidParameter("colormap_name", name, _suggestion(name))
        return _named(name.lower())

    @classmethod
    def inline(cls, text: str) -> "Colormap":
        """TiTiler's `colormap`, JSON in one of these forms; a colour is `#rrggbb`, `#rrggbbaa`,
        `[r, g, b]` or `[r, g, b, a]`.

        - `{"11": colour, "12": colour}`: a class for each integer;
        - `{"0": colour, …, "255": colour}` with both 0 and 255: a ramp over the rescaled range,
          straight in sRGB between the given entries;
        - `[[[min, max], colour], …]`: a class for each interval min <= value < max;
        - `[colour, colour, …]`: a ramp of evenly spaced colours, straight in sRGB.

        Raises:
            InvalidParameter: anything else.
            PayloadTooLarge: over 64 kB or 1024 entries.
        """
        if len(text) > INLINE_BYTES or len(text.encode(errors="replace")) > INLINE_BYTES:
            raise PayloadTooLarge(f"colormap: over {INLINE_BYTES} bytes: {_INLINE_REMEDY}")
        return _inline(text)

    @classmethod
    def categorical(cls, name: str, categories: Sequence[Category]) -> "Colormap":
        """The classes of a variable, at most 255; in any order, but for those of bits.

        Raises:
            ValueError: too many classes, or none.
        """
        ordered = tuple(categories)
        if ordered and ordered[0].mask is None:
            ordered = tuple(sorted(categories, key=lambda entry: entry.value))
        return cls(name, _class_bands(ordered), ordered)

    @property
    def classified(self) -> bool:
        """Whether values are looked up in classes instead of being rescaled."""
        return bool(self.categories or self.intervals)

    @property
    def classes(self) -> tuple[Category, ...] | tuple[Interval, ...]:
        """The classes, in the order of their palette indices from 1."""
        return self.categories or self.intervals

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Colormap) and (self is other or self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


def float_type(values: NDArray[Any]) -> type[np.floating[Any]]:
    """The float that holds these values: float32 for what it holds, else float64."""
    kind: type[np.floating[Any]] = np.result_type(values.dtype, np.float32).type
    return kind


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Where the classes of a colormap begin and end, ascending, with a place 0 below them that
    nothing matches; and for close integers a table of palette indices from `low` on."""

    starts: NDArray[np.floating[Any]]
    ends: NDArray[np.floating[Any]]
    low: float
    table: NDArray[np.uint8] | None


@lru_cache(maxsize=256)
def _lookup(colormap: Colormap, dtype: np.dtype[np.floating[Any]]) -> _Lookup:
    kind, classes = dtype.type, colormap.classes
    starts = np.array([e.low if isinstance(e, Interval) else e.value for e in classes], kind)
    ends = np.array([e.high if isinstance(e, Interval) else np.nan for e in classes], kind)
    padded = np.concatenate([[kind(-np.inf)], ends])
    whole = not colormap.intervals and np.array_equal(starts, np.rint(starts))
    if not whole or starts[-1] - starts[0] > TABLE_SPAN:
        return _Lookup(starts, padded, 0.0, None)
    low = float(starts[0]) - 1  # one place below and one above, that are no class
    table = np.zeros(int(starts[-1] - low) + 2, np.uint8)
    table[(starts - low).astype(np.intp)] = np.arange(1, len(starts) + 1)
    return _Lookup(starts, padded, low, table)


def class_index(colormap: Colormap, values: NDArray[Any]) -> NDArray[np.uint8]:
    """1 + the class of each value, 0 where it has none."""
    if colormap.categories and colormap.categories[0].mask is not None:
        return _bit_index(colormap.categories, values)
    kind = float_type(values)
    lookup = _lookup(colormap, np.dtype(kind))
    if lookup.table is not None:
        return _table_index(lookup.table, values, kind(lookup.low))
    place = np.searchsorted(lookup.starts, values, "right")
    if colormap.intervals:
        inside = values < lookup.ends[place]
    else:
        inside = values == lookup.starts[place - 1]  # place 0 compares with the last: never equal
    index: NDArray[np.uint8] = place.astype(np.uint8)
    index *= inside
    return index


def _bit_index(categories: Sequence[Category], values: NDArray[Any]) -> NDArray[np.uint8]:
    """1 + the first class whose bits each value has, 0 where it has those of none."""
    known = np.isfinite(values)
    bits = np.where(known, values, 0).astype(np.int64)
    # The first class is to win: a maximum of ranks takes a tenth of the time of masked copies.
    best = np.zeros(values.shape, np.uint8)
    for rank, entry in enumerate(reversed(categories), start=1):
        held = (bits & (entry.mask or 0)) == int(entry.value)
        np.maximum(best, held.view(np.uint8) * np.uint8(rank), out=best)
    index: NDArray[np.uint8] = np.uint8(len(categories)) - best
    index += 1
    index *= known & (best > 0)
    return index


def _table_index(
    table: NDArray[np.uint8], values: NDArray[Any], low: np.floating[Any]
) -> NDArray[np.uint8]:
    with np.errstate(all="ignore"):
        x = np.subtract(values, low, dtype=type(low))
    np.fmax(x, 0, out=x)
    np.fmin(x, len(table) - 1, out=x)
    place = x.astype(np.intp)
    index: NDArray[np.uint8] = table.take(place)
    index *= np.equal(place, x)
    return index


def _suggestion(name: str) -> str:
    near = get_close_matches(name.lower()[:64], colormaps.names(), n=1)
    return (f"did you mean {near[0]}? " if near else "") + "see /colormaps for all names"


@lru_cache(maxsize=512)
def _named(name: str) -> Colormap:
    lut = colormaps.lut(name)
    base = name.removesuffix("_r")
    classes = colormaps.table(base).classes
    colors = [entry.color for entry in classes]
    if base != name:
        colors.reverse()
    categories = (
        Category(entry.value, entry.label, color)
        for entry, color in zip(classes, colors, strict=True)
    )
    return Colormap(name, lut, tuple(categories))


@lru_cache(maxsize=128)
def _inline(text: str) -> Colormap:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidParameter("colormap", text, _INLINE_REMEDY) from None
    if isinstance(raw, (dict, list)) and len(raw) > INLINE_ENTRIES:
        raise PayloadTooLarge(f"colormap: {len(raw)} entries, expected at most {INLINE_ENTRIES}")
    try:
        return _inline_values(raw) if isinstance(raw, dict) else _inline_list(raw)
    except ValueError as error:
        raise InvalidParameter("colormap", text, f"{error}; {_INLINE_REMEDY}") from None


def _inline_values(raw: dict[str, object]) -> Colormap:
    if not raw or not all(_INTEGER.fullmatch(value) for value in raw):
        raise ValueError("the values must be whole numbers")
    colors = {int(value): colormaps.parse_color(raw[value]) for value in sorted(raw, key=int)}
    values = list(colors)
    if (values[0], values[-1]) == (0, 255):
        return Colormap("inline", _ramp([v / 255 for v in values], list(colors.values())))
    if max(abs(values[0]), abs(values[-1])) > LARGEST_CLASS:
        raise ValueError(f"the values must be at most {LARGEST_CLASS}")
    categories = tuple(Category(value, str(value), color) for value, color in colors.items())
    return Colormap("inline", _class_bands(categories), categories)


def _inline_list(raw: object) -> Colormap:
    match raw:
        case [[[*_], *_], *_]:
            intervals = tuple(sorted(map(_interval, raw), key=lambda entry: entry.low))
            if any(below.high > above.low for below, above in pairwise(intervals)):
                raise ValueError("the intervals must not overlap")
            return Colormap("inline", _class_bands(intervals), intervals=intervals)
        case [_, _, *_]:
            positions = [place / (len(raw) - 1) for place in range(len(raw))]
            return Colormap("inline", _ramp(positions, [*map(colormaps.parse_color, raw)]))
    raise ValueError("an object, or a list of two entries or more, is needed")


def _interval(raw: object) -> Interval:
    match raw:
        case [[int() | float() as low, int() | float() as high], color]:
            if bool in (type(low), type(high)) or not -LARGEST_BOUND <= low < high <= LARGEST_BOUND:
                raise ValueError("an interval needs two finite numbers, min below max")
            if np.float32(low) == np.float32(high):
                raise ValueError("an interval needs bounds that differ in float32")
            return Interval(low, high, f"{low:g} – {high:g}", colormaps.parse_color(color))
    raise ValueError("an interval is [[min, max], colour]")


def _class_bands(classes: tuple[Category, ...] | tuple[Interval, ...]) -> Lut:
    if not 1 <= len(classes) <= CLASSES:
        raise ValueError(f"from 1 to {CLASSES} classes are possible, there are {len(classes)}")
    return colormaps.bands([entry.color for entry in classes])


def _ramp(positions: Sequence[float], colors: Sequence[Rgba]) -> Lut:
    """256 colours straight in sRGB between the given ones: what colours given by hand mean in
    TiTiler, matplotlib and CSS."""
    at = np.linspace(0, 1, 256)
    channels = np.array(colors, np.float64).T
    mixed = np.column_stack([np.interp(at, positions, channel) for channel in channels])
    lut: Lut = np.rint(mixed).astype(np.uint8)
    return lut
