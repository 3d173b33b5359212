"""Encoded tiles that workers share: what one has made, the other need not."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tests.http.test_tilefront import App
from tileserver.cli import app as command
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


def test_folder_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, before the server starts."""
    taken = tmp_path / "file"
    taken.write_text("not a folder")
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text("datasets: []")
    monkeypatch.setenv("TILESERVER_SHARED_TILES", str(taken))
    answer = CliRunner().invoke(command, ["serve", "--catalog", str(catalog), "--port", "0"])
    assert answer.exit_code == 1
    assert f"shared_tiles={taken}" in answer.output
    assert "name a folder" in answer.output
