"""What one worker of the server works with: made when it starts, put away when it ends."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from tileserver import catalogfile
from tileserver.budget import Budget
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog, Dataset, Entry
from tileserver.cost import Limits
from tileserver.cube import Raw
from tileserver.gate import Gate
from tileserver.http.endpoint import Context
from tileserver.http.metrics import RefreshCollector, WorkCollector
from tileserver.http.ogc import wms_document
from tileserver.http.tileset import Tilesets
from tileserver.jobs.office import Limits as JobLimits
from tileserver.jobs.office import Office
from tileserver.jobs.runner import Runner
from tileserver.noticeboard import Noticeboard
from tileserver.pipeline import Engine
from tileserver.refresh import Refresher
from tileserver.services import describe
from tileserver.services.ogc import wmts_contents
from tileserver.services.ogc.fragment import Fragments
from tileserver.settings import Settings
from tileserver.sharedtiles import SharedTiles
from tileserver.summaries import Summaries

MAPS_AT_ONCE = 4  # each of which holds all its pixels
MANY_DATASETS = 50  # whose documents take longer to write than clients like to wait
TILE_OVERHEAD_BYTES = 200  # of an encoded tile in its cache: its key, objects
CatalogMaker = Callable[[ByteCache[Raw], Executor], Catalog]


@asynccontextmanager
async def working(
    settings: Settings,
    budget: Budget,
    registry: CollectorRegistry,
    make_catalog: CatalogMaker | None = None,
) -> AsyncIterator[Context]:
    """All that requests need, while it goes on. Raises CatalogError.

    Args:
        registry: of the metrics.
        make_catalog: makes the catalogue with a chunk cache and threads to decode in; by default
            from the files that the settings name.
    """
    async with AsyncExitStack() as stack:
        pool = ThreadPoolExecutor(settings.threads, "tileserver")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        chunks: ByteCache[Raw] = ByteCache(budget.chunks, lambda chunk: chunk.nbytes)
        catalog = (make_catalog or _from_files(settings, budget))(chunks, pool)
        engine = _engine(settings, budget, pool)
        stack.push_async_callback(engine.close)
        fragments = Fragments()
        summaries = Summaries(settings.summaries)
        stack.callback(summaries.close)
        _follow_openings(catalog, pool, summaries, fragments)
        caches: dict[str, ByteCache[Any]] = {"chunks": chunks, "pictures": engine.tiles}
        registry.register(WorkCollector(caches, catalog.traffic, engine.gate))
        board = Noticeboard(settings.noticeboard, catalog.entries)
        refresher = Refresher(catalog, board, interval_s=settings.refresh_s)
        registry.register(RefreshCollector(refresher))
        office = _office(settings, stack)
        await _start(catalog, refresher, stack)
        if office is not None:
            _start_jobs(settings, office, catalog, stack)
        yield Context(
            catalog=catalog,
            tilesets=Tilesets(budget.answers // 2),
            engine=engine,
            fragments=fragments,
            gate=_gate(settings),
            map_gate=_gate(settings, MAPS_AT_ONCE),
            map_pixels=settings.map_pixels,
            has_pattern=settings.over_budget == "pattern",
            refresher=refresher,
            largest_body=settings.body_bytes,
            registry=registry,
            jobs=office,
            admin_token=settings.admin_token.get_secret_value(),
        )


async def _start(catalog: Catalog, refresher: Refresher, stack: AsyncExitStack) -> None:
    """Open the datasets, and look for changes until the end."""
    opening = asyncio.ensure_future(catalog.open_all())
    refreshing = asyncio.ensure_future(refresher.run())

    async def end() -> None:
        opening.cancel()
        refreshing.cancel()
        await asyncio.wait([refreshing])

    stack.push_async_callback(end)


def _office(settings: Settings, stack: AsyncExitStack) -> Office | None:
    """Where jobs are kept, if they are."""
    if not settings.jobs:
        return None
    limits = JobLimits(
        active=settings.jobs_waiting,
        read_bytes=settings.job_read_bytes,
        nbytes=settings.jobs_bytes,
        age_s=settings.jobs_age_s,
    )
    office = Office(Path(settings.jobs), limits)
    office.open()
    stack.callback(office.close)
    return office


def _start_jobs(
    settings: Settings, office: Office, catalog: Catalog, stack: AsyncExitStack
) -> None:
    """Do the jobs in this process, as far as it is its turn."""
    # Sums of many small areas are Python's for the most part: more threads make them slower.
    threads = max(1, settings.threads // 2)
    runner = Runner(office, catalog, threads, settings.scheduler)
    runner.start()
    stack.push_async_callback(asyncio.to_thread, runner.stop)


def _engine(settings: Settings, budget: Budget, pool: Executor) -> Engine:
    shared = None
    if settings.shared_tiles:
        shared = SharedTiles(Path(settings.shared_tiles), budget.shared_tiles)
    return Engine(
        tiles=ByteCache(budget.tiles, lambda body: len(body) + TILE_OVERHEAD_BYTES),
        samplings=ByteCache(budget.plans, lambda sampling: sampling.nbytes),
        pool=pool,
        limits=_limits(settings, budget),
        gate=_gate(settings),
        shared=shared,
    )


def _limits(settings: Settings, budget: Budget) -> Limits:
    return Limits(
        tile_bytes=settings.tile_read_bytes,
        tile_chunks=settings.tile_read_chunks,
        series_bytes=settings.series_read_bytes,
        ahead_bytes=budget.chunks // 16,
        tile_s=settings.tile_timeout_s,
    )


def _gate(settings: Settings, most: int | None = None) -> Gate:
    at_once = min(settings.in_flight, most or settings.in_flight)
    return Gate(at_once=at_once, waiting=settings.waiting, wait_s=settings.waiting_s)


def _follow_openings(
    catalog: Catalog, pool: Executor, summaries: Summaries, fragments: Fragments
) -> None:
    """Keep what listings tell of datasets when they are opened, and tell what was known before."""
    _remember(catalog, summaries)
    written = fragments if len(catalog.entries) >= MANY_DATASETS else None

    def opened(dataset: Dataset) -> None:
        pool.submit(_note_opened, catalog.entries[dataset.id], dataset, summaries, written)

    catalog.opened = opened


def _remember(catalog: Catalog, summaries: Summaries) -> None:
    """Tell of datasets what was known of them in an earlier run."""
    for dataset, (of, facts) in summaries.all().items():
        entry = catalog.entries.get(dataset)
        if entry is not None and of == _identity(entry):
            entry.known = facts


def _identity(entry: Entry) -> str:
    return hashlib.blake2b(entry.config.model_dump_json().encode(), digest_size=8).hexdigest()


def _note_opened(
    entry: Entry, dataset: Dataset, summaries: Summaries, fragments: Fragments | None
) -> None:
    """Keep what listings tell of a dataset that was opened, and write what it contributes to
    documents before they are asked for."""
    told = describe.facts(dataset)
    if told != entry.known:
        entry.known = told
        summaries.put(dataset.id, _identity(entry), told)
    if fragments is not None:
        _prepare(fragments, dataset)


def _prepare(fragments: Fragments, dataset: Dataset) -> None:
    for document in (wmts_contents, wms_document):
        document.prepare(fragments, dataset)


def _from_files(settings: Settings, budget: Budget) -> CatalogMaker:

    def make(chunks: ByteCache[Raw], pool: Executor) -> Catalog:
        return catalogfile.load(
            settings.catalog,
            os.environ,
            cache=chunks,
            pool=pool,
            allowed=settings.allowed_urls,
            limits=_limits(settings, budget),
            most_open=settings.open_datasets,
            workers=settings.workers,
        )

    return make
