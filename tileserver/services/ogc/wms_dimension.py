"""Dimensions in WMS (OGC 06-042, annex C): ELEVATION, DIM_<name>, and lists of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np

from tileserver.cube import TIME, Dimension
from tileserver.errors import InvalidParameter
from tileserver.services.ogc.dimension import choose
from tileserver.services.ogc.period import parse_period
from tileserver.timeaxis import NotAnInstant, TimeAxis

ELEVATION = "elevation"
PREFIX = "dim_"
VERTICAL = (
    *(ELEVATION, "depth", "altitude", "height", "level", "lev", "z", "olevel", "deptht"),
    *("pressure", "plev", "pressure_level", "isobaricinhpa", "isobaric", "sigma", "hybrid"),
)
LONGEST_LIST = 1000  # times in a request
# Plain names of dimensions that could not be told from the protocol's own parameters.
RESERVED = frozenset(
    {
        *("service", "request", "version", "wmtver", "layers", "styles", "crs", "srs", "bbox"),
        *("width", "height", "format", "transparent", "bgcolor", "exceptions", "sld"),
        *("query_layers", "info_format", "feature_count", "i", "j", "x", "y", "layer", "style"),
        *("opacity", "palette", "colorscalerange", "logscale", "vertical", "colorbaronly"),
    }
)


def vertical(dimensions: Sequence[Dimension]) -> Dimension | None:
    """The dimension that ELEVATION means: of those with a usual name the first in that order."""
    known = {each.name.lower(): each for each in dimensions if each.kind == "number"}
    return next((known[name] for name in VERTICAL if name in known), None)


def asked(dimensions: Sequence[Dimension], parameters: Mapping[str, str]) -> dict[str, str]:
    """The texts that a request has for dimensions, by their names in lower case; of a list of times
    the latest alone.

    Args:
        parameters: by name in lower case.

    Raises InvalidParameter.
    """
    upright = vertical(dimensions)
    # The first is the one called time, if any is.
    timely = next((each for each in dimensions if each.kind == "time"), None)
    texts = {}
    for dimension in dimensions:
        name = dimension.name.lower()
        names = [f"{PREFIX}{name}"]
        if name not in RESERVED:
            names.append(name)
        if dimension is upright:
            names.append(ELEVATION)
        if dimension is timely:
            names.append(TIME)
        text = next((parameters[each] for each in names if parameters.get(each)), None)
        if text is not None:
            texts[name] = _latest(dimension, text) if dimension.kind == "time" else text
    return texts


def _latest(dimension: Dimension, text: str) -> str:
    """Of a list of times and periods the one that ends last; each has to be sound."""
    axis = dimension.values
    if "," not in text or not isinstance(axis, TimeAxis):
        return text
    items = _items(dimension.name, text)
    steps = {axis.find(choose(dimension, item).label): item for item in items}
    return steps[max(steps, key=lambda step: float(axis.seconds[step]))]


def steps(dimension: Dimension, text: str, most: int) -> list[str]:
    """All times that a list of instants and ranges names, in their order, each once.

    Raises InvalidParameter, also for more than `most`.
    """
    axis, found = dimension.values, set[int]()
    assert isinstance(axis, TimeAxis)
    for item in _items(dimension.name, text):
        if "/" in item:
            with suppress(NotAnInstant):
                found |= set(axis.between(*parse_period(item, axis.calendar)).tolist())
        found.add(axis.find(choose(dimension, item).label))
    if len(found) > most:
        remedy = f"these are {len(found)} times, expected at most {most} of a map of this size"
        raise InvalidParameter(dimension.name, text, remedy)
    return axis.texts(np.array(sorted(found, key=lambda step: float(axis.seconds[step]))))


def _items(name: str, text: str) -> list[str]:
    items = [item.strip() for item in text.split(",")]
    if len(items) > LONGEST_LIST or not all(items):
        raise InvalidParameter(name, text, f"expected at most {LONGEST_LIST} times, by commas")
    return items
