"""What one worker of the server works with: made when it starts, put away when it ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client.registry import Collector

from tileserver import catalogfile
from tileserver.authentication import make_identity
from tileserver.bucket import Buckets, LocalBuckets, Rate
from tileserver.budget import Budget
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.catalogfile import EntryMaker
from tileserver.cost import Limits
from tileserver.cube import Raw
from tileserver.errors import CatalogError
from tileserver.gate import Gate
from tileserver.http.ending import crowd, is_pressed
from tileserver.http.endpoint import Context
from tileserver.http.tileset import Tilesets
from tileserver.jobs.office import Limits as JobLimits
from tileserver.jobs.office import Office
from tileserver.jobs.runner import Runner
from tileserver.monitoring.connections import ConnectionCollector
from tileserver.monitoring.database import DatabaseCollector
from tileserver.monitoring.datasets import DatasetCollector
from tileserver.monitoring.jobs import JobCollector
from tileserver.monitoring.redis import RedisCollector
from tileserver.monitoring.requests import RequestCollector
from tileserver.monitoring.running import watching
from tileserver.monitoring.work import WorkCollector
from tileserver.noticeboard import Noticeboard
from tileserver.openings import follow_openings
from tileserver.pipeline import Engine, Shared
from tileserver.refresh import Refresher
from tileserver.register.follower import Follower
from tileserver.replicas import Replicas
from tileserver.services.ogc.fragment import Fragments
from tileserver.settings import Settings
from tileserver.sharedtiles import SharedTiles
from tileserver.summaries import Summaries

if TYPE_CHECKING:
    from tileserver.redis.service import Redis

MAPS_AT_ONCE = 4  # each of which holds all its pixels
TILE_OVERHEAD_BYTES = 200  # of an encoded tile in its cache: its key, objects
CatalogMaker = Callable[[ByteCache[Raw], Executor], Catalog]


@asynccontextmanager
async def working(
    settings: Settings,
    budget: Budget,
    requests: RequestCollector,
    make_catalog: CatalogMaker | None = None,
) -> AsyncIterator[Context]:
    """All that requests need, while it goes on. Raises CatalogError.

    Args:
        requests: counts them.
        make_catalog: makes the catalogue with a chunk cache and threads to decode in; by default
            from the files that the settings name.
    """
    async with AsyncExitStack() as stack:
        pool = _pool(settings, stack)
        chunks: ByteCache[Raw] = ByteCache(budget.chunks, lambda chunk: chunk.nbytes)
        catalog = (make_catalog or _from_files(settings, budget))(chunks, pool)
        follower = await _follower(settings, catalog, stack)
        redis = await _redis(settings, stack)
        engine = _engine(settings, budget, pool, redis)
        stack.push_async_callback(engine.close)
        fragments = Fragments()
        summaries = _summaries(settings, stack)
        replicas = await _replicas(redis, catalog)
        follow_openings(catalog, pool, summaries, fragments, replicas)
        board = Noticeboard(settings.noticeboard, catalog.entries)
        refresher = Refresher(catalog, board, interval_s=settings.refresh_s)
        office = _office(settings, stack)
        for work in _followings(catalog, refresher, follower, replicas):
            _run(work, stack)
        _start_jobs(settings, office, catalog, stack)
        gates = _gates(settings, engine)
        is_private = settings.metrics == "admin"  # then the names of all datasets may be told
        known = DatasetCollector(catalog, refresher, is_private)
        collectors = [known, *_collectors(redis, office, follower)]
        caches: dict[str, ByteCache[Any]] = {"chunks": chunks, "pictures": engine.tiles}
        served = WorkCollector(caches, catalog.traffic, gates)
        watch = watching(settings.figures, requests, served, collectors)
        figures = await stack.enter_async_context(watch)
        yield Context(
            catalog=catalog,
            everything=catalog,
            identity=make_identity(settings, follower),
            follower=follower,
            tilesets=Tilesets(budget.answers // 2),
            engine=engine,
            fragments=fragments,
            gate=gates["answers"],
            map_gate=gates["maps"],
            buckets=_buckets(settings, redis),
            answer_s=settings.answer_timeout_s,
            map_pixels=settings.map_pixels,
            has_pattern=settings.over_budget == "pattern",
            refresher=refresher,
            largest_body=settings.body_bytes,
            figures=figures,
            are_metrics_private=is_private,
            jobs=office,
            signed_s=settings.signed_s,
            embedders=settings.embedders,
        )


def _pool(settings: Settings, stack: AsyncExitStack) -> Executor:
    """Threads to decode and draw in."""
    pool = ThreadPoolExecutor(settings.threads, "tileserver")
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    return pool


def _summaries(settings: Settings, stack: AsyncExitStack) -> Summaries:
    """What listings tell of datasets that are not open."""
    summaries = Summaries(settings.summaries)
    stack.callback(summaries.close)
    return summaries


async def _replicas(redis: Redis | None, catalog: Catalog) -> Replicas | None:
    if redis is None:
        return None
    replicas = Replicas(redis, catalog)
    await replicas.prepare()
    return replicas


def _gates(settings: Settings, engine: Engine) -> dict[str, Gate]:
    """What limits the work in flight, by what it is."""
    maps, answers = _gate(settings, MAPS_AT_ONCE), _gate(settings)
    return {"pictures": engine.gate, "maps": maps, "answers": answers}


def _followings(
    catalog: Catalog,
    refresher: Refresher,
    follower: Follower | None,
    replicas: Replicas | None,
) -> Iterator[Coroutine[None, None, None]]:
    """What opens the datasets, and follows what is changed underneath and by others."""
    yield catalog.open_all()
    yield refresher.run()
    if follower is not None:
        yield follower.run(refresher)
    if replicas is not None:
        yield replicas.run(refresher.follow_generation)


def _run(work: Coroutine[None, None, None], stack: AsyncExitStack) -> None:
    """Have something go on until the end."""
    task = asyncio.ensure_future(work)

    async def end() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(end)


async def _follower(settings: Settings, catalog: Catalog, stack: AsyncExitStack) -> Follower | None:
    """What keeps the catalogue as the register has it, if there is one. Raises CatalogError."""
    said = settings.database.get_secret_value()
    if not said:
        return None
    try:
        from tileserver.register.register import Register  # an extra
    except ImportError as error:
        raise CatalogError(
            "database: it cannot be reached from here: pip install 'tileserver[database]'"
        ) from error
    register = Register(said)
    stack.callback(register.close)
    maker = EntryMaker.of(settings.catalog, os.environ, settings.allowed_urls)
    follower = Follower(register, maker, catalog)
    await follower.begin(settings.database_wait_s)
    return follower


def _collectors(
    redis: Redis | None, office: Office | None, follower: Follower | None
) -> Iterator[Collector]:
    """Of what is there only where operators want it."""
    if redis is not None:
        yield RedisCollector(redis)
    if office is not None:
        yield JobCollector(office)
    if follower is not None:
        yield DatabaseCollector(follower)
    if (connections := crowd()) is not None:
        yield ConnectionCollector(connections)


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
    settings: Settings, office: Office | None, catalog: Catalog, stack: AsyncExitStack
) -> None:
    """Do the jobs in this process, if any are taken, as far as it is its turn."""
    if office is None:
        return
    # Sums of many small areas are Python's for the most part: more threads make them slower.
    threads = max(1, settings.threads // 2)
    runner = Runner(office, catalog, threads, settings.scheduler)
    runner.start()
    stack.push_async_callback(asyncio.to_thread, runner.stop)


async def _redis(settings: Settings, stack: AsyncExitStack) -> Redis | None:
    """What is shared with other servers, if it is."""
    url = settings.redis.get_secret_value()
    if not url:
        return None
    try:
        from tileserver.redis.service import Redis  # an extra
    except ImportError as error:
        raise CatalogError(
            "redis: Redis is not understood here: pip install 'tileserver[redis]'"
        ) from error
    redis = await Redis.open(
        url,
        tiles_s=settings.redis_tiles_s,
        facts_s=settings.redis_facts_s,
        most_bytes=settings.redis_item_bytes,
    )
    stack.push_async_callback(redis.close)
    return redis


def _engine(settings: Settings, budget: Budget, pool: Executor, redis: Redis | None) -> Engine:
    shared: list[Shared] = []
    if settings.shared_tiles:
        shared.append(SharedTiles(Path(settings.shared_tiles), budget.shared_tiles))
    if redis is not None:
        shared.append(redis.tiles)
    return Engine(
        tiles=ByteCache(budget.tiles, lambda body: len(body) + TILE_OVERHEAD_BYTES),
        samplings=ByteCache(budget.plans, lambda sampling: sampling.nbytes),
        pool=pool,
        limits=_limits(settings, budget),
        gate=_gate(settings),
        shared=shared,
        ranges=None if redis is None else redis.ranges,
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
    return Gate(
        at_once=at_once,
        waiting=settings.waiting,
        wait_s=settings.waiting_s,
        is_pressed=is_pressed,
    )


def _buckets(settings: Settings, redis: Redis | None) -> Buckets | None:
    """What each client may ask for, if that is limited."""
    if not settings.client_rate:
        return None
    rate = Rate(settings.client_rate, settings.client_burst)
    table = Path(settings.client_table) if settings.client_table else None
    local = LocalBuckets(rate, table)
    return local if redis is None else redis.buckets(local)


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
