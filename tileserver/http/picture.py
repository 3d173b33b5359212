"""A drawing as the answer to a request, whatever protocol asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from tileserver.cost import OverBudget
from tileserver.drawing import Drawing
from tileserver.encode import MEDIA_TYPES, RAW, Format
from tileserver.http import caching
from tileserver.http.endpoint import context
from tileserver.pattern import pattern
from tileserver.trail import Stages

PATTERN_KEPT = "public, max-age=60"


async def picture_answer(
    request: Request, drawing: Drawing, headers: Mapping[str, str], stages: Stages
) -> Response:
    """The picture; 304, before any work, where the client has it; a pattern where it would read
    more than it may.

    Args:
        headers: what goes with it beside its ETag.
        stages: begun with the request.
    """
    known = {**headers, "ETag": drawing.etag}
    if caching.matches(request.headers.get("if-none-match"), drawing.etag):
        return caching.not_modified(known)
    stages.mark("parse")
    state = context(request)
    try:
        body = await state.engine.tile(drawing, stages)
    except OverBudget as error:
        if drawing.format in RAW or not state.has_pattern:
            raise
        media_type = MEDIA_TYPES[drawing.format]
        return pattern_answer(drawing.target.shape, drawing.format, media_type, error)
    known["Server-Timing"] = server_timing(stages)
    return Response(body, headers=known, media_type=MEDIA_TYPES[drawing.format])


def pattern_answer(
    shape: tuple[int, int], format: Format, media_type: str, error: OverBudget
) -> Response:
    """The pattern in place of a picture that would read too much; kept only for a moment."""
    cost = error.cost
    headers = {
        "Cache-Control": PATTERN_KEPT,
        "X-Over-Budget": f"chunks={cost.chunks}, bytes={cost.nbytes}",
        "Warning": f'199 - "{error}"',
    }
    return Response(pattern(*shape, format), headers=headers, media_type=media_type)


def server_timing(stages: Stages) -> str:
    """W3C Server Timing, in milliseconds."""
    return ", ".join(f"{name};dur={s * 1000:.3f}" for name, s in stages.seconds.items())
