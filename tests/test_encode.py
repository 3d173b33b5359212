"""Image files come back from Pillow and from numpy as what was put in."""

import gzip
import io
import struct

import numpy as np
import pytest
from PIL import Image
from rasterio.io import MemoryFile

from tileserver.encode import MEDIA_TYPES, compact, compact_stored, encode, npy
from tileserver.render import Indexed, colorize, empty
from tileserver.style import Colormap, Style

STYLE = Style(Colormap.named("viridis"), (0.0, 100.0))


def picture(shape: tuple[int, int] = (37, 53), opacity: float = 1.0) -> Indexed:
    values = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape) % 101
    style = Style(Colormap.named("viridis"), (0.0, 100.0), opacity=opacity)
    return colorize(values, values % 7 != 0, style)


def opened(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))


@pytest.mark.parametrize("opacity", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(37, 53), (1, 1), (256, 256)])
def test_palette_png(shape, opacity):
    """A palette PNG shows each pixel's colour and opacity."""
    drawn = picture(shape, opacity)
    body = encode(drawn, "png")
    assert Image.open(io.BytesIO(body)).mode == "P"
    found, expected = opened(body), drawn.rgba()
    np.testing.assert_array_equal(found[..., 3], expected[..., 3])
    seen = expected[..., 3] > 0
    np.testing.assert_array_equal(found[seen], expected[seen])


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("highest", [1, 32, 33, 255])
def test_palette_png_of_classes_and_scales(highest):
    """Pillow and GDAL read every index, of a few classes as of a whole scale."""
    random = np.random.default_rng(highest)
    palette = random.integers(0, 256, (256, 4), np.uint8)
    index = random.integers(0, highest + 1, (19, 70), np.uint8)
    index[3, 5] = highest
    body = encode(Indexed(index, palette), "png")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(body))), index)
    np.testing.assert_array_equal(opened(body), palette[index])
    with MemoryFile(body) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1), index)
        assert len(file.colormap(1)) >= highest
        assert file.colormap(1)[highest] == tuple(palette[highest])


def test_an_empty_tile_has_its_own_size_and_color():
    """One blank tile is not taken for another."""
    for shape in ((8, 20), (20, 8), (20, 20)):
        for color in ((0, 0, 0, 0), (1, 2, 3, 255)):
            palette = np.full((256, 4), color, np.uint8)
            found = opened(encode(Indexed(np.zeros(shape, np.uint8), palette), "png"))
            assert found.shape == (*shape, 4)
            assert (found == color).all()


def test_an_empty_tile_is_small_and_transparent():
    """A tile without data is some hundred bytes of nothing."""
    body = encode(empty((256, 256), STYLE.palette()), "png")
    assert len(body) < 700
    assert (opened(body)[..., 3] == 0).all()


def test_rgba_png():
    """Three bands come back exactly, transparent where there is nothing."""
    pixels = np.random.default_rng(1).integers(0, 256, (37, 53, 4), np.uint8)
    np.testing.assert_array_equal(opened(encode(pixels, "png")), pixels)


def test_opaque_png_has_no_alpha():
    """Where every pixel is opaque the file has three bands, and shows the same."""
    pixels = np.random.default_rng(1).integers(0, 256, (37, 53, 4), np.uint8)
    pixels[..., 3] = 255
    body = encode(pixels, "png")
    assert Image.open(io.BytesIO(body)).mode == "RGB"
    np.testing.assert_array_equal(opened(body), pixels)


def test_lossless_webp_of_one_band():
    """A colour scale in WebP loses nothing."""
    drawn = picture()
    found, expected = opened(encode(drawn, "webp")), drawn.rgba()
    seen = expected[..., 3] > 0
    np.testing.assert_array_equal(found[seen], expected[seen])
    assert (found[..., 3] == expected[..., 3]).all()


def test_jpeg_lies_on_white():
    """JPEG, which knows no transparency, shows white where there is nothing."""
    body = encode(empty((64, 64), STYLE.palette()), "jpg")
    assert (np.asarray(Image.open(io.BytesIO(body))) >= 254).all()


@pytest.mark.parametrize("format", ["jpg", "webp"])
def test_photographs_lose_little(format):
    """JPEG and WebP of an opaque picture are it to some grey levels, red first."""
    row, col = np.mgrid[:64, :80]
    pixels = np.stack([row * 3, col * 3, 200 - col, np.full_like(row, 255)], -1).astype(np.uint8)
    found = opened(encode(pixels, format))
    assert found.shape == pixels.shape
    assert np.abs(found.astype(int) - pixels).mean() < 4


def test_jpeg_lays_what_is_translucent_on_white():
    """Half opaque black is grey."""
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[..., 3] = 128
    assert (np.abs(opened(encode(pixels, "jpg"))[..., :3].astype(int) - 127) <= 2).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 256, 256), (3, 1, 7), (1, 512, 1)])
def test_npy_is_what_numpy_saves(shape, kind):
    """Byte for byte, where there is data everywhere."""
    values = np.random.default_rng(0).normal(size=shape).astype(kind)
    expected = io.BytesIO()
    np.save(expected, values.astype(np.float32))
    assert npy(values, np.ones(shape[1:], bool)) == expected.getvalue()


def test_npy():
    """Values as float32, NaN where there are none."""
    values = np.arange(12.0).reshape(1, 3, 4)
    valid = values[0] % 2 == 0
    found = np.load(io.BytesIO(npy(values, valid)))
    assert found.dtype == np.float32
    assert found.shape == (1, 3, 4)
    np.testing.assert_array_equal(found, np.where(valid, values, np.nan))


def plain_codes(body: bytes) -> tuple[np.ndarray, float, float]:
    """Codes (band, row, col), scale and offset of a .bin file, byte by byte."""
    data = gzip.decompress(body)
    magic, width, height, bands, zero, scale, offset = struct.unpack_from("<4sHHHHff", data)
    assert (magic, zero, len(data)) == (b"TSB1", 0, 20 + 2 * bands * height * width)
    codes = np.zeros((bands, height, width), np.uint16)
    size = height * width
    for band, row in np.ndindex(bands, height):
        last = 0
        for col in range(width):
            place = 20 + 2 * band * size + row * width + col
            last = (last + 256 * data[place] + data[place + size]) % 65536
            codes[band, row, col] = last
    return codes, scale, offset


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "ends", [(0.0, 1.0), (-2e5, 1e9), (250.0, 310.0), (3.0, 3.0), (0.0, 1e-44)]
)
def test_bin_holds_values_to_half_a_step(ends, share, kind):
    """Each value is within half of the scale, the ends too; what is not valid has code 0."""
    random = np.random.default_rng(1)
    values = random.uniform(*ends, (2, 9, 11)).astype(kind)
    valid = random.random((9, 11)) < share
    values[:, ~valid] = random.choice([np.nan, np.inf, -1e30], np.sum(~valid))
    codes, scale, offset = plain_codes(compact(values, valid))
    np.testing.assert_array_equal(codes == 0, np.broadcast_to(~valid, codes.shape))
    error = np.abs(offset + scale * codes.astype(np.float64) - values)[:, valid]
    assert error.max(initial=0) <= 0.5 * scale + 2e-7 * max(map(abs, ends))


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16, ">i2"])
@pytest.mark.parametrize("packing", [(1.0, 0.0), (0.01, 273.15), (-0.5, 3.0)])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_bin_of_stored_integers_loses_nothing(share, packing, kind):
    """The codes lie as far apart as the stored numbers, and stand for the same values."""
    random = np.random.default_rng(1)
    info = np.iinfo(kind)
    raw = random.integers(info.min, info.max, (2, 9, 11)).astype(kind)
    raw[:, 0, 0], raw[:, 0, 1] = info.min, min(info.max, info.min + 65533)
    valid = random.random((9, 11)) < share
    scale, offset = packing
    codes, found_scale, found_offset = plain_codes(compact_stored(raw, valid, scale, offset))
    assert found_scale == np.float32(scale)
    np.testing.assert_array_equal(codes == 0, np.broadcast_to(~valid, codes.shape))
    stored, known = raw[:, valid].astype(int), codes[:, valid].astype(int)
    np.testing.assert_array_equal(
        stored - stored.min(initial=99999), known - known.min(initial=99999)
    )
    values = found_offset + found_scale * known
    assert np.abs(values - (offset + scale * stored)).max(initial=0) <= 0.01 * abs(scale)


def test_bin_of_stored_integers_that_need_every_code():
    """With 65 536 different numbers there is none left for no data: they are quantised."""
    raw = np.arange(65536, dtype=np.uint16).reshape(1, 256, 256)
    codes, scale, offset = plain_codes(compact_stored(raw, np.ones((256, 256), bool), 2.0, 1.0))
    assert (codes > 0).all()
    assert np.abs(offset + scale * codes.astype(np.float64) - (1 + 2.0 * raw)).max() <= 1.01


def test_bin_of_stored_integers_is_the_smaller():
    """Numbers stored to a hundredth take less than a third of the float32 tile, noisy or not."""
    random = np.random.default_rng(0)
    row, col = np.mgrid[:256, :256] / 256
    smooth = 285 + 10 * np.sin(6 * col + 2 * row) * np.cos(5 * row)
    for noise in (0, 1):
        raw = np.rint((smooth + random.normal(0, 1, (1, 256, 256)) * noise - 273.15) / 0.01)
        valid = (col - 0.4) ** 2 + (row - 0.5) ** 2 > 0.05
        stored = compact_stored(raw.astype(np.int16), valid, 0.01, 273.15)
        values = raw * 0.01 + 273.15
        assert len(stored) < len(compact(values, valid))
        assert len(stored) < len(npy(values, valid)) / 3
        assert len(stored) < len(gzip.compress(npy(values, valid)))


def test_every_format_has_a_media_type():
    """As the answer's header tells it."""
    assert {"png", "webp", "jpg", "npy"} <= set(MEDIA_TYPES)
