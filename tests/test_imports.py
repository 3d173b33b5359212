"""What a process imports: heavy libraries only where they are used."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HEAVY = ("xarray", "pandas", "rasterio", "matplotlib", "boto3", "dask", "scipy")
SERVE_A_TILE = """
import sys
from starlette.testclient import TestClient
from tileserver.app import create_app
from tileserver.settings import Settings

with TestClient(create_app(Settings())) as client:
    while client.get("/readyz").status_code != 200:
        pass
    for path in sys.argv[1:]:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
print(*sorted(sys.modules))
"""


def modules_after(catalog: Path, *paths: str) -> set[str]:
    """The modules of a fresh process that served these paths."""
    done = subprocess.run(
        [sys.executable, "-c", SERVE_A_TILE, *paths],
        env={"TILESERVER_CATALOG": str(catalog)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.fixture
def zarr_alone(demo_data: Path) -> Path:
    """The demo's catalogue without its GeoTIFFs and without styles of other libraries' colours."""
    path = demo_data.parent / "zarr.yaml"
    entry = {"id": "ocean", "url": "ocean.zarr"}
    path.write_text(yaml.safe_dump({"datasets": [entry]}))
    return path


def test_zarr_needs_no_heavy_library(zarr_alone: Path) -> None:
    """A tile, and what describes it, of a Zarr store with times and a colour table of ours."""
    modules = modules_after(
        zarr_alone,
        "/tiles/ocean/sst/0/0/0?colormap_name=sst",
        "/tiles/ocean/sst/0/0/0.webp?colormap_name=sst_r&resampling=bilinear",
        "/tiles/ocean/sst/tilejson.json",
        "/point/ocean/sst?lon=-30&lat=20",
    )
    assert not modules & set(HEAVY)


def test_tiff_brings_gdal(demo_data: Path) -> None:
    """The test above can fail: a GeoTIFF is opened by rasterio."""
    assert "rasterio" in modules_after(demo_data)
