"""A server in a process of its own: started, measured from outside, always stopped."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

READY_WITHIN_S = 120
ENDED_WITHIN_S = 10
RESET_PEAK = "5"  # proc(5), clear_refs: VmHWM begins anew
OPENER = build_opener(ProxyHandler({}))


class NotStarted(Exception):
    """A server that ended, or did not answer in time; the message is the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `port` on 127.0.0.1."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        """CPU time of the process and its living descendants, all threads, in seconds.

        By the process's CPU clock, which counts nanoseconds where /proc counts 10 ms.
        """
        total = 0.0
        for pid in family(self.process.pid):
            with contextlib.suppress(OSError):
                total += time.clock_gettime(cpu_clock(pid))
        return total

    def peak_bytes(self) -> int:
        """The most that was resident since `forget_peak`, over the process and its descendants."""
        return sum(status_kb(pid, "VmHWM") for pid in family(self.process.pid)) << 10

    def resident_bytes(self) -> int:
        return sum(status_kb(pid, "VmRSS") for pid in family(self.process.pid)) << 10

    def forget_peak(self) -> None:
        for pid in family(self.process.pid):
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)


def cpu_clock(pid: int) -> int:
    """The clock of another process's CPU time, as glibc's clock_getcpuclockid makes it."""
    return (~pid << 3) | 2


def family(pid: int) -> list[int]:
    """The process and all its descendants that live."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def status_kb(pid: int, field: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started: `{port}` in its words is the port that it shall take."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    ready: str = "/"  # a path that answers when it is ready


@contextlib.contextmanager
def running(command: Command, cores: frozenset[int] = frozenset()) -> Iterator[Server]:
    """A server that answers; ended on the way out, whatever happened.

    Args:
        cores: those that it may use; empty for all.

    Raises:
        NotStarted: with the end of its log.
    """
    command.folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), command.folder / f"{command.name}.log"
    words = [word.replace("{port}", str(port)) for word in command.words]
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, stdout=out, stderr=out, cwd=command.folder, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **command.environment},
        )  # fmt: skip
    try:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        wait_until_ready(process, f"http://127.0.0.1:{port}{command.ready}", log)
        yield Server(command.name, port, process)
    finally:
        end(process)


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            OPENER.open(url, timeout=5).close()
            return
        except HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.02)
    lines = log.read_text(errors="replace").strip().splitlines() or ["no log"]
    raise NotStarted(lines[-1][:300])


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then end it and all that it started."""
    children = family(process.pid)[1:]
    process.terminate()
    try:
        process.wait(ENDED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in children:
        with contextlib.suppress(OSError):
            os.kill(pid, 9)
