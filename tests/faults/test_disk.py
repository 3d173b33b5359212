"""Row 27: a disk on which nothing more can be written."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.conftest import running
from tests.faults.place import SEA, Place, answers, until


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB, of which nothing is left; `ballast` on it may be removed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount: nothing to fill")
    try:
        with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_row_27_summaries_on_a_full_disk(
    place: Place, sound: dict[str, bytes], full_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Pictures, listings and readiness are as ever, it is told once, and room is used again."""
    tiles = full_disk / "tiles"
    tiles.mkdir()
    paths = SEA[:6]
    with place.client(shared_tiles=str(tiles), summaries=str(full_disk / "s.sqlite")) as client:
        assert answers(client, paths) == [sound[path] for path in paths]
        assert client.get("/readyz").status_code == 200
        assert {d["status"] for d in client.get("/datasets").json()["datasets"]} == {"ready"}
        told = [r for r in caplog.records if r.levelname == "ERROR" or "summaries" in r.name]
        assert len(told) <= 1
        kept = sum(path.stat().st_size for path in tiles.rglob("*") if path.is_file())
        (full_disk / "ballast").unlink()
        assert answers(client, SEA) == [sound[path] for path in SEA]
        until(lambda: sum(p.stat().st_size for p in tiles.rglob("*") if p.is_file()) > kept)


def test_row_27_server_without_temporary_files(
    place: Place, sound: dict[str, bytes], full_disk: Path, tmp_path: Path
) -> None:
    """Workers that have no room for what they tell each other serve all the same."""
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(f"datasets: [{{id: sea, url: '{place.bucket}/sea.zarr'}}]")
    with (
        running("--catalog", str(catalog), "--workers", "2", TMPDIR=str(full_disk)) as url,
        httpx2.Client(base_url=url) as client,
    ):
        for path in SEA[:4] * 2:
            answer = client.get(path)
            assert (answer.status_code, answer.content) == (200, sound[path])
        assert client.get("/metrics").status_code == 200
