"""GeoTIFFs that the tests write, and rasterio's reading of them: the oracle."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.shutil import copy
from rasterio.windows import Window

from tileserver.cache import ByteCache
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import open_store
from tileserver.sources.storage.store import Store
from tileserver.sources.tiff.cog import CogSource, open_cog

T = TypeVar("T")
LARGEST = 4500  # rows that are compared in full
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 5_300_000)


def numbers(dtype: str, *, bands: int = 1, shape: tuple[int, int] = (330, 410)) -> np.ndarray:
    """Smooth numbers with noise, over all of a small range of the type."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    noise = np.random.default_rng(7).integers(0, 9, (bands, *shape))
    smooth = 90 * np.sin(row / 90) * np.cos(col / 70) + 110
    return (smooth + noise + 10 * np.arange(bands)[:, None, None]).astype(dtype)


def write(
    path: Path,
    data: np.ndarray,
    *,
    overviews: tuple[int, ...] = (2, 4),
    mask: np.ndarray | None = None,
    edit: Callable[[Any], None] | None = None,
    **profile: Any,
) -> Path:
    """A tiled GeoTIFF of data (bands, rows, cols) with overviews, in UTM 33."""
    options = {
        "driver": "GTiff", "tiled": True, "blockxsize": 128, "blockysize": 128,
        "crs": "EPSG:32633", "transform": TRANSFORM, "dtype": data.dtype,
    } | profile  # fmt: skip
    count, height, width = data.shape
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", count=count, height=height, width=width, **options) as file,
    ):
        file.write(data)
        if mask is not None:
            file.write_mask(mask)
        if edit:
            edit(file)
    if overviews:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
            file.build_overviews(overviews, Resampling.nearest)
    return path


def write_cog(path: Path, plain: Path, **options: Any) -> Path:
    """A file of another laid out by GDAL's COG driver."""
    copy(plain, path, driver="COG", **options)
    return path


class Counted(Store):
    """A store that logs the ranges that are asked of it, by key."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.raw, store.url, store.traffic)
        self.ranges: list[tuple[str, tuple[tuple[int, int], ...]]] = []

    async def get_range(self, key: str, start: int, stop: int) -> memoryview | None:
        self.ranges.append((key, ((start, stop),)))
        return await super().get_range(key, start, stop)

    async def get_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[memoryview]:
        self.ranges.append((key, tuple(ranges)))
        return await super().get_ranges(key, ranges)


def new_cache() -> ByteCache[Any]:
    """A cache of decoded blocks."""
    return ByteCache(64 << 20, lambda block: block.nbytes)


def new_pool() -> ThreadPoolExecutor:
    """Threads that decode."""
    return ThreadPoolExecutor(2)


async def opened(path: Path, store: Store | None = None, crs: str | None = None) -> CogSource:
    """The source of a file on disk."""
    store = store or open_store(str(path.parent))
    return await open_cog(store, path.name, new_cache(), new_pool(), crs)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def windows(shape: tuple[int, int]) -> list[tuple[slice, slice]]:
    """All, or much of a big image; a corner, one cell, and a part that crosses blocks."""
    height, width = shape
    if height > LARGEST:
        return [(slice(height - 2000, height), slice(700, 3100)), (slice(0, 9), slice(0, width))]
    return [
        (slice(0, height), slice(0, width)),
        (slice(height - 1, height), slice(width - 1, width)),
        (slice(0, 1), slice(0, 1)),
        (slice(height // 3, height // 3 * 2), slice(width // 5, width // 5 * 4)),
    ]


def oracle(path: Path, band: int, level: int, window: tuple[slice, slice]) -> Any:
    """(numbers, mask) by rasterio of a band from 1 at a level, 0 being the full resolution."""
    rows, cols = window
    part = Window(cols.start, rows.start, cols.stop - cols.start, rows.stop - rows.start)
    more = {"OVERVIEW_LEVEL": level - 1} if level else {}
    with rasterio.open(path, **more) as file:
        return file.read(band, window=part), file.read_masks(band, window=part) != 0


def assert_equal(path: Path, *, bands: int | None = None) -> CogSource:
    """Every band, level and window is rasterio's, valid cells bit for bit."""

    async def check() -> CogSource:
        source = await opened(path)
        variables = list(source.cube.variables.values())
        assert bands is None or len(variables) == bands
        for number, variable in enumerate(variables):
            band = source.file.description.bands[number].index + 1
            for level, each in enumerate(variable.levels):
                for window in windows(each.grid.shape):
                    raw = await source.read(ReadPlan(variable.id, level, window))
                    expected, valid = oracle(path, band, level, window)
                    assert raw.dtype == variable.dtype
                    known = variable.packing.valid(raw)
                    if expected.dtype.kind == "f":
                        valid = valid & np.isfinite(expected)
                    assert np.array_equal(known, valid), (variable.id, level, window)
                    assert np.array_equal(raw[valid], expected[valid]), (variable.id, level, window)
        return source

    return run(check())
