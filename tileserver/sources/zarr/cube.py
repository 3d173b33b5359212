"""From the arrays of a Zarr hierarchy to a cube, by the CF and GeoZarr conventions."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from tileserver.cache import ByteCache
from tileserver.cube import TIME, Cube, Dimension, Raw
from tileserver.errors import CatalogError
from tileserver.sources.storage.objects import Objects
from tileserver.sources.storage.store import Store
from tileserver.sources.watch import Unchanging, Watch, digest, of_documents, of_hierarchy
from tileserver.sources.zarr.array import Supply, ZarrArray, ZarrSource, open_array
from tileserver.sources.zarr.assembly import Assembly
from tileserver.sources.zarr.cf import text
from tileserver.sources.zarr.dimension import dimension, time_name
from tileserver.sources.zarr.georeference import Coordinate
from tileserver.sources.zarr.hierarchy import Hierarchy, ancestry, parent
from tileserver.sources.zarr.metadata import is_v2
from tileserver.sources.zarr.placing import Places, auxiliary, axis_path, read_coordinates
from tileserver.sources.zarr.pyramid import Pyramids
from tileserver.sources.zarr.pyramid_folder import read_store
from tileserver.sources.zarr.pyramid_levels import Placed, levels_of
from tileserver.sources.zarr.scope import Scope
from tileserver.sources.zarr.tiepoint import read_tie_points

MOST_WARNINGS = 50
MANY_CHUNKS = 1000  # of a coordinate, each of which is a request
LISTED_PATHS = 3
NOT_CONSOLIDATED = "the metadata is not consolidated: zarr.consolidate_metadata saves requests"


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What cubes of Zarr arrays are opened with.

    Args:
        cache: keeps decoded chunks.
        pool: threads that decode them.
        group: that which is served, of a hierarchy.
        crs: what the catalogue says, for stores that do not.
    """

    cache: ByteCache[Raw]
    pool: Executor
    group: str = ""
    crs: str | None = None

    def supply(self, store: Objects) -> Supply:
        """Where arrays of a store get their chunks."""
        return Supply(store, self.cache, self.pool)


async def open_zarr(store: Store, opening: Opening) -> ZarrSource:
    """The cube in a group of a Zarr store, all its metadata and coordinates read.

    Raises CatalogError, saying what to do, where nothing in it is a map.
    """
    with store.noting() as noted:
        hierarchy = await read_store(store, opening.group)
    consolidated, heads = hierarchy.consolidated, hierarchy.heads
    read = of_documents(store, noted, consolidated=consolidated, heads=heads)
    version = digest([hierarchy.version, read.fingerprint])
    watch = of_hierarchy(store, noted, consolidated=consolidated, heads=heads)
    source = await _Reader(
        hierarchy, Supply(store, opening.cache, opening.pool), opening.crs
    ).open()
    return replace(source, version=version, watch=watch)


async def open_objects(
    store: Objects,
    version: str,
    watch: Watch,
    opening: Opening,
) -> ZarrSource:
    """The same of objects that are not a plain store, whose state somebody else tells.

    Args:
        version: of that state, as far as the documents do not tell it.
    """
    hierarchy = await read_store(store, opening.group)
    source = await _Reader(
        hierarchy, Supply(store, opening.cache, opening.pool), opening.crs
    ).open()
    return replace(source, version=digest([hierarchy.version, version]), watch=watch)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Opens what a hierarchy holds.

    Args:
        warnings: about arrays and dimensions.
        reasons: names of what is no map, or cannot be placed, by the reason why.
        lines: the same of arrays of one dimension.
        left_out: paths of levels by the reason why they are none.
    """

    hierarchy: Hierarchy
    supply: Supply
    crs: str | None
    warnings: list[str] = field(default_factory=list)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    async def open(self) -> ZarrSource:
        scope, pyramids = Scope.of(self.hierarchy), Pyramids.of(self.hierarchy)
        arrays = self._open_arrays()
        beside = auxiliary(self.hierarchy, scope)
        maps = [p for p in self.hierarchy.selected() if p in arrays and p not in beside]
        unread: dict[str, str] = {}
        coordinates, ties = await asyncio.gather(
            read_coordinates(scope, arrays, maps, unread), read_tie_points(self.hierarchy, arrays)
        )
        maps = [p for p in maps if not self._lacks(p, scope, arrays, unread)]
        self._note_chunks([arrays[path] for path in coordinates])
        places = Places(self.hierarchy, scope, pyramids, arrays, coordinates, self.crs, ties)
        surfaces = await places.read_surfaces(maps, self.supply.pool)
        hidden = surfaces | coordinates.keys() | (ties.points if ties is not None else set())
        names = self._names(pyramids, sorted(set(maps) - hidden))
        levels = await self._levels(places, names)
        assembly = Assembly(self.hierarchy, pyramids, levels)
        dimensions = assembly.dimensions()
        if all(each.name != TIME for each in dimensions):
            dimensions += await self._instant(arrays)
        return self._source(assembly, dimensions)

    def _note_chunks(self, coordinates: Sequence[ZarrArray]) -> None:
        for array in coordinates:
            count = -(-array.shape[0] // array.chunks[0])
            if count > MANY_CHUNKS:
                self.warnings.append(
                    f"coordinate {array.path!r} lies in {count} chunks, which takes long to open: "
                    "rewrite it in one"
                )

    async def _levels(
        self, places: Places, names: Mapping[str, Sequence[str]]
    ) -> dict[str, list[Placed]]:
        """Those of each variable. Raises CatalogError where there is none."""
        levels: dict[str, list[Placed]] = {}
        for name, paths in names.items():
            if found := self._place(places, name, paths):
                levels[name] = found
            await asyncio.sleep(0)  # of thousands of arrays, tiles of others come between
        if not levels:
            raise CatalogError(
                "nothing here is a map: "
                + ("; ".join([*self._told(), *self.lines][:MOST_WARNINGS]) or "it has no arrays")
            )
        return levels

    def _lacks(
        self, path: str, scope: Scope, arrays: Mapping[str, ZarrArray], unread: Mapping[str, str]
    ) -> bool:
        """Whether an axis of an array could not be read: without it places or times were wrong."""
        axes = {axis_path(scope, arrays, parent(path), dim) for dim in arrays[path].dims}
        found = sorted(unread[axis] for axis in axes if axis is not None and axis in unread)
        if found and path not in unread:
            self.reasons.setdefault(f"its coordinate: {found[0]}", []).append(repr(path))
        return bool(found) or path in unread

    async def _instant(self, arrays: Mapping[str, ZarrArray]) -> list[Dimension]:
        """The time of all the data, where no variable has times: a coordinate of one number."""
        beside = [p for p in self.hierarchy.selected() if parent(p) == self.hierarchy.group]
        single = {p.rpartition("/")[2]: p for p in beside if p in arrays}
        attrs = {name: self.hierarchy.attrs[path] for name, path in single.items()}
        name = time_name(
            {
                name: Coordinate(np.empty(0, arrays[path].dtype), attrs[name])
                for name, path in single.items()
                if arrays[path].shape in ((), (1,))
            }
        )
        if name is None:
            return []
        values = np.atleast_1d(await arrays[single[name]].values())
        try:
            found = dimension(name, 1, Coordinate(values, attrs[name]), name)
        except CatalogError as error:
            self.warnings.append(str(error))
            return []
        return [found] if found.size else []

    def _names(self, pyramids: Pyramids, paths: Sequence[str]) -> dict[str, list[str]]:
        """The arrays of each variable by its id; several are levels of a pyramid."""
        found: dict[str, list[str]] = {}
        for path in paths:
            name = pyramids.variable_id(path, self.hierarchy.group)
            known = found.setdefault(name, [])
            if known and pyramids.shown(known[0]) != pyramids.shown(path):
                self.warnings.append(f"array {path!r}: {known[0]!r} has its id already: rename one")
            else:
                known.append(path)
        return found

    def _open_arrays(self) -> dict[str, ZarrArray]:
        """Those of the group, and coordinates that it may inherit."""
        opened, selected = {}, set(self.hierarchy.selected())
        for path, document in self.hierarchy.arrays.items():
            try:
                opened[path] = open_array(path, document, self.hierarchy.attrs[path], self.supply)
            except CatalogError as error:
                if path in selected:
                    self.warnings.append(str(error))
        return opened

    def _place(self, places: Places, name: str, paths: Sequence[str]) -> list[Placed]:
        """The levels of a variable, the finest first; none where it is no map."""
        placed: list[Placed] = []
        reasons: list[str] = []
        prefix = f"variable {name!r}: "
        # The largest first: what the others lack follows from it.
        for path in sorted(paths, key=lambda path: -_cells(places.arrays[path])):
            try:
                placed.append(places.place(name, path, placed[0] if placed else None))
            except CatalogError as error:
                reasons.append(str(error))
            except (TypeError, ValueError, KeyError, struct.error) as error:
                # Attributes hold whatever somebody wrote: one variable's harm no other.
                reasons.append(f"{prefix}its attributes cannot be used ({error})")
        kept, left_out = levels_of(placed)
        for path, why in left_out:
            self.left_out.setdefault(why, []).append(path)
        # What has one dimension is no map to anybody, unless there is nothing else.
        is_line = all(len(places.arrays[path].shape) < 2 for path in paths)
        for reason in reasons:
            if is_line:
                self.lines.append(reason)
            else:
                self.reasons.setdefault(reason.removeprefix(prefix), []).append(repr(name))
        return kept

    def _source(self, assembly: Assembly, dimensions: Sequence[Dimension]) -> ZarrSource:
        variables = assembly.variables()
        self.warnings.extend(note for each in dimensions for note in each.notes)
        attrs = self.hierarchy.attrs.get(self.hierarchy.group, {})
        cube = Cube(
            variables=variables,
            dimensions={d.name: d for d in dimensions},
            title=text(attrs.get("title")) or self._product(),
            description=text(attrs.get("summary") or attrs.get("description")),
            attribution=text(attrs.get("attribution") or attrs.get("institution")),
            # ACDD and STAC spell it the American way.
            licence=text(attrs.get("license") or attrs.get("licence")),
            attrs=attrs,
            warnings=(*self._told(), *([] if self.hierarchy.consolidated else [NOT_CONSOLIDATED])),
        )
        arrays = {
            name: tuple(level.array for level in levels) for name, levels in assembly.levels.items()
        }
        return ZarrSource(
            self.hierarchy.version,
            cube,
            arrays,
            Unchanging(),
            self.supply.store,
            self.hierarchy.group,
            2 if any(map(is_v2, self.hierarchy.arrays.values())) else 3,
        )

    def _product(self) -> str | None:
        """What an EOPF product is called: the id of its STAC item."""
        for path in reversed(ancestry(self.hierarchy.group)):
            item = self.hierarchy.attrs.get(path, {}).get("stac_discovery")
            if isinstance(item, dict) and text(item.get("id")):
                return text(item.get("id"))
        return None

    def _told(self) -> list[str]:
        levels = [
            f"levels {_listed(paths)} are left out, being {why}"
            for why, paths in self.left_out.items()
        ]
        reasons = [
            f"variable{'s' * (len(names) > 1)} {_listed(names)}: {why}"
            for why, names in self.reasons.items()
        ]
        told = [*levels, *self.warnings, *reasons]
        found = told[:MOST_WARNINGS]
        more = len(told) - len(found)
        if more:
            found.append(f"and {more} more of the kind")
        return found


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - LISTED_PATHS} more" if len(paths) > LISTED_PATHS else ""
    return ", ".join(paths[:LISTED_PATHS]) + more


def _cells(array: ZarrArray) -> int:
    cells = 1
    for size in array.shape:
        cells *= size
    return cells
