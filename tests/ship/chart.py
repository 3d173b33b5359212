"""The chart as helm itself renders it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm"
HELM = CHART / "node_modules" / ".bin" / "helm"
VALUES = Path(__file__).parent / "values"

needs_helm = pytest.mark.skipif(
    not HELM.exists(), reason="helm is missing: `make test` installs it"
)


def helm(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What helm says."""
    return subprocess.run(
        [HELM, *arguments],
        cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def manifest(values: str = "", *arguments: str) -> str:
    """The chart rendered with these values over its own."""
    done = helm("template", "demo", CHART, "--values", "-", *arguments, stdin=values)
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(values: str = "", *arguments: str) -> dict[str, dict[str, Any]]:
    """The chart's objects by their kind; of several of one kind by kind and the end of the name."""
    found: dict[str, dict[str, Any]] = {}
    for each in yaml.safe_load_all(manifest(values, *arguments)):
        if each:
            kind = each["kind"]
            found[f"{kind} {each['metadata']['name']}" if kind in found else kind] = each
    return found


def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The pods' description."""
    spec: dict[str, Any] = objects["Deployment"]["spec"]["template"]["spec"]
    return spec


def environment(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the process finds in its environment: values, or where they come from."""
    entries = pod(objects)["containers"][0]["env"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in entries}
