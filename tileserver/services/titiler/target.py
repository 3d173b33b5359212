"""Where the pixels of an answer lie, between rio-tiler's terms and ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attr
import pyproj
from rasterio.crs import CRS
from rio_tiler.constants import WGS84_CRS

from tileserver.grid import LONLAT, Bounds, Grid, parse_crs
from tileserver.services.titiler.bands import box_grid


@attr.s(frozen=True)
class Place:
    """What of rasterio's datasets rio-tiler looks at to size what it reads."""

    crs: CRS = attr.ib()
    transform: Any = attr.ib()
    bounds: Bounds = attr.ib()
    height: int = attr.ib()
    width: int = attr.ib()
    block_shapes: Sequence[tuple[int, int]] = attr.ib(default=())


def box_of(bounds: Sequence[float]) -> Bounds:
    west, south, east, north = bounds
    return (west, south, east, north)


def buffered(target: Grid, buffer: float) -> Grid:
    """With so many more pixels, or halves of one, on each side."""
    (height, width), (wide, high) = target.shape, target.resolution
    west, south, east, north = target.bounds
    box = (
        west - wide * buffer, south - high * buffer, east + wide * buffer, north + high * buffer,
    )  # fmt: skip
    more = int(2 * buffer)
    return box_grid(target.crs, box, (height + more, width + more))


def pyproj_crs(crs: CRS) -> pyproj.CRS:
    """The same for pyproj, longitude first."""
    if crs == WGS84_CRS:
        return LONLAT
    code = crs.to_epsg()
    return parse_crs(crs.to_wkt() if code is None else f"EPSG:{code}")
