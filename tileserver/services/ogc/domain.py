"""Where and when a collection has data: its `extent` (OGC 20-024, clauses 7.5 and 8).

Every dimension is told as an interval; its coordinates only where they are few or regular, since an
axis may have 100 000 of them. Longitudes of a layer across 180° go from -180 to 180, as they do in
TileJSON: GDAL opens no collection whose west is beyond its east. Its own bounds stand beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import numpy as np
import pyproj

from tileserver.cube import Dimension
from tileserver.dataset import Dataset
from tileserver.grid import Grid
from tileserver.layer import Layer
from tileserver.matrixset import code_of
from tileserver.services.ogc.dimension import regular_period
from tileserver.services.ogc.named_layer import layer_bounds, layer_dimensions
from tileserver.timeaxis import TimeAxis

MOST_COORDINATES = 100
GREGORIAN = ("standard", "gregorian", "proleptic_gregorian")
RESERVED = ("spatial", "temporal")
CRS_REGISTER = "http://www.opengis.net/def/crs"
CRS84 = f"{CRS_REGISTER}/OGC/1.3/CRS84"
GREGORIAN_TRS = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


def crs_uri(crs: pyproj.CRS) -> str:
    """A CRS as OGC API names it: by the address of its code, else in WKT 2."""
    authority, _, code = code_of(crs).partition(":")
    if not code or not code.isalnum():
        return str(crs.to_wkt())
    return f"{CRS_REGISTER}/{authority}/{'1.3' if authority == 'OGC' else '0'}/{code}"


def storage_crs(layer: Layer) -> str:
    """The CRS of a layer's cells."""
    crs = layer.variables[0].grid.crs
    # Bounds in it are (lon, lat) here, whatever order its code would have.
    return CRS84 if code_of(crs) == "EPSG:4326" else crs_uri(crs)


def extent(dataset: Dataset, layer: Layer, base: str) -> dict[str, Any]:
    """The extent of a layer in space, time and each other dimension."""
    found: dict[str, Any] = {"spatial": _spatial(layer)}
    dimensions = layer_dimensions(dataset, layer)
    times = [each.name for each in dimensions if each.kind == "time"]
    instant = dataset.source.cube.instant
    if instant is not None:
        found["temporal"] = {"interval": [[instant, instant]]}
    for each in dimensions:
        if each.name in times[:1] and isinstance(each.values, TimeAxis):
            found["temporal"] = _temporal(each.values)
        elif each.name not in RESERVED:
            address = f"{base}/datasets/{dataset.id}/dimensions/{quote(each.name, safe='')}"
            found[each.name] = _additional(each, address)
    return found


def _spatial(layer: Layer) -> dict[str, Any]:
    west, south, east, north = layer_bounds(layer)
    if west > east:
        west, east = -180.0, 180.0
    own = _own_bounds(layer.variables[0].grid)
    return {"bbox": [[west, south, east, north]], "storageCrsBbox": [own]}


def _own_bounds(grid: Grid) -> list[float]:
    """The bounds in the order of the axes of the storage CRS."""
    west, south, east, north = grid.bounds
    axes = [] if code_of(grid.crs) == "EPSG:4326" else grid.crs.axis_info
    first = axes[0].name.lower() if axes else ""
    northing_first = "north" in first or "lat" in first
    return [south, west, north, east] if northing_first else [west, south, east, north]


# What was worked out for an axis that is in use: of 100 000 steps it takes milliseconds.
_TEMPORAL: WeakKeyDictionary[TimeAxis, dict[str, Any]] = WeakKeyDictionary()


def _temporal(axis: TimeAxis) -> dict[str, Any]:
    found = _TEMPORAL.get(axis)
    if found is None:
        found = {"interval": [[axis.first, axis.last]], "trs": _calendar(axis), **_steps(axis)}
        _TEMPORAL[axis] = found
    return found


def _steps(axis: TimeAxis) -> dict[str, Any]:
    period = regular_period(axis)
    if period is not None:
        grid = {"cellsCount": axis.size, "firstCoordinate": axis.first, "resolution": period}
        return {"grid": grid}
    return _listed(axis.texts(axis.order)) if axis.size <= MOST_COORDINATES else {}


def _calendar(axis: TimeAxis) -> str:
    """The temporal reference system, in WKT 2 where it is no Gregorian one."""
    if axis.calendar in GREGORIAN:
        return GREGORIAN_TRS
    name = axis.calendar.replace('"', "")
    return (
        f'TIMECRS["{name}",TDATUM["1970-01-01",CALENDAR["{name}"],TIMEORIGIN["1970-01-01"]],'
        f'CS[TemporalDateTime,1],AXIS["time (T)",future]]'
    )


def _additional(dimension: Dimension, address: str) -> dict[str, Any]:
    """One of the other dimensions; `definition` is where all its values are told, by pages."""
    if isinstance(dimension.values, TimeAxis):
        return _temporal(dimension.values)
    if isinstance(dimension.values, np.ndarray):
        return {**_numbers(dimension.values), "definition": address, **_unit(dimension)}
    texts = dimension.values
    found = {"interval": [[texts[0], texts[-1]]], "definition": address}
    return found | _listed(texts) | {"variableType": "categoricalNominal"}


def _unit(dimension: Dimension) -> dict[str, str]:
    # CF writes units as UDUNITS does, which is not always UCUM's way.
    return {"unit": dimension.units, "unitLang": "UDUNITS"} if dimension.units else {}


def _numbers(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    if not len(known):
        return {"interval": [[None, None]]}
    steps = np.diff(known)
    found: dict[str, Any] = {"interval": [[float(known.min()), float(known.max())]]}
    if len(steps) and np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        grid = {"firstCoordinate": float(known[0]), "resolution": float(steps.mean())}
        return found | {"grid": {"cellsCount": len(known), **grid}}
    return found | _listed(known.tolist())


def _listed(coordinates: Sequence[str] | Sequence[float]) -> dict[str, Any]:
    if len(coordinates) > MOST_COORDINATES:
        return {}
    return {"grid": {"cellsCount": len(coordinates), "coordinates": list(coordinates)}}
