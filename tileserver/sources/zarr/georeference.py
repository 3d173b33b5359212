"""Where the cells of a Zarr array lie, by CF, GeoZarr and GDAL attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
import pyproj
from affine import Affine

from tileserver.errors import CatalogError
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Axis, Grid, is_degrees, parse_crs
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.hierarchy import Document

# By CF standard name, axis and units first; these names are what files without them use.
X_NAMES = ("x", "lon", "longitude", "long", "easting", "xc", "rlon", "nav_lon")
Y_NAMES = ("y", "lat", "latitude", "northing", "yc", "rlat", "nav_lat")
X_STANDARD = ("longitude", "projection_x_coordinate", "grid_longitude")
Y_STANDARD = ("latitude", "projection_y_coordinate", "grid_latitude")
DEGREES_EAST = ("degrees_east", "degree_east", "degrees_e", "degree_e")
DEGREES_NORTH = ("degrees_north", "degree_north", "degrees_n", "degree_n")
CRS_NAMES = ("spatial_ref", "crs")


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A 1-D coordinate: its values as stored, and its attributes."""

    values: npt.NDArray[Any]
    attrs: Document


@dataclass(frozen=True, slots=True)
class Georeference:
    """Finds the two map dimensions of an array and the grid that they make."""

    coordinates: Mapping[str, Coordinate]
    attrs: Mapping[str, Document]
    crs: str | None
    grids: dict[tuple[str, str, str], Grid] = field(default_factory=dict)

    def place(self, name: str, array: ZarrArray) -> tuple[ZarrArray, Grid]:
        """The array in canonical order and its grid. Raises CatalogError where it has none."""
        if array.dtype.kind not in "iuf":
            raise CatalogError(
                f"variable {name!r}: {array.dtype} cannot be drawn, expected numbers"
            )
        if 0 in array.shape:
            raise CatalogError(f"variable {name!r}: it has no cells (shape {array.shape})")
        x, y = self._find(array.dims, "x"), self._find(array.dims, "y")
        if x is None or y is None:
            raise CatalogError(
                f"variable {name!r}: no map, as {', '.join(array.dims) or 'no dimension'} holds no "
                "x and y; name them lon and lat (or x and y) or give them CF axis attributes"
            )
        leading = [i for i, dim in enumerate(array.dims) if dim not in (x, y)]
        order = (*leading, array.dims.index(y), array.dims.index(x))
        self._check_sizes(name, array)
        placed = array.ordered(order)
        return placed, self._grid(name, x, y, placed.shape[-2:])

    def _check_sizes(self, name: str, array: ZarrArray) -> None:
        """Every coordinate is as long as the array along its dimension."""
        for dim, size in zip(array.dims, array.shape, strict=True):
            coordinate = self.coordinates.get(dim)
            if coordinate is not None and coordinate.values.size != size:
                raise CatalogError(
                    f"variable {name!r}: it has {size} cells along {dim}, whose coordinate has "
                    f"{coordinate.values.size} values: rewrite the one that is wrong"
                )

    def _find(self, dims: tuple[str, ...], axis: str) -> str | None:
        standard, units, names = (
            (X_STANDARD, DEGREES_EAST, X_NAMES)
            if axis == "x"
            else (Y_STANDARD, DEGREES_NORTH, Y_NAMES)
        )
        for dim in dims:
            attrs = self.attrs.get(dim, {})
            if (
                attrs.get("standard_name") in standard
                or str(attrs.get("axis", "")).lower() == axis
                or str(attrs.get("units", "")).lower() in units
            ):
                return dim
        return next((dim for dim in dims if dim.lower() in names), None)

    def _grid(self, name: str, x: str, y: str, shape: tuple[int, ...]) -> Grid:
        crs = self._crs(name, x, y)
        period = FULL_CIRCLE_DEG if is_degrees(crs) else None
        try:
            if x not in self.coordinates or y not in self.coordinates:
                return self._affine_grid(name, crs, (shape[0], shape[1]))
            # Variables on the same axes share one grid, and all that is kept by it.
            return self.grids.setdefault(
                (x, y, crs.srs),
                Grid(crs, _axis(self.coordinates[x], period), _axis(self.coordinates[y], None)),
            )
        except ValueError as error:
            raise CatalogError(
                f"variable {name!r}: coordinates {x} and {y} cannot be used: {error}"
            ) from error

    def _affine_grid(self, name: str, crs: pyproj.CRS, shape: tuple[int, int]) -> Grid:
        """From GeoTransform (GDAL) or spatial:transform, where coordinates are left out."""
        mapping = self.attrs.get(self._mapping(name), {})
        named = (self.attrs.get(n, {}) for n in CRS_NAMES)
        for attrs in (self.attrs.get(name, {}), mapping, self.attrs.get("", {}), *named):
            if "spatial:transform" in attrs:
                return Grid.from_affine(crs, Affine(*attrs["spatial:transform"][:6]), shape)
            if "GeoTransform" in attrs:
                numbers = [float(v) for v in str(attrs["GeoTransform"]).split()]
                return Grid.from_affine(crs, Affine.from_gdal(*numbers), shape)
        raise CatalogError(
            f"variable {name!r}: no coordinates for its map dimensions: "
            "add 1-D coordinate arrays, spatial:transform or a GeoTransform"
        )

    def _mapping(self, name: str) -> str:
        """The name of the variable's grid mapping; the extended form is "crs: x y"."""
        mapping = str(self.attrs.get(name, {}).get("grid_mapping", ""))
        return mapping.split(":")[0].split(" ")[0]

    def _crs(self, name: str, x: str, y: str) -> pyproj.CRS:
        try:
            found = self._declared_crs(name)
        except (pyproj.exceptions.CRSError, KeyError, TypeError, ValueError) as error:
            raise CatalogError(
                f"variable {name!r}: its CRS cannot be understood ({type(error).__name__}): "
                "set crs of the dataset in the catalogue, e.g. EPSG:32632"
            ) from error
        if found is not None:
            return found
        if self._is_lonlat(x, X_STANDARD, DEGREES_EAST, "lon"):
            return LONLAT
        if self._is_lonlat(y, Y_STANDARD, DEGREES_NORTH, "lat"):
            return LONLAT
        raise CatalogError(
            f"variable {name!r}: no CRS: add a grid_mapping or proj:code attribute, "
            "or set crs of the dataset in the catalogue, e.g. EPSG:32632"
        )

    def _is_lonlat(
        self, dim: str, standard: tuple[str, ...], units: tuple[str, ...], name: str
    ) -> bool:
        attrs = self.attrs.get(dim, {})
        return (
            attrs.get("standard_name") == standard[0]
            or str(attrs.get("units", "")).lower() in units
            or dim.lower().startswith(name)
        )

    def _declared_crs(self, name: str) -> pyproj.CRS | None:
        if self.crs is not None:
            return parse_crs(self.crs)
        mapping = self._mapping(name)
        named = self.attrs.get(mapping) if mapping else None
        for source in (named, self.attrs.get(name), self.attrs.get("")):
            crs = _crs_of(source) if source else None
            if crs is not None:
                return crs
        described = (self.attrs[n] for n in CRS_NAMES if n in self.attrs)
        return next((crs for attrs in described if (crs := _crs_of(attrs))), None)


def _crs_of(attrs: Document) -> pyproj.CRS | None:
    """The CRS in attributes: `proj:` convention, WKT, or CF grid mapping parameters."""
    for key in ("proj:code", "proj:epsg", "proj:wkt2", "proj:projjson", "crs_wkt", "spatial_ref"):
        value = attrs.get(key)
        if value:
            return pyproj.CRS.from_user_input(f"EPSG:{value}" if key == "proj:epsg" else value)
    if "grid_mapping_name" in attrs:
        return pyproj.CRS.from_cf(attrs)
    return None


def _axis(coordinate: Coordinate, period: float | None) -> Axis:
    values = coordinate.values
    if values.dtype.kind not in "iuf":
        raise ValueError("they are not numbers")
    scale = float(coordinate.attrs.get("scale_factor", 1.0))
    offset = float(coordinate.attrs.get("add_offset", 0.0))
    if scale != 1.0 or offset != 0.0:
        values = values * scale + offset
    return Axis.from_centers(values, period=period)
