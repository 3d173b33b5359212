"""Every read of a GeoTIFF is what rasterio reads of the same window at the same overview."""

import numpy as np
import pytest

from .geotiffs import assert_equal, numbers, write

LOSSLESS = ["none", "deflate", "zstd", "lzw", "packbits", "lzma", "lerc_deflate"]


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", [*LOSSLESS, "jpeg", "webp"])
def test_colours_of_every_codec(tmp_path, compress, interleave):
    """Bytes of three bands, stored together or apart, by every codec."""
    if (compress, interleave) == ("webp", "band"):
        pytest.skip("WebP holds colours together only")
    path = write(
        tmp_path / "a.tif",
        numbers("uint8", bands=3),
        compress=compress,
        interleave=interleave,
        photometric="ycbcr" if (compress, interleave) == ("jpeg", "pixel") else "rgb",
    )
    source = assert_equal(path, bands=3)
    assert list(source.cube.variables) == ["red", "green", "blue"]


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("compress", ["deflate", "lzw", "zstd"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64"])
def test_integers(tmp_path, dtype, compress, predictor, order):
    """Integers of every width with and without the horizontal predictor, in both byte orders."""
    path = write(
        tmp_path / "a.tif",
        numbers(dtype, bands=2),
        compress=compress,
        predictor=predictor,
        endianness=order,
        interleave="pixel",
    )
    assert_equal(path, bands=2)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("predictor", [1, 2, 3])
@pytest.mark.parametrize("compress", ["deflate", "lzw", "zstd"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats(tmp_path, dtype, compress, predictor, order):
    """Floats with NaN and nodata with every predictor, in both byte orders."""
    data = numbers(dtype, bands=2)
    data[:, 100:200, 50:300] = np.nan
    data[:, 300:400, 50:300] = -9999.9
    path = write(
        tmp_path / "a.tif",
        data,
        compress=compress,
        predictor=predictor,
        endianness=order,
        interleave="pixel",
        nodata=-9999.9,
    )
    assert_equal(path, bands=2)


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", ["deflate", "jpeg", "lzw"])
def test_internal_mask(tmp_path, compress, interleave):
    """Masked cells are told by a number that no cell holds; all 256 values stay valid."""
    data = numbers("uint8", bands=3)
    data[:, :16, :16] = np.arange(256).reshape(16, 16)
    mask = np.full(data.shape[1:], 255, np.uint8)
    mask[200:300, 300:] = 0
    mask[40, 41] = 0
    path = write(tmp_path / "a.tif", data, mask=mask, compress=compress, interleave=interleave)
    source = assert_equal(path, bands=3)
    assert source.cube.variables["red"].dtype == np.int16
    assert source.cube.variables["red"].packing.missing == (-32768,)


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", ["deflate", "webp", "lzw"])
def test_alpha(tmp_path, compress, interleave):
    """An alpha band is no variable: where it is 0 the others are masked."""
    if (compress, interleave) == ("webp", "band"):
        pytest.skip("WebP holds colours together only")
    data = numbers("uint8", bands=4)
    data[3] = 255
    data[3, 100:350, :200] = 0
    data[3, 400:420] = 7
    options = {"webp_lossless": True} if compress == "webp" else {}
    path = write(
        tmp_path / "a.tif",
        data,
        photometric="rgb",
        alpha="yes",
        compress=compress,
        interleave=interleave,
        **options,
    )
    assert_equal(path, bands=3)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32", "float32"])
def test_masked_numbers(tmp_path, dtype):
    """Masks work with every type that has a wider one; floats become NaN."""
    data = numbers(dtype)
    mask = np.where(np.arange(data.shape[2]) % 7, 255, 0) * np.ones(data.shape[1:])
    assert_equal(write(tmp_path / "a.tif", data, mask=mask.astype("uint8"), compress="zstd"))
