"""The catalogue over HTTP: datasets and their dimensions."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import INTEGER, STRING, Parameter, Query, integer, text
from tileserver.services import describe

LIMIT: Parameter[int] = Parameter(
    "limit", integer(1, 10_000), INTEGER, "The most entries of a page.", 1000
)
OFFSET: Parameter[int] = Parameter(
    "offset", integer(0, 10**9), INTEGER, "The entries to pass over.", 0
)
START: Parameter[str | None] = Parameter(
    "start", text, STRING, "The first value wanted.", None, "2024-01-01"
)
END: Parameter[str | None] = Parameter(
    "end", text, STRING, "The last value wanted.", None, "2024-12-31"
)


async def get_datasets(request: Request) -> Response:
    """A page of the catalogue."""
    query = Query(request.query_params.multi_items(), (OFFSET, LIMIT))
    # Hundreds of datasets take longer than others want to wait for their tiles.
    document = await asyncio.to_thread(
        describe.listing,
        context(request).catalog,
        base_url(request.scope),
        offset=query(OFFSET),
        limit=query(LIMIT),
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
    Endpoint("/datasets", get_datasets, "The datasets", "datasets", (OFFSET, LIMIT)),
    Endpoint("/datasets/{dataset}", get_dataset, "One dataset", "datasets"),
    Endpoint(
        "/datasets/{dataset}/dimensions/{dimension}",
        get_dimension,
        "The values of a dimension",
        "datasets",
        (START, END, LIMIT),
    ),
)
