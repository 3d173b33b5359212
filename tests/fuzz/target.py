"""A real server of two workers with all its features on, to be asked whatever one likes.

    with serving(folder) as target:
        …
        assert not target.troubles()

Its log is a file: no traceback may stand in there, and no worker may have been replaced.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import yaml

from tests.fuzz.cubes import write_cubes
from tileserver.access.key import new_key
from tileserver.access.keyfile import written

WORKERS = 2
ENDS_WITHIN_S = 60
HEALTHY_WITHIN_S = 15
ADMIN_TOKEN = "what-operators-have"
TROUBLE = re.compile("Traceback|unforeseen|Exception in ASGI|CRITICAL|never retrieved|Fatal")
LONGEST_TOLD = 5000


@dataclass(frozen=True)
class Target:
    """The server.

    Attributes:
        keys: what opens it, by whose it is; `wrong` is of no server.
        signatures: that open a dataset, by its id.
        workers: the ids of its processes that serve.
    """

    port: int
    process: int
    log: Path
    keys: dict[str, str]
    signatures: dict[str, str]
    workers: frozenset[int]

    @property
    def url(self) -> str:
        """Its address, without the last slash."""
        return f"http://127.0.0.1:{self.port}"

    def troubles(self) -> list[str]:
        """What must not be: tracebacks, keys in the log, workers that died, no answer to a simple
        question."""
        text = self.log.read_text(errors="replace")
        first = TROUBLE.search(text)
        found = [] if first is None else [text[max(0, first.start() - 500) :][:LONGEST_TOLD]]
        secrets = [ADMIN_TOKEN, *self.keys.values(), *self.signatures.values()]
        found += [f"the log has {secret!r}" for secret in secrets if secret in text]
        if workers_of(self.process) != self.workers:
            found.append("a worker was replaced")
        return found + [path for path in ("/healthz", "/readyz") if not self._answers(path)]

    def memory_bytes(self) -> int:
        """What its workers hold together."""
        return sum(_resident_bytes(worker) for worker in self.workers)

    def _answers(self, path: str) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=HEALTHY_WITHIN_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def workers_of(process: int) -> frozenset[int]:
    """The processes that a server has begun."""
    return frozenset(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))


def _resident_bytes(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(folder: Path, port: int = 0, **settings: str) -> Iterator[Target]:
    """A server of its own processes, and data that are made in the folder.

    Args:
        settings: more of them, as in the environment.
    """
    catalog = write_cubes(folder)
    keys = _write_keys(folder / "keys.yaml")
    (folder / "jobs").mkdir()
    environment = {
        **os.environ,
        "TILESERVER_ADMIN_TOKEN": ADMIN_TOKEN,
        "TILESERVER_KEYS": str(folder / "keys.yaml"),
        "TILESERVER_SIGNING_KEYS": "what-signs-addresses-for-a-while",
        "TILESERVER_JOBS": str(folder / "jobs"),
        "TILESERVER_SHARED_TILES": str(folder / "tiles"),
        "TILESERVER_SUMMARIES": str(folder / "summaries.db"),
        "TILESERVER_DATABASE": str(folder / "register.db"),
        "TILESERVER_ALLOWED_URLS": str(folder),
        "TILESERVER_LOG_FORMAT": "json",
        "TILESERVER_LOG_REQUESTS": "all",
        "TILESERVER_CLIENT_RATE": "1000000",
        "TILESERVER_DRAIN_S": "0",
        **settings,
    }
    command = [sys.executable, "-m", "tileserver", "serve", "--catalog", str(catalog)]
    command += ["--port", str(port), "--workers", str(WORKERS)]
    log = folder / "log"
    with (
        log.open("wb") as written_to,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=written_to, text=True, env=environment
        ) as process,
    ):
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), log.read_text()[-2000:]
            at = int(url.rstrip("/").rpartition(":")[2])
            signatures = {
                name: _signature(at, name, keys["staff"]) for name in ("sea", "kept", "sleepers")
            }
            yield Target(at, process.pid, log, keys, signatures, workers_of(process.pid))
        finally:
            process.terminate()
            process.wait(ENDS_WITHIN_S)


def _write_keys(path: Path) -> dict[str, str]:
    """A key for each kind of caller; `wrong` is well made but of no server."""
    kinds = {"staff": ("read",), "other": ("read",), "admin": ("read", "refresh", "admin")}
    made = {name: new_key(name, roles=[name], scopes=scopes) for name, scopes in kinds.items()}
    entries = [each for _, key in made.values() for each in yaml.safe_load(written(key))]
    path.write_text(yaml.safe_dump(entries))
    own = {"operator": ADMIN_TOKEN, "wrong": new_key("wrong")[0]}
    return {name: text for name, (text, _) in made.items()} | own


def _signature(port: int, dataset: str, key: str) -> str:
    """What opens a dataset at the beginning of a path."""
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {key}"}
    connection.request("POST", f"/datasets/{dataset}/sign", headers=headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert "base" in answer, answer
    return str(answer["base"].rpartition("/")[2])
