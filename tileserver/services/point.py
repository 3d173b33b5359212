"""One value: of the cell that contains a point."""

from __future__ import annotations

from tileserver.area import locate
from tileserver.catalog import Dataset
from tileserver.geometry import from_lonlat
from tileserver.layer import Layer, Selection
from tileserver.services.window import Read, check_single, combine, finest, place, read_blocks

ONE_STEP = slice(0, 1)


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
    place_of = from_lonlat(lon, lat)
    cell = locate(finest(layer).grid, place_of.x, place_of.y)
    if cell is None:
        return None
    rows, cols = (slice(index, index + 1) for index in cell)
    step = selection.step
    steps = ONE_STEP if step is None else slice(step, step + 1)
    parts = place(layer, 0, rows, cols)
    blocks = await read_blocks(read, parts, selection, steps)
    value = float(combine(layer, parts, blocks)[0, 0, 0])
    return None if value != value else value
