"""GDAL opens what it is told to, and says what it read.

    python3 gdal_reader.py FOLDER < jobs.json > seen.json

Runs in the interpreter that GDAL is installed for. A job is {"open": name of a dataset, "options":
GDAL's settings for it}; its pixels are put into the folder as (bands, height, width) uint8. With
"may_fail" in a job an error is what is seen.
"""

import json
import sys
from pathlib import Path

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
gdal.SetConfigOption("GDAL_HTTP_TIMEOUT", "20")


def read(job: dict, target: Path) -> dict:
    """One job."""
    dataset = gdal.Open(job["open"])
    np.save(target, dataset.ReadAsArray())
    return {
        "size": [dataset.RasterXSize, dataset.RasterYSize],
        "transform": dataset.GetGeoTransform(),
        "crs": dataset.GetSpatialRef().ExportToWkt(),
        "bands": [
            gdal.GetColorInterpretationName(dataset.GetRasterBand(i + 1).GetColorInterpretation())
            for i in range(dataset.RasterCount)
        ],
    }


def tried(job: dict, target: Path) -> dict:
    """One job, with its own settings; it may fail if it says so."""
    options = job.get("options", {})
    for name, value in options.items():
        gdal.SetConfigOption(name, value)
    try:
        return read(job, target)
    except RuntimeError as error:
        if "may_fail" in job:
            return {"error": str(error)}
        raise
    finally:
        for name in options:
            gdal.SetConfigOption(name, None)


warnings = []
gdal.PushErrorHandler(lambda kind, _, text: warnings.append(text) if kind > 1 else None)
folder = Path(sys.argv[1])
seen = [tried(job, folder / f"{number}.npy") for number, job in enumerate(json.load(sys.stdin))]
json.dump({"seen": seen, "warnings": warnings}, sys.stdout)
