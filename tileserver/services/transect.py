"""Values along a line, at one time or through time."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj

from tileserver.axis import Floats
from tileserver.cube import Cube
from tileserver.errors import InvalidParameter
from tileserver.layer import Layer, Selection
from tileserver.services.coverage import MOST_CELLS, read_steps, rounded, thinned
from tileserver.services.window import Part, Read, check_single, traced

Index = npt.NDArray[np.intp]

MOST_POINTS = 1024
MOST_VERTICES = 200
MOST_STEPS = 1000
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A transect, resolved.

    Args:
        steps: as of a block in coverage.py.
        lon, lat, distance_m: of the points (n,); distances are along the line, on the ellipsoid.
    """

    layer: Layer
    selection: Selection
    steps: Index
    times: tuple[str, ...]
    lon: Floats
    lat: Floats
    distance_m: Floats
    parts: tuple[Part, ...]

    @property
    def cells(self) -> int:
        """Numbers of a step."""
        return len(self.distance_m)


def prepare(
    cube: Cube,
    layer: Layer,
    selection: Selection,
    line: Sequence[tuple[float, float]],
    *,
    points: int,
    start: str | None = None,
    end: str | None = None,
    most_steps: int = MOST_STEPS,
) -> Request:
    """What a transect will read: at points evenly apart along geodesics between the vertices.

    Without `start` and `end` it is at the one selected time. Not for the loop.

    Raises InvalidParameter.
    """
    check_single(layer)
    lon, lat, distance_m = along(line, points)
    if start is None and end is None:
        steps: Index = np.array([selection.step or 0])
        labels = selection.labels(cube)
        time = labels.get(selection.time, cube.instant)
        times: tuple[str, ...] = () if time is None else (str(time),)
    else:
        steps, times = thinned(cube, selection, start, end, most_steps)
    if len(steps) * points > MOST_CELLS:
        raise InvalidParameter("points", points, f"expected steps × points up to {MOST_CELLS}")
    parts = traced(layer.reaching(int(steps.max())), lon, lat)
    return Request(layer, selection, steps, times, lon, lat, distance_m, parts)


def along(line: Sequence[tuple[float, float]], points: int) -> tuple[Floats, Floats, Floats]:
    """Longitudes, latitudes and distances in metres of points evenly apart along a line.

    Raises InvalidParameter for a line of one place.
    """
    way = Way.of(*np.array(line, np.float64).T)
    if not way.length_m > 0:
        raise InvalidParameter("line", len(line), "expected a line that is longer than nothing")
    distance_m = np.linspace(0, way.length_m, points)
    return *way.at(distance_m), distance_m


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Geodesics between vertices (n,) in degrees.

    Args:
        azimuths: of each geodesic (n - 1,).
        distance_m: of the vertices along the way.
    """

    lon: Floats
    lat: Floats
    azimuths: Floats
    distance_m: Floats

    @classmethod
    def of(cls, lon: Floats, lat: Floats) -> Way:
        """Between some vertices."""
        azimuths, _, lengths = _GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        return cls(lon, lat, azimuths, np.concatenate([[0.0], np.cumsum(lengths)]))

    @property
    def length_m(self) -> float:
        """Of the whole."""
        return float(self.distance_m[-1])

    def at(self, distance_m: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes at some distances along the way."""
        ends = self.distance_m
        piece = np.searchsorted(ends, distance_m, side="right") - 1
        piece = np.clip(piece, 0, len(self.azimuths) - 1)
        ahead = distance_m - ends[piece]
        lon, lat, _ = _GEOD.fwd(self.lon[piece], self.lat[piece], self.azimuths[piece], ahead)
        return lon, lat


async def transect(
    read: Read, dataset: str, request: Request, pool: Executor | None = None
) -> dict[str, object]:
    """The answer of `/transect`: a row of values for each time. Raises SourceError."""
    rows = [values[0] async for values in read_steps(read, request, rounded, pool)]
    return {
        "dataset": dataset,
        "variable": request.layer.id,
        "units": request.layer.units,
        "lon": np.round(request.lon, 6),
        "lat": np.round(request.lat, 6),
        "distance_m": np.round(request.distance_m, 1),
        "times": list(request.times),
        "values": np.stack(rows),
    }


def table(document: dict[str, Any]) -> str:
    """The same as CSV: a line for each point of each time, empty where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("time", "distance_m", "lon", "lat", "value"))
    along = [document[name].tolist() for name in ("distance_m", "lon", "lat")]
    for time, values in zip(document["times"] or [None], document["values"], strict=True):
        # By way of its text: a 32-bit number has fewer digits than Python's.
        numbers = ("" if np.isnan(value) else str(value) for value in values)
        writer.writerows((time, *place) for place in zip(*along, numbers, strict=True))
    return out.getvalue()
