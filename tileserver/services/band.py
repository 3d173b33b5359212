"""The bands of a layer by their names: what a legend and a value are headed with."""

from __future__ import annotations

from dataclasses import dataclass

from tileserver.cube import Flag
from tileserver.layer import Layer


@dataclass(frozen=True, slots=True)
class Band:
    """One of the values that a pixel of a layer has.

    Args:
        id: the variable's; of what an expression works out, the layer's or the part of its text.
    """

    id: str
    title: str
    units: str | None = None
    flags: tuple[Flag, ...] = ()


def bands(layer: Layer) -> tuple[Band, ...]:
    """One of each value: the layer itself, or of a colour picture red, green and blue."""
    if layer.bands == 1:
        return (Band(layer.id, layer.title, layer.units, layer.flags),)
    if layer.expression is None:
        return inputs(layer)
    parts = [part.strip() for part in layer.expression.key.split(";")]
    return tuple(Band(part, part, layer.units) for part in parts)


def inputs(layer: Layer) -> tuple[Band, ...]:
    """One of each variable that a layer is made of."""
    return tuple(Band(v.id, v.title or v.id, v.units, v.flags) for v in layer.variables)
