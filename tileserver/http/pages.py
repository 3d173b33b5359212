"""The viewer, the API's description, health."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tileserver.http import caching
from tileserver.http.access import POLICY
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.errors import problem
from tileserver.web import DIRECTORY

PAGE_HEADERS = {"Content-Security-Policy": POLICY.decode()}
SERVED = (".js", ".css", ".svg", ".png", ".json", ".html", ".geojson", ".map", ".ico")
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
    """The viewer's files, without its tools."""

    def lookup_path(self, path: str) -> tuple[str, object]:  # type: ignore[override]
        parts = Path(path).parts
        if not path.endswith(SERVED) or (parts and parts[0] in HIDDEN):
            return "", None
        return super().lookup_path(path)

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.setdefault("Cache-Control", "no-cache")
        return response


async def get_viewer(request: Request) -> Response:
    """The viewer."""
    return _page(request, "index.html")


async def get_docs(request: Request) -> Response:
    """The API's description, to read."""
    return _page(request, "docs.html")


def _page(request: Request, name: str) -> Response:
    body = (DIRECTORY / name).read_bytes()
    return caching.answer(
        request, body, "text/html", cache_control="no-cache", headers=PAGE_HEADERS
    )


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
    Endpoint("/docs", get_docs, "This description, to read", "pages", answers=("text/html",)),
    Endpoint("/healthz", get_health, "Alive", "health"),
    Endpoint("/readyz", get_readiness, "Ready", "health"),
)


def static_route() -> Mount:
    """The viewer's files below /static/."""
    return Mount("/static", WebFiles(directory=DIRECTORY, check_dir=False))
