"""Opens rasters by GDAL's OGCAPI driver; run in a process of its own by test_ogcapi.py.

The GDAL is that of pyogrio's wheel, called as the C library that it is: no other GDAL that can be
installed from a package index has the driver, and pyogrio itself reads vectors alone.

Standard input: JSON, a list of [address, open options]. Output: JSON, of each what it is, or why
not; its picture as a file of NumPy.
"""

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio

PACKAGE = Path(pyogrio.__file__).parent
RASTER, BYTE = 0x2, 1


def library() -> Any:
    """GDAL, ready to open files."""
    [path] = PACKAGE.with_name("pyogrio.libs").glob("libgdal*")
    gdal = ctypes.CDLL(str(path))
    for name in ("GDALOpenEx", "GDALGetSpatialRef", "OSRGetAuthorityCode"):
        getattr(gdal, name).restype = ctypes.c_void_p
    gdal.OSRGetAuthorityCode.restype = gdal.CPLGetLastErrorMsg.restype = ctypes.c_char_p
    gdal.OSRSetPROJSearchPaths(strings(str(PACKAGE / "proj_data")))
    gdal.GDALAllRegister()
    return gdal


def strings(*texts: str) -> Any:
    """A list of C."""
    return (ctypes.c_char_p * (len(texts) + 1))(*(text.encode() for text in texts), None)


def read(gdal: Any, address: str, options: list[str], target: Path) -> dict[str, Any]:
    """What a raster is; its pixels (band, row, col) go into a file."""
    handle = gdal.GDALOpenEx(address.encode(), RASTER, None, strings(*options), None)
    if not handle:
        return {"error": gdal.CPLGetLastErrorMsg().decode()}
    dataset = ctypes.c_void_p(handle)
    width, height, bands = (
        getattr(gdal, f"GDALGetRaster{name}")(dataset) for name in ("XSize", "YSize", "Count")
    )
    transform = (ctypes.c_double * 6)()
    gdal.GDALGetGeoTransform(dataset, transform)
    code = gdal.OSRGetAuthorityCode(ctypes.c_void_p(gdal.GDALGetSpatialRef(dataset)), None)
    pixels = np.zeros((bands, height, width), np.uint8)
    buffer = pixels.ctypes.data_as(ctypes.c_void_p)
    failed = gdal.GDALDatasetRasterIO(
        dataset, 0, 0, 0, width, height, buffer, width, height, BYTE, bands, None, 0, 0, 0
    )
    if failed:
        return {"error": gdal.CPLGetLastErrorMsg().decode()}
    np.save(target, pixels)
    return {"transform": list(transform), "code": code.decode(), "picture": str(target)}


if __name__ == "__main__":
    known = library()
    folder = Path(sys.argv[1])
    asked = json.load(sys.stdin)
    print(
        json.dumps(
            [
                read(known, address, options, folder / f"{number}.npy")
                for number, (address, options) in enumerate(asked)
            ]
        )
    )
