"""Where the cells of a Zarr array lie, by CF, GeoZarr and GDAL attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyproj
from affine import Affine

from tileserver.errors import CatalogError
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.lookup.affine import affine_grid
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.crs import crs_of, usable
from tileserver.sources.zarr.hierarchy import Document
from tileserver.sources.zarr.mapaxis import Coordinate, map_axes

__all__ = ["Coordinate", "Georeference"]

# By CF standard name, axis and units first; these names are what files without them use.
X_NAMES = ("x", "lon", "longitude", "long", "easting", "xc", "rlon", "nav_lon")
Y_NAMES = ("y", "lat", "latitude", "northing", "yc", "rlat", "nav_lat")
X_STANDARD = (
    *("longitude", "projection_x_coordinate", "grid_longitude"),
    "projection_x_angular_coordinate",
)
Y_STANDARD = (
    *("latitude", "projection_y_coordinate", "grid_latitude"),
    "projection_y_angular_coordinate",
)
DEGREES_EAST = ("degrees_east", "degree_east", "degrees_e", "degree_e")
DEGREES_NORTH = ("degrees_north", "degree_north", "degrees_n", "degree_n")
CRS_NAMES = ("spatial_ref", "crs")
MAP_NAMES = (*X_NAMES, *Y_NAMES)


def tells_place(attrs: Document) -> bool:
    """Whether attributes are those of a coordinate of the map."""
    if attrs.get("standard_name") in (*X_STANDARD, *Y_STANDARD):
        return True
    return str(attrs.get("units", "")).lower() in (*DEGREES_EAST, *DEGREES_NORTH)


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
        try:
            if x not in self.coordinates or y not in self.coordinates:
                return self._affine_grid(name, x, crs, (shape[0], shape[1]))
            # Variables on the same axes share one grid, and all that is kept by it.
            key = (x, y, crs.srs)
            if key not in self.grids:
                self.grids[key] = Grid(
                    crs, *map_axes(self.coordinates[x], self.coordinates[y], crs)
                )
            return self.grids[key]
        except ValueError as error:
            raise CatalogError(
                f"variable {name!r}: coordinates {x} and {y} cannot be used: {error}"
            ) from error

    def _affine_grid(self, name: str, x: str, crs: pyproj.CRS, shape: tuple[int, int]) -> Grid:
        """From GeoTransform (GDAL), spatial:transform or spatial:bbox, without coordinates."""
        mapping = self.attrs.get(self._mapping(name, x), {})
        named = (self.attrs.get(n, {}) for n in CRS_NAMES)
        told = (self.attrs.get(name, {}), mapping, self.attrs.get("", {}), *named)
        for attrs in told:
            transform = _transform(attrs, shape)
            if transform is not None:
                return affine_grid(crs, transform, shape)
        raise CatalogError(
            f"variable {name!r}: no coordinates for its map dimensions: "
            "add 1-D coordinate arrays, spatial:transform or a GeoTransform"
        )

    def _mapping(self, name: str, x: str) -> str:
        """The name of the variable's grid mapping; of the extended form "crs: x y other: lat lon"
        that which is told for the axis x."""
        told = self.attrs.get(name, {}).get("grid_mapping")
        words = told.split() if isinstance(told, str) else []
        mappings = [word.rstrip(":") for word in words if word.endswith(":")]
        if not mappings:
            return words[0] if words else ""
        current = mappings[0]
        for word in words:
            current = word.rstrip(":") if word.endswith(":") else current
            if word == x:
                return current
        return mappings[0]

    def _crs(self, name: str, x: str, y: str) -> pyproj.CRS:
        try:
            found = self._declared_crs(name, x)
        except (pyproj.exceptions.CRSError, ValueError) as error:
            raise CatalogError(
                f"variable {name!r}: its CRS cannot be understood: {error}: "
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

    def _declared_crs(self, name: str, x: str) -> pyproj.CRS | None:
        if self.crs is not None:
            return usable(parse_crs(self.crs))
        mapping = self._mapping(name, x)
        named = self.attrs.get(mapping) if mapping else None
        for source in (named, self.attrs.get(name), self.attrs.get("")):
            crs = crs_of(source) if source else None
            if crs is not None:
                return crs
        described = [self.attrs[n] for n in CRS_NAMES if n in self.attrs]
        described += [about for about in self.attrs.values() if "grid_mapping_name" in about]
        return next((crs for attrs in described if (crs := crs_of(attrs))), None)


def _transform(attrs: Document, shape: tuple[int, int]) -> Affine | None:
    """From pixel corners to CRS units; of numbers that lie on nodes, around these."""
    on_nodes = str(attrs.get("spatial:registration", "")).lower() == "node"
    found = None
    if "spatial:transform" in attrs:
        found = Affine(*attrs["spatial:transform"][:6])
        if on_nodes:
            found *= Affine.translation(-0.5, -0.5)
    elif "GeoTransform" in attrs:
        text = attrs["GeoTransform"]
        numbers = text.replace(",", " ").split() if isinstance(text, str) else text
        found = Affine.from_gdal(*(float(v) for v in numbers))
    elif "spatial:bbox" in attrs:
        found = _between(attrs["spatial:bbox"], shape, on_nodes)
    return found


def _between(bbox: Sequence[float], shape: tuple[int, int], on_nodes: bool) -> Affine | None:
    """North-up, within the bounds of all cells, or of their centres where numbers lie on nodes."""
    west, south, east, north = (float(v) for v in bbox)
    height, width = (n - on_nodes for n in shape)
    if not (west < east and south < north and height and width):
        return None
    steps = (east - west) / width, (south - north) / height
    found = Affine(steps[0], 0.0, west, 0.0, steps[1], north)
    return found * Affine.translation(-0.5, -0.5) if on_nodes else found
