"""What a request to any OGC service names, but for the place: a layer, a style, coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tileserver.cube import TIME
from tileserver.dataset import Dataset
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
            dims: the texts of coordinates by the names of dimensions in lower case; `time` is any
                layer's time, whatever its dimension is called.

        Raises ColormapNotFound, InvalidParameter.
        """
        known = layer_dimensions(dataset, layer)
        texts = {each.name: dims.get(each.name.lower()) for each in known}
        times = [each.name for each in known if each.kind == "time"]
        if times and texts[times[0]] is None:  # the first is the one called time, if any is
            texts[times[0]] = dims.get(TIME)
        chosen = {each.name: choose(each, texts[each.name]) for each in known}
        labels = {name: each.label for name, each in chosen.items()}
        view = View(
            dataset=dataset,
            layer=layer,
            selection=select(dataset.source.cube, layer, labels),
            choice=parse_style(dataset, layer, style),
            resampling=layer.style.resampling,
        )
        return cls(view, chosen)

    @property
    def stand_ins(self) -> dict[str, str]:
        """The coordinates that were taken in place of others, by dimension."""
        return {name: each.label for name, each in self.chosen.items() if each.nearest}
