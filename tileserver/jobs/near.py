"""Reading what many features of a part have in common once, and handing each its window of it.

Of a thousand areas each has few cells: reading them one by one takes longer than summing them up.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

import numpy as np

from tileserver.area import Weights
from tileserver.cube import Raw
from tileserver.plan import ReadPlan
from tileserver.services.seriesrequest import ONE, Request, estimate, layout_of, parts_of
from tileserver.services.window import Read, read_blocks

T = TypeVar("T")

MOST_BYTES = 64 << 20
SPARSE = 4  # times what is needed: too much to read for features that lie far apart


class Inline(Executor):
    """Does at once what it is given: a part is one thread's."""

    def submit(self, job: Callable[..., T], /, *args: Any, **more: Any) -> Future[T]:
        """The result is there when it returns."""
        done: Future[T] = Future()
        try:
            done.set_result(job(*args, **more))
        except Exception as error:
            done.set_exception(error)
        return done


async def shared(read: Read, request: Request) -> Read:
    """A way to read by which windows are cut from a larger one where that is worth while."""
    window = _common(request)
    if window is None:
        return read
    parts = parts_of(request, window)
    steps = slice(int(request.steps.min()), int(request.steps.max()) + 1)
    blocks = await read_blocks(read, parts, request.selection, steps)
    plans = [part.plan(request.selection, steps) for part in parts]
    known = {(p.variable, p.level): (p.window, b) for p, b in zip(plans, blocks, strict=True)}

    async def cut(plan: ReadPlan) -> Raw:
        outer, block = known.get((plan.variable, plan.level), (None, None))
        if outer is None or block is None or not _holds(outer, plan.window):
            return await read(plan)
        return block[
            tuple(
                slice(w.start - o.start, w.stop - o.start)
                for w, o in zip(plan.window, outer, strict=True)
            )
        ]

    return cut


def _common(request: Request) -> Weights | None:
    """The window that holds those of all features, if it may be read."""
    windows = [t.weights for t in request.targets if t.weights is not None]
    if len(windows) < 2:
        return None
    rows = slice(min(w.rows.start for w in windows), max(w.rows.stop for w in windows))
    cols = slice(min(w.cols.start for w in windows), max(w.cols.stop for w in windows))
    level = layout_of(request)
    steps = int(np.ptp(request.steps)) + 1
    itemsize = sum(v.dtype.itemsize for v in request.layer.variables)
    nbytes = (rows.stop - rows.start) * (cols.stop - cols.start) * steps * itemsize
    if cols.stop - cols.start > level.shape[-1] or nbytes > MOST_BYTES:
        return None
    return Weights(rows, cols, ONE, ONE) if nbytes <= SPARSE * estimate(request) else None


def _holds(outer: tuple[slice, ...], inner: tuple[slice, ...]) -> bool:
    pairs = zip(outer, inner, strict=True)
    return all(o.start <= i.start and i.stop <= o.stop for o, i in pairs)
