"""The snippet of docs/clients/r.md in R: terra's pixels are ours, and so is the series."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
import rasterio

from tests.clients.picture import colours, fetch_picture, plain

PAGE = Path(__file__).parents[2] / "docs" / "clients" / "r.md"
SERVER = "https://maps.example.org"
SNIPPET = re.compile(r"^```r\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What is looked at afterwards; the plots have been drawn by then.
TOLD = """
writeRaster(picture, "picture.tif", datatype = "INT1U")
write.csv(series, "series.csv", row.names = FALSE)
"""
WITHIN_S = 60


def test_terra(demo_server: str, tmp_path: Path) -> None:
    """A picture of the world from the tiles of its zoom, and all steps of a place."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("no R here: apt-get install r-base-core r-cran-terra")
    (snippet,) = SNIPPET.findall(PAGE.read_text(encoding="utf-8"))
    assert SERVER in snippet
    source = snippet.replace(SERVER, demo_server) + TOLD
    done = subprocess.run(
        [rscript, "--vanilla", "-"], input=source, cwd=tmp_path,
        capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "Rplots.pdf").stat().st_size > 10_000
    with rasterio.open(tmp_path / "picture.tif") as opened:
        picture = plain(np.moveaxis(opened.read(), 0, -1))
        zoom = int(np.log2(opened.width / 256))
        assert opened.crs.to_epsg() == 3857
    count = 2**zoom
    drawn = [
        np.hstack([fetch_picture(demo_server, _tile(zoom, x, y)) for x in range(count)])
        for y in range(count)
    ]
    np.testing.assert_array_equal(picture, np.vstack(drawn))
    assert colours(picture) > 50
    told = httpx.get(f"{demo_server}/timeseries/ocean/sst?lon=-30&lat=40").json()
    lines = (tmp_path / "series.csv").read_text().splitlines()[1:]
    rows = [(json.loads(time), float(value)) for time, value in map(_halves, lines)]
    assert [time for time, _ in rows] == told["times"]
    np.testing.assert_allclose([value for _, value in rows], told["values"]["value"], atol=1e-6)


def _tile(zoom: int, x: int, y: int) -> str:
    return f"/tiles/ocean/sst/{zoom}/{x}/{y}.png?time=2021-07-12"


def _halves(line: str) -> list[str]:
    return line.split(",")
