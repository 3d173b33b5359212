"""The released xcube viewer, from a folder that the operator names, beside the routes it asks."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tileserver.errors import CatalogError
from tileserver.http import caching
from tileserver.http.endpoint import context
from tileserver.http.links import base_url
from tileserver.http.webfiles import FOR_GOOD, WebFiles
from tileserver.http.xcube.query import ROOT

PATH = f"{ROOT}/viewer"
PAGE = "index.html"
PACKED = "xcube/webapi/viewer/dist"  # within the wheel of xcube-core
CONFIGURED = "config/"
CONFIG = f"{CONFIGURED}config.json"
FONTS = (".woff", ".woff2", ".ttf", ".txt")
HASHED = "assets/"  # whose names change with what stands in them


class ViewerFiles(WebFiles):
    """The files of the viewer's build."""

    def lookup_path(self, path: str) -> tuple[str, Any]:
        is_font = path.endswith(FONTS)
        find = partial(StaticFiles.lookup_path, self) if is_font else super().lookup_path
        found = find(path)
        if found[1] is None and path.startswith(CONFIGURED):
            # Once there is a configuration, its logo and texts are looked for beside it.
            return find(path.removeprefix(CONFIGURED))
        return found

    async def get_response(self, path: str, scope: Scope) -> Response:
        found = await super().get_response(path, scope)
        if path.startswith(HASHED):
            found.headers["Cache-Control"] = FOR_GOOD
        return found


def routes(folder: Path) -> list[BaseRoute]:
    """The viewer below `/xcube/viewer/`.

    Args:
        folder: of its build, or of the wheel of xcube-core that holds it.

    Raises CatalogError where there is none.
    """
    found = next((each for each in (folder, folder / PACKED) if (each / PAGE).is_file()), None)
    if found is None:
        raise CatalogError(
            f"xcube_viewer: {folder} has no {PAGE}: name the folder of the viewer's build, or that "
            "into which xcube-core was put by `pip install --no-deps --target`"
        )
    folder = found

    async def get_page(request: Request) -> Response:
        """The page."""
        body = await asyncio.to_thread((folder / PAGE).read_bytes)
        headers = {"Content-Security-Policy": policy(context(request).embedders)}
        return caching.answer(request, body, "text/html", cache_control="no-cache", headers=headers)

    async def get_configuration(request: Request) -> Response:
        """How the viewer finds its server."""
        own = await asyncio.to_thread(_own_configuration, folder)
        title = context(request).catalog.service.title
        document = configuration(own, f"{base_url(request.scope)}{ROOT}", title)
        return caching.json_answer(request, document, "no-cache")

    async def to_page(request: Request) -> Response:
        """Its files are named from below."""
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{base_url(request.scope)}{PATH}/{query}")

    return [
        Route(PATH, to_page),
        Route(f"{PATH}/", get_page),
        Route(f"{PATH}/{PAGE}", get_page),
        Route(f"{PATH}/{CONFIG}", get_configuration),
        Mount(PATH, ViewerFiles(folder)),
    ]


def _own_configuration(folder: Path) -> dict[str, Any]:
    """What the folder itself says, if it does."""
    try:
        found = json.loads((folder / CONFIG).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def configuration(own: dict[str, Any], server: str, title: str) -> dict[str, Any]:
    """The viewer's configuration: the operator's, and what that does not say."""
    branding = {"appBarTitle": title, "windowTitle": title, "allowSharing": False, "allow3D": False}
    return {
        "name": "tileserver",
        "server": {"id": "tileserver", "name": title, "url": server},
        **own,
        "branding": {**branding, **_mapping(own.get("branding"))},
    }


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def policy(embedders: Any) -> str:
    """What its page may do: its styles are made as it runs, and its users choose maps and servers
    of anybody's."""
    frames = " ".join(embedders) or "'none'"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob: https:; connect-src 'self' https:; font-src 'self' data:; "
        f"object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors {frames}"
    )
