"""Real servers of others, each a process of its own that tests stop, kill and start again.

    with RedisServer() as redis:
        client = connect(redis.url)
        redis.stop()                          # and later: redis.start()

They listen on this machine alone, and keep nothing beyond the test.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Self

import pytest

STARTED_WITHIN_S = 30.0
ATTEMPTS = 3  # as another process may take the port before the server does
POSTGRES_FOLDERS = "/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin"


class Server:
    """A process that serves on one port as long as the test likes; a context of its own.

    Attributes:
        port: stays the same when the server is started again.
        folder: where it keeps its files; the server's user may write there.
    """

    def __init__(self, user: str | None = None) -> None:
        self.port = _free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="tileserver-test-"))
        self._user = user
        if user is not None:
            shutil.chown(self.folder, user, pwd.getpwnam(user).pw_gid)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for attempt in range(ATTEMPTS):
            try:
                self.start()
                return self
            except BaseException as error:
                self.kill()
                if attempt == ATTEMPTS - 1 or not isinstance(error, RuntimeError):
                    self.__exit__()
                    raise
                self.port = _free_port()
        raise AssertionError("it has started, or has failed")

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self) -> Sequence[str]:
        """What is run."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it serves by now."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it serves. Raises RuntimeError with what it said."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, user=self._user, cwd=self.folder
            )
        until = time.monotonic() + STARTED_WITHIN_S
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once but in order; what it keeps on disk stays."""
        self.send(signal.SIGINT)
        self._wait()

    def kill(self) -> None:
        """End it as a fault would."""
        self.send(signal.SIGKILL)
        self._wait()

    def freeze(self) -> None:
        """Let it accept connections, but answer nothing, until `thaw`."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self.send(signal.SIGCONT)

    def send(self, number: int) -> None:
        """A signal to the server, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _wait(self) -> None:
        if self._process is not None:
            self._process.wait(STARTED_WITHIN_S)
            self._process = None


class RedisServer(Server):
    """A Redis that keeps all in memory.

    Args:
        options: of its configuration, such as `maxmemory="1mb"`.
    """

    def __init__(self, **options: str) -> None:
        self._program = _found("redis-server", "make redis")
        super().__init__()
        self._options = options

    @property
    def url(self) -> str:
        """Of its first database."""
        password = self._options.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"

    @property
    def socket(self) -> Path:
        """Where it listens too."""
        return self.folder / "redis.sock"

    def command(self) -> Sequence[str]:
        """What is run."""
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "unixsocket": str(self.socket),
            "save": "",
            "appendonly": "no",
            **self._options,
        }
        return [self._program, *(word for key in options for word in (f"--{key}", options[key]))]

    def answers(self) -> bool:
        """Whether it serves by now."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False


class PostgresServer(Server):
    """A PostgreSQL whose superuser is `tileserver`, without a password."""

    def __init__(self) -> None:
        self._programs = Path(_found("initdb", "make postgres", *POSTGRES_FOLDERS)).parent
        # PostgreSQL refuses to be run by root.
        super().__init__(user="postgres" if os.geteuid() == 0 else None)
        self._numbers = count(1)
        initdb = self._programs / "initdb"
        subprocess.run(
            [initdb, "-D", self._data, "-U", "tileserver", "-A", "trust", "-N", "-E", "UTF8"],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self.folder,
        )

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def send(self, number: int) -> None:
        """A signal to the server; those that freeze and thaw also to who serves connections."""
        super().send(number)
        if self._process is not None and number in (signal.SIGSTOP, signal.SIGCONT):
            own = self._process.pid
            for child in Path(f"/proc/{own}/task/{own}/children").read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(child), number)

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy with psycopg, of a database."""
        return f"postgresql+psycopg://tileserver@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of a new and empty database."""
        name = f"test{next(self._numbers)}"
        assert self._ask(f"create database {name}") == 0, f"{name} could not be made"
        return self.url(name)

    def command(self) -> Sequence[str]:
        """What is run."""
        # No test needs what is on disk after the machine has failed.
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "shared_buffers": "16MB",
        }
        given = (word for key, value in settings.items() for word in ("-c", f"{key}={value}"))
        return [str(self._programs / "postgres"), "-D", str(self._data), *given]

    def answers(self) -> bool:
        """Whether it serves by now."""
        return self._ask("select 1") == 0

    def _ask(self, query: str) -> int:
        address = f"host=127.0.0.1 port={self.port} user=tileserver dbname=postgres"
        command = [self._programs / "psql", "-q", "-c", query, address]
        return subprocess.run(command, capture_output=True, check=False).returncode


def _found(program: str, remedy: str, *folders: str) -> str:
    """Where a program is; the test is skipped without it."""
    beside = [path for folder in folders for path in Path("/").glob(f"{folder[1:]}/{program}")]
    found = next(map(str, sorted(beside, reverse=True)), None) or shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} here: {remedy}")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
