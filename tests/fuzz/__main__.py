"""Fuzzing for as long as one likes: `python -m tests.fuzz --minutes 10 [--seed 1] [--tight]`.

Half of the time goes to requests of all kinds, half to what the API's description promises. With
Redis, where that is installed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz.attack import Report, attack
from tests.fuzz.described import TOOL, hold
from tests.fuzz.target import Target, serving
from tests.servers import RedisServer

TIGHT = {
    "TILESERVER_CLIENT_RATE": "30",
    "TILESERVER_CLIENT_BURST": "30",
    "TILESERVER_CONNECTIONS": "3",
    "TILESERVER_IN_FLIGHT": "1",
    "TILESERVER_WAITING": "1",
    "TILESERVER_BODY_BYTES": "300",
    "TILESERVER_OVER_BUDGET": "error",
    "TILESERVER_TILE_READ_CHUNKS": "1",
    "TILESERVER_SERIES_READ_BYTES": "20000",
    "TILESERVER_METRICS": "admin",
    "TILESERVER_OIDC_ISSUER": "http://127.0.0.1:9/",
    "TILESERVER_OIDC_AUDIENCE": "nobody",
}


def main() -> int:
    """Print what came of it; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tight", action="store_true", help="limits that refuse most requests")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tileserver-fuzz-") as folder,
        _redis() as redis,
        serving(Path(folder), given.port, **redis, **(TIGHT if given.tight else {})) as target,
    ):
        wrong = _run(target, Path(folder), given.minutes * 30, given.seed)
        for each in wrong:
            print(f"- {each}")
    return bool(wrong)


@contextmanager
def _redis() -> Iterator[dict[str, str]]:
    if shutil.which("redis-server") is None:
        yield {}
        return
    with RedisServer() as redis:
        yield {"TILESERVER_REDIS": redis.url}


def _run(target: Target, folder: Path, seconds: float, seed: int) -> list[str]:
    """What is wrong after some seconds of each kind."""
    attack(target, min(seconds, 10), seed - 1)  # what is imported and kept once
    before = target.memory_bytes()
    report = attack(target, seconds, seed)
    print(_told(report))
    wrong = report.wrong
    if TOOL.exists():
        held = hold(target, folder, examples=10, seed=seed, seconds=max(1, int(seconds)))
        print(
            f"schemathesis: {held.count} requests, {'as' if held.is_right else 'not as'} described"
        )
        wrong += [] if held.is_right else [held.told]
    grown = (target.memory_bytes() - before) / 1e6
    print(f"memory of all processes: {before / 1e6:.0f} MB before, {grown:+.0f} MB since")
    return wrong + target.troubles()


def _told(report: Report) -> str:
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(report.statuses.items()))
    return (
        f"{report.count} requests, the slowest {report.slowest_s:.1f} s ({statuses}; "
        f"{report.unanswered} that were no HTTP had no answer)"
    )


if __name__ == "__main__":
    sys.exit(main())
