"""Tiles that hold values: .npy and .bin of the same place agree, and .bin is small."""

import gzip
import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from starlette.testclient import TestClient

from tileserver.app import create_app
from tileserver.settings import Settings


@pytest.fixture(scope="module")
def client(demo_data: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(catalog=(str(demo_data),)))) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield client


def decoded(body: bytes) -> tuple[npt.NDArray[np.float64], float]:
    """Values (band, row, col) of a .bin tile, by the words of docs/api.md, and its scale."""
    data = gzip.decompress(body)
    magic, width, height, bands, zero, scale, offset = struct.unpack_from("<4sHHHHff", data)
    assert (magic, zero) == (b"TSB1", 0)
    planes = np.frombuffer(data, np.uint8, offset=20).reshape(bands, 2, height, width)
    less = (planes[:, 0].astype(np.uint16) << 8) | planes[:, 1]
    codes = np.cumsum(less, axis=2, dtype=np.uint16)
    return np.where(codes == 0, np.nan, offset + np.float64(scale) * codes), scale


@pytest.mark.parametrize(
    "tile", ["ocean/sst/1/0/0", "ocean/chl/2/1/1@2x", "model/t/0/0/0", "s2/true_color/6/34/22"]
)
def test_bin_is_npy_to_half_a_step(client: TestClient, tile: str) -> None:
    """Values differ by no more than half of the scale, and lack the same pixels."""
    exact = np.load(io.BytesIO(client.get(f"/tiles/{tile}.npy").content))
    answer = client.get(f"/tiles/{tile}.bin")
    assert answer.headers["content-type"] == "application/octet-stream"
    values, scale = decoded(answer.content)
    assert values.shape == exact.shape
    np.testing.assert_array_equal(np.isnan(values), np.isnan(exact))
    assert np.nanmax(np.abs(values - exact)) <= 0.51 * scale + 1e-6 * np.nanmax(np.abs(exact))


def test_bin_is_under_a_third_of_npy(client: TestClient) -> None:
    """Of a whole tile of a smooth field."""
    exact, compact = (client.get(f"/tiles/ocean/sst/0/0/0.{f}").content for f in ("npy", "bin"))
    assert len(compact) < len(exact) / 3


def test_tile_without_data_is_all_code_0(client: TestClient) -> None:
    """Outside the data every value is NaN."""
    values, _ = decoded(client.get("/tiles/s2/b08/4/0/0.bin").content)
    assert np.isnan(values).all()
