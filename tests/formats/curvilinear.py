"""Cases of the table: cells that follow no axes of longitude and latitude."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
import zarr
from affine import Affine

from tests.formats.case import Case, Given
from tests.formats.earth import LAMBERT, ROTATED_CRS
from tests.formats.stores import add, by_zarr, numbers
from tests.formats.truth import DEGREES, Pair, Rotated, Separable, Truth, transform
from tests.lookup import meshes

SECTION = "Curvilinear and turned grids"
LON = {"standard_name": "longitude", "units": "degrees_east"}
LAT = {"standard_name": "latitude", "units": "degrees_north"}
DAYS = np.arange(3.0)
# An orbit's own longitudes and latitudes: its equator is the ground track.
SWATH = "+proj=ob_tran +o_proj=longlat +o_lat_p={tilt} +o_lon_p=0 +lon_0={lon} +datum=WGS84"


def _lonlat(crs: str, x: np.ndarray, y: np.ndarray) -> Pair:
    """Longitudes and latitudes (rows, cols) at all points of two axes."""
    return transform(crs, DEGREES, *np.meshgrid(x, y))


def _surface(crs: str, x: np.ndarray, y: np.ndarray, **options: Any) -> Any:
    """Cells between even lines of a CRS, of which the store tells longitudes and latitudes alone.

    Args:
        names: of the coordinates.
        about: whether standard names and units tell what they are.
        corners: whether the store tells them.
        masked: cells without a place.
        times: whether the variable, and the coordinates, have times.
    """

    def make(folder: Path) -> Given:
        place = Separable.of_centers(crs, x, y)
        lon, lat = _lonlat(crs, x, y)
        hidden = np.zeros(lon.shape, bool)
        hidden[options.get("masked", np.s_[:0])] = True
        lon[hidden] = lat[hidden] = np.nan
        path = _write(folder / "a.zarr", place, lon, lat, options)

        def read(ask: Any) -> np.ndarray:
            stored = by_zarr(path)(ask)
            step = int(ask["time"][8:10]) - 1 if "time" in ask else -1
            values = stored[step] if stored.ndim == 3 else stored
            return np.where(hidden, np.nan, values)

        times = [f"2020-01-0{n}T00:00:00Z" for n in (1, 2, 3)] if options.get("times") else ()
        return Given(
            {"url": "a.zarr"}, "a", (Truth(place, read),), times=tuple(times),
            variables=("a",), bbox=_box(place, crs), sets=options.get("sets", Given.sets),
        )  # fmt: skip

    return make


def _write(path: Path, place: Separable, lon: np.ndarray, lat: np.ndarray, options: Any) -> Path:
    names = options.get("names", ("lon", "lat"))
    told = options.get("about", True)
    shape, dims = lon.shape, ("eta", "xi")
    group = zarr.create_group(path)
    data, leading = numbers("f4", shape), ()
    if options.get("times"):
        data, leading = np.stack([data, data + 200, data + 400]), ("time",)
        add(group, "time", DAYS, ("time",), {"units": "days since 2020-01-01"})
    add(group, "a", data, (*leading, *dims), {"coordinates": " ".join(names)})
    for name, values, about in zip(names, (lon, lat), (LON, LAT), strict=True):
        attrs = {
            **(about if told else {}),
            **({"bounds": f"{name}_c"} if "corners" in options else {}),
        }
        if options.get("times"):
            add(group, name, np.stack([values] * 3), ("time", *dims), attrs)
        else:
            add(group, name, values, dims, attrs)
    if "corners" in options:
        corners = _lonlat(place.crs, place.x_edges, place.y_edges)
        parts = np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, 1:], np.s_[1:, :-1]
        for name, values in zip(names, corners, strict=True):
            stacked = np.stack([values[part] for part in parts], -1)
            add(group, f"{name}_c", stacked, (*dims, "vertex"), {})
    return path


def _box(place: Any, crs: str) -> tuple[float, float, float, float]:
    """Around all cells, on the shorter way round; a turn where they hold the north pole."""
    height, width = place.shape
    rows, cols = np.meshgrid(np.linspace(0, height, 400), np.linspace(0, width, 400))
    lon, lat = (part.ravel() for part in place.spots(rows, cols))
    if not np.isnan(place.find(np.zeros(1), np.full(1, 90.0), DEGREES)[0][0]):
        return (-180.0, float(lat.min()), 180.0, 90.0)
    around = (lon - lon[0] + 180) % 360 - 180 + lon[0]
    west, east = (float((v + 180) % 360 - 180) for v in (around.min(), around.max()))
    return (west, float(lat.min()), east, float(lat.max()))


@dataclass(frozen=True)
class Quads:
    """Cells between four corners each, found by GEOS in the plane of a polar projection."""

    lon: np.ndarray
    lat: np.ndarray
    wraps: bool = True
    crs: str = "+proj=stere +lat_0=90 +R=6371000"

    @property
    def shape(self) -> tuple[int, int]:
        return (self.lon.shape[0], self.lon.shape[1])

    @property
    def corners(self) -> np.ndarray:
        """(rows, cols, 4, 2) in the plane."""
        x, y = np.radians(self.lon), np.radians(self.lat)
        v = np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], -1)
        v = np.concatenate([v[:, -1:], v, v[:, :1]], 1)
        v = np.concatenate([2 * v[:1] - v[1:2], v, 2 * v[-1:] - v[-2:-1]], 0)
        v = v[:-1, :-1] + v[:-1, 1:] + v[1:, :-1] + v[1:, 1:]
        lon = np.degrees(np.arctan2(v[..., 1], v[..., 0]))
        lat = np.degrees(np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1])))
        plane = np.stack(transform(DEGREES, self.crs, lon, lat), -1)
        parts = np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, 1:], np.s_[1:, :-1]
        return np.stack([plane[part] for part in parts], -2)

    def find(self, x: np.ndarray, y: np.ndarray, crs: str = DEGREES) -> Pair:
        x, y = np.asarray(x, float), np.asarray(y, float)
        px, py = (part.ravel() for part in transform(crs, self.crs, x, y))
        corners = self.corners.reshape(-1, 4, 2)
        known = np.flatnonzero(np.isfinite(px + py))
        tree = shapely.STRtree(shapely.polygons(corners))
        points = shapely.points(px[known], py[known])
        point, cell = tree.query(points, predicate="intersects")
        rows, cols = np.full(px.shape, np.nan), np.full(px.shape, np.nan)
        at = known[point]
        u, v = _inside(corners[cell], np.stack([px[at], py[at]], -1))
        rows[at], cols[at] = cell // self.shape[1] + v, cell % self.shape[1] + u
        return rows.reshape(x.shape), cols.reshape(x.shape)

    def spots(self, rows: np.ndarray, cols: np.ndarray) -> Pair:
        row = np.clip(np.floor(rows).astype(int), 0, self.shape[0] - 1)
        col = np.clip(np.floor(cols).astype(int), 0, self.shape[1] - 1)
        u, v = (cols - col)[..., None], (rows - row)[..., None]
        a, b, c, d = np.moveaxis(self.corners[row, col], -2, 0)
        spot = a * (1 - u) * (1 - v) + b * u * (1 - v) + c * u * v + d * (1 - u) * v
        return transform(self.crs, DEGREES, spot[..., 0], spot[..., 1])


def _inside(corners: np.ndarray, points: np.ndarray) -> Pair:
    """Where in cells (n, 4, 2) points (n, 2) lie, by Newton's method."""
    a, b, c, d = np.moveaxis(corners, 1, 0)
    u, v = np.full(len(points), 0.5), np.full(len(points), 0.5)
    for _ in range(8):
        s, t = u[:, None], v[:, None]
        off = a * (1 - s) * (1 - t) + b * s * (1 - t) + c * s * t + d * (1 - s) * t - points
        du, dv = (b - a) * (1 - t) + (c - d) * t, (d - a) * (1 - s) + (c - b) * s
        det = du[:, 0] * dv[:, 1] - du[:, 1] * dv[:, 0]
        u = u - (off[:, 0] * dv[:, 1] - off[:, 1] * dv[:, 0]) / det
        v = v - (du[:, 0] * off[:, 1] - du[:, 1] * off[:, 0]) / det
    return np.clip(u, 0, 1 - 1e-9), np.clip(v, 0, 1 - 1e-9)


def _tripolar(folder: Path) -> Given:
    """An ocean model: two poles of its own in the north, where its rows are folded."""
    lon, lat = meshes.tripolar(144, 46, 26)
    group = zarr.create_group(folder / "a.zarr")
    data = numbers("f4", lon.shape)
    data[-1] = data[-1] + data[-1, ::-1]  # the pole lies on the fold, where either cell is right
    add(group, "a", data, ("y", "x"), {})
    add(group, "nav_lon", lon, ("y", "x"), {})
    add(group, "nav_lat", lat, ("y", "x"), {})
    truth = Truth(Quads(lon, lat), by_zarr(folder / "a.zarr"))
    box = (-180.0, -78.0, 180.0, 90.0)
    return Given({"url": "a.zarr"}, "a", (truth,), variables=("a",), bbox=box)


def _turned(folder: Path) -> Given:
    """A transform with a rotation in it."""
    to_crs = Affine.translation(4e5, 5.4e6) * Affine.rotation(25) * Affine.scale(500, -500)
    group = zarr.create_group(folder / "a.zarr")
    about = {"proj:code": "EPSG:32633", "spatial:transform": list(to_crs[:6])}
    add(group, "a", numbers("f4", (61, 81)), ("y", "x"), about)
    place = Rotated("EPSG:32633", to_crs, (61, 81))
    return Given({"url": "a.zarr"}, "a", (Truth(place, by_zarr(folder / "a.zarr")),))


def _axes(attrs: Any, x: Any, y: Any, edges: Pair, **more: Any) -> Any:
    """Axes x and y in UTM, by (values, attributes), whose cells lie between edges in metres."""

    def make(folder: Path) -> Given:
        group = zarr.create_group(folder / "a.zarr")
        shape = (len(edges[1]) - 1, len(edges[0]) - 1)
        add(group, "a", numbers("f4", shape), ("y", "x"), attrs)
        for name, given in (("x", x), ("y", y)):
            if given is not None:
                add(group, name, np.asarray(given[0]), (name,), given[1])
        for name, about in more.items():
            values, dims, attributes = about
            add(group, name, np.asarray(values), dims, attributes)
        place = Separable("EPSG:32633", *edges)
        return Given({"url": "a.zarr"}, "a", (Truth(place, by_zarr(folder / "a.zarr")),))

    return make


X_EDGES, Y_EDGES = 4e5 + 1000.0 * np.arange(82), 5.4e6 - 1000.0 * np.arange(62)
X, Y = (X_EDGES[1:] + X_EDGES[:-1]) / 2, (Y_EDGES[1:] + Y_EDGES[:-1]) / 2
CODE = {"proj:code": "EPSG:32633"}
RLON, RLAT = -10 + 0.44 * np.arange(50), -12 + 0.44 * np.arange(60)
METRES = 30_000.0 * np.arange(-40, 41), -30_000.0 * np.arange(-30, 31)
ACROSS, OVER = (SWATH.format(tilt=8, lon=178), SWATH.format(tilt=8, lon=60))
TRACK, SIDE = np.arange(-25, 25.1, 0.5), np.arange(-9, 9.1, 0.5)


CASES = [
    *(Case(SECTION, name, make) for name, make in {
        "2-D coordinates, a regional model": _surface(ROTATED_CRS, RLON, RLAT),
        "2-D coordinates with times (WRF)":
            _surface(LAMBERT, *METRES, names=("XLONG", "XLAT"), about=False, times=True),
        "2-D coordinates with corners": _surface(ROTATED_CRS, RLON, RLAT, corners=True),
        "2-D coordinates, masked": _surface(ROTATED_CRS, RLON, RLAT, masked=np.s_[20:31, 10:19]),
        "a swath across 180": _surface(ACROSS, TRACK, SIDE),
        "a swath over the north pole":
            _surface(OVER, 90 + TRACK, SIDE, sets=("WebMercatorQuad", "UPSArcticWGS84Quad")),
        "a tripolar ocean model": _tripolar,
        "turned by its transform": _turned,
    }.items()),
    *(Case("Cells along axes", name, make) for name, make in {
        "kilometres in a CRS of metres": _axes(
            CODE, (X / 1000, {"units": "km"}), (Y / 1000, {"units": "km"}), (X_EDGES, Y_EDGES)),
        "bounds that begin at the coordinate": _axes(
            CODE, (X_EDGES[:-1], {"bounds": "x_bnds"}), (Y, {}), (X_EDGES, Y_EDGES),
            x_bnds=(np.stack([X_EDGES[:-1], X_EDGES[1:]], -1), ("x", "bnds"), {})),
        "registered on nodes": _axes(
            {**CODE, "spatial:registration": "node",
             "spatial:transform": [1000.0, 0.0, 400_500.0, 0.0, -1000.0, 5_399_500.0]},
            None, None, (X_EDGES, Y_EDGES)),
        "a bounding box alone": _axes(
            {**CODE, "spatial:bbox": [4e5, 5_339_000.0, 481_000.0, 5.4e6]},
            None, None, (X_EDGES, Y_EDGES)),
        "grid mapping of the extended form": _axes(
            {"grid_mapping": "geo: lat lon utm: x y"}, (X, {}), (Y, {}), (X_EDGES, Y_EDGES),
            geo=(0, (), {"grid_mapping_name": "latitude_longitude"}),
            utm=(0, (), {"esri_pe_string": pyproj.CRS("EPSG:32633").to_wkt("WKT1_ESRI")})),
        "irregular, with bounds": _axes(
            CODE, (X_EDGES[:-1] + 300, {"bounds": "x_bnds"}), (Y, {}),
            (X_EDGES + np.where(np.arange(82) % 2, 200.0, 0.0), Y_EDGES),
            x_bnds=(np.stack([(X_EDGES + np.where(np.arange(82) % 2, 200.0, 0.0))[part]
                              for part in (slice(-1), slice(1, None))], -1), ("x", "bnds"), {})),
    }.items()),
]  # fmt: skip
