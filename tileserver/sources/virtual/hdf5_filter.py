"""The filters of HDF5 chunks as codecs of a Zarr array.

Those that numcodecs has are named so. Any other that the HDF5 library can undo, by itself or with
hdf5plugin, is left to it (`Hdf5`), chunk by chunk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from numcodecs.abc import Codec
from numcodecs.registry import register_codec

from tileserver.errors import CatalogError
from tileserver.sources.virtual.table import MASK_NBYTES

Config = dict[str, Any]

# Numbers of filters (HDF5 Registered Filter Plugins) that are plain streams of known formats.
COMPRESSORS = {1: "zlib", 307: "bz2", 32001: "blosc", 32015: "zstd"}
SHUFFLE, FLETCHER32 = 2, 3
LARGEST_CHUNK_NBYTES = 1 << 30
NOTHING_TO_UNDO = {32022, 32023, 32028}  # BitGroom, Granular BitRound, BitRound
# What a filter itself put before the options that it was given, as it will again.
OWN_OPTIONS = {32008: 3}
NAMES = {4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf", 32004: "lz4", 32008: "bitshuffle",
         32013: "zfp", 32017: "sz", 32026: "blosc2"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Codecs:
    """Of a `.zarray`; chunks have their mask before them if they are `masked`."""

    filters: list[Config]
    compressor: Config | None
    masked: bool = False


def codecs_of(
    plist: Any, dtype: np.dtype[Any], chunks: Sequence[int], fill: Any, *, masked: bool
) -> Codecs:
    """The codecs of an array's chunks. Raises CatalogError for a filter that cannot be undone.

    Args:
        plist: how the dataset was created.
        masked: whether some chunks were stored without some of the filters.
    """
    used = [plist.get_filter(i) for i in range(plist.get_nfilters())]
    used = [each for each in used if each[0] not in NOTHING_TO_UNDO]
    known = [*COMPRESSORS, SHUFFLE, FLETCHER32]
    if masked or any(code not in known for code, *_ in used):
        return Codecs([], _by_library(used, dtype, chunks, fill), masked=True)
    found = [_codec(code, options, dtype.itemsize) for code, _, options, _ in used]
    # A compressor is held to the size of the chunk, wherever it stands; the last is one mostly.
    if found and used[-1][0] in COMPRESSORS:
        return Codecs(found[:-1], found[-1])
    return Codecs(found, None)


def _codec(code: int, options: Sequence[int], itemsize: int) -> Config:
    if code == SHUFFLE:
        return {"id": "shuffle", "elementsize": int(options[0]) if options else itemsize}
    return {"id": "fletcher32" if code == FLETCHER32 else COMPRESSORS[code]}


def _by_library(
    used: Sequence[Any], dtype: np.dtype[Any], chunks: Sequence[int], fill: Any
) -> Config:
    for code, *_ in used:
        if not _is_known(code):
            raise CatalogError(
                f"filter {code} ({NAMES.get(code, 'unknown')}) is not read: install hdf5plugin, "
                "or rewrite the file with h5repack -f GZIP=4"
            )
    return {
        "id": Hdf5.codec_id,
        "filters": [[code, flags, [int(o) for o in options]] for code, flags, options, _ in used],
        "dtype": dtype.str,
        "shape": [int(n) for n in chunks],
        "fill": fill if fill is not None and math.isfinite(fill) else None,
    }


def _is_known(code: int) -> bool:
    import h5py  # an extra

    with suppress(ImportError):
        import hdf5plugin  # noqa: F401  # registers its filters with the library
    return bool(h5py.h5z.filter_avail(code))


class Hdf5(Codec):  # type: ignore[misc]
    """Undoes filters by the HDF5 library, by way of a file in memory that has one chunk.

    Takes a chunk with the mask of filters that were left out before it (4 bytes, little-endian).
    """

    codec_id = "hdf5"

    def __init__(
        self, filters: Sequence[Any], dtype: str, shape: Sequence[int], fill: Any = None
    ) -> None:
        self.filters, self.dtype, self.shape, self.fill = filters, dtype, tuple(shape), fill
        if math.prod(self.shape) * np.dtype(dtype).itemsize > LARGEST_CHUNK_NBYTES:
            raise ValueError("a chunk would be too large")

    def encode(self, buf: Any) -> Any:
        """Chunks are only read."""
        raise NotImplementedError

    def decode(self, buf: Any, out: Any = None) -> npt.NDArray[Any]:
        """The array of a chunk."""
        import h5py  # an extra

        data = bytes(buf)
        dtype = np.dtype(self.dtype)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk(self.shape)
        if self.fill is not None:
            plist.set_fill_value(np.array(self.fill, dtype))
        mask = int.from_bytes(data[:MASK_NBYTES], "little")
        for i, (code, flags, options) in enumerate(self.filters):
            if mask >> i & 1:
                continue
            if not _is_known(code):
                raise CatalogError(f"filter {code} is not read: install hdf5plugin")
            plist.set_filter(code, flags, tuple(options[OWN_OPTIONS.get(code, 0) :]))
        array: npt.NDArray[Any] = np.empty(self.shape, dtype)
        name = uuid4().hex  # the library knows files by their names, and threads share it
        with h5py.File(name, "w", driver="core", backing_store=False) as file:
            space = h5py.h5s.create_simple(self.shape)
            node = h5py.h5d.create(file.id, b"a", h5py.h5t.py_create(dtype), space, plist)
            node.write_direct_chunk((0,) * len(self.shape), data[MASK_NBYTES:])
            node.read(h5py.h5s.ALL, h5py.h5s.ALL, array)
        return array


register_codec(Hdf5)
