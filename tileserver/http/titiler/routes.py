"""titiler.core's routes as endpoints of ours: what guards those guards these."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope

from tileserver import __version__
from tileserver.errors import PayloadTooLarge
from tileserver.http import caching
from tileserver.http.body import parse_json, read_body
from tileserver.http.endpoint import WITH_BODY, Endpoint, Handler, context
from tileserver.http.links import base_url, below_root
from tileserver.http.ogc.kvp import XML
from tileserver.http.ogc.wmts_document import get_document
from tileserver.http.params import Parameter, text
from tileserver.http.titiler.app import APP, COG, DATASETS
from tileserver.http.titiler.sizes import check_sizes
from tileserver.services.titiler.bands import resolve

REMEDY = "send a simpler geometry"
MOST_FEATURES = 100
JSON = "application/json"
# The map's scripts are of other servers: they run apart from all that this one has shown.
SANDBOX = {"Content-Security-Policy": "sandbox allow-scripts"}
TEXTS = ("text/", JSON, "application/geo+json")
TOLD = ("content-bbox", "content-crs")
QUICK = ("/info", "/bounds", "/tiles/", "/tilejson.json", "/map.html", "/point/")


async def _answer(request: Request, *, is_queued: bool) -> Response:
    """What titiler.core answers; without any work where the client has it, or it is kept.

    Args:
        is_queued: whether it is its turn; else what is not kept waits for it here.
    """
    headers = {"Cache-Control": caching.SHORT, "Vary": "Accept, Accept-Encoding"}
    etag = _etag(request)
    if etag is not None:
        headers["ETag"] = etag
        if caching.matches(request.headers.get("if-none-match"), etag):
            return caching.not_modified(headers)
        if (kept := context(request).engine.tiles.held(etag)) is not None:
            return _unpacked(kept, headers)
    check_sizes(request.query_params)
    async with nullcontext() if is_queued else context(request).gate:
        found = await _asked(request, await _body(request))
    kind = found.headers.get("content-type", "")
    if kind.startswith(TEXTS):
        more = SANDBOX if kind.startswith("text/html") else {}
        return caching.answer(request, bytes(found.body), kind, etag=etag, headers=headers | more)
    packed = _packed(found, kind)
    if etag is not None:
        context(request).engine.tiles.put(etag, packed)
    return _unpacked(packed, headers)


async def _body(request: Request) -> bytes:
    """Of a POST: refused here if it is too large, or no JSON."""
    if request.method not in WITH_BODY:
        return b""
    body = await read_body(request, context(request).largest_body, REMEDY)
    told = parse_json(body)
    features = told.get("features") if isinstance(told, dict) else None
    if isinstance(features, list) and len(features) > MOST_FEATURES:
        raise PayloadTooLarge(f"{len(features)} features: send at most {MOST_FEATURES} at once")
    return body


def _packed(found: Response, kind: str) -> bytes:
    """A picture with what goes with it, as one that is kept."""
    told = {k: v for k, v in found.headers.items() if k in TOLD}
    return orjson.dumps([kind, told]) + b"\n" + bytes(found.body)


def _unpacked(packed: bytes, headers: Mapping[str, str]) -> Response:
    head, _, body = packed.partition(b"\n")
    kind, told = orjson.loads(head)
    return Response(body, 200, {**headers, **told}, kind)


def _etag(request: Request) -> str | None:
    """Of all that an answer about a dataset depends on. Raises DatasetNotFound."""
    name = request.path_params.get("dataset") or request.query_params.get("url")
    if name is None:
        return None
    # Whoever may not see it is told here.
    version = resolve(context(request).catalog, name)[0].version
    if request.method in WITH_BODY:
        return None
    accepted = request.headers.get("accept", "")
    parts = (__version__, version, base_url(request.scope), below_root(request.scope))
    told = "|".join((*parts, request.url.query, accepted))
    return f'W/"{hashlib.blake2b(told.encode(), digest_size=12).hexdigest()}"'


async def _asked(request: Request, body: bytes) -> Response:
    """The same asked of titiler.core, whose links begin with our address."""
    base = urlsplit(base_url(request.scope))
    replaced = (b"host", b"content-type") if body else (b"host",)
    headers = [(k, v) for k, v in request.scope["headers"] if k not in replaced]
    if body:
        headers.append((b"content-type", JSON.encode()))  # whatever clients call it
    scope: Scope = {
        **{k: v for k, v in request.scope.items() if k not in OWN},
        "method": "GET" if request.method == "HEAD" else request.method,
        "scheme": base.scheme,
        "root_path": base.path,
        "path": base.path + below_root(request.scope),
        "headers": [*headers, (b"host", base.netloc.encode())],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await APP(scope, receive, send)
    answer = Response(b"".join(m.get("body", b"") for m in sent[1:]), sent[0]["status"])
    answer.raw_headers = sent[0]["headers"]
    return answer


SCHEMAS = APP.openapi().get("components", {}).get("schemas", {})
OWN = ("app", "app_root_path", "endpoint", "path_params", "raw_path", "route", "router")


def _endpoints() -> Iterator[Endpoint]:
    """All of titiler.core's, as its own description tells of them."""
    for path, methods in APP.openapi()["paths"].items():
        for method, told in methods.items():
            is_posted = method == "post"
            found = told["responses"]["200"].get("content", {JSON: {}})
            is_queued = path.startswith((DATASETS, COG)) and not any(q in path for q in QUICK)
            yield Endpoint(
                path,
                _named(told["operationId"].rpartition(".")[2], is_queued=is_queued),
                told["summary"],
                "titiler",
                tuple(_parameter(p) for p in told.get("parameters", ()) if p["in"] == "query"),
                answers=tuple(found),
                methods=(method.upper(),),
                body="application/geo+json" if is_posted else None,
                queued=is_queued,
            )


def _named(name: str, *, is_queued: bool) -> Handler:
    async def answer(request: Request) -> Response:
        return await _answer(request, is_queued=is_queued)

    answer.__name__ = name
    return answer


def _whole(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference stands for, which the description here has not."""
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return {k: v for k, v in found.items() if k not in ("title", "description")}


def _parameter(told: Mapping[str, Any]) -> Parameter[Any]:
    schema = dict(told["schema"])
    kinds = [_whole(kind) for kind in schema.pop("anyOf", ()) if kind.get("type") != "null"]
    kept = {k: v for k, v in _whole(schema).items() if k not in ("title", "description", "default")}
    return Parameter(
        told["name"],
        text,
        {**kept, **(kinds[0] if kinds else {})},
        " ".join(told.get("description", told["schema"].get("title", "")).split()),
        schema.get("default"),
        required=told["required"],
    )


ENDPOINTS = (
    Endpoint(f"{DATASETS}/WMTSCapabilities.xml", get_document, "WMTS capabilities", "titiler",
             answers=(XML,)),
    *_endpoints(),
)  # fmt: skip
