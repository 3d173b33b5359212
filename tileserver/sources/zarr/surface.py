"""2-D coordinates: arrays of longitudes and latitudes that place each cell (CF section 5.2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.errors import CatalogError
from tileserver.grid import Grid
from tileserver.lookup.curvilinear import (
    MOST_CELLS,
    curvilinear_grid,
    curvilinear_grid_of_corners,
)
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.cf import packing_of
from tileserver.sources.zarr.hierarchy import Document, parent
from tileserver.sources.zarr.scope import Scope

LON_UNITS = ("degrees_east", "degree_east", "degrees_e", "degree_e")
LAT_UNITS = ("degrees_north", "degree_north", "degrees_n", "degree_n")
OTHER_UNITS = ("", "degree", "degrees", "deg", "rad", "radian", "radians")
# What files call them that tell no standard names: lon_rho, nav_lon, XLONG, TLAT, geolon, glamt;
# but longwave and latent heat are none.
LON_NAME = re.compile(
    r"(nav_|geo)?(longitude|lon)\d*(_[a-z0-9]+)?|[xtuv]long(_[a-z0-9]+)?|long|glam[tuvf]", re.I
)
LAT_NAME = re.compile(
    r"(nav_|geo)?(latitude|lat)\d*(_[a-z0-9]+)?|[xtuv]lat(_[a-z0-9]+)?|gphi[tuvf]", re.I
)
LON_WORD = re.compile(r"longitude|long|lon|glam", re.I)
LAT_WORD = re.compile(r"latitude|lat|gphi", re.I)
HIGHEST_DEG = 90.001
SAME_PLACE = 0.5  # of a cell, by which 1-D coordinates may differ from 2-D ones


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arrays on the same two dimensions.

    Args:
        lon, lat: their paths.
        dims: rows and columns.
        told: whether the variable's own attribute names them.
    """

    lon: str
    lat: str
    dims: tuple[str, str]
    told: bool


@dataclass(frozen=True, slots=True)
class Surface:
    """The grid that a pair makes."""

    pair: Pair
    grid: Grid

    def place(self, name: str, array: ZarrArray) -> tuple[ZarrArray, Grid]:
        """An array in canonical order, and the grid. Raises CatalogError."""
        last = [array.dims.index(dim) for dim in self.pair.dims]
        leading = [i for i in range(len(array.dims)) if i not in last]
        placed = array.ordered((*leading, *last))
        if placed.shape[-2:] != self.grid.shape:
            raise CatalogError(
                f"variable {name!r}: it has {placed.shape[-2:]} cells, its 2-D coordinates "
                f"{self.grid.shape}: rewrite the one that is wrong"
            )
        return placed, self.grid

    def agrees(self, plain: Grid) -> bool:
        """Whether cells lie where a grid of 1-D longitudes and latitudes has them too."""
        lookup = self.grid.lookup
        assert lookup is not None
        if self.grid.shape != plain.shape:
            return False
        rows, cols = (np.unique(np.linspace(0, n - 1, 33).round()) for n in plain.shape)
        lon, lat = lookup.points(*np.meshgrid(cols + 0.5, rows + 0.5))
        at = (plain.x.positions(lon), plain.y.positions(lat))
        apart = [
            np.abs(found - own) for found, own in zip(at, np.meshgrid(cols, rows), strict=True)
        ]
        far = [np.isfinite(lon) & ~(each - 0.5 <= SAME_PLACE) for each in apart]
        return not np.logical_or(*far).any()


def coordinates_of(scope: Scope, arrays: Mapping[str, ZarrArray]) -> dict[str, list[str]]:
    """The names of all 2-D coordinates, by their group."""
    found: dict[str, list[str]] = {}
    for path in sorted(arrays):
        attrs = scope.hierarchy.attrs[path]
        if len(arrays[path].dims) in (2, 3) and (_is_lon(attrs, path) or _is_lat(attrs, path)):
            found.setdefault(parent(path), []).append(path.rpartition("/")[2])
    return found


def pair_of(
    path: str, scope: Scope, arrays: Mapping[str, ZarrArray], known: Mapping[str, Sequence[str]]
) -> Pair | None:
    """The 2-D longitudes and latitudes of an array: those that it names, else some beside it.

    Args:
        known: as `coordinates_of` finds them.
    """
    attrs, array, group = scope.hierarchy.attrs, arrays[path], parent(path)
    told = _names(attrs[path])
    beside = [*told, *_names(attrs.get(group, {})), *known.get(group, ())]
    for names, is_told in ((told, True), (beside, False)):
        search = scope.across if is_told else scope.find
        found = (search(group, name) for name in names)
        fitting = [p for p in found if p in arrays and p != path and p is not None]
        fitting = [p for p in fitting if _dims(arrays[p], array) is not None]
        lons = [p for p in fitting if _is_lon(attrs[p], p)]
        lats = [p for p in fitting if _is_lat(attrs[p], p)]
        for lon, lat in _matched(lons, lats):
            dims = _dims(arrays[lon], array)
            if dims is not None and dims == _dims(arrays[lat], array):
                return Pair(lon, lat, dims, is_told)
    return None


def _is_lon(attrs: Document, path: str) -> bool:
    return _is(attrs, path, "longitude", LON_UNITS, LON_NAME)


def _is_lat(attrs: Document, path: str) -> bool:
    return _is(attrs, path, "latitude", LAT_UNITS, LAT_NAME)


def _names(attrs: Document) -> list[str]:
    told = attrs.get("coordinates")
    return told.split() if isinstance(told, str) else []


def _dims(coordinate: ZarrArray, array: ZarrArray) -> tuple[str, str] | None:
    """The two dimensions of a coordinate that are an array's too; a leading one may be the time."""
    dims = coordinate.dims
    if len(dims) not in (2, 3) or not set(dims[-2:]) <= set(array.dims) or dims[-1] == dims[-2]:
        return None
    return (dims[-2], dims[-1])


def _is(
    attrs: Document, path: str, standard: str, units: Sequence[str], name: re.Pattern[str]
) -> bool:
    if "standard_name" in attrs:
        return bool(attrs["standard_name"] == standard)
    told = str(attrs.get("units", "")).lower()
    if told in units:
        return True
    return told in OTHER_UNITS and name.fullmatch(path.rpartition("/")[2]) is not None


def _matched(lons: Sequence[str], lats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs, those first that are called alike but for lon and lat."""
    pairs = [(lon, lat) for lon in lons for lat in lats if lon != lat]
    yield from sorted(
        pairs, key=lambda pair: LON_WORD.sub("", pair[0]) != LAT_WORD.sub("", pair[1])
    )


async def read_surface(
    pair: Pair, scope: Scope, arrays: Mapping[str, ZarrArray], pool: Executor
) -> Surface:
    """The grid of a pair, its arrays read whole. Raises CatalogError, SourceError."""
    names = " and ".join(path.rpartition("/")[2] for path in (pair.lon, pair.lat))
    cells = int(np.prod(arrays[pair.lon].shape[-2:]))
    if cells > MOST_CELLS:
        raise CatalogError(
            f"2-D coordinates {names} are of {cells} cells, at most {MOST_CELLS} are looked up: "
            "regrid them, or register a coarser copy"
        )
    paths = [pair.lon, pair.lat]
    corners = [_corners_of(path, scope, arrays) for path in paths]
    if None not in corners:
        paths += [path for path in corners if path is not None]
    read = await asyncio.gather(*(arrays[path].values() for path in paths))
    attrs = [scope.hierarchy.attrs[path] for path in paths]
    parts = [(arrays[p], a, v) for p, a, v in zip(paths, attrs, read, strict=True)]
    loop = asyncio.get_running_loop()
    try:
        return Surface(pair, await loop.run_in_executor(pool, _grid_of, parts))
    except ValueError as error:
        raise CatalogError(f"2-D coordinates {names} cannot be used: {error}") from error


def _corners_of(path: str, scope: Scope, arrays: Mapping[str, ZarrArray]) -> str | None:
    """The array of the four corners of each cell."""
    told = scope.hierarchy.attrs[path].get("bounds")
    found = scope.find(parent(path), told) if isinstance(told, str) else None
    if found is None or found not in arrays:
        return None
    wanted = (*arrays[path].shape[-2:], 4)
    return found if arrays[found].shape == wanted else None


def _grid_of(parts: Sequence[tuple[ZarrArray, Document, npt.NDArray[Any]]]) -> Grid:
    lon, lat = (_degrees(*part) for part in parts[:2])
    _hide_missing(lon, lat)
    if len(parts) == 4:
        corner_lon, corner_lat = (_degrees(*part) for part in parts[2:])
        _hide_missing(corner_lon, corner_lat)
        corner_lon[np.isnan(lon)] = np.nan
        grid = curvilinear_grid_of_corners(corner_lon, corner_lat)
        if grid is not None:
            return grid
    return curvilinear_grid(lon, lat)


def _degrees(array: ZarrArray, attrs: Document, values: npt.NDArray[Any]) -> Floats:
    """Physical numbers in degrees, NaN where missing, of the first step of those with times."""
    if values.dtype.kind not in "iuf":
        raise ValueError("they are not numbers")
    decoded = np.array(packing_of(array, attrs).decode(values), np.float64)
    if decoded.ndim == 3 and decoded.shape[-1] != 4:
        if not np.array_equal(decoded[0], decoded[-1], equal_nan=True):
            raise ValueError("they move with time: store one grid, or each step on its own")
        decoded = decoded[0]
    return np.degrees(decoded) if str(attrs.get("units", "")).lower().startswith("rad") else decoded


def _hide_missing(lon: Floats, lat: Floats) -> None:
    """Places that are none on the Earth, such as fill values that no attribute names."""
    with np.errstate(invalid="ignore"):
        missing = ~(np.isfinite(lon) & (np.abs(lon) <= 720) & (np.abs(lat) <= HIGHEST_DEG))
    lon[missing] = lat[missing] = np.nan
