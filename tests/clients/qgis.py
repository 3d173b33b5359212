"""A visit of QGIS: many jobs in one process, since it starts slowly."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

PROGRAM = Path(__file__).parent / "programs" / "desktop.py"
# The interpreter that QGIS is installed for: a distribution's own.
PYTHON = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")
WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Visit:
    """What QGIS saw, by the names of the jobs."""

    version: int
    facts: dict[str, dict[str, Any]]
    folder: Path
    numbers: dict[str, int]

    def picture(self, job: str, name: str) -> NDArray[np.uint8]:
        """(height, width, 4) uint8 of a view, or of `legend`."""
        return np.load(self.folder / f"{self.numbers[job]}-{name}.npy")


def visit(jobs: dict[str, dict[str, Any]], folder: Path) -> Visit:
    """Have QGIS do some jobs; without one the test is skipped."""
    if not is_there("qgis"):
        pytest.skip(f"no QGIS for {PYTHON} here: apt-get install python3-qgis qgis-providers")
    done = subprocess.run(
        [PYTHON, str(PROGRAM), str(folder)],
        input=json.dumps(list(jobs.values())),
        capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    numbers = {name: number for number, name in enumerate(jobs)}
    return Visit(seen["version"], dict(zip(jobs, seen["seen"], strict=True)), folder, numbers)


def is_there(package: str) -> bool:
    """Whether the interpreter has a package."""
    if shutil.which(PYTHON) is None:
        return False
    code = f"import importlib.util as u; raise SystemExit(u.find_spec({package!r}) is None)"
    return subprocess.run([PYTHON, "-c", code], check=False).returncode == 0
