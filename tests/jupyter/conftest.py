"""The environment of notebooks: JupyterLab and what draws maps in it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "build" / "notebook" / "bin"
EXAMPLE = ROOT / "docs" / "notebooks" / "memory.ipynb"


@pytest.fixture(scope="session")
def notebook_bin() -> Path:
    """Where its programs are."""
    if not (NOTEBOOK / "jupyter").exists():
        pytest.skip("no build/notebook here: run `make notebook`")
    return NOTEBOOK
