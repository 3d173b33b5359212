"""Zarr groups of copies, such that every reader of CF and GeoZarr knows what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import BloscCodec

from tileserver.axis import Axis
from tileserver.cube import Cube, Dimension, Variable
from tileserver.grid import Grid
from tileserver.timeaxis import TimeAxis

CRS_NAME = "spatial_ref"
# What an array says of itself is written anew, or holds for the source's layout alone.
OWN_ATTRIBUTES = {
    "_ARRAY_DIMENSIONS", "_FillValue", "missing_value", "scale_factor", "add_offset",
    "grid_mapping", "coordinates", "valid_range", "valid_min", "valid_max", "spatial:transform",
    "spatial:shape", "multiscales", "zarr_conventions", "_Unsigned",
}  # fmt: skip


def add_variable(
    group: zarr.Group,
    variable: Variable,
    shape: Sequence[int],
    *,
    chunks: Sequence[int],
    shards: Sequence[int],
) -> None:
    """An array for a variable's stored numbers, empty as yet; none if it is there already.

    Args:
        shape, chunks, shards: along the variable's dims, then rows and columns.
    """
    if variable.id in group:
        return
    group.create_array(
        variable.id,
        shape=tuple(shape),
        chunks=tuple(chunks),
        shards=tuple(shards),
        dtype=variable.dtype.newbyteorder("<"),
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        fill_value=empty_of(variable),
        dimension_names=(*variable.dims, *map_dims(variable.grid)),
        attributes=_attributes(variable),
    )


def add_map(group: zarr.Group, grid: Grid) -> None:
    """The coordinates of rows and columns, and the CRS."""
    for name, axis in zip(map_dims(grid), (grid.y, grid.x), strict=True):
        _add_axis(group, name, axis, _axis_attributes(grid, name))
    if CRS_NAME not in group:
        attributes = {"crs_wkt": grid.crs.to_wkt(), **_grid_mapping(grid)}
        _add(group, CRS_NAME, np.array(0, np.int32), (), attributes)


def add_dimension(group: zarr.Group, dimension: Dimension, steps: slice = slice(None)) -> None:
    """The coordinate of a leading dimension, of some of its steps, written anew if it is there."""
    values = dimension.values
    attributes: dict[str, object] = {"long_name": dimension.title} if dimension.title else {}
    if isinstance(values, TimeAxis):
        attributes |= {
            "standard_name": "time",
            "units": "seconds since 1970-01-01",
            "calendar": values.calendar,
        }
        _add(group, dimension.name, values.seconds[steps], (dimension.name,), attributes)
    elif isinstance(values, np.ndarray):
        attributes |= {"units": dimension.units} if dimension.units else {}
        _add(group, dimension.name, values, (dimension.name,), attributes)
    else:  # Zarr v3 has no type for texts that all readers know
        attributes["labels"] = list(values)
        _add(group, dimension.name, np.arange(len(values)), (dimension.name,), attributes)


def map_dims(grid: Grid) -> tuple[str, str]:
    """What rows and columns are called."""
    return ("lat", "lon") if grid.crs.is_geographic else ("y", "x")


def empty_of(variable: Variable) -> float | int:
    """The stored number of a cell without a value; 0 where a variable has none for it."""
    if variable.packing.missing:
        return variable.packing.missing[0]
    return float("nan") if variable.dtype.kind == "f" else 0


def title_attributes(cube: Cube) -> dict[str, object]:
    """What a store says of itself."""
    told = {
        "title": cube.title,
        "summary": cube.description,
        "attribution": cube.attribution,
        "license": cube.licence,
    }
    return {"Conventions": "CF-1.11", **{k: v for k, v in told.items() if v is not None}}


def _attributes(variable: Variable) -> dict[str, Any]:
    packing = variable.packing
    told: dict[str, Any] = {
        key: value for key, value in variable.attrs.items() if key not in OWN_ATTRIBUTES
    }
    told["grid_mapping"] = CRS_NAME
    if not packing.is_plain:
        told |= {"scale_factor": packing.scale, "add_offset": packing.offset}
    if packing.missing:
        missing = packing.missing
        told["missing_value"] = missing[0] if len(missing) == 1 else list(missing)
    if packing.valid_range is not None:
        told["valid_range"] = [_number(end, variable.dtype) for end in packing.valid_range]
    return told


def _number(end: float, dtype: np.dtype[Any]) -> float | int:
    """An end of a range of stored numbers, which JSON holds only where it is finite."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(min(max(end, info.min), info.max))
    limit = float(np.finfo(np.float64).max)
    return min(max(end, -limit), limit)


def _add_axis(group: zarr.Group, name: str, axis: Axis, attributes: Mapping[str, object]) -> None:
    bounds = f"{name}_bnds"
    if axis.edges is None:
        _add(group, name, axis.cell_centers(), (name,), attributes)
        return
    _add(group, name, axis.cell_centers(), (name,), {**attributes, "bounds": bounds})
    edges = axis.cell_edges()
    _add(group, bounds, np.stack([edges[:-1], edges[1:]], axis=1), (name, "bnds"), {})


def _axis_attributes(grid: Grid, name: str) -> dict[str, object]:
    if grid.crs.is_geographic:
        long = {"lat": "latitude", "lon": "longitude"}[name]
        units = {"lat": "degrees_north", "lon": "degrees_east"}[name]
        return {"standard_name": long, "units": units, "axis": "Y" if name == "lat" else "X"}
    unit = grid.crs.axis_info[0].unit_name if grid.crs.axis_info else "metre"
    units = "m" if unit == "metre" else unit
    return {
        "standard_name": f"projection_{name}_coordinate",
        "units": units,
        "axis": name.upper(),
    }


def _grid_mapping(grid: Grid) -> dict[str, object]:
    """The CRS in CF's words, as far as they have any."""
    told: dict[str, object] = dict(grid.crs.to_cf())
    return {key: value for key, value in told.items() if key != "crs_wkt" and value is not None}


def _add(
    group: zarr.Group,
    name: str,
    values: npt.NDArray[Any],
    dims: Sequence[str],
    attributes: Mapping[str, object],
) -> None:
    """A small array, of one chunk, so that it is replaced as a whole."""
    array = group.create_array(
        name,
        shape=values.shape,
        chunks=tuple(max(1, size) for size in values.shape),
        dtype=values.dtype,
        compressors=None,
        fill_value=float("nan") if values.dtype.kind == "f" else 0,
        dimension_names=tuple(dims),
        attributes=cast("dict[str, Any]", dict(attributes)),
        overwrite=name in group,
        config={"write_empty_chunks": True},
    )
    array[...] = values
