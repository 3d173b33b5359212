"""The API's description, OpenAPI 3.1, from the same declarations that the routes are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
    "variable": "A variable, a composite, or _ with expression.",
    "job": "A job's id, of its own making.",
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
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
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
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {media_type: {} for media_type in endpoint.answers},
            },
            "default": {
                "description": "What is wrong.",
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    if endpoint.tag == "admin":
        operation["security"] = [{"token": []}]
    if endpoint.body is not None and method != "GET":
        operation["requestBody"] = {"required": True, "content": {endpoint.body: {}}}
    return operation


def _names(path: str) -> list[str]:
    return re.findall(r"{(\w+)(?::\w+)?}", path)


def _operation_id(endpoint: Endpoint, method: str) -> str:
    name = endpoint.handler.__name__
    place = "_".join(_names(endpoint.path))
    return "_".join(part for part in (method.lower(), name, place) if part)


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
    found = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": schema,
    }
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
