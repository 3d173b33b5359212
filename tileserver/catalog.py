"""The catalogue: which datasets there are, how they are reached, and how they are drawn."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlsplit

from tileserver.cache import ByteCache
from tileserver.config import (
    CompositeConfig,
    DatasetConfig,
    ServiceConfig,
)
from tileserver.cost import Limits, Speed
from tileserver.cube import Cube, Raw, Variable
from tileserver.errors import (
    CatalogError,
    DatasetNotFound,
    DatasetUnavailable,
    SourceUnavailable,
    TileserverError,
)
from tileserver.expression import Expression
from tileserver.matrixset import MatrixSets
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.source import Source
from tileserver.sources.storage.connection import Storage, disk_traffic, is_local
from tileserver.sources.storage.traffic import Traffic
from tileserver.viewerconfig import ViewerConfig

log = logging.getLogger(__name__)

OPENED_AT_ONCE = 16
COLORS = ("red", "green", "blue")
PICTURE = "rgb"  # what is offered of them
PATIENCE_S = 5.0  # of a request for a dataset that is being opened
RETRY_S = 10.0  # until a dataset that could not be opened when it was asked for is tried again


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A dataset that is open.

    `version` changes with its data, its metadata and its entry in the catalogue: it is part of
    every ETag and cache key.

    Args:
        limits: of what a request may read of it.
        traffic: to and from its storage.
    """

    config: DatasetConfig
    source: Source
    version: str
    matrix_sets: MatrixSets = field(default_factory=MatrixSets)
    limits: Limits = field(default_factory=Limits)
    traffic: Traffic | None = None

    @property
    def speed(self) -> Speed:
        """How fast its storage answers."""
        return Speed() if self.traffic is None else self.traffic.speed

    @property
    def id(self) -> str:
        """As in URLs."""
        return self.config.id

    @property
    def title(self) -> str:
        """For people."""
        return self.config.title or self.source.cube.title or self.config.id

    @property
    def variables(self) -> list[Variable]:
        """Those that are shown: the catalogue's choice, or all."""
        known = self.source.cube.variables
        return [known[name] for name in self.config.variables or known]


Status = Literal["pending", "ready", "error"]


@dataclass(slots=True, eq=False)
class Entry:
    """A dataset of the catalogue, open or not.

    Args:
        error: why it is not open.
        usable: whether its entry in the catalogue is sound, so that it may be opened at all.
        opening: the first time, while it goes on and after.
        generation: moved to open it anew where its metadata may not tell; a part of its version.
        trouble: why it could not be looked at, or opened anew, when that was tried last.
        used: when it was asked for last, by a count of all that were.
        tried: when it was opened last, by monotonic().
        known: what listings tell of it while it is not open.
    """

    config: DatasetConfig
    origin: Origin
    error: str | None = None
    dataset: Dataset | None = None
    opening: asyncio.Future[None] | None = None
    usable: bool = True
    generation: int = 0
    trouble: str | None = None
    used: int = 0
    tried: float = -inf
    known: Mapping[str, Any] | None = None

    @property
    def status(self) -> Status:
        """Whether it can be asked."""
        if self.dataset is not None:
            return "ready"
        return "pending" if self.error is None else "error"

    @property
    def usable_origin(self) -> Origin:
        """Where it comes from. Raises CatalogError if its storage cannot be used."""
        if not self.usable:
            raise CatalogError(self.error or "its storage cannot be used")
        return self.origin


class Catalog:
    """The datasets by id, opened concurrently; one that fails harms no other.

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
        self.entries = dict(entries)
        self.service = service or ServiceConfig()
        self.viewer = viewer or ViewerConfig()
        self.matrix_sets = matrix_sets or MatrixSets()
        self.limits = limits or Limits()
        self.traffic: dict[str, Traffic] = {}
        self.changed: Callable[[Entry], object] = lambda _: None
        self.opened: Callable[[Dataset], object] = lambda _: None
        self._cache, self._pool, self._workers = cache, pool, workers
        self._slots = asyncio.Semaphore(OPENED_AT_ONCE)
        self._most_open, self._uses = most_open, 0
        self.is_lazy = most_open is not None and len(self.entries) > most_open
        self.open: dict[str, Entry] = {}

    @property
    def version(self) -> str:
        """Changes when any dataset does, or what is told of the service."""
        parts = [
            f"{k}:{e.dataset.version if e.dataset else e.status}" for k, e in self.shown.items()
        ]
        return _digest("|".join([self.service.model_dump_json(), *parts]))

    async def open_all(self, tried: Callable[[], object] = lambda: None) -> None:
        """Try every dataset once, unless they are too many; `tried` is called after each."""
        if self.is_lazy:
            return

        async def opened(entry: Entry) -> None:
            await self._opened(entry)
            tried()

        for entry in self.entries.values():
            entry.opening = asyncio.ensure_future(opened(entry))
        await asyncio.gather(*(e.opening for e in self.entries.values() if e.opening is not None))

    async def settle(self, dataset: str) -> None:
        """Wait a little for a dataset that is being opened, or is to be as it is asked for."""
        entry = self.entries.get(dataset)
        if self.is_lazy and entry is not None and self._is_to_be_tried(entry):
            entry.tried = monotonic()
            entry.opening = asyncio.ensure_future(self._opened(entry))
        if entry is not None and entry.opening is not None and not entry.opening.done():
            await asyncio.wait([entry.opening], timeout=PATIENCE_S)

    def _is_to_be_tried(self, entry: Entry) -> bool:
        """Whether a dataset was never opened, or closed, or could not be some time ago."""
        if entry.usable and entry.status == "error" and monotonic() - entry.tried > RETRY_S:
            entry.error = None
            return True
        return entry.opening is None

    def __getitem__(self, dataset: str) -> Dataset:
        """An open dataset. Raises DatasetNotFound, DatasetUnavailable, SourceUnavailable."""
        entry = self.entry(dataset)
        self._uses += 1
        entry.used = self._uses
        if entry.status == "pending":
            raise SourceUnavailable(f"dataset {dataset!r} is still being opened: try again")
        if entry.dataset is None:
            raise DatasetUnavailable(f"dataset {dataset!r}: {entry.error}")
        return entry.dataset

    def has(self, dataset: Dataset) -> bool:
        """Whether this is what the dataset of its id is now: it may have been opened anew."""
        entry = self.entries.get(dataset.id)
        if entry is None or entry.dataset is not dataset:
            return False
        self._uses += 1
        entry.used = self._uses
        return True

    def entry(self, dataset: str) -> Entry:
        """A dataset, open or not. Raises DatasetNotFound."""
        entry = self.entries.get(dataset)
        if entry is None:
            raise DatasetNotFound(dataset, "no such dataset; /datasets lists them")
        return entry

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
                dataset = await self._open(entry)
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
                entry.dataset, entry.error = dataset, None
                self._keep(entry)
                self.opened(dataset)
            finally:
                if entry.dataset is None:
                    self.open.pop(entry.config.id, None)
                if entry.error and entry.error != known:
                    log.warning("dataset %s: %s", entry.config.id, entry.error)

    def _keep(self, entry: Entry) -> None:
        """Keep a dataset open, and close what was not used for longest where they are too many."""
        entry.used = self._uses
        self.open[entry.config.id] = entry
        if not self.is_lazy:
            return
        assert self._most_open is not None
        while len(self.open) > self._most_open:
            oldest = min(self.open.values(), key=lambda each: each.used)
            del self.open[oldest.config.id]
            oldest.dataset, oldest.opening = None, None

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


def make_dataset(
    config: DatasetConfig,
    source: Source,
    matrix_sets: MatrixSets | None = None,
    generation: int = 0,
) -> Dataset:
    """A dataset of an open source, its catalogue entry checked against the data."""
    try:
        source.cube.bounds()
    except ValueError as error:
        raise CatalogError(f"crs: {error}; set the dataset's crs in the catalogue") from error
    if source.cube.time is not None and source.cube.time.size == 0:
        raise CatalogError("time: no step has a valid time: write the time coordinate anew")
    content = config.model_dump_json(exclude={"refresh_s"})
    version = _digest("|".join((source.version, content, *([str(generation)] * bool(generation)))))
    config = _identified(_pictured(config, source.cube), source.cube)
    return Dataset(config, source, version, matrix_sets or MatrixSets())


def _pictured(config: DatasetConfig, cube: Cube) -> DatasetConfig:
    """With a picture of the bands that a file says are bytes of red, green and blue."""
    bands = [cube.variables.get(name) for name in COLORS]
    are_colors = all(band is not None and band.valid_range == (0, 255) for band in bands)
    if not are_colors or config.variables or config.composites or PICTURE in cube.variables:
        return config
    picture = CompositeConfig(bands=COLORS, title="Red, green, blue")
    return config.model_copy(update={"composites": {PICTURE: picture}})


def _identified(config: DatasetConfig, cube: Cube) -> DatasetConfig:
    """An entry that names variables by their ids. Raises CatalogError where it names none."""

    def identify(name: str, where: str) -> str:
        variable = cube.find(name)
        if variable is None:
            raise CatalogError(f"{where}: {cube.no_such(name)}")
        return variable.id

    composites: dict[str, CompositeConfig] = {}
    for name, composite in config.composites.items():
        if name in cube.variables:
            raise CatalogError(f"composites: {name!r} is a variable already: choose another name")
        known = partial(identify, where=f"composites.{name}")
        if composite.expression is not None:
            Expression.parse(composite.expression, known)
        bands = None if composite.bands is None else tuple(map(known, composite.bands))
        composites[name] = composite.model_copy(update={"bands": bands})
    styles = {
        name if name in composites else identify(name, "styles"): style
        for name, style in config.styles.items()
    }
    shown = None
    if config.variables is not None:
        shown = tuple(identify(name, "variables") for name in config.variables)
    ids = {"composites": composites, "styles": styles, "variables": shown}
    return config.model_copy(update=ids)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
