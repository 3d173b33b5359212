"""Every codec that zarr-python and numcodecs write is read."""

import tracemalloc

import numcodecs
import numpy as np
import pytest
import zarr.codecs
from zarr.codecs import numcodecs as extra

from tileserver.errors import CatalogError, SourceError
from tileserver.sources.zarr.codec import decoder_v2, decoder_v3
from tileserver.sources.zarr.compression import zstd_size

from .zarrs import numbers, opened, read, write

SHAPE = (37, 53)

BLOSC = ("lz4", "zstd", "zlib", "blosclz", "lz4hc")
COMPRESSORS_V2 = [
    None,
    *(numcodecs.Blosc(cname=c, shuffle=s) for c in BLOSC for s in (0, 1, 2)),
    numcodecs.Zstd(), numcodecs.GZip(), numcodecs.Zlib(), numcodecs.LZ4(),
    numcodecs.BZ2(), numcodecs.LZMA(),
]  # fmt: skip
FILTERS_V2 = [
    [numcodecs.Delta("i4")],
    [numcodecs.Shuffle(4)],
    [numcodecs.FixedScaleOffset(offset=0, scale=1, dtype="i4", astype="u1")],
    [numcodecs.Delta("i4"), numcodecs.Shuffle(4)],
    [numcodecs.CRC32()], [numcodecs.Adler32()], [numcodecs.Fletcher32()],
    [numcodecs.AsType("i2", "i4")],
]  # fmt: skip


@pytest.mark.parametrize("compressor", COMPRESSORS_V2, ids=str)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f8"])
def test_compressors_of_v2(tmp_path, compressor, dtype):
    """Every compressor of numcodecs."""
    data = numbers(dtype, SHAPE)
    path = write(tmp_path / "a", data, zarr_format=2, chunks=(16, 16), compressors=compressor)
    np.testing.assert_array_equal(read(path, "a"), data)


@pytest.mark.parametrize("filters", FILTERS_V2, ids=str)
def test_filters_of_v2(tmp_path, filters):
    """Filters before the compressor, the last one undone first."""
    data = numbers("i4", SHAPE)
    path = write(tmp_path / "a", data, zarr_format=2, chunks=(16, 16), filters=filters)
    np.testing.assert_array_equal(read(path, "a"), data)


def test_packed_bits_of_v2(tmp_path):
    """Booleans eight to a byte."""
    data = numbers("i4", SHAPE) % 2 == 0
    path = write(tmp_path / "a", data, zarr_format=2, chunks=SHAPE, filters=[numcodecs.PackBits()])
    np.testing.assert_array_equal(read(path, "a"), data)


def test_quantized_floats_of_v2(tmp_path):
    """Lossy filters come out as zarr reads them."""
    data = numbers("f4", SHAPE) / 7
    for number, filters in enumerate(([numcodecs.Quantize(3, "f4")], [numcodecs.BitRound(10)])):
        path = write(tmp_path / str(number), data, zarr_format=2, filters=filters)
        np.testing.assert_array_equal(read(path, "a"), zarr.open_group(path)["a"][...])


SHUFFLES = ("noshuffle", "shuffle", "bitshuffle")
COMPRESSORS_V3 = [
    None,
    zarr.codecs.GzipCodec(), zarr.codecs.ZstdCodec(), zarr.codecs.ZstdCodec(checksum=True),
    *(zarr.codecs.BloscCodec(cname=c, shuffle=s) for c in ("lz4", "zstd") for s in SHUFFLES),
    zarr.codecs.Crc32cCodec(), [zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()],
]  # fmt: skip


@pytest.mark.parametrize("compressors", COMPRESSORS_V3, ids=str)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f8"])
def test_compressors_of_v3(tmp_path, compressors, dtype):
    """Every compressor of the specification, with and without checksums."""
    data = numbers(dtype, SHAPE)
    path = write(tmp_path / "a", data, chunks=(16, 16), compressors=compressors)
    np.testing.assert_array_equal(read(path, "a"), data)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_transposed(tmp_path, order):
    """Chunks that were transposed before they were stored."""
    data = numbers("i4", SHAPE)
    path = write(
        tmp_path / "a", data, chunks=(16, 20), filters=[zarr.codecs.TransposeCodec(order=order)]
    )
    np.testing.assert_array_equal(read(path, "a"), data)


EXTRA = {
    "LZ4": {}, "Zlib": {}, "BZ2": {}, "LZMA": {}, "Zstd": {}, "GZip": {}, "Blosc": {},
    "CRC32": {}, "Adler32": {}, "Fletcher32": {}, "Shuffle": {"elementsize": 4},
}  # fmt: skip


@pytest.mark.parametrize("name", EXTRA)
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
def test_numcodecs_in_v3(tmp_path, name):
    """Compressors and checksums of numcodecs in a v3 store."""
    data = numbers("i4", SHAPE)
    codec = getattr(extra, name)(**EXTRA[name])
    path = write(tmp_path / "a", data, chunks=(16, 16), compressors=[codec])
    np.testing.assert_array_equal(read(path, "a"), data)


FILTERS_V3 = {
    "Delta": {"dtype": "i4"},
    "FixedScaleOffset": {"offset": 3, "scale": 1, "dtype": "i4", "astype": "i2"},
    "BitRound": {"keepbits": 5},
    "Quantize": {"digits": 2, "dtype": "f4"},
    "AsType": {"encode_dtype": "i2", "decode_dtype": "i4"},
    "PackBits": {},
}


@pytest.mark.parametrize("name", FILTERS_V3)
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
def test_filters_of_numcodecs_in_v3(tmp_path, name):
    """Filters of numcodecs in a v3 store come out as zarr reads them."""
    dtype = {"BitRound": "f4", "Quantize": "f4", "PackBits": "b1"}.get(name, "i4")
    data = numbers(dtype, SHAPE)
    codec = getattr(extra, name)(**FILTERS_V3[name])
    path = write(tmp_path / "a", data, chunks=SHAPE, filters=[codec])
    np.testing.assert_array_equal(read(path, "a"), zarr.open_group(path)["a"][...])


def test_unknown_codec_of_v2():
    """A codec that nobody knows is named, with the remedy."""
    document = {"compressor": {"id": "mystery"}, "chunks": [2, 2]}
    with pytest.raises(CatalogError, match="'mystery' is not known: rewrite"):
        decoder_v2(document, np.dtype("f4"))


def test_unknown_codec_of_v3():
    """So in v3, where the array is left out and told of."""
    codecs = [{"name": "bytes"}, {"name": "mystery"}]
    with pytest.raises(CatalogError, match="'mystery' is not known: rewrite"):
        decoder_v3(codecs, np.dtype("f4"), (2, 2))


def test_a_codec_of_one_array_does_not_harm_another(tmp_path):
    """An array with an unknown codec is listed in the warnings, the others are served."""
    path = write(tmp_path / "a", numbers("f4", SHAPE))
    group = zarr.open_group(path)
    group.create_array("b", data=numbers("f4", SHAPE), dimension_names=("lat", "lon"))
    document = path / "b" / "zarr.json"
    document.write_text(document.read_text().replace('"zstd"', '"mystery"'))
    source = opened(path)
    assert list(source.cube.variables) == ["a"]
    assert any("'b'" in w and "mystery" in w for w in source.cube.warnings)


BOMB = np.zeros(64 << 20, np.uint8)


@pytest.mark.parametrize(
    "compressor",
    [numcodecs.Zstd(), numcodecs.GZip(), numcodecs.Zlib(), numcodecs.Blosc()],
    ids=lambda codec: codec.codec_id,
)
def test_chunk_that_would_be_far_too_large(compressor):
    """A small object that says or holds 64 MiB for a chunk of 1 KiB is refused before it has it."""
    document = {"chunks": [32, 32], "compressor": compressor.get_config()}
    decode = decoder_v2(document, np.dtype("u1"))
    stored = memoryview(compressor.encode(BOMB))
    tracemalloc.start()
    with pytest.raises(ValueError, match="would have more than"):
        decode(stored)
    assert tracemalloc.get_traced_memory()[1] < BOMB.nbytes / 4
    tracemalloc.stop()


@pytest.mark.parametrize("codec", [numcodecs.GZip(), numcodecs.Zlib()], ids=str)
def test_streams_one_after_another(codec):
    """Several gzip members are one chunk, as gzip has it; a cut one is an error."""
    data = numbers("u1", (32, 32))
    halves = b"".join(codec.encode(half) for half in (data[:16], data[16:]))
    decode = decoder_v2({"chunks": [32, 32], "compressor": codec.get_config()}, np.dtype("u1"))
    np.testing.assert_array_equal(decode(memoryview(halves)), data)
    with pytest.raises(ValueError, match="cut off"):
        decode(memoryview(halves)[:-9])


@pytest.mark.parametrize("size", [0, 1, 200, 256, 65535, 65536 + 256, 1 << 20])
def test_sizes_of_zstandard(size):
    """The size of a frame is read as numcodecs wrote it, whatever the width of its field."""
    assert zstd_size(memoryview(numcodecs.Zstd().encode(np.zeros(size, "u1")))) == size


@pytest.mark.parametrize("compressor", [numcodecs.Zstd(), numcodecs.Blosc()], ids=str)
def test_sizes_that_are_not_the_chunks(compressor):
    """Fewer or more bytes than a chunk has are an error, not memory that nobody wrote."""
    decode = decoder_v2({"chunks": [32, 32], "compressor": compressor.get_config()}, np.dtype("u1"))
    for size in (1, 1023, 1025, 4096):
        with pytest.raises(SourceError, match=f"{size} values instead of 1024"):
            decode(memoryview(compressor.encode(np.ones(size, "u1"))))
