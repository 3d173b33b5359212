"""Series that take longer than a request may: posted, asked after, fetched, given up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tileserver.geometry import Feature
from tileserver.http import caching, params
from tileserver.http.caller import caller_of, need_scope
from tileserver.http.datasets import END, START
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import STRING, Parameter, Query, whole
from tileserver.http.values import (
    AGGREGATE,
    OUTPUT,
    PLACE,
    body_features,
    query_features,
)
from tileserver.jobs.office import Office, check_status
from tileserver.jobs.order import Order
from tileserver.jobs.register import Job
from tileserver.jobs.result import MEDIA_TYPES
from tileserver.services.aggregate import parse_aggregates

NOT_KEPT = "no-store"
MOST_LISTED = 1000
NO_JOBS = "the server takes no jobs: set TILESERVER_JOBS to a folder that it may write to"

DATASET: Parameter[str | None] = Parameter(
    "dataset", params.text, STRING, "A dataset's id, of /datasets.", None, "ocean", True
)
VARIABLE: Parameter[str | None] = Parameter(
    "variable", params.text, STRING, "A variable, or _ with expression.", None, "sst", True
)
STATUS: Parameter[str | None] = Parameter(
    "status", check_status,
    {"type": "string", "enum": ["accepted", "running", "successful", "failed"]},
    "Only jobs that stand so.", None,
)  # fmt: skip
LIMIT = whole("limit", 1, MOST_LISTED, "How many are told at most.", 100)
OFFSET = whole("offset", 0, 10**9, "How many are passed over.", 0)

ORDER = (
    *(DATASET, VARIABLE, params.EXPRESSION, params.METHOD),
    *PLACE,
    *(START, END, AGGREGATE, OUTPUT),
)
LISTING = (STATUS, LIMIT, OFFSET)


async def post_job(request: Request) -> Response:
    """Take a series as a job, with the parameters and the body of /timeseries."""
    office, state = _office(request), context(request)
    name = request.query_params.get(DATASET.name, "")
    await state.catalog.settle(name)
    known = state.catalog[name].source.cube.dimensions if name else {}
    query = Query(request.query_params.multi_items(), ORDER, known.keys())
    order = Order(
        query.need(DATASET),
        query.need(VARIABLE),
        tuple(sorted(query.dims.items())),
        query(params.METHOD),
        query(params.EXPRESSION),
        query(START),
        query(END),
        parse_aggregates(query(AGGREGATE)),
        query(OUTPUT),
    )
    features = await _features(request, query)
    job = await asyncio.to_thread(office.take, state.catalog, order, features)
    document = _document(job, base_url(request.scope))
    answer = caching.json_answer(request, document, NOT_KEPT)
    answer.status_code = 201
    answer.headers["Location"] = document["links"][0]["href"]
    return answer


async def get_jobs(request: Request) -> Response:
    """The jobs, the newest first; for operators where there are any, as an id is all that it takes
    to remove a job."""
    office = _office(request)
    if context(request).identity.is_on:
        need_scope(request, "admin")
    query = Query(request.query_params.multi_items(), LISTING)
    limit, offset, status = query(LIMIT), query(OFFSET), query(STATUS)
    jobs, total = await asyncio.to_thread(office.listed, limit, offset, status)
    base = base_url(request.scope)
    document: dict[str, Any] = {"jobs": [_document(job, base) for job in jobs], "total": total}
    if offset + len(jobs) < total:
        rest = "".join(f"&status={status}" for _ in range(status is not None))
        document["next"] = f"{base}/jobs?limit={limit}&offset={offset + limit}{rest}"
    return caching.json_answer(request, document, NOT_KEPT)


async def get_job(request: Request) -> Response:
    """How a job stands."""
    job = await _job(request)
    return caching.json_answer(request, _document(job, base_url(request.scope)), NOT_KEPT)


async def get_result(request: Request) -> Response:
    """The file of a job that has ended well; ranges of it too."""
    _check_gone(request, await _job(request))
    job, path = await asyncio.to_thread(_office(request).result, _key(request))
    return FileResponse(
        path,
        headers={"Cache-Control": "private, max-age=3600, immutable"},
        media_type=MEDIA_TYPES[job.order.output],
        filename=f"{job.order.dataset}.{job.order.variable}.{job.order.output}",
    )


async def delete_job(request: Request) -> Response:
    """Remove a job and its result, or stop it."""
    await _job(request)
    job = await asyncio.to_thread(_office(request).dismiss, _key(request))
    return caching.json_answer(request, _document(job, base_url(request.scope)), NOT_KEPT)


def _office(request: Request) -> Office:
    office = context(request).jobs
    if office is None:
        raise HTTPException(403, NO_JOBS)
    return office


async def _job(request: Request) -> Job:
    """A job on a dataset that the caller may see: its numbers are the dataset's."""
    job = await asyncio.to_thread(_office(request).job, _key(request))
    context(request).catalog.check(job.order.dataset)
    return job


def _check_gone(request: Request, job: Job) -> None:
    """Of a dataset that is gone nobody knows who might see it: its numbers are administrators'."""
    if context(request).identity.is_on and not caller_of(request.scope).may("admin"):
        context(request).catalog.entry(job.order.dataset)


def _key(request: Request) -> str:
    Query(request.query_params.multi_items(), ())
    key: str = request.path_params["job"]
    return key


async def _features(request: Request, query: Query) -> list[Feature]:
    """The query's point or box, else those in the body."""
    if (query(params.LON), query(params.LAT), query(params.BBOX)) != (None, None, None):
        return query_features(query)
    return await body_features(request, context(request))


def _document(job: Job, base: str) -> dict[str, Any]:
    """A job in the words of OGC API – Processes, part 1, 7.12 (statusInfo), and some of ours."""
    order = job.order
    own = f"{base}/jobs/{job.id}"
    links = [{"rel": "self", "type": "application/json", "href": own}]
    if job.status == "successful":
        media_type = MEDIA_TYPES[order.output].partition(";")[0]
        rel = "http://www.opengis.net/def/rel/ogc/1.0/results"
        links.append({"rel": rel, "type": media_type, "href": f"{own}/result"})
    share = 1.0 if job.status == "successful" else job.done / max(1, job.parts)
    times = {name: _time(getattr(job, name)) for name in ("created", "started", "finished")}
    document = {
        "jobID": job.id,
        "type": "process",
        "processID": "timeseries",
        "status": job.status,
        "message": job.message,
        "progress": int(100 * share),
        **times,
        "updated": _time(job.updated or job.created),
        "request": order.document() | {"features": job.features},
        "estimate": {
            "read_bytes": job.read_bytes,
            "seconds": round(job.seconds, 1),
            "parts": job.parts,
        },
        "parts_done": job.done,
        "result_bytes": job.nbytes if job.status == "successful" else None,
        "links": links,
    }
    return {key: value for key, value in document.items() if value is not None}


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    told = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    return told.replace("+00:00", "Z")


ENDPOINTS = (
    Endpoint("/jobs", post_job, "Take a long series as a job", "jobs", ORDER, True,
             methods=("POST",), body="application/geo+json", queued=True, status=201),
    Endpoint("/jobs", get_jobs, "The jobs", "jobs", LISTING),
    Endpoint("/jobs/{job}", get_job, "How a job stands", "jobs"),
    Endpoint("/jobs/{job}", delete_job, "Remove or stop a job", "jobs", methods=("DELETE",)),
    Endpoint("/jobs/{job}/result", get_result, "The result of a job", "jobs",
             answers=tuple(MEDIA_TYPES.values())),
)  # fmt: skip
