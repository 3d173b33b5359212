"""EDR's documents: landing page, conformance, collections, locations."""

from __future__ import annotations

import asyncio
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tileserver.http import caching
from tileserver.http.edr.queries import TAG
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.ogc.api import DOCUMENT
from tileserver.http.ogc.negotiation import F, document_answer, encoding, written, written_answer
from tileserver.http.params import Query
from tileserver.services.edr import collection, landing, location
from tileserver.services.edr.vocabulary import GEOJSON, ROOT

HOME = ("EDR", ROOT)


async def get_edr(request: Request) -> Response:
    """The way to everything."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    service, base = context(request).catalog.service, base_url(request.scope)
    return document_answer(request, landing.landing_page(service, base, shown), shown, HOME)


async def get_edr_root(request: Request) -> Response:
    """The landing page by the address that clients put other paths behind."""
    return await get_edr(request)


async def get_edr_conformance(request: Request) -> Response:
    """The requirements that are met."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    title = {"title": "Conformance"} if shown == "html" else {}  # no document of JSON has one
    return document_answer(request, title | landing.conformance(), shown, HOME)


async def get_edr_collections(request: Request) -> Response:
    """All datasets."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    state, base = context(request), base_url(request.scope)

    def write() -> bytes:
        return written(collection.collections(state.catalog, base, shown), shown, base, HOME)

    # Hundreds of datasets take some tens of milliseconds, in which others want their tiles.
    key = f"edr|collections|{state.catalog.version}|{base}|{shown}"
    body = await state.engine.tiles.get(key, partial(asyncio.to_thread, write))
    return written_answer(request, body, shown)


async def get_edr_collection(request: Request) -> Response:
    """One dataset."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    dataset = context(request).catalog[request.path_params["dataset"]]
    base = base_url(request.scope)
    document = await asyncio.to_thread(collection.collection, dataset, base, shown)
    return document_answer(request, document, shown, HOME)


async def get_locations(request: Request) -> Response:
    """The named places of a dataset."""
    Query(request.query_params.multi_items(), ())
    dataset = context(request).catalog[request.path_params["dataset"]]
    found = location.locations(dataset, base_url(request.scope))
    return caching.answer(request, orjson.dumps(found), GEOJSON)


_COLLECTION = f"{ROOT}/collections/{{dataset}}"

ENDPOINTS = (
    Endpoint(ROOT, get_edr, "EDR: the landing page", TAG, (F,), answers=DOCUMENT),
    Endpoint(f"{ROOT}/", get_edr_root, "EDR: the landing page", TAG, (F,), answers=DOCUMENT),
    Endpoint(f"{ROOT}/conformance", get_edr_conformance, "EDR: the requirements that are met", TAG,
             (F,), answers=DOCUMENT),
    Endpoint(f"{ROOT}/collections", get_edr_collections, "EDR: the datasets", TAG, (F,),
             answers=DOCUMENT, queued=True),
    Endpoint(_COLLECTION, get_edr_collection, "EDR: a dataset", TAG, (F,), answers=DOCUMENT),
    Endpoint(f"{_COLLECTION}/locations", get_locations, "EDR: the named places of a dataset", TAG,
             answers=(GEOJSON,)),
)  # fmt: skip
