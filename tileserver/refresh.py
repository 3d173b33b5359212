"""Datasets follow what is written underneath.

    looked at every so often, by one worker for all     _look      opened anew if it has changed
    asked for, by a client or by an event               refresh, hint     a new generation
    a read finds that something is newer                _underneath       the same, at once
    another worker has found a change, or was asked     _follow           looked at, or opened anew

What is open is served until the new state is, and requests that have begun end on what they began
with. What fails is tried again, at first soon.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from time import monotonic

from tileserver.catalog import Catalog
from tileserver.dataset import Entry
from tileserver.errors import SourceError, SourceUnavailable
from tileserver.noticeboard import Noticeboard, number_of
from tileserver.trail import no_trail

log = logging.getLogger(__name__)

AT_ONCE = 4  # datasets of one storage that are looked at: a slow one holds up no other
FOLLOW_EVERY_S = 0.5  # looks at what other workers tell
SHORTEST = 0.8  # of the interval, so that many datasets do not stay in step
RECENT = 0.75  # of the interval: then another worker's look will do
RETRY_S = 60.0  # at most, of what failed and has no interval of its own
QUIET_S, LONGEST_BURST_S = 1.0, 10.0  # of events for one dataset, before it is opened anew
LULL_S = 1.0  # between two openings because a read has found that something is newer
GRACE_S = 1.0  # at the end, for looks that are under way
OPENING_S = 60.0  # that who asks for it waits for a dataset to be opened anew
PATIENCE_S = 5.0  # of a request that waits for a dataset to be opened anew


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of it: `changed` tells whether what was read at opening is other than before."""

    entry: Entry
    changed: bool


class Refresher:
    """Opens datasets of a catalogue anew when they have changed. Belongs to one event loop.

    Args:
        board: what the workers of this server tell each other.
        interval_s: within which a change is seen, of datasets that say no other; 0: never.

    Attributes:
        counts: how often a look or an opening came out same, changed, gone or failed.
        looked: when each dataset was last found current or opened by this worker, by monotonic().
    """

    def __init__(self, catalog: Catalog, board: Noticeboard, *, interval_s: float) -> None:
        self._catalog, self._board, self._interval_s = catalog, board, interval_s
        self.counts: Counter[str] = Counter()
        self.looked: dict[str, float] = {}
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE)
        )
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._failures: Counter[str] = Counter()
        self._outdated: set[str] = set()  # known to have changed, and not yet opened anew
        self._told: dict[str, int] = {}  # what other workers found that was looked into
        self._rushed: dict[str, float] = {}
        self._renewals: dict[str, asyncio.Task[None]] = {}
        self._bursts: dict[str, tuple[float, asyncio.TimerHandle]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for dataset, entry in catalog.entries.items():
            entry.generation = max(entry.generation, board.generation(dataset))
        catalog.changed = self._underneath

    async def run(self) -> None:
        """Until it is cancelled."""
        if not self._catalog.is_lazy:
            for entry in self._catalog.entries.values():
                if entry.usable:
                    self._schedule(entry, random.random())
        try:
            while True:
                await asyncio.sleep(FOLLOW_EVERY_S)
                if self._catalog.is_lazy:
                    self._watch_open()
                if self._board.is_shared:
                    self._follow()
        finally:
            await self._close()

    async def adopt(self, entry: Entry) -> None:
        """Show a dataset that is new or other than before, and look at it from now on."""
        dataset = entry.config.id
        self._board.add(dataset)
        entry.generation = max(entry.generation, self._board.generation(dataset))
        await self._catalog.replace(entry)
        if entry.usable and not self._catalog.is_lazy:
            self._schedule(entry, random.random())

    def forget(self, dataset: str) -> None:
        """Show a dataset no longer, and know nothing of it."""
        self._catalog.remove(dataset)
        if (timer := self._timers.pop(dataset, None)) is not None:
            timer.cancel()
        self._outdated.discard(dataset)
        for known in (self._failures, self._told, self._rushed, self.looked, self._locks):
            known.pop(dataset, None)

    def follow_generation(self, dataset: str, generation: int) -> None:
        """Open a dataset anew, as all servers that share a register are asked to."""
        entry = self._catalog.entries.get(dataset)
        if entry is not None and entry.usable and entry.generation < generation:
            self._start_renewal(entry, generation)

    async def refresh(self, dataset: str, generation: int | None = None) -> Refreshed:
        """Open a dataset anew in all workers, in this one at once.

        Args:
            generation: that it is to have then, if other servers are told of it.

        Raises DatasetNotFound; SourceUnavailable where the store does not answer in time.
        """
        entry = self._catalog.entry(dataset)
        before = _content(entry)
        if entry.usable:
            opening = self._start_renewal(entry, generation or self._board.renew(dataset))
            await asyncio.wait([opening], timeout=OPENING_S)
            if not opening.done() or dataset in self._outdated:
                raise SourceUnavailable(entry.trouble or "it takes long to open: try again later")
        return Refreshed(entry, _content(entry) != before)

    def hint(self, datasets: Iterable[str]) -> None:
        """Something was written below each of these: open it anew once nothing more is."""
        now = asyncio.get_running_loop().time()
        for dataset in datasets:
            begun, timer = self._bursts.get(dataset, (now, None))
            if timer is not None:
                timer.cancel()
            when = min(now + QUIET_S, begun + LONGEST_BURST_S)
            timer = asyncio.get_running_loop().call_at(when, self._end_burst, dataset)
            self._bursts[dataset] = begun, timer

    async def renewed(self) -> None:
        """Wait a little for all datasets that are just being opened anew."""
        if self._renewals:
            await asyncio.wait(self._renewals.values(), timeout=PATIENCE_S)

    async def catch_up(self, dataset: str, version: str) -> None:
        """Wait a little for a version that a client has from another worker."""
        entry = self._catalog.entries.get(dataset)
        if entry is None or entry.dataset is None or entry.dataset.version == version:
            return
        if self._board.is_shared:
            self._follow_one(entry)
        if (renewal := self._renewals.get(dataset)) is not None:
            await asyncio.wait([renewal], timeout=PATIENCE_S)

    def _end_burst(self, dataset: str) -> None:
        self._bursts.pop(dataset, None)
        if (entry := self._catalog.entries.get(dataset)) is not None:
            self._start_renewal(entry, self._board.renew(dataset))

    def _underneath(self, entry: Entry) -> None:
        """What is read is newer than what was opened."""
        dataset = entry.config.id
        if dataset not in self._renewals:
            self._keep_renewal(dataset, self._start(self._rush(entry)))

    async def _rush(self, entry: Entry) -> None:
        """At once, but not over and over while somebody writes."""
        dataset = entry.config.id
        await asyncio.sleep(self._rushed.get(dataset, -inf) + LULL_S - monotonic())
        self._rushed[dataset] = monotonic()
        await self._renew_quietly(entry, self._board.renew(dataset))

    def _start_renewal(self, entry: Entry, generation: int) -> asyncio.Task[None]:
        task = self._start(self._renew_quietly(entry, generation))
        self._keep_renewal(entry.config.id, task)
        return task

    def _keep_renewal(self, dataset: str, task: asyncio.Task[None]) -> None:
        self._renewals[dataset] = task
        task.add_done_callback(lambda done: self._end_renewal(dataset, done))

    def _end_renewal(self, dataset: str, task: asyncio.Task[None]) -> None:
        if self._renewals.get(dataset) is task:
            del self._renewals[dataset]

    def _follow(self) -> None:
        """Do what other workers were asked to do, look into what they found."""
        for entry in list(self._catalog.shown.values()):
            self._follow_one(entry)

    def _follow_one(self, entry: Entry) -> None:
        dataset = entry.config.id
        if not entry.usable or entry.status == "pending" or dataset in self._renewals:
            return
        generation, found = self._board.generation(dataset), self._board.found(dataset)
        if generation > entry.generation:
            self._start_renewal(entry, generation)
        elif found not in (0, self._told.get(dataset), number_of(_content(entry))):
            self._told[dataset] = found
            self._keep_renewal(dataset, self._start(self._look(entry)))

    async def _renew_quietly(self, entry: Entry, generation: int) -> None:
        with suppress(SourceUnavailable):  # it is tried again, and the listing tells
            await self._renew(entry, generation)

    async def _renew(self, entry: Entry, generation: int) -> None:
        dataset = entry.config.id
        await _settled(entry)
        async with self._locks[dataset]:
            if entry.generation >= generation:  # it was opened after this was asked for
                return
            entry.generation = max(generation, self._board.generation(dataset))
            try:
                await self._reopen(entry)
            finally:
                self._schedule(entry)

    def _watch_open(self) -> None:
        """Look at what was opened since, of datasets that are opened when they are asked for."""
        for dataset, entry in self._catalog.open.items():
            if dataset not in self._timers:
                self._schedule(entry, random.uniform(SHORTEST, 1.0))

    async def _look_in_turn(self, entry: Entry) -> None:
        """Look at a dataset, unless another worker has, and again after its interval."""
        dataset = entry.config.id
        if self._catalog.entries.get(dataset) is not entry:
            return  # another is in its place, or none
        if self._catalog.is_lazy and dataset not in self._catalog.open:
            self._timers.pop(dataset, None)  # it was closed
            return
        try:
            failed = dataset in self._failures
            if self._board.claim(dataset, RECENT * self._interval(entry)) or failed:
                await self._look(entry)
        finally:
            self._schedule(entry, random.uniform(SHORTEST, 1.0))

    async def _look(self, entry: Entry) -> None:
        dataset = entry.config.id
        await _settled(entry)
        async with self._locks[dataset], self._slots[self._catalog.storage(entry)]:
            with suppress(SourceUnavailable):
                if dataset in self._outdated or not await self._is_current(entry):
                    await self._reopen(entry)
                else:
                    self._note(entry, "same")

    async def _is_current(self, entry: Entry) -> bool:
        """Whether nothing has changed. Raises SourceUnavailable where the store does not answer."""
        if entry.dataset is None:
            return False
        try:
            return await entry.dataset.source.watch.is_current()
        except SourceUnavailable as error:
            self._note(entry, "failed", str(error))
            raise
        except SourceError:  # denied, the bucket is gone: opening it says so
            return False

    async def _reopen(self, entry: Entry) -> None:
        before = _content(entry)
        self._outdated.add(entry.config.id)
        try:
            await self._catalog.reopen(entry)
        except SourceUnavailable as error:
            self._note(entry, "failed", str(error))
            raise
        self._outdated.discard(entry.config.id)
        if entry.dataset is None:
            self._note(entry, "gone")
        else:
            self._note(entry, "same" if _content(entry) == before else "changed")

    def _note(self, entry: Entry, result: str, trouble: str | None = None) -> None:
        """Count, tell the other workers, and remember what to try again soon."""
        dataset = entry.config.id
        self.counts[result] += 1
        entry.trouble = trouble
        if result != "failed":
            self._board.tell(dataset, _content(entry))
        if result in ("failed", "gone"):
            self._failures[dataset] += 1
        else:
            del self._failures[dataset]
            self.looked[dataset] = monotonic()

    def _interval(self, entry: Entry) -> float:
        own = entry.config.refresh_s
        return self._interval_s if own is None else own

    def _schedule(self, entry: Entry, part: float = 1.0) -> None:
        """Its next turn: after a part of its interval, or sooner where something has failed."""
        dataset, wait_s = entry.config.id, part * self._interval(entry)
        if dataset in self._failures:
            wait_s = min(wait_s or RETRY_S, 2.0 ** min(self._failures[dataset], 10))
        if (timer := self._timers.pop(dataset, None)) is not None:
            timer.cancel()
        if wait_s:
            loop = asyncio.get_running_loop()
            self._timers[dataset] = loop.call_later(
                wait_s, lambda: self._start(self._look_in_turn(entry))
            )

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, context=no_trail())
        self._tasks.add(task)  # the event loop itself keeps none
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a dataset could not be looked at", exc_info=task.exception())

    async def _close(self) -> None:
        for timer in (*self._timers.values(), *(timer for _, timer in self._bursts.values())):
            timer.cancel()
        if self._tasks:  # a request that is cancelled goes on in obstore's threads, into the exit
            await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _content(entry: Entry) -> str:
    """The version of what was read when it was opened."""
    return "" if entry.dataset is None else entry.dataset.source.version


async def _settled(entry: Entry) -> None:
    """After the first opening."""
    if entry.opening is not None and not entry.opening.done():
        await asyncio.wait([entry.opening])
