"""Datasets as Zarr stores, read only: `xarray.open_zarr("https://…/zarr/seasfire")`."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter, NotFound, SourceChanged
from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.services.zarr.made import MadeObjects
from tileserver.services.zarr.stored import StoredObjects
from tileserver.sources.optimized import original
from tileserver.sources.storage.objects import Part
from tileserver.sources.zarr.array import ZarrSource

DOCUMENTS = ("zarr.json", ".zmetadata", ".zarray", ".zgroup", ".zattrs")
PIECE = 4 << 20  # bytes of a large object that are read at once
LONGEST_KEY = 1000
ABSENT = "the store has no such object, which stands for fill values"
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII)


class ObjectNotFound(NotFound):
    """The store of a dataset has no such object."""

    name = "object"


class Objects(Protocol):
    """What a dataset's Zarr store consists of."""

    async def document(self, key: str) -> bytes | None: ...

    async def part(self, key: str, start: int, stop: int | None) -> Part | None: ...


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes that are asked for; a negative start counts from the end."""

    start: int = 0
    stop: int | None = None

    @classmethod
    def of(cls, header: str | None) -> Span | None:
        """What a Range header asks for; None for all, as where it asks for several parts."""
        match = None if header is None else _RANGE.fullmatch(header.strip())
        if match is None or not (match[1] or match[2]):
            return None
        if not match[1]:
            return cls(-int(match[2])) if int(match[2]) else None
        start, stop = int(match[1]), int(match[2]) + 1 if match[2] else None
        return None if stop is not None and stop <= start else cls(start, stop)

    def within(self, size: int) -> tuple[int, int]:
        """From where to where of an object."""
        start = max(0, size + self.start) if self.start < 0 else self.start
        return start, size if self.stop is None else min(self.stop, size)


async def get_object(request: Request) -> Response:
    """One object, or a part of it."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    key: str = request.path_params["object"]
    _check(key)
    objects = _objects(request, dataset)
    if key.rpartition("/")[2] in DOCUMENTS:
        return await _document(request, dataset, objects, key)
    return await _chunk(request, dataset, objects, key)


def _span(request: Request) -> Span | None:
    """The part that is asked for; the standard knows of parts by GET alone."""
    return None if request.method == "HEAD" else Span.of(request.headers.get("range"))


def _check(key: str) -> None:
    """Raise InvalidParameter for what is no key in a store."""
    parts = key.split("/")
    if len(key) > LONGEST_KEY or any(
        part in ("", ".", "..") or not part.isprintable() or "\\" in part for part in parts
    ):
        raise InvalidParameter("object", key, "expected a key of Zarr, such as sst/0.0.0")


def _objects(request: Request, dataset: Dataset) -> Objects:
    source = original(dataset.source)
    if isinstance(source, ZarrSource) and (found := source.readable) is not None:
        return StoredObjects(found, source.group)
    engine = context(request).engine
    return MadeObjects(dataset, partial(engine.read, dataset), engine.pool)


async def _document(request: Request, dataset: Dataset, objects: Objects, key: str) -> Response:
    """Metadata, kept: clients look for much that is not there."""

    async def make() -> bytes:
        return await objects.document(key) or b""

    kept = f"zarr|{dataset.id}|{dataset.version}|{key}"
    body = await context(request).engine.tiles.get(kept, make)
    if not body:
        raise ObjectNotFound(key, "the store has no such object")
    span = _span(request)
    if span is None:
        return await asyncio.to_thread(caching.answer, request, body, "application/json")
    start, stop = span.within(len(body))
    part = Part(memoryview(body)[start:stop], len(body), "")
    return _answer(request, _tag(dataset, key, ""), span, part)


async def _chunk(request: Request, dataset: Dataset, objects: Objects, key: str) -> Response:
    span = _span(request)
    wanted = span or Span(0, 1 if request.method == "HEAD" else None)
    part = await _first(objects, key, wanted)
    if part is None:
        raise ObjectNotFound(key, ABSENT)
    tag = _tag(dataset, key, part.version)
    asked = request.headers.get("if-range")
    if span is not None and asked is not None and asked != tag:
        span, part = None, await _first(objects, key, Span())
    if part is None:  # it went away meanwhile
        raise ObjectNotFound(key, ABSENT)
    return _answer(request, tag, span, part, objects, key)


async def _first(objects: Objects, key: str, span: Span) -> Part | None:
    """What is asked for, of much its first piece."""
    start, stop = span.start, span.stop
    if start < 0:
        if start >= -PIECE:
            return await objects.part(key, start, None)
        probe = await objects.part(key, 0, 1)
        if probe is None:
            return None
        start, stop = span.within(probe.size)
    return await objects.part(key, start, min(start + PIECE, stop or start + PIECE))


def _answer(
    request: Request,
    tag: str,
    span: Span | None,
    part: Part,
    objects: Objects | None = None,
    key: str = "",
) -> Response:
    start, stop = (span or Span()).within(part.size)
    headers = {"ETag": tag, "Cache-Control": caching.SHORT, "Accept-Ranges": "bytes"}
    if caching.matches(request.headers.get("if-none-match"), tag):
        return caching.not_modified(headers)
    if span is not None and start >= stop:
        unmet = {**headers, "Content-Range": f"bytes */{part.size}"}
        return Response(status_code=416, headers=unmet)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{part.size}"
    headers["Content-Length"] = str(stop - start)
    status, media_type = 200 if span is None else 206, "application/octet-stream"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    if objects is None or part.data.nbytes == stop - start:
        return Response(bytes(part.data), status, headers, media_type)
    body = _rest(objects, key, part, start, stop)
    return StreamingResponse(body, status, headers, media_type)


async def _rest(
    objects: Objects, key: str, part: Part, start: int, stop: int
) -> AsyncIterator[memoryview]:
    """A large object, piece by piece. Raises SourceChanged, which cuts the answer off."""
    yield part.data
    at = start + part.data.nbytes
    while at < stop:
        piece = await objects.part(key, at, min(at + PIECE, stop))
        if piece is None or piece.version != part.version or not piece.data.nbytes:
            raise SourceChanged("an object was written anew while it was read")
        yield piece.data
        at += piece.data.nbytes


def _tag(dataset: Dataset, key: str, version: str) -> str:
    text = f"{dataset.id}|{dataset.version}|{key}|{version}"
    return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


ENDPOINTS = (
    Endpoint("/zarr/{dataset}/{object:path}", get_object, "An object of a dataset as a Zarr store",
             "zarr", answers=("application/octet-stream", "application/json"), queued=True,
             empty=(416,)),
)  # fmt: skip
