"""Coverages as CoverageJSON (OGC 21-069r2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from tileserver.axis import Floats
from tileserver.cube import Dimension
from tileserver.dataset import Dataset
from tileserver.services.edr import parameter
from tileserver.services.edr.coverage import Coverage, Times, Values
from tileserver.services.edr.frame import Frame
from tileserver.services.edr.parameter import english
from tileserver.services.ogc.domain import GREGORIAN

Json = dict[str, Any]
CALENDARS = "https://cfconventions.org/cf-conventions/cf-conventions.html#calendar"
DOWN = ("depth", "pressure", "plev", "isobaric", "lev", "level")


def document(dataset: Dataset, found: Sequence[Coverage], frame: Frame, base: str) -> bytes:
    """One coverage, or a collection of several."""
    writer = _Writer(dataset, frame)
    whole = [one for coverage in found for one in writer.coverages(coverage)]
    names = dict.fromkeys(name for coverage in found for name in coverage.values)
    parameters = {name: _parameter(dataset, name, base) for name in names}
    if len(whole) == 1:
        answer = whole[0] | {"parameters": parameters}
    else:
        answer = {"type": "CoverageCollection", "parameters": parameters, "coverages": whole}
        kinds = {each["domain"]["domainType"] for each in whole}
        if len(kinds) == 1:
            answer["domainType"] = kinds.pop()
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def _parameter(dataset: Dataset, name: str, base: str) -> Json:
    found = parameter.told(dataset, name, base, english)
    categories = found["observedProperty"].get("categories", ())
    encoding = {each["id"]: int(float(each["id"])) for each in categories}
    return found | ({"categoryEncoding": encoding} if encoding else {})


@dataclass(frozen=True, slots=True)
class _Writer:
    dataset: Dataset
    frame: Frame

    def coverages(self, found: Coverage) -> Iterator[Json]:
        """A grid is one coverage, each point one, and each time and level of a path."""
        if found.kind == "grid":
            yield self._grid(found)
        elif found.kind == "points":
            for place in range(len(found.x)):
                yield self._point(found, place)
        else:
            steps, levels, _ = found.shape
            for step in range(steps):
                for level in range(levels):
                    yield self._path(found, step, level)

    def _grid(self, found: Coverage) -> Json:
        axes: Json = {"x": _numbers(found.x), "y": _numbers(found.y)}
        names, shape = ["y", "x"], list(found.shape[2:])
        if found.levels is not None:
            axes["z"] = _numbers(found.levels)
            names, shape = ["z", *names], [len(found.levels), *shape]
        if found.times is not None:
            axes["t"] = {"values": list(found.times.labels)}
            names, shape = ["t", *names], [len(found.times.labels), *shape]
        ranges = {
            name: self._range(name, values.reshape(shape), names)
            for name, values in found.values.items()
        }
        return self._coverage("Grid", axes, found, ranges)

    def _point(self, found: Coverage, place: int) -> Json:
        axes: Json = {
            "x": {"values": [float(found.x[place])]},
            "y": {"values": [float(found.y[place])]},
        }
        steps, levels, _ = found.shape
        names = []
        if found.levels is not None:
            axes["z"] = _numbers(found.levels)
        if found.times is not None:
            axes["t"] = {"values": list(found.times.labels)}
        if found.times is not None and (steps > 1 or levels == 1):
            names.append("t")
        if found.levels is not None and levels > 1:
            names.append("z")
        shape = [{"t": steps, "z": levels}[name] for name in names]
        kind = {(): "Point", ("t",): "PointSeries", ("z",): "VerticalProfile"}.get(tuple(names))
        if kind is None:  # a grid of one place: no other domain has both
            names, shape = [*names, "y", "x"], [*shape, 1, 1]
        ranges = {
            name: self._range(name, values[..., place].reshape(shape), names)
            for name, values in found.values.items()
        }
        return self._coverage(kind or "Grid", axes, found, ranges)

    def _path(self, found: Coverage, step: int, level: int) -> Json:
        names, columns = [], []
        count = len(found.x)
        if found.times is not None:
            own = found.times.labels if found.moving else (found.times.labels[step],) * count
            names.append("t")
            columns.append(list(own))
        for name, coordinates in (("x", found.x), ("y", found.y)):
            names.append(name)
            columns.append(coordinates.tolist())
        if found.levels is not None:
            heights = found.levels if found.climbing else np.full(count, found.levels[level])
            names.append("z")
            columns.append(heights.tolist())
        places = [list(place) for place in zip(*columns, strict=True)]
        axis = {"dataType": "tuple", "coordinates": names, "values": places}
        ranges = {
            name: self._range(name, values[step, level], ["composite"])
            for name, values in found.values.items()
        }
        # Of data without times a path is but places.
        kind = "MultiPoint" if found.times is None else "Trajectory"
        return self._coverage(kind, {"composite": axis}, found, ranges)

    def _coverage(self, kind: str, axes: Json, found: Coverage, ranges: Json) -> Json:
        domain = {
            "type": "Domain",
            "domainType": kind,
            "axes": axes,
            "referencing": _systems(found, self.frame),
        }
        return {"type": "Coverage", "domain": domain, "ranges": ranges}

    def _range(self, name: str, values: Values, axes: Sequence[str]) -> Json:
        is_class = parameter.is_category(self.dataset, name)
        told: Json = {"type": "NdArray", "dataType": "integer" if is_class else "float"}
        if axes:
            told |= {"axisNames": list(axes), "shape": list(values.shape)}
        return told | {"values": _integers(values) if is_class else _plain(values)}


def _plain(values: Values) -> Values:
    return np.ascontiguousarray(values).reshape(-1)


def _integers(values: Values) -> list[int | None]:
    return [None if each != each else int(each) for each in values.ravel().tolist()]


def _numbers(values: Floats) -> Json:
    return {"values": np.ascontiguousarray(values, np.float64)}


def _systems(found: Coverage, frame: Frame) -> list[Json]:
    kind = "GeographicCRS" if frame.is_degrees else "ProjectedCRS"
    systems = [{"coordinates": ["x", "y"], "system": {"type": kind, "id": frame.uri}}]
    if found.vertical is not None:
        systems.append({"coordinates": ["z"], "system": _vertical(found.vertical)})
    if found.times is not None:
        systems.append({"coordinates": ["t"], "system": _temporal(found.times)})
    return systems


def _vertical(dimension: Dimension) -> Json:
    direction = "down" if dimension.name.lower().startswith(DOWN) else "up"
    axis: Json = {"name": english(dimension.title or dimension.name), "direction": direction}
    if dimension.units:
        axis["unit"] = {"symbol": dimension.units}
    return {"type": "VerticalCRS", "cs": {"csAxes": [axis]}}


def _temporal(times: Times) -> Json:
    is_civil = times.calendar in GREGORIAN
    calendar = "Gregorian" if is_civil else f"{CALENDARS}:{times.calendar}"
    return {"type": "TemporalRS", "calendar": calendar}
