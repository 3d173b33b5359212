"""Maps: layers over one another, over a background, of any size, drawn as tiles are."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from tileserver.drawing import Drawing, View
from tileserver.encode import WHITE, Format
from tileserver.errors import DeadlineExceeded, InvalidParameter
from tileserver.gate import Gate, in_thread
from tileserver.grid import Grid
from tileserver.pipeline import Engine
from tileserver.services.ogc.wms_canvas import Color, Piece, assemble
from tileserver.services.ogc.wms_grid import Part, is_whole, parts, sketch
from tileserver.style import check_range
from tileserver.trail import Stages

T = TypeVar("T")

PARTS_AT_ONCE = 4  # of one map, so that it leaves room for others


@dataclass(frozen=True, eq=False)
class Map:
    """What a GetMap shows.

    Args:
        views: from the lowest layer to the highest.
        background: what shows where no layer does; None: nothing.
    """

    views: tuple[View, ...]
    target: Grid
    format: Format
    background: Color | None

    @cached_property
    def drawing(self) -> Drawing | None:
        """The one picture that it consists of, if it does: that of a tile, maybe."""
        plain = self.background is None or (self.format == "jpg" and self.background == WHITE)
        if len(self.views) == 1 and plain and is_whole(self.target):
            return Drawing(self.views[0], self.target, self.format)
        return None

    @cached_property
    def etag(self) -> str:
        """A strong validator, known before any work."""
        if self.drawing is not None:
            return self.drawing.etag
        keys = "|".join(view.key for view in self.views)
        text = f"map|{keys}|{self.target.key}|{self.background}|{self.format}"
        return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


async def draw(engine: Engine, gate: Gate, wanted: Map, stages: Stages) -> bytes:
    """The encoded map.

    Args:
        gate: lets in a few of those that consist of several pictures.

    Raises SourceError, PayloadTooLarge, InvalidParameter, Overloaded, DeadlineExceeded.
    """
    if wanted.drawing is not None:
        return await engine.tile(wanted.drawing, stages)
    body = await engine.tiles.get(wanted.etag, lambda: _assembled(engine, gate, wanted))
    stages.mark("map")
    return body


async def _assembled(engine: Engine, gate: Gate, wanted: Map) -> bytes:
    limit_s = engine.limits.tile_s
    slots = asyncio.Semaphore(PARTS_AT_ONCE)

    async def piece(part: Part) -> Piece:
        bodies = []
        async with slots:
            for view in wanted.views:
                await asyncio.sleep(0)  # what is drawn at once waits for nothing: let others in
                bodies.append(await engine.tile(Drawing(view, part.grid)))
        return Piece(part.row, part.col, tuple(bodies))

    try:
        async with gate, asyncio.timeout(limit_s):
            pieces = await together(map(piece, parts(wanted.target)))
            shape, background = wanted.target.shape, wanted.background
            return await in_thread(engine.pool, assemble, pieces, shape, background, wanted.format)
    except TimeoutError:
        raise DeadlineExceeded(
            f"this took longer than {limit_s:g} s: ask for a smaller map, or of fewer layers"
        ) from None


async def together(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What the jobs return; where one fails, the others are dropped."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def fitted(engine: Engine, view: View, target: Grid) -> View:
    """The view with the range of the values that the map shows, as a sketch of it has them; as it
    is where there are none, or all are the same."""
    body = await engine.tile(Drawing(view, sketch(target), "npy"))
    values = np.load(io.BytesIO(body))
    known = values[np.isfinite(values)]
    if (view.choice.scale or view.layer.style.scale) == "log":
        known = known[known > 0]
    if not known.size:
        return view
    rescale = (float(known.min()), float(known.max()))
    try:
        check_range(*rescale)
    except InvalidParameter:
        return view
    return replace(view, choice=replace(view.choice, rescale=rescale))
