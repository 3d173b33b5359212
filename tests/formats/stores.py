"""Small stores of the cases, and their values as zarr and xarray read them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from tests.formats.truth import DEGREES, Separable, edges_of

Read = Callable[[Mapping[str, str]], np.ndarray]
LON = 5 + 0.5 * np.arange(61)
LAT = 60 - 0.5 * np.arange(41)


def numbers(dtype: str, shape: tuple[int, ...] = (41, 61)) -> np.ndarray:
    """Numbers of which no two near ones are alike, in the range of any type."""
    index = np.indices(shape)
    mixed = index[-1] * 7 + index[-2] * 13 + sum(31 * part for part in index[:-2])
    return (np.asarray(mixed) % 113 + 1).astype(dtype)


def lonlat(lon: np.ndarray, lat: np.ndarray) -> Separable:
    """Cells around longitudes and latitudes, none beyond a pole."""
    return Separable(DEGREES, edges_of(lon), edges_of(lat))


def write(
    path: Path,
    data: np.ndarray,
    dims: tuple[str, ...] = ("lat", "lon"),
    coordinates: Mapping[str, Any] | None = None,
    *,
    zarr_format: int = 3,
    attrs: Mapping[str, Any] | None = None,
    **options: Any,
) -> Path:
    """A store of the variable `a` with its coordinates, by zarr.

    Args:
        coordinates: by name, values or (values, attributes); LON and LAT for those not named.
        options: of the array's creation, e.g. chunks, shards, filters, fill_value.
    """
    group = zarr.create_group(path, zarr_format=zarr_format)
    known = {k: v for k, v in {"lon": LON, "lat": LAT}.items() if k in dims}
    for name, given in {**known, **(coordinates or {})}.items():
        values, about = given if isinstance(given, tuple) else (given, {})
        values = np.asarray(values)
        add(group, name, values, (name,) if values.ndim else (), about)
    add(group, "a", data, dims, attrs or {}, **options)
    return path


def add(
    group: zarr.Group,
    name: str,
    data: np.ndarray,
    dims: tuple[str, ...],
    attrs: Mapping[str, Any],
    **options: Any,
) -> None:
    """One more array of a group."""
    is_new = group.metadata.zarr_format == 3
    more = {"dimension_names": dims} if is_new else {}
    chunks = {"chunks": data.shape} if data.ndim and "chunks" not in options else {}
    array = group.create_array(
        name, shape=data.shape, dtype=data.dtype, **chunks, **options, **more
    )
    array.attrs.update({**({} if is_new else {"_ARRAY_DIMENSIONS": list(dims)}), **attrs})
    array[...] = data


def consolidate(path: Path) -> None:
    """Consolidated metadata, which zarr-python writes for format 3 with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(str(path))


def by_zarr(path: Path, name: str = "a") -> Read:
    """The stored numbers (rows, cols) as zarr-python reads them."""

    def read(_: Mapping[str, str]) -> np.ndarray:
        return np.asarray(zarr.open_group(path, mode="r")[name][...], np.float64)

    return read


def by_xarray(
    path: Path, name: str = "a", dims: tuple[str, str] = ("lat", "lon"), **options: Any
) -> Read:
    """A step (rows, cols) as xarray decodes it; of a dimension that is not asked the last time,
    else the first step."""

    @lru_cache(maxsize=4)
    def cells(ask: frozenset[tuple[str, str]]) -> np.ndarray:
        with xr.open_dataset(path, **{"engine": "zarr", "consolidated": False, **options}) as data:
            return step(data[name], dict(ask)).transpose(*dims).values.astype(np.float64)

    return lambda ask: cells(frozenset(ask.items()))


def step(array: xr.DataArray, ask: Mapping[str, str]) -> xr.DataArray:
    """The step that an ask names, by xarray's own selection."""
    for dim in set(array.dims) & set(ask):
        labels = array[dim]
        text = ask[str(dim)].removesuffix("Z")
        wanted = text if labels.dtype.kind in "MOU" else float(text)
        array = array.sel({dim: wanted}, method=None if labels.dtype.kind in "OU" else "nearest")
        array = array.squeeze(dim) if dim in array.dims else array
    if "time" in array.dims:
        array = array.isel(time=-1)
    others = [dim for dim in array.dims if str(dim) not in ("lat", "lon", "y", "x")]
    return array.isel(dict.fromkeys(others, 0))
