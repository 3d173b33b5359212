"""Series of many features as JSON, CSV and lines of JSON, feature by feature.

NaN becomes null in JSON and an empty field in CSV.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping

import orjson

from tileserver.axis import Floats
from tileserver.services.featureseries import FeatureSeries
from tileserver.services.seriesrequest import Request
from tileserver.services.table import identity, lines, name_of, plain

Series = AsyncIterable[list[FeatureSeries]]


async def to_json(dataset: str, request: Request, found: Series) -> dict[str, object]:
    """The answer of `/timeseries` for several features, in their order."""
    series: list[dict[str, object]] = [{} for _ in request.targets]
    async for some in found:
        for each in some:
            own = identity(request.targets[each.number])
            series[each.number] = {**own, "values": _plain(each.values)}
    return {**_head(dataset, request), "series": series}


async def to_csv(request: Request, found: Series) -> AsyncIterator[str]:
    """`feature,time,value`, the rows of a feature together, features as they are read."""
    names = list(dict.fromkeys(n for t in request.targets for n in request.names(t)))
    rows: list[list[object]] = [["feature", "time", *names]]
    empty = [None] * len(request.times)
    async for some in found:
        for each in some:
            label = name_of(request.targets[each.number], each.number)
            own = [plain(n, each.values[n]) if n in each.values else empty for n in names]
            columns = zip(request.times, *own, strict=True)
            rows += ([label, *row] for row in columns)
        yield lines(rows)
        rows = []


async def to_ndjson(dataset: str, request: Request, found: Series) -> AsyncIterator[bytes]:
    """A line with the times, then one for each feature as it is read, with its number."""
    yield orjson.dumps(_head(dataset, request), option=orjson.OPT_APPEND_NEWLINE)
    async for some in found:
        yield b"".join(_line(request, each) for each in some)


def _line(request: Request, found: FeatureSeries) -> bytes:
    document = {
        "feature": found.number,
        **identity(request.targets[found.number]),
        "values": _plain(found.values),
    }
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _head(dataset: str, request: Request) -> dict[str, object]:
    return {
        "dataset": dataset,
        "variable": request.layer.id,
        "units": request.layer.units,
        "times": list(request.times),
    }


def _plain(values: Mapping[str, Floats]) -> dict[str, object]:
    return {name: plain(name, numbers) for name, numbers in values.items()}
