"""How the server is, for its administrators."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from tileserver.dataset import Status
from tileserver.http import caching
from tileserver.http.datasets import LIMIT, MOST_WORDS, OFFSET, SEARCH
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.params import Parameter, Query, choice
from tileserver.monitoring.datasets import STATUSES
from tileserver.monitoring.status import Wanted, document

STATUS: Parameter[Status | None] = Parameter(
    "status",
    choice(STATUSES),
    {"type": "string", "enum": list(STATUSES)},
    "The datasets wanted.",
    None,
)
PARAMETERS = (SEARCH, STATUS, OFFSET, LIMIT)


async def get_status(request: Request) -> Response:
    """Workers, caches, storages and datasets, those in trouble first."""
    query = Query(request.query_params.multi_items(), PARAMETERS)
    words = tuple((query(SEARCH) or "").split())[:MOST_WORDS]
    state = context(request)
    wanted = Wanted(words, query(STATUS), query(OFFSET), query(LIMIT))
    if state.follower is not None:
        wanted = replace(wanted, is_of_files=state.follower.is_of_files)
    families = await state.figures.gather()
    # Ten thousand datasets take longer than others want to wait for their tiles.
    told = await asyncio.to_thread(document, families, state.everything, state.refresher, wanted)
    return caching.json_answer(request, told, "no-store")


ENDPOINTS = (
    Endpoint("/status", get_status, "How the server is", "health", PARAMETERS, scope="admin"),
)
