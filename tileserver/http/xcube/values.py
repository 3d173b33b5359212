"""Series and statistics of what the body of a request draws on the map."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import shapely
from starlette.requests import Request
from starlette.responses import Response

from tileserver.cost import check_bytes
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import Feature, Geometry, parse_geometry
from tileserver.grid import FULL_CIRCLE_DEG
from tileserver.http import caching, params
from tileserver.http.body import parse_json, read_body
from tileserver.http.endpoint import Context, Endpoint, context
from tileserver.http.params import STRING, Parameter, Query, number, whole
from tileserver.http.xcube.query import ROOT, TAG, known
from tileserver.layer import Layer, Selection, select
from tileserver.services import seriesrequest, statistics
from tileserver.services.point import value_at
from tileserver.services.window import check_single, finest
from tileserver.services.xcube import naming, series
from tileserver.services.xcube.series import Wanted


def _longitude(name: str, value: str) -> float:
    """On a map that goes round more than once the pointer is beyond 180°."""
    return (number(name, value) + 180) % FULL_CIRCLE_DEG - 180


METHODS: Parameter[str | None] = Parameter(
    "aggMethods", params.text, STRING,
    "Of areas: mean, median, std, min, max, count, parted by commas.", None, "mean,std",
)  # fmt: skip
START: Parameter[str | None] = Parameter(
    "startDate", params.text, STRING, "The first time.", None, "2022-01-01"
)
END: Parameter[str | None] = Parameter(
    "endDate", params.text, STRING, "The last time.", None, "2022-12-31"
)
VALID = whole("maxValids", -1, 1_000_000, "So many of the last steps with a value; -1: all.", None)
TOLERANCE: Parameter[float] = Parameter(
    "tolerance", number, {"type": "number"},
    "Seconds; passed over: times are compared to the second.", 1.0,
)  # fmt: skip
SERIES = (METHODS, START, END, VALID, TOLERANCE)
LON = replace(
    params.LON,
    parse=_longitude,
    schema={"type": "number"},
    description="Longitude in degrees, of any turn.",
)
STATISTICS = (params.TIME, LON, params.LAT)


def _asked(
    request: Request, taken: tuple[Parameter[Any], ...]
) -> tuple[Query, Dataset, Layer, Selection]:
    """What both routes begin with."""
    path = request.path_params
    dataset = context(request).catalog[path["dataset"]]
    cube = dataset.source.cube
    query = known(request, taken, cube.dimensions.keys())
    found = naming.find(dataset, path["variable"])
    check_single(found)
    dims = {name: text.replace(" ", "T") for name, text in query.dims.items() if text}
    return query, dataset, found, select(cube, found, dims)


async def post_series(request: Request) -> Response:
    """The series of the features in the body, each step an object; a list of lists of several."""
    query, dataset, found, selection = _asked(request, SERIES)
    wanted = Wanted.of(query(METHODS), query(VALID))
    features, is_collection = await _features(request, context(request))
    if any(_is_point(feature.geometry) for feature in features):
        wanted.check_point()
    start, end = _time(query(START)), _time(query(END))
    axis = selection.axis(dataset.source.cube)
    if axis is None or not len(axis.between(start, end)):
        rows: list[list[series.Step]] = [[] for _ in features]
    else:
        rows = await _series(request, dataset, found, selection, features, (start, end), wanted)
    return caching.json_answer(request, {"result": rows if is_collection else rows[0]})


async def _series(
    request: Request,
    dataset: Dataset,
    found: Layer,
    selection: Selection,
    features: Sequence[Feature],
    times: tuple[str | None, str | None],
    wanted: Wanted,
) -> list[list[series.Step]]:
    state = context(request)
    prepared = await asyncio.to_thread(
        seriesrequest.prepare,
        dataset.source.cube,
        found,
        selection,
        features,
        start=times[0],
        end=times[1],
        aggregates=wanted.methods,
    )
    remedy = "narrow the area or the time range, or keep a copy that is chunked along time"
    check_bytes(seriesrequest.estimate(prepared), state.engine.limits.series_bytes, remedy)
    read = partial(state.engine.read, dataset)
    return await series.series(read, prepared, wanted, state.engine.pool)


def _time(text: str | None) -> str | None:
    return text.replace(" ", "T") if text else None


async def _features(request: Request, state: Context) -> tuple[list[Feature], bool]:
    """The features in the body, whatever its content type; whether they are a collection."""
    body = await read_body(request, state.largest_body, "send fewer vertices or features")

    def parse() -> tuple[list[Feature], bool]:
        geojson, is_collection = series.parted(parse_json(body))
        return parse_geometry(geojson, "body"), is_collection

    return await asyncio.to_thread(parse)


async def get_statistics(request: Request) -> Response:
    """The value at a point; nothing where there is none."""
    query, dataset, found, selection = _asked(request, STATISTICS)
    lon, lat = query.need(LON), query.need(params.LAT)
    value = await _value(request, dataset, found, selection, (lon, lat))
    return caching.json_answer(request, {"result": {} if value is None else {"value": value}})


async def post_statistics(request: Request) -> Response:
    """The statistics of the geometry in the body, at one time."""
    _, dataset, found, selection = _asked(request, STATISTICS)
    features, _ = await _features(request, context(request))
    if len(features) != 1:
        raise InvalidParameter("body", f"{len(features)} features", "expected one geometry")
    area = features[0].geometry
    if _is_point(area):
        lonlat = shapely.get_x(area), shapely.get_y(area)
        told = series.of_value(await _value(request, dataset, found, selection, lonlat))
    else:
        told = await _area(request, dataset, found, selection, area)
    return caching.json_answer(request, {"result": told})


def _is_point(geometry: Geometry) -> bool:
    return isinstance(geometry, shapely.Point)


async def _value(
    request: Request,
    dataset: Dataset,
    found: Layer,
    selection: Selection,
    lonlat: tuple[float, float],
) -> float | None:
    read = partial(context(request).engine.read, dataset)
    return await value_at(read, found, selection, *lonlat)


async def _area(
    request: Request, dataset: Dataset, found: Layer, selection: Selection, area: Geometry
) -> dict[str, Any]:
    engine = context(request).engine
    most = engine.limits.tile_bytes
    prepared = await asyncio.to_thread(_prepared, found, selection, area, most)
    check_bytes(statistics.estimate(prepared), most, "draw a smaller area")
    read = partial(engine.read, dataset)
    question = series.refined(prepared)
    return series.told(await statistics.statistics(read, dataset, question, pool=engine.pool))


def _prepared(found: Layer, selection: Selection, area: Geometry, most: int) -> statistics.Request:
    """Of the finest level that may be read, of the coarsest if none may. Raises PayloadTooLarge."""
    *finer, coarsest = range(len(finest(found.reaching(selection.step)).levels))
    for level in finer:
        with suppress(PayloadTooLarge):
            prepared = statistics.prepare(found, selection, area, level=level)
            if statistics.estimate(prepared) <= most:
                return prepared
    return statistics.prepare(found, selection, area, level=coarsest)


_GEOJSON = "application/geo+json"
_LAYER = "{dataset}/{variable:path}"

ENDPOINTS = (
    Endpoint(f"{ROOT}/timeseries/{_LAYER}", post_series, "Values over time", TAG, SERIES, True,
             methods=("POST",), body=_GEOJSON, queued=True),
    Endpoint(f"{ROOT}/statistics/{_LAYER}", get_statistics, "The value at a point", TAG,
             STATISTICS, True),
    Endpoint(f"{ROOT}/statistics/{_LAYER}", post_statistics, "Statistics of an area", TAG,
             STATISTICS, True, methods=("POST",), body=_GEOJSON, queued=True),
)  # fmt: skip
