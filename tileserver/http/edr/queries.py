"""EDR's queries: values at points, in areas, and along paths."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from starlette.requests import Request
from starlette.responses import Response

from tileserver.cube import TIME as TIME_NAME
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.geometry import from_bbox
from tileserver.http import caching
from tileserver.http.edr.parameters import (
    BOX,
    COMMON,
    COORDS,
    CRS,
    NAMES,
    WITHIN,
    WITHIN_UNITS,
    F,
    Z,
)
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url, below_root
from tileserver.http.ogc.api import TIME
from tileserver.http.ogc.negotiation import VARY, negotiated
from tileserver.http.params import Parameter, Query
from tileserver.services.edr import coveragejson, geojson, gridded, location, netcdf, table, wkt
from tileserver.services.edr import trajectory as along
from tileserver.services.edr.coverage import Coverage
from tileserver.services.edr.frame import find
from tileserver.services.edr.position import position
from tileserver.services.edr.question import Levels, Question, parameters, parse_levels
from tileserver.services.edr.vocabulary import COVERAGEJSON, LENGTHS_M, MEDIA_TYPES, ROOT, Format
from tileserver.services.edr.wkt import Places
from tileserver.services.ogc.wms_dimension import vertical

TAG = "edr"
ALIASES = {"parameter_names": "parameter-name"}  # as OWSLib has it
Taken = tuple[Parameter[Any], ...]
POSITION: Taken = (COORDS, *COMMON)
RADIUS: Taken = (COORDS, WITHIN, WITHIN_UNITS, *COMMON)
CUBE: Taken = (BOX, *COMMON)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read."""

    request: Request
    query: Query
    question: Question
    output: Format


def asked(request: Request, taken: Sequence[Parameter[Any]]) -> Asked:
    """What every query begins with. Raises InvalidParameter."""
    dataset = context(request).catalog[request.path_params["dataset"]]
    cube = dataset.source.cube
    upright = vertical(list(cube.dimensions.values()))
    names = {parameter.name for parameter in taken}
    dims = [name for name, each in cube.dimensions.items() if each.kind != "time"]
    pairs = [(ALIASES.get(name, name), text) for name, text in request.query_params.multi_items()]
    query = Query(pairs, taken, [name for name in dims if name not in names])
    own = {name: text for name, text in query.dims.items() if name != TIME_NAME}
    levels = query(Z)
    if upright is not None and levels is None and upright.name in own:
        levels = parse_levels(own.pop(upright.name))
    question = Question(
        dataset,
        parameters(dataset, query(NAMES)),
        time=query(TIME),
        levels=levels,
        dims=own,
        frame=find(dataset, query(CRS)),
    )
    return Asked(request, query, question, _output(request, query))


def _output(request: Request, query: Query) -> Format:
    found = query(F)
    if found is not None:
        return found
    accepted = request.headers.get("accept", "*/*").lower()
    if "json" in accepted and "geo+json" not in accepted:
        return "CoverageJSON"
    return negotiated(request, MEDIA_TYPES_BARE)


MEDIA_TYPES_BARE = {name: each.partition(";")[0] for name, each in MEDIA_TYPES.items()}


async def get_position(request: Request) -> Response:
    """Values at points."""
    told = asked(request, POSITION)
    places = wkt.parse_points(told.query.need(COORDS))
    question, places = _leveled(told.question, places)
    return await _answer(told, await position(context(request).engine, question, places))


def _leveled(question: Question, places: Places) -> tuple[Question, Places]:
    """The level that points tell is that of `z`. Raises InvalidParameter."""
    if places.z is None:
        return question, places
    if question.levels is not None:
        raise InvalidParameter("z", "…", "expected only once: coords has Z too")
    return replace(question, levels=Levels(None, np.unique(places.z))), replace(places, z=None)


async def get_radius(request: Request) -> Response:
    """Values within a distance of points."""
    told = asked(request, RADIUS)
    places = wkt.parse_points(told.query.need(COORDS))
    question, places = _leveled(told.question, places)
    within, unit = told.query.need(WITHIN), told.query.need(WITHIN_UNITS)
    radius_m = within * LENGTHS_M[unit]
    if not 0 < radius_m <= gridded.LARGEST_RADIUS_M:
        most = gridded.LARGEST_RADIUS_M / LENGTHS_M[unit]
        raise InvalidParameter("within", within, f"expected more than 0, at most {most:g} {unit}")
    surface = await asyncio.to_thread(gridded.circle, places, radius_m, question.frame)
    return await _answer(told, await gridded.area(context(request).engine, question, surface))


async def get_area(request: Request) -> Response:
    """Values in polygons."""
    told = asked(request, POSITION)
    text = told.query.need(COORDS)
    surface = await asyncio.to_thread(wkt.parse_surface, text, told.question.frame)
    return await _answer(told, await gridded.area(context(request).engine, told.question, surface))


async def get_cube(request: Request) -> Response:
    """Values in a box."""
    told = asked(request, CUBE)
    box, question = told.query.need(BOX), told.question
    if len(box) == 6:
        low, high = box[2], box[5]
        box = (*box[:2], *box[3:5])
        if question.levels is None:  # which goes before
            ends = (min(low, high), max(low, high))
            question = replace(question, levels=Levels(ends, np.empty(0)))
    surface = await asyncio.to_thread(_boxed, question, box)
    return await _answer(told, await gridded.area(context(request).engine, question, surface))


def _boxed(question: Question, box: tuple[float, ...]) -> Any:
    west, south, east, north = box
    if question.frame.is_degrees:
        return from_bbox((west, south, east, north))
    if not (west < east and south < north):
        raise InvalidParameter("bbox", box, "expected west < east and south < north")
    return wkt.surface_of(shapely.box(west, south, east, north), question.frame, "bbox")


async def get_trajectory(request: Request) -> Response:
    """Values along paths."""
    told = asked(request, POSITION)
    lines, question = wkt.parse_lines(told.query.need(COORDS)), told.question
    if question.levels is not None and any(line.z is not None for line in lines):
        raise InvalidParameter("z", "…", "expected only once: coords has Z too")
    if question.time is not None and any(line.m is not None for line in lines):
        raise InvalidParameter("datetime", "…", "expected only once: coords has M too")
    return await _answer(told, await along.trajectory(context(request).engine, question, lines))


async def get_location(request: Request) -> Response:
    """Values at a named place."""
    told = asked(request, COMMON)
    engine, question = context(request).engine, told.question
    place = location.find(question.dataset, request.path_params["location"])
    if isinstance(place, Places):
        x, y = question.frame.from_lonlat(place.x, place.y)
        return await _answer(told, await position(engine, question, Places(x, y)))
    return await _answer(told, await gridded.area(engine, question, place))


async def _answer(told: Asked, found: list[Coverage]) -> Response:
    """The answer in its format; 204 where there are no data (OGC 19-086r6, table 6)."""
    if not found:
        return Response(status_code=204, headers={"Cache-Control": caching.SHORT, "Vary": VARY})
    request, dataset = told.request, told.question.dataset
    body = await asyncio.to_thread(_body, told, dataset, found)
    headers = {"Vary": VARY}
    if told.output == "NetCDF":
        headers["Content-Disposition"] = f'attachment; filename="{dataset.id}.nc"'
    return await asyncio.to_thread(
        caching.answer, request, body, MEDIA_TYPES[told.output], headers=headers
    )


def _body(told: Asked, dataset: Dataset, found: list[Coverage]) -> bytes:
    base, frame = base_url(told.request.scope), told.question.frame
    match told.output:
        case "CoverageJSON":
            return coveragejson.document(dataset, found, frame, base)
        case "GeoJSON":
            text = told.request.url.query
            address = f"{base}{below_root(told.request.scope)}?{text}"
            return geojson.document(dataset, found, frame, address, base)
        case "CSV":
            return table.table(found, frame)
        case "NetCDF":
            return netcdf.document(dataset, found, frame)


_COLLECTION = f"{ROOT}/collections/{{dataset}}"
_TYPES = (COVERAGEJSON, *(MEDIA_TYPES_BARE[name] for name in ("GeoJSON", "CSV", "NetCDF")))

ENDPOINTS = tuple(
    Endpoint(f"{_COLLECTION}/{path}", handler, f"EDR: {summary}", TAG, taken, dims=True,
             answers=_TYPES, queued=True, empty=(204,))
    for path, handler, summary, taken in (
        ("position", get_position, "values at points", POSITION),
        ("radius", get_radius, "values within a distance of points", RADIUS),
        ("area", get_area, "values in polygons", POSITION),
        ("cube", get_cube, "values in a box", CUBE),
        ("trajectory", get_trajectory, "values along paths", POSITION),
        ("locations/{location}", get_location, "values at a named place", COMMON),
    )
)  # fmt: skip
