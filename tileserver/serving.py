"""Running the app: one process, or several that share the port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from math import ceil
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from tileserver.http.connection import Connection
from tileserver.http.crowd import ConnectionLimits, Crowd
from tileserver.listening import Loop, Ready
from tileserver.logformat import configuration
from tileserver.malloc import keep_compact
from tileserver.settings import Settings

log = logging.getLogger(__name__)

READY_WITHIN_S = 300.0
GRACE_S = 20
STARTUP_FAILED = 3
OTHER_FILES = 500  # beside connections: of data, of object stores


class _Config(uvicorn.Config):
    """uvicorn's, but that SIGTERM, which it raises again when all is done, is a good end, and with
    an event loop that shares the port."""

    ready: Ready
    limits: ConnectionLimits
    drain_s: float

    @cached_property
    def crowd(self) -> Crowd:
        """The connections of this process."""
        return Crowd(self.limits)

    def configure_logging(self) -> None:
        """What every process, each worker too, does first."""
        super().configure_logging()
        logging.captureWarnings(True)  # else they are no lines of the log
        keep_compact()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    def get_loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop]:
        """What uvicorn runs in, in every process."""
        return partial(Loop, self.ready, self.crowd, self.drain_s, shared=self.workers > 1)


def run(settings: Settings, bound: socket.socket) -> None:
    """Serve until interrupted; when all workers are ready, one line on stdout with the URL."""
    config = _config(settings)
    url = _url(settings.host, bound)
    waiting = (url, config.ready, settings.workers)
    threading.Thread(target=_announce, args=waiting, daemon=True).start()
    if settings.workers > 1:
        with contextlib.ExitStack() as stack:
            for name in _FILES:
                stack.enter_context(_temporary(settings, name))
            Multiprocess(config, sockets=[bound]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[bound])
    if not server.started:
        sys.exit(STARTUP_FAILED)


# What the workers tell each other by: how it is made, and what goes on without.
_FILES: Mapping[str, tuple[Callable[..., Any], str]] = {
    "noticeboard": (NamedTemporaryFile, "each worker looks for changes by itself"),
    "client_table": (NamedTemporaryFile, "each worker counts by itself what clients ask"),
    "figures": (TemporaryDirectory, "/metrics tells of the worker alone that is asked"),
}


@contextlib.contextmanager
def _temporary(settings: Settings, name: str) -> Iterator[None]:
    """A file or folder of the workers, of which they find the name in the environment."""
    if getattr(settings, name):
        yield
        return
    make, without = _FILES[name]
    try:
        file = make(prefix="tileserver-")
    except OSError as error:
        log.warning("no temporary files (%s): %s", error, without)
        yield
        return
    with file:
        os.environ[f"TILESERVER_{name.upper()}"] = file.name
        yield


def _config(settings: Settings) -> _Config:
    config = _Config(
        "tileserver.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=Connection,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # links.py reads them, from trusted proxies only
        root_path=settings.root_path,
        log_config=configuration(settings.log_level, settings.log_format),
        log_level=settings.log_level,
        timeout_keep_alive=ceil(settings.idle_s),
        timeout_graceful_shutdown=ceil(settings.drain_s) + GRACE_S,
    )
    config.limits = _limits(settings)
    config.drain_s = settings.drain_s
    # uvicorn spawns its workers: a semaphore of the same kind reaches them with the rest.
    several = settings.workers > 1
    config.ready = (
        multiprocessing.get_context("spawn").Semaphore(0) if several else threading.Semaphore(0)
    )
    return config


def _limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        headers_s=settings.headers_s,
        idle_s=settings.idle_s,
        body_bytes=settings.body_bytes,
        connections=_with_files(settings.connections),
        client_connections=settings.client_connections,
        trusted_proxies=settings.trusted_proxies,
    )


def _with_files(connections: int) -> int:
    """So many connections, or as many as there may be files; workers may open as many as this."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if files < wanted:
        files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(1, min(connections, files - OTHER_FILES))


def _url(host: str, bound: socket.socket) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{bound.getsockname()[1]}/"


def _announce(url: str, ready: Ready, workers: int) -> None:
    """Wait until all workers have tried the configured datasets, then say where they are."""
    if all(ready.acquire(True, READY_WITHIN_S) for _ in range(workers)):
        print(url, flush=True)
