"""Running the app: one process, or several that share the port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import uvicorn
import uvloop
from uvicorn.config import LOGGING_CONFIG
from uvicorn.supervisors import Multiprocess

from tileserver.malloc import keep_compact
from tileserver.settings import Settings

log = logging.getLogger(__name__)

READY_WITHIN_S = 300.0
KEEP_ALIVE_S = 30
GRACE_S = 20
STARTUP_FAILED = 3
ASK_EVERY_S = 0.02


class Ready(Protocol):
    """Counts the workers whose datasets were tried; of threads or of processes."""

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool: ...

    def release(self) -> None: ...


class _Config(uvicorn.Config):
    """uvicorn's, but that SIGTERM, which it raises again when all is done, is a good end, and with
    an event loop that shares the port."""

    ready: Ready

    def configure_logging(self) -> None:
        """What every process, each worker too, does first."""
        super().configure_logging()
        keep_compact()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    def get_loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop]:
        """What uvicorn runs in, in every process."""
        return partial(_Loop, self.ready, shared=self.workers > 1)


class _Loop(uvloop.Loop):
    """uvloop that listens on a socket of its own, and tells when the app behind it is ready.

    On one listening socket that workers inherit, the first to wake accepts all that wait: of eight
    connections that are kept alive, one of two workers got at most one in half of the runs. To
    sockets of their own on the port (SO_REUSEPORT) the kernel deals connections evenly.
    """

    def __init__(self, ready: Ready, *, shared: bool) -> None:
        super().__init__()
        self._ready, self._shared = ready, shared
        self._asking: set[asyncio.Task[None]] = set()
        self._listening: list[asyncio.AbstractServer] = []

    @property
    def is_ending(self) -> bool:
        """Whether it listened and does no longer: answers that have no end are to end now."""
        return any(not server.is_serving() for server in self._listening)

    async def create_server(  # type: ignore[override]
        self, factory: Callable[[], asyncio.Protocol], *, sock: socket.socket, **options: Any
    ) -> asyncio.AbstractServer:
        """Listen where the socket is bound."""
        own = _reuse(sock) if self._shared else sock
        server: asyncio.AbstractServer = await super().create_server(factory, sock=own, **options)
        self._asking.add(self.create_task(self._tell_ready(factory)))
        self._listening.append(server)
        return server

    async def _tell_ready(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """Ask this very process, which the port, being shared, may not reach."""
        while not await self._answers(factory):
            await asyncio.sleep(ASK_EVERY_S)
        self._ready.release()

    async def _answers(self, factory: Callable[[], asyncio.Protocol]) -> bool:
        ours, theirs = socket.socketpair()
        await self.connect_accepted_socket(factory, theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        status = await reader.readline()
        writer.close()
        return status.split()[1:2] == [b"200"]


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that keeps the port; port 0 takes a free one. Raises OSError.

    Args:
        shared: whether processes of this user may listen there too; nobody else may, as the socket
            is bound before it says so.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.set_inheritable(True)
    return bound


def _reuse(bound: socket.socket) -> socket.socket:
    """Another socket of the same address."""
    own = socket.socket(bound.family)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind(bound.getsockname())
    return own


def run(settings: Settings, bound: socket.socket) -> None:
    """Serve until interrupted; when all workers are ready, one line on stdout with the URL."""
    config = _config(settings)
    url = _url(settings.host, bound)
    waiting = (url, config.ready, settings.workers)
    threading.Thread(target=_announce, args=waiting, daemon=True).start()
    if settings.workers > 1:
        with _noticeboard(settings):
            Multiprocess(config, sockets=[bound]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[bound])
    if not server.started:
        sys.exit(STARTUP_FAILED)


@contextlib.contextmanager
def _noticeboard(settings: Settings) -> Iterator[None]:
    """A file for what the workers tell each other; they find its name in the environment."""
    if settings.noticeboard:
        yield
        return
    try:
        file = tempfile.NamedTemporaryFile(prefix="tileserver-")  # noqa: SIM115 (closed below)
    except OSError as error:
        log.warning("no temporary file (%s): each worker looks for changes by itself", error)
        yield
        return
    with file:
        os.environ["TILESERVER_NOTICEBOARD"] = file.name
        yield


def _config(settings: Settings) -> _Config:
    config = _Config(
        "tileserver.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http="httptools",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # links.py reads them, from trusted proxies only
        root_path=settings.root_path,
        log_config=_logging(settings.log_level),
        log_level=settings.log_level,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn spawns its workers: a semaphore of the same kind reaches them with the rest.
    several = settings.workers > 1
    config.ready = (
        multiprocessing.get_context("spawn").Semaphore(0) if several else threading.Semaphore(0)
    )
    return config


def _logging(level: str) -> dict[str, Any]:
    """Ours beside uvicorn's own; each worker configures itself by it."""
    ours = {"handlers": ["default"], "level": level.upper(), "propagate": False}
    return {**LOGGING_CONFIG, "loggers": {**LOGGING_CONFIG["loggers"], "tileserver": ours}}


def _url(host: str, bound: socket.socket) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{bound.getsockname()[1]}/"


def _announce(url: str, ready: Ready, workers: int) -> None:
    """Wait until all workers have tried the configured datasets, then say where they are."""
    if all(ready.acquire(True, READY_WITHIN_S) for _ in range(workers)):
        print(url, flush=True)
