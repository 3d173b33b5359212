"""A server whose proofs of who asks cannot be checked does not start, and says why in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("KEYS", "nothing.yaml", "keys=nothing.yaml: cannot be read"),
        ("OIDC_ISSUER", "https://login.example.org", "oidc_audience is missing"),
        ("SIGNING_KEYS", "an unguessable sentence,a-guess", "16 characters or more"),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, setting: str, value: str, told: str) -> None:
    """No traceback, no secret, and no workers that are started again and again."""
    (tmp_path / "catalog.yaml").write_text("datasets: []")
    done = subprocess.run(
        [sys.executable, "-m", "tileserver", "serve", "--port", "0", "--workers", "2",
         "--catalog", "catalog.yaml"],
        env={**os.environ, f"TILESERVER_{setting}": value},
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert "a-guess" not in done.stderr
