"""Cases of the table: Zarr arrays in their shapes."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import zarr
from imagecodecs import numcodecs as images
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec
from zarr.codecs import numcodecs as of_numcodecs

from tests.formats.case import Case, Given, Refused
from tests.formats.stores import (
    LAT,
    LON,
    Read,
    add,
    by_xarray,
    by_zarr,
    consolidate,
    lonlat,
    numbers,
    write,
)
from tests.formats.truth import Truth

SECTION = "Zarr arrays"
DAYS = {"time": (np.arange(3), {"units": "days since 2020-01-01"})}
LABELS = ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z")
Make = Callable[[Path], Given | Refused]


def _given(path: Path, **about: Any) -> Given:
    return Given({"url": path.name}, "a", (Truth(lonlat(LON, LAT), _read(path)),), **about)


def _read(path: Path) -> Read:
    """By zarr-python, which warns of numcodecs in format 3."""

    def read(ask: Mapping[str, str]) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return by_zarr(path)(ask)

    return read


def _stored(data: np.ndarray, zarr_format: int = 3, **options: Any) -> Make:
    """A store of one map, with whatever options its creation takes."""

    def make(folder: Path) -> Given:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as above
            path = write(folder / "a.zarr", data, zarr_format=zarr_format, **options)
        return _given(path, variables=("a",), dims={})

    return make


def _plain(zarr_format: int, **options: Any) -> Make:
    return _stored(numbers("f4"), zarr_format, **options)


def _consolidated(zarr_format: int) -> Make:
    def make(folder: Path) -> Given:
        path = write(folder / "a.zarr", numbers("f4"), zarr_format=zarr_format, chunks=(20, 30))
        consolidate(path)
        return _given(path, variables=("a",), dims={})

    return make


def _missing_chunks(folder: Path) -> Given:
    path = write(folder / "a.zarr", numbers("f4"), chunks=(10, 10), fill_value=np.nan)
    (path / "a/c/1/2").unlink()
    return _given(path)


def _in_order(*dims: str, zarr_format: int = 3, **options: Any) -> Make:
    """A map of three days, its dimensions stored in this order."""

    def make(folder: Path) -> Given:
        data = numbers("i2", (3, 41, 61)).transpose([("time", "lat", "lon").index(d) for d in dims])
        path = write(folder / "a.zarr", data, dims, DAYS, zarr_format=zarr_format, **options)
        read = by_xarray(path, mask_and_scale=False)
        asks = ({}, {"time": "2020-01-02"})
        return Given({"url": "a.zarr"}, "a", (Truth(lonlat(LON, LAT), read),), asks, LABELS)

    return make


LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}


def _shards(chunk: Sequence[int], codecs: Sequence[Any], **settings: Any) -> dict[str, Any]:
    index = {"index_codecs": [LITTLE, {"name": "crc32c"}], "index_location": "end"}
    configuration = {"chunk_shape": list(chunk), "codecs": list(codecs), **index, **settings}
    return {"name": "sharding_indexed", "configuration": configuration}


INNER = _shards((6, 8), [LITTLE, {"name": "zstd", "configuration": {"level": 1, "checksum": True}}])


def _sharded(codec: Any, shard: tuple[int, int]) -> Make:
    def make(folder: Path) -> Given:
        path = write(folder / "a.zarr", numbers("f4"))
        zarr.create(
            shape=(41, 61), chunks=shard, dtype="f4", codecs=[codec], store=path, path="a",
            dimension_names=("lat", "lon"), fill_value=0, overwrite=True,
        )[...] = numbers("f4")  # fmt: skip
        return _given(path)

    return make


def _changed(zarr_format: int = 3, attrs: Any = None, **fields: Any) -> Callable[[Path], Path]:
    """A store whose document of `a` says other things; None takes a field out."""

    def make(folder: Path) -> Path:
        path = write(folder / "a.zarr", numbers("f4"), zarr_format=zarr_format)
        document = path / ("a/zarr.json" if zarr_format == 3 else "a/.zarray")
        known = {**json.loads(document.read_text()), **fields}
        document.write_text(json.dumps({k: v for k, v in known.items() if v is not None}))
        if attrs is not None:
            (path / "a/.zattrs").write_text(json.dumps(attrs))
        return path

    return make


def _nczarr(folder: Path) -> Given:
    refs = {"dimrefs": ["/lat", "/lon"], "storage": "chunked"}
    path = _changed(2, attrs={"_NCZARR_ATTR": {}}, _NCZARR_ARRAY=refs)(folder)
    return _given(path)


def _refused(why: str, **fields: Any) -> Make:
    """Metadata of the one map that is not read, and what is told of it."""

    def make(folder: Path) -> Refused:
        _changed(**fields)(folder)
        return Refused({"url": "a.zarr"}, f"nothing here is a map: variable 'a': {why}")

    return make


def _no_number(dtype: Any, name: str) -> Make:
    def make(folder: Path) -> Refused:
        write(folder / "a.zarr", np.zeros((41, 61), dtype), zarr_format=2)
        words = f"nothing here is a map: variable 'a': {name} cannot be drawn, expected numbers"
        return Refused({"url": "a.zarr"}, words)

    return make


def _beside_an_unknown_codec(folder: Path) -> Given:
    path = write(folder / "a.zarr", numbers("f4"))
    add(zarr.open_group(path), "b", numbers("f4"), ("lat", "lon"), {})
    document = path / "b/zarr.json"
    document.write_text(document.read_text().replace('"zstd"', '"mystery"'))
    return _given(path, variables=("a",))


def _by_imagecodecs(name: str, **settings: Any) -> Make:
    def make(folder: Path) -> Given:
        codec = getattr(images, name)(**settings)
        images.register_codecs(codecs=[codec.codec_id], verbose=False)
        return _given(write(folder / "a.zarr", numbers("u2"), zarr_format=2, compressors=codec))

    return make


def _by_numcodecs(kind: str) -> Make:
    def make(folder: Path) -> Given:
        codec = numcodecs.get_codec({"id": kind})
        path = write(folder / "a.zarr", numbers("f4"), zarr_format=2, chunks=(16, 16),
                     compressors=codec)  # fmt: skip
        return _given(path)

    return make


COMPRESSORS_2 = {
    **{
        f"blosc {name}, {('no shuffle', 'shuffle', 'bitshuffle')[way]}": numcodecs.Blosc(
            name, shuffle=way
        )
        for name, way in (("lz4", 1), ("zstd", 2), ("zlib", 0))
    },
    "zstd": numcodecs.Zstd(), "gzip": numcodecs.GZip(), "zlib": numcodecs.Zlib(),
    "lz4": numcodecs.LZ4(), "bz2": numcodecs.BZ2(), "lzma": numcodecs.LZMA(), "none": None,
}  # fmt: skip
FILTERS_2 = {
    "delta": [numcodecs.Delta("i4")],
    "fixedscaleoffset": [numcodecs.FixedScaleOffset(offset=3, scale=1, dtype="i4", astype="u1")],
    "astype": [numcodecs.AsType("i2", "i4")],
    "shuffle": [numcodecs.Shuffle(4)],
    "checksums": [numcodecs.CRC32(), numcodecs.Adler32(), numcodecs.Fletcher32()],
}
FILTERS_OF_FLOATS = {
    "quantize": [numcodecs.Quantize(1, "f4")],
    "bitround": [numcodecs.BitRound(6)],
}


def _codecs_3() -> dict[str, dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        return {
            "blosc": {"compressors": BloscCodec(cname="zstd", shuffle="bitshuffle")},
            "zstd with checksum": {"compressors": ZstdCodec(checksum=True)},
            "gzip": {"compressors": GzipCodec()},
            "zstd and crc32c": {"compressors": [ZstdCodec(), Crc32cCodec()]},
            "transpose": {"filters": [TransposeCodec(order=(1, 0))]},
            "numcodecs.delta, numcodecs.lzma": {
                "filters": [of_numcodecs.Delta(dtype="<f4")], "compressors": [of_numcodecs.LZMA()],
            },
        }  # fmt: skip


MISSING_CODEC = [LITTLE, {"name": "mystery"}]
BESIDE = _shards((8, 8), [LITTLE])
ZSTD_INDEX = _shards((41, 61), [LITTLE], index_codecs=[LITTLE, {"name": "zstd"}])
RECTILINEAR = {"name": "rectilinear", "configuration": {"chunk_shapes": [[41], [31, 30]]}}
HUGE = {"name": "regular", "configuration": {"chunk_shape": [100_000, 100_000]}}
MOSAIC = {"id": "vlen-array", "dtype": "<f4"}
TO_BLOSC = "rewrite the array with blosc, zstd or gzip"

CASES = [
    Case(SECTION, "Zarr 2", _plain(2, chunks=(16, 25))),
    Case(SECTION, "Zarr 3", _plain(3, chunks=(16, 25))),
    Case(SECTION, "Zarr 2, consolidated", _consolidated(2)),
    Case(SECTION, "Zarr 3, consolidated", _consolidated(3)),
    Case(SECTION, "Zarr 3, sharded", _plain(3, chunks=(10, 10), shards=(20, 30))),
    Case(SECTION, "shards with their index first",
         _sharded(_shards((6, 8), [LITTLE], index_location="start"), (24, 32))),
    Case(SECTION, "shards in shards", _sharded(_shards((12, 16), [INNER]), (24, 32))),
    Case(SECTION, "chunks that are missing", _missing_chunks),
    Case(SECTION, "chunks larger than the array", _plain(2, chunks=(64, 100))),
    Case(SECTION, "Zarr 2, order F", _plain(2, chunks=(16, 25), order="F")),
    Case(SECTION, "Zarr 2, dimension_separator /",
         _plain(2, chunks=(16, 25), chunk_key_encoding={"name": "v2", "separator": "/"})),
    Case(SECTION, "Zarr 3, keys with points",
         _plain(3, chunks=(16, 25), chunk_key_encoding={"name": "default", "separator": "."})),
    Case(SECTION, "Zarr 3, keys of Zarr 2",
         _plain(3, chunks=(16, 25), chunk_key_encoding={"name": "v2", "separator": "."})),
    *(
        Case(SECTION, f"numbers of type {t}", _stored(numbers(t), 2))
        for t in ("|i1", "|u1", "<i2", ">i2", ">u2", "<i4", ">u4", "<i8", ">u8", "<f2", ">f4",
                  "<f8", "|b1")
    ),
    *(
        Case(SECTION, f"Zarr 2, compressor {name}",
             _stored(numbers("i4"), 2, chunks=(16, 25), compressors=codec))
        for name, codec in COMPRESSORS_2.items()
    ),
    *(
        Case(SECTION, f"Zarr 2, filters {name}",
             _stored(numbers("i4"), 2, chunks=(16, 25), filters=filters))
        for name, filters in FILTERS_2.items()
    ),
    *(
        Case(SECTION, f"Zarr 2, filters {name}",
             _stored(numbers("f4") / 7, 2, chunks=(16, 25), filters=filters))
        for name, filters in FILTERS_OF_FLOATS.items()
    ),
    Case(SECTION, "Zarr 2, filters packbits",
         _stored(numbers("i4") % 2 == 0, 2, fill_value=None, filters=[numcodecs.PackBits()])),
    *(
        Case(SECTION, f"Zarr 3, codecs {name}",
             _stored(numbers("f4"), 3, chunks=(16, 25), **codecs))
        for name, codecs in _codecs_3().items()
    ),
    *(Case(SECTION, f"codec {kind}", _by_numcodecs(kind)) for kind in ("pcodec", "zfpy")),
    Case(SECTION, "codec imagecodecs_jpeg2k", _by_imagecodecs("Jpeg2k", level=0)),
    Case(SECTION, "codec imagecodecs_lerc", _by_imagecodecs("Lerc")),
    Case(SECTION, "stored as (lat, lon, time)", _in_order("lat", "lon", "time", chunks=(9, 20, 2))),
    Case(SECTION, "stored as (lon, lat, time)", _in_order("lon", "lat", "time", zarr_format=2)),
    Case(SECTION, "stored as (lat, time, lon), sharded",
         _in_order("lat", "time", "lon", chunks=(8, 1, 16), shards=(24, 2, 32))),
    Case(SECTION, "dimensions as NetCDF-C names them (NCZarr)", _nczarr),
    Case(SECTION, "a variable beside one whose codec is unknown", _beside_an_unknown_codec),
    Case(SECTION, "an unknown codec",
         _refused(f"codec 'mystery' is not known: {TO_BLOSC}", codecs=MISSING_CODEC)),
    Case(SECTION, "the codec pickle",
         _refused("codec 'pickle' can run any program: rewrite the array with vlen-utf8 or json2",
                  zarr_format=2, filters=[{"id": "pickle"}])),
    Case(SECTION, "arrays in cells",
         _refused("codec 'vlen-array' holds an array in each cell, which is no map: rewrite the "
                  "array", zarr_format=2, filters=[MOSAIC])),
    Case(SECTION, "a rectilinear chunk grid",
         _refused("chunk_grid 'rectilinear' is not read: rechunk to a regular one",
                  chunk_grid=RECTILINEAR)),
    Case(SECTION, "shards that are compressed whole",
         _refused("codecs: with 'gzip' beside 'sharding_indexed' a shard can only be read whole: "
                  "rewrite the array with that codec inside the shards",
                  codecs=[BESIDE, {"name": "gzip"}])),
    Case(SECTION, "an index of shards that is compressed",
         _refused("index_codecs: what 'zstd' makes of an index has no size known before it is "
                  "read: rewrite the array with bytes and crc32c", codecs=[ZSTD_INDEX])),
    Case(SECTION, "chunks that are too large",
         _refused("chunks (100000, 100000) of 38146 MiB are too large to serve: rechunk to at most "
                  "1024 MiB", chunk_grid=HUGE)),
    Case(SECTION, "a fill value that is none",
         _refused("fill_value='much' is none of float32: correct it", fill_value="much")),
    Case(SECTION, "complex numbers", _no_number("c8", "complex64")),
    Case(SECTION, "times as a map", _no_number("M8[s]", "datetime64[s]")),
    Case(SECTION, "records", _no_number([("x", "<i4")], "[('x', '<i4')]")),
]  # fmt: skip
