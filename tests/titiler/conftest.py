"""A server of ours with titiler.core's endpoints, and titiler.core itself on the same files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attr
import httpx2 as httpx
import numpy as np
import pytest
import rasterio
import xarray as xr
import yaml
from fastapi import FastAPI
from rasterio.transform import from_origin
from rio_tiler.io import Reader
from starlette.testclient import TestClient
from titiler.core.errors import DEFAULT_STATUS_CODES, add_exception_handlers
from titiler.core.factory import TilerFactory

from tests.conftest import running
from tests.zarr.stores import cube, encoding, unasked

# GDAL then interpolates between no pixels that it has not transformed exactly itself.
EXACT = {"tolerance": 1e-9}


@attr.s
class ExactReader(Reader):
    """rio-tiler's own, warping exactly where GDAL by default is wrong by up to an eighth."""

    def part(self, bbox: Any, dst_crs: Any = None, bounds_crs: Any = None, **options: Any) -> Any:
        if (dst_crs or bounds_crs) != self.dataset.crs:
            options["vrt_options"] = EXACT
        return super().part(bbox, dst_crs=dst_crs, bounds_crs=bounds_crs, **options)


def plain(reader: type[Reader]) -> TestClient:
    """titiler.core as it is, on files."""
    app = FastAPI()
    app.include_router(TilerFactory(reader=reader).router)
    add_exception_handlers(app, DEFAULT_STATUS_CODES)
    return TestClient(app)


@dataclass(frozen=True)
class Pair:
    """Both servers, which are asked the same."""

    own: httpx.Client
    plain: TestClient
    exact: TestClient
    folder: Path

    def ask(
        self, name: str, path: str, *, exact: bool = False, body: Any = None, **query: Any
    ) -> tuple[httpx.Response, httpx.Response]:
        """Our answer, and titiler.core's."""
        method = "GET" if body is None else "POST"
        options = {} if body is None else {"json": body}
        own = self.own.request(method, f"/titiler/datasets/{name}{path}", params=query, **options)
        url = str(self.folder / f"{name}.tif")
        other = self.exact if exact else self.plain
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return own, other.request(method, path, params={"url": url, **query}, **options)


def numbers(answer: httpx.Response) -> np.ndarray[Any, Any]:
    """Bands and their mask (n + 1, row, col) of an answer of .npy."""
    assert answer.status_code == 200, answer.text
    found: np.ndarray[Any, Any] = np.load(io.BytesIO(answer.content))
    return found


def scene(path: Path, crs: str, origin: tuple[float, float], cell: float, **options: Any) -> None:
    """Noise in a COG of 1000 × 1200 cells with overviews of every second cell, and a gap in it."""
    shape = (options.pop("count"), 1000, 1200)
    dtype = options["dtype"]
    values = np.random.default_rng(3).integers(1, 250, shape).astype(dtype)
    if options.get("nodata") is not None:
        values[:, 300:500, 200:600] = options["nodata"]
    profile = {
        "driver": "COG", "count": shape[0], "height": shape[1], "width": shape[2], "crs": crs,
        "transform": from_origin(*origin, cell, cell), "blocksize": 256,
        "overview_resampling": "nearest", **options,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(values)


def turned(path: Path) -> None:
    """The globe, from 0 to 360: each cell holds its longitude."""
    lat, lon = np.arange(88.0, -90, -4), np.arange(2.0, 360, 4)
    values = np.broadcast_to(lon, (len(lat), len(lon))).astype(np.float32)
    told = {"lat": ("lat", lat), "lon": ("lon", lon, {"units": "degrees_east"})}
    with unasked():
        xr.Dataset({"lon_of": (("lat", "lon"), values)}, told).to_zarr(path, zarr_format=2)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("titiler")
    scene(folder / "utm.tif", "EPSG:32632", (500000, 5200000), 20.0, count=3, dtype="uint8")
    scene(
        folder / "degrees.tif", "EPSG:4326", (5.0, 50.0), 0.002,
        count=1, dtype="int16", nodata=-9999,
    )  # fmt: skip
    with unasked():
        cube().to_zarr(folder / "cube.zarr", encoding=encoding(), zarr_format=2, consolidated=True)
    turned(folder / "turned.zarr")
    names = ("utm.tif", "degrees.tif", "cube.zarr", "turned.zarr")
    datasets = [{"id": n.partition(".")[0], "url": str(folder / n)} for n in names]
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": datasets}))
    with (
        running("--catalog", str(catalog), TILESERVER_ADAPTERS="titiler") as url,
        httpx.Client(base_url=url, timeout=60) as own,
    ):
        yield Pair(own, plain(Reader), plain(ExactReader), folder)
