"""Metadata that is wrong in any way: told in words; never another error, a hang, a stray key."""

import asyncio
import contextlib
import copy
import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from tileserver.cache import ByteCache
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.store import Store
from tileserver.sources.zarr.array import ZarrArray, ZarrSource
from tileserver.sources.zarr.cube import Opening, open_zarr

WITHIN_S = 5.0
LARGEST_READ_NBYTES = 1 << 22


class Watched(Store):
    """A store that knows the keys it was asked for."""

    keys: list[str]

    async def get(self, key: str, *, about: int = 0, most: int | None = None) -> memoryview | None:
        self._note(key)
        return await super().get(key, about=about, most=most)

    async def get_range(self, key: str, start: int, stop: int) -> memoryview | None:
        self._note(key)
        return await super().get_range(key, start, stop)

    async def get_suffix(self, key: str, length: int) -> memoryview | None:
        self._note(key)
        return await super().get_suffix(key, length)

    async def children(self, prefix: str = "") -> list[str]:
        self._note(prefix)
        return await super().children(prefix)

    def _note(self, key: str) -> None:
        parts = key.rstrip("/").split("/")
        assert not {"", ".", ".."} & set(parts) or not key, f"a key that leads elsewhere: {key!r}"
        assert "\\" not in key, f"a key that leads elsewhere: {key!r}"
        assert "\0" not in key, f"a key that leads elsewhere: {key!r}"


def objects(zarr_format: int, *, consolidated: bool, sharded: bool = False) -> dict[str, bytes]:
    """A sound store by xarray: a packed map of some times, of texts, and of plain numbers."""
    store = zarr.storage.MemoryStore()
    values = np.arange(2 * 8 * 12).reshape(2, 8, 12) / 7
    cube = xr.Dataset(
        {
            "a": (("time", "lat", "lon"), values, {"units": "K", "grid_mapping": "crs"}),
            "b": (("band", "lat", "lon"), values.astype("f4"), {"valid_range": [0, 20]}),
            "crs": ((), 0, {"grid_mapping_name": "latitude_longitude"}),
        },
        {
            "time": np.array(["2020-01-01", "2020-01-05"], "M8[ns]"),
            "band": np.array(["red", "nir"]),
            "lat": ("lat", np.linspace(50.0, 43.0, 8), {"units": "degrees_north"}),
            "lon": ("lon", np.arange(12.0), {"standard_name": "longitude"}),
        },
        {"title": "A cube"},
    )
    packed = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 5.0, "_FillValue": -99}
    encoding: dict[str, Any] = {"a": {**packed, "chunks": (1, 4, 6)}, "b": {"chunks": (2, 8, 6)}}
    if sharded:
        encoding["a"]["shards"] = (2, 8, 12)
    cube.to_zarr(store, zarr_format=zarr_format, consolidated=consolidated, encoding=encoding)
    return {key: value.to_bytes() for key, value in store._store_dict.items()}


def _stores() -> dict[str, dict[str, bytes]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "v2": objects(2, consolidated=False),
            "v2 consolidated": objects(2, consolidated=True),
            "v3": objects(3, consolidated=False),
            "v3 consolidated": objects(3, consolidated=True),
            "v3 sharded": objects(3, consolidated=False, sharded=True),
        }


STORES = _stores()
METADATA = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
DOCUMENTS = {
    kind: {key: json.loads(value) for key, value in store.items() if key.endswith(METADATA)}
    for kind, store in STORES.items()
}

Where = tuple[str | int, ...]


def places(value: Any, way: Where = ()) -> list[Where]:
    """All places in a document."""
    if not isinstance(value, dict | list):
        return [way]
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value)
    return [way, *(place for key, each in inner for place in places(each, (*way, key)))]


def nested(depth: int) -> Any:
    """Lists in lists, without recursion."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


ODD = [
    None, True, False, 0, 1, -1, 7, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 2**200, -(2**63), 1.5,
    1e300, float("inf"), float("-inf"), float("nan"), "", "a", "0", "-1", "NaN", "Infinity", "time",
    "lat", "../../etc/passwd", "/abs", "a//b", "a\\b", "a\0b", "\ud7ff", "x" * 5000, "<f8", ">i2",
    "|O", "|V8", "<M8[ns]", "float64", "bool", "string", "days since 2000-01-01", "EPSG:4326",
    "EPSG:99999999", "zstd", "pickle", "sharding_indexed", [], {}, [[]], [1], ["a"], [None], [-1],
    [0, 0, 0], [1, 1, 1], [2**62, 2**62, 2**62], [1e400], {"a": 1}, {"name": "a"}, [{}], "{}",
    {"name": "bytes", "configuration": 5}, {"id": 5}, nested(200), nested(500),
]  # fmt: skip
NAMES = ["", "/", "..", "../a", "a/../../b", "/etc", "a//b", "a\\b", "a\0b", "a" * 3000, "é", "."]


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, dict[str, bytes]]:
    """A sound store with some of its metadata changed: values, names, what is there, bytes."""
    kind = draw(st.sampled_from(sorted(STORES)))
    known, store = copy.deepcopy(DOCUMENTS[kind]), dict(STORES[kind])
    for _ in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from(sorted(known)))
        where = draw(st.sampled_from(places(known[key])))
        known[key] = _changed(draw, known[key], where)
    store.update({key: json.dumps(value).encode() for key, value in known.items()})
    if draw(st.integers(0, 4)) == 0:
        key = draw(st.sampled_from(sorted(store)))
        store[key] = store[key][: draw(st.integers(0, len(store[key])))]
    if draw(st.integers(0, 4)) == 0:
        del store[draw(st.sampled_from(sorted(store)))]
    return kind, store


def _changed(draw: st.DrawFn, document: Any, where: Where) -> Any:
    if not where:
        return draw(st.sampled_from(ODD))
    document = copy.deepcopy(document)
    inner = document
    for step in where[:-1]:
        inner = inner[step]
    what = draw(st.sampled_from(["value", "value", "value", "absent", "name", "twice"]))
    if what == "absent":
        del inner[where[-1]]
    elif what == "name" and isinstance(inner, dict):
        name = draw(st.sampled_from(NAMES))
        value = inner.pop(where[-1])
        inner[draw(st.sampled_from([name, f"{name}/.zarray", f"{where[-1]}{name}"]))] = value
    elif what == "twice" and isinstance(inner, list):
        inner.append(copy.deepcopy(inner[where[-1]]))
    else:
        inner[where[-1]] = draw(st.sampled_from(ODD))
    return document


async def _opened(store: dict[str, bytes]) -> ZarrSource:
    raw = MemoryStore()
    for key, value in store.items():
        if not {"", ".", ".."} & set(key.split("/")):
            await raw.put_async(key, value)
    cache: ByteCache[Any] = ByteCache(1 << 24, lambda chunk: chunk.nbytes)
    with ThreadPoolExecutor(1) as pool:
        source = await open_zarr(Watched(raw, "memory://"), Opening(cache, pool))
        for name, levels in source.arrays.items():
            await _read(source, name, levels[0])
        return source


async def _read(source: ZarrSource, name: str, array: Any) -> None:
    """One cell, if its chunk is small."""
    if isinstance(array, ZarrArray) and array.nbytes > LARGEST_READ_NBYTES:
        return
    with contextlib.suppress(SourceError):
        await source.read(ReadPlan(name, 0, (slice(0, 1),) * len(array.shape)))


def told(store: dict[str, bytes]) -> str:
    """What is told of a store that cannot be opened, "" of one that can. In time."""

    async def run() -> str:
        try:
            async with asyncio.timeout(WITHIN_S):
                await _opened(store)
        except (CatalogError, SourceError) as error:
            return str(error)
        return ""

    return asyncio.run(run())


@pytest.mark.parametrize("kind", STORES)
def test_sound_stores(kind):
    """All of them are opened as they are."""
    assert told(STORES[kind]) == ""


@given(mutations())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_metadata_that_is_wrong(case):
    """Whatever is wrong, the store is opened or what is wrong is told, in no more than a page."""
    assert len(told(case[1])) < 20_000


@pytest.mark.parametrize("kind", ["v2 consolidated", "v3"])
def test_documents_that_are_far_too_large(kind):
    """A hundred megabytes of attributes are not read."""
    name = ".zmetadata" if kind == "v2 consolidated" else "a/zarr.json"
    words = b'{"attributes": {"a": "' + b"x" * (100 << 20) + b'"}}'
    assert "larger than the 67108864 bytes" in told({**STORES[kind], name: words})


@pytest.mark.parametrize("depth", [900, 100_000])
def test_documents_nested_very_deep(depth):
    """Lists in lists in lists are no metadata."""
    words = b'{"attributes": ' + b"[" * depth + b"]" * depth + b"}"
    assert "not valid JSON" in told({**STORES["v3"], "a/zarr.json": words})


def test_keys_written_twice():
    """The last one counts, as every reader of JSON has it."""
    document = STORES["v3"]["a/zarr.json"].rstrip()
    assert told({**STORES["v3"], "a/zarr.json": document[:-1] + b', "shape": [2, 8, 12]}'}) == ""
