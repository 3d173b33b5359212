"""The snippets of docs/clients, as they stand there, on the demo."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import running
from tileserver.access.key import new_key
from tileserver.access.keyfile import written

PAGES = Path(__file__).parents[2] / "docs" / "clients"
NOTEBOOK = Path(__file__).parents[2] / "build" / "notebook" / "bin" / "python"
SERVER = "https://maps.example.org"


def snippets(page: str) -> dict[str, str]:
    text = (PAGES / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^```python ([\w-]+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


PYTHON = snippets("python.md")
# What each leaves behind, as an expression.
LEFT = {
    "pandas": "[len(table), list(table), list(means), float(table.value.iloc[0])]",
    "xarray": "[dict(july.sizes), float(july.mean())]",
    "gdal": "[list(picture.shape), int(picture[3].max()), len(set(picture[0].ravel().tolist()))]",
    "pystac-client": "[[each.id for each in items], items[0].collection_id]",
    "key": "[len(table), float(table.value[0]), float(first)]",
    "ipyleaflet": "[layer.url, len(m.layers)]",
    "folium": "m.get_root().render()",
    "lonboard": "[layer.data, len(m.layers)]",
    "leafmap": "m.get_root().render()",
}
OWN = ("pandas", "xarray", "gdal", "key", "pystac-client")  # what the tests have themselves


def run(name: str, server: str, key: str = "") -> Any:
    """What a snippet leaves, where it asks our server."""
    python = sys.executable if name in OWN else str(NOTEBOOK)
    if not Path(python).exists():
        pytest.skip("no build/notebook here: run `make notebook`")
    assert SERVER in PYTHON[name]
    asking = PYTHON[name].replace(SERVER, server).replace("ts_…", key)
    source = f"{asking}\nimport json; print(json.dumps({LEFT[name]}))"
    done = subprocess.run(
        [python, "-W", "ignore", "-c", source], capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_snippet_is_run() -> None:
    """Those of Python."""
    assert PYTHON.keys() == LEFT.keys()


def test_pandas(demo_server: str) -> None:
    """The table of a place, and that of an area."""
    count, columns, means, first = run("pandas", demo_server)
    steps = httpx2.get(f"{demo_server}/datasets/ocean").json()["time"]["count"]
    told = httpx2.get(f"{demo_server}/timeseries/ocean/sst?lon=-30&lat=40").json()
    assert (count, columns, means) == (steps, ["value"], ["mean", "std"])
    assert first == pytest.approx(told["values"]["value"][0])


def test_xarray(demo_server: str) -> None:
    """The cube, of which one step was read."""
    sizes, mean = run("xarray", demo_server)
    assert list(sizes) == ["lat"]
    assert 5 < mean < 25


def test_gdal(demo_server: str) -> None:
    """A picture of the world."""
    shape, opaque, colours = run("gdal", demo_server)
    assert (shape, opaque) == ([4, 512, 512], 255)
    assert colours > 50


def test_pystac_client(demo_server: str) -> None:
    """Items of a month."""
    ids, collection = run("pystac-client", demo_server)
    assert collection == "ocean"
    assert ids
    assert all(each.startswith("202107") for each in ids)


def test_key(demo_data: Path, tmp_path: Path) -> None:
    """The series and the store of an ocean that is kept to staff."""
    ocean = {"id": "ocean", "url": str(demo_data.parent / "ocean.zarr")}
    datasets = [ocean | {"access": {"roles": ["staff"]}}]
    (tmp_path / "catalog.yaml").write_text(json.dumps({"datasets": datasets}))
    key, kept = new_key("anna", roles=["staff"])
    (tmp_path / "keys.yaml").write_text(written(kept))
    flags = ("--catalog", str(tmp_path / "catalog.yaml"), "--keys", str(tmp_path / "keys.yaml"))
    with running(*flags) as server:
        assert httpx2.get(f"{server}/zarr/ocean/zarr.json").status_code in (401, 404)
        count, told, stored = run("key", server, key)
    assert count > 10
    assert told == pytest.approx(stored)


@pytest.mark.parametrize("name", ["ipyleaflet", "lonboard"])
def test_widgets(demo_server: str, name: str) -> None:
    """The template that they ask by is one that is answered."""
    url, layers = run(name, demo_server)
    assert layers >= 1
    answer = httpx2.get(url.replace("{z}", "1").replace("{x}", "1").replace("{y}", "0"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


@pytest.mark.parametrize("name", ["folium", "leafmap"])
def test_pages_of_folium(demo_server: str, name: str) -> None:
    """The page that it makes has our template, with the time."""
    page = run(name, demo_server)
    assert f"{demo_server}/tiles/ocean/sst/{{z}}/{{x}}/{{y}}.png" in page
    assert "2021-07-12" in page
