"""A server of small cubes, and what it answers, held to the models of EDR and CoverageJSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import xarray as xr
import yaml
from covjson_pydantic.coverage import Coverage, CoverageCollection

from tests.conftest import running
from tests.edr import cubes

COVERAGEJSON = "application/prs.coverage+json"


@dataclass(frozen=True)
class Edr:
    """A client of the server's EDR, and the folder of what it serves."""

    client: httpx.Client
    folder: Path

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Any answer; of `parameter_name` the parameter with a hyphen."""
        told = {name.replace("_", "-"): value for name, value in query.items()}
        return self.client.get(path, params=told)

    def query(self, dataset: str, kind: str, **query: Any) -> httpx.Response:
        """The answer to a query, whatever it is."""
        return self.get(f"/collections/{dataset}/{kind}", **query)

    def ask(self, dataset: str, kind: str, **query: Any) -> dict[str, Any]:
        """A good answer in CoverageJSON, that covjson-pydantic takes."""
        answer = self.query(dataset, kind, **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == COVERAGEJSON
        found: dict[str, Any] = answer.json()
        model = Coverage if found["type"] == "Coverage" else CoverageCollection
        if dataset != "years":  # whose dates no datetime of Python's is
            model.model_validate_json(answer.content)
        return found

    def fails(self, dataset: str, kind: str, **query: Any) -> str:
        """What a 400 says."""
        answer = self.query(dataset, kind, **query)
        assert answer.status_code == 400, answer.text
        detail: str = answer.json()["detail"]
        return detail

    def open(self, name: str) -> xr.Dataset:
        """What is served, as xarray reads it."""
        return xr.open_zarr(self.folder / f"{name}.zarr", consolidated=False)


@pytest.fixture(scope="session")
def edr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edr]:
    folder = tmp_path_factory.mktemp("edr")
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": cubes.write(folder)}))
    with (
        running("--catalog", str(catalog)) as url,
        httpx.Client(base_url=f"{url}/edr", timeout=60) as client,
    ):
        yield Edr(client, folder)


def values(found: dict[str, Any], name: str) -> list[Any]:
    """The values of a parameter of a coverage."""
    listed: list[Any] = found["ranges"][name]["values"]
    return listed


def axis(found: dict[str, Any], name: str) -> list[Any]:
    """The coordinates of an axis of a coverage."""
    listed: list[Any] = found["domain"]["axes"][name]["values"]
    return listed
