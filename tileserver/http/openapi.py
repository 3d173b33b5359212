"""The API's description, OpenAPI 3.1, from the same declarations that the routes are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tileserver import __version__
from tileserver.http import caching
from tileserver.http.endpoint import Endpoint
from tileserver.http.errors import PROBLEM
from tileserver.http.links import base_url
from tileserver.http.params import Parameter

PATH_PARAMETERS = {
    "dataset": "A dataset's id, of /datasets.",
    "variable": "A variable, a composite, or _ with expression; of xcube name=expression, rgb.",
    "y": "The tile's row, from the top.",
    "format": "png, jpg, webp, npy, tif … of titiler.core.",
    "lon": "Longitude, or x in coord_crs.",
    "lat": "Latitude, or y in coord_crs.",
    **dict.fromkeys(("minx", "miny", "maxx", "maxy"), "A side of the box, in coord_crs."),
    "width": "Columns of the picture.",
    "height": "Rows of the picture.",
    "algorithmId": "An algorithm of titiler.core.",
    "colorMapId": "A colour table of rio-tiler.",
    "expression": "An expression of the dataset's variables.",
    "object": "A key of Zarr, such as sst/0.0.0.",
    "location": "A named place of the dataset, of EDR's locations.",
    "item": "An item of STAC: its time, as 20240701T000000Z.",
    "job": "A job's id, of its own making.",
    "key": "An API key's id, of /keys.",
    "dimension": "The name of a dimension.",
    "tms": "A tile matrix set, of /tms.",
    "z": "The zoom, or tile matrix.",
    "x": "The tile's column.",
    "last": "The row, then @2x and .png, .webp, .jpg, .npy or .bin if wanted.",
    "name": "A name, of the listing.",
    "layer": "A WMTS layer: {dataset}.{variable}.",
    "style": "The layer's style, any colormap, or one with a range: viridis:0:7.",
    "row": "The tile's row, from the top.",
    "col": "The tile's column, from the left.",
    "i": "The pixel's column in the tile.",
    "j": "The pixel's row in the tile.",
    "suffix": "txt, json or html.",
    "collectionId": "A collection of OGC API: {dataset}.{variable}.",
    "styleId": "The layer's style, any colormap, or one with a range: viridis:0:7.",
    "tileMatrixSetId": "A tile matrix set of the collection.",
    "tileMatrix": "The tile matrix, or zoom.",
    "tileRow": "The tile's row, from the top.",
    "tileCol": "The tile's column, from the left.",
}
INDEX = {"type": "integer", "minimum": 0}
PATH_SCHEMAS = {"tileRow": INDEX, "tileCol": INDEX}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "parameter": {"type": "string", "description": "The parameter that is wrong."},
    },
}

SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a token of the issuer that the server trusts.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "An API key as the password, with any name.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
SECONDS = {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds to wait."}
LATER = {"Retry-After": SECONDS}
CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "What is taken."}}
ERRORS: dict[str, tuple[str, dict[str, Any]]] = {
    "400": ("A parameter is unknown, missing, or has a value that cannot be used.", {}),
    "401": ("No key or token was sent where one is needed, or one that is not taken.", CHALLENGE),
    "403": ("The key or token does not open this.", {}),
    "404": ("There is no such thing, or none that the caller may know of.", {}),
    "429": ("The client asks for more than its share.", LATER),
    "503": ("The server, or the storage of the data, is busy: try again.", LATER),
    "default": ("What else is wrong.", {}),
}
NO_CONTENT = 204
ADAPTERS = ("edr", "stac", "titiler", "xcube", "zarr")  # tags of routes that have namesakes


def document(endpoints: Iterable[Endpoint], base: str) -> dict[str, Any]:
    """The description of all endpoints."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operations = paths.setdefault(endpoint.path.replace(":path", ""), {})
        for method in endpoint.methods:
            operations[method.lower()] = _operation(endpoint, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tileserver",
            "version": __version__,
            "summary": "Tiles, legends, time series and statistics of data cubes",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM_SCHEMA},
            "securitySchemes": SCHEMES,
        },
    }


def _operation(endpoint: Endpoint, method: str) -> dict[str, Any]:
    parameters = [_path_parameter(name) for name in _names(endpoint.path)]
    parameters += [_query_parameter(p) for p in endpoint.parameters]
    if endpoint.dims:
        parameters.append(_dims_parameter())
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "operationId": _operation_id(endpoint, method),
        "parameters": parameters,
        "security": _security(endpoint),
        "responses": _responses(endpoint, method),
    }
    if endpoint.body is not None and method != "GET":
        operation["requestBody"] = {"required": True, "content": {endpoint.body: {}}}
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    """Any scheme will do; what is not for administrators may be open to everybody."""
    is_open = endpoint.scope == "read"
    scopes = [] if is_open else [str(endpoint.scope)]
    taken = [{name: scopes} for name in SCHEMES]
    return [{}, *taken] if is_open else taken


def _responses(endpoint: Endpoint, method: str) -> dict[str, Any]:
    found: dict[str, Any] = {str(endpoint.status): {"description": "The answer."}}
    if endpoint.status != NO_CONTENT:
        content: dict[str, Any] = {media_type: {} for media_type in endpoint.answers}
        found[str(endpoint.status)]["content"] = content
    found |= {str(each): {"description": HTTPStatus(each).phrase} for each in endpoint.empty}
    if method == "GET":
        found["304"] = {"description": "The client has the answer already."}
    told: dict[str, Any] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if any(parameter.name.lower() == "request" for parameter in endpoint.parameters):
        told |= {media_type: {} for media_type in endpoint.answers}  # reports, or pictures of them
    for status, (description, headers) in ERRORS.items():
        found[status] = {"description": description, "headers": headers, "content": told}
    return found


def _names(path: str) -> list[str]:
    return re.findall(r"{(\w+)(?::\w+)?}", path)


def _operation_id(endpoint: Endpoint, method: str) -> str:
    name = endpoint.handler.__name__
    place = "_".join(_names(endpoint.path))
    adapter = endpoint.tag if endpoint.tag in ADAPTERS else ""
    return "_".join(part for part in (method.lower(), adapter, name, place) if part)


def _path_parameter(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": PATH_PARAMETERS.get(name, name),
        "schema": PATH_SCHEMAS.get(name, {"type": "string"}),
    }


def _query_parameter(parameter: Parameter[Any]) -> dict[str, Any]:
    schema = dict(parameter.schema)
    if parameter.default is not None:
        listed = isinstance(parameter.default, tuple)
        schema["default"] = (
            ",".join(f"{part:g}" for part in parameter.default) if listed else parameter.default
        )
    found: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": schema,
    }
    if parameter.required:
        found["required"] = True
    return found | ({"example": parameter.example} if parameter.example else {})


def _dims_parameter() -> dict[str, Any]:
    return {
        "name": "dimensions",
        "in": "query",
        "description": "Any other dimension of the dataset by its own name, e.g. depth=10.",
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    }


def route(endpoints: Sequence[Endpoint]) -> Route:
    """/openapi.json."""

    async def get_openapi(request: Request) -> Response:
        return caching.json_answer(request, document(endpoints, base_url(request.scope)))

    return Route("/openapi.json", get_openapi, methods=["GET"])
