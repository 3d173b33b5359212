"""The layers that WMTS offers: their ids, styles, dimensions and matrix sets, and the way back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from tileserver.catalog import Catalog
from tileserver.colormap import Colormap
from tileserver.config import NamedStyleConfig
from tileserver.cube import TIME, Dimension
from tileserver.dataset import Dataset
from tileserver.drawing import StyleChoice, default_colormap
from tileserver.errors import (
    ColormapNotFound,
    DatasetNotFound,
    InvalidParameter,
    MatrixSetNotFound,
    VariableNotFound,
)
from tileserver.grid import Bounds
from tileserver.layer import EXPRESSION, Layer, find_layer
from tileserver.services.legend import Orientation
from tileserver.style import Scale, parse_rescale
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


def dataset_ids(catalog: Catalog, text: str) -> list[str]:
    """The datasets that the layer of an id may be of: both ids may hold dots, the longest of those
    that have such a variable is meant."""
    dots = [i for i, c in enumerate(text[: LONGEST_DATASET_ID + 1]) if c == "."]
    return [text[:dot] for dot in reversed(dots) if catalog.knows(text[:dot])]


def find(catalog: Catalog, text: str) -> tuple[Dataset, Layer]:
    """The layer of an id. Raises DatasetNotFound, VariableNotFound, DatasetUnavailable."""
    lacking: VariableNotFound | None = None
    for known in dataset_ids(catalog, text):
        name = text[len(known) + 1 :]
        if name == EXPRESSION:
            continue
        dataset = catalog[known]
        try:
            return dataset, find_layer(dataset, name)
        except VariableNotFound as error:
            lacking = lacking or error
    raise lacking or DatasetNotFound(text, "expected {dataset}.{variable}, as capabilities list")


def has_values(layer: Layer) -> bool:
    """Whether it is a colormap that colours the layer: it has one band, not red, green and blue."""
    return layer.bands == 1


def style_id(layer: Layer) -> str:
    """The name of the style that a layer is drawn in by default: its colormap's."""
    return default_colormap(layer).name if has_values(layer) else DEFAULT_STYLE


@dataclass(frozen=True, slots=True)
class NamedStyle:
    """A style by its id, as capabilities list it."""

    id: str
    choice: StyleChoice


def styles(dataset: Dataset, layer: Layer) -> tuple[NamedStyle, ...]:
    """The styles that a layer is offered in, its default first; any other colormap can be asked
    for too."""
    found = {style_id(layer): StyleChoice()}
    for text in _offers(dataset, layer):
        for name in dataset.config.style_sets.get(text, (text,)):
            # A picture of three bands takes no colormap, so that a set may suit it in part.
            with suppress(ColormapNotFound):
                found.setdefault(name, parse_style(dataset, layer, name))
    return tuple(NamedStyle(name, choice) for name, choice in found.items())


def parse_style(dataset: Dataset, layer: Layer, text: str) -> StyleChoice:
    """A style id: the layer's own, one of the style sets that it is offered in, any other colormap,
    or one with a range, `viridis:0:7`.

    Raises ColormapNotFound, InvalidParameter.
    """
    own = style_id(layer)
    if text in ("", DEFAULT_STYLE, own):
        return StyleChoice()
    named = _named(dataset, layer, text)
    if named is not None:
        return _choice(layer, text, named)
    name, *bounds = text.split(":")
    remedy = f"expected {own}, or a name of /colormaps, maybe with a range such as {own}:0:1"
    if not has_values(layer) and name not in (own, DEFAULT_STYLE):
        raise ColormapNotFound(text, f"a colour picture has the style {own}, or {own}:0:1")
    rescale = _range(text, bounds, remedy) if bounds else None
    scale = _scale(layer, rescale)
    if name in (own, DEFAULT_STYLE):
        return StyleChoice(rescale=rescale, scale=scale)
    try:
        return StyleChoice(Colormap.named(name), rescale, scale)
    except InvalidParameter:
        raise ColormapNotFound(text, remedy) from None


def _offers(dataset: Dataset, layer: Layer) -> tuple[str, ...]:
    """The names of style sets, and ids of styles."""
    offers = layer.style.offers
    return (dataset.config.offers or ()) if offers is None else offers


def _named(dataset: Dataset, layer: Layer, text: str) -> NamedStyleConfig | None:
    """The style of an id in the sets that a layer is offered in."""
    sets = dataset.config.style_sets
    found = (sets[name].get(text) for name in _offers(dataset, layer) if name in sets)
    return next((style for style in found if style is not None), None)


def _choice(layer: Layer, text: str, named: NamedStyleConfig) -> StyleChoice:
    scale = named.scale or _scale(layer, named.rescale)
    if named.colormap_name is None:
        return StyleChoice(rescale=named.rescale, scale=scale)
    if not has_values(layer):
        raise ColormapNotFound(text, "a colour picture takes no colormap")
    return StyleChoice(Colormap.named(named.colormap_name), named.rescale, scale)


def _scale(layer: Layer, rescale: tuple[float, float] | None) -> Scale | None:
    """The layer's own, but linear for a range that its logarithm has no place for."""
    if layer.style.scale == "log" and rescale is not None and rescale[0] <= 0:
        return "linear"
    return None


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
