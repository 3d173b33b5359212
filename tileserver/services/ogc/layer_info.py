"""What the documents of WMTS, WMS and OGC API tell of a layer, before any of them writes it."""

from __future__ import annotations

from dataclasses import dataclass

from tileserver.cube import Dimension
from tileserver.dataset import Dataset
from tileserver.drawing import default_colormap
from tileserver.grid import Bounds
from tileserver.layer import Layer, layers
from tileserver.services import inspection
from tileserver.services.legend import PICTURE_SIZE, default_size
from tileserver.services.ogc.named_layer import (
    LEGEND_ORIENTATION,
    NamedStyle,
    has_values,
    layer_bounds,
    layer_dimensions,
    layer_id,
    layer_sets,
    styles,
)
from tileserver.style import Style
from tileserver.tms import MatrixSet, native_zoom


@dataclass(frozen=True, slots=True)
class StyleInfo:
    """A style by its id; `legend_size` is (width, height) in pixels of its legend as PNG."""

    id: str
    legend_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LayerInfo:
    """What is drawn as one picture; the first of its styles is the default.

    Args:
        dataset: its id.
        bbox: in degrees; west > east where it crosses 180°.
        matrix_sets: those that it is offered in, in order of preference.
        native_zooms: of each of them, the first whose pixels are as fine as the data's.
        first_zooms: of each of them, the first whose tiles read no more than they may.
        queryable: whether GetFeatureInfo tells values.
        theme: names of what it lies in, the widest first.
    """

    id: str
    dataset: str
    title: str
    abstract: str | None
    bbox: Bounds
    styles: tuple[StyleInfo, ...]
    dimensions: tuple[Dimension, ...]
    matrix_sets: tuple[MatrixSet, ...]
    native_zooms: tuple[int, ...]
    first_zooms: tuple[int, ...] = ()
    queryable: bool = True
    theme: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    attribution: str | None = None


def layer_infos(dataset: Dataset) -> list[LayerInfo]:
    """What documents tell of a dataset's layers."""
    return [_layer_info(dataset, layer) for layer in layers(dataset)]


def _layer_info(dataset: Dataset, layer: Layer) -> LayerInfo:
    config, cube, sets = dataset.config, dataset.source.cube, layer_sets(dataset, layer)
    return LayerInfo(
        id=layer_id(dataset, layer),
        dataset=dataset.id,
        title=f"{dataset.title}: {layer.title}",
        abstract=config.description or cube.description,
        bbox=layer_bounds(layer),
        styles=tuple(_style_info(layer, each) for each in styles(dataset, layer)),
        dimensions=layer_dimensions(dataset, layer),
        matrix_sets=sets,
        native_zooms=tuple(
            max(native_zoom(tiles, variable.grid) for variable in layer.variables) for tiles in sets
        ),
        first_zooms=tuple(inspection.first_zoom(layer, tiles, dataset.limits) for tiles in sets),
        queryable=config.queryable,
        theme=tuple(name.strip() for name in (config.theme or "").split("/") if name.strip()),
        keywords=config.keywords,
        attribution=config.attribution or cube.attribution,
    )


def _style_info(layer: Layer, style: NamedStyle) -> StyleInfo:
    size = PICTURE_SIZE
    if has_values(layer):
        # How large a legend is depends on the colours alone, not on the range.
        colormap = style.choice.colormap or default_colormap(layer)
        size = default_size(Style(colormap, (0.0, 1.0)), LEGEND_ORIENTATION)
    return StyleInfo(style.id, size)
