"""The viewer on a server that refuses who asks too often."""

from pathlib import Path

import numpy as np
import pytest

from tests.browser.conftest import Visit, visited
from tests.conftest import running

SEA = (slice(300, 600), slice(400, 900))


@pytest.fixture(scope="module")
def visit(chromium: str, demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit, to ten requests a second after the first twenty."""
    limits = {"TILESERVER_CLIENT_RATE": "10", "TILESERVER_CLIENT_BURST": "20"}
    with running("--catalog", str(demo_data), **limits) as url:
        return visited(tmp_path_factory, "patience", chromium, url)


def test_what_is_put_off_comes_later(visit: Visit) -> None:
    """Tiles that were refused are asked for again when the server says, and nobody is told."""
    assert visit.facts["refused"] > 0
    assert visit.facts["notices"] == []
    assert visit.facts["others"] == []
    assert len(np.unique(visit.picture("whole")[SEA].reshape(-1, 3), axis=0)) > 20
