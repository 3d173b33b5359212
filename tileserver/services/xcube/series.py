"""Series and statistics as an xcube server writes them.

Means and deviations weigh each cell by its area inside, and what a polygon touches counts: an xcube
server takes cells whole, all alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tileserver.errors import InvalidParameter
from tileserver.grid import FULL_CIRCLE_DEG
from tileserver.services import table, timeseries
from tileserver.services.aggregate import parse_aggregates
from tileserver.services.seriesrequest import Request as SeriesRequest
from tileserver.services.statistics import Question
from tileserver.services.statistics import Request as StatisticsRequest
from tileserver.services.window import Read

BINS = 100
DEFAULT_METHODS = ("mean",)
# Of points, whose one value goes by the first of these that is asked for.
OF_POINTS = ("mean", "median", "min", "max")
TOTAL = "count_tot"
HALF_TURN_DEG = FULL_CIRCLE_DEG / 2
FARTHEST_DEG = 10 * FULL_CIRCLE_DEG  # as far as anybody pushes a map
DEEPEST = 4  # lists in lists, of the coordinates of a MultiPolygon

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which numbers of a series are wanted.

    Args:
        methods: how areas are summed up.
        valid: None for all steps; -1 for those with a value; else so many of the last of those.
    """

    methods: tuple[str, ...] = DEFAULT_METHODS
    valid: int | None = None

    @classmethod
    def of(cls, methods: str | None, valid: int | None) -> Wanted:
        """From a query's texts. Raises InvalidParameter."""
        if valid is not None and valid != -1 and valid < 1:
            raise InvalidParameter("maxValids", valid, "expected -1, or 1 and more")
        try:
            names = parse_aggregates(methods) if methods else DEFAULT_METHODS
        except InvalidParameter as error:
            remedy = "expected mean, median, std, min, max, count, sum or p0 to p100"
            raise InvalidParameter("aggMethods", methods, remedy) from error
        return cls(names, valid)

    def check_point(self) -> None:
        """That a point's value has a name. Raises InvalidParameter."""
        _ = self.of_point

    @property
    def of_point(self) -> str:
        """What a point's value is called. Raises InvalidParameter."""
        for name in OF_POINTS:
            if name in self.methods:
                return "min" if name == "max" else name
        asked = ",".join(self.methods)
        raise InvalidParameter("aggMethods", asked, f"of a point one of {', '.join(OF_POINTS)}")


async def series(
    read: Read, request: SeriesRequest, wanted: Wanted, pool: Any = None
) -> list[list[Step]]:
    """The series of each feature."""
    found: list[list[Step]] = [[] for _ in request.targets]
    async for batch in timeseries.series(read, request, pool=pool):
        for steps, target, values in zip(found, request.targets, batch.values, strict=True):
            names = {"value": wanted.of_point} if target.is_point else {}
            columns = {names.get(n, n): table.plain(n, v) for n, v in values.items()}
            if "count" in columns:
                parts = target.weights.parts if target.weights is not None else np.empty(0)
                columns[TOTAL] = [int(np.count_nonzero(parts))] * len(batch.times)
            rows = zip(*columns.values(), strict=True)
            steps += [
                dict(zip(columns, row, strict=True)) | {"time": time}
                for time, row in zip(batch.times, rows, strict=True)
            ]
    return [_valid(steps, wanted.valid) for steps in found]


def _valid(steps: list[Step], most: int | None) -> list[Step]:
    if most is None:
        return steps
    known = [step for step in steps if _has_value(step)]
    return known if most < 0 else known[-most:]


def _has_value(step: Step) -> bool:
    numbers = [value for name, value in step.items() if name not in ("time", TOTAL, "count")]
    return step.get("count") != 0 and (not numbers or any(v is not None for v in numbers))


def refined(request: StatisticsRequest) -> StatisticsRequest:
    """With a histogram as this API has it."""
    return replace(request, question=Question(BINS, None, ()))


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Statistics in the words of this API; only a count of 0 where there is no value."""
    if not found["count"]:
        return {"count": 0}
    histogram = found["histogram"]
    return {
        "count": found["count"],
        "minimum": found["min"],
        "maximum": found["max"],
        "mean": found["mean"],
        "deviation": found["std"],
        "histogram": {
            "values": _density(histogram["counts"], histogram["edges"]),
            "edges": histogram["edges"],
        },
    }


def _density(counts: Sequence[int], edges: Sequence[float]) -> list[float]:
    """Such that the histogram's area is 1."""
    widths = np.diff(np.asarray(edges, np.float64))
    total = sum(counts)
    return (np.asarray(counts, np.float64) / (widths * total)).tolist() if total else []


def of_value(value: float | None) -> dict[str, Any]:
    """The statistics of a single value."""
    if value is None:
        return {"count": 0}
    return {"count": 1, "minimum": value, "maximum": value, "mean": value, "deviation": 0.0}


def parted(geojson: object) -> tuple[object, bool]:
    """GeoJSON whose every part is a feature of its own, and whether it is a collection.

    What was drawn on a map that goes round more than once is brought to where it is on the globe.
    """
    if not isinstance(geojson, dict):
        return geojson, False
    kind = geojson.get("type")
    if kind == "FeatureCollection":
        return {**geojson, "features": [*map(_rolled, _list(geojson.get("features")))]}, True
    if kind == "GeometryCollection":
        parts = [
            {"type": "Feature", "geometry": _rolled(part), "properties": {}}
            for part in _list(geojson.get("geometries"))
        ]
        return {"type": "FeatureCollection", "features": parts}, True
    return _rolled(geojson), False


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _rolled(part: object) -> object:
    """A feature or geometry by whole turns nearer, if it lies beyond 180°."""
    if not isinstance(part, dict):
        return part
    if "geometry" in part:
        return {**part, "geometry": _rolled(part["geometry"])}
    coordinates = part.get("coordinates")
    lons = [*_longitudes(coordinates)]
    turns = math.floor((min(lons) + HALF_TURN_DEG) / FULL_CIRCLE_DEG) if lons else 0
    if not turns:
        return part
    return {**part, "coordinates": _moved(coordinates, -turns * FULL_CIRCLE_DEG)}


def _longitudes(coordinates: object, depth: int = 0) -> Iterator[float]:
    """Of all positions; of what are none nothing, which is told by who reads them."""
    if not isinstance(coordinates, list) or not coordinates or depth == DEEPEST:
        return
    lon = coordinates[0]
    if isinstance(lon, int | float):
        if abs(lon) <= FARTHEST_DEG:
            yield lon
        return
    for each in coordinates:
        yield from _longitudes(each, depth + 1)


def _moved(coordinates: object, degrees: float, depth: int = 0) -> object:
    if not isinstance(coordinates, list) or not coordinates or depth == DEEPEST:
        return coordinates
    lon, *rest = coordinates
    if isinstance(lon, int | float):
        return [lon + degrees, *rest]
    return [_moved(each, degrees, depth + 1) for each in coordinates]
