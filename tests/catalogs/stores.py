"""Zarr stores shaped as those of others are: groups, dimensions, types, chunks, attributes.

Where a cube has thousands of steps its last is written, of a pyramid the coarsest level: the rest
are chunks that are not there, as an empty sea's are not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc

BLOSC = Blosc(cname="lz4", clevel=5, shuffle=1)


@dataclass(frozen=True)
class Array:
    """A variable of a store.

    Args:
        span: of its physical values, which fill it; as its style's range in the catalogue.
        packing: scale and offset.
    """

    name: str
    span: tuple[float, float] = (0, 1)
    dtype: str = "f4"
    attrs: Mapping[str, Any] = field(default_factory=dict)
    packing: tuple[float, float] = (1, 0)


@cache
def relief(shape: tuple[int, int]) -> np.ndarray:
    """Hills between 0 and 1, to look at."""
    rows, cols = (np.linspace(0, 1, size) for size in shape)
    y, x = rows[:, None], cols[None, :]
    waves = np.sin(9 * x + 4 * y) * np.cos(7 * y - 2 * x) + 0.5 * np.sin(23 * x * y + 5 * x)
    return (waves + 1.5) / 3


def fill(array: Array, shape: tuple[int, int]) -> np.ndarray:
    """Stored numbers of an array, over its whole span; those of another name lie elsewhere."""
    low, high = array.span
    hills = np.roll(relief(shape), 37 * sum(array.name.encode()) % 97 * shape[1] // 97, axis=1)
    values = (
        low * (high / low) ** hills if low > 0 and high / low > 49 else low + (high - low) * hills
    )
    scale, offset = array.packing
    stored = (values - offset) / scale
    return (
        stored.astype(array.dtype) if array.dtype[0] == "f" else stored.round().astype(array.dtype)
    )


def put(
    group: zarr.Group,
    name: str,
    dims: Sequence[str],
    shape: Sequence[int],
    chunks: Sequence[int],
    dtype: str,
    **attrs: Any,
) -> zarr.Array[Any]:
    """An array of Zarr 2 without chunks."""
    fill_value = (
        None if dtype[0] in "ui" and "_FillValue" not in attrs else attrs.pop("_FillValue", np.nan)
    )
    array = group.create_array(
        name, shape=tuple(shape), chunks=tuple(chunks), dtype=dtype, compressors=BLOSC,
        fill_value=fill_value,
    )  # fmt: skip
    array.attrs.update({"_ARRAY_DIMENSIONS": list(dims), **attrs})
    return array


def axis(group: zarr.Group, name: str, values: np.ndarray, **attrs: Any) -> None:
    """A coordinate."""
    array = put(group, name, [name], values.shape, values.shape, values.dtype.str[1:], **attrs)
    array[...] = values


def write_step(array: zarr.Array[Any], values: np.ndarray) -> None:
    """The last step of a cube, or all of a map."""
    array[(-1,) * (array.ndim - 2) + (slice(None), slice(None))] = values


def lonlat_cube(
    path: Path,
    arrays: Sequence[Array],
    shape: tuple[int, int, int],
    chunks: tuple[int, int, int],
    names: tuple[str, str] = ("lat", "lon"),
    first: str = "1979-01-05",
    days: int = 8,
    is_written: bool = True,
    **attrs: Any,
) -> None:
    """A global cube in degrees, from north to south."""
    steps, rows, cols = shape
    group = zarr.create_group(path, zarr_format=2, attributes=attrs)
    axis(group, "time", np.arange(steps) * days, units=f"days since {first}",
         calendar="proleptic_gregorian")  # fmt: skip
    axis(group, names[0], 90 - 180 / rows * (np.arange(rows) + 0.5), units="degrees_north")
    axis(group, names[1], -180 + 360 / cols * (np.arange(cols) + 0.5), units="degrees_east")
    for each in arrays:
        array = put(group, each.name, ("time", *names), shape, chunks, each.dtype, **each.attrs)
        if is_written:
            write_step(array, fill(each, (rows, cols)))
    zarr.consolidate_metadata(path, zarr_format=2)


def levels(path: Path, count: int, tile: tuple[int, int], write: Any) -> None:
    """A pyramid as xcube has them: the coarsest level is written.

    Args:
        write: a level's store, by its path, its number and whether it is written.
    """
    for number in range(count):
        write(path / f"{number}.zarr", number, number == count - 1)
    about = {
        "version": "1.0",
        "num_levels": count,
        "tile_size": list(tile),
        "use_saved_levels": False,
    }
    (path / ".zlevels").write_text(json.dumps(about))
