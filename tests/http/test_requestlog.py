"""What the log tells of requests, and what it never does."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.http.changing import App
from tileserver.access.key import new_key
from tileserver.app import create_app
from tileserver.settings import Settings

TILE = "/tiles/ocean/sst/1/0/0.png"
GONE = "/tiles/gone/x/0/0/0.png"
KEY, _ = new_key("a")
SECRET = KEY.split("_", 2)[2]
ADMIN = "let-me-in-please"


@contextmanager
def logging(*flags: str) -> Iterator[tuple[httpx2.Client, Callable[[], str]]]:
    """A server, and what it has logged once it has ended."""
    command = [sys.executable, "-m", "tileserver", "serve", "--port", "0", *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        ended: list[str] = []

        def end() -> str:
            if not ended:
                server.terminate()
                ended.append(server.communicate(timeout=30)[1])
            return ended[0]

        try:
            with httpx2.Client(base_url=server.stdout.readline().strip()) as client:
                yield client, end
        finally:
            end()


@pytest.fixture(scope="module")
def logged(demo_data: Path) -> dict[str, Any]:
    """What a server told of requests, good and bad, some of which carry secrets."""
    flags = ("--catalog", str(demo_data), "--admin-token", ADMIN, "--log-format", "json")
    with logging(*flags, "--log-requests", "all") as (client, end):
        ids = {
            "first": client.get(TILE, params={"rescale": "0,30"}),
            "kept": client.get(TILE, params={"rescale": "0,30"}),
            "map": client.get("/wms", params=WMS),
            "named": client.get(TILE, headers={"X-Request-ID": "Root=1-67891233-abcdef012345"}),
            "odd": client.get(TILE, headers={"X-Request-ID": 'a"b c'}),
            "long": client.get(TILE, headers={"X-Request-ID": "a" * 129}),
            "secret": client.get(TILE, headers={"X-Request-ID": KEY}),
            "admin": client.get("/status", headers={"Authorization": f"Bearer {ADMIN}"}),
            "bearer": client.get(TILE, headers={"Authorization": f"Bearer {KEY}"}),
            "basic": client.get(TILE, auth=("anna", KEY)),
            "header": client.get(TILE, headers={"X-API-Key": KEY}),
            "query": client.get(TILE, params={"key": KEY, "time": KEY}),
            "path": client.get(f"/tiles/{KEY}/x/0/0/0"),
            "signed": client.get(f"/signed/{SECRET}{TILE}"),
            "user": client.get(TILE, params={"url": f"https://anna:{SECRET}@host/x"}),
            "line": client.get("/tiles/a%0d%0aINFO%3a%20b/x/0/0/0"),
            "healthy": client.get("/healthz"),
        }
        text = end()
    lines = [json.loads(line) for line in text.splitlines()]
    by_id = {line.get("request_id"): line for line in lines}
    told = {name: by_id.get(answer.headers["x-request-id"]) for name, answer in ids.items()}
    return {"text": text, "lines": lines, "answers": ids, **told}


WMS = {
    "service": "WMS", "version": "1.3.0", "request": "GetMap", "layers": "ocean:sst",
    "styles": "", "crs": "CRS:84", "bbox": "-180,-90,180,90", "width": "64", "height": "32",
    "format": "image/png",
}  # fmt: skip


def test_request_is_told(logged: dict[str, Any]) -> None:
    """Who asked for what, what came of it, and what took how long."""
    line, answer = logged["first"], logged["answers"]["first"]
    assert line["message"] == "request"
    assert line["logger"] == "tileserver.requests"
    assert line["time"].endswith("Z")
    assert (line["method"], line["path"], line["status"]) == ("GET", TILE, 200)
    assert line["route"] == "/tiles/{dataset}/{variable}/{z}/{x}/{last}"
    assert line["dataset"] == "ocean"
    assert line["query"] == {"rescale": "0,30"}
    assert line["bytes"] == len(answer.content)
    assert 0 < line["ms"] < 10_000
    assert {"plan", "read", "draw"} <= line["stages_ms"].keys()
    assert line["storage_requests"] >= 1
    assert line["storage_bytes"] > 0


def test_kept_answer_is_told_alike(logged: dict[str, Any]) -> None:
    """By the same route, although no router was asked; nothing was read."""
    for name in ("route", "dataset", "path", "bytes"):
        assert logged["kept"][name] == logged["first"][name]
    assert "storage_requests" not in logged["kept"]


def test_services_are_told(logged: dict[str, Any]) -> None:
    """The parameters that a protocol has are those that it declares."""
    assert logged["map"]["route"] == "/wms"
    assert logged["map"]["query"] == WMS


def test_caller_is_told(logged: dict[str, Any]) -> None:
    """By name."""
    assert logged["admin"]["caller"] == "admin"
    assert "caller" not in logged["first"]


def test_id_of_a_proxy_is_kept(logged: dict[str, Any]) -> None:
    """If it may stand in a log, and is no secret; else the request gets one of ours."""
    ids = {name: answer.headers["x-request-id"] for name, answer in logged["answers"].items()}
    assert ids["named"] == "Root=1-67891233-abcdef012345"
    assert logged["named"]["path"] == TILE
    for name in ("first", "odd", "long", "secret"):
        assert len(ids[name]) == 16
        assert int(ids[name], 16)
    assert len(set(ids.values())) == len(ids)


def test_errors_name_the_request(logged: dict[str, Any]) -> None:
    """So that an operator finds what a client complains of."""
    answer = logged["answers"]["path"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_no_secret_is_told(logged: dict[str, Any]) -> None:
    """Wherever clients put it: headers, paths, parameters."""
    assert SECRET not in logged["text"]
    assert ADMIN not in logged["text"]
    for name in ("bearer", "basic", "header", "query", "path", "signed", "user"):
        assert logged[name]["status"] >= 400 or name == "signed"
    assert logged["user"]["query"] == {"url": "…"}


def test_a_line_is_a_line(logged: dict[str, Any]) -> None:
    """Whatever a path holds, and each is an object."""
    assert "\ufffd" in logged["line"]["path"]
    assert all(isinstance(line, dict) for line in logged["lines"])


def test_probes_are_not_told(logged: dict[str, Any]) -> None:
    """Those who watch over a server ask all the time."""
    assert logged["healthy"] is None
    assert not any(line.get("path") == "/readyz" for line in logged["lines"])


Told = Callable[[], list[str]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """What the log says of requests, in words for people."""
    caplog.set_level("INFO", "tileserver.requests")
    return lambda: [
        record.getMessage() for record in caplog.records if record.name == "tileserver.requests"
    ]


@pytest.fixture
def broken(tmp_path: Path) -> str:
    """A catalogue with one dataset that is not there."""
    path = tmp_path / "catalog.yaml"
    path.write_text("datasets: [{id: gone, url: gone.zarr}]")
    return str(path)


def test_problems_alone_are_told(broken: str, told: Told) -> None:
    """By default: what failed by no fault of the client's; a client's fault is not."""
    with TestClient(create_app(Settings(catalog=(broken,)))) as client:
        gone = client.get(GONE)
        client.get("/tiles/nowhere/x/0/0/0.png")
        client.get("/datasets")
    assert gone.status_code == 502
    [line] = told()
    assert line.startswith(f"GET {GONE} 502 ")
    assert gone.headers["x-request-id"] in line


@pytest.mark.parametrize("which", ["problems", "none"])
def test_slow_ones_are_told(which: str, told: Told) -> None:
    """With what took how long; but not where no requests are to be told of."""
    app = App(log_slow_s=0.00001, log_requests=which).app
    with TestClient(app) as client:
        assert client.get("/tiles/sea/sst/1/0/0.png").status_code == 200
    if which == "none":
        assert told() == []
        return
    [line] = told()
    assert " 200 " in line
    assert "draw=" in line


def test_a_flood_of_problems_is_no_flood_of_lines(broken: str, told: Told) -> None:
    """Of what goes wrong within a second a few are told, and how many more there were."""
    with TestClient(create_app(Settings(catalog=(broken,)))) as client:
        for _ in range(200):
            assert client.get(GONE).status_code == 502
        time.sleep(1.1)
        client.get(GONE)
    [*lines, _] = [line for line in told() if line.startswith("GET")]
    untold = sum(int(line.split()[0]) for line in told() if "more requests" in line)
    assert len(lines) + untold == 200
    assert 20 <= len(lines) < 100


@pytest.mark.parametrize("asked", [True, False])
def test_clients_are_told_where_that_is_asked_for(asked: bool, told: Told) -> None:
    """By what a trusted proxy says, also of those who are refused."""
    settings = {"log_requests": "all", "log_clients": asked, "admin_token": "secret"}
    app = App(**settings, trusted_proxies="127.0.0.1").app
    headers = {"X-Forwarded-For": "192.0.2.7", "Authorization": "Bearer wrong"}
    with TestClient(app, client=("127.0.0.1", 9)) as client:
        assert client.get("/datasets", headers=headers).status_code == 401
    [line] = told()
    assert ("client=192.0.2.7" in line) == asked
    assert ("192.0.2.7" in line) == asked
