"""Colour tables by name: our own (one JSON file each, beside this module) and matplotlib's.

Every table becomes 256 colours, (256, 4) uint8 RGBA with straight alpha. Names are matched without
case; `_r` at the end reverses. Between the stops of our own tables colours go straight in Oklab:
its lightness is even to the eye, so a table with few stops has neither bands nor a muddy middle,
which straight lines in sRGB give.

matplotlib takes half a second to import: only a name that is not ours, or the list of all names,
imports it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray
from tileserver.colormaps import oklab

Category = Literal["sequential", "diverging", "cyclic", "categorical", "miscellaneous"]
Rgba = tuple[int, int, int, int]
Lut = NDArray[np.uint8]

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")

# What matplotlib's maps are for, which it does not say; those not listed are sequential.
_MATPLOTLIB_NAMES: dict[Category, str] = {
    "diverging": "berlin brbg bwr coolwarm managua piyg prgn puor rdbu rdgy rdylbu rdylgn seismic "
    "spectral vanimo",
    "cyclic": "hsv twilight twilight_shifted",
    "categorical": "accent dark2 okabe_ito paired pastel1 pastel2 set1 set2 set3 tab10 tab20 "
    "tab20b tab20c",
    "miscellaneous": "brg cmrmap cubehelix flag gist_earth gist_ncar gist_rainbow gist_stern "
    "gnuplot gnuplot2 jet nipy_spectral ocean prism rainbow terrain turbo",
}
_MATPLOTLIB_CATEGORIES = {
    name: category for category, listed in _MATPLOTLIB_NAMES.items() for name in listed.split()
}


@dataclass(frozen=True, slots=True)
class Class:
    """One class of a classified map: the integer in the data, its name, its colour."""

    value: int
    label: str
    color: Rgba


@dataclass(frozen=True, slots=True)
class Table:
    """A colour table: either `stops` (position 0..1, colour) or `classes`; matplotlib's have
    neither, their 256 colours come from `lut`."""

    name: str
    title: str
    family: str
    category: Category
    description: str
    source: str
    licence: str
    stops: tuple[tuple[float, Rgba], ...] = ()
    classes: tuple[Class, ...] = ()

    def __post_init__(self) -> None:
        positions = [position for position, _ in self.stops]
        values = [entry.value for entry in self.classes]
        if self.category not in get_args(Category):
            raise ValueError(f"{self.name}: category {self.category!r} is none of the known ones")
        if self.stops and (positions[0], positions[-1]) != (0.0, 1.0):
            raise ValueError(f"{self.name}: stops must begin at 0 and end at 1")
        if positions != sorted(set(positions)) or values != sorted(set(values)):
            raise ValueError(f"{self.name}: stops and classes must ascend, without equal ones")
        if self.stops and self.classes:
            raise ValueError(f"{self.name}: stops or classes, not both")


def names() -> list[str]:
    """All names in lower case, sorted, ours and matplotlib's, without the reversed ones."""
    return sorted({*own_names(), *_matplotlib_names()})


@cache
def own_names() -> tuple[str, ...]:
    """The names of our own tables, sorted; never imports matplotlib."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


@lru_cache(maxsize=512)
def table(name: str) -> Table:
    """The table of this name, in any case. KeyError where there is none; `_r` is no table."""
    key = name.lower()
    if key in own_names():
        return _own_table(key)
    original = _matplotlib_names()[key]
    return Table(
        name=key,
        title=original,
        family="matplotlib",
        category=_MATPLOTLIB_CATEGORIES.get(key, "sequential"),
        description=f"{original} of matplotlib.",
        source="https://matplotlib.org/stable/gallery/color/colormap_reference.html",
        licence="matplotlib's licence (PSF-based)",
    )


def exists(name: str) -> bool:
    """Whether `lut` knows the name."""
    key = name.lower()
    if not _NAME.fullmatch(key):
        return False
    if key in own_names() or key.removesuffix("_r") in own_names():
        return True
    return key.removesuffix("_r") in _matplotlib_names()


@lru_cache(maxsize=512)
def lut(name: str) -> Lut:
    """The 256 colours of a table, (256, 4) uint8 RGBA, read-only; a table of classes gives each
    class an equal band in its order.

    Raises:
        KeyError: no table has this name.
    """
    key = name.lower()
    forward = key.removesuffix("_r")
    if forward in own_names():
        colors = _own_lut(table(forward))
        colors = colors[::-1].copy() if key != forward else colors
    else:
        colors = _matplotlib_lut(_matplotlib_names()[forward] + key[len(forward) :])
    colors.setflags(write=False)
    return colors


def parse_color(value: object) -> Rgba:
    """`#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa` or a list of 3 or 4 integers 0..255, as RGBA.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, str) and _HEX.fullmatch(value):
        digits = value[1:] if len(value) > 5 else "".join(2 * c for c in value[1:])
        channels = [*bytes.fromhex(digits)]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        channels = list(value)
    else:
        raise ValueError("a colour is #rrggbb, #rrggbbaa, [r,g,b] or [r,g,b,a]")
    if len(channels) not in (3, 4) or not all(type(c) is int and 0 <= c <= 255 for c in channels):
        raise ValueError("a colour has 3 or 4 whole numbers from 0 to 255")
    red, green, blue, *alpha = channels
    return red, green, blue, alpha[0] if alpha else 255


def hex_color(color: Sequence[int] | Lut) -> str:
    """RGBA as `#rrggbbaa`."""
    return "#" + bytes(int(channel) for channel in color).hex()


def interpolate(stops: Sequence[tuple[float, Rgba]]) -> Lut:
    """256 colours over stops with ascending positions 0..1, straight in Oklab (see the module);
    alpha is interpolated as it is."""
    positions = [position for position, _ in stops]
    colors = np.array([color for _, color in stops], np.float64) / 255
    lab = np.column_stack([oklab.from_srgb(colors[:, :3]), colors[:, 3]])
    at = np.linspace(0, 1, 256)
    mixed = np.column_stack([np.interp(at, positions, channel) for channel in lab.T])
    rgba = np.column_stack([oklab.to_srgb(mixed[:, :3]), mixed[:, 3]])
    colors8: Lut = np.rint(rgba * 255).astype(np.uint8)
    return colors8


def bands(colors: Sequence[Rgba]) -> Lut:
    """256 entries shared out evenly among the colours, in their order."""
    shared: Lut = np.array(colors, np.uint8)[np.arange(256) * len(colors) // 256]
    return shared


def _own_table(name: str) -> Table:
    raw: dict[str, Any] = json.loads((files(__name__) / f"{name}.json").read_text("utf-8"))
    raw["stops"] = tuple((float(at), parse_color(color)) for at, color in raw.pop("stops", ()))
    raw["classes"] = tuple(
        Class(int(entry["value"]), entry["label"], parse_color(entry["color"]))
        for entry in raw.pop("classes", ())
    )
    return Table(**raw)


def _own_lut(own: Table) -> Lut:
    if own.classes:
        return bands([entry.color for entry in own.classes])
    return interpolate(own.stops)


@cache
def _matplotlib_names() -> dict[str, str]:
    """matplotlib's names by their lower-case form, without the reversed ones."""
    import matplotlib  # half a second: only when one of its maps is asked for

    return {name.lower(): name for name in matplotlib.colormaps if not name.endswith("_r")}


def _matplotlib_lut(name: str) -> Lut:
    """matplotlib reverses its maps itself: its rounding makes some differ from the other end."""
    import matplotlib  # as above

    return cast(Lut, matplotlib.colormaps[name](np.linspace(0, 1, 256), bytes=True))
