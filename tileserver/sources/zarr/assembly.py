"""Variables and dimensions of a cube, put together from the levels that were placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from tileserver.cube import TIME, Dimension, Level, Variable
from tileserver.sources.classes import known_classes
from tileserver.sources.zarr.cf import physical_range, text
from tileserver.sources.zarr.dimension import dimension, time_name
from tileserver.sources.zarr.flag import flags_of
from tileserver.sources.zarr.georeference import Coordinate
from tileserver.sources.zarr.hierarchy import Document, Hierarchy, parent
from tileserver.sources.zarr.pyramid import Pyramids
from tileserver.sources.zarr.pyramid_levels import Placed, same_axis


@dataclass(slots=True, eq=False)
class _Axis:
    """A dimension as some variables have it.

    Args:
        dim: its name in the store.
        group: where it was met first.
        is_time: whether it is the time axis of its group.
    """

    dim: str
    size: int
    coordinate: Coordinate | None
    group: str
    is_time: bool
    variables: int = 0
    name: str = ""

    def is_same(self, other: _Axis) -> bool:
        known = (self.coordinate is None) == (other.coordinate is None)
        return known and self.size == other.size and same_axis(self.coordinate, other.coordinate)


class Assembly:
    """Variables and dimensions of a cube; groups may have axes of the same name that differ."""

    def __init__(
        self, hierarchy: Hierarchy, pyramids: Pyramids, levels: Mapping[str, list[Placed]]
    ) -> None:
        self.levels = levels
        self._hierarchy, self._pyramids = hierarchy, pyramids
        self._axes: dict[str, list[_Axis]] = {}
        self._of = {name: self._met(found[0]) for name, found in levels.items()}
        self._name()

    def variables(self) -> dict[str, Variable]:
        """By id, each with a title of its own."""
        found = {name: self._variable(name, levels) for name, levels in self.levels.items()}
        titles = Counter(variable.title for variable in found.values())
        return {
            name: replace(v, title=f"{v.title} ({name})")
            if v.title is not None and titles[v.title] > 1
            else v
            for name, v in found.items()
        }

    def dimensions(self) -> list[Dimension]:
        """All that variables have, the name's own first."""
        return [
            replace(
                dimension(a.dim, a.size, a.coordinate, a.dim if a.is_time else None), name=a.name
            )
            for axes in self._axes.values()
            for a in axes
        ]

    def _met(self, placed: Placed) -> list[_Axis]:
        """The axes of a variable, those that others have too counted once more."""
        array = placed.array
        dims, sizes = array.dims[:-2], array.shape[:-2]
        known = {dim: c for dim, c in zip(dims, placed.axes, strict=True) if c is not None}
        time = time_name(known)
        found = []
        for dim, size in zip(dims, sizes, strict=True):
            axis = _Axis(dim, size, known.get(dim), parent(placed.path), dim == time)
            same = self._axes.setdefault(TIME if axis.is_time else dim, [])
            axis = next((each for each in same if each.is_same(axis)), axis)
            if axis not in same:
                same.append(axis)
            axis.variables += 1
            found.append(axis)
        return found

    def _name(self) -> None:
        """A name for each axis: its own, or where others have that too one with its group's."""
        taken = set(self._axes)
        for name, axes in self._axes.items():
            axes.sort(key=lambda axis: -axis.variables)
            axes[0].name = name
            for axis in axes[1:]:
                shown = self._pyramids.shown(axis.group)
                parts = chain((*shown[-1:], "_".join(shown)), count(2))
                choices = (f"{name}_{part}" for part in parts)
                axis.name = next(each for each in choices if each not in taken)
                taken.add(axis.name)

    def _variable(self, name: str, levels: Sequence[Placed]) -> Variable:
        finest = levels[0]
        attrs: Document = self._hierarchy.attrs[finest.path]
        return Variable(
            id=name,
            dims=tuple(axis.name for axis in self._of[name]),
            dtype=finest.array.dtype,
            levels=tuple(
                Level(each.grid, each.array.chunks, each.array.shape, each.array.nbytes)
                for each in levels
            ),
            packing=finest.packing,
            title=text(attrs.get("long_name"))
            or text(attrs.get("title"))
            or text(attrs.get("standard_name")),
            units=text(attrs.get("units")),
            valid_range=physical_range(finest.packing, attrs, finest.array.dtype),
            flags=flags_of(attrs, finest.packing) or known_classes(name, finest.array.dtype),
            attrs=attrs,
        )
