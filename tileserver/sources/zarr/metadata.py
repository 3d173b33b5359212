"""What the metadata document of an array says, v2 and v3, with nothing in it believed unchecked.

Public: `ArrayMetadata` and its `parse`. zarr-python reads data types and fill values; codecs and
chunks are this package's own, as they are needed for parts of arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from zarr.core.dtype import get_data_type_from_json

from tileserver.errors import CatalogError, shown
from tileserver.sources.zarr.codec import (
    Decode,
    bare,
    decoder_v2,
    decoder_v3,
    is_quick,
)
from tileserver.sources.zarr.compression import Config
from tileserver.sources.zarr.hierarchy import Document
from tileserver.sources.zarr.sharding import Shards, unshard

LARGEST_CHUNK_NBYTES = 1 << 30
LARGEST_SIZE = 2**63 - 1
MOST_DIMS = 32
MOST_CODECS = 32
# Codecs that make bytes of objects, by which zarr-python knows what the objects are.
OF_OBJECTS = ("vlen-utf8", "vlen-bytes", "json2", "msgpack2", "categorize")
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayMetadata:
    """An array as it is stored.

    Args:
        chunks: what is decoded at once: inner chunks where there are shards.
        dtype: as stored.
        fill: of cells that are not stored; None where the document has none.
        key: of a chunk or shard, from its place among them, below the array's path.
        quick: whether a chunk is decoded sooner than a thread would take it over.
        shards: levels of them, outer ones first.
    """

    shape: Shape
    chunks: Shape
    dims: tuple[str, ...]
    dtype: np.dtype[Any]
    fill: Any
    key: Callable[[Shape], str]
    decode: Decode
    quick: bool
    shards: tuple[Shards, ...] = ()

    @classmethod
    def parse(cls, document: Document, attrs: Document) -> ArrayMetadata:
        """From a `.zarray` or an array's `zarr.json`. Raises CatalogError where it is not read."""
        return _parse_v2(document, attrs) if is_v2(document) else _parse_v3(document)


def is_v2(document: Document) -> bool:
    """Whether it is a `.zarray`."""
    return document.get("zarr_format") == 2


def _parse_v2(document: Document, attrs: Document) -> ArrayMetadata:
    shape = _shape("shape", document["shape"])
    chunks = _chunks(shape, document["chunks"])
    configs = [*(document.get("filters") or []), document.get("compressor") or {"id": "bytes"}]
    names = [str(config["id"]) for config in _short(configs)]
    object_codec = next((name for name in names if name in OF_OBJECTS), None)
    kind, dtype = document["dtype"], np.dtype(object)
    fill = document.get("fill_value")
    # zarr-python knows no type of objects for some of them.
    if kind != "|O" or object_codec in ("vlen-utf8", "vlen-bytes"):
        known = _data_type({"name": kind, "object_codec_id": object_codec}, 2)
        dtype = known.to_native_dtype()
        fill = None if fill is None else _fill(known, fill, 2)
    _check_chunk(chunks, dtype)
    separator = document.get("dimension_separator", ".")
    return ArrayMetadata(
        shape=shape,
        chunks=chunks,
        dims=_dims(_names_v2(document, attrs), len(shape)),
        dtype=dtype,
        fill=fill,
        key=_key_encoding("v2", separator),
        decode=decoder_v2({**document, "chunks": chunks}, dtype),
        quick=is_quick(names, math.prod(chunks) * dtype.itemsize),
    )


def _names_v2(document: Document, attrs: Document) -> object:
    """The names of dimensions as xarray, NCZarr, or newer NCZarr write them."""
    if "_ARRAY_DIMENSIONS" in attrs:
        return attrs["_ARRAY_DIMENSIONS"]
    old, new = document.get("_NCZARR_ARRAY"), attrs.get("_nczarr_array")
    paths = old.get("dimrefs") if isinstance(old, dict) else None
    if paths is None and isinstance(new, dict):
        paths = new.get("dimension_references")
    return [str(path).rpartition("/")[2] for path in paths] if isinstance(paths, list) else None


def _parse_v3(document: Document) -> ArrayMetadata:
    _check_extensions(document)
    shape = _shape("shape", document["shape"])
    grid = document["chunk_grid"]
    if grid["name"] != "regular":
        raise CatalogError(
            f"chunk_grid {shown(grid['name'])!r} is not read: rechunk to a regular one"
        )
    outer = _chunks(shape, grid["configuration"]["chunk_shape"])
    known = _data_type(document["data_type"], 3)
    dtype = known.to_native_dtype()
    shards, codecs, chunks = unshard(_codecs(document["codecs"]), outer)
    _check_chunk(chunks, dtype)
    fill = document.get("fill_value")
    encoding = _named(document["chunk_key_encoding"])
    separators = {"default": "/", "v2": "."}
    if encoding["name"] not in separators:
        raise CatalogError(
            f"chunk_key_encoding {shown(encoding['name'])!r} is not read: rewrite the array"
        )
    settings = encoding.get("configuration") or {}
    separator = settings.get("separator", separators[encoding["name"]])
    return ArrayMetadata(
        shape=shape,
        chunks=chunks,
        dims=_dims(document.get("dimension_names"), len(shape)),
        dtype=dtype,
        fill=None if fill is None else _fill(known, fill, 3),
        key=_key_encoding(encoding["name"], separator),
        decode=decoder_v3(codecs, dtype, chunks),
        quick=is_quick((bare(c["name"]) for c in codecs), math.prod(chunks) * dtype.itemsize),
        shards=shards,
    )


FIELDS_V3 = {"attributes", "chunk_grid", "chunk_key_encoding", "codecs", "consolidated_metadata",
             "data_type", "dimension_names", "fill_value", "node_type", "shape",
             "storage_transformers", "zarr_format"}  # fmt: skip


def _check_extensions(document: Document) -> None:
    """Fields that must be understood are, as the specification wants it."""
    if document.get("storage_transformers"):
        raise CatalogError("storage_transformers are not read: rewrite the array")
    for name in document.keys() - FIELDS_V3:
        value = document[name]
        if not (isinstance(value, dict) and value.get("must_understand") is False):
            raise CatalogError(
                f"field {shown(name)!r} of zarr.json is not known: rewrite the array"
            )


def _codecs(value: object, depth: int = 0) -> Sequence[Config]:
    """Codecs as objects, where they may be names only; those within shards too."""
    codecs = [_named(codec) for codec in _short(value)]
    for codec in codecs:
        settings = codec.get("configuration")
        if isinstance(settings, dict) and depth < MOST_CODECS:
            for key in ("codecs", "index_codecs"):
                if key in settings:
                    settings = {**settings, key: _codecs(settings[key], depth + 1)}
            codec["configuration"] = settings
    return codecs


def _named(value: object) -> dict[str, Any]:
    named = dict(value) if isinstance(value, dict) else {"name": value}
    if not isinstance(named["name"], str):
        raise CatalogError(f"name={shown(named['name'])}: expected a text; the metadata is damaged")
    return named


def _short(value: object) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or len(value) > MOST_CODECS:
        raise CatalogError("codecs: expected a list of a few; the metadata is damaged")
    return value


def _shape(name: str, value: object) -> Shape:
    sizes = value if isinstance(value, list | tuple) and len(value) <= MOST_DIMS else [None]
    if not all(type(size) is int and 0 <= size <= LARGEST_SIZE for size in sizes):
        raise CatalogError(f"{name}={shown(value)}: expected sizes; the metadata is damaged")
    return tuple(sizes)


def _chunks(shape: Shape, value: object) -> Shape:
    """Sizes of chunks; some write 0 for a dimension that has no cells yet."""
    chunks = _shape("chunks", value)
    if len(chunks) != len(shape):
        raise CatalogError(f"chunks {list(chunks)} do not fit the shape {list(shape)}")
    chunks = tuple(c or int(n == 0) for c, n in zip(chunks, shape, strict=True))
    if 0 in chunks:
        raise CatalogError(f"chunks {list(chunks)} hold nothing; the metadata is damaged")
    return chunks


def _check_chunk(chunks: Shape, dtype: np.dtype[Any]) -> None:
    nbytes = math.prod(chunks) * dtype.itemsize
    if nbytes > LARGEST_CHUNK_NBYTES:
        raise CatalogError(
            f"chunks {chunks} of {nbytes >> 20} MiB are too large to serve: "
            f"rechunk to at most {LARGEST_CHUNK_NBYTES >> 20} MiB"
        )


def _dims(names: object, count: int) -> tuple[str, ...]:
    """Names of the dimensions; those that have none are named by their place, as in xarray."""
    given = names if isinstance(names, list | tuple) else [None] * count
    if len(given) != count or not all(n is None or isinstance(n, str) for n in given):
        raise CatalogError(f"its {count} dimensions are named {shown(names)}: correct them")
    dims = tuple(f"dim_{i}" if name is None else name for i, name in enumerate(given))
    if len(set(dims)) < count:
        raise CatalogError(f"two of its dimensions have one name {list(dims)}: rename one")
    return dims


def _data_type(value: Any, zarr_format: Literal[2, 3]) -> Any:
    try:
        return get_data_type_from_json(value, zarr_format=zarr_format)
    except ValueError as error:
        told = value["name"] if zarr_format == 2 else value
        raise CatalogError(
            f"data_type {shown(told)!r} is not read: rewrite the array as numbers"
        ) from error


def _fill(known: Any, value: object, zarr_format: int) -> Any:
    """A fill value of a data type; whole floats stand for integers, as many write them."""
    if isinstance(value, float) and value.is_integer() and known.to_native_dtype().kind in "iu":
        value = int(value)
    try:
        return known.from_json_scalar(value, zarr_format=zarr_format)
    except (TypeError, ValueError, OverflowError) as error:
        raise CatalogError(
            f"fill_value={shown(value)!r} is none of {known.to_native_dtype()}: correct it"
        ) from error


def _key_encoding(name: str, separator: object) -> Callable[[Shape], str]:
    if not isinstance(separator, str) or separator not in (".", "/"):
        raise CatalogError(f"separator={shown(separator)!r}: expected . or /")
    if name == "v2":
        return lambda place: separator.join(map(str, place)) or "0"
    return lambda place: separator.join(("c", *map(str, place)))
