"""The example, run by its kernel alone and in JupyterLab; layers in the libraries of maps."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from tests.browser.conftest import chromium  # noqa: F401 - a fixture
from tests.jupyter.conftest import EXAMPLE

HERE = Path(__file__).parent
READY_S, RUN_S = 60, 200


def run(python: Path, *arguments: str) -> None:
    command = [str(python), "-W", "ignore", str(HERE / "programs.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def outputs(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [each for cell in cells for each in cell.get("outputs", [])]


def test_example_runs(notebook_bin: Path, tmp_path: Path) -> None:
    """Without an error; the one that is kept shows what it shows."""
    made = tmp_path / "memory.ipynb"
    run(notebook_bin / "python", "execute", str(EXAMPLE), str(made))
    found, kept = outputs(made), outputs(EXAMPLE)
    assert [each["output_type"] for each in found] == ["execute_result"] * 5
    assert [sorted(each["data"]) for each in kept] == [sorted(each["data"]) for each in found]
    assert "embed=1#dataset=memory-1" in "".join(found[1]["data"]["text/html"])
    # A table of the series, and a picture, are the same wherever they are made.
    assert kept[-1]["data"]["text/plain"] == found[-1]["data"]["text/plain"]
    assert kept[3]["data"]["image/png"] == found[3]["data"]["image/png"]


def test_layers_of_other_libraries(notebook_bin: Path, tmp_path: Path) -> None:
    """ipyleaflet, folium, lonboard and leafmap take the template as theirs."""
    file = tmp_path / "layers.json"
    run(notebook_bin / "python", "layers", str(file))
    found = json.loads(file.read_text())
    url = found["url"]
    assert found["ipyleaflet"] == [url, 0.5]
    for name in ("folium", "leafmap"):
        assert url.partition("?")[0] in found[name], name
        assert "colormap_name=magma" in found[name]
    assert found["lonboard"] == [f"{url}&tilesize=512", 512]


@pytest.fixture
def lab(notebook_bin: Path, tmp_path: Path) -> Iterator[str]:
    """JupyterLab in a folder with the example; its address."""
    shutil.copy(EXAMPLE, tmp_path / EXAMPLE.name)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: str(tmp_path / "jupyter") for name in
           ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}  # fmt: skip
    command = [
        str(notebook_bin / "jupyter"), "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={tmp_path}",
        "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    path = f"{notebook_bin}:{os.environ['PATH']}"
    environment = {**os.environ, **own, "PATH": path, "TILESERVER_JUPYTER_PROXY": "/"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + READY_S
            while not _answers(f"{address}/api/status"):
                assert process.poll() is None, "JupyterLab did not start"
                assert time.monotonic() < until, "JupyterLab does not answer"
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False


def test_example_in_jupyterlab(lab: str, chromium: str, tmp_path: Path) -> None:  # noqa: F811
    """The map of the dataset in memory is drawn in its cell, through jupyter-server-proxy."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    command = ["node", str(HERE / "lab.mjs"), chromium, lab, EXAMPLE.name, str(pictures)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["source"].startswith("/proxy/")
    assert facts["tiles"]
    assert all(url.startswith(f"{lab}/proxy/") for url in facts["tiles"])
    assert facts["failures"] == []
    assert "Warmth" in facts["told"]
    with Image.open(pictures / "map.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    # In July it is 34 degrees where a wave is highest on the equator.
    for warmth, fewest in ((34.0, 2000), (26.0, 5000)):
        color = np.array(colormaps["inferno"]((warmth + 10) / 50)[:3]) * 255
        near = (np.abs(pixels - color) < 8).all(axis=-1)
        assert near.sum() > fewest, warmth
