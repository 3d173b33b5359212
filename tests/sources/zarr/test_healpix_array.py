"""HEALPix cells in one dimension, gathered into faces, are those that the library numbers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import healpix
import numpy as np
import pytest
import zarr

from tileserver.cache import ByteCache
from tileserver.errors import CatalogError
from tileserver.lookup.healpix import nested
from tileserver.sources.chunk import read_window
from tileserver.sources.storage.connection import open_store
from tileserver.sources.zarr.array import Supply, open_array
from tileserver.sources.zarr.healpix import Cells, Healpix, HealpixArray

NSIDE = 16
SIZE = 12 * NSIDE**2
ROWS, COLS = np.mgrid[0 : 12 * NSIDE, 0:NSIDE]
NESTED = nested(ROWS, COLS, NSIDE)


def faces(
    path: Path, values: np.ndarray, chunks: int, pixels: Healpix, numbers: Any, missing: float
) -> np.ndarray:
    """All faces of an array that zarr-python writes, two steps deep."""
    array = zarr.create_array(
        str(path), name="v", shape=(2, values.size), chunks=(1, chunks), dtype=values.dtype
    )
    array[:] = np.stack([values, values + 1])

    async def read() -> np.ndarray:
        with ThreadPoolExecutor(1) as pool:
            cache = ByteCache(64 << 20, lambda raw: raw.nbytes)
            supply = Supply(open_store(str(path)), cache, pool)
            stored = open_array("v", array.metadata.to_dict(), {}, supply)
            cells = None if numbers is None else Cells.of(numbers, pixels)
            found = HealpixArray(stored, pixels, cells, missing)
            return await read_window(found, [slice(0, n) for n in found.shape])

    return asyncio.run(read())


@pytest.mark.parametrize("chunks", [SIZE, 256, 1000, 64, 5])
@pytest.mark.parametrize("order", ["nested", "ring"])
def test_all_cells(tmp_path: Path, chunks: int, order: Any) -> None:
    """Of both orders, in chunks that are faces, blocks, or neither."""
    values = np.arange(SIZE, dtype=np.int32)
    found = faces(tmp_path, values, chunks, Healpix(NSIDE, order), None, 0)
    expected = NESTED if order == "nested" else healpix.nest2ring(NSIDE, NESTED)
    np.testing.assert_array_equal(found, np.stack([expected, expected + 1]))


@pytest.mark.parametrize(
    ("dtype", "missing", "read"),
    [("f4", np.nan, "f4"), ("i2", -1, "i2"), ("i2", np.nan, "f4"), ("i4", np.nan, "f8")],
)
def test_some_cells(tmp_path: Path, dtype: str, missing: float, read: str) -> None:
    """Cells in any order that are not all of the sphere; the others are missing."""
    numbers = np.random.default_rng(3).choice(SIZE, 500, replace=False)
    values = np.arange(500).astype(dtype)
    found = faces(tmp_path, values, 70, Healpix(NSIDE, "nested"), numbers, missing)
    expected = np.full(SIZE, np.nan)
    expected[numbers] = values
    expected = expected[NESTED]
    assert found.dtype == np.dtype(read)
    gone = np.isnan(expected)
    np.testing.assert_array_equal(found[0][~gone], expected[~gone])
    np.testing.assert_array_equal(found[:, gone], np.dtype(read).type(missing))


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        ({"healpix_nside": 64, "healpix_order": "nest"}, Healpix(64, "nested")),
        ({"refinement_level": 6, "indexing_scheme": "ring"}, Healpix(64, "ring")),
        ({"level": 0, "indexing_scheme": "nested", "ellipsoid": "sphere"}, Healpix(1, "nested")),
        ({"nside": [8], "ellipsoid": {"name": "WGS84"}}, Healpix(8, "nested", True)),
        ({"resolution": 3.0, "ellipsoid": {"name": "sphere", "radius": 1}}, Healpix(8, "nested")),
    ],
)
def test_attributes(attrs: dict[str, Any], expected: Healpix) -> None:
    """As CF 1.13, easy.gems and xdggs write them."""
    assert Healpix.parse(attrs) == expected


@pytest.mark.parametrize(
    "attrs",
    [
        {},
        {"healpix_nside": 3},
        {"healpix_nside": 0},
        {"level": 99},
        {"level": -1},
        {"level": 2**80},
        {"level": True},
        {"level": "a"},
        {"level": float("nan")},
        {"level": [1, 2]},
        {"level": 3, "indexing_scheme": "nuniq"},
    ],
)
def test_bad_attributes(attrs: dict[str, Any]) -> None:
    """What is wrong is told, whatever it is."""
    with pytest.raises(CatalogError, match=r"HEALPix|indexing_scheme"):
        Healpix.parse(attrs)


@pytest.mark.parametrize(
    "numbers", [np.array([SIZE]), np.array([-1]), np.array([np.nan]), np.array(["a"])]
)
def test_bad_numbers(numbers: np.ndarray) -> None:
    """Numbers beyond the sphere are refused."""
    with pytest.raises(CatalogError, match="numbers of the HEALPix cells"):
        Cells.of(numbers, Healpix(NSIDE, "nested"))
