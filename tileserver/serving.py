"""Running the app: one process, or several that share the port."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
import urllib.request

import uvicorn
from uvicorn.supervisors import Multiprocess

from tileserver.settings import Settings

READY_WITHIN_S = 300.0
KEEP_ALIVE_S = 30
GRACE_S = 20
STARTUP_FAILED = 3


def run(settings: Settings) -> None:
    """Serve until interrupted; when ready, one line on stdout with the URL."""
    config = uvicorn.Config(
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
        log_level=settings.log_level,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    bound = config.bind_socket()
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
