"""The viewer, the API's description, health."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tileserver.cache import ByteCache
from tileserver.http import caching
from tileserver.http.access import policy
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.errors import problem
from tileserver.http.params import Query
from tileserver.services import viewer
from tileserver.web import DIRECTORY

TEXTS = (".js", ".css", ".svg", ".json", ".html", ".geojson", ".xml", ".wasm")
SERVED = (*TEXTS, ".png", ".jpg", ".gif", ".ico", ".md")
COMPRESSED_BYTES = 16 << 20  # of all files, kept
HIDDEN = (
    "node_modules",
    "tests",
    "scripts",
    "eslint.config.js",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
)


class WebFiles(StaticFiles):
    """The viewer's files, without its tools; texts are compressed once."""

    def __init__(self) -> None:
        super().__init__(directory=DIRECTORY, check_dir=False)
        self._compressed: ByteCache[bytes] = ByteCache(COMPRESSED_BYTES, len)

    def lookup_path(self, path: str) -> tuple[str, object]:  # type: ignore[override]
        parts = Path(path).parts
        if not path.endswith(SERVED) or (parts and parts[0] in HIDDEN):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        found = await super().get_response(path, scope)
        found.headers.setdefault("Cache-Control", "no-cache")
        found.headers["Vary"] = "Accept-Encoding"
        if not isinstance(found, FileResponse) or not path.endswith(TEXTS):
            return found
        if not caching.takes_gzip(Request(scope)):
            return found
        file, tag = Path(found.path), found.headers["ETag"]
        body = await self._compressed.get((file, tag), partial(asyncio.to_thread, _compress, file))
        headers = {k: v for k, v in found.headers.items() if k != "content-length"}
        return Response(body, headers=headers | {"Content-Encoding": "gzip"})


def _compress(file: Path) -> bytes:
    return caching.compress(file.read_bytes())


async def get_viewer(request: Request) -> Response:
    """The viewer."""
    return _page(request, "index.html")


async def get_docs(request: Request) -> Response:
    """The API's description, to read."""
    return _page(request, "docs.html")


def _page(request: Request, name: str) -> Response:
    body = (DIRECTORY / name).read_bytes()
    headers = {"Content-Security-Policy": policy(context(request).catalog.viewer.hosts)}
    return caching.answer(request, body, "text/html", cache_control="no-cache", headers=headers)


async def get_viewer_configuration(request: Request) -> Response:
    """What the viewer is called, how it looks, and which maps lie below."""
    Query(request.query_params.multi_items(), ())
    return caching.json_answer(request, viewer.document(context(request).catalog))


async def get_health(request: Request) -> Response:
    """Alive."""
    return caching.json_answer(request, {"status": "alive"}, "no-store")


async def get_readiness(request: Request) -> Response:
    """Whether the configured datasets were tried."""
    statuses = [entry.status for entry in context(request).catalog.entries.values()]
    counts = {status: statuses.count(status) for status in ("ready", "error", "pending")}
    if counts["pending"]:
        detail = f"{counts['pending']} datasets are still being opened"
        return problem(503, "Not ready", detail, {"Retry-After": "1"})
    return caching.json_answer(request, {"status": "ready", "datasets": counts}, "no-store")


ENDPOINTS = (
    Endpoint("/", get_viewer, "The viewer", "pages", answers=("text/html",)),
    Endpoint("/viewer", get_viewer_configuration, "The viewer's configuration", "pages"),
    Endpoint("/docs", get_docs, "This description, to read", "pages", answers=("text/html",)),
    Endpoint("/healthz", get_health, "Alive", "health"),
    Endpoint("/readyz", get_readiness, "Ready", "health"),
)


def static_route() -> Mount:
    """The viewer's files below /static/."""
    return Mount("/static", WebFiles())
