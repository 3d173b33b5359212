"""The definition of OGC API here, OpenAPI 3.0 (OGC 19-072, clause 9.4), and all of its routes."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tileserver.http import caching, openapi
from tileserver.http.endpoint import Endpoint
from tileserver.http.errors import PROBLEM
from tileserver.http.links import base_url
from tileserver.http.ogc import api, api_tiles
from tileserver.http.ogc.negotiation import VARY, F, encoding
from tileserver.http.params import Query
from tileserver.services.ogc.landing import OPENAPI
from tileserver.services.ogc.link import HTML, ROOT

VERSION = "3.0.3"
# OGC 20-057, clause 14: what the end of an operationId tells of a path.
_OPERATIONS = {
    "/map/tiles": "getTileSetsList",
    "/map/tiles/{tileMatrixSetId}": "getTileSet",
    "/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}": "getTile",
}
PROBLEMS = {
    "400": "A parameter is unknown, or has a value that cannot be used.",
    "401": "No key or token was sent where one is needed, or one that is not taken.",
    "403": "The key or token does not open this.",
    "404": "There is no such resource.",
    "406": "The client takes none of the encodings that there are.",
    "429": "The client asks for more than its share.",
    "500": "The server made a mistake.",
    "502": "The data could not be read.",
    "503": "The server, or the storage of the data, is busy: try again.",
    "504": "It took too long: try again.",
}
_EMPTY = {"204": {"description": "The collection has nothing at these coordinates."}}
_LED = {"307": {"description": "The definition to read is elsewhere."}}
_KNOWN = {"304": {"description": "The client has the answer already."}}


async def get_definition(request: Request) -> Response:
    """The API's definition; to read it stands among all the others."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    base = base_url(request.scope)
    if shown == "html":
        return RedirectResponse(f"{base}/docs", headers={"Vary": VARY})
    body = orjson.dumps(definition(base))
    return caching.answer(request, body, OPENAPI, headers={"Vary": VARY})


def definition(base: str) -> dict[str, Any]:
    """The routes below the root, by their declarations."""
    found = openapi.document(ENDPOINTS, f"{base}{ROOT}")
    paths = {below(name): operations for name, operations in found["paths"].items()}
    for name, operations in paths.items():
        for operation in operations.values():
            operation["operationId"] = _operation_id(name)
            operation["responses"] = _responses(name, operation["responses"]["200"])
    info = {key: found["info"][key] for key in ("title", "version")}
    return found | {
        "openapi": VERSION,
        "info": info | {"license": {"name": found["info"]["license"]["name"]}},
        "paths": paths,
        "components": found["components"],
    }


def below(name: str) -> str:
    """A path as it is below the root."""
    return name.removeprefix(ROOT) or "/"


def _operation_id(name: str) -> str:
    for ending, operation in _OPERATIONS.items():
        if name.endswith(ending):
            return f"ogc.collection{'.style' if '{styleId}' in name else ''}.map.{operation}"
    words = [word.strip("{}").removesuffix("Id") for word in name.split("/") if word]
    return "get" + "".join(word[0].upper() + word[1:] for word in words or ["landingPage"])


def _responses(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    is_tile = name.endswith("{tileCol}")
    schema = {"type": "string", "format": "binary"} if is_tile else {"type": "object"}
    content = {
        media_type: {"schema": {"type": "string"} if media_type == HTML else schema}
        for media_type in answer["content"]
    }
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "200": answer | {"content": content},
        **(_EMPTY if is_tile else {}),
        **(_LED if name == "/api" else {}),
        **_KNOWN,
        **{code: {"description": d, "content": problem} for code, d in PROBLEMS.items()},
    }


ENDPOINTS = (
    *api.ENDPOINTS,
    Endpoint(f"{ROOT}/api", get_definition, "The definition of OGC API here, OpenAPI 3.0",
             api.TAG, (F,), answers=(OPENAPI, HTML), empty=(307,)),
    *api_tiles.ENDPOINTS,
)  # fmt: skip
