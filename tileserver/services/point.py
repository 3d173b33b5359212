"""One value: of the cell that contains a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tileserver.area import locate
from tileserver.dataset import Dataset
from tileserver.geometry import from_lonlat
from tileserver.layer import Layer, Selection
from tileserver.services.window import (
    Read,
    Values,
    check_single,
    finest,
    place,
    read_blocks,
)

ONE_STEP = slice(0, 1)


@dataclass(frozen=True, slots=True)
class PointValues:
    """What a layer has at a point; None where there is no data.

    Args:
        inside: whether the point lies in a cell at all.
        inputs: the values of the variables that the layer is made of, by their ids.
    """

    inside: bool
    bands: tuple[float | None, ...]
    inputs: Mapping[str, float | None]


async def point(
    read: Read, dataset: Dataset, layer: Layer, selection: Selection, lon: float, lat: float
) -> dict[str, object]:
    """The answer of `/point`: the value at the finest level, null outside and where there is none.

    `label` names the class of a categorical variable, or all whose bits are set; `valid_time` is
    the time that a forecast is for.

    Raises InvalidParameter, SourceError.
    """
    check_single(layer)
    value = await value_at(read, layer, selection, lon, lat)
    labels = selection.labels(dataset.source.cube)
    answer: dict[str, object] = {
        "dataset": dataset.id,
        "variable": layer.id,
        "lon": lon,
        "lat": lat,
        "time": labels.pop(selection.time, dataset.source.cube.instant),
        "dimensions": labels,
        "value": value,
        "units": layer.units,
    }
    valid_time = selection.valid_time(dataset.source.cube)
    if valid_time is not None:
        answer["valid_time"] = valid_time
    held = [flag.label for flag in layer.flags if value is not None and flag.holds(value)]
    if held:
        answer["label"] = ", ".join(held)
    return answer


async def value_at(
    read: Read, layer: Layer, selection: Selection, lon: float, lat: float
) -> float | None:
    """The physical value of a layer of one band at a point in degrees."""
    return (await values_at(read, layer, selection, lon, lat)).bands[0]


async def values_at(
    read: Read, layer: Layer, selection: Selection, lon: float, lat: float
) -> PointValues:
    """The physical values of all bands of a layer at a point in degrees.

    Raises InvalidParameter, SourceError.
    """
    place_of = from_lonlat(lon, lat)
    cell = locate(finest(layer).grid, place_of.x, place_of.y)
    if cell is None:
        return PointValues(False, (None,) * layer.bands, {v.id: None for v in layer.variables})
    rows, cols = (slice(index, index + 1) for index in cell)
    step = selection.step
    steps = ONE_STEP if step is None else slice(step, step + 1)
    parts = place(layer, 0, rows, cols)
    blocks = await read_blocks(read, parts, selection, steps)
    found = {p.variable.id: p.decode(raw) for p, raw in zip(parts, blocks, strict=True)}
    if layer.expression is None:
        values = [_known(found[v.id]) for v in layer.variables]
    else:
        values = [_known(band) for band in layer.expression.evaluate(found)]
    return PointValues(True, tuple(values), {name: _known(v) for name, v in found.items()})


def _known(values: Values) -> float | None:
    """The one value of an array; None for NaN."""
    value = float(values.flat[0])
    return None if value != value else value
