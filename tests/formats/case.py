"""What a case of the table is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.formats.truth import LonLat, Truth

Column = Literal["opens", "tile", "value", "series", "legend"]
COLUMNS: tuple[Column, ...] = ("opens", "tile", "value", "series", "legend")
Ask = Mapping[str, str]
SHARED = Path(__file__).parents[2].parent / "shared/data"


class Absent(Exception):
    """The data or the software that a case needs is not here."""


@dataclass(frozen=True)
class Given:
    """A store on disk, how it is registered, and what it holds by other software.

    Args:
        entry: of the catalogue, without an id; a relative url counts from the case's folder.
        variable: as in URLs; a composite, or `_` with an expression in the asks.
        levels: what it holds, the finest first; pyramids have several.
        asks: parameters that choose a step (and an expression); truths are asked with the same.
        times: labels of the whole series, in order; none where there is no time.
        box: west, south, east, north of the series over an area; by default the middle.
        sets: tile matrix sets whose tiles are looked at.
        spots: points (lon, lat) whose tiles are looked at, beside the middle and two corners.
        bbox: as the catalogue lists it; by default from the finest level's place.
        variables: all that are listed, in any order.
        dims: sizes of dimensions by name, all of them.
        units, categories, legend_range: what the metadata says; categories are (value, label).
        colors: of the categories, `#rrggbb`.
        catalog: more of the catalogue, e.g. matrix_sets.
        rtol: of values, where the other software rounds more than float32 does.
    """

    entry: Mapping[str, Any]
    variable: str
    levels: tuple[Truth, ...]
    asks: tuple[Ask, ...] = ({},)
    times: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None
    sets: tuple[str, ...] = ("WebMercatorQuad", "WorldCRS84Quad")
    spots: tuple[LonLat, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    variables: tuple[str, ...] | None = None
    dims: Mapping[str, int] | None = None
    units: str | None = None
    categories: tuple[tuple[float, str], ...] | None = None
    colors: tuple[str, ...] | None = None
    legend_range: tuple[float, float] | None = None
    catalog: Mapping[str, Any] = field(default_factory=dict)
    rtol: float = 1e-6


@dataclass(frozen=True)
class Refused:
    """A store that cannot be served: its entry and the whole message of the catalogue."""

    entry: Mapping[str, Any]
    message: str
    catalog: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Case:
    """One shape of store.

    Args:
        make: writes it into a folder. Raises Absent.
        omits: columns that do not apply, each with the reason.
    """

    section: str
    name: str
    make: Callable[[Path], Given | Refused]
    omits: Mapping[Column, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.section}-{self.name}".replace(" ", "_")


def shared(name: str) -> Path:
    """A file of ../shared/data. Raises Absent."""
    path = SHARED / name
    if not path.exists():
        raise Absent(f"no ../shared/data/{name} here")
    return path
