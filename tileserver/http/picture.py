"""A drawing as the answer to a request, whatever protocol asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from tileserver.drawing import Drawing
from tileserver.encode import MEDIA_TYPES
from tileserver.http import caching
from tileserver.http.endpoint import context
from tileserver.pipeline import Stages


async def picture_answer(
    request: Request, drawing: Drawing, headers: Mapping[str, str], stages: Stages
) -> Response:
    """The picture; 304, before any work, where the client has it.

    Args:
        headers: what goes with it beside its ETag.
        stages: begun with the request.
    """
    known = {**headers, "ETag": drawing.etag}
    if caching.matches(request.headers.get("if-none-match"), drawing.etag):
        return caching.not_modified(known)
    stages.mark("parse")
    body = await context(request).engine.tile(drawing, stages)
    known["Server-Timing"] = server_timing(stages)
    return Response(body, headers=known, media_type=MEDIA_TYPES[drawing.format])


def server_timing(stages: Stages) -> str:
    """W3C Server Timing, in milliseconds."""
    return ", ".join(f"{name};dur={s * 1000:.3f}" for name, s in stages.seconds.items())
