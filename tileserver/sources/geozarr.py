"""From the arrays of a Zarr group to a cube, by the CF and GeoZarr conventions."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.cache import ByteCache
from tileserver.cube import TIME, Cube, Dimension, Flag, Level, Packing, Raw, Variable
from tileserver.errors import CatalogError
from tileserver.grid import Grid
from tileserver.sources.cftimes import decode_times
from tileserver.sources.georeference import CRS_NAMES, Coordinate, Georeference
from tileserver.sources.store import Store
from tileserver.sources.zarr import (
    Document,
    Hierarchy,
    Supply,
    ZarrArray,
    ZarrSource,
    open_array,
    read_hierarchy,
)
from tileserver.timeaxis import TimeAxis

LARGEST_COORDINATE = 10_000_000
FILLS = ("_FillValue", "missing_value")


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
    hierarchy = await read_hierarchy(store, group)
    prefix = f"{group.strip('/')}/" if group.strip("/") else ""
    return await _Reader(hierarchy, prefix, Supply(store, cache, pool), crs).open()


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
        time = _time_name(coordinates)
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
        return ZarrSource(self.hierarchy.version, cube, arrays)

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
            _dimension(dim, size, coordinates.get(dim), time) for dim, size in sizes.items()
        ]
        return Cube(
            variables=variables,
            dimensions={d.name: d for d in dimensions},
            title=_text(attrs.get("title")),
            description=_text(attrs.get("summary") or attrs.get("description")),
            attribution=_text(attrs.get("attribution") or attrs.get("institution")),
            attrs=attrs,
            warnings=warnings,
        )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


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


def _time_name(coordinates: Mapping[str, Coordinate]) -> str | None:
    """The coordinate that becomes `time`: the one called so, or else the only one with times."""
    found = [name for name, c in coordinates.items() if _is_time(c)]
    return TIME if TIME in found else found[0] if found else None


def _is_time(coordinate: Coordinate) -> bool:
    units = coordinate.attrs.get("units", "")
    return coordinate.values.dtype.kind == "M" or (isinstance(units, str) and " since " in units)


def _dimension(dim: str, size: int, coordinate: Coordinate | None, time: str | None) -> Dimension:
    if coordinate is None:
        return Dimension(dim, np.arange(size, dtype=np.float64))
    attrs, values = coordinate.attrs, coordinate.values
    title, units = _text(attrs.get("long_name")), _text(attrs.get("units"))
    if dim == time:
        return Dimension(TIME, _time_axis(dim, coordinate), title=title)
    if _is_time(coordinate):
        return Dimension(dim, _time_axis(dim, coordinate).labels, title=title)
    if values.dtype.kind in "iufb":
        return Dimension(dim, values.astype(np.float64), units=units, title=title)
    texts = (v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values.tolist())
    return Dimension(dim, tuple(str(v) for v in texts), title=title)


def _time_axis(dim: str, coordinate: Coordinate) -> TimeAxis:
    values, attrs = coordinate.values, coordinate.attrs
    if values.dtype.kind == "M":
        seconds = values.astype("datetime64[us]").astype(np.int64) / 1e6
        return TimeAxis(np.where(np.isnat(values), np.nan, seconds))
    calendar = str(attrs.get("calendar", "standard")).lower()
    scale, offset = float(attrs.get("scale_factor", 1.0)), float(attrs.get("add_offset", 0.0))
    seconds = np.full(values.shape, np.nan)
    known = _known(coordinate)
    try:
        numbers = values[known].astype(np.float64) * scale + offset
        seconds[known] = decode_times(numbers, str(attrs["units"]), calendar)
    except (ValueError, OverflowError) as error:
        raise CatalogError(f"dimension {dim!r}: its times cannot be decoded ({error})") from error
    return TimeAxis(seconds, calendar)


def _known(coordinate: Coordinate) -> npt.NDArray[np.bool_]:
    """Where a coordinate holds a number rather than NaN or a fill value."""
    values, attrs = coordinate.values, coordinate.attrs
    missing = [_number(attrs[k], values.dtype) for k in FILLS if k in attrs]
    return Packing(missing=tuple(v for each in missing for v in each if v == v)).valid(values)


def _variable(
    name: str, array: ZarrArray, grid: Grid, attrs: Document, time: str | None
) -> Variable:
    packing = _packing(array, attrs)
    return Variable(
        id=name,
        dims=tuple(TIME if dim == time else dim for dim in array.dims[:-2]),
        dtype=array.dtype,
        levels=(Level(grid, array.chunks, array.shape, array.nbytes),),
        packing=packing,
        title=_text(attrs.get("long_name"))
        or _text(attrs.get("title"))
        or _text(attrs.get("standard_name")),
        units=_text(attrs.get("units")),
        valid_range=_physical_range(packing),
        flags=_flags(attrs),
        attrs=attrs,
    )


def _packing(array: ZarrArray, attrs: Document) -> Packing:
    told = {k: attrs[k] for k in FILLS if k in attrs}
    if array.masks_fill:
        told["_FillValue"] = array.fill_value
    missing = [_number(value, array.dtype) for value in told.values()]
    known = {v for each in missing for v in each if v == v}
    return Packing(
        scale=float(attrs.get("scale_factor", 1.0)),
        offset=float(attrs.get("add_offset", 0.0)),
        missing=tuple(sorted(known)),
        valid_range=_stored_range(attrs),
    )


def _number(value: object, dtype: np.dtype[Any]) -> tuple[int | float, ...]:
    """Stored numbers that an attribute names, as the array's type holds them."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            assert isinstance(value, str)
            # Zarr v3 written by xarray holds _FillValue as base64 of a little-endian double.
            value = struct.unpack("<d", base64.standard_b64decode(value))[0]
    numbers = np.atleast_1d(np.asarray(value))
    with np.errstate(all="ignore"):
        return tuple(n.item() for n in numbers.astype(dtype) if dtype.kind == "f" or n == n)


def _stored_range(attrs: Document) -> tuple[float, float] | None:
    if "valid_range" in attrs:
        low, high = (float(v) for v in attrs["valid_range"])
        return (low, high)
    if "valid_min" in attrs or "valid_max" in attrs:
        return (float(attrs.get("valid_min", -np.inf)), float(attrs.get("valid_max", np.inf)))
    return None


def _physical_range(packing: Packing) -> tuple[float, float] | None:
    if packing.valid_range is None or not np.isfinite(packing.valid_range).all():
        return None
    ends = [v * packing.scale + packing.offset for v in packing.valid_range]
    return (min(ends), max(ends))


def _flags(attrs: Document) -> tuple[Flag, ...]:
    values, meanings = attrs.get("flag_values"), attrs.get("flag_meanings")
    if not isinstance(values, list) or not isinstance(meanings, str):
        return ()
    labels = meanings.split()
    if len(labels) != len(values):
        return ()
    return tuple(
        Flag(float(v), text.replace("_", " ")) for v, text in zip(values, labels, strict=True)
    )
