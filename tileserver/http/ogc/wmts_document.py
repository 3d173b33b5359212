"""The capabilities of WMTS over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tileserver import __version__
from tileserver.catalog import Catalog
from tileserver.config import ServiceConfig
from tileserver.dataset import Dataset
from tileserver.errors import shown
from tileserver.http import caching
from tileserver.http.endpoint import context
from tileserver.http.links import base_url
from tileserver.http.ogc.kvp import Parameters
from tileserver.http.ogc.negotiation import VARY, negotiated
from tileserver.services.ogc import wmts
from tileserver.services.ogc.ows import OwsError
from tileserver.services.ogc.wmts_contents import contents
from tileserver.services.ogc.wmts_service import Service

PATH = "/wmts"
SEQUENCE = "1."  # begins every updateSequence of ours, so that a later one can be told


async def get_document(request: Request) -> Response:
    """The capabilities by REST, of all datasets or of one."""
    media_type = negotiated(request, {name: name for name in wmts.MEDIA_TYPES})
    return await _document(request, _service(request), wmts.SECTIONS, media_type)


async def get_capabilities(request: Request, parameters: Parameters) -> Response:
    """The same by KVP, or the sections that are asked for."""
    versions = parameters.get("acceptVersions")
    if versions and wmts.VERSION not in [v.strip() for v in versions.split(",")]:
        text = f"acceptVersions={shown(versions)!r}: the version here is {wmts.VERSION}"
        raise OwsError("VersionNegotiationFailed", None, text)
    media_type = wmts.parse_formats(parameters.get("acceptFormats"))
    service = _service(request)
    known, current = parameters.get("updateSequence"), service.update_sequence
    if known and known == current:
        return caching.answer(request, wmts.unchanged(current), media_type)
    if known and not known.startswith(SEQUENCE) and known > current:
        text = f"updateSequence={shown(known)!r}: the current one is {current}, which is earlier"
        raise OwsError("InvalidUpdateSequence", None, text)
    sections = wmts.parse_sections(parameters.get("sections"))
    return await _document(request, service, sections, media_type)


async def _document(
    request: Request, service: Service, sections: Sequence[str], media_type: str
) -> Response:
    """The document, made once per state of the catalogue and address of the server."""
    state = context(request)
    parts = (__version__, service.base_url, service.path, service.update_sequence, *sections)
    digest = hashlib.blake2b("|".join(parts).encode(), digest_size=12).hexdigest()
    tag, small = f'W/"{digest}"', caching.takes_gzip(request)
    headers = {"Vary": VARY}
    if caching.matches(request.headers.get("if-none-match"), tag):
        return caching.answer(request, b"", media_type, etag=tag, headers=headers)
    name = request.path_params.get("dataset")
    datasets = state.catalog.ready() if name is None else [state.catalog[name]]

    def write() -> bytes:
        body = wmts.capabilities(service, contents(state.fragments, datasets), sections)
        return caching.compress(body) if small else body

    # Hundreds of layers take longer than others want to wait for their tiles.
    body = await state.engine.tiles.get(f"{tag}{small}", partial(asyncio.to_thread, write))
    headers |= {"Content-Encoding": "gzip"} if small else {}
    return caching.answer(request, body, media_type, etag=tag, headers=headers)


def _service(request: Request) -> Service:
    catalog, name = context(request).catalog, request.path_params.get("dataset")
    return Service(
        told=catalog.service if name is None else of_dataset(catalog, catalog[name]),
        base_url=base_url(request.scope),
        path=PATH if name is None else f"{PATH}/{quote(name, safe='')}",
        update_sequence=sequence(request),
    )


def of_dataset(catalog: Catalog, dataset: Dataset) -> ServiceConfig:
    """What the document of one dataset says: its own words, and those of the service whose place
    they do not take."""
    told = catalog.service
    return told.model_copy(
        update={
            "title": dataset.title,
            "abstract": dataset.config.description
            or dataset.source.cube.description
            or told.abstract,
            "keywords": tuple(dict.fromkeys((*dataset.config.keywords, *told.keywords))),
            "provider": told.provider or told.title,
        }
    )


def sequence(request: Request) -> str:
    """What changes whenever a document does."""
    return f"{SEQUENCE}{context(request).catalog.version}"
