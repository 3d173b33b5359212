"""STAC API 1.0: the catalogue for pystac-client, STAC Browser and eodash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import InvalidParameter
from tileserver.http import caching, params
from tileserver.http.body import parse_json, read_body
from tileserver.http.datasets import DATETIME, OFFSET, times_of
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import STRING, Parameter, Query, whole
from tileserver.http.route import has_adapter
from tileserver.services.stac import collection, item
from tileserver.services.stac.search import Search, page_of, parse_geometry
from tileserver.services.stac.site import ServedSite
from tileserver.services.stac.vocabulary import CONFORMANCE, GEOJSON, ROOT, Json, link

LARGEST_SEARCH = 1 << 20
MOST_NAMES = 1000
FILTERS = ("query", "filter", "sortby", "fields")  # of extensions


def _names(name: str, value: str) -> tuple[str, ...]:
    found = tuple(part for part in value.split(",") if part)
    if len(found) > MOST_NAMES:
        raise InvalidParameter(name, value[:40], f"expected at most {MOST_NAMES} names")
    return found


def _geometry(_: str, value: str) -> Any:
    return parse_geometry(parse_json(value.encode()))


Names = tuple[str, ...]
LIMIT = whole("limit", 1, 10_000, "The most items of a page.", 10)
COLLECTIONS_LIMIT = whole("limit", 1, 10_000, "The most collections of a page.", 1000)
IDS: Parameter[Names | None] = Parameter(
    "ids", _names, STRING, "Ids of items, parted by commas.", None, "20240701T000000Z"
)
COLLECTIONS: Parameter[Names | None] = Parameter(
    "collections", _names, STRING, "Ids of collections, parted by commas.", None, "ocean"
)
INTERSECTS: Parameter[Any] = Parameter(
    "intersects", _geometry, STRING, "A GeoJSON geometry that items meet.", None,
    '{"type":"Point","coordinates":[10,54]}',
)  # fmt: skip
PAGE: tuple[Parameter[Any], ...] = (params.BBOX, DATETIME, LIMIT, OFFSET)
SEARCH: tuple[Parameter[Any], ...] = (*PAGE, IDS, COLLECTIONS, INTERSECTS)


def _query(pairs: Sequence[tuple[str, str]], taken: Sequence[Parameter[Any]]) -> Query:
    """What is asked for; clients send more than a route takes, of which filters must not be passed
    over. Raises InvalidParameter."""
    names = [parameter.name for parameter in taken]
    for name, value in pairs:
        if name in FILTERS:
            raise InvalidParameter(name, value, f"not supported; there are {', '.join(names)}")
    return Query([(name, value) for name, value in pairs if name in names], taken)


def _site(request: Request) -> ServedSite:
    return ServedSite(base_url(request.scope), passes=has_adapter(request, "zarr"))


async def get_catalog(request: Request) -> Response:
    """The landing page."""
    Query(request.query_params.multi_items(), ())
    site = _site(request)
    document = await asyncio.to_thread(collection.landing, context(request).catalog, site.address)
    return caching.json_answer(request, document)


async def get_catalog_root(request: Request) -> Response:
    """The landing page by the address that clients put other paths behind."""
    return await get_catalog(request)


async def get_conformance(request: Request) -> Response:
    """What is conformed to."""
    Query(request.query_params.multi_items(), ())
    return caching.json_answer(request, {"conformsTo": list(CONFORMANCE)})


async def get_stac_collections(request: Request) -> Response:
    """A page of the collections."""
    query = Query(request.query_params.multi_items(), (COLLECTIONS_LIMIT, OFFSET))
    document = await asyncio.to_thread(
        collection.collections,
        context(request).catalog,
        _site(request),
        offset=query(OFFSET),
        limit=query(COLLECTIONS_LIMIT),
    )
    return await asyncio.to_thread(caching.json_answer, request, document)


async def get_stac_collection(request: Request) -> Response:
    """One collection."""
    Query(request.query_params.multi_items(), ())
    entry = context(request).catalog.entry(request.path_params["dataset"])
    document = await asyncio.to_thread(collection.collection, entry, _site(request))
    return caching.json_answer(request, document)


async def get_items(request: Request) -> Response:
    """A page of the items of a collection, the latest first."""
    catalog = context(request).catalog
    dataset = catalog[request.path_params["dataset"]]
    query = _query(request.query_params.multi_items(), PAGE)
    search = _search(query, (dataset.id,), None)
    own = _site(request).items(dataset.id)
    assert own is not None
    return await _page(request, search, own)


async def get_item(request: Request) -> Response:
    """One item."""
    Query(request.query_params.multi_items(), ())
    catalog, path = context(request).catalog, request.path_params
    dataset = catalog[path["dataset"]]
    time = item.time_of(dataset, path["item"])
    found = item.item(catalog.entry(dataset.id), dataset, time, _site(request))
    return _geojson(request, found)


async def search_items(request: Request) -> Response:
    """Items of all collections."""
    return await _searched(request, request.query_params.multi_items(), None)


async def post_search(request: Request) -> Response:
    """The same, asked for by a body."""
    Query(request.query_params.multi_items(), ())
    told = await _posted(request)
    pairs = [(name, _text(name, value)) for name, value in told.items() if value is not None]
    return await _searched(request, pairs, told)


async def _searched(
    request: Request, pairs: Sequence[tuple[str, str]], body: Mapping[str, Any] | None
) -> Response:
    query = _query(pairs, SEARCH)
    search = _search(query, query(COLLECTIONS), query(IDS), query(INTERSECTS))
    return await _page(request, search, f"{base_url(request.scope)}{ROOT}/search", body)


async def _posted(request: Request) -> dict[str, Any]:
    body = await read_body(request, LARGEST_SEARCH, "search for less at once")
    told = parse_json(body)
    if not isinstance(told, dict):
        raise InvalidParameter("body", str(told)[:40], "expected an object of parameters")
    return told


def _text(name: str, value: Any) -> str:
    """A member of a body as it would stand in a query. Raises InvalidParameter."""
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ",".join(map(str, value))
    if isinstance(value, str | int | float):
        return str(value)
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # nested deeper than JSON is written
        raise InvalidParameter(name, "…", "expected less deep nesting") from None


def _search(query: Query, collections: Names | None, ids: Names | None, area: Any = None) -> Search:
    if area is not None and query(params.BBOX) is not None:
        raise InvalidParameter("intersects", "…", "expected either bbox or intersects")
    return Search(
        collections=collections,
        ids=ids,
        bbox=query(params.BBOX),
        times=times_of(query(DATETIME)),
        intersects=area,
        offset=query(OFFSET),
        limit=query(LIMIT),
    )


async def _page(
    request: Request, search: Search, own: str, body: Mapping[str, Any] | None = None
) -> Response:
    site = _site(request)
    links = [link("root", site.root(False)), link("self", own, GEOJSON)]
    catalog = context(request).catalog
    document, offset = await asyncio.to_thread(page_of, catalog, search, site, links)
    if offset is not None:
        document["links"].append(_next(request, own, offset, body))
    return await asyncio.to_thread(_geojson, request, document)


def _next(request: Request, own: str, offset: int, body: Mapping[str, Any] | None) -> Json:
    """The link to the next page."""
    if body is not None:
        return link("next", own, GEOJSON, method="POST", body={**body, "offset": offset})
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "offset"]
    return link("next", f"{own}?{urlencode([*pairs, ('offset', offset)])}", GEOJSON)


def _geojson(request: Request, document: Json) -> Response:
    return caching.answer(request, orjson.dumps(document), GEOJSON)


_COLLECTION = f"{ROOT}/collections/{{dataset}}"

ENDPOINTS = (
    Endpoint(f"{ROOT}/", get_catalog_root, "STAC: the landing page", "stac"),
    Endpoint(ROOT, get_catalog, "STAC: the landing page", "stac"),
    Endpoint(f"{ROOT}/conformance", get_conformance, "STAC: what is conformed to", "stac"),
    Endpoint(f"{ROOT}/collections", get_stac_collections, "STAC: the datasets as collections",
             "stac", (COLLECTIONS_LIMIT, OFFSET), queued=True),
    Endpoint(_COLLECTION, get_stac_collection, "STAC: one dataset as a collection", "stac"),
    Endpoint(f"{_COLLECTION}/items", get_items, "STAC: steps of time as items", "stac", PAGE,
             answers=(GEOJSON,), queued=True),
    Endpoint(f"{_COLLECTION}/items/{{item}}", get_item, "STAC: one item", "stac",
             answers=(GEOJSON,)),
    Endpoint(f"{ROOT}/search", search_items, "STAC: search for items", "stac", SEARCH,
             answers=(GEOJSON,), queued=True),
    Endpoint(f"{ROOT}/search", post_search, "STAC: search for items by a body", "stac",
             answers=(GEOJSON,), methods=("POST",), body="application/json", queued=True),
)  # fmt: skip
