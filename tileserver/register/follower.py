"""A server's catalogue follows the register: what one server writes, all show within seconds.

About once a second each worker asks the database for the number of the last change, and reads what
is newer. While the database does not answer, what is known is served on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING

from tileserver.access.key import ApiKey
from tileserver.catalog import Catalog
from tileserver.catalogfile import EntryMaker
from tileserver.dataset import Entry
from tileserver.errors import CatalogError, SourceUnavailable
from tileserver.refresh import Refresher
from tileserver.register.patience import Patience, reason
from tileserver.register.record import Changes, Record

if TYPE_CHECKING:  # it needs the extra `database`
    from tileserver.register.register import Register

log = logging.getLogger(__name__)

EVERY_S = 1.0
RETRY_S = 0.5
LOOK_S = 1.0  # that who shows a key that is not known waits for the database
OPENING_S = 10.0  # that who changes a dataset waits for it to be opened


class Follower:
    """Keeps datasets and keys as the register has them. Belongs to one event loop.

    Args:
        catalog: of the files, whose datasets go before registered ones of the same id.
        patience: with the database.

    Attributes:
        is_up: whether the database answered when it was asked last.
        ask: makes a call of the register, and waits for it only so long.
    """

    def __init__(
        self,
        register: Register,
        maker: EntryMaker,
        catalog: Catalog,
        patience: Patience | None = None,
    ) -> None:
        self.register, self.maker, self.is_up = register, maker, True
        self.ask = (patience or Patience()).ask
        self._catalog = catalog
        self._refresher: Refresher | None = None
        self._files = frozenset(catalog.entries)
        self._change = 0
        self._is_upgraded = False
        self._known: set[str] = set()
        self._keys: dict[str, ApiKey] = {}
        self._generations: dict[str, int] = {}
        self._looked_again = -RETRY_S
        self._reading = asyncio.Lock()
        self._adoptions: dict[str, asyncio.Task[None]] = {}

    def find(self, id: str) -> ApiKey | None:
        """A key, at once, from memory."""
        return self._keys.get(id)

    async def look_again(self) -> None:
        """Look whether a key was made elsewhere a moment ago: not for each that is made up, and
        not for long."""
        if self.is_up and monotonic() - self._looked_again >= RETRY_S:
            self._looked_again = monotonic()
            await asyncio.wait([asyncio.ensure_future(self.catch_up())], timeout=LOOK_S)

    def is_of_files(self, dataset: str) -> bool:
        """Whether a dataset stands in a file, so that it cannot be changed here."""
        return dataset in self._files

    async def begin(self, patience_s: float) -> None:
        """Read all that is registered, before anything is opened, and wait a little for it.

        Raises CatalogError for a database that cannot be used.
        """
        until = monotonic() + patience_s
        while not await self.catch_up() and monotonic() < until:
            await asyncio.sleep(RETRY_S)

    async def run(self, refresher: Refresher) -> None:
        """Follow until it is cancelled."""
        self._refresher = refresher
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                try:
                    await self.catch_up()
                except CatalogError as error:
                    self._tell(f"{error}")
                except Exception:  # one surprise must not end it
                    log.exception("the register cannot be followed: it is tried again")
        finally:
            for task in self._adoptions.values():
                task.cancel()
            await asyncio.gather(*self._adoptions.values(), return_exceptions=True)

    async def catch_up(self) -> bool:
        """Read what is new; False where the database does not answer. Raises CatalogError."""
        async with self._reading:
            try:
                if not self._is_upgraded:
                    await self.ask(self.register.upgrade)
                    self._is_upgraded = True
                changes = await self.ask(self.register.changes, self._change)
                if changes.change < self._change:  # an older state was put in its place
                    changes = await self.ask(self.register.changes, 0)
                    there = {record.id for record in changes.datasets}
                    self._forget(self._known - there)
            except SourceUnavailable as error:
                self._tell(f"the database does not answer ({reason(error)})")
                return False
            self._tell(None)
            self._apply(changes)
            return True

    async def settled(self, dataset: str) -> None:
        """Wait a little until a dataset that has changed is shown as it is now."""
        if (task := self._adoptions.get(dataset)) is not None:
            await asyncio.wait([task], timeout=OPENING_S)

    async def refresh(self, dataset: str, who: str) -> int | None:
        """Have all servers open a dataset anew; None while the database does not answer."""
        try:
            return await self.ask(self.register.refresh, dataset, who=who)
        except SourceUnavailable:
            log.warning("dataset %s is opened anew here alone: the database is down", dataset)
            return None

    def _tell(self, trouble: str | None) -> None:
        """Once when it goes, once when it is back."""
        if self.is_up and trouble:
            log.error("%s: what is known is served on", trouble)
        elif not self.is_up and not trouble:
            log.warning("the database answers again")
        self.is_up = not trouble

    def _apply(self, changes: Changes) -> None:
        self._change = changes.change
        generations: Mapping[str, int] = changes.generations or {}
        self._generations |= generations
        if changes.keys is not None:
            self._keys = {key.id: key for key in changes.keys}
        for record in changes.datasets:
            if record.id in self._files:
                log.warning("dataset %s stands in a file too, which counts", record.id)
            else:
                self._show(record)
        self._forget(changes.removed)
        for dataset, generation in generations.items():
            entry = self._catalog.entries.get(dataset)
            if self._refresher is not None:
                self._refresher.follow_generation(dataset, generation)
            elif entry is not None:  # not open yet: so its version will be that of other servers
                entry.generation = generation

    def _show(self, record: Record) -> None:
        entry = self._entry(record)
        entry.generation = self._generations.get(record.id, 0)
        self._known.add(record.id)
        if self._refresher is None:
            self._catalog.add(entry)
        else:
            self._start(record.id, self._refresher.adopt(entry))

    def _entry(self, record: Record) -> Entry:
        try:
            return self.maker.make(record.config)
        except CatalogError as error:
            return self.maker.broken(record.id, error)
        except Exception as error:  # one entry's surprise must not stop the others
            log.exception("dataset %s is not understood", record.id)
            told = CatalogError(f"its entry is not understood ({type(error).__name__})")
            return self.maker.broken(record.id, told)

    def _forget(self, datasets: Iterable[str]) -> None:
        for dataset in datasets:
            if dataset in self._files:
                continue
            self._known.discard(dataset)
            if (task := self._adoptions.pop(dataset, None)) is not None:
                task.cancel()
            if self._refresher is None:
                self._catalog.remove(dataset)
            else:
                self._refresher.forget(dataset)

    def _start(self, dataset: str, adoption: Coroutine[None, None, None]) -> None:
        """A slow store holds up its own datasets alone; of two changes the later one counts."""
        if (task := self._adoptions.get(dataset)) is not None:
            task.cancel()
        task = asyncio.ensure_future(adoption)
        self._adoptions[dataset] = task
        task.add_done_callback(lambda done: self._end(dataset, done))

    def _end(self, dataset: str, task: asyncio.Task[None]) -> None:
        if self._adoptions.get(dataset) is task:
            del self._adoptions[dataset]
        if not task.cancelled() and task.exception() is not None:
            log.error("dataset %s cannot be shown", dataset, exc_info=task.exception())
