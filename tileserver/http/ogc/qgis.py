"""Files that open layers in desktop GIS: definitions for QGIS, service descriptions for GDAL."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import VariableNotFound
from tileserver.http import caching, params
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import STRING, Parameter, Query
from tileserver.layer import EXPRESSION, find_layer, layers
from tileserver.services.ogc import gdal_service, qlr
from tileserver.services.ogc.desktop import DesktopLayer
from tileserver.services.ogc.named_layer import layer_dimensions
from tileserver.services.ogc.wmts import VERSION

# What may stand between the quotes of a header as it is.
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_TEXT = partial(Parameter, parse=params.text, schema=STRING, default=None)
STYLE: Parameter[str | None] = _TEXT(
    "style", description="A style of the layer, any colormap, or viridis:0:7 with a range."
)
TMS: Parameter[str | None] = _TEXT(
    "tms", description="A matrix set of the layer, e.g. WorldCRS84Quad."
)
SERVICE: Parameter[qlr.Service] = Parameter(
    "service", params.choice(("WMTS", "WMS")), {"type": "string", "enum": ["WMTS", "WMS"]},
    "What QGIS asks for pictures.", "WMTS",
)  # fmt: skip


async def get_definition(request: Request) -> Response:
    """A layer for QGIS."""
    query, layer = _asked(request, (STYLE, TMS, SERVICE, params.VERSION))
    written = qlr.Definition(base_url(request.scope), query(SERVICE), (layer,))
    return _file(request, f"{layer.id}.qlr", written.write(), qlr.MEDIA_TYPE)


async def get_definitions(request: Request) -> Response:
    """All layers of a dataset for QGIS, in a group."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    query = Query(request.query_params.multi_items(), (SERVICE, params.VERSION))

    def write() -> bytes:
        found = [DesktopLayer.of(dataset, layer) for layer in layers(dataset)]
        base = base_url(request.scope)
        return qlr.Definition(base, query(SERVICE), found, dataset.title).write()

    body = await asyncio.to_thread(write)  # a product has dozens of layers
    return _file(request, f"{dataset.id}.qlr", body, qlr.MEDIA_TYPE)


async def get_description(request: Request) -> Response:
    """A layer for GDAL."""
    _, layer = _asked(request, (STYLE, TMS, params.VERSION))
    body = gdal_service.description(layer, base_url(request.scope))
    return _file(request, f"{layer.id}.xml", body, gdal_service.MEDIA_TYPE)


def _asked(request: Request, taken: tuple[Parameter[Any], ...]) -> tuple[Query, DesktopLayer]:
    name = request.path_params["variable"]
    dataset = context(request).catalog[request.path_params["dataset"]]
    if name == EXPRESSION:
        raise VariableNotFound(name, "an expression has no layer: name it in the catalogue")
    layer = find_layer(dataset, name)
    dims = [each.name for each in layer_dimensions(dataset, layer)]
    query = Query(request.query_params.multi_items(), taken, dims)
    style, tms = query(STYLE), query(TMS)
    return query, DesktopLayer.of(dataset, layer, style=style, tms=tms, dims=query.dims)


def _file(request: Request, name: str, body: bytes, media_type: str) -> Response:
    """A file to be kept under a name; for good where its address has the dataset's version."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    pinned = request.query_params.get(params.VERSION.name) == dataset.version
    plain = _UNSAFE.sub("_", name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    }
    cache_control = caching.PINNED if pinned else caching.SHORT
    return caching.answer(request, body, media_type, cache_control=cache_control, headers=headers)


_PATH = "/wmts/{dataset}"

# After those of WMTS, whose capabilities of all datasets look like a variable's description.
ENDPOINTS = (
    Endpoint(f"{_PATH}/{{variable}}.qlr", get_definition, "A layer for QGIS", "wmts",
             (STYLE, TMS, SERVICE, params.VERSION), True, (qlr.MEDIA_TYPE,)),
    Endpoint(f"{_PATH}/{VERSION}/layers.qlr", get_definitions, "A dataset's layers for QGIS",
             "wmts", (SERVICE, params.VERSION), False, (qlr.MEDIA_TYPE,)),
    Endpoint(f"{_PATH}/{{variable}}.xml", get_description, "A layer for GDAL", "wmts",
             (STYLE, TMS, params.VERSION), True, (gdal_service.MEDIA_TYPE,)),
)  # fmt: skip
