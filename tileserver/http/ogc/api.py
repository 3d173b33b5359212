"""OGC API – Common: landing page, conformance, the API's definition, collections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tileserver.http import params
from tileserver.http.datasets import OFFSET
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.ogc.negotiation import (
    F,
    document_answer,
    encoding,
    written,
    written_answer,
)
from tileserver.http.params import STRING, Parameter, Query, whole
from tileserver.http.route import has_adapter
from tileserver.services.ogc import collection, landing, named_layer
from tileserver.services.ogc.collection import Search
from tileserver.services.ogc.interval import DATETIME, Interval, parse_datetime, parse_subset
from tileserver.services.ogc.link import HTML, JSON, ROOT

LONGEST_WORDS = 200
DOCUMENT = (JSON, HTML)
TAG = "ogcapi"


def _datetime(_: str, value: str) -> Interval:
    return parse_datetime(value)


def _subset(_: str, value: str) -> Mapping[str, Interval]:
    return parse_subset(value)


def _words(name: str, value: str) -> tuple[str, ...]:
    return tuple(params.text(name, value)[:LONGEST_WORDS].casefold().split())


TIME: Parameter[Interval | None] = Parameter(
    DATETIME, _datetime, STRING,
    "An instant (RFC 3339), or an interval whose ends may be open: 2024-07-01/..", None,
    "2024-07-01T00:00:00Z",
)  # fmt: skip
SUBSET: Parameter[Mapping[str, Interval] | None] = Parameter(
    "subset", _subset, STRING,
    "Coordinates by axis, an interval as low:high, times in quotes; `datetime` is the time.",
    None, 'depth(10),time("2024-07-01")',
)  # fmt: skip
# Which step is to be seen: of a tile, and carried on by the documents that lead to tiles.
STEP: tuple[Parameter[Any], ...] = (TIME, SUBSET)
WORDS: Parameter[tuple[str, ...]] = Parameter(
    "q", _words, STRING, "Words of a collection's title, id or description.", (), "temperature"
)
LIMIT = whole("limit", 1, 1000, "The most collections of a page.", 100)
SEARCH: tuple[Parameter[Any], ...] = (params.BBOX, TIME, WORDS, LIMIT, OFFSET)


async def get_landing_page(request: Request) -> Response:
    """The way to everything."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    service, base = context(request).catalog.service, base_url(request.scope)
    beside = tuple(name for name in landing.BESIDE if has_adapter(request, name))
    return document_answer(request, landing.landing_page(service, base, shown, beside), shown)


async def get_root(request: Request) -> Response:
    """The landing page by the address that clients put other paths behind."""
    return await get_landing_page(request)


async def get_conformance(request: Request) -> Response:
    """The requirements that are met."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    return document_answer(request, landing.conformance(base_url(request.scope), shown), shown)


async def get_collections(request: Request) -> Response:
    """A page of the collections that match."""
    query = Query(request.query_params.multi_items(), (F, *SEARCH))
    shown, catalog = encoding(request, query), context(request).catalog
    search = Search(
        bbox=query(params.BBOX),
        time=query(TIME),
        words=query(WORDS),
        offset=query(OFFSET),
        limit=query(LIMIT),
        query=asked(request, (params.BBOX, TIME, WORDS)),
    )
    base = base_url(request.scope)

    def write() -> bytes:
        return written(collection.collections(catalog, search, base, shown), shown, base)

    # Hundreds of datasets take some tens of milliseconds, in which others want their tiles.
    key = f"collections|{catalog.version}|{base}|{shown}|{search}"
    body = await context(request).engine.tiles.get(key, partial(asyncio.to_thread, write))
    return written_answer(request, body, shown)


async def get_collection(request: Request) -> Response:
    """One collection."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F, *STEP)))
    dataset, layer = named_layer.find(context(request).catalog, request.path_params["collectionId"])
    base, step = base_url(request.scope), asked(request, STEP)
    found = await asyncio.to_thread(collection.collection, dataset, layer, base, shown, step)
    return document_answer(request, found, shown)


def asked(request: Request, parameters: Sequence[Parameter[Any]]) -> str:
    """Some parameters of a request as they stand in its query.

    To the letter: GDAL adds its own query to every link that has it not.
    """
    names = {parameter.name.encode() for parameter in parameters}
    pairs = request.scope["query_string"].split(b"&")
    kept = b"&".join(pair for pair in pairs if pair.partition(b"=")[0] in names)
    return quote(kept, safe="%&=()*,:/;+-._~!$'@?")


ENDPOINTS = (
    Endpoint(ROOT, get_landing_page, "OGC API: the landing page", TAG, (F,), answers=DOCUMENT),
    Endpoint(f"{ROOT}/", get_root, "OGC API: the landing page", TAG, (F,), answers=DOCUMENT),
    Endpoint(f"{ROOT}/conformance", get_conformance, "The requirements that are met", TAG, (F,),
             answers=DOCUMENT),
    Endpoint(f"{ROOT}/collections", get_collections, "The collections, by pages", TAG,
             (F, *SEARCH), answers=DOCUMENT, queued=True),
    Endpoint(f"{ROOT}/collections/{{collectionId}}", get_collection, "One collection", TAG,
             (F, *STEP), answers=DOCUMENT),
)  # fmt: skip
