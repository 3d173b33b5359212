"""The capabilities of WMS over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tileserver import __version__
from tileserver.catalog import Dataset
from tileserver.errors import shown
from tileserver.http import caching
from tileserver.http.endpoint import Context, context
from tileserver.http.links import base_url
from tileserver.http.ogc.kvp import Parameters
from tileserver.services.ogc import wms, wms_crs, wms_layer
from tileserver.services.ogc.wms import Branch, Service
from tileserver.services.ogc.wms_exception import WmsError
from tileserver.services.ogc.wms_profile import largest_side

SEQUENCE = "1."  # begins every updateSequence of ours, so that a later one can be told


async def get_capabilities(request: Request, parameters: Parameters, version: str) -> Response:
    """The capabilities of all datasets or of one, made once per state of the catalogue and address
    of the server."""
    state, base = context(request), base_url(request.scope)
    sequence = f"{SEQUENCE}{state.catalog.version}"
    _check_sequence(parameters.get("updateSequence"), sequence)
    name = request.path_params.get("dataset")
    datasets = state.catalog.ready() if name is None else [state.catalog[name]]
    parts = (__version__, sequence, base, name or "", version, str(state.map_pixels))
    digest = hashlib.blake2b("|".join(parts).encode(), digest_size=12).hexdigest()
    tag, small = f'W/"{digest}"', caching.takes_gzip(request)
    service = _service(state, base, name, sequence)

    def write() -> bytes:
        body = _document(version, service, datasets, state)
        return caching.compress(body) if small else body

    # Hundreds of layers take some tenths of a second, in which others want their tiles.
    key = f"wms{tag}{small}"
    body = await state.engine.tiles.get(key, partial(asyncio.to_thread, write))
    headers = {"Content-Encoding": "gzip"} if small else None
    media_type = _media_type(version, parameters.get("format"))
    return caching.answer(request, body, media_type, etag=tag, headers=headers)


def _check_sequence(known: str | None, current: str) -> None:
    """Raises WmsError for a client that has the document already, or a later one."""
    if not known:
        return
    if known == current:
        text = f"updateSequence={shown(known)!r} is the current one"
        raise WmsError("CurrentUpdateSequence", "UPDATESEQUENCE", text, 200)
    if not known.startswith(SEQUENCE) and known > current:
        text = f"updateSequence={shown(known)!r}: the current one is {current}, which is earlier"
        raise WmsError("InvalidUpdateSequence", "UPDATESEQUENCE", text)


def _media_type(version: str, wanted: str | None) -> str:
    """That of the document: the default where another is wanted (OGC 06-042, 7.2.3.1)."""
    offered = wms.MEDIA_TYPES[version]
    return wanted if wanted in offered else offered[0]


def _service(state: Context, base: str, dataset: str | None, sequence: str) -> Service:
    return Service(
        told=state.catalog.service,
        base_url=base,
        path="/wms" if dataset is None else f"/wms/{quote(dataset)}",
        update_sequence=sequence,
        largest_side=largest_side(state.map_pixels),
    )


def _document(version: str, service: Service, datasets: Sequence[Dataset], state: Context) -> bytes:
    branches = [
        Branch(
            wms_layer.dataset_layer(each, version),
            each.source.cube.bounds(each.variables),
            each.config.theme or "",
        )
        for each in datasets
    ]
    places = wms_crs.everywhere(state.catalog.matrix_sets)
    return wms.capabilities(version, service, places, branches)
