"""Colour bars: the list of all, and what a request calls one.

A name may end with `_r`, which turns the colours round, then with `_alpha`, which lets the lower
half of the range fade out. For names of cmocean, which an xcube server has, stand tables that look
much like them; their `_i`, lightness turned round, is passed over.

Instead of a name there may be JSON, as the viewer sends it for colours that its users make:
{"name", "type", "colors": [[value, colour], …]}. Of type `continuous` and `stepwise` the values
only say where in the range a colour stands; the range itself is given apart. Of type
`categorical` each value is a class.
"""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from PIL import Image

from tileserver import colormaps
from tileserver.colormap import CLASSES, LARGEST_CLASS, Colormap, Interval
from tileserver.colormaps import Lut, Rgba
from tileserver.dataset import Dataset
from tileserver.drawing import default_colormap
from tileserver.errors import InvalidParameter
from tileserver.layer import Layer, layers

ALPHA = "_alpha"
FADED = 2  # the part of the range that fades out is one in so many
REMEDY = (
    "expected a name of /xcube/colorbars, maybe with _r and _alpha behind, or JSON: "
    '{"name": …, "type": "continuous", "stepwise" or "categorical", "colors": [[0, "#rrggbb"], …]}'
)
# In the order of the list: what each group is of.
GROUPS = {
    "sequential": "From low to high, each colour lighter or darker than the last.",
    "diverging": "Two ways from a middle that means something.",
    "cyclic": "For what comes round: directions, hours, seasons.",
    "miscellaneous": "Many colours, to tell places apart or as people know them.",
    "categorical": "For classes, of which none is more than another.",
}
CMOCEAN = {
    "algae": "greenness",
    "amp": "Reds",
    "balance": "anomaly",
    "curl": "greening_r",
    "deep": "YlGnBu",
    "delta": "wetness_r",
    "dense": "BuPu",
    "diff": "BrBG_r",
    "haline": "salinity",
    "matter": "magma_r",
    "oxy": "cividis",
    "phase": "direction",
    "solar": "radiation",
    "tarn": "wetness",
    "tempo": "GnBu",
    "topo": "topography",
    "turbid": "turbidity",
}
CLASSES_GROUP = ("Classes", "The classes of the datasets' own variables.")

Bar = list[Any]


def listing(datasets: Iterable[Dataset]) -> list[list[Any]]:
    """All by groups: [title, description, [[name, PNG in base64, classes?], …]].

    Args:
        datasets: whose variables may have classes of their own.
    """
    groups = [*_tables()]
    own = [
        _bar(name_of(dataset, layer), default_colormap(layer))
        for dataset in datasets
        for layer in layers(dataset)
        if layer.bands == 1 and _has_own_classes(layer)
    ]
    return [*groups, [*CLASSES_GROUP, own]] if own else groups


@cache
def _tables() -> tuple[list[Any], ...]:
    bars: dict[str, list[Bar]] = {group: [] for group in GROUPS}
    for name in colormaps.names():
        bars[colormaps.table(name).category].append(_bar(shown_name(name), Colormap.named(name)))
    return tuple(
        [group.capitalize(), description, bars[group]] for group, description in GROUPS.items()
    )


def _bar(name: str, colormap: Colormap) -> Bar:
    found: Bar = [name, base64.b64encode(_png(colormap.lut)).decode()]
    if colormap.categories:
        colors = [[c.value, _hex(c.color), c.label] for c in colormap.categories]
        found.append({"name": name, "type": "categorical", "colors": colors})
    return found


def _hex(color: Rgba) -> str:
    return colormaps.hex_color(color)


def _png(lut: Lut) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(lut[None])).save(out, "PNG")
    return out.getvalue()


def shown_name(name: str) -> str:
    """A table's name as the list has it: matplotlib's in their own spelling."""
    base = name.removesuffix("_r")
    if base not in colormaps.names():
        return name
    table = colormaps.table(base)
    spelt = table.title if table.family == "matplotlib" else table.name
    return spelt + name[len(base) :]


def name_of(dataset: Dataset, layer: Layer) -> str:
    """The colour bar that a layer has by itself."""
    if _has_own_classes(layer):
        return f"{dataset.id}.{layer.id}"
    return shown_name(default_colormap(layer).name)


def _has_own_classes(layer: Layer) -> bool:
    return layer.style.colormap_name is None and default_colormap(layer).classified


def find(dataset: Dataset, layer: Layer, text: str) -> Colormap | None:
    """The colours that a request names; None for the layer's own. Raises InvalidParameter."""
    if text == name_of(dataset, layer):
        return None
    if text.lstrip().startswith("{"):
        return _made(text)
    name = text.removesuffix(ALPHA)
    known = _table_of(name)
    if known is None:
        raise InvalidParameter("cmap", text, REMEDY)
    found = Colormap.named(known)
    return found if name == text else _faded(found)


def _table_of(name: str) -> str | None:
    """The table that a name means, if there is one."""
    if colormaps.exists(name):
        return name
    plain = name.removesuffix("_i")
    base = plain.removesuffix("_r")
    table = CMOCEAN.get(base, base)
    if base != plain:
        table = table.removesuffix("_r") if table.endswith("_r") else f"{table}_r"
    return table if colormaps.exists(table) else None


@lru_cache(maxsize=128)
def _faded(colormap: Colormap) -> Colormap:
    lut = colormap.lut.copy()
    rising = np.linspace(0, 255 * FADED, len(lut))
    lut[:, 3] = np.minimum(lut[:, 3], np.minimum(np.rint(rising), 255)).astype(np.uint8)
    return Colormap(colormap.name + ALPHA, lut)


@lru_cache(maxsize=128)
def _made(text: str) -> Colormap:
    """The colours that a JSON text describes. Raises InvalidParameter."""
    try:
        raw = json.loads(text)
        return _described(raw.get("type", "continuous"), [*map(_record, raw["colors"])])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InvalidParameter("cmap", text, REMEDY) from None


def _record(raw: Sequence[Any]) -> tuple[float, Rgba]:
    value, color, *_ = raw
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("a colour stands at a finite number")
    return float(value), colormaps.parse_color(color)


def _described(kind: str, records: Sequence[tuple[float, Rgba]]) -> Colormap:
    if not 1 <= len(records) <= CLASSES:
        raise ValueError(f"expected 1 to {CLASSES} colours")
    values, colors = zip(*sorted(records, key=lambda record: record[0]), strict=True)
    if kind == "categorical":
        return _classes(values, colors)
    if kind not in ("continuous", "stepwise") or len(set(values)) < len(values) or len(values) < 2:
        raise ValueError("expected two colours or more, at different values")
    positions = (np.array(values) - values[0]) / (values[-1] - values[0])
    at = np.linspace(0, 1, 256)
    channels = np.array(colors, np.float64).T
    if kind == "stepwise":  # each colour from its value to the next; the last has nowhere to go
        steps = np.searchsorted(positions[1:-1], at, "right")
        mixed = channels[:, steps].T
    else:
        mixed = np.column_stack([np.interp(at, positions, channel) for channel in channels])
    return Colormap(f"user-{kind}", np.rint(mixed).astype(np.uint8))


def _classes(values: Sequence[float], colors: Sequence[Rgba]) -> Colormap:
    """Each value a class; numbers between two whole ones belong to the lower."""
    keys = [math.trunc(value) for value in values]
    if len(set(keys)) < len(keys) or max(map(abs, keys)) > LARGEST_CLASS:
        raise ValueError(f"expected each class once, and none beyond {LARGEST_CLASS}")
    intervals = tuple(
        Interval(key, key + 1, str(key), color) for key, color in zip(keys, colors, strict=True)
    )
    return Colormap("user-categorical", colormaps.bands(colors), intervals=intervals)
