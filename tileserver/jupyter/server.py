"""A server in the process of a notebook: one, on a thread, begun when it is needed."""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn

from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.catalogfile import EntryMaker
from tileserver.config import CatalogConfig, DatasetConfig
from tileserver.cube import Raw
from tileserver.dataset import Entry, make_dataset
from tileserver.errors import CatalogError
from tileserver.settings import Settings
from tileserver.sources.opening import Origin
from tileserver.sources.virtual.memory import DatasetObjects
from tileserver.sources.watch import Unchanging
from tileserver.sources.zarr.cube import Opening, open_objects

if TYPE_CHECKING:
    import xarray as xr

T = TypeVar("T")

STARTED_WITHIN_S = 30.0
OPENED_WITHIN_S = 120.0
ENDED_WITHIN_S = 5.0
HOST = "127.0.0.1"
PROXIES = ("127.0.0.1", "::1")  # jupyter-server-proxy runs beside the kernel

_numbers = count(1)


class Server:
    """Serves what notebooks show, until it is closed or the interpreter ends.

    Args:
        port: 0 for a free one.
        settings: others than those of the environment, by the names of docs/configuration.md.
    """

    def __init__(self, port: int = 0, **settings: Any) -> None:
        told = {"trusted_proxies": PROXIES, "host": HOST, **settings}
        self._made: list[tuple[Catalog, ByteCache[Raw], Executor]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket = socket.create_server((HOST, port))
        app = create_app(Settings(**told), self._make)
        config = uvicorn.Config(app, lifespan="on", log_level="error", proxy_headers=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="tileserver", daemon=True)
        self._pid = os.getpid()
        self._thread.start()
        self._wait()
        atexit.register(self.close)

    @property
    def port(self) -> int:
        """Where it listens, on this machine alone."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address as this machine has it."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether it answers; a process that was forked has none."""
        return self._thread.is_alive() and self._pid == os.getpid()

    def add(self, data: xr.Dataset, *, title: str | None = None, **options: Any) -> str:
        """Serve a dataset that is in memory; its id.

        Args:
            options: as in an entry of the catalogue.

        Raises CatalogError where nothing in it is a map.
        """
        dataset = f"memory-{next(_numbers)}"
        config = DatasetConfig.model_validate(
            {"id": dataset, "url": "memory", "title": title, **options}
        )
        return self._do(self._add(config, DatasetObjects.of(data)))

    def open(self, url: str, *, storage: Mapping[str, Any] | None = None, **options: Any) -> str:
        """Serve what lies at a URL or path; its id.

        Args:
            storage: how it is reached, as an entry of the catalogue's `storage`.
            options: as in an entry of the catalogue.

        Raises CatalogError where it cannot be opened.
        """
        known = CatalogConfig.model_validate({"storage": {"own": storage} if storage else {}})
        document = {"id": f"store-{next(_numbers)}", "url": url, **options}
        if storage:
            document["storage"] = "own"
        entry = EntryMaker(known, os.environ).make(document)
        return self._do(self._open(entry))

    def remove(self, dataset: str) -> None:
        """Serve a dataset no longer, and forget it."""
        if self.is_running:
            self._do(self._remove(dataset))

    def close(self) -> None:
        """End it; what it has shown is no longer drawn."""
        atexit.unregister(self.close)
        if self.is_running:
            self._server.should_exit = True
            self._thread.join(ENDED_WITHIN_S)
        if self._pid == os.getpid():
            self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _wait(self) -> None:
        for _ in range(int(STARTED_WITHIN_S / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            self._thread.join(0.01)
        if not self._server.started:
            raise CatalogError("the server did not start: see what it has logged")

    def _make(self, cache: ByteCache[Raw], pool: Executor) -> Catalog:
        self._loop = asyncio.get_running_loop()
        catalog = Catalog({}, cache=cache, pool=pool)
        self._made.append((catalog, cache, pool))
        return catalog

    def _do(self, work: Coroutine[None, None, T]) -> T:
        """The result of work in the server's own loop."""
        if not self.is_running or self._loop is None:
            work.close()
            raise CatalogError("the server has ended: make another by serve()")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(OPENED_WITHIN_S)

    async def _add(self, config: DatasetConfig, objects: DatasetObjects) -> str:
        catalog, cache, pool = self._made[0]
        source = await open_objects(objects, config.id, Unchanging(), Opening(cache, pool))
        made = make_dataset(config, source, catalog.matrix_sets)
        dataset = replace(made, limits=catalog.limits)
        catalog.add(Entry(config, Origin(("memory",), Path()), dataset=dataset))
        catalog.opened(dataset)
        return config.id

    async def _open(self, entry: Entry) -> str:
        catalog, _, _ = self._made[0]
        await catalog.replace(entry)
        if entry.dataset is None:
            catalog.remove(entry.config.id)
            raise CatalogError(entry.error or "it could not be opened")
        return entry.config.id

    async def _remove(self, dataset: str) -> None:
        self._made[0][0].remove(dataset)


_current: list[Server] = []


def serve(port: int = 0, **settings: Any) -> Server:
    """The server of this kernel, begun where there is none yet.

    Args:
        port: of a new one; 0 for a free one.
        settings: of a new one, by the names of docs/configuration.md.
    """
    if not (_current and _current[0].is_running):
        _current[:] = [Server(port, **settings)]
    return _current[0]
