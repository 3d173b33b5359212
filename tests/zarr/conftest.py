"""A server of stores of all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conftest import running
from tests.zarr.stores import STORED, write_cog, write_group, write_netcdf


@dataclass(frozen=True)
class Served:
    """A server, and the folder of what it serves."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("zarr")
    datasets = [
        {"id": kind, "url": write(folder / f"{kind}.zarr")} for kind, write in STORED.items()
    ]
    for zarr_format in (2, 3):
        url = folder / f"tree{zarr_format}.zarr"
        write_group(url, zarr_format)
        told = {"id": f"tree{zarr_format}", "url": str(url), "group": "deep/cube"}
        datasets.append(told)
    write_cog(folder / "scene.tif")
    datasets.append({"id": "cog", "url": str(folder / "scene.tif")})
    for day in (1, 2):
        write_cog(folder / f"day_2024010{day}.tif", day)
    pattern = r"day_(?P<time>\d{8})\.tif"
    datasets.append({"id": "stack", "url": str(folder / "day_*.tif"), "time_pattern": pattern})
    write_netcdf(folder / "cube.nc")
    datasets.append({"id": "netcdf", "url": str(folder / "cube.nc")})
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": datasets}))
    with running("--catalog", str(catalog)) as url:
        yield Served(url, folder)
