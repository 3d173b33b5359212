"""How servers end, as their clients see it. Row 28."""

import asyncio
from pathlib import Path

from tests.endings import kill_worker, rolling_restart


def test_rolling_restart_fails_nobody(demo_data: Path) -> None:
    """Two replicas behind a balancer, ended and started again in turn: every answer is a 200."""
    seen = asyncio.run(rolling_restart(demo_data))
    assert set(seen) == {200}
    assert seen[200] > 100


def test_killed_worker_takes_its_own_answers_along(demo_data: Path) -> None:
    """Each client loses one answer at most, then the other worker serves it."""
    clients = 8
    seen = asyncio.run(kill_worker(demo_data, clients))
    failed = {kind: number for kind, number in seen.items() if kind != 200}
    assert sum(failed.values()) <= clients
    assert set(failed) <= {"ConnectionResetError", "IncompleteReadError"}
    assert seen[200] > 100
