"""The one place where a request is told who asks, and loses sight of what it may not see.

    credentials, or a signature at the beginning of the path   → scope["caller"]
    the catalogue                                              → as far as the caller may see it
    the answer                                                 → private if credentials were sent

What is below works with the catalogue that it finds, so that no route can forget to ask.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.access.caller import ANONYMOUS, Caller
from tileserver.access.identity import Identity
from tileserver.errors import TileserverError, Unauthenticated
from tileserver.http.access import ALWAYS
from tileserver.http.caller import CALLER
from tileserver.http.endpoint import Context
from tileserver.http.errors import told_problem
from tileserver.http.links import SIGNED, below_root
from tileserver.http.ogc.kvp import report
from tileserver.http.ogc.wms_report import xml_report

_PROTOCOL = re.compile("/(wms|wmts)(/[^/]*)?")  # whose errors are XML
_REPORTS: dict[str, Callable[[TileserverError], Response]] = {"wms": xml_report, "wmts": report}
VARY = (b"vary", b"Authorization, X-API-Key")
BASIC, BEARER = b'Basic realm="tileserver", charset="UTF-8"', b'Bearer realm="tileserver"'
_SIGNED = re.compile(r"/signed/([^/]{1,300})(?=/|$)")
_KEY_IN_QUERY = re.compile(rb"(^|[=&])ts_[0-9a-f]{16}_")

RawHeaders = Iterable[tuple[bytes, bytes]]


class Guard:
    """ASGI app in front of all that answers from the catalogue."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        context: Context = scope["state"]["context"]
        if not context.identity.is_on and not context.catalog.has_private:
            await self._app(scope, receive, send)
            return
        try:
            caller = await _identify(scope, context.identity)
        except TileserverError as error:
            refused = refusal(scope, error)
            await refused(scope, receive, _guarded(scope, send, ANONYMOUS))
            return
        scope[CALLER] = caller
        catalog = context.catalog.seen_by(caller)
        if catalog is not context.catalog:
            seen = replace(context, catalog=catalog)
            scope["state"] = {**scope["state"], "context": seen}
        await self._app(scope, receive, _guarded(scope, send, caller))


async def _identify(scope: Scope, identity: Identity) -> Caller:
    """Who asks. Raises Unauthenticated, SourceUnavailable."""
    if not identity.is_on:
        return ANONYMOUS
    shown = _shown(scope["headers"])
    signed = _SIGNED.match(below_root(scope))
    if signed is not None:
        _enter(scope, signed[0])
    if shown is not None:
        return await identity.identify(shown)
    if signed is not None:
        return identity.identify_signature(signed[1])
    if _KEY_IN_QUERY.search(scope["query_string"]):
        raise Unauthenticated(
            "a key belongs into a header, never into an address, which logs keep: have it revoked"
        )
    return ANONYMOUS


def _enter(scope: Scope, prefix: str) -> None:
    """Have the routes begin below a signature, and links with it."""
    scope[SIGNED] = prefix
    scope["root_path"] = scope.get("root_path", "") + prefix
    if scope["path"] == scope["root_path"]:
        scope["path"] += "/"


def _shown(headers: RawHeaders) -> str | None:
    """The key or token that a request carries. Raises Unauthenticated for what is neither."""
    authorization = key = None
    for name, value in headers:
        if name == b"authorization":
            authorization = value
        elif name == b"x-api-key":
            key = value
    if authorization is None:
        return None if key is None else _text(key)
    scheme, _, given = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return _text(given)
    if scheme.lower() == b"basic":
        return _password(given)
    raise Unauthenticated("Authorization: expected Bearer with a key or token, or Basic with a key")


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip()


def _password(given: bytes) -> str:
    """What clients that know only names and passwords send: the key is the password."""
    try:
        return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthenticated("Authorization: expected Basic with any name and a key") from None


def refusal(scope: Scope, error: TileserverError) -> Response:
    """An error as the protocol that is asked tells it, for those who answer before the router."""
    protocol = _PROTOCOL.fullmatch(below_root(scope))
    answer = _REPORTS[protocol[1]](error) if protocol else told_problem(error, scope)
    answer.raw_headers.extend(ALWAYS)
    return answer


def _guarded(scope: Scope, send: Send, caller: Caller) -> Send:
    """`send` that keeps what was made for one caller from caches that others share."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if not caller.is_anonymous:
                headers = [_private(each) for each in headers]
            if message["status"] == 401:
                headers.append((b"www-authenticate", _challenge(scope["headers"])))
            message = {**message, "headers": [*headers, VARY]}
        await send(message)

    return guarded


def _private(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = header
    # Names that are to be sent in title case do not let themselves be lowered.
    if bytes.lower(name) != b"cache-control" or b"no-store" in value:
        return header
    kept = value.replace(b"public, ", b"").replace(b"private, ", b"")
    return name, b"private, " + kept


def _challenge(headers: RawHeaders) -> bytes:
    """How to say who one is. Browsers that are asked for a password by what a page fetches open a
    window of their own over it: to them only what a page can send itself is named."""
    is_fetched = any(name == b"sec-fetch-mode" and value != b"navigate" for name, value in headers)
    return BEARER if is_fetched else BEARER + b", " + BASIC
