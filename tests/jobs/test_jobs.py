"""Jobs of a server, from the request to the file."""

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tests.jobs.conftest import (
    LOCAL,
    STEPS,
    Server,
    areas,
    ask,
    post,
    result,
    serving,
    stored,
    until,
)
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.jobs.office import Limits, Office
from tileserver.jobs.order import Order
from tileserver.jobs.register import new_job
from tileserver.settings import Settings

AIR = "dataset=air&variable=t"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def server(data: Path, folder: Path) -> Iterator[Server]:
    with serving(data, folder) as found:
        yield found


def series(url: str, query: str, body: bytes) -> dict[str, Any]:
    """The same by /timeseries."""
    status, found = ask(f"{url}/timeseries/air/t?{query}", body, "POST")
    assert status == 200
    return dict(found)


def test_result_is_that_of_a_request(server: Server) -> None:
    """Areas and points, whatever parts they were worked out in, in the order of the body."""
    query, body = "aggregate=mean,std,count,p90&start=2020-01-05", areas(40, 20)
    taken = post(server.url, f"{AIR}&{query}", body)
    assert taken["status"] == "accepted"
    found = json.loads(result(server.url, taken["jobID"]))
    expected = series(server.url, query, body)
    assert found["times"] == expected["times"]
    assert [s["id"] for s in found["series"]] == [s["id"] for s in expected["series"]]
    for own, other in zip(found["series"], expected["series"], strict=True):
        assert own["properties"] == other["properties"]
        for name, numbers in other["values"].items():
            np.testing.assert_allclose(
                np.array(own["values"][name], float), np.array(numbers, float), rtol=1e-12
            )


def test_numbers_are_those_of_the_store(server: Server, data: Path) -> None:
    """Of a point without a body, each step."""
    job = post(server.url, f"{AIR}&lon=11&lat=47&f=csv", None)
    rows = list(csv.DictReader(io.StringIO(result(server.url, job["jobID"]).decode())))
    cell = stored(data)[:, int((90 - 47) / 2), int((180 + 11) / 2)]
    got = [float(row["value"]) if row["value"] else np.nan for row in rows]
    np.testing.assert_array_equal(np.float32(got), cell)


def test_lines_and_tables_hold_the_same(server: Server, tmp_path: Path) -> None:
    """ndjson and Parquet, read by others."""
    body = areas(5, 2)
    jobs = {f: post(server.url, f"{AIR}&f={f}", body)["jobID"] for f in ("ndjson", "parquet")}
    head, *lines = map(json.loads, result(server.url, jobs["ndjson"]).splitlines())
    assert len(head["times"]) == STEPS
    assert [line["feature"] for line in lines] == list(range(7))
    table = pq.read_table(io.BytesIO(result(server.url, jobs["parquet"])))
    assert table.num_rows == 7 * STEPS
    means = np.array([line["values"]["mean"] for line in lines[:5]], float).ravel()
    np.testing.assert_array_equal(table["mean"].to_numpy()[: 5 * STEPS], means)


def test_job_is_told_and_its_file_is_read_by_ranges(server: Server) -> None:
    """Words, times and links; a download can be gone on with."""
    key = post(server.url, f"{AIR}&bbox=0,0,20,20&f=csv", None)["jobID"]
    body = result(server.url, key)
    _, job = ask(f"{server.url}/jobs/{key}")
    assert job["progress"] == 100
    assert job["created"] <= job["started"] <= job["finished"]
    assert job["result_bytes"] == len(body)
    assert ask(job["links"][-1]["href"], Range="bytes=10-29") == (206, body[10:30])
    request = f"{server.url}/jobs/{key}/result"
    with LOCAL.open(request) as answer:
        assert answer.headers["content-disposition"].endswith('filename="air.t.csv"')


def test_listing_is_paged(server: Server) -> None:
    """The newest first; `next` leads to the rest."""
    keys = [post(server.url, f"{AIR}&lon={n}&lat=0", None)["jobID"] for n in range(3)]
    _, first = ask(f"{server.url}/jobs?limit=2")
    assert [job["jobID"] for job in first["jobs"]] == keys[:0:-1]
    _, second = ask(first["next"])
    assert second["jobs"][0]["jobID"] == keys[0]


@pytest.mark.parametrize(
    ("query", "body", "status", "told"),
    [
        ("variable=t&lon=0&lat=0", b"", 400, "dataset is missing"),
        ("dataset=air&lon=0&lat=0", b"", 400, "variable is missing"),
        ("dataset=no&variable=t&lon=0&lat=0", b"", 404, "no such dataset"),
        ("dataset=air&variable=no&lon=0&lat=0", b"", 404, "variable='no'"),
        (f"{AIR}&lon=0", b"", 400, "lat is missing"),
        (f"{AIR}&lon=0&lat=0&colour=red", b"", 400, "no such parameter"),
        (f"{AIR}&lon=0&lat=0&f=xls", b"", 400, "f='xls'"),
        (f"{AIR}&lon=0&lat=0&start=1900&end=1901", b"", 400, "expected a range with times"),
        (f"{AIR}&lon=0&lat=0&aggregate=mood", b"", 400, "aggregate"),
        (AIR, b"", 400, "body"),
        (AIR, b"{", 400, "body"),
        (AIR, b"[]", 400, "GeoJSON"),
        (AIR, b'{"type": "Point", "coordinates": ["NaN", 1]}', 400, "body"),
        (AIR, b'{"type": "FeatureCollection", "features": []}', 400, "body"),
        (AIR, b"\xff\xfe\x00", 400, "body"),
        (AIR, b" " * (9 << 20), 413, "body: more than"),
    ],
)
def test_what_is_wrong_is_told_at_once(
    server: Server, query: str, body: bytes, status: int, told: str
) -> None:
    """With its name and the remedy, and no job is kept."""
    before = ask(f"{server.url}/jobs")[1]["total"]
    found = ask(f"{server.url}/jobs?{query}", body, "POST")
    assert (found[0], told in found[1]["detail"]) == (status, True), found
    assert ask(f"{server.url}/jobs")[1]["total"] == before


@pytest.mark.parametrize("key", ["no", "0" * 32, "..", "%2e%2e%2fjobs.sqlite3", "jobs.sqlite3"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_only_jobs_are_found(server: Server, key: str, method: str) -> None:
    """No other file of the folder, or above it."""
    assert ask(f"{server.url}/jobs/{key}", method=method)[0] == 404
    assert ask(f"{server.url}/jobs/{key}/result")[0] == 404


def test_removed_job_leaves_nothing(server: Server, folder: Path) -> None:
    """Neither row nor file."""
    key = post(server.url, f"{AIR}&lon=3&lat=0", None)["jobID"]
    result(server.url, key)
    assert ask(f"{server.url}/jobs/{key}", method="DELETE")[0] == 200
    assert ask(f"{server.url}/jobs/{key}")[0] == 404
    assert not (folder / key).exists()


def test_running_job_is_stopped(server: Server, folder: Path) -> None:
    """The next one has its turn, and no file comes back."""
    key = post(server.url, AIR, areas(400))["jobID"]
    until(server.url, key, "running", done=1)
    _, told = ask(f"{server.url}/jobs/{key}", method="DELETE")
    assert told["status"] == "dismissed"
    result(server.url, post(server.url, f"{AIR}&lon=3&lat=1", None)["jobID"])
    assert not (folder / key).exists()


def test_vanished_result_is_told(server: Server, folder: Path) -> None:
    """What somebody has removed from the disk."""
    key = post(server.url, f"{AIR}&lon=4&lat=0", None)["jobID"]
    result(server.url, key)
    (folder / key / "result.json").unlink()
    status, told = ask(f"{server.url}/jobs/{key}/result")
    assert (status, "post it once more" in told["detail"]) == (404, True)


def test_result_that_is_not_there_yet(server: Server) -> None:
    """It is told how the job stands."""
    key = post(server.url, AIR, areas(300))["jobID"]
    status, told = ask(f"{server.url}/jobs/{key}/result")
    assert (status, "not there yet" in told["detail"]) == (404, True)
    ask(f"{server.url}/jobs/{key}", method="DELETE")


def test_server_without_a_folder_takes_none() -> None:
    """It says what to set."""
    with TestClient(create_app(Settings(), catalog)) as client:
        for path in ("/jobs", "/jobs/1", "/jobs/1/result"):
            answer = client.get(path)
            told = "TILESERVER_JOBS" in answer.json()["detail"]
            assert (answer.status_code, told) == (403, True)


def test_full_disk_fails_the_job_alone(data: Path, tmp_path: Path) -> None:
    """Files that cannot grow any more: it is told, no part stays, and smaller jobs are done."""
    limited = ("bash", "-c", 'ulimit -f 256; exec "$@"', "limited")
    with serving(data, tmp_path, before=limited) as server:
        key = post(server.url, AIR, areas(300))["jobID"]
        found = until(server.url, key, "failed", "successful")
        assert found["message"] == "the disk cannot be used: File too large"
        assert {path.name for path in (tmp_path / key).iterdir()} == {"lock"}
        result(server.url, post(server.url, f"{AIR}&lon=1&lat=1", None)["jobID"])
        status, told = ask(f"{server.url}/jobs?{AIR}", areas(1500), "POST")
        assert (status, "disk may be full" in told["detail"]) == (503, True)
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2


def test_limits_are_told(data: Path, tmp_path: Path) -> None:
    """How many wait, what one may read, what one may tell; and series point to jobs."""
    limits = {
        "TILESERVER_JOBS_WAITING": "2",
        "TILESERVER_JOB_READ_BYTES": "4MB",
        "TILESERVER_JOBS_BYTES": "1MiB",
        "TILESERVER_SERIES_READ_BYTES": "100",
        "TILESERVER_SCHEDULER": "tcp://127.0.0.1:9",  # where nobody answers: jobs stay
    }
    with serving(data, tmp_path, **limits) as server:
        status, told = ask(f"{server.url}/jobs?{AIR}", areas(300), "POST")
        assert (status, "the limit is 4 MB" in told["detail"]) == (413, True)
        status, told = ask(f"{server.url}/jobs?{AIR}", areas(0, 2000), "POST")
        assert status == 413
        status, told = ask(f"{server.url}/timeseries/air/t?lon=1&lat=1")
        assert (status, "POST it to /jobs" in told["detail"]) == (413, True)
        for _ in range(2):
            post(server.url, f"{AIR}&lon=1&lat=1", None)
        status, told = ask(f"{server.url}/jobs?{AIR}&lon=1&lat=1", b"", "POST")
        assert (status, "2 jobs wait already" in told["detail"]) == (503, True)
        server.kill()


def test_old_and_many_results_go(data: Path, tmp_path: Path) -> None:
    """The oldest first; those that wait stay."""
    office = Office(tmp_path, Limits(nbytes=2500, age_s=100))
    office.open()
    now = time.time()
    for number, (age, status) in enumerate(
        [(1, "successful"), (2, "failed"), (3, "successful"), (4, "successful"), (200, "failed"),
         (300, "accepted")]
    ):  # fmt: skip
        job = new_job(f"{number:032x}", Order("air", "t"), features=1, read_bytes=1,
                      value_bytes=1, seconds=1.0)  # fmt: skip
        office.register.add(job, 100, 10**6)
        office.folder(job.id).create(b"[]")
        office.register.change(job.id, status=status, finished=now - age, nbytes=1000)
    office.register.change(f"{1:032x}", nbytes=0)
    office.tidy()
    left = {f"{n:032x}" for n in (0, 1, 2, 5)}
    assert office.register.ids() == left
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == left
    office.close()


def test_listing_takes_the_admin_token_where_there_is_one(data: Path, tmp_path: Path) -> None:
    """An id is all that it takes to remove a job."""
    with serving(data, tmp_path, TILESERVER_ADMIN_TOKEN="secret") as server:
        key = post(server.url, f"{AIR}&lon=1&lat=1", None)["jobID"]
        assert ask(f"{server.url}/jobs/{key}")[0] == 200
        assert ask(f"{server.url}/jobs")[0] == 401
        assert ask(f"{server.url}/jobs", Authorization="Bearer secret")[1]["total"] == 1


def test_folder_that_cannot_be_used_stops_the_start(data: Path, tmp_path: Path) -> None:
    """In one line, before anything listens."""
    (tmp_path / "jobs.sqlite3").write_text("nothing of a database, but of some length")
    command = [sys.executable, "-m", "tileserver", "serve", "--catalog", str(data / "catalog.yaml"),
               "--port", "0", "--jobs", str(tmp_path)]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.strip()) == (
        1,
        f"jobs={tmp_path}: file is not a database: name a folder that this user may write to",
    )
