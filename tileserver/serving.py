"""Running the app: one process, or several that share the port."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import threading
import time
import urllib.request
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG
from uvicorn.supervisors import Multiprocess

from tileserver.settings import Settings

READY_WITHIN_S = 300.0
KEEP_ALIVE_S = 30
GRACE_S = 20
STARTUP_FAILED = 3


class _Config(uvicorn.Config):
    """uvicorn's, but that SIGTERM, which it raises again when all is done, is a good end."""

    def configure_logging(self) -> None:
        """What every process, each worker too, does first."""
        super().configure_logging()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def bind(host: str, port: int) -> socket.socket:
    """A socket that workers can share; port 0 takes a free one. Raises OSError."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    bound.set_inheritable(True)
    return bound


def run(settings: Settings, bound: socket.socket) -> None:
    """Serve until interrupted; when ready, one line on stdout with the URL."""
    config = _Config(
        "tileserver.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
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
    url = _url(settings.host, bound)
    threading.Thread(target=_announce, args=(url,), daemon=True).start()
    if settings.workers > 1:
        Multiprocess(config, sockets=[bound]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[bound])
    if not server.started:
        sys.exit(STARTUP_FAILED)


def _logging(level: str) -> dict[str, Any]:
    """Ours beside uvicorn's own; each worker configures itself by it."""
    ours = {"handlers": ["default"], "level": level.upper(), "propagate": False}
    return {**LOGGING_CONFIG, "loggers": {**LOGGING_CONFIG["loggers"], "tileserver": ours}}


def _url(host: str, bound: socket.socket) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{bound.getsockname()[1]}/"


def _announce(url: str) -> None:
    """Wait until the configured datasets were tried, then say where they are."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), opener.open(f"{url}readyz", timeout=5):
            print(url, flush=True)
            return
        time.sleep(0.05)
