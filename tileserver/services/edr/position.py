"""Values at points, through time and over levels."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tileserver.cost import check_bytes
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import Feature, from_lonlat
from tileserver.pipeline import Engine
from tileserver.services import seriesrequest
from tileserver.services.edr.coverage import Coverage, Values, merged
from tileserver.services.edr.question import Question, Reach, reach
from tileserver.services.edr.reading import REMEDY, check_count, count_of, each, precision
from tileserver.services.edr.wkt import NAME, Places
from tileserver.services.timeseries import series

MOST_POINTS = 1000
MOST_SERIES = 100_000  # one for each point, parameter and level: some 50 µs each, however short


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A layer's series, one for each level."""

    reach: Reach
    requests: tuple[seriesrequest.Request, ...]


async def position(engine: Engine, question: Question, places: Places) -> list[Coverage]:
    """The values at some points; none where no point lies in a cell.

    Raises InvalidParameter, PayloadTooLarge, SourceError.
    """
    jobs = await asyncio.to_thread(_planned, engine, question, places)
    values = await each(jobs, partial(_values, engine, question))
    return merged(
        job.reach.coverage("points", places.x, places.y, found)
        for job, found in zip(jobs, values, strict=True)
    )


def _planned(engine: Engine, question: Question, places: Places) -> list[_Job]:
    if len(places.x) > MOST_POINTS:
        raise PayloadTooLarge(f"{NAME} has {len(places.x)} points: send at most {MOST_POINTS}")
    features = [Feature(from_lonlat(*place)) for place in _in_degrees(question, places)]
    reaches = [found for layer in question.layers if (found := reach(question, layer))]
    check_count(count_of(each, len(features)) for each in reaches)
    count = len(features) * sum(len(each.rungs) for each in reaches)
    if count > MOST_SERIES:
        raise PayloadTooLarge(
            f"this would read {count:,} series, the limit is {MOST_SERIES:,}: "
            "ask for fewer points, parameters or levels"
        )
    made = [_job(each, features) for each in reaches]
    jobs = [j for j in made if any(t.weights is not None for t in j.requests[0].targets)]
    size = sum(seriesrequest.estimate(job.requests[0]) * len(job.requests) for job in jobs)
    check_bytes(size, engine.limits.series_bytes, REMEDY)
    return jobs


def _in_degrees(question: Question, places: Places) -> list[tuple[float, float]]:
    lon, lat = question.frame.to_lonlat(places.x, places.y)
    if (np.abs(lat) > 90).any() or (lon < -180).any() or (lon > 360).any():
        raise InvalidParameter(
            NAME, "…", "expected longitudes from -180 to 360 and latitudes from -90 to 90"
        )
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def _job(found: Reach, features: list[Feature]) -> _Job:
    labels = found.times.labels if found.times else ("",)
    levels = [found.at(rung) for rung in found.rungs.tolist()]
    # All levels have the same cells, and as much to read.
    first = seriesrequest.planned(found.layer, levels[0], found.steps, labels, features)
    return _Job(found, tuple(replace(first, selection=each) for each in levels))


async def _values(engine: Engine, question: Question, job: _Job) -> Values:
    """The values (steps, levels, points) of a layer."""
    load = partial(engine.read, question.dataset)
    kind = precision(job.reach.layer)
    levels = []
    for request in job.requests:
        batches = [
            np.stack([target["value"] for target in batch.values], axis=-1)
            async for batch in series(load, request, pool=engine.pool)
        ]
        levels.append(np.concatenate(batches).astype(kind))
    return np.stack(levels, axis=1)
