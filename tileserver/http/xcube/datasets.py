"""Datasets and colour bars, as the xcube viewer asks for them."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.grid import Bounds
from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import STRING, Parameter, boolean, number
from tileserver.http.xcube.query import ROOT, TAG, known
from tileserver.pipeline import Engine
from tileserver.services.xcube import colorbar, description

JSON = "application/json"
KEPT_S = 60  # of the description of all datasets


def _point(name: str, value: str) -> tuple[float, float]:
    parts = value.split(",")
    if len(parts) != 2:
        raise InvalidParameter(name, value, "expected lon,lat")
    return number(name, parts[0].strip()), number(name, parts[1].strip())


DETAILS: Parameter[bool] = Parameter(
    "details", boolean, {"type": "boolean"}, "Whether each dataset is told whole.", False
)
POINT: Parameter[tuple[float, float] | None] = Parameter(
    "point", _point, STRING, "lon,lat: only datasets that are there.", None, "11.2,52.3"
)


async def get_datasets(request: Request) -> Response:
    """The datasets that are open."""
    query = known(request, (DETAILS, POINT))
    state, base = context(request), base_url(request.scope)
    details, point = query(DETAILS), query(POINT)
    await state.catalog.settle_all()
    datasets = description.shown(state.catalog.ready())
    if point is not None:
        datasets = [dataset for dataset in datasets if _holds(dataset, point)]

    write = partial(_described if details else _listed, state.engine, datasets, base)
    # A range that could not be read just now is told as unknown: that is not to stay.
    minute = int(time.monotonic() // KEPT_S)
    key = f"xcube|{state.catalog.version}|{base}|{details}|{point}|{minute}"
    return _answer(request, await state.engine.tiles.get(key, write))


async def _listed(_: Engine, datasets: Sequence[Dataset], __: str) -> bytes:
    return _datasets([description.head(dataset) for dataset in datasets])


async def _described(engine: Engine, datasets: Sequence[Dataset], base: str) -> bytes:
    measured = await description.measure_all(engine, datasets)

    def write() -> bytes:
        return _datasets([description.document(d, measured[d.id], base) for d in datasets])

    return await asyncio.to_thread(write)


def _datasets(found: Sequence[Mapping[str, Any]]) -> bytes:
    return _compressed({"datasets": found, "entrypointDatasetId": None})


def _holds(dataset: Dataset, point: tuple[float, float]) -> bool:
    west, south, east, north = _box(dataset)
    lon, lat = point
    return south <= lat <= north and any(west <= lon + turn <= east for turn in (-360, 0, 360))


def _box(dataset: Dataset) -> Bounds:
    return description.unrolled(dataset.source.cube.bounds(dataset.variables))


def _compressed(document: Any) -> bytes:
    return caching.compress(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY))


def _answer(request: Request, body: bytes) -> Response:
    """A body that is kept compressed, for who reads that or not."""
    if caching.takes_gzip(request):
        headers = {"Content-Encoding": "gzip"}
        return caching.answer(request, body, JSON, headers=headers)
    return caching.answer(request, gzip.decompress(body), JSON)


async def get_dataset(request: Request) -> Response:
    """One dataset, whole."""
    state = context(request)
    dataset = state.catalog[request.path_params["dataset"]]
    measured = await description.measure(state.engine, dataset)
    write = partial(description.document, dataset, measured, base_url(request.scope))
    return caching.json_answer(request, await asyncio.to_thread(write))


async def get_coordinates(request: Request) -> Response:
    """All coordinates of a dimension."""
    path = request.path_params
    dataset = context(request).catalog[path["dataset"]]
    find = partial(description.find_coordinates, dataset, path["dimension"])
    return caching.json_answer(request, await asyncio.to_thread(find))


async def get_color_bars(request: Request) -> Response:
    """The colour bars, by groups."""
    state = context(request)

    def write() -> bytes:
        return _compressed(colorbar.listing(state.catalog.ready()))

    key = f"xcube|{state.catalog.version}|colorbars"
    return _answer(request, await state.engine.tiles.get(key, partial(asyncio.to_thread, write)))


_DATASET = f"{ROOT}/datasets/{{dataset}}"

ENDPOINTS = (
    Endpoint(f"{ROOT}/datasets", get_datasets, "The datasets", TAG, (DETAILS, POINT), queued=True),
    Endpoint(_DATASET, get_dataset, "A dataset, whole", TAG, queued=True),
    Endpoint(f"{_DATASET}/coords/{{dimension}}", get_coordinates, "All coordinates of a dimension",
             TAG, queued=True),
    Endpoint(f"{ROOT}/colorbars", get_color_bars, "The colour bars", TAG),
)  # fmt: skip
