"""The ASGI application: settings and catalogue in, one app with its lifespan out."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp, Lifespan

from tileserver import catalogfile
from tileserver.budget import Budget
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog, Dataset, Entry
from tileserver.cost import Limits
from tileserver.cube import Raw
from tileserver.gate import Gate
from tileserver.http import (
    admin,
    coverage,
    datasets,
    errors,
    events,
    jobs,
    legend,
    openapi,
    pages,
    tiles,
    values,
)
from tileserver.http.access import Cors
from tileserver.http.endpoint import Context, Endpoint
from tileserver.http.links import Links
from tileserver.http.metrics import ENDPOINTS as METRICS
from tileserver.http.metrics import Metrics, RefreshCollector, WorkCollector
from tileserver.http.ogc import api_definition, qgis, wms, wms_document, wmts
from tileserver.http.ogc.front import PictureFront
from tileserver.http.ogc.title_case import TitleCase
from tileserver.http.tilefront import TileFront
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

ENDPOINTS: tuple[Endpoint, ...] = (
    *pages.ENDPOINTS,
    *datasets.ENDPOINTS,
    *events.ENDPOINTS,
    *tiles.ENDPOINTS,
    *legend.ENDPOINTS,
    *values.ENDPOINTS,
    *jobs.ENDPOINTS,
    *coverage.ENDPOINTS,
    *admin.ENDPOINTS,
    *wmts.ENDPOINTS,
    *api_definition.ENDPOINTS,
    *qgis.ENDPOINTS,
    *wms.ENDPOINTS,
    *METRICS,
)

MAPS_AT_ONCE = 4  # each of which holds all its pixels
MANY_DATASETS = 50  # whose documents take longer to write than clients like to wait
TILE_OVERHEAD_BYTES = 200  # of an encoded tile in its cache: its key, objects
CatalogMaker = Callable[[ByteCache[Raw], Executor], Catalog]


class State(TypedDict):
    """What the lifespan hands to every request."""

    context: Context


def create_app(settings: Settings, make_catalog: CatalogMaker | None = None) -> ASGIApp:
    """The application.

    Args:
        make_catalog: makes the catalogue with a chunk cache and threads to decode in; by default
            from the files that the settings name. Raises CatalogError when the app starts.
    """

    registry = CollectorRegistry()
    budget = Budget(settings.memory, settings.workers, bool(settings.shared_tiles))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        pool = ThreadPoolExecutor(settings.threads, "tileserver")
        chunks: ByteCache[Raw] = ByteCache(budget.chunks, lambda chunk: chunk.nbytes)
        found = (make_catalog or _from_files(settings, budget))(chunks, pool)
        engine = _engine(settings, budget, pool)
        fragments = Fragments()
        summaries = Summaries(settings.summaries)
        _remember(found, summaries)
        has_many = len(found.entries) >= MANY_DATASETS
        found.opened = lambda it: pool.submit(
            _note_opened, found.entries[it.id], it, summaries, fragments if has_many else None
        )
        caches: dict[str, ByteCache[Any]] = {"chunks": chunks, "pictures": engine.tiles}
        registry.register(WorkCollector(caches, found.traffic, engine.gate))
        board = Noticeboard(settings.noticeboard, found.entries)
        refresher = Refresher(found, board, interval_s=settings.refresh_s)
        registry.register(RefreshCollector(refresher))
        office = _office(settings)
        runner = _runner(settings, office, found)
        opening = asyncio.ensure_future(found.open_all())
        refreshing = asyncio.ensure_future(refresher.run())
        try:
            yield {
                "context": Context(
                    catalog=found,
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
            }
        finally:
            opening.cancel()
            refreshing.cancel()
            if runner is not None:
                await asyncio.to_thread(runner.stop)
            if office is not None:
                office.close()
            await asyncio.wait([refreshing])
            await engine.close()
            summaries.close()
            pool.shutdown(wait=False, cancel_futures=True)

    metrics = Metrics(TitleCase(_answering(settings, lifespan)))
    registry.register(metrics)
    pictures = PictureFront(metrics, metrics, budget.answers // 8)
    return TileFront(pictures, metrics, budget.answers * 3 // 8)


def _answering(settings: Settings, lifespan: Lifespan[Starlette]) -> ASGIApp:
    """The routes, with the headers that all answers carry."""
    routed = Starlette(
        routes=[
            *(endpoint.route() for endpoint in ENDPOINTS),
            openapi.route(ENDPOINTS),
            pages.static_route(),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
    )
    routed.router.redirect_slashes = False  # a path is what it is, or it is not there
    # Outermost, so that errors carry the headers too.
    return Cors(
        Links(
            routed,
            public_url=settings.public_url,
            allowed_hosts=settings.allowed_hosts,
            trusted_proxies=settings.trusted_proxies,
        )
    )


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


def _office(settings: Settings) -> Office | None:
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
    return office


def _runner(settings: Settings, office: Office | None, catalog: Catalog) -> Runner | None:
    """Who does the jobs in this process."""
    if office is None:
        return None
    # Sums of many small areas are Python's for the most part: more threads make them slower.
    threads = max(1, settings.threads // 2)
    runner = Runner(office, catalog, threads, settings.scheduler)
    runner.start()
    return runner


def _gate(settings: Settings, most: int | None = None) -> Gate:
    at_once = min(settings.in_flight, most or settings.in_flight)
    return Gate(at_once=at_once, waiting=settings.waiting, wait_s=settings.waiting_s)


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


def from_environment() -> ASGIApp:
    """For servers that make the app themselves, e.g. one in each of several workers."""
    return create_app(Settings())
