"""What pixels are made into before they are coloured: the tile parameter `algorithm`.

Names of algorithms and of their parameters are titiler.core's where it has them. An algorithm that
looks at a pixel's neighbours has a margin: it is given the pixels of a target that is larger by
`margin_px` on each side (`Grid.padded`), so that tiles meet without a seam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Protocol, get_args

from tileserver import terrain
from tileserver.errors import InvalidParameter
from tileserver.grid import Grid
from tileserver.plan import Resampling
from tileserver.terrain import Float32s, Heights, Valid

SlopeUnits = Literal["degree", "percent"]

PARAMS = "algorithm_params"  # the tile parameter that holds those of an algorithm, as JSON
# Parameters of titiler.core that a client may send and that nothing depends on here: there,
# `buffer` cuts off the pixels that were read for the neighbours' sake.
PASSED_OVER = ("buffer",)


class Algorithm(Protocol):
    """From the values of one band to others.

    Attributes:
        name: as clients say it.
        title, units: of the values that it gives.
        margin_px: how many pixels around the target it looks at.
        resampling: what suits it, where a request does not say.
        colormap_name, rescale: how its values are drawn, where a request does not say.
        key: the same for the same algorithm with the same parameters, in every process.
    """

    name: ClassVar[str]
    title: ClassVar[str]
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
        """The target's values (h, w), and where there are any.

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


def _check(algorithm: Any) -> None:
    for each in fields(algorithm):
        value, allowed = getattr(algorithm, each.name), each.metadata["allowed"]
        if value not in allowed:
            raise InvalidParameter(PARAMS, f"{each.name}: {value}", f"expected {allowed}")


def _key(algorithm: Any) -> str:
    values = (getattr(algorithm, each.name) for each in fields(algorithm))
    # 45 is 45.0: equal algorithms have one key.
    texts = (v if isinstance(v, str) else repr(float(v)) for v in values)
    return f"{algorithm.name}:{','.join(texts)}"


@dataclass(frozen=True, slots=True)
class Hillshade:
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
    margin_px: ClassVar[int] = 1
    resampling: ClassVar[Resampling] = "bilinear"  # nearest cells are steps with a light and a dark
    colormap_name: ClassVar[str] = "gray"
    rescale: ClassVar[tuple[float, float]] = (0.0, 255.0)
    units: ClassVar[None] = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    def key(self) -> str:
        return _key(self)

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
class Slope:
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
    margin_px: ClassVar[int] = 1
    resampling: ClassVar[Resampling] = "bilinear"
    colormap_name: ClassVar[str] = "gray_r"  # the steeper the darker

    def __post_init__(self) -> None:
        _check(self)

    @property
    def rescale(self) -> tuple[float, float]:
        """Up to a wall; in percent up to 45 degrees."""
        return (0.0, 90.0) if self.units == "degree" else (0.0, 100.0)

    @property
    def key(self) -> str:
        return _key(self)

    def apply(self, values: Heights, valid: Valid, target: Grid) -> tuple[Float32s, Valid]:
        steepness = terrain.slope(
            values, valid, target, percent=self.units == "percent", factor=self.z_exaggeration
        )
        return steepness, valid[1:-1, 1:-1]


ALGORITHMS: Mapping[str, type[Hillshade] | type[Slope]] = {
    each.name: each for each in (Hillshade, Slope)
}


def make_algorithm(name: str, params: Mapping[str, Any]) -> Algorithm:
    """The algorithm of a name in ALGORITHMS, with parameters by name, the others by default.

    Raises InvalidParameter for parameters that it lacks, or whose value it cannot use.
    """
    algorithm = ALGORITHMS[name]
    known = [each.name for each in fields(algorithm)]
    for each in params:
        if each not in known and each not in PASSED_OVER:
            remedy = f"no such parameter of {name}; there are {', '.join(known)}"
            raise InvalidParameter(PARAMS, each, remedy)
    made: Algorithm = algorithm(**{k: value for k, value in params.items() if k in known})
    return made
