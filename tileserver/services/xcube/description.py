"""Datasets as an xcube server describes them.

Its viewer needs all of `bbox`, `resolutions`, `attrs` and `dimensions`, and of each variable its
`dims`, `shape`, `attrs` and range of colours, even where they say nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from tileserver.cube import Cube, Dimension
from tileserver.dataset import Dataset
from tileserver.drawing import StyleChoice
from tileserver.errors import DimensionNotFound, TileserverError
from tileserver.grid import Bounds, Grid, is_degrees
from tileserver.layer import Layer, layers
from tileserver.pipeline import Engine
from tileserver.services.describe import UNKNOWN_RANGE, crs_name
from tileserver.services.xcube import colorbar, naming
from tileserver.sources.chunk import together
from tileserver.timeaxis import TimeAxis
from tileserver.tms import WEB_MERCATOR_QUAD, native_zoom

MEASURED_AT_ONCE = 8
MEASURED_S = 5.0  # the longest that a range may take: a store that hangs must not hide the others
EXPRESSION_DTYPE = "float64"
NANOSECONDS = "datetime64[ns]"
LONGEST_ATTRIBUTE = 1000  # numbers, or characters


@dataclass(frozen=True, slots=True)
class Measured:
    """What of a dataset's description takes reading.

    Args:
        styles: how each layer is coloured, by its id.
        picture: the range of the picture of three bands, where there is one.
    """

    styles: Mapping[str, Mapping[str, Any]]
    picture: tuple[float, float] | None = None


def shown(datasets: Iterable[Dataset]) -> list[Dataset]:
    """Those that have something to show."""
    return [dataset for dataset in datasets if _layers(dataset)]


async def measure_all(engine: Engine, datasets: Sequence[Dataset]) -> dict[str, Measured]:
    """Of some datasets, by their ids."""
    slots = asyncio.Semaphore(MEASURED_AT_ONCE)
    found: dict[str, Measured] = {}

    async def fill(dataset: Dataset) -> None:
        async with slots:
            found[dataset.id] = await measure(engine, dataset)

    await together(fill(dataset) for dataset in datasets)
    return found


async def measure(engine: Engine, dataset: Dataset) -> Measured:
    """Of one; a range may take reading its coarsest level."""
    slots = asyncio.Semaphore(MEASURED_AT_ONCE)
    found: dict[str, Mapping[str, Any]] = {}

    async def fill(layer: Layer) -> None:
        async with slots:
            found[layer.id] = await _style(engine, dataset, layer)

    await together(fill(layer) for layer in _layers(dataset))
    picture = naming.picture(dataset)
    if picture is None:
        return Measured(found)
    return Measured(found, await _known(engine.value_range(dataset, picture)) or UNKNOWN_RANGE)


def _layers(dataset: Dataset) -> list[Layer]:
    """What has a value in each cell; pictures of three bands are shown apart."""
    return [layer for layer in layers(dataset) if layer.bands == 1]


def head(dataset: Dataset) -> dict[str, Any]:
    """One dataset in short."""
    config, cube = dataset.config, dataset.source.cube
    found: dict[str, Any] = {"id": dataset.id, "title": dataset.title}
    if description := config.description or cube.description:
        found["description"] = description
    if config.theme:
        found["groupTitle"] = config.theme
    if config.keywords:
        found["tags"] = list(config.keywords)
    return found


def document(dataset: Dataset, measured: Measured, base: str) -> dict[str, Any]:
    """One dataset, whole. Pure, but of long series it takes milliseconds: not for the loop."""
    cube, shown, styles = dataset.source.cube, _layers(dataset), measured.styles
    grid = shown[0].variables[0].grid
    bounds = unrolled(cube.bounds(dataset.variables))
    found = head(dataset) | {
        "bbox": list(bounds),
        "geometry": outline(bounds),
        "spatialRef": crs_name(grid),
        "spatialUnits": "degree" if is_degrees(grid.crs) else "metre",
        "resolutions": [max(v.grid.cell_size) for v in shown[0].variables[0].levels],
        "variables": [_variable(dataset, layer, base) | {**styles[layer.id]} for layer in shown],
        "dimensions": [*_dimensions(cube, shown, grid)],
        "attrs": _plain(cube.attrs),
    }
    if attribution := dataset.config.attribution or cube.attribution:
        found["attributions"] = [attribution]
    picture = naming.picture(dataset)
    if picture is not None and measured.picture is not None:
        found["rgbSchema"] = _picture(dataset, picture, measured.picture, base)
    return found


def unrolled(bounds: Bounds) -> Bounds:
    """With an east that is never west of the west: clients of this API know no other boxes."""
    west, south, east, north = bounds
    return (west, south, east + 360 if east < west else east, north)


def outline(bounds: Bounds) -> dict[str, Any]:
    """A box as GeoJSON."""
    west, south, east, north = bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _variable(dataset: Dataset, layer: Layer, base: str) -> dict[str, Any]:
    first, cube = layer.variables[0], dataset.source.cube
    sizes = [cube.dimensions[dim].size for dim in layer.dims]
    return {
        "id": f"{dataset.id}.{layer.id}",
        "name": layer.id,
        "title": layer.title,
        "units": layer.units or "",
        "dtype": EXPRESSION_DTYPE if layer.expression else str(first.dtype),
        "dims": [*layer.dims, *map_dims(first.grid)],
        "shape": [*sizes, *first.grid.shape],
        "timeChunkSize": _chunk_steps(layer),
        "tileUrl": tile_url(dataset, layer.id, base),
        **_zooms(dataset, first.grid),
        "attrs": {} if layer.expression else _plain(first.attrs),
    }


def tile_url(dataset: Dataset, name: str, base: str) -> str:
    """The template of a layer's tiles."""
    return f"{base}/xcube/tiles/{dataset.id}/{quote(name, safe='')}/{{z}}/{{y}}/{{x}}"


def _zooms(dataset: Dataset, grid: Grid) -> dict[str, int]:
    deepest = native_zoom(dataset.matrix_sets[WEB_MERCATOR_QUAD], grid)
    return {"tileLevelMin": 0, "tileLevelMax": deepest}


def _chunk_steps(layer: Layer) -> int | None:
    """How many steps are read at once, where that is known of a layer's first variable."""
    variable = layer.variables[0]
    stored = variable.series or variable.levels[0]
    dims = dict(zip(variable.dims, stored.chunks, strict=False))
    return dims.get("time")


def map_dims(grid: Grid) -> tuple[str, str]:
    """What the two dimensions of the map are called."""
    return ("lat", "lon") if is_degrees(grid.crs) and grid.lookup is None else ("y", "x")


def _dimensions(cube: Cube, shown: Sequence[Layer], grid: Grid) -> Iterable[dict[str, Any]]:
    """Those of all layers; of the map's two only the ends, which are enough for what asks here."""
    for name in dict.fromkeys(dim for layer in shown for dim in layer.dims):
        yield coordinates(cube.dimensions[name])
    for name, axis in zip(map_dims(grid), (grid.y, grid.x), strict=True):
        half = axis.step / 2
        ends = [axis.start + half, axis.stop - half]
        yield {"name": name, "size": axis.size, "dtype": "float64", "coordinates": ends}


def coordinates(dimension: Dimension) -> dict[str, Any]:
    """A dimension with all its coordinates."""
    is_time = isinstance(dimension.values, TimeAxis)
    dtype = NANOSECONDS if is_time else "float64" if dimension.kind == "number" else "str"
    labels = dimension.labels()
    return {
        "name": dimension.name,
        "size": len(labels),
        "dtype": dtype,
        "coordinates": labels,
    }


def find_coordinates(dataset: Dataset, name: str) -> dict[str, Any]:
    """Any dimension of a dataset, the map's too. Raises DimensionNotFound."""
    cube = dataset.source.cube
    if name in cube.dimensions:
        return coordinates(cube.dimensions[name])
    grid = dataset.variables[0].grid
    axes = dict(zip(map_dims(grid), (grid.y, grid.x), strict=True))
    if name not in axes or grid.lookup is not None:
        raise DimensionNotFound(name, f"there are {', '.join((*cube.dimensions, *axes))}")
    axis = axes[name]
    return {
        "name": name,
        "size": axis.size,
        "dtype": "float64",
        "coordinates": axis.cell_centers().tolist(),
    }


async def _style(engine: Engine, dataset: Dataset, layer: Layer) -> dict[str, Any]:
    style = await _known(engine.style(dataset, layer, StyleChoice()))
    low, high = UNKNOWN_RANGE if style is None else style.rescale
    return {
        "colorBarName": colorbar.name_of(dataset, layer),
        "colorBarNorm": "log" if style is not None and style.scale == "log" else "lin",
        "colorBarMin": low,
        "colorBarMax": high,
    }


def _picture(
    dataset: Dataset, layer: Layer, shared: tuple[float, float], base: str
) -> dict[str, Any]:
    names = [v.id for v in layer.variables] if layer.expression is None else [None] * 3
    return {
        "varNames": names,
        "normRanges": [list(shared)] * 3,
        "tileUrl": tile_url(dataset, naming.RGB, base),
        **_zooms(dataset, layer.variables[0].grid),
    }


async def _known(found: Awaitable[Any]) -> Any:
    """What takes reading; None where it cannot be read, which must not hide all else."""
    try:
        return await asyncio.wait_for(found, MEASURED_S)
    except (TileserverError, TimeoutError):
        return None


def _plain(attrs: Mapping[str, object]) -> dict[str, Any]:
    """Attributes as JSON can have them."""
    found = {str(name): _value(value) for name, value in attrs.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(value: object) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, str):
        return value[:LONGEST_ATTRIBUTE]
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_value(each) for each in value[:LONGEST_ATTRIBUTE]]
    return None
