"""Jobs outlive what works on them: servers, workers, clusters; and what they are about."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client, LocalCluster

from tests.jobs.conftest import areas, ask, post, result, serving, until
from tests.scale.cubes import append, noisy, write_cube
from tileserver.jobs.register import Register

AIR = "dataset=air&variable=t&aggregate=mean,std,p50"
LONG = areas(300, 20)


@pytest.fixture(scope="module")
def expected(data: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The result of the long job where nothing happens."""
    with serving(data, tmp_path_factory.mktemp("calm")) as server:
        return result(server.url, post(server.url, AIR, LONG)["jobID"])


def notes(folder: Path, key: str) -> dict[str, int]:
    """When each part of a job that is there was written, in ns."""
    return {p.name: p.stat().st_mtime_ns for p in (folder / key / "parts").glob("[0-9]*")}


def children(process: int) -> list[int]:
    """The workers of a server that has several."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    names = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in found}
    return [child for child, name in names.items() if b"spawn_main" in name]


def test_killed_server_goes_on(data: Path, tmp_path: Path, expected: bytes) -> None:
    """After SIGKILL no part that is done is done again, and the bytes are the same."""
    with serving(data, tmp_path) as server:
        key = post(server.url, AIR, LONG)["jobID"]
        until(server.url, key, "running", done=4)
        server.kill()
    done = notes(tmp_path, key)
    assert len(done) >= 4
    with serving(data, tmp_path) as server:
        until(server.url, key, "running", done=len(done) + 1)
        now = notes(tmp_path, key)
        assert {name: now[name] for name in done} == done
        assert result(server.url, key) == expected
    assert not notes(tmp_path, key)


def test_killed_worker_is_made_up_for(data: Path, tmp_path: Path, expected: bytes) -> None:
    """Of two that share the folder the other goes on; each job is done once."""
    with serving(data, tmp_path, "--workers", "2") as server:
        keys = [post(server.url, AIR, LONG)["jobID"] for _ in range(2)]
        until(server.url, keys[0], "running", done=4)
        os.kill(children(server.process.pid)[0], signal.SIGKILL)
        assert [result(server.url, key) == expected for key in keys] == [True] * 2


def test_cluster_gives_the_same_bytes(
    data: Path, tmp_path: Path, cluster: str, expected: bytes
) -> None:
    """Of two processes."""
    with serving(data, tmp_path, TILESERVER_SCHEDULER=cluster) as server:
        assert result(server.url, post(server.url, AIR, LONG)["jobID"]) == expected


def test_killed_worker_of_a_cluster_is_survived(
    data: Path, tmp_path: Path, expected: bytes
) -> None:
    """In the middle; the other does its parts."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0",
                     host="127.0.0.1", silence_logs=50) as own,
        serving(data, tmp_path, TILESERVER_SCHEDULER=own.scheduler_address) as server,
    ):  # fmt: skip
        with Client(own.scheduler_address) as client:
            process = next(iter(client.run(os.getpid).values()))
        key = post(server.url, AIR, LONG)["jobID"]
        until(server.url, key, "running", done=4)
        os.kill(process, signal.SIGKILL)
        assert result(server.url, key) == expected


def test_dataset_that_was_removed_fails_its_jobs(data: Path, tmp_path: Path) -> None:
    """It is told which, and the next job has its turn."""
    with serving(data, tmp_path) as server:
        key = post(server.url, AIR, LONG)["jobID"]
        until(server.url, key, "running", done=1)
        server.kill()
    other = tmp_path / "other"
    other.mkdir()
    write_cube(other / "sea.zarr", {"t": noisy(3, 90, 180)})
    (other / "catalog.yaml").write_text("datasets: [{id: sea, url: sea.zarr}]")
    with serving(other, tmp_path) as server:
        found = until(server.url, key, "failed")
        assert "dataset='air': no such dataset" in found["message"]
        assert "no such dataset" in ask(f"{server.url}/jobs/{key}/result")[1]["detail"]
        result(server.url, post(server.url, "dataset=sea&variable=t&lon=1&lat=1", None)["jobID"])


def test_dataset_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    """A result is of one state: with steps that came meanwhile no part of the old one counts."""
    cube = write_cube(tmp_path / "air.zarr", {"t": noisy(60, 90, 180)}, chunks=(1, 90, 90))
    (tmp_path / "catalog.yaml").write_text("datasets: [{id: air, url: air.zarr}]")
    with serving(tmp_path, tmp_path / "jobs") as server:
        key = post(server.url, AIR, LONG)["jobID"]
        until(server.url, key, "running", done=2)
        server.kill()
    append(cube, {"t": noisy(3, 90, 180)})
    with serving(tmp_path, tmp_path / "jobs") as server:
        found: dict[str, Any] = json.loads(result(server.url, key))
        _, asked = ask(f"{server.url}/timeseries/air/t?aggregate=mean", LONG, "POST")
    assert len(found["times"]) == 63
    own, other = (
        np.array([s["values"]["mean"] for s in document["series"][:300]], float)
        for document in (found, asked)
    )
    np.testing.assert_allclose(own, other, rtol=1e-12)


def test_parts_that_vanish_are_done_again(data: Path, tmp_path: Path, expected: bytes) -> None:
    """Somebody has removed one, and cut another, while the server was down by SIGTERM."""
    with serving(data, tmp_path) as server:
        key = post(server.url, AIR, LONG)["jobID"]
        until(server.url, key, "running", done=4)
    gone, cut, *_ = sorted((tmp_path / key / "parts").glob("[0-9]*"))
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-8])
    with serving(data, tmp_path) as server:
        assert result(server.url, key) == expected


def test_jobs_that_cannot_be_done_are_given_up(data: Path, tmp_path: Path) -> None:
    """One whose files were all removed, and one that was begun five times without a part done."""
    with serving(data, tmp_path) as server:
        lost, killer = (post(server.url, AIR, LONG)["jobID"] for _ in range(2))
        server.kill()
    shutil.rmtree(tmp_path / lost)
    register = Register(tmp_path / "jobs.sqlite3")
    for key in (lost, killer):
        register.change(key, status="running", begun=5)
    with serving(data, tmp_path) as server:
        assert "removed from the disk" in until(server.url, lost, "failed")["message"]
        assert "begun 5 times" in until(server.url, killer, "failed")["message"]
