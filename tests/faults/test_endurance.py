"""Mixed traffic under store faults, for seconds: `tests.benchmarks.endurance` takes minutes."""

from pathlib import Path

import pytest

from tests.benchmarks.endurance import run

SECONDS = 10.0
LEAST = 200  # answers, on a machine that is busy


@pytest.mark.paced
def test_nothing_is_wrong_and_nothing_leaks(demo_data: Path, tmp_path: Path) -> None:
    """Each answer is that of a server without faults, or 503 or 504; the end is like the middle."""
    outcome = run(SECONDS, folder=tmp_path, data=demo_data.parent)
    assert outcome.seen.faulty == []
    assert outcome.seen.statuses[200] > LEAST
    assert set(outcome.seen.statuses) <= {200, 503, 504}
    assert sum(outcome.store.values()) > outcome.store["requests"] > 100
    assert outcome.figures[-1]["tasks"] <= outcome.figures[0]["tasks"] + 4  # at rest
