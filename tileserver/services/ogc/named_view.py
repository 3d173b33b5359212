"""What a request to any OGC service names, but for the place: a layer, a style, coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tileserver.catalog import Dataset
from tileserver.drawing import View
from tileserver.layer import Layer, select
from tileserver.services.ogc.dimension import Chosen, choose
from tileserver.services.ogc.named_layer import layer_dimensions, parse_style


@dataclass(frozen=True, slots=True, eq=False)
class NamedView:
    """A view, and the coordinates that were taken, by dimension."""

    view: View
    chosen: Mapping[str, Chosen]

    @classmethod
    def of(cls, dataset: Dataset, layer: Layer, style: str, dims: Mapping[str, str]) -> NamedView:
        """A layer in a style at some coordinates; the defaults where they are not told.

        Args:
            style: a style id; "" for the layer's own.
            dims: the texts of coordinates by the names of dimensions in lower case.

        Raises ColormapNotFound, InvalidParameter.
        """
        chosen = {
            dimension.name: choose(dimension, dims.get(dimension.name.lower()))
            for dimension in layer_dimensions(dataset, layer)
        }
        labels = {name: each.label for name, each in chosen.items()}
        view = View(
            dataset=dataset,
            layer=layer,
            selection=select(dataset.source.cube, layer, labels),
            choice=parse_style(layer, style),
            resampling=layer.style.resampling,
        )
        return cls(view, chosen)

    @property
    def stand_ins(self) -> dict[str, str]:
        """The coordinates that were taken in place of others, by dimension."""
        return {name: each.label for name, each in self.chosen.items() if each.nearest}
