"""Cases of the table: GeoTIFFs, their stacks."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from tests.formats.case import Case, Given
from tests.formats.stores import numbers
from tests.formats.truth import Separable, Truth

SECTION = "GeoTIFF"
TRANSFORM = Affine(1000, 0, 400_000, 0, -1000, 5_600_000)


def write_tiff(path: Path, data: np.ndarray, **profile: Any) -> Path:
    """Bands (n, rows, cols) in UTM 33, tiled."""
    options = {
        "driver": "GTiff", "tiled": True, "blockxsize": 32, "blockysize": 32, "dtype": data.dtype,
        "crs": "EPSG:32633", "transform": TRANSFORM, **profile,
    }  # fmt: skip
    count, height, width = data.shape
    with rasterio.open(path, "w", count=count, height=height, width=width, **options) as file:
        file.write(data)
    return path


def by_rasterio(path: Path, band: int = 1, level: int = 0) -> Truth:
    """A band at a level (0 is the full resolution): NaN where rasterio masks it."""
    options = {"overview_level": level - 1} if level else {}
    with rasterio.open(path, **options) as file:
        place = Separable.of_affine(file.crs.to_wkt(), file.transform, file.shape)
        cells = file.read(band, masked=True).astype(np.float64)
        cells = np.ma.filled(cells * file.scales[band - 1] + file.offsets[band - 1], np.nan)
    return Truth(place, lambda _: cells)


def _plain(**profile: Any) -> Any:
    def make(folder: Path) -> Given:
        path = write_tiff(folder / "a.tif", numbers("i2", (1, 70, 90)), **profile)
        return Given({"url": "a.tif"}, "b1", (by_rasterio(path),), variables=("b1",), dims={})

    return make


CASES = [
    Case(SECTION, f"compressed by {name}", _plain(compress=name))
    for name in ("deflate", "lzw", "zstd")
]
