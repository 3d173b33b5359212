"""Image files come back from Pillow and from numpy as what was put in."""

import io

import numpy as np
import pytest
from PIL import Image

from tileserver.encode import MEDIA_TYPES, encode, npy
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


def test_an_empty_tile_is_small_and_transparent():
    """A tile without data is some hundred bytes of nothing."""
    body = encode(empty((256, 256), STYLE.palette()), "png")
    assert len(body) < 700
    assert (opened(body)[..., 3] == 0).all()


def test_rgba_png():
    """Three bands come back exactly, transparent where there is nothing."""
    pixels = np.random.default_rng(1).integers(0, 256, (37, 53, 4), np.uint8)
    np.testing.assert_array_equal(opened(encode(pixels, "png")), pixels)


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


def test_npy():
    """Values as float32, NaN where there are none."""
    values = np.arange(12.0).reshape(1, 3, 4)
    valid = values[0] % 2 == 0
    found = np.load(io.BytesIO(npy(values, valid)))
    assert found.dtype == np.float32
    assert found.shape == (1, 3, 4)
    np.testing.assert_array_equal(found, np.where(valid, values, np.nan))


def test_every_format_has_a_media_type():
    """As the answer's header tells it."""
    assert {"png", "webp", "jpg", "npy"} <= set(MEDIA_TYPES)
