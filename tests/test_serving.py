"""`tileserver serve` as a process: when it is ready, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import running

STOPPED_WITHIN_S = 20
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def start(*flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tileserver", "serve", *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """A catalogue with one dataset that is not there."""
    path = tmp_path / "catalog.yaml"
    path.write_text("datasets: [{id: gone, url: gone.zarr}]")
    return str(path)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_a_good_end(
    empty: str, workers: str, number: signal.Signals
) -> None:
    """The line is the URL, which is ready; a signal ends all with 0 and without noise."""
    with start("--catalog", empty, "--port", "0", "--workers", workers) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert LOCAL.open(f"{url}readyz").status == 200
        server.send_signal(number)
        rest, errors = server.communicate(timeout=STOPPED_WITHIN_S)
    assert (server.returncode, rest) == (0, "")
    assert "Traceback" not in errors
    assert "leaked" not in errors


def test_workers_give_equal_answers(demo_data: Path) -> None:
    """Whichever worker answers, the tile and its ETag are the same."""
    with running("--catalog", str(demo_data), "--workers", "2") as url:
        tiles = [LOCAL.open(f"{url}/tiles/ocean/sst/1/0/0") for _ in range(8)]
        assert len({(tile.headers["etag"], tile.read()) for tile in tiles}) == 1


def refusal(*flags: str) -> str:
    """What a server says that does not start."""
    with start(*flags) as server:
        _, errors = server.communicate(timeout=STOPPED_WITHIN_S)
    assert server.returncode == 1
    return errors.strip()


def test_port_in_use_is_told_in_a_line(empty: str) -> None:
    """Address, reason, remedy."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        message = refusal("--catalog", empty, "--port", str(port))
    assert message == (
        f"host=127.0.0.1 port={port}: Address already in use: choose another; "
        "--port 0 takes a free one"
    )


def test_catalogue_that_is_wrong_stops_the_start(tmp_path: Path) -> None:
    """One line, before anything listens."""
    path = tmp_path / "catalog.yaml"
    path.write_text("datasets: [")
    assert refusal("--catalog", str(path), "--port", "0").startswith(f"{path}:1: ")


def test_hanging_store_delays_itself_alone(demo_data: Path, tmp_path: Path) -> None:
    """Until its timeout the server is not ready, but others answer; then it is, and says why."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        text = f"""
            storage: {{slow: {{endpoint: "http://127.0.0.1:{port}", anonymous: true,
                               allow_http: true, timeout_s: 1}}}}
            datasets:
            - {{id: slow, url: s3://bucket/cube.zarr, storage: slow}}
            - {{id: fast, url: {demo_data.parent / "ocean.zarr"}}}
        """
        path = tmp_path / "catalog.yaml"
        path.write_text(text)
        with running("--catalog", str(path)) as url:
            assert LOCAL.open(f"{url}/tiles/fast/sst/0/0/0").status == 200
            with pytest.raises(urllib.error.HTTPError) as refused:
                LOCAL.open(f"{url}/tiles/slow/sst/0/0/0")
            with refused.value as answer:
                assert (answer.code, b"did not answer in time" in answer.read()) == (502, True)


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    """The processes of a server that answer requests, by what each says of itself."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(c) for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()}


def listeners(url: str) -> int:
    """How many sockets listen on the URL's port."""
    port = f"{int(url.rstrip('/').rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(f":{port}") and line[3] == "0A" for line in lines)


def test_ready_when_every_worker_is(empty: str) -> None:
    """At the line each worker listens with a socket of its own."""
    with start("--catalog", empty, "--port", "0", "--workers", "3") as server:
        assert server.stdout is not None
        assert listeners(server.stdout.readline().strip()) == 3
        server.terminate()


def test_worker_that_dies_is_replaced(demo_data: Path) -> None:
    """The others go on answering, and soon there are as many as before."""
    with start("--catalog", str(demo_data), "--port", "0", "--workers", "2") as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        before = workers_of(server)
        os.kill(min(before), signal.SIGKILL)
        until = time.monotonic() + STOPPED_WITHIN_S
        while listeners(url) != 1 and time.monotonic() < until:
            time.sleep(0.01)
        answers = {LOCAL.open(f"{url}tiles/ocean/sst/0/0/0").status for _ in range(20)}
        while listeners(url) != 2 and time.monotonic() < until:
            time.sleep(0.05)
        after = workers_of(server)
        server.terminate()
        server.communicate(timeout=STOPPED_WITHIN_S)
    assert answers == {200}
    assert (len(after), len(before & after)) == (2, 1)


def test_port_of_another_server_with_workers(empty: str) -> None:
    """A port that one server's workers share is in use for any other server."""
    with start("--catalog", empty, "--port", "0", "--workers", "2") as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip().rstrip("/").rpartition(":")[2]
        message = refusal("--catalog", empty, "--port", port, "--workers", "2")
        server.terminate()
    assert f"port={port}: Address already in use" in message
