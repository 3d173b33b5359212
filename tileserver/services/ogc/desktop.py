"""A layer as a desktop GIS is handed it: in one style, one matrix set, at some coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tileserver.cube import TIME, Dimension
from tileserver.dataset import Dataset
from tileserver.layer import Layer
from tileserver.services.ogc import named_layer
from tileserver.services.ogc.named_view import NamedView
from tileserver.tms import MatrixSet


@dataclass(frozen=True, slots=True, eq=False)
class DesktopLayer:
    """What a file that opens a layer in a desktop GIS is written from.

    Args:
        style: a style id of WMTS and WMS.
        dims: the coordinates that were asked for, by dimension; others are left to the server.
        defaults: the coordinates of the other dimensions, but for time, by dimension.
    """

    dataset: Dataset
    layer: Layer
    style: str
    tiles: MatrixSet
    dims: Mapping[str, str]
    defaults: Mapping[str, str]

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        layer: Layer,
        *,
        style: str | None = None,
        tms: str | None = None,
        dims: Mapping[str, str] | None = None,
    ) -> DesktopLayer:
        """In the layer's own style, its first matrix set, at the defaults, where none are told.

        Raises ColormapNotFound, MatrixSetNotFound, InvalidParameter.
        """
        sets = named_layer.layer_sets(dataset, layer)
        tiles = sets[0] if tms is None else named_layer.find_set(dataset, layer, tms)
        asked = {name.lower(): text for name, text in (dims or {}).items()}
        named = NamedView.of(dataset, layer, style or "", asked)
        labels = {name: each.label for name, each in named.chosen.items()}
        return cls(
            dataset,
            layer,
            style or named_layer.style_id(layer),
            tiles,
            {k: v for k, v in labels.items() if k.lower() in asked},
            {k: v for k, v in labels.items() if k.lower() not in asked and k != TIME},
        )

    @property
    def id(self) -> str:
        """Its name among the layers of all datasets."""
        return named_layer.layer_id(self.dataset, self.layer)

    @property
    def title(self) -> str:
        """As capabilities have it."""
        return f"{self.dataset.title}: {self.layer.title}"

    @property
    def times(self) -> Dimension | None:
        """Its dimension of time, where no time is asked for and there is a choice."""
        time = self.dataset.source.cube.dimensions.get(TIME) if TIME in self.layer.dims else None
        if time is None or time.kind != "time" or time.size < 2 or TIME in self.dims:
            return None
        return time
