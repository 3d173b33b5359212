"""Where the arrays of a hierarchy lie: each with what its own group, and those above it, tell."""

from __future__ import annotations

import asyncio
import struct
from collections import ChainMap
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tileserver.axis import Axis
from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.grid import Grid, is_degrees
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.cf import packing_of
from tileserver.sources.zarr.dimension import tells_time
from tileserver.sources.zarr.georeference import (
    CRS_NAMES,
    MAP_NAMES,
    Coordinate,
    Georeference,
    tells_place,
)
from tileserver.sources.zarr.healpix import MapArray, Pixels, numbers_cells
from tileserver.sources.zarr.hierarchy import Document, Hierarchy, parent
from tileserver.sources.zarr.pyramid import Pyramids, transform_of
from tileserver.sources.zarr.pyramid_levels import Placed, coarser
from tileserver.sources.zarr.scope import CRS_KEYS, Names, Scope, are_degrees, without_crs
from tileserver.sources.zarr.surface import Pair, Surface, coordinates_of, pair_of, read_surface
from tileserver.sources.zarr.tiepoint import TiePoints

LARGEST_COORDINATE = 10_000_000
LARGEST_DEG = 360.0  # whatever a latitude may exceed by, with cells that end beyond a pole


@dataclass(frozen=True, slots=True)
class Places:
    """Finds the place of arrays.

    Args:
        arrays: those of the hierarchy that can be read, by path.
        coordinates: that were read, by path.
        crs: what the catalogue says.
        ties: ground control points, where there are some.
    """

    hierarchy: Hierarchy
    scope: Scope
    pyramids: Pyramids
    arrays: Mapping[str, ZarrArray]
    coordinates: Mapping[str, Coordinate]
    crs: str | None
    ties: TiePoints | None = None
    _grids: dict[object, Grid] = field(default_factory=dict)
    _surfaces: dict[str, Surface | CatalogError] = field(default_factory=dict)
    _numbering: list[str] = field(default_factory=list)  # coordinates that number HEALPix cells

    def __post_init__(self) -> None:
        attrs = self.hierarchy.attrs
        self._numbering.extend(path for path in self.coordinates if numbers_cells(attrs[path]))

    async def read_surfaces(self, maps: Sequence[str], pool: Executor) -> set[str]:
        """Reads the 2-D coordinates of those arrays that no others place; their paths."""
        wanted: dict[Pair, list[tuple[str, Grid | None]]] = {}
        known = coordinates_of(self.scope, self.arrays)
        for path in maps:
            pair = pair_of(path, self.scope, self.arrays, known)
            plain = None if pair is None else self._plain(path)
            if pair is not None and (plain is None or (pair.told and is_degrees(plain.crs))):
                wanted.setdefault(pair, []).append((path, plain))
        made = await asyncio.gather(
            *(read_surface(pair, self.scope, self.arrays, pool) for pair in wanted),
            return_exceptions=True,
        )
        for paths, surface in zip(wanted.values(), made, strict=True):
            if isinstance(surface, BaseException) and not isinstance(surface, CatalogError):
                raise surface
            for path, plain in paths:
                if plain is None or (isinstance(surface, Surface) and not surface.agrees(plain)):
                    self._surfaces[path] = surface
        return {path for pair in wanted for path in (pair.lon, pair.lat)}

    def _plain(self, path: str) -> Grid | None:
        """The grid of an array without 2-D coordinates, if it has one."""
        try:
            return self._placed(path.rpartition("/")[2], path, {}).grid
        except (CatalogError, TypeError, ValueError, KeyError, struct.error):
            return None

    def _on_surface(self, name: str, path: str) -> tuple[ZarrArray, Grid] | None:
        """The array and its grid where 2-D coordinates place it. Raises CatalogError."""
        surface = self._surfaces.get(path)
        if isinstance(surface, CatalogError):
            raise CatalogError(f"variable {name!r}: {surface}")
        return None if surface is None else surface.place(name, self.arrays[path])

    def place(self, name: str, path: str, finest: Placed | None) -> Placed:
        """The array of a variable in canonical order, and its grid. Raises CatalogError.

        Args:
            finest: a level of the variable, from which others follow that tell no place.
        """
        array, rung = self.arrays[path], self.pyramids.rung(path)
        try:
            return self._placed(name, path, {})
        except CatalogError:
            sizes = dict(zip(array.dims, array.shape, strict=True))
            if finest is None or rung is None or not _is_regular(finest.grid):
                raise
            y, x = finest.array.dims[-2:]
            if y not in sizes or x not in sizes:
                raise
            told = coarser(finest.grid, (sizes[y], sizes[x]), rung.factor)
            return self._placed(name, path, {"spatial:transform": list(told[:6])})

    def _placed(self, name: str, path: str, told: Document) -> Placed:
        array, own, names = self.arrays[path], self.hierarchy.attrs[path], self._names(path)
        own = {**own, **self._transform(path, own, names), **told}
        rung = self.pyramids.rung(path)
        crs = rung.crs if rung is not None else None
        if crs is not None and not any(key in names[""] or key in own for key in CRS_KEYS):
            own["proj:code"] = crs
        axes = self._axes(path, array)
        # A coordinate may be called otherwise than its dimension.
        along = {dim: axis.attrs for dim, axis in axes.items() if dim not in names}
        seen: Names = ChainMap({name: own}, along, names)  # type: ignore[arg-type]
        placed, grid = (
            self._healpix(path, own, seen)
            or (self.ties and self.ties.place(name, path, array))
            or self._on_surface(name, path)
            or Georeference(axes, seen, self.crs).place(name, array)
        )
        _check_degrees(name, grid)
        leading = tuple(axes.get(dim) for dim in placed.dims[:-2])
        return Placed(path, placed, self._shared(grid), packing_of(array, own), leading)

    def _healpix(self, path: str, own: Document, seen: Names) -> tuple[MapArray, Grid] | None:
        """The array and its grid where its cells are those of HEALPix."""
        array = self.arrays[path]
        numbers = {
            self.arrays[other].dims[0]: self.coordinates[other]
            for other in self._numbering
            if self.scope.find(parent(path), other.rpartition("/")[2]) == other
        }
        pixels = Pixels.find(array, own, seen, numbers)
        return None if pixels is None else pixels.place(array, own)

    def _names(self, path: str) -> Names:
        """Attributes as the array sees them: one that is a coarser level, as from a group below."""
        rung = self.pyramids.rung(path)
        is_coarser = rung is not None and rung.path == path and rung.factor != (1.0, 1.0)
        names = self.scope.names(parent(path), from_above=is_coarser)
        return without_crs(names) if are_degrees(self.arrays[path].dims, names) else names

    def _transform(self, path: str, own: Document, names: Names) -> Document:
        """What places it without coordinates, the nearest word first."""
        rung, sizes = self.pyramids.rung(path), self._sizes(path)
        told = rung.transform if rung is not None else None
        found = transform_of(own, sizes) or transform_of(names[""], sizes) or told
        return {} if found is None else {"spatial:transform": list(found)}

    def _axes(self, path: str, array: ZarrArray) -> dict[str, Coordinate]:
        """The coordinates of its dimensions; one from above only where it fits."""
        rung = self.pyramids.rung(path)
        axes = {}
        for dim, size in zip(array.dims, array.shape, strict=True):
            where = axis_path(self.scope, self.arrays, parent(path), dim)
            found = self.coordinates.get(where) if where is not None else None
            if found is None or where is None:
                continue
            is_own = parent(where) == parent(path) and (rung is None or rung.path != path)
            if is_own or found.values.size == size:
                axes[dim] = found
        return axes

    def _sizes(self, path: str) -> set[int]:
        return set(self.arrays[path].shape)

    def _shared(self, grid: Grid) -> Grid:
        """One grid for all variables on the same cells, and all that is kept by it."""
        key = (grid.crs.srs, _axis_key(grid.x), _axis_key(grid.y), grid.lookup)
        return self._grids.setdefault(key, grid)


def _check_degrees(name: str, grid: Grid) -> None:
    """Metres are taken for degrees by no map, though converters write such a CRS."""
    if is_degrees(grid.crs) and grid.lookup is None and max(-grid.y.low, grid.y.high) > LARGEST_DEG:
        raise CatalogError(
            f"variable {name!r}: its coordinates reach {grid.y.high:g}, which are no degrees, as "
            "its CRS would have it: correct that, or set crs of the dataset in the catalogue"
        )


def _axis_key(axis: Axis) -> object:
    edges = None if axis.edges is None else axis.edges.tobytes()
    return (axis.start, axis.step, axis.size, axis.period, edges)


def _is_regular(grid: Grid) -> bool:
    return grid.lookup is None and grid.x.edges is None and grid.y.edges is None


async def read_coordinates(
    scope: Scope, arrays: Mapping[str, ZarrArray], wanted: Sequence[str], unread: dict[str, str]
) -> dict[str, Coordinate]:
    """The 1-D arrays that are the axes of arrays by path, all read at once.

    Args:
        unread: takes those that are damaged or too large, by path, with the reason.
    """
    dims = {(parent(path), dim) for path in wanted for dim in arrays[path].dims}
    found = {
        path for path in (axis_path(scope, arrays, *each) for each in dims) if path is not None
    }
    found |= {path for path in arrays if numbers_cells(scope.hierarchy.attrs[path])}
    attrs = scope.hierarchy.attrs
    paths = sorted(path for path in found if path in arrays and _is_axis(arrays[path], attrs[path]))
    edges = {path: _edges_of(path, scope, arrays) for path in paths}
    both = [*paths, *sorted({path for path in edges.values() if path is not None})]
    values = await asyncio.gather(*(_values(arrays[path], unread) for path in both))
    same: dict[object, npt.NDArray[np.generic]] = {}
    known = {
        path: same.setdefault(_content(read), read)
        for path, read in zip(both, values, strict=True)
        if read is not None
    }
    return {
        path: Coordinate(known[path], attrs[path], known.get(edges[path] or ""))
        for path in paths
        if path in known
    }


async def _values(array: ZarrArray, unread: dict[str, str]) -> npt.NDArray[np.generic] | None:
    try:
        return await array.values()
    except SourceUnavailable:
        raise
    except (CatalogError, SourceError) as error:
        unread[array.path] = str(error)
        return None


def _edges_of(path: str, scope: Scope, arrays: Mapping[str, ZarrArray]) -> str | None:
    """The array of the two edges of each cell along an axis of the map."""
    attrs, name = scope.hierarchy.attrs[path], path.rpartition("/")[2]
    told = attrs.get("bounds")
    found = scope.find(parent(path), told) if isinstance(told, str) else None
    if found not in arrays or found is None or not (tells_place(attrs) or name in MAP_NAMES):
        return None
    return found if arrays[found].shape == (*arrays[path].shape, 2) else None


def axis_path(scope: Scope, arrays: Mapping[str, ZarrArray], group: str, dim: str) -> str | None:
    """The array of a dimension's coordinates: of its name, or else one of times or places along
    it."""
    path = scope.find(group, dim)
    if path is None or (path in arrays and not arrays[path].dims):
        beside = scope.members.get(group, {}).values()
        along = [other for other in beside if other in arrays and arrays[other].dims == (dim,)]
        attrs = scope.hierarchy.attrs
        path = next((other for other in along if tells_time(attrs[other])), path)
        path = next((other for other in along if tells_place(attrs[other])), path)
    return path


def _is_axis(array: ZarrArray, attrs: Document) -> bool:
    is_own = array.dims == (array.path.rpartition("/")[2],)
    is_told = len(array.dims) == 1 and (
        numbers_cells(attrs) or tells_time(attrs) or tells_place(attrs)
    )
    return (is_own or is_told) and array.shape[0] <= LARGEST_COORDINATE


def _content(values: npt.NDArray[np.generic]) -> object:
    """Equal for equal values, which levels and groups repeat."""
    if values.dtype.kind == "O":
        return id(values)
    return (values.dtype.str, values.tobytes())


def auxiliary(hierarchy: Hierarchy, scope: Scope) -> set[str]:
    """Arrays that describe others: coordinates, their bounds, grid mappings, listed helpers."""
    found: set[str | None] = set()
    for path, attrs in hierarchy.attrs.items():
        name = path.rpartition("/")[2]
        group = parent(path) if path in hierarchy.arrays else path
        for key in ("bounds", "climatology", "grid_mapping", "ancillary_bounds", "coordinates"):
            told = attrs.get(key)
            if isinstance(told, str):
                found |= {scope.find(group, each.rstrip(":")) for each in told.split()}
        if name.endswith(("_bnds", "_bounds")) or name in CRS_NAMES:
            found.add(path)
    return {path for path in found if path is not None}
