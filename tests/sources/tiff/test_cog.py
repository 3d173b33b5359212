"""Every read of a GeoTIFF is what rasterio reads of the same window at the same overview."""

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, Resampling
from rasterio.rpc import RPC
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform as warp_coordinates

from tests.s3 import S3Server
from tileserver.config import DatasetConfig
from tileserver.dataset import make_dataset
from tileserver.errors import CatalogError, SourceError, TileserverError
from tileserver.grid import LONLAT, transformer
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import Storage, open_store

from .geotiffs import (
    TRANSFORM,
    Counted,
    assert_equal,
    numbers,
    opened,
    oracle,
    run,
    windows,
    write,
    write_cog,
)

SHARED = Path(__file__).parents[4] / "shared" / "data"
FILES = sorted(SHARED.rglob("*.tif"))

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
    data[:, 210:300, 50:300] = -9999.9
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
    data[3, 300:320] = 7
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


@pytest.mark.parametrize("beside", ["overviews", "mask", "both"])
@pytest.mark.parametrize("nodata", [None, 120])
def test_files_beside(tmp_path, beside, nodata):
    """Overviews and masks in files beside the image are read with it, as GDAL does."""
    path = write(tmp_path / "a.tif", numbers("uint8", bands=2), overviews=(), nodata=nodata)
    mask = np.where(np.arange(410) % 9, 255, 0) * np.ones((330, 1))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False, TIFF_USE_OVR=True):
        if beside != "overviews":
            with rasterio.open(path, "r+") as file:
                file.write_mask(mask.astype("uint8"))
        if beside != "mask":
            with rasterio.open(path, "r+") as file:
                file.build_overviews((2, 4), Resampling.nearest)
    assert {each.suffix for each in tmp_path.iterdir()} >= {
        "overviews": {".ovr"}, "mask": {".msk"}, "both": {".ovr", ".msk"}
    }[beside]  # fmt: skip
    source = assert_equal(path)
    first = next(iter(source.cube.variables.values()))
    assert (first.dtype == np.int16) == (beside != "overviews")
    assert len(first.levels) == (1 if beside == "mask" else 3)
    version = source.version
    with (tmp_path / f"a.tif.{'msk' if beside == 'mask' else 'ovr'}").open("ab") as file:
        file.write(b"more")
    assert not run(source.watch.is_current())
    assert run(opened(path)).version != version


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32", "float32"])
def test_masked_numbers(tmp_path, dtype):
    """Masks work with every type that has a wider one; floats become NaN."""
    data = numbers(dtype)
    mask = np.where(np.arange(data.shape[2]) % 7, 255, 0) * np.ones(data.shape[1:])
    assert_equal(write(tmp_path / "a.tif", data, mask=mask.astype("uint8"), compress="zstd"))


@pytest.mark.parametrize("compress", ["DEFLATE", "LZW", "ZSTD", "JPEG", "WEBP", "LERC"])
def test_files_of_the_cog_driver(tmp_path, compress):
    """GDAL's own layout, with masks between the tiles, is read bit for bit."""
    data = numbers("uint8", bands=3, shape=(1300, 1100))
    mask = np.full(data.shape[1:], 255, np.uint8)
    mask[:, 900:] = 0
    plain = write(tmp_path / "plain.tif", data, mask=mask, overviews=())
    path = write_cog(
        tmp_path / "cog.tif",
        plain,
        COMPRESS=compress,
        BLOCKSIZE=256,
        BIGTIFF="YES",
        PREDICTOR="YES",
    )
    source = assert_equal(path, bands=3)
    assert len(source.cube.variables["red"].levels) > 2
    assert source.cube.warnings == ()


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", ["deflate", "lzw", "none", "jpeg"])
def test_strips(tmp_path, compress, interleave):
    """A file in strips, the last one shorter, is read with its mask, and is warned about."""
    data = numbers("uint8", bands=3, shape=(1501, 1203))
    mask = np.full(data.shape[1:], 255, np.uint8)
    mask[700:, 500:] = 0
    path = write(
        tmp_path / "a.tif",
        data,
        tiled=False,
        blockysize=16,
        overviews=(),
        mask=mask,
        compress=compress,
        interleave=interleave,
        blockxsize=None,
    )
    source = assert_equal(path, bands=3)
    strips, overviews = source.cube.warnings
    assert "strips" in strips
    assert "no overviews" in overviews
    assert "gdal_translate -of COG" in overviews


def test_strip_of_the_whole_image(tmp_path):
    """One strip may hold all."""
    data = numbers("float32")
    assert_equal(write(tmp_path / "a.tif", data, tiled=False, blockysize=330, overviews=()))


def test_palette(tmp_path):
    """A palette is the classes of its values; colours that were never set are none."""
    data = (numbers("uint8") // 60).astype("uint8")
    colors = {1: (0, 90, 0, 255), 2: (250, 240, 20, 255), 3: (0, 0, 250, 255)}
    path = write(
        tmp_path / "a.tif", data, nodata=0, edit=lambda file: file.write_colormap(1, colors)
    )
    (variable,) = assert_equal(path).cube.variables.values()
    assert {flag.value: flag.color for flag in variable.flags} == colors


def test_what_bands_say(tmp_path):
    """Ids come of descriptions made fit for URLs; scale, offset and units are kept."""

    def edit(file):
        file.descriptions = ("Surface temperature (K)", "LST/day", None)
        file.scales, file.offsets = (0.02, 1.0, 1.0), (273.15, 0.0, -5.0)
        file.units = ("K", "degC", "")

    path = write(tmp_path / "a.tif", numbers("uint16", bands=3), nodata=65535, edit=edit)
    source = assert_equal(path, bands=3)
    first, second, third = source.cube.variables.values()
    assert (first.id, second.id, third.id) == ("Surface_temperature_K", "LST_day", "b3")
    assert first.title == "Surface temperature (K)"
    assert (first.units, second.units, third.units) == ("K", "degC", None)
    assert (first.packing.scale, first.packing.offset) == (0.02, 273.15)
    assert third.packing.missing == (65535,)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"STATISTICS_MINIMUM": "3", "STATISTICS_MAXIMUM": "200"}, (-200.0, -3.0)),
        ({"STATISTICS_MINIMUM": "3", "STATISTICS_MAXIMUM": "2", "STATISTICS_MEAN": "x"}, None),
        ({"STATISTICS_MINIMUM": "3", "STATISTICS_MAXIMUM": "nan"}, None),
        ({"STATISTICS_MINIMUM": "3"}, None),
        (
            {
                "STATISTICS_MINIMUM": "3",
                "STATISTICS_MAXIMUM": "200",
                "STATISTICS_APPROXIMATE": "YES",
            },
            None,
        ),
    ],
)
def test_statistics(tmp_path, tags, expected):
    """The range of physical values is that of the file's statistics, where they are exact."""

    def edit(file):
        file.update_tags(1, **tags)
        file.scales = (-1.0,)

    path = write(tmp_path / "a.tif", numbers("uint8"), edit=edit)
    assert assert_equal(path).cube.variables["b1"].valid_range == expected


def test_picture_of_colours(tmp_path):
    """Bytes of red, green and blue are offered as a picture too, unless the catalogue says else."""
    path = write(tmp_path / "a.tif", numbers("uint8", bands=3), photometric="rgb")
    source = run(opened(path))
    (name,) = make_dataset(DatasetConfig(id="a", url="a.tif"), source).config.composites
    assert name == "rgb"
    shown = DatasetConfig(id="a", url="a.tif", variables=("red",))
    assert make_dataset(shown, source).config.composites == {}
    path = write(tmp_path / "b.tif", numbers("uint16", bands=3), photometric="rgb")
    source = run(opened(path))
    assert make_dataset(DatasetConfig(id="b", url="b.tif"), source).config.composites == {}


def test_bands_of_one_name(tmp_path):
    """Bands that share a name are numbered."""

    def edit(file):
        file.descriptions = ("ndvi", "ndvi", "b1")
        file.colorinterp = (ColorInterp.red, ColorInterp.gray, ColorInterp.red)

    path = write(tmp_path / "a.tif", numbers("uint8", bands=3), edit=edit)
    names = list(assert_equal(path).cube.variables)
    assert names == ["b1", "b2", "b3"]


def test_one_cell(tmp_path):
    """An image of one cell is a cube."""
    assert_equal(write(tmp_path / "a.tif", numbers("int16", shape=(1, 1)), overviews=()))


def test_nodata_but_for_rounding(tmp_path):
    """Floats that GDAL takes for nodata are nodata, for all that they differ in the last digits."""
    data = numbers("float64")
    data[:, :50] = -1.2676506002282294e30
    data[:, 50:60] = -1.26766e30
    source = assert_equal(write(tmp_path / "a.tif", data, nodata=-1.2676506e30))
    assert source.cube.variables["b1"].packing.missing == (-1.2676506e30,)


def test_columns_go_on_at_the_seam(tmp_path):
    """A window of a global grid may go on beyond its last column."""
    transform = Affine(0.5, 0, -180, 0, -0.5, 45)
    data = numbers("int16", shape=(180, 720))
    path = write(tmp_path / "a.tif", data, transform=transform, crs="EPSG:4326", overviews=())

    async def check():
        source = await opened(path)
        assert source.cube.variables["b1"].grid.x.wraps
        raw = await source.read(ReadPlan("b1", 0, (slice(3, 9), slice(700, 760))))
        assert np.array_equal(raw, data[0, 3:9].take(np.arange(700, 760) % 720, axis=1))

    run(check())


@pytest.mark.parametrize("nbits", [1, 4, 7])
def test_bits(tmp_path, nbits):
    """Numbers of fewer bits than a byte are read as bytes."""
    data = (numbers("uint8") % (1 << nbits)).astype("uint8")
    assert_equal(write(tmp_path / "a.tif", data, nbits=nbits, overviews=()))


def test_half_floats(tmp_path):
    """Floats of 16 bits are read as of 32."""
    source = assert_equal(write(tmp_path / "a.tif", numbers("float32"), nbits=16, overviews=()))
    assert source.cube.variables["b1"].dtype == np.float32


@pytest.mark.parametrize("nodata", [None, 7])
def test_blocks_that_were_never_written(tmp_path, nodata):
    """They hold nodata, or 0 where there is none, and cost no request."""
    data = np.full((1, 512, 512), nodata or 0, np.uint8)
    data[:, :128, :128] = 5
    path = write(
        tmp_path / "a.tif", data, sparse_ok=True, nodata=nodata, compress="deflate", overviews=()
    )
    assert_equal(path)

    async def check():
        store = Counted(open_store(str(tmp_path)))
        source = await opened(path, store)
        store.ranges.clear()
        await source.read(ReadPlan("b1", 0, (slice(200, 300), slice(200, 300))))
        assert store.ranges == []

    run(check())


@pytest.mark.parametrize("point", ["AREA", "POINT"])
@pytest.mark.parametrize(
    "transform", [TRANSFORM, Affine(10, 0, 500_000, 0, 10, 5_000_000)], ids=["down", "up"]
)
def test_grid(tmp_path, transform, point):
    """The grid is rasterio's, rows down or up, whether numbers stand for areas or points."""
    path = write(
        tmp_path / "a.tif",
        numbers("uint8"),
        transform=transform,
        edit=lambda file: file.update_tags(AREA_OR_POINT=point.title()),
    )
    grids = [level.grid for level in assert_equal(path).cube.variables["b1"].levels]
    for level, grid in enumerate(grids):
        with rasterio.open(path, **({"OVERVIEW_LEVEL": level - 1} if level else {})) as file:
            assert grid.shape == file.shape
            assert grid.transform.almost_equals(file.transform, 1e-9)
            assert grid.crs == file.crs


def assert_warped(path, *, level, nodata=None):
    """All of a warped level is rasterio's WarpedVRT over the same overview."""

    async def check():
        source = await opened(path)
        (variable,) = source.cube.variables.values()
        grid = variable.levels[level].grid
        raw = await source.read(ReadPlan(variable.id, level, windows(grid.shape)[0]))
        with (
            rasterio.open(path, **({"OVERVIEW_LEVEL": level - 1} if level else {})) as file,
            WarpedVRT(file, add_alpha=nodata is None, tolerance=0) as vrt,
        ):
            expected = vrt.read(1)
            valid = vrt.dataset_mask() != 0
            assert grid.transform.almost_equals(vrt.transform, 1e-9)
        assert np.array_equal(variable.packing.valid(raw), valid)
        assert 0.3 < valid.mean() < 1
        assert np.array_equal(raw[valid], expected[valid])
        assert "gdalwarp" in source.cube.warnings[0]

    run(check())


POINTS = [
    GroundControlPoint(row, col, 10 + col / 500 + row / 5000, 50 - row / 500)
    for row in (0, 165, 330)
    for col in (0, 205, 410)
]


@pytest.mark.parametrize("nodata", [None, 7])
@pytest.mark.parametrize("turn", [Affine.rotation(30), Affine.shear(20, 5), Affine.rotation(-175)])
def test_rotated(tmp_path, turn, nodata):
    """A turned or sheared image is read as it lies; cells are found where rasterio has them."""
    path = write(tmp_path / "a.tif", numbers("uint8"), transform=TRANSFORM @ turn, nodata=nodata)
    source = assert_equal(path)
    assert source.cube.warnings == ()
    for level, each in enumerate(source.cube.variables["b1"].levels):
        with rasterio.open(path, **({"OVERVIEW_LEVEL": level - 1} if level else {})) as file:
            assert each.grid.shape == file.shape
            rows, cols = np.array([0, 3, file.height - 1]), np.array([0, file.width - 1, 5])
            x, y = file.xy(rows, cols)
        grid = each.grid
        across, down = grid.lookup.positions(np.array(x), np.array(y))
        assert np.allclose(grid.x.positions(across), cols + 0.5, atol=1e-6)
        assert np.allclose(grid.y.positions(down), rows + 0.5, atol=1e-6)


def test_control_points(tmp_path):
    """An image that only ground control points place is warped by them."""
    path = write(
        tmp_path / "a.tif", numbers("uint16"), transform=None, crs="EPSG:4326", gcps=POINTS
    )
    assert_warped(path, level=0)
    assert_warped(path, level=2)


def test_warp_that_cannot_be_read(tmp_path):
    """Bytes that the store denies while GDAL reads them are an error; nothing is kept."""
    placed = {"transform": None, "crs": "EPSG:4326", "gcps": POINTS}
    path = write(tmp_path / "a.tif", numbers("uint8"), overviews=(), **placed)

    class Denied(Counted):
        denied = False

        async def get_range(self, key, start, stop):
            if self.denied:
                raise SourceError("access denied")
            return await super().get_range(key, start, stop)

    async def check():
        store = Denied(open_store(str(tmp_path)))
        source = await opened(path, store)
        store.denied = True
        plan = ReadPlan("b1", 0, windows(source.cube.variables["b1"].grid.shape)[0])
        with pytest.raises(SourceError, match="access denied"):
            await source.read(plan)
        store.denied = False
        await source.read(plan)

    run(check())


def test_vrt_is_refused(tmp_path):
    """A VRT, which may name any file, is refused by its name; as a .tif it is no GeoTIFF."""
    path = write(tmp_path / "a.tif", numbers("uint8"))
    shutil.copy(path, tmp_path / "b.vrt")
    with pytest.raises(CatalogError, match="VRT"):
        run(opened(tmp_path / "b.vrt"))
    (tmp_path / "c.tif").write_text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")
    with pytest.raises(SourceError, match="not a GeoTIFF"):
        run(opened(tmp_path / "c.tif"))


def test_file_that_is_not_there(tmp_path):
    """A missing file is an error that says so."""
    with pytest.raises(CatalogError, match="no such object"):
        run(opened(tmp_path / "a.tif"))


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["site",UNIT["metre",1]]'])
def test_crs_of_no_place(tmp_path, crs):
    """A file whose CRS is missing, or local, takes the catalogue's; else it is an error."""
    path = write(tmp_path / "a.tif", numbers("uint8"), crs=crs)
    with pytest.raises(CatalogError, match=r"CRS.*set the dataset's crs.*gdal_edit"):
        run(opened(path))
    with pytest.raises(CatalogError, match="crs='here': expected"):
        run(opened(path, crs="here"))
    source = run(opened(path, crs="EPSG:32632"))
    assert source.cube.variables["b1"].grid.crs == "EPSG:32632"
    path = write(tmp_path / "b.tif", numbers("uint8"))
    assert run(opened(path, crs="EPSG:32632")).cube.variables["b1"].grid.crs == "EPSG:32633"


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_rational_polynomials(tmp_path):
    """An image that only they place is an error with the remedy."""
    rpcs = RPC(
        height_off=0, height_scale=1, lat_off=50, lat_scale=1, line_off=165, line_scale=165,
        line_num_coeff=[0.0] * 20, line_den_coeff=[1.0] + [0.0] * 19, long_off=10, long_scale=1,
        samp_off=205, samp_scale=205, samp_num_coeff=[0.0] * 20,
        samp_den_coeff=[1.0] + [0.0] * 19,
    )  # fmt: skip
    path = write(
        tmp_path / "a.tif", numbers("uint8"), transform=None, crs=None, rpcs=rpcs, overviews=()
    )
    with pytest.raises(CatalogError, match="gdalwarp -rpc"):
        run(opened(path))


def test_block_over_the_limit(tmp_path):
    """A file whose single block would decode to more than 256 MiB is refused, with the remedy."""
    path = tmp_path / "a.tif"
    profile = {"crs": "EPSG:32633", "transform": TRANSFORM, "sparse_ok": True, "tiled": False}
    with rasterio.open(
        path, "w", width=20000, height=20000, count=1, dtype="uint8", blockysize=20000, **profile
    ):
        pass
    with pytest.raises(CatalogError, match=r"381 MiB.*256 MiB.*gdal_translate"):
        run(opened(path))


def test_complex_numbers(tmp_path):
    """Complex numbers are refused, with the remedy."""
    path = write(tmp_path / "a.tif", numbers("complex64"), overviews=())
    with pytest.raises(CatalogError, match=r"complex64.*gdal_translate"):
        run(opened(path))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("size", [0, 4, 100, 300])
def test_header_that_is_cut(tmp_path, size):
    """A file that ends within its header is an error, never a crash."""
    path = write(tmp_path / "a.tif", numbers("uint8"), overviews=())
    os.truncate(path, size)
    with pytest.raises((SourceError, CatalogError), match=r"damaged|names no CRS"):
        run(opened(path))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("seed", range(60))
def test_header_with_wrong_bytes(tmp_path, seed):
    """A header in which bytes were changed is read, or is an error of ours, and never a crash."""
    data = numbers("uint16", bands=2, shape=(200, 200))
    path = write(tmp_path / "a.tif", data, compress="deflate")
    content = bytearray(path.read_bytes())
    random = Random(seed)
    for _ in range(random.randint(1, 4)):
        content[random.randrange(700)] = random.randrange(256)
    path.write_bytes(content)

    async def read_all():
        source = await opened(path)
        for variable in source.cube.variables.values():
            for level, each in enumerate(variable.levels):
                rows, cols = (min(n, 3000) for n in each.grid.shape)
                await source.read(ReadPlan(variable.id, level, (slice(0, rows), slice(0, cols))))

    with suppress(TileserverError):
        run(read_all())


@pytest.mark.parametrize("fault", ["damaged", "cut"])
@pytest.mark.parametrize("compress", ["deflate", "lzw", "none"])
def test_blocks_that_are_damaged(tmp_path, compress, fault):
    """A damaged or cut block is an error; the others are served, and nothing of it is kept."""
    if (compress, fault) == ("none", "damaged"):
        pytest.skip("any bytes are numbers")
    data = numbers("uint8", shape=(256, 256))
    path = write(tmp_path / "a.tif", data, overviews=(), compress=compress)
    with path.open("r+b") as file:
        file.seek(-2000, os.SEEK_END)
        file.write(b"\xfe" * 1000)
    if fault == "cut":
        os.truncate(path, path.stat().st_size - 100)

    async def check():
        source = await opened(path)
        await source.read(ReadPlan("b1", 0, (slice(0, 9), slice(0, 9))))
        kept = len(source.file.cache)
        with pytest.raises(SourceError):
            await source.read(ReadPlan("b1", 0, (slice(200, 256), slice(200, 256))))
        assert len(source.file.cache) == kept

    run(check())


def test_bands_share_blocks(tmp_path):
    """Colours that are stored together are read and decoded once, however many ask at once."""
    path = write(tmp_path / "a.tif", numbers("uint8", bands=3), interleave="pixel")

    async def check():
        store = Counted(open_store(str(tmp_path)))
        source = await opened(path, store)
        store.ranges.clear()
        window = (slice(0, 100), slice(0, 100))
        await asyncio.gather(*(source.read(ReadPlan(n, 0, window)) for n in source.cube.variables))
        assert len(store.ranges) == 1

    run(check())


def test_bands_apart(tmp_path):
    """Of bands that are stored apart only the one that is asked for is read."""
    path = write(
        tmp_path / "a.tif", numbers("uint8", bands=9), interleave="band", compress="deflate"
    )

    async def check():
        store = Counted(open_store(str(tmp_path)))
        source = await opened(path, store)
        store.ranges.clear()
        await source.read(ReadPlan("b7", 0, (slice(0, 100), slice(0, 100))))
        ((_, ((start, stop),)),) = store.ranges
        assert stop - start < 128 * 128

    run(check())


def test_requests_over_s3(tmp_path):
    """A COG opens with its header in one request; a new tile costs its own bytes and no header."""
    (tmp_path / "data").mkdir()
    data = numbers("uint16", shape=(1024, 1024))
    plain = write(tmp_path / "plain.tif", data, overviews=())
    path = write_cog(tmp_path / "data" / "a.tif", plain, COMPRESS="DEFLATE", BLOCKSIZE=256)

    async def check(server):
        storage = Storage(
            endpoint=server.url,
            access_key_id="access-key",
            secret_access_key="secret-key",
            allow_http=True,
        )
        source = await opened(path, open_store("s3://data", storage))
        asked = [(r.method, r.range) for r in server.log]  # .ovr and .msk may lie beside it
        assert asked == [("HEAD", None)] * 3 + [("GET", "bytes=0-65535")]
        server.log.clear()
        image, _ = source.file.raster.tiff.levels[0]
        window = (slice(256, 300), slice(512, 768))
        (block,) = image.blocks(0, *window)
        raw = await source.read(ReadPlan("b1", 0, window))
        assert np.array_equal(raw, oracle(path, 1, 0, window)[0])
        assert [r.range for r in server.log] == [f"bytes={block.start}-{block.stop - 1}"]
        await source.read(ReadPlan("b1", 0, window))
        assert len(server.log) == 1

    with S3Server(tmp_path) as server:
        run(check(server))


def test_version_follows_the_file(tmp_path):
    """Another content is another version, the same file the same."""
    path = write(tmp_path / "a.tif", numbers("uint8"))
    first, same = run(opened(path)).version, run(opened(path)).version
    write(path, numbers("uint16"))
    assert first == same != run(opened(path)).version


@pytest.mark.skipif(not FILES, reason="the shared data are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shared_files(path):
    """Files that others wrote, bit for bit; those of control points as their warp."""
    if path.stem == "cog_gcps":
        assert_warped(path, level=0)
        return
    source = assert_equal(path)
    first = next(iter(source.cube.variables.values()))
    with rasterio.open(path) as file:
        x, y = file.xy(*(n // 2 for n in file.shape))
        lon, lat = warp_coordinates(file.crs, "OGC:CRS84", [x], [y])
        ours = transformer(first.grid.crs, LONLAT).transform(x, y)
        assert ours == pytest.approx((lon[0], lat[0]), abs=1e-9)
        assert first.grid.x.positions(np.array([x]))[0] == pytest.approx(file.width // 2 + 0.5)
        assert first.grid.y.positions(np.array([y]))[0] == pytest.approx(file.height // 2 + 0.5)
    west, south, east, north = source.cube.bounds()
    assert -180 <= west <= 180
    assert south < north
    assert (west > east) == (path.stem == "cog_dateline")
