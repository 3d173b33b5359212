"""Every codec that zarr-python and numcodecs write is read."""

import json
import lzma
import subprocess
import sys
import tracemalloc
from contextlib import nullcontext

import numcodecs
import numpy as np
import pytest
import zarr.codecs
from imagecodecs import numcodecs as images
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
    numcodecs.BZ2(), numcodecs.LZMA(), numcodecs.LZMA(format=lzma.FORMAT_ALONE),
    numcodecs.LZMA(format=lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 1}]),
    numcodecs.Base64(),
]  # fmt: skip
FILTERS_V2 = [
    [numcodecs.Delta("i4")],
    [numcodecs.Shuffle(4)],
    [numcodecs.FixedScaleOffset(offset=0, scale=1, dtype="i4", astype="u1")],
    [numcodecs.Delta("i4"), numcodecs.Shuffle(4)],
    [numcodecs.CRC32()], [numcodecs.Adler32()], [numcodecs.Fletcher32()],
    [numcodecs.AsType("i2", "i4")],
    [numcodecs.Delta("i4", "i8")], [numcodecs.CRC32C()], [numcodecs.JenkinsLookup3()],
    [numcodecs.CRC32(location="end")], [numcodecs.Base64()],
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
    *(zarr.codecs.BloscCodec(cname=c, shuffle=s) for c in BLOSC for s in SHUFFLES),
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
    "CRC32": {}, "CRC32C": {}, "Adler32": {}, "Fletcher32": {}, "JenkinsLookup3": {},
    "Shuffle": {},
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


def test_filters_of_numbers_in_big_endian(tmp_path):
    """Filters undo what they did to numbers, in whichever order those were then stored."""
    path = write(tmp_path / "a", numbers("i4", SHAPE), chunks=SHAPE, compressors=None)
    document = json.loads((path / "a/zarr.json").read_text())
    big = {"name": "bytes", "configuration": {"endian": "big"}}
    delta = {"name": "numcodecs.delta", "configuration": {"dtype": "<i4", "astype": "<i2"}}
    document["codecs"] = [delta, big]
    (path / "a/zarr.json").write_text(json.dumps(document))
    steps = np.diff(numbers("i4", SHAPE).ravel(), prepend=0)
    (path / "a/c/0/0").write_bytes(steps.astype(">i2").tobytes())
    np.testing.assert_array_equal(read(path, "a"), numbers("i4", SHAPE))


PACKED = ["pcodec", "zfpy"]
DTYPES_PACKED = {"pcodec": ["i2", "u4", "f4", "f8"], "zfpy": ["i4", "f4", "f8"]}


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("kind", "dtype"), [(kind, dtype) for kind in PACKED for dtype in DTYPES_PACKED[kind]]
)
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
def test_codecs_of_other_packages(tmp_path, kind, dtype, zarr_format):
    """Those of pcodec and zfpy; damaged chunks are told."""
    data = numbers(dtype, SHAPE)
    codec = numcodecs.get_codec({"id": kind})
    options = {"compressors": codec}
    if zarr_format == 3:
        options = {
            "serializer": getattr(extra, {"pcodec": "PCodec", "zfpy": "ZFPY"}[kind])(),
            "compressors": None,
        }
    path = write(tmp_path / "a", data, zarr_format=zarr_format, chunks=(16, 16), **options)
    np.testing.assert_array_equal(read(path, "a"), data)
    chunk = path / ("a/0.0" if zarr_format == 2 else "a/c/0/0")
    cut = chunk.read_bytes()[:40]
    chunk.write_bytes(codec.encode(numbers(dtype, (8, 8))))
    with pytest.raises(SourceError):
        read(path, "a", (slice(0, 4), slice(0, 4)))
    chunk.write_bytes(cut)
    with nullcontext() if kind == "zfpy" else pytest.raises(SourceError):  # zfp does not tell
        read(path, "a", (slice(0, 4), slice(0, 4)))


IMAGES = {
    "Jpeg2k": {"level": 0}, "Jpegls": {}, "Jpegxl": {"lossless": True}, "Lerc": {}, "Tiff": {},
    "Png": {}, "Jpegxr": {}, "Ljpeg": {}, "Zstd": {}, "Brotli": {}, "Deflate": {}, "Snappy": {},
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_codecs_of_imagecodecs(tmp_path, name):
    """Images and compressors of imagecodecs, and no image that is larger than a chunk."""
    codec = getattr(images, name)(**IMAGES[name])
    images.register_codecs(codecs=[codec.codec_id], verbose=False)
    data = numbers("u2", (2, *SHAPE))
    path = write(
        tmp_path / "a", data, ("time", "lat", "lon"), zarr_format=2, chunks=(1, 16, 16),
        compressors=codec,
    )  # fmt: skip
    np.testing.assert_array_equal(read(path, "a"), data)
    (path / "a/0.0.0").write_bytes(codec.encode(numbers("u2", (500, 500))))
    with pytest.raises(SourceError):
        read(path, "a", (slice(0, 1), slice(0, 4), slice(0, 4)))


@pytest.mark.parametrize("kind", ["pcodec", "zfpy", "msgpack2", "imagecodecs_jpeg2k"])
def test_codecs_of_packages_that_are_absent(kind):
    """The package is named, in a process that cannot import it."""
    package = {"pcodec": "pcodec", "zfpy": "zfpy", "msgpack2": "msgpack"}.get(kind, "imagecodecs")
    program = f"""
import sys
sys.modules[{package!r}] = None
import numpy as np
from tileserver.sources.zarr.codec import decoder_v2
decoder_v2({{"compressor": {{"id": {kind!r}}}, "chunks": [2, 2]}}, np.dtype("u2"))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"CatalogError: codec {kind!r} needs the package {package}: install" in done.stderr


MANY = ["", "a", "Grüße", "汉字" * 50, "x" * 300]
OF_TEXTS = {
    "vlen-utf8": [numcodecs.VLenUTF8()],
    "json2": [numcodecs.JSON()],
    "categorize": [numcodecs.Categorize(MANY, dtype=object, astype="u1")],
    "vlen-bytes": [numcodecs.VLenBytes()],
}


@pytest.mark.parametrize("kind", OF_TEXTS)
def test_texts_of_v2(kind):
    """Objects by every codec that makes bytes of them are what numcodecs makes of those bytes."""
    values = [text.encode() for text in MANY] if kind == "vlen-bytes" else MANY
    data: object = np.array(values, dtype=object)
    for codec in [*OF_TEXTS[kind], numcodecs.Zstd()]:
        data = codec.encode(data)
    document = {
        "chunks": [len(MANY)],
        "filters": [codec.get_config() for codec in OF_TEXTS[kind]],
        "compressor": {"id": "zstd"},
    }
    decode = decoder_v2(document, np.dtype(object))
    assert decode(memoryview(data)).tolist() == values


@pytest.mark.parametrize("kind", ["vlen-utf8", "vlen-bytes"])
def test_texts_that_say_to_be_too_many(kind):
    """Room is made for as many texts as there should be, not for what a chunk says."""
    config = {"id": kind}
    stored = bytearray(
        numcodecs.get_codec(config).encode(np.array([b"a", b"b"], dtype=object))
        if kind == "vlen-bytes"
        else numcodecs.get_codec(config).encode(np.array(["a", "b"], dtype=object))
    )
    stored[:4] = (2**31 - 1).to_bytes(4, "little")
    decoders = (
        decoder_v2({"chunks": [2], "filters": [config]}, np.dtype(object)),
        decoder_v3([{"name": kind}], np.dtype(object), (2,)),
    )
    for decode in decoders:
        with pytest.raises(ValueError, match="2147483647 texts instead of 2"):
            decode(memoryview(stored))


def scaled(**cast: object) -> list[dict[str, object]]:
    """Codecs that pack floats, as zarr-python 3.2 writes them."""
    return [
        {"name": "scale_offset", "configuration": {"offset": 5, "scale": 10}},
        {"name": "cast_value", "configuration": cast},
        {"name": "bytes", "configuration": {"endian": "little"}},
    ]


def test_packed_by_codecs():
    """scale_offset and cast_value come out as zarr-python 3.4 reads these bytes."""
    codecs = scaled(data_type="uint16", scalar_map={"encode": [["NaN", 0]], "decode": [[0, "NaN"]]})
    decode = decoder_v3(codecs, np.dtype("f4"), (4,))
    found = decode(memoryview(bytes.fromhex("0000e8030100ffff")))
    expected = np.frombuffer(bytes.fromhex("0000c07f0000d2423333a34000f4cc45"), "<f4")
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


REFUSED = {
    "pickle": "can run any program: rewrite",
    "vlen-array": "holds an array in each cell",
    "mystery": "is not known: rewrite",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_codecs_that_are_refused(kind):
    """A codec that nobody knows, or that is not to be run, is named with the remedy."""
    words = f"'{kind}' {REFUSED[kind]}"
    for document in (
        {"compressor": {"id": kind}, "chunks": [2, 2]},
        {"filters": [{"id": kind}], "chunks": [2, 2]},
    ):
        with pytest.raises(CatalogError, match=words):
            decoder_v2(document, np.dtype("f4"))
    for name in (kind, f"numcodecs.{kind}"):
        for codecs in ([{"name": "bytes"}, {"name": name}], [{"name": name}, {"name": "bytes"}]):
            with pytest.raises(CatalogError, match=words):
                decoder_v3(codecs, np.dtype("f4"), (2, 2))


DAMAGED = {
    "has no bytes before it": [{"name": "zstd"}, {"name": "bytes"}],
    "no codec turns arrays into bytes": [{"name": "transpose", "configuration": {"order": [1, 0]}}],
    "does not fit 2 dims": [{"name": "transpose", "configuration": {"order": [1]}}],
    "cast_value from float64 to int16": [
        {"name": "cast_value", "configuration": {"data_type": "float64"}}
    ],
}


@pytest.mark.parametrize("words", DAMAGED)
def test_codecs_that_do_not_fit(words):
    """Codecs in no order that they could have been written in are told."""
    with pytest.raises(CatalogError, match=words):
        decoder_v3(DAMAGED[words], np.dtype("i2"), (2, 2))


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


def without_size(frame: bytes) -> bytes:
    """A frame of Zstandard as writers that stream leave it: no size in its header, but a window."""
    single, checksum = frame[4] >> 5 & 1, frame[4] & 4
    blocks = 6 - single + (single, 2, 4, 8)[frame[4] >> 6]
    return frame[:4] + bytes([checksum, 17 << 3]) + frame[blocks:]  # a window of 2**27 bytes


def test_zstandard_frames_without_a_size():
    """Frames that do not say how much they hold are read, up to what a chunk can have."""
    data = numbers("f8", (500, 500))
    stored = memoryview(without_size(numcodecs.Zstd().encode(data)))
    assert data.nbytes <= zstd_size(stored) < data.nbytes + (1 << 17)
    decode = decoder_v2({"chunks": [500, 500], "compressor": {"id": "zstd"}}, data.dtype)
    np.testing.assert_array_equal(decode(stored), data)


def streamed_bomb() -> bytes:
    return without_size(numcodecs.Zstd().encode(BOMB))


BOMBS = {
    "zstd that does not say its size": ("zstd", streamed_bomb),
    "lz4": ("lz4", lambda: numcodecs.LZ4().encode(BOMB)),
    "bz2": ("bz2", lambda: numcodecs.BZ2().encode(BOMB)),
    "lzma": ("lzma", lambda: numcodecs.LZMA(preset=0).encode(BOMB)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_chunks_that_would_be_far_too_large_by_other_codecs(kind):
    """So are those that say nothing of their size, as soon as they have too much."""
    codec_id, make = BOMBS[kind]
    decode = decoder_v2({"chunks": [32, 32], "compressor": {"id": codec_id}}, np.dtype("u1"))
    stored = memoryview(make())
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
