"""From the arrays of a Zarr group to a cube, by the CF and GeoZarr conventions."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from tileserver.cache import ByteCache
from tileserver.cube import TIME, Cube, Level, Raw, Variable
from tileserver.errors import CatalogError
from tileserver.grid import Grid
from tileserver.sources.storage.store import Store
from tileserver.sources.watch import Unchanging, digest, of_documents, of_hierarchy
from tileserver.sources.zarr.array import Supply, ZarrArray, ZarrSource, open_array
from tileserver.sources.zarr.cf import flags_of, packing_of, physical_range, text
from tileserver.sources.zarr.dimension import dimension, time_name
from tileserver.sources.zarr.georeference import CRS_NAMES, Coordinate, Georeference
from tileserver.sources.zarr.hierarchy import Document, Hierarchy, read_hierarchy

LARGEST_COORDINATE = 10_000_000


async def open_zarr(
    store: Store,
    *,
    cache: ByteCache[Raw],
    pool: Executor,
    group: str = "",
    crs: str | None = None,
) -> ZarrSource:
    """The cube in a group of a Zarr store, all its metadata and coordinates read.

    Args:
        crs: what the catalogue says, for stores that do not.

    Raises CatalogError, saying what to do, where nothing in it is a map.
    """
    with store.noting() as noted:
        hierarchy = await read_hierarchy(store, group)
    read = of_documents(store, noted, consolidated=hierarchy.consolidated)
    version = digest([hierarchy.version, read.fingerprint])
    watch = of_hierarchy(store, noted, consolidated=hierarchy.consolidated)
    prefix = f"{group.strip('/')}/" if group.strip("/") else ""
    source = await _Reader(hierarchy, prefix, Supply(store, cache, pool), crs).open()
    return replace(source, version=version, watch=watch)


@dataclass(frozen=True, slots=True)
class _Reader:
    hierarchy: Hierarchy
    prefix: str
    supply: Supply
    crs: str | None

    async def open(self) -> ZarrSource:
        opened, warnings = self._open_arrays()
        coordinates = await self._read_coordinates(opened)
        axes = Georeference(coordinates, self.hierarchy.attrs, self.crs)
        variables: dict[str, Variable] = {}
        arrays: dict[str, tuple[ZarrArray, ...]] = {}
        time = time_name(coordinates)
        for name in sorted(set(opened) - _auxiliary(self.hierarchy.attrs, coordinates)):
            try:
                array, grid = axes.place(name, opened[name])
                variables[name] = _variable(name, array, grid, self.hierarchy.attrs[name], time)
                arrays[name] = (array,)
            except CatalogError as error:
                warnings.append(str(error))
            except (TypeError, ValueError, KeyError, struct.error) as error:
                # Attributes hold whatever somebody wrote: one variable's harm no other.
                warnings.append(f"variable {name!r}: its attributes cannot be used ({error})")
        if not variables:
            raise CatalogError(
                "nothing here is a map: " + ("; ".join(warnings) or "the group has no arrays")
            )
        if not self.hierarchy.consolidated:
            warnings.append(
                "the metadata is not consolidated: zarr.consolidate_metadata saves requests"
            )
        cube = self._cube(variables, arrays, coordinates, time, tuple(warnings))
        return ZarrSource(self.hierarchy.version, cube, arrays, Unchanging())

    def _open_arrays(self) -> tuple[dict[str, ZarrArray], list[str]]:
        opened, warnings = {}, []
        for name, document in self.hierarchy.arrays.items():
            attrs = self.hierarchy.attrs.setdefault(name, {})  # type: ignore[attr-defined]
            try:
                opened[name] = open_array(self.prefix + name, document, attrs, self.supply)
            except CatalogError as error:
                warnings.append(str(error))
        return opened, warnings

    async def _read_coordinates(self, opened: Mapping[str, ZarrArray]) -> dict[str, Coordinate]:
        """The 1-D arrays that are named as their own dimension, or are a dimension's only one."""
        wanted = {
            name: array
            for name, array in opened.items()
            if array.dims == (name,) and array.shape[0] <= LARGEST_COORDINATE
        }
        values = await asyncio.gather(*(array.values() for array in wanted.values()))
        return {
            name: Coordinate(read, self.hierarchy.attrs.get(name, {}))
            for name, read in zip(wanted, values, strict=True)
        }

    def _cube(
        self,
        variables: Mapping[str, Variable],
        arrays: Mapping[str, tuple[ZarrArray, ...]],
        coordinates: Mapping[str, Coordinate],
        time: str | None,
        warnings: tuple[str, ...],
    ) -> Cube:
        attrs = self.hierarchy.attrs.get("", {})
        sizes = {
            dim: size
            for levels in arrays.values()
            for dim, size in zip(levels[0].dims[:-2], levels[0].shape[:-2], strict=True)
        }
        dimensions = [
            dimension(dim, size, coordinates.get(dim), time) for dim, size in sizes.items()
        ]
        return Cube(
            variables=variables,
            dimensions={d.name: d for d in dimensions},
            title=text(attrs.get("title")),
            description=text(attrs.get("summary") or attrs.get("description")),
            attribution=text(attrs.get("attribution") or attrs.get("institution")),
            attrs=attrs,
            warnings=warnings,
        )


def _auxiliary(attrs: Mapping[str, Document], coordinates: Mapping[str, Coordinate]) -> set[str]:
    """Arrays that describe others: coordinates, their bounds, grid mappings, listed helpers."""
    names = set(coordinates)
    for name, each in attrs.items():
        for key in ("bounds", "climatology", "grid_mapping", "ancillary_bounds"):
            names |= set(str(each.get(key, "")).split())
        names |= set(str(each.get("coordinates", "")).split())
        if name.endswith(("_bnds", "_bounds")) or name in CRS_NAMES:
            names.add(name)
    return names


def _variable(
    name: str, array: ZarrArray, grid: Grid, attrs: Document, time: str | None
) -> Variable:
    packing = packing_of(array, attrs)
    return Variable(
        id=name,
        dims=tuple(TIME if dim == time else dim for dim in array.dims[:-2]),
        dtype=array.dtype,
        levels=(Level(grid, array.chunks, array.shape, array.nbytes),),
        packing=packing,
        title=text(attrs.get("long_name"))
        or text(attrs.get("title"))
        or text(attrs.get("standard_name")),
        units=text(attrs.get("units")),
        valid_range=physical_range(packing),
        flags=flags_of(attrs),
        attrs=attrs,
    )
