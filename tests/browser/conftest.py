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
import yaml
from numpy.typing import NDArray
from PIL import Image
from tileserver.web import DIRECTORY as WEB

from tests.conftest import running

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WITHIN_S = 240
HTML_TITLE = "<img src=x onerror='window.ran=1'> & <b>bold</b>"


@dataclass(frozen=True, slots=True)
class Visit:
    """What was seen: facts by name, and pictures."""

    facts: dict[str, Any]
    folder: Path

    def picture(self, name: str) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 of the window."""
        with Image.open(self.folder / f"{name}.png") as image:
            return np.asarray(image.convert("RGB"))


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
    """A server of one dataset whose title is HTML, and one that is not there."""
    folder = tmp_path_factory.mktemp("odd")
    datasets = [
        {"id": "odd", "title": HTML_TITLE, "url": str(demo_data.parent / "ocean.zarr")},
        {"id": "gone", "title": "Gone", "url": str(folder / "gone.zarr")},
    ]
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": datasets}))
    with running("--catalog", str(catalog)) as url:
        yield url


@pytest.fixture(scope="session")
def visit(
    chromium: str,
    demo_server: str,
    odd_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """One visit to the viewer, in which all is tried."""
    folder = tmp_path_factory.mktemp("pictures")
    command = ["node", str(HERE / "observe.mjs"), chromium, demo_server, odd_server, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    return Visit(json.loads(done.stdout), folder)
