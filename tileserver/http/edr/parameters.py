"""The query parameters of EDR (OGC 19-086r6, clause 9)."""

from __future__ import annotations

from typing import Any

from tileserver.errors import InvalidParameter
from tileserver.http import params
from tileserver.http.ogc.api import TIME
from tileserver.http.params import STRING, Parameter, number
from tileserver.services.edr.question import Levels, parse_levels
from tileserver.services.edr.vocabulary import LENGTHS_M, MEDIA_TYPES, Format

MOST_NAMES = 500
LONGEST_COORDS = 1 << 20


def _format(name: str, value: str) -> Format:
    known = {each.casefold(): each for each in MEDIA_TYPES}
    found = known.get(value.casefold())
    if found is None:
        raise InvalidParameter(name, value, f"expected {' or '.join(MEDIA_TYPES)}")
    return found


def _names(name: str, value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found or len(found) > MOST_NAMES:
        raise InvalidParameter(name, value, f"expected 1 to {MOST_NAMES} names, parted by commas")
    return found


def _coords(name: str, value: str) -> str:
    if len(value) > LONGEST_COORDS or not value.strip():
        raise InvalidParameter(name, value, "expected a geometry in Well-Known Text")
    return value


def _numbers(name: str, value: str) -> tuple[float, ...]:
    found = tuple(number(name, part.strip()) for part in value.split(","))
    if len(found) not in (4, 6):
        raise InvalidParameter(name, value, "expected four numbers, or six with heights")
    return found


def _levels(name: str, value: str) -> Levels:
    return parse_levels(params.text(name, value))


def _unit(name: str, value: str) -> str:
    if value not in LENGTHS_M:
        raise InvalidParameter(name, value, f"expected {' or '.join(LENGTHS_M)}")
    return value


def _array(least: int, most: int | None = None) -> dict[str, Any]:
    ends = {"minItems": least} | ({"maxItems": most} if most else {})
    return {"type": "array", "items": {"type": "number"}, **ends}


COORDS: Parameter[str | None] = Parameter(
    "coords", _coords, STRING,
    "Where, in Well-Known Text: POINT, MULTIPOINT, POLYGON, MULTIPOLYGON, LINESTRING or "
    "MULTILINESTRING with Z and M, by query.", None, "POINT(7.9 54.2)", True,
)  # fmt: skip
BOX: Parameter[tuple[float, ...] | None] = Parameter(
    "bbox", _numbers, {"oneOf": [_array(4, 4), _array(6, 6)]},
    "west,south,east,north; or with the lowest and highest level after each pair.", None,
    "5,52,10,56", True,
)  # fmt: skip
WITHIN: Parameter[float | None] = Parameter(
    "within", number, STRING, "The radius.", None, "20", True
)
WITHIN_UNITS: Parameter[str | None] = Parameter(
    "within-units", _unit, {"type": "string", "enum": list(LENGTHS_M)}, "The unit of the radius.",
    None, "km", True,
)  # fmt: skip
NAMES: Parameter[tuple[str, ...] | None] = Parameter(
    "parameter-name", _names, {"type": "array", "minItems": 1, "items": STRING},
    "Parameters of the collection, parted by commas; by default all.", None, "sst",
)  # fmt: skip
Z: Parameter[Levels | None] = Parameter(
    "z", _levels, STRING,
    "A level, low/high, levels parted by commas, or R20/100/50: 20 levels from 100 by 50; by "
    "default all.", None, "0/100",
)  # fmt: skip
CRS: Parameter[str | None] = Parameter(
    "crs", params.text, STRING, "A CRS of the collection, of coordinates and of the answer.", None,
    "OGC:CRS84",
)  # fmt: skip
F: Parameter[Format | None] = Parameter(
    "f", _format, {"type": "string", "enum": list(MEDIA_TYPES)},
    "The format of the answer; without it the Accept header tells.", None, "CoverageJSON",
)  # fmt: skip

COMMON: tuple[Parameter[Any], ...] = (NAMES, TIME, Z, CRS, F)
