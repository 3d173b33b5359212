"""Which cells a box of degrees holds, and how much of each: by pyproj and shapely."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import shapely

from tests.formats.truth import DEGREES, Place

EQUAL_AREA = "EPSG:6933"
MOST_CELLS = 40_000  # of a box
EDGE = np.linspace(0, 1, 5)[:-1]  # parts of a cell's side, so that its outline bends as it should


def middle(place: Place) -> tuple[float, float, float, float]:
    """A box around the middle, no wider than some tens of cells."""
    height, width = place.shape
    half = [min(0.3 * n, 12.3) for n in (height, width)]
    rows = height / 2 + np.array([-1, -1, 1, 1]) * half[0]
    cols = width / 2 + np.array([-1, 1, -1, 1]) * half[1]
    lon, lat = place.spots(rows, cols)
    lon = lon[0] + (lon - lon[0] + 180) % 360 - 180
    west, east = np.sort(lon)[[1, 2]]
    south, north = np.sort(lat)[[1, 2]]
    west, east = ((float(x) + 180) % 360 - 180 for x in (west, east))
    return west, float(south), east, float(north)


def weights(
    place: Place, box: tuple[float, float, float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How much of each cell lies in the box, in m² of the ellipsoid; and the cells' indices."""
    west, south, east, north = box
    east = west + (east - west) % 360
    row, col = _cells_near(place, (west, south, east, north))
    assert row.size <= MOST_CELLS, "the box of the series is too large for an oracle"
    down = np.concatenate([np.zeros(4), EDGE, np.ones(4), 1 - EDGE])
    right = np.concatenate([EDGE, np.ones(4), 1 - EDGE, np.zeros(4)])
    lon, lat = place.spots(row[:, None] + down, col[:, None] + right)
    middle = (west + east) / 2
    lon = lon[:, :1] + (lon - lon[:, :1] + 180) % 360 - 180  # a cell does not go round the globe
    center = lon.mean(axis=1, keepdims=True)
    lon = lon + np.round((middle - center) / 360) * 360
    known = np.isfinite(lon).all(axis=1) & np.isfinite(lat).all(axis=1)
    lon, lat, row, col = lon[known], np.clip(lat[known], -90, 90), row[known], col[known]
    # x is proportional to longitude here, also beyond 180, so that the box is a rectangle.
    change = pyproj.Transformer.from_crs(DEGREES, EQUAL_AREA, always_xy=True)
    per_degree = change.transform(1.0, 0.0)[0]
    y = change.transform(np.zeros_like(lat), lat)[1]
    outlines = shapely.polygons(np.stack([(lon - middle) * per_degree, y], axis=-1))
    low, high = (change.transform(0.0, edge)[1] for edge in (south, north))
    area = shapely.box((west - middle) * per_degree, low, (east - middle) * per_degree, high)
    return shapely.area(shapely.intersection(shapely.make_valid(outlines), area)), row, col


def _cells_near(place: Place, box: tuple[float, float, float, float]) -> tuple[Any, Any]:
    """Rows and columns of all cells that a box may touch, and of some around it."""
    lon, lat = np.meshgrid(np.linspace(box[0], box[2], 65), np.linspace(box[1], box[3], 65))
    rows, cols = place.find((lon + 180) % 360 - 180, lat, DEGREES)
    spans = []
    for at, size in zip((rows, cols), place.shape, strict=True):
        is_whole = np.isnan(at).all() or (place.wraps and np.ptp(at[~np.isnan(at)]) > size / 2)
        low, high = (0, size) if is_whole else (np.nanmin(at) - 3, np.nanmax(at) + 3)
        spans.append(slice(max(0, int(low)), min(size, int(high))))
    row, col = np.mgrid[spans[0], spans[1]]
    return row.ravel(), col.ravel()
