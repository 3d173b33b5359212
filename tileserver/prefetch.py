"""Neighbours in time are read ahead while a client plays an animation.

    a window is drawn at one time, then at a near one     note      it is played, by a stride
    the same window one and two strides on                _play     will be asked for: wishes
    unless it is held, after what clients wait for        _fetch    its chunks are cached in time
    not played any more, or left behind                   _sweep    cancelled

Reading goes through the source, so that a chunk that is read ahead while it is asked for is read
once, and goes on if either is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import math
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import monotonic

from tileserver.cube import TIME
from tileserver.dataset import Dataset
from tileserver.plan import ReadPlan
from tileserver.sources.chunk import planned_bytes
from tileserver.sources.source import Source
from tileserver.timeaxis import TimeAxis
from tileserver.trail import no_trail

log = logging.getLogger(__name__)

LONGEST_STRIDE = 4  # steps; who goes farther seeks rather than plays
AHEAD = 2  # strides
WATCHED_WINDOWS = 1024
WATCHED_STEPS = 16  # of one window, which several clients may play
WAITING_READS = 256
PAUSE_S = 0.01  # between looks whether the server is still busy

Drawn = dict[int, float]  # when each place in time was last drawn, the one new to it last


@dataclass(frozen=True, slots=True, eq=False)
class _Animation:
    """A window that is played: it is drawn at a place in time, and the next is a stride away."""

    key: Hashable
    source: Source
    plan: ReadPlan
    place: int
    stride: int

    def ahead(self) -> Iterator[tuple[int, ReadPlan]]:
        """The next places in time and their windows."""
        cube, window = self.source.cube, self.plan.window
        variable, time = cube.variables[self.plan.variable], cube.time
        axis, last = variable.dims.index(TIME), variable.stored(self.plan.level).steps
        assert time is not None
        for place in (self.place + n * self.stride for n in range(1, AHEAD + 1)):
            if 0 <= place < time.size:
                step = int(time.order[place])
                if last is not None and step >= last:  # it will be drawn from another level
                    continue
                moved = (*window[:axis], slice(step, step + 1), *window[axis + 1 :])
                yield place, replace(self.plan, window=moved)

    def behind(self) -> range:
        """The places from which it comes, as far as it may have been ahead of them."""
        sign = 1 if self.stride > 0 else -1
        return range(self.place - sign, self.place - sign * (AHEAD * LONGEST_STRIDE + 1), -sign)


@dataclass(slots=True, eq=False)
class _Wish:
    """A window that is likely to be asked for soon, and until when."""

    task: asyncio.Task[None]
    until: float


class Prefetcher:
    """Reads ahead of animations. Belongs to one event loop.

    Args:
        at_once: how many windows are read ahead at the same time.
        window_bytes: what the chunks of a window may hold, decoded; larger ones are let be.
        quiet_s: an animation that has drawn nothing for so long has stopped.
        busy: whether clients wait for other work, which then goes first.
    """

    def __init__(
        self,
        *,
        at_once: int = 4,
        window_bytes: int = 32 << 20,
        quiet_s: float = 2.0,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._window_bytes, self._quiet_s, self._busy = window_bytes, quiet_s, busy
        self._watched: OrderedDict[Hashable, Drawn] = OrderedDict()
        self._wishes: dict[tuple[Hashable, int], _Wish] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    def note(self, dataset: Dataset, plans: Iterable[ReadPlan | None]) -> None:
        """A picture of these windows is drawn."""
        now = monotonic()
        for plan in plans:
            if plan is not None:
                self._note(dataset, plan, now)

    async def close(self) -> None:
        """Cancel all reading, and wait until it has ended."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _note(self, dataset: Dataset, plan: ReadPlan, now: float) -> None:
        cube = dataset.source.cube
        dims, time = cube.variables[plan.variable].dims, cube.time
        if time is None or TIME not in dims:
            return
        axis = dims.index(TIME)
        starts, stops = [s.start for s in plan.window], [s.stop for s in plan.window]
        place = place_in_time(time, starts[axis])
        starts[axis] = stops[axis] = -1
        key = (dataset, plan.variable, plan.level, plan.chunks, *starts, *stops)
        drawn = self._watched.get(key)
        if drawn is None:
            self._watch(key, {place: now})
            return
        self._watched.move_to_end(key)
        if now - drawn.get(place, -math.inf) < self._quiet_s / 2:
            drawn[place] = now  # another tile of the same picture, or a late one
            return
        stride = stride_to(place, drawn, since=now - 2 * self._quiet_s)
        _remember(drawn, place, now)
        if stride:
            self._play(_Animation(key, dataset.source, plan, place, stride), now)

    def _watch(self, key: Hashable, drawn: Drawn) -> None:
        self._watched[key] = drawn
        if len(self._watched) > WATCHED_WINDOWS:
            self._watched.popitem(last=False)

    def _play(self, animation: _Animation, now: float) -> None:
        for place in animation.behind():
            self._drop((animation.key, place))
        if _chunk_bytes(animation.source, animation.plan) > self._window_bytes:
            return
        for place, plan in animation.ahead():
            wish = self._wishes.get((animation.key, place))
            if wish is not None:
                wish.until = now + self._quiet_s
            elif len(self._tasks) < WAITING_READS and animation.source.held(plan) is None:
                task = self._start(animation.source, plan)
                self._wishes[animation.key, place] = _Wish(task, now + self._quiet_s)

    def _start(self, source: Source, plan: ReadPlan) -> asyncio.Task[None]:
        task = asyncio.create_task(self._fetch(source, plan), context=no_trail())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._sweeper is None:
            self._sweep_later()
        return task

    async def _fetch(self, source: Source, plan: ReadPlan) -> None:
        try:
            async with self._slots:
                while self._busy():
                    await asyncio.sleep(PAUSE_S)
                await source.read(plan)
        except Exception:  # who asks for it will be told
            log.debug("reading ahead failed", exc_info=True)

    def _sweep(self) -> None:
        """Cancel what nobody wishes any more. Wishes that are fulfilled go here too: until then
        they keep a window that cannot be read, or not be kept, from being read again."""
        now = monotonic()
        for key in [key for key, wish in self._wishes.items() if wish.until <= now]:
            self._drop(key)
        self._sweeper = None
        if self._wishes:
            self._sweep_later()

    def _sweep_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(self._quiet_s / 4, self._sweep)

    def _drop(self, key: tuple[Hashable, int]) -> None:
        wish = self._wishes.pop(key, None)
        if wish is not None:
            wish.task.cancel()


def place_in_time(time: TimeAxis, step: int) -> int:
    """Where a step of the store stands in `time.order`: nearly always it is the order itself."""
    order, seconds = time.order, time.seconds
    if step < len(order) and order[step] == step:
        return step
    return bisect_left(order, seconds[step], key=seconds.__getitem__)


def stride_to(place: int, drawn: Drawn, since: float) -> int:
    """By how many steps an animation came to this place, 0 if none did.

    It came from the nearest of the places drawn since, of two that are equally near from the later.
    """
    near = [
        (abs(place - other), -at, place - other)
        for other, at in drawn.items()
        if at >= since and 0 < abs(place - other) <= LONGEST_STRIDE
    ]
    return min(near)[2] if near else 0


def _remember(drawn: Drawn, place: int, now: float) -> None:
    drawn.pop(place, None)
    drawn[place] = now
    if len(drawn) > WATCHED_STEPS:
        del drawn[next(iter(drawn))]


def _chunk_bytes(source: Source, plan: ReadPlan) -> int:
    level = source.cube.variables[plan.variable].stored(plan.level)
    return planned_bytes(plan, level)
