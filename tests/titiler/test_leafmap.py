"""leafmap draws our datasets where its endpoint of TiTiler is set to ours."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.titiler.conftest import Pair

NOTEBOOK = Path(__file__).parents[2] / "build" / "notebook" / "bin" / "python"
PROGRAM = """
import json
import leafmap.leafmap as leafmap
from leafmap import stac

m = leafmap.Map(center=[46.9, 9.1], zoom=9)
m.add_cog_layer("utm", name="scene")
m.add_cog_layer("cube.t", name="t", colormap='[[[-9, 0], "#0000ff"], [[0, 9], "#ff0000"]]')
urls = [getattr(each, "url", "") for each in m.layers]
print(json.dumps({
    "layers": [url for url in urls if "/cog/" in url],
    "tile": stac.cog_tile("utm"),
    "bounds": stac.cog_bounds("utm"),
    "bands": stac.cog_bands("utm"),
    "info": stac.cog_info("utm"),
    "stats": stac.cog_stats("utm"),
    "value": stac.cog_pixel_value(9.1, 46.9, "utm", None),
}))
"""


def asked(pair: Pair) -> dict[str, Any]:
    """What leafmap gets."""
    if not NOTEBOOK.is_file():
        pytest.skip("no build/notebook here: run `make notebook`")
    endpoint = f"{str(pair.own.base_url).rstrip('/')}/titiler"
    done = subprocess.run(
        [NOTEBOOK, "-c", PROGRAM],
        env={**os.environ, "TITILER_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_leafmap(pair: Pair) -> None:
    """Layers, bounds, bands, statistics, values: and the tiles that it asks for are there."""
    found = asked(pair)
    assert found["bands"] == ["b1", "b2", "b3"]
    assert found["info"] == pair.own.get("/titiler/datasets/utm/info").json()
    assert found["stats"] == pair.own.get("/titiler/datasets/utm/statistics").json()
    west, south, east, north = found["bounds"]
    assert west < 9.1 < east
    assert south < 46.9 < north
    value = pair.own.get("/titiler/datasets/utm/point/9.1,46.9").json()["values"]
    assert found["value"] == value or list(found["value"].values()) == value
    assert len(found["layers"]) == 2
    places = [(9, 268, 180), (6, 31, 24), (9, 268, 180)]
    for template, (z, x, y) in zip([*found["layers"], found["tile"]], places, strict=True):
        tile = pair.own.get(template.format(z=z, x=x, y=y))
        assert tile.status_code == 200, tile.text
        assert tile.headers["content-type"].startswith("image/")
