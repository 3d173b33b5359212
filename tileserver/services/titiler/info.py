"""What rio-tiler tells of a file, of a dataset's bands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
from rasterio.crs import CRS
from rio_tiler.models import Info
from rio_tiler.utils import CRS_to_uri

from tileserver.cube import Variable
from tileserver.grid import Bounds, parse_crs
from tileserver.services.titiler.bands import Bands
from tileserver.services.window import finest


def descriptions(variables: Sequence[Variable]) -> list[str]:
    """A text for each band: its title, else its id."""
    return [variable.title or variable.id for variable in variables]


def nodata_of(variable: Variable) -> float | None:
    """The stored number that marks missing data, if one alone does."""
    missing = variable.packing.missing
    if missing:
        return float(missing[0])
    return float("nan") if variable.dtype.kind == "f" else None


def rasterio_crs(crs: pyproj.CRS) -> CRS:
    """The same for rasterio, by its code where it has one."""
    return _rasterio_crs(crs.srs)


@lru_cache(maxsize=256)
def _rasterio_crs(text: str) -> CRS:
    crs = parse_crs(text)
    code = crs.to_epsg()
    if code is None and crs.to_authority() == ("OGC", "CRS84"):
        code = 4326
    return CRS.from_wkt(crs.to_wkt()) if code is None else CRS.from_epsg(code)


def describe(bands: Bands, crs: CRS, bounds: Bounds, *, are_stored: bool) -> Info:
    """The answer of /info.

    Args:
        are_stored: whether values are given as they are stored, not as physical ones.
    """
    variables = bands.chosen(None)
    names = [f"b{i + 1}" for i in range(len(variables))]
    own = finest(bands.layer(variables))
    marks = {nodata_of(variable) for variable in variables}
    nodata = marks.pop() if len(marks) == 1 else None
    packings = [v.packing for v in variables]
    told: dict[str, Any] = {
        "bounds": bounds,
        "crs": CRS_to_uri(crs) or crs.to_wkt(),
        "band_metadata": [(n, _about(v)) for n, v in zip(names, variables, strict=True)],
        "band_descriptions": list(zip(names, descriptions(variables), strict=True)),
        "dtype": str(value_type(variables, are_stored=are_stored)),
        "nodata_type": "None" if nodata is None else "Nodata",
        "count": len(variables),
        "width": own.grid.shape[1],
        "height": own.grid.shape[0],
        "overviews": [round(own.grid.shape[0] / level.grid.shape[0]) for level in own.levels[1:]],
        "scales": [p.scale if are_stored else 1.0 for p in packings],
        "offsets": [p.offset if are_stored else 0.0 for p in packings],
    }
    if nodata is not None and are_stored:
        told["nodata_value"] = nodata
    ranges = [variable.valid_range for variable in variables]
    if all(ranges):
        told["minmax"] = ranges
    return Info.model_validate(told)


def value_type(variables: Sequence[Variable], *, are_stored: bool) -> np.dtype[Any]:
    """Of the numbers that are given."""
    if not are_stored:
        return np.dtype(np.float32)
    return np.result_type(*(variable.dtype for variable in variables))


def _about(variable: Variable) -> dict[str, Any]:
    told = {"id": variable.id, "units": variable.units, "dimensions": ",".join(variable.dims)}
    return {key: value for key, value in told.items() if value}
