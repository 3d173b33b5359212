"""Series of many features as JSON, CSV and lines of JSON, feature by feature.

NaN becomes null in JSON and an empty field in CSV.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar, TypeVarTuple

import orjson

from tileserver.axis import Floats
from tileserver.services.featureseries import FeatureSeries
from tileserver.services.seriesrequest import Request
from tileserver.services.table import identity, lines, name_of, plain

Series = AsyncIterable[list[FeatureSeries]]
R = TypeVar("R")
Args = TypeVarTuple("Args")

MANY = 100  # features, whose texts take longer than a hop to a thread


async def to_json(dataset: str, request: Request, found: Series) -> dict[str, object]:
    """The answer of `/timeseries` for several features, in their order."""
    series: list[dict[str, object]] = [{} for _ in request.targets]
    async for some in found:
        for each, document in zip(some, await _aside(_documents, request, some), strict=True):
            series[each.number] = document
    return {**_head(dataset, request), "series": series}


async def to_csv(request: Request, found: Series) -> AsyncIterator[str]:
    """`feature,time,value`, the rows of a feature together, features as they are read."""
    names = list(dict.fromkeys(n for t in request.targets for n in request.names(t)))
    head = lines([["feature", "time", *names]])
    async for some in found:
        yield head + await _aside(_rows, request, some, names)
        head = ""


async def to_ndjson(dataset: str, request: Request, found: Series) -> AsyncIterator[bytes]:
    """A line with the times, then one for each feature as it is read, with its number."""
    yield orjson.dumps(_head(dataset, request), option=orjson.OPT_APPEND_NEWLINE)
    async for some in found:
        yield await _aside(_lines, request, some)


async def _aside(
    job: Callable[[Request, Sequence[FeatureSeries], *Args], R],
    request: Request,
    found: Sequence[FeatureSeries],
    *args: *Args,
) -> R:
    """What a job makes of some features, of many in a thread: others are served meanwhile."""
    if len(found) < MANY:
        return job(request, found, *args)
    return await asyncio.to_thread(job, request, found, *args)


def _documents(request: Request, found: Sequence[FeatureSeries]) -> list[dict[str, object]]:
    return [
        {**identity(request.targets[each.number]), "values": _plain(each.values)} for each in found
    ]


def _rows(request: Request, found: Sequence[FeatureSeries], names: Sequence[str]) -> str:
    rows: list[list[object]] = []
    empty = [None] * len(request.times)
    for each in found:
        label = name_of(request.targets[each.number], each.number)
        own = [plain(n, each.values[n]) if n in each.values else empty for n in names]
        rows += ([label, *row] for row in zip(request.times, *own, strict=True))
    return lines(rows)


def _lines(request: Request, found: Sequence[FeatureSeries]) -> bytes:
    documents = zip(found, _documents(request, found), strict=True)
    option = orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps({"feature": e.number, **d}, option=option) for e, d in documents)


def _head(dataset: str, request: Request) -> dict[str, object]:
    return {
        "dataset": dataset,
        "variable": request.layer.id,
        "units": request.layer.units,
        "times": list(request.times),
    }


def _plain(values: Mapping[str, Floats]) -> dict[str, object]:
    return {name: plain(name, numbers) for name, numbers in values.items()}
