"""Numbers instead of pictures: a point's value, time series, statistics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tileserver import layer
from tileserver.cost import check_bytes
from tileserver.dataset import Dataset
from tileserver.errors import (
    InvalidParameter,
    MissingParameter,
    UnsupportedMediaType,
)
from tileserver.geometry import Feature, from_bbox, from_lonlat, parse_geometry
from tileserver.http import caching, params
from tileserver.http.body import parse_json, read_body
from tileserver.http.datasets import END, START
from tileserver.http.endpoint import Context, Endpoint, context
from tileserver.http.params import STRING, Parameter, Query, choice, number, whole
from tileserver.layer import Layer, Selection
from tileserver.services import (
    featureseries,
    featuretable,
    seriesrequest,
    statistics,
    table,
    timeseries,
)
from tileserver.services.aggregate import parse_aggregates
from tileserver.services.featuretable import Series
from tileserver.services.parquet import to_parquet
from tileserver.services.point import point
from tileserver.services.seriesrequest import Request as SeriesRequest
from tileserver.services.statistics import MOST_BINS, PERCENTILES, Question

Output = Literal["json", "csv", "ndjson", "parquet"]
Lines = Literal["step", "feature"]

MOST_PERCENTS = 16
CSV, NDJSON = "text/csv; charset=utf-8", "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"

AGGREGATE: Parameter[str | None] = Parameter(
    "aggregate", params.text, STRING,
    "Of areas: mean, std, min, max, median, count, sum, p0 to p100; parted by commas.",
    None, "mean,std",
)  # fmt: skip
OUTPUT: Parameter[Output] = Parameter(
    "f", choice(("json", "csv", "ndjson", "parquet")),
    {"type": "string", "enum": ["json", "csv", "ndjson", "parquet"]},
    "The format of the answer; parquet where the server has pyarrow.", "json",
)  # fmt: skip
LINES: Parameter[Lines] = Parameter(
    "lines", choice(("step", "feature")), {"type": "string", "enum": ["step", "feature"]},
    "Of f=ndjson: one object for each step, or for each feature as it is ready.", "step",
)  # fmt: skip
BINS = whole("bins", 1, MOST_BINS, "Bins of the histogram.", statistics.DEFAULT_BINS)
LEVEL = whole(
    "level", 0, 100,
    "The resolution to read, 0 the finest; by default the coarsest that has enough cells. "
    "Where the dataset has a dimension of this name, its step instead.", None,
)  # fmt: skip


def _pair(name: str, value: str) -> tuple[float, float]:
    parts = value.split(",")
    if len(parts) != 2:
        raise InvalidParameter(name, value, "expected low,high")
    return (number(name, parts[0].strip()), number(name, parts[1].strip()))


def _percents(name: str, value: str) -> tuple[float, ...]:
    parts = value.split(",")
    if len(parts) > MOST_PERCENTS:
        raise InvalidParameter(name, value, f"expected at most {MOST_PERCENTS} percentiles")
    return tuple(number(name, part.strip()) for part in parts)


RANGE: Parameter[tuple[float, float] | None] = Parameter(
    "range", _pair, STRING, "low,high of the histogram; by default the values' own.", None, "0,30"
)
PERCENTS: Parameter[tuple[float, ...]] = Parameter(
    "p", _percents, STRING, "Percentiles, parted by commas.", PERCENTILES, "2,98"
)

STEP = (params.TIME, params.METHOD, params.EXPRESSION)
PLACE = (params.LON, params.LAT, params.BBOX)
POINT = (*STEP, params.required(params.LON), params.required(params.LAT))
SERIES = (params.EXPRESSION, params.METHOD, *PLACE, START, END, AGGREGATE, OUTPUT, LINES)
STATISTICS = (*STEP, params.BBOX, BINS, RANGE, PERCENTS, LEVEL)


def asked(
    request: Request, taken: tuple[Parameter[Any], ...]
) -> tuple[Query, Dataset, Layer, Selection]:
    """What every route here begins with: dataset, layer and step."""
    path = request.path_params
    dataset = context(request).catalog[path["dataset"]]
    cube = dataset.source.cube
    query = Query(request.query_params.multi_items(), taken, cube.dimensions.keys())
    found = layer.find_layer(dataset, path["variable"], query(params.EXPRESSION))
    return query, dataset, found, layer.select(cube, found, query.dims, query(params.METHOD))


async def get_point(request: Request) -> Response:
    """The value at a point."""
    query, dataset, found, selection = asked(request, POINT)
    lon, lat = query.need(params.LON), query.need(params.LAT)
    read = partial(context(request).engine.read, dataset)
    return caching.json_answer(request, await point(read, dataset, found, selection, lon, lat))


async def get_timeseries(request: Request) -> Response:
    """The series of a point or a box, or of the features in the body."""
    query, dataset, found, selection = asked(request, SERIES)
    features = await _features(request, query)
    state = context(request)
    prepared = await asyncio.to_thread(
        seriesrequest.prepare,
        dataset.source.cube,
        found,
        selection,
        features,
        start=query(START),
        end=query(END),
        aggregates=parse_aggregates(query(AGGREGATE)),
    )
    check_bytes(
        seriesrequest.estimate(prepared),
        state.engine.limits.series_bytes,
        f"{'POST it to /jobs, ' if state.jobs else ''}narrow the area or the time range, or keep a "
        "copy that is chunked along time",
    )
    read = partial(state.engine.read, dataset)
    output = query(OUTPUT)
    by_feature = output == "parquet" or (len(features) > 1 and _is_by_feature(prepared))
    if (output, query(LINES)) == ("ndjson", "feature") or (by_feature and output != "ndjson"):
        made = featureseries.by_feature(read, prepared, pool=state.engine.pool)
        return await _feature_answer(request, dataset.id, prepared, made, output)
    batches = timeseries.series(read, prepared, pool=state.engine.pool)
    if output == "json":
        return caching.json_answer(request, await table.to_json(dataset.id, prepared, batches))
    if output == "csv":
        return await streamed(table.to_csv(prepared, batches), CSV)
    return await streamed(table.to_ndjson(prepared, batches), NDJSON)


def _is_by_feature(prepared: SeriesRequest) -> bool:
    """Whether features are read one by one with no chunk read twice: points are, and what is read
    from a copy along time."""
    return prepared.is_along or all(target.is_point for target in prepared.targets)


async def _feature_answer(
    request: Request, dataset: str, prepared: SeriesRequest, found: Series, output: Output
) -> Response:
    """The series of features, each whole."""
    if output == "csv":
        return await streamed(featuretable.to_csv(prepared, found), CSV)
    if output == "ndjson":
        return await streamed(featuretable.to_ndjson(dataset, prepared, found), NDJSON)
    if output == "parquet":
        body = await to_parquet(prepared, found)
        return Response(body, media_type=PARQUET, headers={"Cache-Control": caching.SHORT})
    return caching.json_answer(request, await featuretable.to_json(dataset, prepared, found))


async def streamed(parts: AsyncIterator[Any], media_type: str) -> Response:
    """Begins with the first part there, so that what fails before it has a status of its own."""
    first = await anext(parts)

    async def body() -> AsyncIterator[Any]:
        yield first
        async for part in parts:
            yield part

    return StreamingResponse(
        body(), media_type=media_type, headers={"Cache-Control": caching.SHORT}
    )


async def get_statistics(request: Request) -> Response:
    """Statistics of a box, of the area in the body, or of the whole, at one time."""
    query, dataset, found, selection = asked(request, STATISTICS)
    area = await _area(request, query)
    state = context(request)
    prepared = await asyncio.to_thread(
        statistics.prepare,
        found,
        selection,
        area,
        level=query(LEVEL),
        question=Question(query(BINS), query(RANGE), query(PERCENTS)),
    )
    check_bytes(
        statistics.estimate(prepared),
        state.engine.limits.tile_bytes,
        "ask for a smaller area, or give the dataset overviews",
    )
    read = partial(state.engine.read, dataset)
    document = await statistics.statistics(read, dataset, prepared, pool=state.engine.pool)
    return caching.json_answer(request, document)


async def _area(request: Request, query: Query) -> Any:
    """The geometry to sum up, None for everything."""
    if request.method == "POST":
        features = await body_features(request, context(request))
        if query(params.BBOX) is not None:
            raise InvalidParameter("bbox", "…", "expected either a body or bbox")
        if len(features) != 1:
            raise InvalidParameter("body", f"{len(features)} features", "expected one area")
        return features[0].geometry
    bbox = query(params.BBOX)
    return None if bbox is None else from_bbox(bbox)


async def _features(request: Request, query: Query) -> list[Feature]:
    """Where a series is wanted: lon and lat, bbox, or GeoJSON in the body."""
    if request.method == "POST":
        lon = query(params.LON)
        if (lon, query(params.LAT), query(params.BBOX)) != (None, None, None):
            raise InvalidParameter("lon", lon, "expected either a body or lon, lat and bbox")
        return await body_features(request, context(request))
    return query_features(query)


def query_features(query: Query) -> list[Feature]:
    """The point or box that the query names."""
    lon, lat, bbox = query(params.LON), query(params.LAT), query(params.BBOX)
    if bbox is not None:
        if lon is not None or lat is not None:
            given = ",".join(f"{edge:g}" for edge in bbox)
            raise InvalidParameter("bbox", given, "expected either bbox or lon and lat")
        return [Feature(from_bbox(bbox))]
    if lon is None and lat is None:
        raise MissingParameter("lon", "expected lon and lat, or bbox, or a POST of GeoJSON")
    return [Feature(from_lonlat(query.need(params.LON), query.need(params.LAT)))]


async def body_features(request: Request, state: Context) -> list[Feature]:
    """The features of the GeoJSON in the body."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if "xml" in media_type:
        raise UnsupportedMediaType("body", media_type, "expected GeoJSON (application/geo+json)")
    body = await read_body(request, state.largest_body, "send fewer vertices or features")
    return await asyncio.to_thread(parse_geometry, parse_json(body), "body")


_BOTH = ("GET", "POST")
_GEOJSON = "application/geo+json"

_SERIES_TYPES = ("application/json", "text/csv", NDJSON, PARQUET)

ENDPOINTS = (
    Endpoint("/point/{dataset}/{variable}", get_point, "The value at a point", "values",
             POINT, True),
    Endpoint("/timeseries/{dataset}/{variable}", get_timeseries, "Values over time", "values",
             SERIES, True, _SERIES_TYPES, _BOTH, _GEOJSON, queued=True),
    Endpoint("/statistics/{dataset}/{variable}", get_statistics, "Statistics at one time",
             "values", STATISTICS, True, ("application/json",), _BOTH, _GEOJSON, queued=True),
)  # fmt: skip
