"""Figures for operators: as Prometheus reads them."""

from __future__ import annotations

import asyncio

from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import Response

from tileserver.http.caller import need_scope
from tileserver.http.endpoint import Endpoint, context
from tileserver.monitoring.figures import Told

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def get_metrics(request: Request) -> Response:
    """The metrics of all workers of this server."""
    state = context(request)
    if state.are_metrics_private:
        need_scope(request, "admin")
    families = await state.figures.gather()
    body = await asyncio.to_thread(generate_latest, Told(families))
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPE)


ENDPOINTS = (
    Endpoint("/metrics", get_metrics, "Prometheus metrics", "health", answers=("text/plain",)),
)
