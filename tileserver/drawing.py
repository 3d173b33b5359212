"""One picture: which layer, at which step, in which colours, on which grid. What an ETag is of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from tileserver import __version__
from tileserver.algorithm import LEVELS, Algorithm
from tileserver.colormap import CLASSES
from tileserver.dataset import Dataset
from tileserver.encode import Format
from tileserver.errors import InvalidParameter
from tileserver.grid import Grid
from tileserver.layer import Layer, Selection
from tileserver.plan import LEVEL_SLACK, Resampling
from tileserver.style import Category, Colormap, Scale, Style

DEFAULT_COLORMAP = "viridis"

# What a picture is coloured by: a style for one band, a range for each of three, nothing for
# formats that hold values.
Colours = tuple[Style, ...] | tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class StyleChoice:
    """How a request wants a layer drawn; None where it does not say."""

    colormap: Colormap | None = None
    rescale: tuple[float, float] | None = None
    scale: Scale | None = None
    opacity: float = 1.0
    nodata: float | None = None
    algorithm: Algorithm | None = None

    @property
    def key(self) -> str:
        """The same for the same choice, in every process."""
        colormap = self.colormap.key if self.colormap else ""
        algorithm = self.algorithm.key if self.algorithm else ""
        look = f"{colormap}|{self.rescale}|{self.scale}|{self.opacity}"
        return f"{look}|{self.nodata}|{algorithm}"


@dataclass(frozen=True, eq=False)
class View:
    """A layer at one step in its colours, wherever one looks: all of a picture but its place.

    Args:
        resampling: None for nearest, but where that would leave out cells because even the
            coarsest level is too fine: then the mean, or of classes the most frequent.
        slack: by what factor cells of a level may be larger than a pixel.

    Raises:
        InvalidParameter: an algorithm is to be applied to more than one band.
    """

    dataset: Dataset
    layer: Layer
    selection: Selection
    choice: StyleChoice = StyleChoice()
    resampling: Resampling | None = None
    slack: float = LEVEL_SLACK

    def __post_init__(self) -> None:
        algorithm = self.choice.algorithm
        if algorithm is not None and self.layer.bands != 1:
            raise InvalidParameter(
                "algorithm", algorithm.name, "a picture of three bands takes none"
            )

    @property
    def bands(self) -> int:
        """How many values a pixel has: 1, or 3 of a colour picture."""
        algorithm = self.choice.algorithm
        return self.layer.bands if algorithm is None else algorithm.bands

    @cached_property
    def key(self) -> str:
        """The same for the same view, in every process."""
        parts = (
            __version__,
            self.dataset.id,
            self.dataset.version,
            self.layer.key,
            str(self.selection.indices),
            self.choice.key,
            str(self.resampling),
            str(self.slack),
        )
        return _digest("|".join(parts))


@dataclass(frozen=True, eq=False)
class Drawing:
    """One picture: a view, the pixels that it is drawn on, the format of its file."""

    view: View
    target: Grid
    format: Format = "png"

    @property
    def reach(self) -> Grid:
        """The pixels that it is made of: the target's, and around them what an algorithm needs."""
        algorithm = self.view.choice.algorithm
        return self.target if algorithm is None else self.target.padded(algorithm.margin_px)

    @cached_property
    def etag(self) -> str:
        """A strong validator, known before any work: of all that the bytes depend on."""
        return f'"{_digest(f"{self.view.key}|{self.target.key}|{self.format}")}"'


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def style_of(
    layer: Layer, choice: StyleChoice, value_range: tuple[float, float] | None
) -> Style | None:
    """The style of a one-band layer; None where it hangs on a range that is not known."""
    algorithm = choice.algorithm
    if algorithm is not None:
        return Style(
            choice.colormap or Colormap.named(algorithm.colormap_name),
            choice.rescale or algorithm.rescale,
            choice.scale or "linear",
            choice.opacity,
        )
    colormap = choice.colormap or default_colormap(layer)
    scale = choice.scale or layer.style.scale
    rescale = choice.rescale or layer.style.rescale
    if rescale is None and not colormap.classified:
        if value_range is None:
            return None
        rescale = value_range
    if rescale is not None and choice.rescale is None and scale == "log" and rescale[0] <= 0:
        rescale = (rescale[1] / 1000, rescale[1]) if rescale[1] > 0 else (0.001, 1.0)
    return Style(colormap, rescale or (0.0, 1.0), scale, choice.opacity)


def colours_of(view: View, value_range: tuple[float, float] | None) -> Colours | None:
    """What a view is coloured by; None where it hangs on a range that is not known.

    Raises InvalidParameter where the picture takes no colormap.
    """
    if view.bands == 1:
        style = style_of(view.layer, view.choice, value_range)
        return None if style is None else (style,)
    if view.choice.colormap is not None:
        raise InvalidParameter(
            "colormap_name", view.choice.colormap.name, "a picture of three bands takes none"
        )
    algorithm = view.choice.algorithm
    told = value_range if algorithm is None else LEVELS
    rescale = view.choice.rescale or told
    return None if rescale is None else (rescale,) * 3


def default_colormap(layer: Layer) -> Colormap:
    """A layer's colours where a request does not say: the catalogue's, its classes', viridis."""
    if layer.style.colormap_name is not None:
        return Colormap.named(layer.style.colormap_name)
    if 0 < len(layer.flags) <= CLASSES:
        return Colormap.categorical(
            layer.id,
            [
                Category(f.value, f.label, f.color or _spare(i), f.mask)
                for i, f in enumerate(layer.flags)
            ],
        )
    return Colormap.named(DEFAULT_COLORMAP)


def _spare(number: int) -> tuple[int, int, int, int]:
    """A class's colour where it has none: those of tab20, darker in each further round of them."""
    turn, place = divmod(number, 20)
    # Its table of 256 holds each colour 12.8 times.
    red, green, blue, alpha = Colormap.named("tab20").lut[place * 13].tolist()
    shade = 0.7**turn
    return (round(red * shade), round(green * shade), round(blue * shade), alpha)
