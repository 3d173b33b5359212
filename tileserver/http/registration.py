"""What administrators change: datasets that are registered, keys, and who changed what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tileserver.access.caller import SCOPES
from tileserver.access.key import new_key, parse_expiry
from tileserver.catalog import Catalog
from tileserver.dataset import Entry
from tileserver.errors import (
    CatalogError,
    Conflict,
    DatasetNotFound,
    InvalidParameter,
    json_kind,
)
from tileserver.http import params
from tileserver.http.body import parse_json, read_body
from tileserver.http.caller import caller_of
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import STRING, Parameter, Query, boolean, whole
from tileserver.register.follower import Follower
from tileserver.register.record import (
    Expected,
    Record,
    describe_change,
    describe_key,
    parse_moment,
)
from tileserver.sources.storage.connection import is_local

NO_DATABASE = "the server has no TILESERVER_DATABASE: datasets and keys stand in its files"
NOT_KEPT = {"Cache-Control": "no-store"}
_ETAG = re.compile(r'(?:W/)?"r(\d{1,9})"', re.ASCII)

CHECK: Parameter[bool] = Parameter(
    "check", boolean, {"type": "boolean"}, "Whether it has to be opened first.", True
)
DATASET: Parameter[str | None] = Parameter(
    "dataset", params.text, STRING, "Only what was changed of this dataset.", None, "ocean"
)
SINCE: Parameter[str | None] = Parameter(
    "since", params.text, STRING, "Only from this time on.", None, "2026-01-01T00:00:00Z"
)
BEFORE = whole("before", 0, 10**15, "Only changes before this number.", 0)
LIMIT = whole("limit", 1, 1000, "The most changes of a page.", 100)


async def post_dataset(request: Request) -> Response:
    """Register a dataset."""
    document = await read_document(request)
    dataset = document.get("id")
    if not isinstance(dataset, str):
        raise CatalogError("id: it is missing, but needed")
    return await _put(request, dataset, document, "nothing", 201)


async def put_dataset(request: Request) -> Response:
    """Change a dataset's entry, or register it under this id."""
    dataset: str = request.path_params["dataset"]
    document = {"id": dataset, **await read_document(request)}
    if document["id"] != dataset:
        raise CatalogError(f"id: expected {dataset}, as in the address")
    return await _put(request, dataset, document, _expected(request), 200)


async def _put(
    request: Request, dataset: str, document: dict[str, Any], expected: Expected, status: int
) -> Response:
    follower, catalog = follower_of(request), context(request).everything
    check = Query(request.query_params.multi_items(), (CHECK,))(CHECK)
    check_owner(follower, dataset)
    entry = follower.maker.make(document)
    check_reach(entry, follower.maker.allowed)
    if check:
        await _try_open(catalog, entry)
    record = await follower.ask(
        follower.register.put, dataset, document, who=who(request), expected=expected
    )
    await follower.catch_up()
    await follower.settled(dataset)
    headers = {"ETag": record.etag}
    if record.revision == 1:
        status = 201
        headers["Location"] = f"{base_url(request.scope)}/datasets/{dataset}"
    shown = catalog.entries.get(dataset)
    told = {
        "id": dataset,
        "revision": record.revision,
        "status": shown.status if shown else "pending",
        **({"error": shown.error} if shown and shown.error else {}),
    }
    return answer(told, status, headers)


async def delete_dataset(request: Request) -> Response:
    """Take a dataset out of the catalogue; its data stays."""
    follower, dataset = follower_of(request), request.path_params["dataset"]
    Query(request.query_params.multi_items(), ())
    check_owner(follower, dataset)
    expected = _expected(request) if "if-match" in request.headers else "anything"
    await follower.ask(follower.register.remove, dataset, who=who(request), expected=expected)
    await follower.catch_up()
    return Response(status_code=204, headers=NOT_KEPT)


async def get_config(request: Request) -> Response:
    """A registered dataset's entry, to be changed by PUT with its ETag."""
    follower, dataset = follower_of(request), request.path_params["dataset"]
    Query(request.query_params.multi_items(), ())
    check_owner(follower, dataset)
    record: Record | None = await follower.ask(follower.register.get, dataset)
    if record is None:
        raise DatasetNotFound(dataset, "it is not registered")
    return answer(record.config, 200, {"ETag": record.etag})


async def get_audit(request: Request) -> Response:
    """Who changed what, the newest first."""
    follower = follower_of(request)
    query = Query(request.query_params.multi_items(), (DATASET, SINCE, BEFORE, LIMIT))
    dataset, since, limit = query(DATASET), query(SINCE), query(LIMIT)
    found = await follower.ask(
        follower.register.audit,
        dataset=dataset,
        since=None if since is None else parse_moment("since", since),
        limit=limit,
        before=query(BEFORE),
    )
    rest = {"dataset": dataset, "since": since, "limit": limit}
    told = {k: v for k, v in rest.items() if v is not None}
    following = None
    if len(found) == limit:
        told["before"] = found[-1].change
        following = f"{base_url(request.scope)}/audit?{urlencode(told)}"
    return answer({"changes": [describe_change(each) for each in found], "next": following})


async def get_keys(request: Request) -> Response:
    """The keys of the register, without what opens anything."""
    Query(request.query_params.multi_items(), ())
    follower = follower_of(request)
    keys = await follower.ask(follower.register.keys)
    return answer({"keys": [describe_key(key) for key in keys]})


async def post_key(request: Request) -> Response:
    """Make a key, which is told in this answer and never again."""
    follower = follower_of(request)
    Query(request.query_params.multi_items(), ())
    text, key = new_key(**_key_of(await read_document(request)))
    await follower.ask(follower.register.add_key, key, who=who(request))
    await follower.catch_up()
    return answer(describe_key(key) | {"key": text}, 201)


async def delete_key(request: Request) -> Response:
    """Revoke a key."""
    follower = follower_of(request)
    Query(request.query_params.multi_items(), ())
    id = request.path_params["key"]
    await follower.ask(follower.register.revoke_key, id, who=who(request))
    await follower.catch_up()
    return Response(status_code=204, headers=NOT_KEPT)


def follower_of(request: Request) -> Follower:
    """What keeps the catalogue as the register has it. Raises Conflict where there is none."""
    follower = context(request).follower
    if follower is None:
        raise Conflict(NO_DATABASE)
    return follower


def who(request: Request) -> str:
    """Who asks, as the audit names them."""
    return caller_of(request.scope).name


def check_owner(follower: Follower, dataset: str) -> None:
    """Raise Conflict for a dataset of the files."""
    if follower.is_of_files(dataset):
        raise Conflict(f"dataset={dataset!r} stands in a file of the catalogue: change it there")


def check_reach(entry: Entry, allowed: tuple[str, ...]) -> None:
    """`check_local` all that an entry names. Raises CatalogError."""
    optimized = entry.config.optimized
    named = [*entry.origin.urls, *entry.config.references]
    check_local([*named, optimized] if isinstance(optimized, str) else named, allowed)


def check_local(urls: Sequence[str], allowed: tuple[str, ...]) -> None:
    """Over the network nothing is registered that lies on this machine, unless its folder is one
    that the operator has named. Raises CatalogError."""
    for url in urls:
        if is_local(url) and not any(url.startswith(prefix) for prefix in allowed):
            raise CatalogError(
                "url: files of the server's machine are registered by its command line, or below "
                "a folder that TILESERVER_ALLOWED_URLS names"
            )


async def _try_open(catalog: Catalog, entry: Entry) -> None:
    try:
        await catalog.try_open(entry)
    except CatalogError:
        raise
    except Exception as error:
        raise CatalogError(f"it cannot be opened: {error}; check=false registers it so") from error


def _expected(request: Request) -> Expected:
    """The state that a change is of (RFC 9110, 13.1). Raises InvalidParameter."""
    if request.headers.get("if-none-match", "").strip() == "*":
        return "nothing"
    said = request.headers.get("if-match")
    if said is None:
        return None
    if said.strip() == "*":
        return "anything"
    match = _ETAG.fullmatch(said.strip())
    if match is None:
        raise InvalidParameter("If-Match", said, 'expected an ETag of its entry, such as "r3"')
    return int(match[1])


async def read_document(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises InvalidParameter, PayloadTooLarge."""
    body = await read_body(request, context(request).largest_body, "send less")
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InvalidParameter("body", json_kind(document), "expected a JSON object")
    return document


def _key_of(document: dict[str, Any]) -> dict[str, Any]:
    """What a key is to be. Raises InvalidParameter."""
    if unknown := document.keys() - {"name", "roles", "scopes", "expires"}:
        raise InvalidParameter("body", sorted(unknown)[0], "expected name, roles, scopes, expires")
    name, expires = document.get("name"), document.get("expires")
    if not isinstance(name, str):
        raise InvalidParameter("name", json_kind(name), "expected whose key it is to be")
    lists = {"roles": document.get("roles", []), "scopes": document.get("scopes", ["read"])}
    for key, said in lists.items():
        if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
            raise InvalidParameter(key, json_kind(said), "expected a list of words")
    if not lists["scopes"]:
        raise InvalidParameter("scopes", "[]", f"expected of {', '.join(SCOPES)}")
    at = None
    if expires is not None:
        at = parse_expiry(str(expires), after=datetime.now(UTC))
    return {"name": name, **lists, "expires": at}


def answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A document that nobody keeps."""
    head = NOT_KEPT | (headers or {})
    return Response(orjson.dumps(document), status, head, media_type="application/json")


ENDPOINTS = (
    Endpoint("/datasets", post_dataset, "Register a dataset", "admin", (CHECK,),
             methods=("POST",), body="application/json", scope="admin", status=201),
    Endpoint("/datasets/{dataset}", put_dataset, "Change a dataset's entry", "admin", (CHECK,),
             methods=("PUT",), body="application/json", scope="admin"),
    Endpoint("/datasets/{dataset}", delete_dataset, "Take a dataset out of the catalogue", "admin",
             methods=("DELETE",), scope="admin", status=204, empty=(204,)),
    Endpoint("/datasets/{dataset}/config", get_config, "A registered dataset's entry", "admin",
             scope="admin"),
    Endpoint("/audit", get_audit, "Who changed what", "admin", (DATASET, SINCE, BEFORE, LIMIT),
             scope="admin"),
    Endpoint("/keys", get_keys, "The keys of the register", "admin", scope="admin"),
    Endpoint("/keys", post_key, "Make a key", "admin",
             methods=("POST",), body="application/json", scope="admin", status=201),
    Endpoint("/keys/{key}", delete_key, "Revoke a key", "admin",
             methods=("DELETE",), scope="admin", status=204, empty=(204,)),
)  # fmt: skip
