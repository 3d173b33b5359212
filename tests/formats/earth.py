"""Cases of the table: where on the Earth cells lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import zarr
from affine import Affine

from tests.formats.case import Case, Given
from tests.formats.stores import add, by_zarr, lonlat, numbers, write
from tests.formats.truth import DEGREES, Separable, Truth, edges_of

DEGREES_SECTION = "Longitudes and latitudes"
CRS_SECTION = "Coordinate reference systems"
WEST_TO_EAST = -178.5 + 3 * np.arange(120)
FROM_ZERO = 1.5 + 3 * np.arange(120)
NORTH_TO_SOUTH = 88.5 - 3 * np.arange(60)
GAUSSIAN = np.degrees(np.arcsin(np.polynomial.legendre.leggauss(32)[0]))[::-1]
SOME_LON, SOME_LAT = 5 + 0.5 * np.arange(61), 60 - 0.5 * np.arange(41)


def _degrees(lon: np.ndarray, lat: np.ndarray, unrolled: Any = None, **more: Any) -> Any:
    """A grid of these longitudes and latitudes.

    Args:
        unrolled: the longitudes without a jump, where they have one.
    """

    def make(folder: Path) -> Given:
        data = numbers("f4", (len(lat), len(lon)))
        path = write(folder / "a.zarr", data, coordinates={"lon": lon, "lat": lat})
        known = lon if unrolled is None else unrolled
        place = lonlat(np.asarray(known, "f8"), np.asarray(lat, "f8"))
        return Given({"url": "a.zarr"}, "a", (Truth(place, by_zarr(path)),), dims={}, **more)

    return make


def _twice(folder: Path) -> Given:
    """The last column is the first once more."""
    given = _degrees(3.0 * np.arange(121), NORTH_TO_SOUTH, bbox=(-180, -90, 180, 90))(folder)
    array = zarr.open_group(folder / "a.zarr")["a"]
    assert isinstance(array, zarr.Array)
    array[:, -1] = np.asarray(array[:, 0])
    return given


def _one(rows: int, cols: int) -> Any:
    """Few cells, whose size only their neighbours along the other axis can tell."""

    def make(folder: Path) -> Given:
        lon, lat = 10 + 2.0 * np.arange(cols), 50 - 2.0 * np.arange(rows)
        data = numbers("f4", (rows, cols))
        path = write(folder / "a.zarr", data, coordinates={"lon": lon, "lat": lat})
        x, y = 9 + 2.0 * np.arange(cols + 1), 51 - 2.0 * np.arange(rows + 1)
        place = Separable(DEGREES, x, y)
        return Given({"url": "a.zarr"}, "a", (Truth(place, by_zarr(path)),), dims={})

    return make


def _mapped(
    crs: str, step: float, middle: tuple[float, float], attrs: Mapping[str, Any], **more: Any
) -> Any:
    """A grid around a point of a CRS, which a grid mapping tells."""

    def make(folder: Path) -> Given:
        x, y = _axes(crs, step, middle)
        path = write(
            folder / "a.zarr", numbers("f4", (len(y), len(x))), ("y", "x"),
            {"x": x, "y": y}, attrs={"grid_mapping": "crs"},
        )  # fmt: skip
        add(zarr.open_group(path), "crs", np.array(0), (), attrs)
        place = Separable(crs, edges_of(x), edges_of(y))
        return Given({"url": "a.zarr"}, "a", (Truth(place, by_zarr(path)),), dims={}, **more)

    return make


def _axes(crs: str, step: float, middle: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    to_crs = pyproj.Transformer.from_crs(DEGREES, crs, always_xy=True)
    x, y = (round(part / step) * step for part in to_crs.transform(*middle))
    return x + step * np.arange(-40, 41), y - step * np.arange(-30, 31)


def _by_catalogue(folder: Path) -> Given:
    """x and y alone; the catalogue tells the CRS."""
    x, y = _axes("EPSG:2056", 1000.0, (8.2, 46.8))
    path = write(folder / "a.zarr", numbers("f4", (61, 81)), ("y", "x"), {"x": x, "y": y})
    place = Separable("EPSG:2056", edges_of(x), edges_of(y))
    entry = {"url": "a.zarr", "crs": "EPSG:2056"}
    return Given(entry, "a", (Truth(place, by_zarr(path)),), dims={})


def _affine_alone(folder: Path) -> Given:
    """No coordinates: spatial_ref with the GeoTransform that GDAL and rioxarray write."""
    group = zarr.create_group(folder / "a.zarr")
    add(group, "a", numbers("f4", (61, 81)), ("y", "x"), {"grid_mapping": "spatial_ref"})
    about = {"crs_wkt": pyproj.CRS("EPSG:32633").to_wkt(), "GeoTransform": "4e5 500 0 5.4e6 0 -500"}
    add(group, "spatial_ref", np.array(0), (), about)
    place = Separable.of_affine("EPSG:32633", Affine(500, 0, 4e5, 0, -500, 5.4e6), (61, 81))
    truth = Truth(place, by_zarr(folder / "a.zarr"))
    return Given({"url": "a.zarr"}, "a", (truth,), dims={})


def _geostationary(folder: Path) -> Given:
    """Scan angles in radians, as CF and the satellites have them."""
    height, lon = 35785831.0, 140.7
    angles = np.linspace(-0.15, 0.15, 121)
    about = {
        "grid_mapping_name": "geostationary", "perspective_point_height": height,
        "longitude_of_projection_origin": lon, "sweep_angle_axis": "y",
        "semi_major_axis": 6378137.0, "semi_minor_axis": 6356752.31414,
    }  # fmt: skip
    units = {"units": "rad"}
    path = write(
        folder / "a.zarr", numbers("f4", (121, 121)), ("y", "x"),
        {"x": (angles, {**units, "standard_name": "projection_x_coordinate"}),
         "y": (-angles, {**units, "standard_name": "projection_y_coordinate"})},
        attrs={"grid_mapping": "crs"},
    )  # fmt: skip
    add(zarr.open_group(path), "crs", np.array(0), (), about)
    edges = edges_of(angles) * height
    crs = f"+proj=geos +h={height} +lon_0={lon} +sweep=y +a=6378137 +b=6356752.31414"
    truth = Truth(Separable(crs, edges, -edges), by_zarr(path))
    # The corners see past the Earth: the box is of what is seen.
    box = _seen(crs, edges)
    return Given({"url": "a.zarr"}, "a", (truth,), dims={}, bbox=box)


def _seen(crs: str, edges: np.ndarray) -> tuple[float, float, float, float]:
    """The box of all that a satellite sees, by a mesh of pyproj."""
    to_lonlat = pyproj.Transformer.from_crs(crs, DEGREES, always_xy=True)
    side = np.linspace(edges[0], edges[-1], 4001)
    x, y = np.meshgrid(side, side[::4])
    lon, lat = to_lonlat.transform(x, y)
    east = (lon[np.isfinite(lon)] - 140.7 + 180) % 360 - 180 + 140.7
    known = lat[np.isfinite(lat)]
    high = max(float(east.max()), 0.0)
    return (
        float(east.min()), float(known.min()), high - 360 if high > 180 else high,
        float(known.max()),
    )  # fmt: skip


ROTATED = {
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": 39.25,
    "grid_north_pole_longitude": -162.0,
}
ROTATED_CRS = pyproj.CRS.from_cf(ROTATED).to_wkt()


def _rotated_pole(folder: Path) -> Given:
    """rlon and rlat of a rotated pole, as regional climate models write them."""
    rlon, rlat = -10 + 0.44 * np.arange(50), -12 + 0.44 * np.arange(60)
    path = write(
        folder / "a.zarr", numbers("f4", (60, 50)), ("rlat", "rlon"),
        {"rlon": (rlon, {"standard_name": "grid_longitude", "units": "degrees"}),
         "rlat": (rlat, {"standard_name": "grid_latitude", "units": "degrees"})},
        attrs={"grid_mapping": "rotated_pole"},
    )  # fmt: skip
    add(zarr.open_group(path), "rotated_pole", np.array(0), (), ROTATED)
    place = Separable(ROTATED_CRS, edges_of(rlon), edges_of(rlat))
    return Given({"url": "a.zarr"}, "a", (Truth(place, by_zarr(path)),), dims={})


def _wkt(crs: str) -> dict[str, Any]:
    return {"crs_wkt": pyproj.CRS(crs).to_wkt()}


def _cf(crs: str) -> dict[str, Any]:
    """The attributes of CF alone."""
    about = pyproj.CRS(crs).to_cf()
    return {name: value for name, value in about.items() if name != "crs_wkt"}


JITTER = np.random.default_rng(2).uniform(-1e-9, 1e-9, 61)
LAMBERT = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=48 +lon_0=10 +datum=WGS84 +units=m"
SINUSOIDAL = "+proj=sinu +lon_0=0 +R=6371007.181 +units=m"
ACROSS = 170.5 + np.arange(20)

CASES = [
    *(Case(DEGREES_SECTION, name, make) for name, make in {
        "global, longitudes from -180": _degrees(WEST_TO_EAST, NORTH_TO_SOUTH),
        "global, longitudes from 0": _degrees(FROM_ZERO, NORTH_TO_SOUTH),
        "global, a column that comes twice (0 and 360)": _twice,
        "global, longitudes that fall": _degrees(WEST_TO_EAST[::-1].copy(), NORTH_TO_SOUTH),
        "global, rotated to begin at 100": _degrees(100 + FROM_ZERO, NORTH_TO_SOUTH),
        "Gaussian latitudes": _degrees(FROM_ZERO, GAUSSIAN),
        "cells centred on the poles":
            _degrees(WEST_TO_EAST, 90 - 3.0 * np.arange(61), bbox=(-180, -90, 180, 90)),
        "south at the top": _degrees(SOME_LON, SOME_LAT[::-1].copy()),
        "regional, 350 to 370": _degrees(350.5 + np.arange(20), SOME_LAT),
        "regional, 350 to 359 and 0 to 10":
            _degrees((350.5 + np.arange(20)) % 360, SOME_LAT, 350.5 + np.arange(20)),
        "regional across 180, as 170 to 190": _degrees(ACROSS, SOME_LAT),
        "regional across 180, as 170 to 180 and -180 to -170":
            _degrees((ACROSS + 180) % 360 - 180, SOME_LAT, ACROSS),
        "coordinates of float32": _degrees((5 + 0.1 * np.arange(61)).astype("f4"),
                                           (60 - 0.1 * np.arange(41)).astype("f4")),
        "coordinates that jitter": _degrees(SOME_LON + JITTER, SOME_LAT),
        "irregular latitudes and longitudes":
            _degrees(10 + np.cumsum(0.3 + 0.2 * np.sin(np.arange(50))),
                     50 - np.cumsum(0.2 + 0.1 * np.cos(np.arange(40)))),
        "one row": _one(1, 30),
        "one column": _one(30, 1),
    }.items()),
    *(Case(CRS_SECTION, name, make) for name, make in {
        "UTM by WKT": _mapped("EPSG:32633", 1000, (13.0, 52.0), _wkt("EPSG:32633"),
                              sets=("WebMercatorQuad", "UTM33WGS84Quad")),
        "UTM by attributes of CF": _mapped("EPSG:32721", 1000, (-57.0, -30.0), _cf("EPSG:32721")),
        "Europe's Lambert azimuthal equal area":
            _mapped("EPSG:3035", 20_000, (10.0, 52.0), _wkt("EPSG:3035"),
                    sets=("WebMercatorQuad", "EuropeanETRS89_LAEAQuad")),
        "polar stereographic, around the north pole":
            _mapped("EPSG:3413", 50_000, (0.0, 90.0), _cf("EPSG:3413"),
                    sets=("WebMercatorQuad", "EPSG3413Quad", "UPSArcticWGS84Quad")),
        "polar stereographic, around the south pole":
            _mapped("EPSG:3031", 50_000, (0.0, -90.0), _wkt("EPSG:3031"),
                    sets=("WebMercatorQuad", "EPSG3031Quad")),
        "Web Mercator": _mapped("EPSG:3857", 5000, (20.0, -30.0), _wkt("EPSG:3857")),
        "Lambert conformal conic by attributes of CF":
            _mapped(LAMBERT, 30_000, (10.0, 48.0), _cf(LAMBERT)),
        "sinusoidal (MODIS)": _mapped(SINUSOIDAL, 20_000, (-92.0, 45.0), _wkt(SINUSOIDAL)),
        "Switzerland's, from the catalogue": _by_catalogue,
        "a GeoTransform without coordinates": _affine_alone,
        "geostationary, scan angles": _geostationary,
        "rotated pole": _rotated_pole,
    }.items()),
]  # fmt: skip
