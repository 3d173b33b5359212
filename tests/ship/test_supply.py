"""What the project is made of: named whole, and asked after for known flaws."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.ship.chart import ROOT

UV = ROOT / ".venv" / "bin" / "uv"
KNOWN_BY_ALL = "requests==2.31.0"  # with flaws that every list of advisories has
FLAWS = re.compile(r"Found \d+ known vulnerabilit|[1-9]\d* vulnerabilit")
UNREACHED = "audit endpoint returned an error"  # npm's word


def make(target: str, **variables: str) -> subprocess.CompletedProcess[str]:
    told = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(
        ["make", "--no-print-directory", target, *told],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def uv() -> str:
    found = str(UV) if UV.exists() else shutil.which("uv")
    if not found:
        pytest.skip("uv is missing: `make test` installs it")
    return found


def test_bill_of_materials_is_whole(uv: str, tmp_path: Path) -> None:
    """CycloneDX: every locked package with its version and hashes, of Python and of the viewer."""
    done = make("sbom", SBOM=str(tmp_path), UV=uv)
    assert done.returncode == 0, done.stdout + done.stderr
    python: dict[str, Any] = json.loads((tmp_path / "python.json").read_text())
    lock = (ROOT / "requirements.txt").read_text()
    locked = set(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))
    assert {(each["name"], each["version"]) for each in python["components"]} == locked
    for each in python["components"]:
        [source] = each["externalReferences"]
        assert source["hashes"], each["name"]
        assert each["purl"].startswith("pkg:pypi/")
    web = json.loads((tmp_path / "web.json").read_text())
    names = {each["name"] for each in web["components"]}
    assert {"leaflet", "cesium", "uplot"} <= names


def test_no_known_flaw(uv: str, tmp_path: Path) -> None:
    """`make audit` finds nothing, where the advisories can be reached."""
    done = make("audit", UV=uv)
    told = done.stdout + done.stderr
    assert not FLAWS.search(told), told[-3000:]
    if done.returncode and not _are_reached(uv, tmp_path, told):
        pytest.skip("advisories are not reached from here: run `make audit` where they are")
    assert done.returncode == 0, told[-3000:]


def _are_reached(uv: str, folder: Path, told: str) -> bool:
    """Whether both lists are: that of PyPI would have told of a flaw that everybody knows."""
    flawed = folder / "flawed.txt"
    flawed.write_text(KNOWN_BY_ALL)
    known = make("audit", UV=uv, AUDITED=str(flawed))
    return bool(FLAWS.search(known.stdout + known.stderr)) and UNREACHED not in told
