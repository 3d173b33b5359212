"""Where a process listens, and how it ends: readiness goes first, then the rest.

SIGTERM → /readyz says 503, answers close their connections, new ones are still taken
drain_s later → no new connections, idle ones are closed, what is asked is answered
"""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from typing import Any, Protocol

import uvloop

from tileserver.http.crowd import Crowd

ASK_EVERY_S = 0.02
LOOK_EVERY_S = 0.05
COLLECTED_AFTER = 10_000, 20, 50  # objects that are new, collections of these, and of those


class Ready(Protocol):
    """Counts the workers whose datasets were tried; of threads or of processes."""

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool: ...

    def release(self) -> None: ...


class Loop(uvloop.Loop):
    """uvloop that listens on a socket of its own, and tells when the app behind it is ready.

    On one listening socket that workers inherit, the first to wake accepts all that wait: of eight
    connections that are kept alive, one of two workers got at most one in half of the runs. To
    sockets of their own on the port (SO_REUSEPORT) the kernel deals connections evenly.

    Args:
        ready: told when it is.
        crowd: the connections.
        drain_s: how long it goes on listening when it is to end.
        shared: whether other processes listen on the port, too.
    """

    def __init__(self, ready: Ready, crowd: Crowd, drain_s: float, *, shared: bool) -> None:
        super().__init__()
        self.crowd = crowd
        self._ready, self._drain_s, self._shared = ready, drain_s, shared
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def is_ending(self) -> bool:
        """Whether nobody should come any more, and answers that have no end are to end now."""
        return self.crowd.is_ending

    async def create_server(  # type: ignore[override]
        self, factory: Callable[[], asyncio.Protocol], *, sock: socket.socket, **options: Any
    ) -> _Listening:
        """Listen where the socket is bound."""
        own = _reuse(sock) if self._shared else sock
        server: asyncio.AbstractServer = await super().create_server(factory, sock=own, **options)
        self._asking.add(self.create_task(self._tell_ready(factory)))
        return _Listening(server, self.crowd, self._drain_s)

    async def _tell_ready(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """Ask this very process, which the port, being shared, may not reach."""
        while not await self._answers(factory):
            await asyncio.sleep(ASK_EVERY_S)
        _collect_seldom()
        self._ready.release()

    async def _answers(self, factory: Callable[[], asyncio.Protocol]) -> bool:
        ours, theirs = socket.socketpair()
        await self.connect_accepted_socket(factory, theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        status = await reader.readline()
        writer.close()
        return status.split()[1:2] == [b"200"]


def _collect_seldom() -> None:
    """Have the collector of cyclic garbage leave alone what is there, and look at the rest seldom.

    At thousands of requests a second it stopped all for 30 to 100 ms in every second, and found
    nothing: what requests leave behind has no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


class _Listening:
    """A server that goes on for a while when it is told to close; as far as uvicorn needs one."""

    def __init__(self, server: asyncio.AbstractServer, crowd: Crowd, drain_s: float) -> None:
        self._server, self._crowd, self._drain_s = server, crowd, drain_s
        self._stopped = asyncio.Event()

    def close(self) -> None:
        """Have those who look at readiness go elsewhere, then listen no more."""
        self._crowd.is_ending = True
        if not self._drain_s:
            self._stop()
            return
        self._crowd.is_draining = True
        asyncio.get_running_loop().call_later(self._drain_s, self._stop)

    def _stop(self) -> None:
        self._server.close()
        self._crowd.is_draining = False
        self._crowd.close_idle()
        self._stopped.set()

    async def wait_closed(self) -> None:
        """Until all that was asked is answered."""
        await self._stopped.wait()
        while self._crowd.members:
            await asyncio.sleep(LOOK_EVERY_S)
        await self._server.wait_closed()


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
