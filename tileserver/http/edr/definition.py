"""The definition of EDR here, OpenAPI 3.0 (OGC 19-086r6, clause 13), and its route."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tileserver.http import caching, openapi
from tileserver.http.edr import documents, queries
from tileserver.http.endpoint import Endpoint
from tileserver.http.errors import PROBLEM
from tileserver.http.links import base_url
from tileserver.http.ogc.api_definition import PROBLEMS, VERSION
from tileserver.http.ogc.negotiation import VARY, F, encoding
from tileserver.http.params import Query
from tileserver.services.edr.vocabulary import ROOT
from tileserver.services.ogc.landing import OPENAPI
from tileserver.services.ogc.link import HTML

# What the standard calls the parts of paths.
NAMES = {"dataset": "collectionId", "location": "locationId"}
TOO_MUCH = {"413": "The answer, or what is read for it, would be larger than is allowed."}


async def get_edr_definition(request: Request) -> Response:
    """The API's definition; to read it stands among all the others."""
    shown = encoding(request, Query(request.query_params.multi_items(), (F,)))
    base = base_url(request.scope)
    if shown == "html":
        return RedirectResponse(f"{base}/docs", headers={"Vary": VARY})
    body = orjson.dumps(definition(base))
    return caching.answer(request, body, OPENAPI, headers={"Vary": VARY})


def definition(base: str) -> dict[str, Any]:
    """The routes below the root, by their declarations."""
    endpoints = (*documents.ENDPOINTS, *ENDPOINTS, *queries.ENDPOINTS)
    found = openapi.document(endpoints, f"{base}{ROOT}")
    paths = {_renamed(name): each for name, each in found["paths"].items() if name != f"{ROOT}/"}
    for operations in paths.values():
        for operation in operations.values():
            operation["responses"] = _responses(operation["responses"])
            operation["parameters"] = [_parameter(each) for each in operation["parameters"]]
    info = {key: found["info"][key] for key in ("title", "version")}
    return found | {
        "openapi": VERSION,
        "info": info | {"license": {"name": found["info"]["license"]["name"]}},
        "paths": paths,
    }


def _renamed(name: str) -> str:
    path = name.removeprefix(ROOT) or "/"
    for own, theirs in NAMES.items():
        path = path.replace(f"{{{own}}}", f"{{{theirs}}}")
    return path


def _parameter(told: dict[str, Any]) -> dict[str, Any]:
    """A parameter whose values are parted by commas, not by naming it again."""
    named = told | {"name": NAMES.get(told["name"], told["name"])}
    is_free = told.get("explode", False)
    return named if told["in"] == "path" or is_free else named | {"style": "form", "explode": False}


def _responses(told: dict[str, Any]) -> dict[str, Any]:
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    content = {
        media_type: {"schema": {"type": "object" if "json" in media_type else "string"}}
        for media_type in told["200"]["content"]
    }
    kept: dict[str, Any] = {code: told[code] for code in ("204", "304", "307") if code in told}
    return {
        "200": told["200"] | {"content": content},
        **kept,
        **{
            code: {"description": description, "content": problem}
            for code, description in (PROBLEMS | TOO_MUCH).items()
        },
    }


ENDPOINTS = (
    Endpoint(f"{ROOT}/api", get_edr_definition, "EDR: the definition, OpenAPI 3.0", queries.TAG,
             (F,), answers=(OPENAPI, HTML), empty=(307,)),
)  # fmt: skip
