"""Fixtures that look at the viewer in a real browser."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml
from numpy.typing import NDArray
from PIL import Image
from pyproj import CRS
from tileserver.web import DIRECTORY as WEB

from tests.browser.pages import Pages, opened
from tests.browser.snippets import KEPT
from tests.conftest import running
from tileserver.access.keyfile import written

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WITHIN_S = 480
HTML_TITLE = "<img src=x onerror='window.ran=1'> & <b>bold</b>"
SCRIPT = "<script>window.ran=1</script>"


@dataclass(frozen=True, slots=True)
class Visit:
    """What was seen: facts by name, and pictures."""

    facts: dict[str, Any]
    folder: Path

    def picture(self, name: str) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 of the window."""
        with Image.open(self.folder / f"{name}.png") as image:
            return np.asarray(image.convert("RGB"))


def visited(
    tmp_path_factory: pytest.TempPathFactory, script: str, chromium: str, *arguments: str
) -> Visit:
    """What `SCRIPT.mjs CHROMIUM ARGUMENTS… FOLDER` saw, which prints facts and keeps pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    command = ["node", str(HERE / f"{script}.mjs"), chromium, *arguments, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    return Visit(json.loads(done.stdout), folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path; without one, or without the viewer's parts, tests are skipped."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium here: the viewer was not looked at")
    if not shutil.which("node") or not (WEB / "node_modules" / "playwright-core").is_dir():
        pytest.skip("no Node.js or playwright-core here: run npm ci in web/")
    if not (WEB / "vendor" / "leaflet.js").is_file():
        pytest.skip("no web/vendor here: run npm run vendor in web/")
    return found


@pytest.fixture(scope="session")
def odd_server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of datasets whose titles and attributes are HTML, and one that is not there."""
    folder = tmp_path_factory.mktemp("odd")
    hostile().to_zarr(folder / "hostile.zarr", zarr_format=3, consolidated=False)
    words = {"description": HTML_TITLE, "attribution": HTML_TITLE, "licence": HTML_TITLE}
    datasets = [
        {"id": "odd", "title": HTML_TITLE, "url": str(demo_data.parent / "ocean.zarr")},
        {
            "id": "hostile",
            "title": f"Hostile {HTML_TITLE}",
            "theme": f"{SCRIPT}/{HTML_TITLE}",
            "keywords": [SCRIPT, HTML_TITLE],
            "url": str(folder / "hostile.zarr"),
            **words,
        },
        {"id": "gone", "title": "Gone", "url": str(folder / "gone.zarr")},
    ]
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": datasets}))
    with running("--catalog", str(catalog)) as url:
        yield url


def hostile() -> xr.Dataset:
    """Names, units, classes and attributes that are HTML and scripts."""
    lat, lon = np.arange(-89.5, 90, 1.0), np.arange(-179.5, 180, 1.0)
    days = np.arange("2024-03-01", "2024-03-03", dtype="datetime64[D]").astype("datetime64[ns]")
    dims = ("time", "lat", "lon")
    values = np.broadcast_to(np.hypot(*np.meshgrid(lat, lon, indexing="ij")), (2, 180, 360))
    measured = {"long_name": HTML_TITLE, "units": SCRIPT, "comment": HTML_TITLE}
    classes = {
        "long_name": SCRIPT,
        "flag_values": np.array([0, 1, 2], "u1"),
        "flag_meanings": f"{SCRIPT} <img/src=x/onerror=window.ran=1> <b>bold</b>",
        "flag_colors": "#ff0000 #00ff00 #0000ff",
    }
    return xr.Dataset(
        {
            "measured": (dims, values.astype("f4"), measured),
            "classes": (dims, (values // 70).astype("u1"), classes),
        },
        {
            "time": ("time", days),
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
        {
            "title": HTML_TITLE,
            "history": SCRIPT,
            "institution": HTML_TITLE,
            "references": HTML_TITLE,
        },
    )


@pytest.fixture(scope="session")
def visit(
    chromium: str,
    demo_server: str,
    odd_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """One visit to the viewer, in which all is tried."""
    return visited(tmp_path_factory, "observe", chromium, demo_server, odd_server)


@pytest.fixture(scope="session")
def pages(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A browser with libraries of web maps."""
    if not (WEB / "node_modules" / "ol").is_dir():
        pytest.skip("no OpenLayers here: run npm ci in web/")
    with opened(chromium, tmp_path_factory.mktemp("sites")) as found:
        yield found


@pytest.fixture(scope="session")
def map_server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the demo cubes, and of sea ice round the north pole."""
    folder = tmp_path_factory.mktemp("ice")
    sea_ice().to_zarr(folder / "ice.zarr", zarr_format=3, consolidated=False)
    dataset = {
        "id": "ice.north",
        "title": "Sea ice & polynyas",
        "url": str(folder / "ice.zarr"),
        "offers": ["magma", "plasma:0:40"],
    }
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": [dataset]}))
    with running("--catalog", str(demo_data), "--catalog", str(catalog)) as url:
        yield url


def sea_ice() -> xr.Dataset:
    """Three days and two depths on a polar stereographic grid of 50 km."""
    x = np.arange(-2_975_000, 3_000_000, 50_000.0)
    y = -x
    ring = np.hypot(*np.meshgrid(x, y)) / 3e6
    days = np.arange("2024-03-01", "2024-03-04", dtype="datetime64[D]").astype("datetime64[ns]")
    steps = np.arange(3)[:, None, None, None] * 10 + np.array([0, 5])[None, :, None, None]
    values = (50 * ring + steps).astype("f4")
    values[..., ring > 0.98] = np.nan
    dims = ("time", "depth", "y", "x")
    attributes = {"long_name": "Thickness", "units": "cm", "grid_mapping": "crs"}
    return xr.Dataset(
        {
            "thickness": (dims, values, attributes),
            "crs": ((), 0, CRS("EPSG:3413").to_cf()),
        },
        {
            "time": ("time", days),
            "depth": ("depth", [0.0, 10.0], {"units": "m", "axis": "Z", "positive": "down"}),
            "y": ("y", y, {"standard_name": "projection_y_coordinate", "units": "m"}),
            "x": ("x", x, {"standard_name": "projection_x_coordinate", "units": "m"}),
        },
    )


@pytest.fixture(scope="session")
def private_server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that keeps the ocean to staff."""
    folder = tmp_path_factory.mktemp("kept")
    served = yaml.safe_load(demo_data.read_text())
    ocean = next(each for each in served["datasets"] if each["id"] == "ocean")
    ocean |= {"url": str(demo_data.parent / "ocean.zarr"), "access": {"roles": ["staff"]}}
    served = {**served, "datasets": [ocean], "viewer": {}}
    (folder / "catalog.yaml").write_text(yaml.safe_dump(served))
    (folder / "keys.yaml").write_text(written(KEPT))
    flags = ("--catalog", str(folder / "catalog.yaml"), "--keys", str(folder / "keys.yaml"))
    with running(*flags, TILESERVER_SIGNING_KEYS="an unguessable sentence of tests") as url:
        yield url
