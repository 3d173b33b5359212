"""Encoded tiles that workers share: what one has made, the other need not."""

from pathlib import Path

from starlette.testclient import TestClient

from tests.http.test_tilefront import App
from tileserver.sources.memory import MemorySource

SLOW = "/tiles/sea/sst/1/0/0.webp"


def reads(app: App) -> int:
    source = app.catalog["sea"].source
    assert isinstance(source, MemorySource)
    return len(source.reads)


def test_second_worker_reads_nothing(tmp_path: Path) -> None:
    """It answers with the picture of the first."""
    first, second = (App(shared_tiles=str(tmp_path / "tiles")) for _ in range(2))
    with TestClient(first.app) as client:
        made = client.get(SLOW)
        assert reads(first) > 0
    with TestClient(second.app) as client:
        found = client.get(SLOW)
        assert reads(second) == 0
    assert (found.status_code, found.content) == (200, made.content)
    assert found.headers["etag"] == made.headers["etag"]


def test_damaged_picture_is_made_anew(tmp_path: Path) -> None:
    """Nobody is served half a file."""
    first, second = (App(shared_tiles=str(tmp_path)) for _ in range(2))
    with TestClient(first.app) as client:
        made = client.get(SLOW)
    [file] = [path for path in tmp_path.glob("*/*") if len(path.name) == 32]
    file.write_bytes(file.read_bytes()[:-5])
    with TestClient(second.app) as client:
        assert client.get(SLOW).content == made.content
        assert reads(second) > 0
