"""A time series as JSON, CSV and lines of JSON: pure functions of its batches.

NaN becomes null in JSON and an empty field in CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence

import orjson

from tileserver.axis import Floats
from tileserver.services.seriesrequest import Request, Target
from tileserver.services.timeseries import Batch

Numbers = list[float | int | None]


async def to_json(
    dataset: str, request: Request, batches: AsyncIterable[Batch]
) -> dict[str, object]:
    """The answer of `/timeseries`: `values` of one feature, or the `series` of several."""
    times: list[str] = []
    columns: list[dict[str, Numbers]] = [
        {name: [] for name in request.names(target)} for target in request.targets
    ]
    async for batch in batches:
        times += batch.times
        for column, values in zip(columns, batch.values, strict=True):
            for name, numbers in values.items():
                column[name] += plain(name, numbers)
    answer: dict[str, object] = {
        "dataset": dataset,
        "variable": request.layer.id,
        "units": request.layer.units,
        "times": times,
    }
    if len(columns) == 1:
        return {**answer, "values": columns[0]}
    named = zip(request.targets, columns, strict=True)
    return {**answer, "series": [{**identity(target), "values": own} for target, own in named]}


async def to_csv(request: Request, batches: AsyncIterable[Batch]) -> AsyncIterator[str]:
    """`time,value` or `time,mean,std`, with a leading `feature` (its id or number) for several.

    The header comes with the first batch, so that nothing is sent if that cannot be read.
    """
    names = list(dict.fromkeys(n for t in request.targets for n in request.names(t)))
    several = len(request.targets) > 1
    rows: list[list[object]] = [["feature", "time", *names] if several else ["time", *names]]
    async for batch in batches:
        for number, (target, values) in enumerate(zip(request.targets, batch.values, strict=True)):
            lead = [name_of(target, number)] if several else []
            empty: Numbers = [None] * len(batch.times)
            own = [plain(name, values[name]) if name in values else empty for name in names]
            rows += ([*lead, *row] for row in zip(batch.times, *own, strict=True))
        yield lines(rows)
        rows = []


async def to_ndjson(request: Request, batches: AsyncIterable[Batch]) -> AsyncIterator[bytes]:
    """One object a step: its `time` and numbers, or a `series` of them for several features."""
    async for batch in batches:
        yield b"".join(_objects(request, batch))


def _objects(request: Request, batch: Batch) -> Iterator[bytes]:
    columns = [
        {name: plain(name, numbers) for name, numbers in values.items()} for values in batch.values
    ]
    for step, time in enumerate(batch.times):
        rows = [{name: numbers[step] for name, numbers in own.items()} for own in columns]
        one = rows[0] if len(request.targets) == 1 else {"series": rows}
        yield orjson.dumps({"time": time, **one}, option=orjson.OPT_APPEND_NEWLINE)


def plain(name: str, numbers: Floats) -> Numbers:
    """As JSON has them: counts whole, NaN None."""
    if name == "count":
        return [int(number) for number in numbers.tolist()]
    return [None if number != number else number for number in numbers.tolist()]


def identity(target: Target) -> dict[str, object]:
    """What the client called it."""
    return {"id": target.feature.id, "properties": dict(target.feature.properties)}


def name_of(target: Target, number: int) -> object:
    """Its id, else its number."""
    return number if target.feature.id is None else target.feature.id


def lines(rows: Sequence[Sequence[object]]) -> str:
    """Rows of CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
