"""What pixels are made into before they are coloured: the tile parameter `algorithm`.

Names of algorithms and of their parameters are titiler.core's where it has them. An algorithm that
looks at a pixel's neighbours has a margin: it is given the pixels of a target that is larger by
`margin_px` on each side (`Grid.padded`), so that tiles meet without a seam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from tileserver import terrain
from tileserver.colormap import Colormap
from tileserver.errors import InvalidParameter
from tileserver.grid import Grid
from tileserver.plan import Resampling
from tileserver.terrain import Float32s, Heights, Valid

SlopeUnits = Literal["degree", "percent"]

PARAMS = "algorithm_params"  # the tile parameter that holds those of an algorithm, as JSON
# Parameters of titiler.core that a client may send and that nothing depends on here: there,
# `buffer` cuts off the pixels that were read for the neighbours' sake.
PASSED_OVER = ("buffer",)
LEVELS = (0.0, 255.0)  # of a channel


class Algorithm(Protocol):
    """From the values of one band to others.

    Attributes:
        name: as clients say it.
        bands: that it gives: 1, or 3 that are levels of red, green and blue from 0 to 255.
        title, units: of the values that it gives.
        margin_px: how many pixels around the target it looks at.
        resampling: what suits it, where a request does not say.
        colormap_name, rescale: how its values are drawn, where a request does not say.
        key: the same for the same algorithm with the same parameters, in every process.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    bands: ClassVar[int]
    margin_px: ClassVar[int]
    resampling: ClassVar[Resampling]
    colormap_name: ClassVar[str]

    @property
    def units(self) -> str | None: ...
    @property
    def rescale(self) -> tuple[float, float]: ...
    @property
    def key(self) -> str: ...

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        """The target's values (h, w), of three bands (3, h, w), and where there are any.

        Args:
            values, valid: those of `target.padded(margin_px)`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from low to high."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Words:
    """Some words."""

    options: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def __str__(self) -> str:
        return " or ".join(self.options)


def _number(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"allowed": Span(low, high)})


@dataclass(frozen=True, slots=True)
class _Known:
    """What all have: parameters that are checked, and a key made of them."""

    name: ClassVar[str]
    resampling: ClassVar[Resampling] = "bilinear"  # nearest cells are steps with a light and a dark

    def __post_init__(self) -> None:
        for each in fields(self):
            value, allowed = getattr(self, each.name), each.metadata["allowed"]
            if value not in allowed:
                raise InvalidParameter(PARAMS, f"{each.name}: {value}", f"expected {allowed}")

    @property
    def key(self) -> str:
        values = (getattr(self, each.name) for each in fields(self))
        # 45 is 45.0: equal algorithms have one key.
        texts = (v if isinstance(v, str) else repr(float(v)) for v in values)
        return f"{self.name}:{','.join(texts)}"


@dataclass(frozen=True, slots=True)
class _Coloured(_Known):
    """Those that make red, green and blue of each cell by itself."""

    units: ClassVar[None] = None
    bands: ClassVar[int] = 3
    margin_px: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class Hillshade(_Known):
    """The ground in the light of a lamp, as GDAL's gdaldem has it; heights in metres.

    titiler.core's default azimuth is 45; here it is 315, light from the upper left, as cartography
    and gdaldem have it: lit from elsewhere, valleys look like ridges.

    Args:
        azimuth, angle_altitude: where the lamp is, in degrees clockwise from the top of the
            picture and above the horizon.
        z_exaggeration: by which heights are multiplied.

    Raises:
        InvalidParameter: one is out of range.
    """

    azimuth: float = _number(315.0, 0, 360)
    angle_altitude: float = _number(45.0, -90, 90)
    z_exaggeration: float = _number(1.0, 1e-6, 1e6)

    name: ClassVar[str] = "hillshade"
    title: ClassVar[str] = "Hillshade"
    bands: ClassVar[int] = 1
    margin_px: ClassVar[int] = 1
    colormap_name: ClassVar[str] = "gray"
    rescale: ClassVar[tuple[float, float]] = (0.0, 255.0)
    units: ClassVar[None] = None

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        shade = terrain.hillshade(
            values,
            valid,
            target,
            azimuth=self.azimuth,
            altitude=self.angle_altitude,
            factor=self.z_exaggeration,
        )
        return shade, valid[1:-1, 1:-1]


@dataclass(frozen=True, slots=True)
class Slope(_Known):
    """How steep the ground is, as GDAL's gdaldem has it; heights in metres.

    Args:
        z_exaggeration: by which heights are multiplied.
        units: degrees from the horizontal, or percent: 100 × rise / distance.

    Raises:
        InvalidParameter: one is out of range.
    """

    z_exaggeration: float = _number(1.0, 1e-6, 1e6)
    units: SlopeUnits = field(default="degree", metadata={"allowed": Words(get_args(SlopeUnits))})

    name: ClassVar[str] = "slope"
    title: ClassVar[str] = "Slope"
    bands: ClassVar[int] = 1
    margin_px: ClassVar[int] = 1
    colormap_name: ClassVar[str] = "gray_r"  # the steeper the darker

    @property
    def rescale(self) -> tuple[float, float]:
        """Up to a wall; in percent up to 45 degrees."""
        return (0.0, 90.0) if self.units == "degree" else (0.0, 100.0)

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        steepness = terrain.slope(
            values, valid, target, percent=self.units == "percent", factor=self.z_exaggeration
        )
        return steepness, valid[1:-1, 1:-1]


@dataclass(frozen=True, slots=True)
class Contours(_Coloured):
    """Heights in the colours of the table `terrain`, with a black line at each step of them.

    Args:
        increment: from one line to the next.
        thickness: how far above its height a line still is black.
        minz, maxz: the heights that the colours begin and end at.

    Raises:
        InvalidParameter: one is out of range.
    """

    increment: float = _number(35.0, 1e-3, 999)
    thickness: float = _number(1.0, 0, 10)
    minz: float = _number(-12000.0, -99999, 99999)
    maxz: float = _number(8000.0, -99999, 99999)

    name: ClassVar[str] = "contours"
    title: ClassVar[str] = "Contours"
    colormap_name: ClassVar[str] = "terrain"

    def __post_init__(self) -> None:
        _Known.__post_init__(self)  # super() knows no class that has slots
        if not self.minz < self.maxz:
            raise InvalidParameter(PARAMS, f"minz: {self.minz:g}", f"expected below {self.maxz:g}")

    @property
    def rescale(self) -> tuple[float, float]:
        """The heights of the colours."""
        return (self.minz, self.maxz)

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        heights = np.where(valid, values, 0).astype(np.float64)
        share = (np.clip(heights, self.minz, self.maxz) - self.minz) / (self.maxz - self.minz)
        index = (share * 254 + 1).astype(np.uint8)
        colours = Colormap.named(self.colormap_name).lut[index, :3].astype(np.float32)
        colours[heights % self.increment < self.thickness] = 0
        return np.moveaxis(colours, -1, 0), valid


@dataclass(frozen=True, slots=True)
class Terrarium(_Coloured):
    """Heights in metres as colours for programs: Mapzen's Terrarium.

    height = 256 · red + green + blue / 256 - 32768
    """

    name: ClassVar[str] = "terrarium"
    title: ClassVar[str] = "Heights in Terrarium's colours"
    colormap_name: ClassVar[str] = "gray"
    rescale: ClassVar[tuple[float, float]] = LEVELS

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        raised = np.clip(np.where(valid, values, 0) + 32768.0, 0.0, 65535.0)
        return _levels(raised / 256, raised % 256, raised * 256 % 256), valid


@dataclass(frozen=True, slots=True)
class TerrainRgb(_Coloured):
    """Heights in metres as colours for programs: Mapbox's Terrain-RGB.

    height = baseval + interval · (65536 · red + 256 · green + blue)

    Raises:
        InvalidParameter: one is out of range.
    """

    interval: float = _number(0.1, 1e-3, 1)
    baseval: float = _number(-10000.0, -99999, 99999)

    name: ClassVar[str] = "terrainrgb"
    title: ClassVar[str] = "Heights in the colours of Terrain-RGB"
    colormap_name: ClassVar[str] = "gray"
    rescale: ClassVar[tuple[float, float]] = LEVELS

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        steps = (np.where(valid, values, 0).astype(np.float64) - self.baseval) / self.interval
        code = np.clip(np.around(steps), 0, 256**3 - 1).astype(np.int32)
        return _levels(code >> 16, code >> 8 & 255, code & 255), valid


def _levels(*bands: npt.NDArray[Any]) -> Float32s:
    """Red, green and blue (3, h, w), each cut off to a whole number."""
    return np.stack(bands).astype(np.uint8).astype(np.float32)


ALGORITHMS: Mapping[str, type[Algorithm]] = {
    each.name: each for each in (Hillshade, Slope, Contours, Terrarium, TerrainRgb)
}


def make_algorithm(name: str, params: Mapping[str, Any]) -> Algorithm:
    """The algorithm of a name in ALGORITHMS, with parameters by name, the others by default.

    Raises InvalidParameter for parameters that it lacks, or whose value it cannot use.
    """
    algorithm = ALGORITHMS[name]
    known = [each.name for each in fields(algorithm)]  # type: ignore[arg-type]
    for each in params:
        if each not in known and each not in PASSED_OVER:
            remedy = f"no such parameter of {name}; there are {', '.join(known) or 'none'}"
            raise InvalidParameter(PARAMS, each, remedy)
    made: Algorithm = algorithm(**{k: value for k, value in params.items() if k in known})
    return made
