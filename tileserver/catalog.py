"""The catalogue: which datasets there are, how they are reached, and how they are drawn."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from time import monotonic
from urllib.parse import urlsplit

from tileserver.access.caller import Caller
from tileserver.cache import ByteCache
from tileserver.config import (
    ServiceConfig,
)
from tileserver.cost import Limits
from tileserver.cube import Raw
from tileserver.dataset import Dataset, Entry, digest, make_dataset
from tileserver.errors import (
    CatalogError,
    DatasetNotFound,
    DatasetUnavailable,
    Forbidden,
    SourceUnavailable,
    TileserverError,
    Unauthenticated,
)
from tileserver.matrixset import MatrixSets
from tileserver.sources.opening import open_source
from tileserver.sources.storage.connection import Storage, disk_traffic, is_local
from tileserver.sources.storage.traffic import Traffic
from tileserver.viewerconfig import ViewerConfig

log = logging.getLogger(__name__)

OPENED_AT_ONCE = 16
PATIENCE_S = 5.0  # of a request for a dataset that is being opened
WRITING_S = 1.0  # between two looks at a dataset that was sound and is no more
RETRY_S = 10.0  # until a dataset that could not be opened when it was asked for is tried again


class Catalog:
    """The datasets by id, opened concurrently; one that fails harms no other.

    Requests work with what `seen_by` makes of it for who asks: whatever is asked of a dataset goes
    through `entry`, and what is listed through `entries` and `shown`.

    `traffic` is what goes to and from each storage that was used so far, by the storage's name; of
    datasets without one by their bucket or host, or `disk`. `changed` is called when a dataset that
    is open was read and found to be written anew underneath, `opened` when one was opened.

    Args:
        cache: decoded chunks of all sources.
        pool: threads for decoding.
        most_open: datasets that are kept open; of a larger catalogue each is opened when it is
            first asked for, and those that were not for longest are closed again.
        workers: processes that share the limits of the storages.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        *,
        cache: ByteCache[Raw],
        pool: Executor,
        service: ServiceConfig | None = None,
        viewer: ViewerConfig | None = None,
        matrix_sets: MatrixSets | None = None,
        limits: Limits | None = None,
        most_open: int | None = None,
        workers: int = 1,
    ) -> None:
        self._entries: dict[str, Entry] = {}
        self._kept_to_some: set[str] = set()
        self._caller: Caller | None = None  # for whom this is; None for the server itself
        self.service = service or ServiceConfig()
        self.viewer = viewer or ViewerConfig()
        self.matrix_sets = matrix_sets or MatrixSets()
        self.limits = limits or Limits()
        self.traffic: dict[str, Traffic] = {}
        self.changed: Callable[[Entry], object] = lambda _: None
        self.opened: Callable[[Dataset], object] = lambda _: None
        self._cache, self._pool, self._workers = cache, pool, workers
        self._slots = asyncio.Semaphore(OPENED_AT_ONCE)
        self._most_open, self._uses = most_open, count(1)
        self.is_lazy = False
        self._open_entries: dict[str, Entry] = {}
        for entry in entries.values():
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Show a dataset from now on, in place of one of the same id; nothing is opened by it."""
        dataset = entry.config.id
        self._entries[dataset] = entry
        self._kept_to_some.discard(dataset)
        if entry.config.access is not None:
            self._kept_to_some.add(dataset)
        if entry.dataset is None:
            self._open_entries.pop(dataset, None)
        self.is_lazy = self._most_open is not None and len(self._entries) > self._most_open

    def remove(self, dataset: str) -> None:
        """Show a dataset no longer; requests that have begun end on what they began with."""
        self._entries.pop(dataset, None)
        self._open_entries.pop(dataset, None)
        self._kept_to_some.discard(dataset)

    async def replace(self, entry: Entry) -> None:
        """Show a dataset as soon as it was opened, and what is in its place until then."""
        known = self._entries.get(entry.config.id)
        if self.is_lazy or known is None or known.dataset is None:
            self.add(entry)
            if not self.is_lazy:
                entry.opening = asyncio.ensure_future(self._opened(entry))
                await asyncio.wait([entry.opening])
            return
        await self._opened(entry)
        self.add(entry)
        if entry.dataset is not None:
            self._keep(entry)
            self.opened(entry.dataset)

    async def try_open(self, entry: Entry) -> None:
        """Open a dataset that is not shown, to see whether it can be.

        Raises CatalogError, SourceError.
        """
        async with self._slots:
            await self._open(entry)

    @property
    def has_private(self) -> bool:
        """Whether any dataset is kept to some roles."""
        return bool(self._kept_to_some)

    def seen_by(self, caller: Caller) -> Catalog:
        """The same, but that it shows what a caller may see."""
        if not self.has_private:
            return self
        seen = copy.copy(self)  # which shares all that changes
        seen._caller = caller
        return seen

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The datasets that are shown, open or not."""
        return self._seen(self._entries)

    @property
    def open(self) -> Mapping[str, Entry]:
        """Those that are open."""
        return self._seen(self._open_entries)

    def _seen(self, entries: dict[str, Entry]) -> Mapping[str, Entry]:
        caller = self._caller
        if caller is None:
            return entries
        return {name: entry for name, entry in entries.items() if entry.is_seen_by(caller)}

    @property
    def version(self) -> str:
        """Changes when any dataset does, or what is told of the service."""
        parts = [
            f"{k}:{e.dataset.version if e.dataset else e.status}" for k, e in self.shown.items()
        ]
        return digest("|".join([self.service.model_dump_json(), *parts]))

    async def open_all(self, tried: Callable[[], object] = lambda: None) -> None:
        """Try every dataset once, unless they are too many; `tried` is called after each."""
        if self.is_lazy:
            return

        async def opened(entry: Entry) -> None:
            await self._opened(entry)
            tried()

        for entry in self._entries.values():
            entry.opening = asyncio.ensure_future(opened(entry))
        await asyncio.gather(*(e.opening for e in self._entries.values() if e.opening is not None))

    async def settle(self, dataset: str) -> None:
        """Wait a little for a dataset that is being opened, or is to be as it is asked for."""
        entry = self._entries.get(dataset)
        if entry is None or not self._sees(entry):
            return
        if self.is_lazy and self._is_to_be_tried(entry):
            entry.tried = monotonic()
            entry.opening = asyncio.ensure_future(self._opened(entry))
        if entry.opening is not None and not entry.opening.done():
            await asyncio.wait([entry.opening], timeout=PATIENCE_S)

    async def settle_all(self) -> None:
        """Wait a little for all that is being opened."""
        opening = [e.opening for e in self.shown.values() if e.opening and not e.opening.done()]
        if opening:
            await asyncio.wait(opening, timeout=PATIENCE_S)

    def _is_to_be_tried(self, entry: Entry) -> bool:
        """Whether a dataset was never opened, or closed, or could not be some time ago."""
        if entry.usable and entry.status == "error" and monotonic() - entry.tried > RETRY_S:
            entry.error = None
            return True
        return entry.opening is None

    def __getitem__(self, dataset: str) -> Dataset:
        """An open dataset. Raises as `entry`, DatasetUnavailable, SourceUnavailable."""
        entry = self.entry(dataset)
        entry.used = next(self._uses)
        if entry.status == "pending":
            raise SourceUnavailable(f"dataset {dataset!r} is still being opened: try again")
        if entry.dataset is None:
            raise DatasetUnavailable(f"dataset {dataset!r}: {entry.error}")
        return entry.dataset

    def has(self, dataset: Dataset) -> bool:
        """Whether this is what the dataset of its id is now: it may have been opened anew."""
        entry = self._entries.get(dataset.id)
        if entry is None or entry.dataset is not dataset or not self._sees(entry):
            return False
        entry.used = next(self._uses)
        return True

    def knows(self, dataset: str) -> bool:
        """Whether there is such a dataset, and it is no secret."""
        entry = self._entries.get(dataset)
        return entry is not None and (self._sees(entry) or not entry.is_hidden)

    def entry(self, dataset: str) -> Entry:
        """A dataset, open or not. Raises DatasetNotFound, Unauthenticated, Forbidden."""
        self.check(dataset)
        entry = self._entries.get(dataset)
        if entry is None:
            raise _not_found(dataset)
        return entry

    def check(self, dataset: str) -> None:
        """Refuse what may not be seen. Raises DatasetNotFound, Unauthenticated, Forbidden."""
        entry = self._entries.get(dataset)
        if entry is None or self._sees(entry):
            return
        assert self._caller is not None
        if entry.is_hidden:
            raise _not_found(dataset)
        if self._caller.is_anonymous:
            raise Unauthenticated(f"dataset={dataset!r} is not public: send a key or token")
        raise Forbidden(f"dataset={dataset!r}: what you have shown does not open it")

    def _sees(self, entry: Entry) -> bool:
        return self._caller is None or entry.is_seen_by(self._caller)

    def ready(self) -> list[Dataset]:
        """The datasets that are open."""
        return [e.dataset for e in self.shown.values() if e.dataset is not None]

    @property
    def shown(self) -> Mapping[str, Entry]:
        """The datasets that may be open: of very many those that are."""
        return self.open if self.is_lazy else self.entries

    async def _opened(self, entry: Entry) -> None:
        if entry.status == "pending":
            with suppress(SourceUnavailable):
                await self.reopen(entry)

    async def reopen(self, entry: Entry) -> None:
        """Open a dataset, for the first time or anew, and serve it from then on.

        What is open is kept where the store does not answer; else an error takes its place.
        Raises SourceUnavailable where trying again may help.
        """
        known = entry.error
        async with self._slots:
            try:
                dataset = await self._open_whole(entry)
            except SourceUnavailable as error:
                if entry.dataset is None:
                    entry.error = str(error)
                raise
            except TileserverError as error:
                entry.dataset, entry.error = None, str(error)
            except Exception as error:  # one dataset's surprise must not stop the others
                entry.dataset = None
                entry.error = f"it cannot be opened ({type(error).__name__})"
                log.exception("dataset cannot be opened", extra={"dataset": entry.config.id})
            else:
                entry.dataset, entry.error, entry.tried = dataset, None, monotonic()
                if self._entries.get(entry.config.id) is entry:  # it may be shown only later
                    self._keep(entry)
                    self.opened(dataset)
            finally:
                if entry.dataset is None:
                    self._open_entries.pop(entry.config.id, None)
                if entry.error and entry.error != known:
                    log.warning("dataset %s: %s", entry.config.id, entry.error)

    def _keep(self, entry: Entry) -> None:
        """Keep a dataset open, and close what was not used for longest where they are too many."""
        entry.used = next(self._uses)
        self._open_entries[entry.config.id] = entry
        if not self.is_lazy:
            return
        assert self._most_open is not None
        while len(self._open_entries) > self._most_open:
            oldest = min(self._open_entries.values(), key=lambda each: each.used)
            del self._open_entries[oldest.config.id]
            oldest.dataset, oldest.opening = None, None

    async def _open_whole(self, entry: Entry) -> Dataset:
        """The dataset, looked at twice where it was sound: who writes it may be in the middle."""
        try:
            return await self._open(entry)
        except CatalogError:
            if entry.dataset is None:
                raise
        await asyncio.sleep(WRITING_S)
        return await self._open(entry)

    async def _open(self, entry: Entry) -> Dataset:
        opened: list[Dataset] = []

        def changed() -> None:
            if opened and self.has(opened[0]):  # else that is known
                self.changed(entry)

        source = await open_source(
            replace(entry.usable_origin, changed=changed),
            cache=self._cache,
            pool=self._pool,
            traffic=self._shared(entry),
        )
        made = make_dataset(entry.config, source, self.matrix_sets, entry.generation)
        opened.append(replace(made, limits=self.limits, traffic=self._shared(entry)))
        return opened[0]

    def storage(self, entry: Entry) -> str:
        """The name of a dataset's storage, as in `traffic`."""
        url = entry.origin.urls[0]
        return "disk" if is_local(url) else entry.config.storage or "://".join(urlsplit(url)[:2])

    def _shared(self, entry: Entry) -> Traffic:
        """The traffic of a dataset's storage, the same for all that lie in it."""
        name, local = self.storage(entry), is_local(entry.origin.urls[0])
        if name not in self.traffic:
            part = (entry.origin.storage or Storage()).part(self._workers)
            self.traffic[name] = disk_traffic() if local else part.traffic()
        return self.traffic[name]


def _not_found(dataset: str) -> DatasetNotFound:
    return DatasetNotFound(dataset, "no such dataset; /datasets lists them")
