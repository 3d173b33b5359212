"""What xcube calls a layer: a variable, `name=expression`, or `rgb`."""

from __future__ import annotations

from dataclasses import dataclass

from tileserver.dataset import Dataset
from tileserver.errors import VariableNotFound
from tileserver.layer import EXPRESSION, Layer, find_layer, layers

RGB = "rgb"
CHANNELS = ("r", "g", "b")


@dataclass(frozen=True, slots=True)
class Channel:
    """One of three variables that a request makes a picture of; None for the picture's own."""

    variable: str | None = None
    low: float | None = None
    high: float | None = None


def find(dataset: Dataset, text: str) -> Layer:
    """The layer of a text. Raises VariableNotFound, InvalidParameter."""
    if text == RGB:
        return _picture(dataset)
    _, equals, expression = text.partition("=")
    if equals:
        return find_layer(dataset, EXPRESSION, expression.strip())
    return find_layer(dataset, text)


def picture(dataset: Dataset) -> Layer | None:
    """The picture of three bands that a dataset is shown as; the first, of several."""
    return next((layer for layer in layers(dataset) if layer.bands == len(CHANNELS)), None)


def _picture(dataset: Dataset) -> Layer:
    found = picture(dataset)
    if found is None:
        raise VariableNotFound(RGB, f"dataset {dataset.id} has no composite of three bands")
    return found


def mixed(
    dataset: Dataset, channels: tuple[Channel, ...], shared: tuple[float, float] | None
) -> Layer:
    """A picture of variables that the request names, each over its own range, from 0 to 1.

    Args:
        shared: the range of channels that name none.

    Raises VariableNotFound, InvalidParameter.
    """
    own = picture(dataset)
    known = own.variables if own is not None and own.expression is None else ()
    parts = []
    for number, channel in enumerate(channels):
        name = channel.variable
        if name is None:
            if not known:
                remedy = f"{CHANNELS[number]} names no variable, and the dataset has no composite"
                raise VariableNotFound(RGB, remedy)
            name = known[number].id
        low, high = shared or (0.0, 1.0)
        low = low if channel.low is None else channel.low
        high = high if channel.high is None else channel.high
        if high == low:
            high = low + 1
        parts.append(f"(`{name}`-({low!r}))/({high!r}-({low!r}))")
    return find_layer(dataset, EXPRESSION, ";".join(parts))
