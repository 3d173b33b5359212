"""The catalogue over HTTP: datasets and their dimensions."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import InvalidParameter
from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import BBOX, STRING, Parameter, Query, text, whole
from tileserver.services import describe
from tileserver.services.describe import Search

MOST_WORDS = 16
ISO = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?Z?)?)?)?", re.ASCII)

LIMIT = whole("limit", 1, 10_000, "The most entries of a page.", 1000)
OFFSET = whole("offset", 0, 10**9, "The entries to pass over.", 0)
START: Parameter[str | None] = Parameter(
    "start", text, STRING, "The first value wanted.", None, "2024-01-01"
)
END: Parameter[str | None] = Parameter(
    "end", text, STRING, "The last value wanted.", None, "2024-12-31"
)


SEARCH: Parameter[str | None] = Parameter(
    "q", text, STRING, "Words in id, title, theme, keywords or variables.", None, "sea temperature"
)
THEME: Parameter[str | None] = Parameter(
    "theme", text, STRING, "The theme that datasets lie in.", None, "Ocean/Surface"
)
DATETIME: Parameter[str | None] = Parameter(
    "datetime", text, STRING, "An instant, or start/end, of which .. is open.", None,
    "2024-01-01/2024-12-31",
)  # fmt: skip
LISTING = (OFFSET, LIMIT, SEARCH, BBOX, DATETIME, THEME)


def _search(query: Query) -> Search:
    words = tuple((query(SEARCH) or "").split())[:MOST_WORDS]
    return Search(words, query(BBOX), times_of(query(DATETIME)), query(THEME))


def times_of(given: str | None) -> tuple[str | None, str | None]:
    """Start and end. Raises InvalidParameter."""
    if given is None:
        return (None, None)
    start, slash, end = given.partition("/")
    ends = [None if each in ("", "..") else each for each in (start, end if slash else start)]
    for each in ends:
        if each is not None and not ISO.fullmatch(each):
            raise InvalidParameter(
                "datetime", given, "expected 2024-01-01 or 2024-01-01/2024-12-31"
            )
    return (ends[0], ends[1])


async def get_datasets(request: Request) -> Response:
    """A page of the catalogue."""
    query = Query(request.query_params.multi_items(), LISTING)
    rest = [(k, v) for k, v in request.query_params.multi_items() if k not in ("offset", "limit")]
    # Hundreds of datasets take longer than others want to wait for their tiles.
    document = await asyncio.to_thread(
        describe.listing,
        context(request).catalog,
        base_url(request.scope),
        offset=query(OFFSET),
        limit=query(LIMIT),
        search=_search(query),
        query=urlencode(rest),
    )
    return caching.json_answer(request, document)


async def get_dataset(request: Request) -> Response:
    """One dataset, with its variables, dimensions and levels."""
    state = context(request)
    Query(request.query_params.multi_items(), ())
    entry = state.catalog.entry(request.path_params["dataset"])
    document = await describe.details(state.engine, entry, base_url(request.scope))
    return caching.json_answer(request, document)


async def get_dimension(request: Request) -> Response:
    """A page of a dimension's values."""
    path = request.path_params
    query = Query(request.query_params.multi_items(), (START, END, LIMIT))
    dataset = context(request).catalog[path["dataset"]]
    name = path["dimension"]
    document = describe.dimension_page(
        dataset.source.cube,
        name,
        f"{base_url(request.scope)}/datasets/{dataset.id}/dimensions/{name}",
        start=query(START),
        end=query(END),
        limit=query(LIMIT),
    )
    return caching.json_answer(request, document)


ENDPOINTS = (
    Endpoint("/datasets", get_datasets, "The datasets", "datasets", LISTING),
    Endpoint("/datasets/{dataset}", get_dataset, "One dataset", "datasets"),
    Endpoint(
        "/datasets/{dataset}/dimensions/{dimension}",
        get_dimension,
        "The values of a dimension",
        "datasets",
        (START, END, LIMIT),
    ),
)
