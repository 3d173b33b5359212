"""The image, built and run: read-only, without root, alone and as the chart describes it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ship import builder
from tests.ship.builder import run
from tests.ship.chart import manifest, needs_helm
from tileserver.demo import build as build_demo

LARGEST_BYTES = 900_000_000
ANSWERS_WITHIN_S = 60
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# runc in a machine that is itself contained may not raise limits.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
LOCKED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
TILE = "tiles/ocean/sst/1/0/0.png"
# From within: what /readyz says, once it does, and what kind of thing a tile is.
ASK = """
import json, time, urllib.request
def ask(path):
    for _ in range(120):
        try:
            return urllib.request.urlopen("http://127.0.0.1:8080/" + path, timeout=10)
        except OSError:
            time.sleep(0.5)
print(json.load(ask("readyz"))["status"], ask("{tile}").headers["content-type"])
"""


@pytest.fixture(scope="module")
def image() -> str:
    if reason := builder.lacking():
        pytest.skip(reason)
    return builder.build()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue and its cubes, for everybody to read."""
    folder = tmp_path_factory.mktemp("image")
    build_demo(folder, small=True)
    folder.chmod(0o755)
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def ask(port: int, path: str) -> bytes:
    """What is answered, once it is a good answer."""
    end = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            with LOCAL.open(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
                body: bytes = answer.read()
                return body
        except OSError:  # also an answer that is an error
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


@contextmanager
def container(image: str, data: Path, *more: str) -> Iterator[tuple[str, int]]:
    """The image as `docker run` has it; its name and port."""
    port, name = free_port(), f"tileserver-{time.monotonic_ns()}"
    run(
        *("podman", "run", "--detach", "--name", name, "--runtime", "runc", "--network", "host"),
        *LIMITS, *LOCKED, "--tmpfs", "/tmp", "--volume", f"{data}:/data:ro",
        *("--env", f"TILESERVER_PORT={port}", "--env", "TILESERVER_HOST=127.0.0.1", *more),
        image,
    )  # fmt: skip
    try:
        yield name, port
    finally:
        run("podman", "rm", "--force", "--time", "0", name)


def inside(name: str, script: str) -> str:
    return run("podman", "exec", name, "python", "-c", script).stdout.decode().strip()


def test_catalogue_is_all_that_it_takes(image: str, data: Path) -> None:
    """Ready, a tile, the viewer; as user 10001, with nothing to write to but /tmp."""
    with container(image, data) as (name, port):
        assert b"ready" in ask(port, "readyz")
        assert ask(port, TILE).startswith(b"\x89PNG")
        assert b"<!doctype html>" in ask(port, "").lower()
        assert len(ask(port, "static/vendor/leaflet.js")) > 100_000
        assert inside(name, "import os; print(os.getuid(), os.getgid())") == "10001 10001"
        tried = "import pathlib\nfor p in ('/x', '/data/x', '/opt/tileserver/x', '/tmp/x'):\n"
        tried += " try: pathlib.Path(p).write_text('x'); print(p)\n except OSError: pass"
        assert inside(name, tried) == "/tmp/x"
        check = run("podman", "healthcheck", "run", name, within_s=60)
        assert check.returncode == 0


def test_container_ends_well(image: str, data: Path) -> None:
    """SIGTERM, as `docker stop` sends it: ended with 0, within its time."""
    with container(image, data) as (name, port):
        assert b"ready" in ask(port, "readyz")
        run("podman", "stop", "--time", "40", name)
        state = run("podman", "inspect", "--format", "{{.State.ExitCode}}", name)
        assert state.stdout.decode().strip() == "0"


def test_extras_are_there(image: str, data: Path) -> None:
    """Databases, tokens, traces, Redis, Parquet, NetCDF, Icechunk, Dask."""
    modules = "alembic psycopg sqlalchemy jwt opentelemetry.sdk redis pyarrow.parquet h5py icechunk"
    script = f"import {', '.join([*modules.split(), 'distributed'])}; print('there')"
    done = run(
        *("podman", "run", "--rm", "--runtime", "runc", "--network", "none", *LIMITS, *LOCKED),
        *("--tmpfs", "/tmp", "--entrypoint", "python", image, "-c", script),
    )
    assert done.stdout.decode().strip() == "there"


def inspected(image: str) -> dict[str, Any]:
    [found] = json.loads(run("podman", "inspect", image).stdout)
    assert isinstance(found, dict)
    return found


def test_image_is_small_and_says_what_it_is(image: str) -> None:
    """At most 900 MB; labels, a user, a health check."""
    found = inspected(image)
    assert found["Size"] <= LARGEST_BYTES
    assert found["User"] == "10001:10001"
    labels = found["Labels"]
    assert labels["org.opencontainers.image.title"] == "tileserver"
    assert len(labels["org.opencontainers.image.revision"]) == 40
    assert "healthz" in str(found["Healthcheck"])


def test_nothing_is_left_of_the_build(image: str, data: Path) -> None:
    """No compiler, no package manager of Python, no cache, none of what it was told of mirrors."""
    script = (
        "import glob, os, shutil\n"
        "print(*[t for t in ('gcc', 'cc', 'make', 'pip', 'npm', 'node') if shutil.which(t)],"
        " *[p for p in (*map(os.path.expanduser, ('~/.cache', '~/.npm', '~/.npmrc')),"
        " '/etc/pip.conf', '/src', '/run/secrets/pip', '/run/secrets/npmrc') if os.path.exists(p)],"
        " *glob.glob('/opt/tileserver/lib/python*/site-packages/pip'))"
    )
    done = run(
        *("podman", "run", "--rm", "--runtime", "runc", "--network", "none", *LIMITS),
        *("--user", "0", "--entrypoint", "python", image, "-c", script),
    )
    assert done.stdout.decode().strip() == ""


@needs_helm
def test_chart_runs(image: str, data: Path, tmp_path: Path) -> None:
    """The rendered Deployment with its ConfigMap, as they are but for the cubes that are mounted
    from this machine: ready, and a tile, as it is asked from within.

    Of Secrets podman 4.3 makes an environment only where their values are JSON.
    """
    catalog = yaml.safe_load((data / "catalog.yaml").read_text())
    for dataset in catalog["datasets"]:
        dataset["url"] = f"/data/{dataset['url']}"
    values = {
        "image": {"repository": image, "tag": "latest", "pullPolicy": "Never"},
        "catalog": catalog,
    }
    kinds = ("Deployment", "ConfigMap")
    rendered = yaml.safe_load_all(manifest(yaml.safe_dump(values)))
    objects = [each for each in rendered if each and each["kind"] in kinds]
    [deployment] = [each for each in objects if each["kind"] == "Deployment"]
    spec = deployment["spec"]["template"]["spec"]
    spec["containers"][0]["volumeMounts"].append({"name": "data", "mountPath": "/data"})
    spec["volumes"].append({"name": "data", "hostPath": {"path": str(data)}})
    config = tmp_path / "containers.conf"
    limits = ", ".join(f'"{each}"' for each in LIMITS if "=" in each)
    config.write_text(f'[containers]\ndefault_ulimits = [{limits}]\n[engine]\nruntime = "runc"\n')
    text = yaml.safe_dump_all(objects).encode()
    play = ["env", f"CONTAINERS_CONF={config}", "podman", "play", "kube"]
    try:
        run(*play, "-", stdin=text)
        told = inside(
            f"{deployment['metadata']['name']}-pod-0-tileserver", ASK.replace("{tile}", TILE)
        )
        assert told == "ready image/png"
    finally:
        subprocess.run([*play, "--down", "-"], input=text, capture_output=True, check=False)
