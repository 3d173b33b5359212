"""Files of other formats that the tests write, opened by the server as a catalogue would."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.plan import ReadPlan
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.source import Source
from tileserver.sources.storage.traffic import Traffic

LAT = 60 - 0.5 * np.arange(24)
LON = 5 + 0.5 * np.arange(30)
DAYS = np.datetime64("2020-01-01", "ns") + np.arange(5).astype("timedelta64[D]")


def sample(dtype: str = "float32", days: int = 5, first: int = 0) -> xr.Dataset:
    """A cube of a variable `a`, no two neighbours alike."""
    shape = (days, len(LAT), len(LON))
    index = np.indices(shape)
    values = (index[0] + first) * 31 + index[1] * 13 + index[2] * 7
    times = np.datetime64("2020-01-01", "ns") + (first + np.arange(days)).astype("timedelta64[D]")
    return xr.Dataset(
        {"a": (("time", "lat", "lon"), (values % 113 + 1).astype(dtype), {"units": "K"})},
        {
            "time": times,
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
    )


@asynccontextmanager
async def cube(
    *urls: Path | str, traffic: Traffic | None = None, **origin: Any
) -> AsyncIterator[Source]:
    """The source at a path or URL, or of a stack of them; nothing that was read is kept."""
    cache: ByteCache[Raw] = ByteCache(64 << 20, lambda raw: raw.nbytes)
    with ThreadPoolExecutor(2) as pool:
        known = Origin(tuple(map(str, urls)), **{"base": Path(), **origin})
        yield await open_source(known, cache=cache, pool=pool, traffic=traffic)


def opened(*urls: Path | str, **origin: Any) -> Source:
    """The source; not to be read."""

    async def run() -> Source:
        async with cube(*urls, **origin) as source:
            return source

    return asyncio.run(run())


def decoded(*urls: Path | str, variable: str = "a", **origin: Any) -> np.ndarray:
    """Physical numbers of a whole variable, NaN where there are none."""
    return all_decoded(*urls, **origin)[variable]


def all_decoded(*urls: Path | str, **origin: Any) -> dict[str, np.ndarray]:
    """Those of all variables."""

    async def run() -> dict[str, np.ndarray]:
        async with cube(*urls, **origin) as source:
            found = {}
            for name, known in source.cube.variables.items():
                whole = tuple(slice(0, n) for n in known.levels[0].shape)
                stored = await source.read(ReadPlan(name, 0, whole))
                found[name] = known.packing.decode(stored)
            return found

    return asyncio.run(run())


def times(*urls: Path | str, **origin: Any) -> list[str]:
    """The labels of the time axis."""
    axis = opened(*urls, **origin).cube.time
    assert axis is not None
    return [str(label) for label in axis.labels]
