"""Figures at /metrics: of all workers, whichever is asked."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.conftest import running
from tests.http.changing import App
from tileserver.app import create_app
from tileserver.settings import Settings

TILE = "/tiles/ocean/sst/1/0/0.png"
WITHIN_S = 15
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Figures:
    """What Prometheus reads."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(figures: Figures, name: str, **labels: str) -> float:
    """The sum of those with some labels."""
    wanted = labels.items()
    return sum(v for (n, found), v in figures.items() if n == name and wanted <= found)


def until(holds: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < WITHIN_S, "it does not come"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def client(demo_data: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(catalog=(str(demo_data),)))) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield client


def test_requests_are_counted(client: TestClient) -> None:
    """By the template of their route and their status, with a histogram of what they took."""
    for address in (TILE, TILE, "/tiles/ocean/sst/WebMercatorQuad/1/0/0.png", "/datasets", "/no"):
        client.get(address)
    figures = read(client.get("/metrics").text)
    route = "/tiles/{dataset}/{variable}/{z}/{x}/{last}"
    name = "tileserver_requests_total"
    assert of(figures, name, route=route, status="200") == 2
    assert of(figures, name, route=route.replace("/{z}", "/{tms}/{z}"), status="200") == 1
    assert of(figures, name, route="/datasets", status="200") == 1
    assert of(figures, name, route="none", status="404") == 1
    assert of(figures, "tileserver_request_seconds_count", route=route) == 2
    assert of(figures, "tileserver_request_seconds_bucket", route=route, le="+Inf") == 2
    assert 0 < of(figures, "tileserver_request_seconds_sum", route=route) < 10
    assert of(figures, "tileserver_response_bytes_total") > 0


def test_work_is_told(client: TestClient) -> None:
    """Stages, caches, storages, queues, datasets and the process."""
    client.get(TILE)
    figures = read(client.get("/metrics").text)
    for stage in ("plan", "read", "draw", "encode"):
        assert of(figures, "tileserver_stage_seconds_count", stage=stage) >= 1
    assert of(figures, "tileserver_cache_bytes", cache="pictures") > 0
    assert of(figures, "tileserver_cache_limit_bytes", cache="chunks") > 0
    assert of(figures, "tileserver_cache_hits_total", cache="pictures") >= 1
    requests = of(figures, "tileserver_store_requests_total", store="disk")
    assert requests == of(figures, "tileserver_store_seconds_count", store="disk") > 0
    assert of(figures, "tileserver_store_bytes_total", store="disk") > 0
    queues = ("pictures", "maps", "answers")
    assert all(("tileserver_in_flight", frozenset({("queue", q)})) in figures for q in queues)
    assert of(figures, "tileserver_datasets", status="ready") > 0
    assert of(figures, "tileserver_dataset_ready", dataset="ocean") == 1
    for name in ("memory_bytes", "open_files", "threads", "cpu_seconds_total"):
        assert of(figures, f"tileserver_process_{name}", worker="1") > 0


def test_whatever_is_asked_labels_are_few(client: TestClient) -> None:
    """Clients that make up addresses make no new metrics."""
    counts = []
    for i in range(20):
        client.get(f"/tiles/made/up{i}/0/0/0.png")
        client.get(f"/made/up{i}")
        client.get("/datasets", headers={"X-Request-ID": f"made-up-{i}"})
        figures = read(client.get("/metrics").text)
        counts.append(len(figures))
    assert len(set(counts[2:])) == 1
    assert not any("up" in value for _, labels in figures for _, value in labels)


def test_kept_from_others() -> None:
    """On the scope admin, where operators want that."""
    with TestClient(App(metrics="admin", admin_token="secret").app) as client:
        assert client.get("/metrics").status_code == 401
        answer = client.get("/metrics", headers={"Authorization": "Bearer secret"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")


def test_private_datasets_are_not_named(demo_data: Path, tmp_path: Path) -> None:
    """To everybody; to administrators they are."""
    catalog = tmp_path / "catalog.yaml"
    access = "access: {roles: [staff], hidden: true}"
    catalog.write_text(f"datasets: [{{id: vault, url: x.zarr, {access}}}, {{id: open, url: y}}]")
    for who, named in (("open", False), ("admin", True)):
        settings = Settings(catalog=(str(catalog),), metrics=who, admin_token="secret")
        with TestClient(create_app(settings)) as client:
            until(lambda: client.get("/readyz").status_code == 200)
            text = client.get("/metrics", headers={"Authorization": "Bearer secret"}).text
        assert 'dataset="open"' in text
        assert ("vault" in text) == named
        assert of(read(text), "tileserver_datasets", status="error") == 2


@pytest.fixture(scope="module")
def two_workers(demo_data: Path) -> Iterator[str]:
    with running("--catalog", str(demo_data), "--workers", "2") as url:
        yield url


def ask(url: str, address: str, times: int = 1) -> str:
    """The last answer; each on a connection of its own, which the kernel deals to the workers."""
    for _ in range(times):
        text = httpx2.get(f"{url}{address}").text
    return text


def scrape(url: str) -> Figures:
    return read(ask(url, "/metrics"))


def test_workers_are_one(two_workers: str) -> None:
    """Whoever is asked tells the requests of both, and the caches of both."""
    tiles = {"route": "/tiles/{dataset}/{variable}/{z}/{x}/{last}", "status": "200"}
    ask(two_workers, TILE, 24)
    until(lambda: of(scrape(two_workers), "tileserver_requests_total", **tiles) == 24)
    time.sleep(1.5)  # until both have told the other
    found = [scrape(two_workers) for _ in range(8)]
    assert {of(each, "tileserver_requests_total", **tiles) for each in found} == {24}
    workers = {worker for (name, worker) in found[0] if name == "tileserver_process_pid"}
    assert len(workers) == 2
    [limit] = {of(each, "tileserver_cache_limit_bytes", cache="pictures") for each in found}
    assert limit > 0
    assert of(found[0], "tileserver_datasets", status="ready") == 4


def test_counts_outlive_a_worker(two_workers: str) -> None:
    """One is killed, another takes its place: nothing that was told is taken back."""

    def total() -> float:
        return of(scrape(two_workers), "tileserver_requests_total", route="/datasets")

    before = total()
    ask(two_workers, "/datasets", 16)
    until(lambda: total() == before + 16)
    time.sleep(1.5)
    [pid, *_] = [int(v) for (name, _), v in scrape(two_workers).items()
                 if name == "tileserver_process_pid"]  # fmt: skip
    os.kill(pid, signal.SIGKILL)
    seen = []
    begun = time.monotonic()
    while len(seen) < 20 or time.monotonic() - begun < 3:
        try:
            seen.append(total())
        except httpx2.TransportError:  # to whom it was dealt died with the worker
            continue
    assert all(each >= before + 16 for each in seen)
    until(lambda: of(scrape(two_workers), "tileserver_datasets", status="ready") == 4)
    assert total() >= before + 16
