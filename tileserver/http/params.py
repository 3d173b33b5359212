"""Query parameters, each declared once: how its text is read, and what /openapi.json says of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar, get_args

from tileserver.algorithm import ALGORITHMS, Algorithm, make_algorithm
from tileserver.drawing import StyleChoice
from tileserver.encode import Format
from tileserver.errors import InvalidParameter, MissingParameter, shown
from tileserver.grid import Bounds
from tileserver.plan import Resampling
from tileserver.style import Colormap, Scale, parse_rescale
from tileserver.timeaxis import Method

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,10}", re.ASCII)
LONGEST_TEXT = 4096
LONGEST_OBJECT = 1024


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One query parameter.

    Args:
        parse: its value from the text, raising InvalidParameter.
        schema: as JSON schema has it.
        required: whether it has to be there; handlers ask for it by Query.need.
    """

    name: str
    parse: Callable[[str, str], T]
    schema: Mapping[str, Any]
    description: str
    default: T
    example: str | None = None
    required: bool = False


def text(name: str, value: str) -> str:
    """Any text of a sensible length."""
    if len(value) > LONGEST_TEXT or "\0" in value:
        raise InvalidParameter(name, value, f"expected at most {LONGEST_TEXT} plain characters")
    return value


def number(name: str, value: str) -> float:
    """A finite number in plain digits."""
    found = float(value) if _NUMBER.fullmatch(value) else math.nan
    if not math.isfinite(found):
        raise InvalidParameter(name, value, "expected a finite number")
    return found


def integer(low: int, high: int) -> Callable[[str, str], int]:
    """A whole number within limits."""

    def parse(name: str, value: str) -> int:
        found = int(value) if _INTEGER.fullmatch(value) else None
        if found is None or not low <= found <= high:
            raise InvalidParameter(name, value, f"expected a whole number from {low} to {high}")
        return found

    return parse


def whole(
    name: str, low: int, high: int, description: str, default: T, example: str | None = None
) -> Parameter[int | T]:
    """A parameter that is a whole number within limits."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Parameter(name, integer(low, high), schema, description, default, example)


def required(parameter: Parameter[T]) -> Parameter[T]:
    """The same where it cannot be left out."""
    return replace(parameter, required=True)


def choice(options: Iterable[str]) -> Callable[[str, str], Any]:
    """One of some words."""
    known = tuple(options)

    def parse(name: str, value: str) -> str:
        if value not in known:
            raise InvalidParameter(name, value, f"expected {' or '.join(known)}")
        return value

    return parse


def words(options: Callable[[str], bool], expected: str) -> Callable[[str, str], tuple[str, ...]]:
    """Several words, parted by commas."""

    def parse(name: str, value: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in value.split(","))
        if len(found) > 32 or not all(map(options, found)):
            raise InvalidParameter(name, value, expected)
        return found

    return parse


def json_object(name: str, value: str) -> dict[str, Any]:
    """A JSON object of a sensible length."""
    if len(value) > LONGEST_OBJECT:
        raise InvalidParameter(name, value, f"expected at most {LONGEST_OBJECT} characters")
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidParameter(name, value, 'expected a JSON object such as {"azimuth": 315}')
    return found


def boolean(name: str, value: str) -> bool:
    """true or false, or 1 or 0."""
    if value not in ("true", "false", "1", "0"):
        raise InvalidParameter(name, value, "expected true or false")
    return value in ("true", "1")


def bbox(name: str, value: str) -> Bounds:
    """west,south,east,north in degrees; west > east crosses 180°."""
    parts = value.split(",")
    if len(parts) != 4:
        raise InvalidParameter(name, value, "expected west,south,east,north in degrees")
    west, south, east, north = (number(name, part.strip()) for part in parts)
    if not (-180 <= west <= 360 and -180 <= east <= 360 and -90 <= south < north <= 90):
        raise InvalidParameter(
            name, value, "expected longitudes from -180 to 360 and latitudes from -90 to 90"
        )
    if west - east in (0, 360):
        raise InvalidParameter(name, value, "expected a box that is wider than 0")
    return (west, south, east, north)


def _within(low: float, high: float) -> Callable[[str, str], float]:
    def parse(name: str, value: str) -> float:
        found = number(name, value)
        if not low <= found <= high:
            raise InvalidParameter(name, value, f"expected a number from {low:g} to {high:g}")
        return found

    return parse


def _nodata(name: str, value: str) -> float:
    return math.nan if value.lower() == "nan" else number(name, value)


def _named_colormap(_: str, value: str) -> Colormap:
    return Colormap.named(value)


def _inline_colormap(_: str, value: str) -> Colormap:
    return Colormap.inline(value)


def _rescale(_: str, value: str) -> tuple[float, float]:
    return parse_rescale(value)


def _enum(options: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(options)}


STRING = {"type": "string"}
FORMATS = get_args(Format)

TIME: Parameter[str | None] = Parameter(
    "time", text, STRING,
    "An instant or date (ISO 8601) or `latest`; the nearest step within the axis is taken.",
    None, "2024-07-01",
)  # fmt: skip
METHOD: Parameter[Method] = Parameter(
    "method", choice(get_args(Method)), _enum(get_args(Method)),
    "Whether the nearest step of a dimension will do, or only the very one.", "nearest",
)  # fmt: skip
COLORMAP_NAME: Parameter[Colormap | None] = Parameter(
    "colormap_name", _named_colormap, STRING,
    "A colour table of /colormaps; `_r` behind the name reverses it.", None, "viridis",
)  # fmt: skip
COLORMAP: Parameter[Colormap | None] = Parameter(
    "colormap", _inline_colormap, STRING,
    "A colour table as JSON: {value: colour}, [[[min, max], colour], …] or [colour, …].", None,
)  # fmt: skip
RESCALE: Parameter[tuple[float, float] | None] = Parameter(
    "rescale", _rescale, STRING,
    "min,max of the colours; by default the catalogue's, the metadata's, or 2–98 % of the data.",
    None, "0,1",
)  # fmt: skip
SCALE: Parameter[Scale | None] = Parameter(
    "scale", choice(get_args(Scale)), _enum(get_args(Scale)),
    "How values spread over colours.", None,
)  # fmt: skip
NODATA: Parameter[float | None] = Parameter(
    "nodata", _nodata, STRING,
    "The stored number that marks missing data, instead of the file's.", None,
)  # fmt: skip
RESAMPLING: Parameter[Resampling | None] = Parameter(
    "resampling", choice(get_args(Resampling)), _enum(get_args(Resampling)),
    "How pixels are made of cells.", None,
)  # fmt: skip
EXPRESSION: Parameter[str | None] = Parameter(
    "expression", text, STRING,
    "Band arithmetic, with `_` as the variable: (b08-b04)/(b08+b04).", None,
)  # fmt: skip
ALGORITHM: Parameter[str | None] = Parameter(
    "algorithm", choice(ALGORITHMS), _enum(ALGORITHMS),
    "What is made of the values, heights in metres, before they are coloured.", None,
)  # fmt: skip
ALGORITHM_PARAMS: Parameter[Mapping[str, Any] | None] = Parameter(
    "algorithm_params", json_object, STRING,
    "How, as JSON: azimuth, angle_altitude, z_exaggeration of hillshade; units (degree or "
    "percent), z_exaggeration of slope.", None, '{"azimuth": 315}',
)  # fmt: skip
TILESIZE: Parameter[int | None] = Parameter(
    "tilesize", choice(("256", "512")), {"type": "integer", "enum": [256, 512]},
    "The side of a tile in pixels.", None,
)  # fmt: skip
OPACITY: Parameter[float] = Parameter(
    "opacity", _within(0, 1), {"type": "number", "minimum": 0, "maximum": 1},
    "From 0, clear, to 1.", 1.0,
)  # fmt: skip
VERSION: Parameter[str | None] = Parameter(
    "version", text, STRING,
    "The dataset's version: answers that carry it may be kept for good.", None,
)  # fmt: skip
LON: Parameter[float | None] = Parameter(
    "lon", _within(-180, 360), {"type": "number", "minimum": -180, "maximum": 360},
    "Longitude in degrees.", None, "10.5",
)  # fmt: skip
LAT: Parameter[float | None] = Parameter(
    "lat", _within(-90, 90), {"type": "number", "minimum": -90, "maximum": 90},
    "Latitude in degrees.", None, "47.2",
)  # fmt: skip
BBOX: Parameter[Bounds | None] = Parameter(
    "bbox", bbox, STRING, "west,south,east,north in degrees; west > east crosses 180°.", None,
    "5,45,10,50",
)  # fmt: skip

STYLE = (
    *(COLORMAP_NAME, COLORMAP, RESCALE, SCALE, NODATA, OPACITY),
    *(ALGORITHM, ALGORITHM_PARAMS),
)


class Query:
    """The parameters of one request, checked against what its route takes.

    Raises InvalidParameter for a name that the route does not take, or that comes twice.
    """

    def __init__(
        self,
        items: Sequence[tuple[str, str]],
        taken: Sequence[Parameter[Any]],
        dims: Collection[str] = (),
    ) -> None:
        self._texts: dict[str, str] = {}
        known = {p.name for p in taken} | set(dims)
        for name, value in items:
            if name not in known:
                raise InvalidParameter(shown(name), value, _unknown(shown(name), known))
            if name in self._texts:
                raise InvalidParameter(name, value, "expected once, but it is there twice")
            self._texts[name] = value
        # `time` is any layer's time, whatever its dimension is called.
        self.dims = {k: v for k, v in self._texts.items() if k in dims or k == TIME.name}

    def __call__(self, parameter: Parameter[T]) -> T:
        """The value of a parameter, or its default.

        A dimension of the same name goes first: only by its name can its step be asked for.
        """
        value = None if parameter.name in self.dims else self._texts.get(parameter.name)
        return parameter.default if value is None else parameter.parse(parameter.name, value)

    def need(self, parameter: Parameter[T | None]) -> T:
        """The value of a mandatory parameter. Raises MissingParameter."""
        value = self(parameter)
        if value is None:
            raise MissingParameter(parameter.name, parameter.description)
        return value

    def algorithm(self) -> Algorithm | None:
        """What is to be made of a layer's values."""
        name, values = self(ALGORITHM), self(ALGORITHM_PARAMS)
        if name is not None:
            return make_algorithm(name, values or {})
        if values is not None:
            text = self._texts[ALGORITHM_PARAMS.name]
            raise InvalidParameter(ALGORITHM_PARAMS.name, text, "expected only with algorithm")
        return None

    def style(self) -> StyleChoice:
        """How a layer is to be drawn."""
        colormap = self(COLORMAP_NAME)
        if colormap is not None and self(COLORMAP) is not None:
            raise InvalidParameter("colormap", "…", "expected either colormap or colormap_name")
        return StyleChoice(
            colormap=colormap or self(COLORMAP),
            rescale=self(RESCALE),
            scale=self(SCALE),
            opacity=self(OPACITY),
            nodata=self(NODATA),
            algorithm=self.algorithm(),
        )


def _unknown(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"no such parameter; {meant}there are {', '.join(sorted(known)) or 'none'}"
