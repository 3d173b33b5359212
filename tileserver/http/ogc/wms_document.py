"""The capabilities of WMS over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tileserver import __version__
from tileserver.dataset import Dataset
from tileserver.errors import shown
from tileserver.http import caching
from tileserver.http.endpoint import context
from tileserver.http.links import base_url
from tileserver.http.ogc.kvp import Parameters
from tileserver.http.ogc.wmts_document import SEQUENCE, of_dataset, sequence
from tileserver.services.ogc import wms, wms_crs
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.wms import Service
from tileserver.services.ogc.wms_exception import WmsError
from tileserver.services.ogc.wms_layer import Branch
from tileserver.services.ogc.wms_profile import VERSIONS, largest_side


async def get_capabilities(request: Request, parameters: Parameters, version: str) -> Response:
    """The capabilities of all datasets or of one, made once per state of the catalogue and address
    of the server."""
    state, service = context(request), _service(request)
    _check_sequence(parameters.get("updateSequence"), service.update_sequence)
    media_type = _media_type(version, parameters.get("format"))
    parts = (__version__, version, service.base_url, service.path, service.update_sequence)
    digest = hashlib.blake2b("|".join(parts).encode(), digest_size=12).hexdigest()
    tag, small = f'W/"{digest}"', caching.takes_gzip(request)
    if caching.matches(request.headers.get("if-none-match"), tag):
        return caching.answer(request, b"", media_type, etag=tag)
    name = request.path_params.get("dataset")
    datasets = state.catalog.ready() if name is None else [state.catalog[name]]

    def write() -> bytes:
        branches = [_branch(state.fragments, each, version) for each in datasets]
        places = wms_crs.everywhere(state.catalog.matrix_sets)
        body = wms.capabilities(version, service, places, branches)
        return caching.compress(body) if small else body

    # Hundreds of layers take longer than others want to wait for their tiles.
    body = await state.engine.tiles.get(f"{tag}{small}", partial(asyncio.to_thread, write))
    headers = {"Content-Encoding": "gzip"} if small else None
    return caching.answer(request, body, media_type, etag=tag, headers=headers)


def prepare(fragments: Fragments, dataset: Dataset) -> None:
    """Write what a dataset contributes to the documents of all, before these are asked for."""
    for version in VERSIONS:
        _branch(fragments, dataset, version)


def _branch(fragments: Fragments, dataset: Dataset, version: str) -> Branch:
    return fragments.get(dataset, f"wms {version}", partial(Branch.of, version=version))


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


def _service(request: Request) -> Service:
    state, name = context(request), request.path_params.get("dataset")
    catalog = state.catalog
    return Service(
        told=catalog.service if name is None else of_dataset(catalog, catalog[name]),
        base_url=base_url(request.scope),
        path="/wms" if name is None else f"/wms/{quote(name, safe='')}",
        update_sequence=sequence(request),
        largest_side=largest_side(state.map_pixels),
    )
