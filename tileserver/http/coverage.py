"""Values on a grid and along a line: for views that cut a cube open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Literal

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tileserver.cost import Limits, check_bytes
from tileserver.errors import InvalidParameter, MissingParameter
from tileserver.http import caching, params
from tileserver.http.datasets import END, START
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.params import STRING, Parameter, choice, number, whole
from tileserver.http.values import asked, streamed
from tileserver.services import coverage, transect

Output = Literal["json", "ndjson"]
Line = tuple[tuple[float, float], ...]


def _line(name: str, value: str) -> Line:
    """`lon,lat;lon,lat;…`."""
    pieces = [piece.split(",") for piece in value.split(";")]
    if not 2 <= len(pieces) <= transect.MOST_VERTICES or any(len(p) != 2 for p in pieces):
        raise InvalidParameter(
            name, value[:80], f"expected lon,lat;lon,lat, 2 to {transect.MOST_VERTICES} places"
        )
    places = tuple((number(name, lon.strip()), number(name, lat.strip())) for lon, lat in pieces)
    if any(not -540 <= lon <= 540 or abs(lat) > 90 for lon, lat in places):
        raise InvalidParameter(name, value[:80], "expected longitudes and latitudes in degrees")
    return places


WIDTH = whole("width", 1, coverage.MOST_SIDE, "Columns of the block.", 64)
HEIGHT = whole("height", 1, coverage.MOST_SIDE, "Rows of the block.", 64)
STEPS = whole(
    "steps", 1, coverage.MOST_STEPS,
    "The most steps of time; of more in the range as many are taken, evenly apart.", 64,
)  # fmt: skip
OUTPUT: Parameter[Output] = Parameter(
    "f", choice(("json", "ndjson")), {"type": "string", "enum": ["json", "ndjson"]},
    "The format of the answer.", "json",
)  # fmt: skip
FORMAT: Parameter[Literal["json", "csv"]] = Parameter(
    "f", choice(("json", "csv")), {"type": "string", "enum": ["json", "csv"]},
    "The format of the answer.", "json",
)  # fmt: skip
LINE: Parameter[Line | None] = Parameter(
    "line", _line, STRING, "Places along the line: lon,lat;lon,lat.", None, "5,45;10,50", True
)
POINTS = whole("points", 2, transect.MOST_POINTS, "Points along the line, evenly apart.", 256)

BLOCK = (
    *(params.EXPRESSION, params.METHOD, params.required(params.BBOX)),
    *(START, END, WIDTH, HEIGHT, STEPS, OUTPUT),
)
ALONG = (params.TIME, params.METHOD, params.EXPRESSION, LINE, POINTS, START, END, STEPS, FORMAT)
AREA = "ask for a smaller area, or give the dataset overviews"
HINT = "ask for fewer steps or a smaller area, or give the dataset overviews"


async def get_coverage(request: Request) -> Response:
    """A block of values over an area and a stretch of time."""
    query, dataset, found, selection = asked(request, BLOCK)
    bbox = query.need(params.BBOX)
    prepared = await asyncio.to_thread(
        coverage.prepare,
        dataset.source.cube,
        found,
        selection,
        bbox,
        size=(query(HEIGHT), query(WIDTH)),
        most_steps=query(STEPS),
        start=query(START),
        end=query(END),
    )
    engine = context(request).engine
    _check(prepared, engine.limits)
    head = coverage.head(dataset.id, prepared)
    steps = coverage.read_steps(
        partial(engine.read, dataset), prepared, coverage.encoded, engine.pool
    )
    if query(OUTPUT) == "ndjson":
        return await streamed(_lines(head, prepared.times, steps), "application/x-ndjson")
    document = {**head, "values": [step async for step in steps]}
    return await asyncio.to_thread(caching.json_answer, request, document)


def _check(prepared: coverage.Request | transect.Request, limits: Limits) -> None:
    """Refuse what would read too much, at once or of a single step. Raises PayloadTooLarge."""
    parts, selection = prepared.parts, prepared.selection
    check_bytes(coverage.estimate(selection, prepared.steps[:1], parts), limits.tile_bytes, AREA)
    check_bytes(coverage.estimate(selection, prepared.steps, parts), limits.series_bytes, HINT)


async def _lines(
    head: dict[str, object], times: tuple[str, ...], steps: AsyncIterator[object]
) -> AsyncIterator[bytes]:
    """What is told of the block, then a line for each step."""
    line = orjson.dumps(head) + b"\n"
    index = 0
    async for values in steps:
        time = times[index] if times else None
        yield line + orjson.dumps({"time": time, "values": values}) + b"\n"
        index, line = index + 1, b""


async def get_transect(request: Request) -> Response:
    """Values along a line."""
    query, dataset, found, selection = asked(request, ALONG)
    line = query(LINE)
    if line is None:
        raise MissingParameter("line", "expected lon,lat;lon,lat")
    prepared = await asyncio.to_thread(
        transect.prepare,
        dataset.source.cube,
        found,
        selection,
        line,
        points=query(POINTS),
        start=query(START),
        end=query(END),
        most_steps=query(STEPS),
    )
    engine = context(request).engine
    _check(prepared, engine.limits)
    read = partial(engine.read, dataset)
    document = await transect.transect(read, dataset.id, prepared, engine.pool)
    if query(FORMAT) == "json":
        return await asyncio.to_thread(caching.json_answer, request, document)
    body = await asyncio.to_thread(lambda: transect.table(document).encode())
    return await asyncio.to_thread(caching.answer, request, body, "text/csv; charset=utf-8")


ENDPOINTS = (
    Endpoint("/coverage/{dataset}/{variable}", get_coverage, "A block of values", "values",
             BLOCK, True, ("application/json", "application/x-ndjson"), queued=True),
    Endpoint("/transect/{dataset}/{variable}", get_transect, "Values along a line", "values",
             ALONG, True, ("application/json", "text/csv"), queued=True),
)  # fmt: skip
