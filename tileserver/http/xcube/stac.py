"""The STAC documents that eodash reads of an xcube server."""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.xcube.query import TAG
from tileserver.services.xcube import stac
from tileserver.services.xcube.stac import GEOJSON, ITEM, ROOT


async def get_catalog(request: Request) -> Response:
    """The catalogue."""
    catalog = context(request).catalog
    service = catalog.service
    document = stac.catalog(
        service.title, service.abstract, catalog.ready(), base_url(request.scope)
    )
    return caching.json_answer(request, document)


async def get_catalog_root(request: Request) -> Response:
    """The catalogue, by the address that clients put other paths behind."""
    return await get_catalog(request)


async def get_collections(request: Request) -> Response:
    """All datasets as collections."""
    datasets = context(request).catalog.ready()
    write = partial(stac.collections, datasets, base_url(request.scope))
    return caching.json_answer(request, await asyncio.to_thread(write))


async def get_collection(request: Request) -> Response:
    """A dataset as a collection."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    return caching.json_answer(request, stac.collection(dataset, base_url(request.scope)))


async def get_items(request: Request) -> Response:
    """Its only item, as a list."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    write = partial(stac.items, dataset, base_url(request.scope))
    return caching.json_answer(request, await asyncio.to_thread(write))


async def get_item(request: Request) -> Response:
    """Its only item, with all times."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    write = partial(stac.item, dataset, base_url(request.scope))
    return caching.json_answer(request, await asyncio.to_thread(write))


_COLLECTION = f"{ROOT}/collections/{{dataset}}"

ENDPOINTS = (
    Endpoint(ROOT, get_catalog, "STAC for eodash: the catalogue", TAG),
    Endpoint(f"{ROOT}/", get_catalog_root, "STAC for eodash: the catalogue", TAG),
    Endpoint(f"{ROOT}/collections", get_collections, "STAC for eodash: all datasets", TAG),
    Endpoint(_COLLECTION, get_collection, "STAC for eodash: a dataset", TAG),
    Endpoint(f"{_COLLECTION}/items", get_items, "STAC for eodash: its only item, as a list", TAG,
             answers=(GEOJSON, "application/json")),
    Endpoint(f"{_COLLECTION}/items/{ITEM}", get_item, "STAC for eodash: a dataset's times", TAG),
)  # fmt: skip
