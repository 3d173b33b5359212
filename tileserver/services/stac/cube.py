"""What a dataset's axes and variables are, by the extensions datacube, projection and raster."""

from __future__ import annotations

from tileserver.cube import Dimension, Variable
from tileserver.dataset import Dataset
from tileserver.grid import Grid, is_degrees
from tileserver.services.describe import LISTED_VALUES
from tileserver.services.stac.vocabulary import Json
from tileserver.timeaxis import TimeAxis

VERTICAL = ("depth", "height", "level", "altitude", "elevation", "pressure", "z")
CRS84 = ("OGC", "CRS84")
STATISTICS = ("minimum", "maximum")


def dimensions(dataset: Dataset) -> Json:
    """`cube:dimensions`: the two of the map, and all that variables have beside."""
    grid = dataset.variables[0].grid
    west, south, east, north = grid.bounds
    names = ("lon", "lat") if is_degrees(grid.crs) else ("x", "y")
    system = reference_system(grid)
    found: Json = {
        name: {"type": "spatial", "axis": axis, "extent": extent, "reference_system": system}
        for name, axis, extent in zip(names, "xy", ([west, east], [south, north]), strict=True)
    }
    used = {name for variable in dataset.variables for name in variable.dims}
    cube = dataset.source.cube
    for name, dimension in cube.dimensions.items():
        if name in used or dimension.kind == "time":
            found[name] = _dimension(dimension)
    return found


def _dimension(dimension: Dimension) -> Json:
    axis = dimension.values
    if isinstance(axis, TimeAxis):
        found: Json = {"type": "temporal", "extent": [axis.first, axis.last]}
        return found | ({"values": dimension.labels()} if axis.size <= LISTED_VALUES else {})
    labels = dimension.labels()
    found = {"type": "other"}
    if dimension.kind == "number" and dimension.name.lower() in VERTICAL:
        found = {"type": "spatial", "axis": "z"}
    if dimension.title:
        found["description"] = dimension.title
    if dimension.units:
        found["unit"] = dimension.units
    if dimension.kind == "number":
        known = [each for each in labels if each == each]
        found["extent"] = [min(known), max(known)]
    if dimension.size <= LISTED_VALUES or dimension.kind != "number":
        found["values"] = labels
    return found


def reference_system(grid: Grid) -> Json | int | str:
    """An EPSG code, or PROJJSON; CRS84 is 4326, as extents by axis leave the order open."""
    epsg = 4326 if grid.crs.to_authority() == CRS84 else grid.crs.to_epsg()
    return int(epsg) if epsg is not None else dict(grid.crs.to_json_dict())


def variables(dataset: Dataset) -> Json:
    """`cube:variables`, by id."""
    return {variable.id: _variable(variable) for variable in dataset.variables}


def _variable(variable: Variable) -> Json:
    names = ("lat", "lon") if is_degrees(variable.grid.crs) else ("y", "x")
    found: Json = {
        "dimensions": [*variable.dims, *names],
        "type": "data",
        "data_type": str(variable.dtype),
    }
    if variable.title:
        found["description"] = variable.title
    if variable.units:
        found["unit"] = variable.units
    if variable.flags:
        found["values"] = [flag.value for flag in variable.flags]
    return found


def bands(dataset: Dataset) -> list[Json]:
    """The variables as bands, with packing by the extension raster."""
    return [_band(variable) for variable in dataset.variables]


def _band(variable: Variable) -> Json:
    packing = variable.packing
    found: Json = {
        "name": variable.id,
        "data_type": str(variable.dtype),
        "raster:sampling": "area",
    }
    if variable.title:
        found["description"] = variable.title
    if variable.units:
        found["unit"] = variable.units
    if packing.missing:
        first = packing.missing[0]
        found["nodata"] = "nan" if first != first else first
    if not packing.is_plain:
        found |= {"raster:scale": packing.scale, "raster:offset": packing.offset}
    if variable.valid_range is not None:
        found["statistics"] = dict(zip(STATISTICS, variable.valid_range, strict=True))
    return found


def projection(grid: Grid) -> Json:
    """The fields of the extension projection; of cells that follow no axes only the CRS."""
    code = grid.crs.to_authority()
    found: Json = {"proj:code": ":".join(code) if code else None}
    if not code:
        found["proj:projjson"] = grid.crs.to_json_dict()
    if grid.lookup is not None:
        return found
    found |= {"proj:shape": list(grid.shape), "proj:bbox": list(grid.bounds)}
    if grid.x.edges is None and grid.y.edges is None:
        found["proj:transform"] = [float(each) for each in tuple(grid.transform)[:6]]
    return found
