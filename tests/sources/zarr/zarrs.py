"""Zarr stores that the tests write, opened by the server, and xarray's reading of them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import open_store
from tileserver.sources.zarr.array import ZarrSource
from tileserver.sources.zarr.cube import Opening, open_zarr


def opened(path: Path, **options: Any) -> ZarrSource:
    """The source at a path; nothing that was read is kept."""
    return asyncio.run(_opened(path, **options))[0]


async def _opened(path: Path, **options: Any) -> tuple[ZarrSource, ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(1)
    cache: ByteCache[Raw] = ByteCache(64 << 20, lambda raw: raw.nbytes)
    return await open_zarr(open_store(str(path)), Opening(cache, pool, **options)), pool


def read(path: Path, variable: str, window: tuple[slice, ...] | None = None, **options: Any) -> Raw:
    """Stored numbers of a window, by default all of it."""

    async def run() -> Raw:
        source, pool = await _opened(path, **options)
        with pool:
            shape = source.cube.variables[variable].levels[0].shape
            whole = tuple(slice(0, n) for n in shape)
            return await source.read(ReadPlan(variable, 0, window or whole))

    return asyncio.run(run())


def decoded(path: Path, variable: str, **options: Any) -> np.ndarray:
    """Physical numbers of the whole variable, NaN where there are none."""
    packing = opened(path, **options).cube.variables[variable].packing
    return packing.decode(read(path, variable, **options))


def by_xarray(path: Path, variable: str) -> np.ndarray:
    """The same as xarray decodes it."""
    with xr.open_dataset(path, engine="zarr", consolidated=False, decode_times=False) as data:
        return data[variable].values.astype(np.float64)


def numbers(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of a small range of the type, none alike its neighbours."""
    return (np.arange(np.prod(shape)).reshape(shape) * 7 % 101).astype(dtype)


def write(
    path: Path,
    data: np.ndarray,
    dims: tuple[str, ...] = ("lat", "lon"),
    attrs: dict[str, Any] | None = None,
    *,
    zarr_format: int = 3,
    coordinates: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    """A store with the variable `a` and its lat and lon; other coordinates as given.

    Args:
        coordinates: by name, the values, or values and attributes.
    """
    group = zarr.create_group(path, zarr_format=zarr_format)
    sizes = dict(zip(dims, data.shape, strict=True))
    degrees = {
        "lat": np.linspace(50.0, 40.0, sizes.get("lat", 1)),
        "lon": np.arange(sizes.get("lon", 1)) * 0.5,
    }
    given = {k: v for k, v in degrees.items() if k in sizes} | (coordinates or {})
    for name, entry in given.items():
        values, about = entry if isinstance(entry, tuple) else (entry, {})
        _create(group, name, np.asarray(values), (name,), about, zarr_format)
    _create(group, "a", data, dims, attrs or {}, zarr_format, **options)
    return path


def _create(
    group: zarr.Group,
    name: str,
    data: np.ndarray,
    dims: tuple[str, ...],
    attrs: dict[str, Any],
    zarr_format: int,
    **options: Any,
) -> None:
    names = {"dimension_names": dims} if zarr_format == 3 else {}
    array = group.create_array(
        name, shape=data.shape, dtype=data.dtype, **({"chunks": data.shape} | options), **names
    )
    array.attrs.update({"_ARRAY_DIMENSIONS": list(dims)} if zarr_format == 2 else {})
    array.attrs.update(attrs)
    array[...] = data
