"""Cubes written by zarr-python, as the builders meet them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import zarr

DAY_S = 86_400


def write_cube(
    path: Path,
    values: dict[str, npt.NDArray[np.generic]],
    *,
    chunks: tuple[int, ...] = (1, 90, 180),
    attributes: dict[str, dict[str, object]] | None = None,
    first: int = 0,
) -> Path:
    """A global cube of arrays (time, lat, lon), a step each day."""
    steps, height, width = next(iter(values.values())).shape
    group = zarr.open_group(path, mode="w", zarr_format=3)
    lat = 90 - (np.arange(height) + 0.5) * 180 / height
    lon = -180 + (np.arange(width) + 0.5) * 360 / width
    time = np.arange(first, first + steps, dtype=np.int64)
    for name, axis, units in (
        ("lat", lat, "degrees_north"),
        ("lon", lon, "degrees_east"),
        ("time", time, "days since 2020-01-01"),
    ):
        coordinate = group.create_array(
            name,
            shape=axis.shape,
            chunks=axis.shape,
            dtype=axis.dtype,
            dimension_names=(name,),
            attributes={"units": units},
        )
        coordinate[...] = axis
    for name, numbers in values.items():
        array = group.create_array(
            name,
            shape=numbers.shape,
            chunks=chunks,
            dtype=numbers.dtype,
            dimension_names=("time", "lat", "lon"),
            fill_value=np.nan if numbers.dtype.kind == "f" else 0,
            attributes=(attributes or {}).get(name, {}),
        )
        array[...] = numbers
    return path


def append(path: Path, values: dict[str, npt.NDArray[np.generic]]) -> None:
    """More steps behind those that a cube has."""
    group = zarr.open_group(path, mode="r+", use_consolidated=False)
    for name, numbers in values.items():
        array = group[name]
        assert isinstance(array, zarr.Array)
        before = array.shape[0]
        array.resize((before + len(numbers), *array.shape[1:]))
        array[before:] = numbers
    time = group["time"]
    assert isinstance(time, zarr.Array)
    known = np.asarray(time[...])
    more = np.arange(known[-1] + 1, known[-1] + 1 + len(numbers))
    time.resize((len(known) + len(more),))
    time[len(known) :] = more


def noisy(steps: int, height: int, width: int, *, gaps: float = 0.2) -> npt.NDArray[np.float32]:
    """Numbers of which none is like its neighbours, some of them NaN."""
    rng = np.random.default_rng(steps * height + width)
    values = rng.normal(280, 10, (steps, height, width)).astype(np.float32)
    values[rng.random(values.shape) < gaps] = np.nan
    return values
