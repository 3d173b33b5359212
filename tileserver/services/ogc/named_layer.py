"""The layers that WMTS offers: their ids, styles, dimensions and matrix sets, and the way back."""

from __future__ import annotations

from urllib.parse import quote

from tileserver.catalog import Catalog, Dataset
from tileserver.colormap import Colormap
from tileserver.cube import TIME, Dimension
from tileserver.drawing import StyleChoice, default_colormap
from tileserver.errors import (
    ColormapNotFound,
    DatasetNotFound,
    InvalidParameter,
    MatrixSetNotFound,
    VariableNotFound,
)
from tileserver.grid import Bounds
from tileserver.layer import EXPRESSION, Layer, find_layer, layers
from tileserver.services.legend import Orientation, default_size
from tileserver.services.ogc.wmts import VERSION, LayerInfo, StyleInfo
from tileserver.style import Style, parse_rescale
from tileserver.tms import MatrixSet

DEFAULT_STYLE = "default"
LEGEND_ORIENTATION: Orientation = "horizontal"
LONGEST_DATASET_ID = 128
# A dimension of such a name could not be told from the parameter of the protocol.
RESERVED = frozenset(
    {
        *("service", "request", "version", "layer", "style", "format", "infoformat"),
        *("tilematrixset", "tilematrix", "tilerow", "tilecol", "i", "j"),
    }
)


def layer_id(dataset: Dataset, layer: Layer) -> str:
    """The name of a layer among those of all datasets."""
    return f"{dataset.id}.{layer.id}"


def find(catalog: Catalog, text: str) -> tuple[Dataset, Layer]:
    """The layer of an id. Raises DatasetNotFound, VariableNotFound, DatasetUnavailable."""
    dots = [i for i, c in enumerate(text[: LONGEST_DATASET_ID + 1]) if c == "."]
    lacking: VariableNotFound | None = None
    # Both ids may hold dots: the longest dataset id that has such a variable is meant.
    for dot in reversed(dots):
        name = text[dot + 1 :]
        if text[:dot] not in catalog.entries or name == EXPRESSION:
            continue
        dataset = catalog[text[:dot]]
        try:
            return dataset, find_layer(dataset, name)
        except VariableNotFound as error:
            lacking = lacking or error
    raise lacking or DatasetNotFound(text, "expected a layer {dataset}.{variable} of /wmts")


def layer_infos(dataset: Dataset, base_url: str) -> list[LayerInfo]:
    """What capabilities tell of a dataset's layers."""
    return [_layer_info(dataset, layer, base_url) for layer in layers(dataset)]


def _layer_info(dataset: Dataset, layer: Layer, base_url: str) -> LayerInfo:
    return LayerInfo(
        id=layer_id(dataset, layer),
        title=f"{dataset.title}: {layer.title}",
        abstract=dataset.config.description or dataset.source.cube.description,
        bbox=layer_bounds(layer),
        styles=(_style_info(dataset, layer, base_url),),
        dimensions=layer_dimensions(dataset, layer),
        matrix_sets=layer_sets(dataset, layer),
        queryable=has_values(layer),
    )


def _style_info(dataset: Dataset, layer: Layer, base_url: str) -> StyleInfo:
    name = style_id(layer)
    if not has_values(layer):
        return StyleInfo(name)
    path = "/".join(quote(part, safe="") for part in (layer_id(dataset, layer), name))
    # How large a legend is depends on the colours alone, not on the range.
    size = default_size(Style(default_colormap(layer), (0.0, 1.0)), LEGEND_ORIENTATION)
    return StyleInfo(name, f"{base_url}/wmts/{VERSION}/{path}/legend.png", size)


def has_values(layer: Layer) -> bool:
    """Whether a pixel has a value, and a legend that explains it, rather than just a colour."""
    return layer.bands == 1


def style_id(layer: Layer) -> str:
    """The name of the style that a layer is drawn in by default: its colormap's."""
    return default_colormap(layer).name if has_values(layer) else DEFAULT_STYLE


def parse_style(layer: Layer, text: str) -> StyleChoice:
    """A style id: the layer's own, any other colormap, or one with a range, `viridis:0:7`.

    Raises ColormapNotFound, InvalidParameter.
    """
    own = style_id(layer)
    name, *bounds = text.split(":")
    if not bounds and name in ("", DEFAULT_STYLE, own):
        return StyleChoice()
    remedy = f"expected {own}, or a name of /colormaps, maybe with a range such as {own}:0:1"
    if not has_values(layer):
        raise ColormapNotFound(text, f"a colour picture has the style {own} alone")
    rescale = _range(text, bounds, remedy) if bounds else None
    if name == own:
        return StyleChoice(rescale=rescale)
    try:
        return StyleChoice(Colormap.named(name), rescale)
    except InvalidParameter:
        raise ColormapNotFound(text, remedy) from None


def _range(text: str, bounds: list[str], remedy: str) -> tuple[float, float]:
    try:
        return parse_rescale(",".join(bounds))
    except InvalidParameter:
        raise InvalidParameter("style", text, remedy) from None


def layer_dimensions(dataset: Dataset, layer: Layer) -> tuple[Dimension, ...]:
    """The dimensions that can be asked for, time first, since clients take the first for it."""
    known = dataset.source.cube.dimensions
    found = [known[dim] for dim in layer.dims if known[dim].size]
    usable = [each for each in found if each.name.lower() not in RESERVED]
    return tuple(sorted(usable, key=lambda each: each.name != TIME))


def layer_bounds(layer: Layer) -> Bounds:
    """(west, south, east, north) in degrees; west > east where it crosses 180°."""
    return layer.variables[0].grid.lonlat_bounds()


def layer_sets(dataset: Dataset, layer: Layer) -> tuple[MatrixSet, ...]:
    """The matrix sets that a layer is offered in: two of the world, then those of its own CRS."""
    return dataset.matrix_sets.for_crs(layer.variables[0].grid.crs)


def find_set(dataset: Dataset, layer: Layer, name: str) -> MatrixSet:
    """One of a layer's matrix sets. Raises MatrixSetNotFound."""
    offered = {tiles.id: tiles for tiles in layer_sets(dataset, layer)}
    if name not in offered:
        raise MatrixSetNotFound(name, f"layer {layer.id} has {', '.join(offered)}")
    return offered[name]
