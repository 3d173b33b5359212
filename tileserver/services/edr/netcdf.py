"""Coverages as NetCDF, with CF 1.11's metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tileserver.cube import Variable as Described
from tileserver.dataset import Dataset
from tileserver.layer import find_layer
from tileserver.services.edr.coverage import Coverage
from tileserver.services.edr.frame import Frame
from tileserver.services.edr.netcdf3 import Attribute, Variable, write
from tileserver.services.ogc.collection import attribution
from tileserver.timeaxis import EPOCH_UNITS

Dims = tuple[str, ...]
MAPPING = "crs"
_UNNAMABLE = re.compile(r"[^A-Za-z0-9_.@+-]")  # in names that every library reads


def document(dataset: Dataset, found: Sequence[Coverage], frame: Frame) -> bytes:
    """A file; coverages on other axes have dimensions of their own, with a number behind."""
    file = _File(dataset, frame)
    for coverage in found:
        file.add(coverage)
    attrs: dict[str, Attribute] = {"Conventions": "CF-1.11", "title": dataset.title}
    if source := attribution(dataset):
        attrs["institution"] = source
    return write(file.dims, file.variables, attrs)


@dataclass(slots=True)
class _File:
    dataset: Dataset
    frame: Frame
    dims: dict[str, int] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)

    def add(self, found: Coverage) -> None:
        """The values of a coverage, and its axes where they are not there yet."""
        dims, beside = self._axes(found)
        if not self.frame.is_degrees:
            self._add_mapping()
        for name, values in found.values.items():
            attrs = _attributes(find_layer(self.dataset, name).variables[0])
            attrs["_FillValue"] = values.dtype.type(np.nan)
            if beside:
                attrs["coordinates"] = " ".join(beside)
            if not self.frame.is_degrees:
                attrs["grid_mapping"] = MAPPING
            shape = tuple(self.dims[dim] for dim in dims)
            self.variables[self._free(name)] = Variable(dims, values.reshape(shape), attrs)

    def _axes(self, found: Coverage) -> tuple[Dims, tuple[str, ...]]:
        """The dimensions of the values, and the coordinates that are none."""
        dims: list[str] = []
        beside: list[str] = []
        place = self._place(found) if found.kind != "grid" else ""
        if found.times is not None:
            when = self._time(found, place)
            (beside if found.moving else dims).append(when)
        if found.levels is not None and found.vertical is not None:
            own = (place,) if found.climbing else None
            attrs: dict[str, Attribute] = {"axis": "Z"}
            if found.vertical.units:
                attrs["units"] = found.vertical.units
            name = self._coordinate(found.vertical.name, found.levels, attrs, own)
            (beside if found.climbing else dims).append(name)
        x, y = self._horizontal(found, (place,) if place else None)
        if place:
            return (*dims, place), (*beside, x, y)
        return (*dims, y, x), tuple(beside)

    def _place(self, found: Coverage) -> str:
        """The dimension of points."""
        base = "point" if found.kind == "points" else "waypoint"
        count, number = len(found.x), 1
        name = base
        while self.dims.get(name, count) != count:
            number += 1
            name = f"{base}_{number}"
        self.dims[name] = count
        return name

    def _time(self, found: Coverage, place: str) -> str:
        assert found.times is not None
        attrs: dict[str, Attribute] = {
            "standard_name": "time",
            "axis": "T",
            "units": EPOCH_UNITS,
            "calendar": found.times.calendar,
        }
        own = (place,) if found.moving else None
        return self._coordinate("time", found.times.seconds, attrs, own)

    def _horizontal(self, found: Coverage, own: Dims | None) -> tuple[str, str]:
        names, kinds = ("x", "y"), ("projection_x_coordinate", "projection_y_coordinate")
        units: tuple[str, ...] = (self.frame.crs.axis_info[0].unit_name,) * 2
        if self.frame.is_degrees:
            names, kinds = ("lon", "lat"), ("longitude", "latitude")
            units = ("degrees_east", "degrees_north")
        axes = zip(names, (found.x, found.y), kinds, units, "XY", strict=True)
        chosen: list[str] = []
        for name, values, kind, unit, axis in axes:
            attrs: dict[str, Attribute] = {"standard_name": kind, "units": unit, "axis": axis}
            chosen.append(self._coordinate(name, values, attrs, own))
        return chosen[0], chosen[1]

    def _coordinate(
        self,
        wanted: str,
        values: npt.NDArray[np.float64],
        attrs: dict[str, Attribute],
        own: Dims | None = None,
    ) -> str:
        """A coordinate by its name, or with a number behind where that has other values."""
        if own:
            attrs.pop("axis", None)
        values, base = np.asarray(values, np.float64), _plain(wanted)
        name, number = base, 1
        while (known := self.variables.get(name)) is not None:
            if known.dims == (own or (name,)) and np.array_equal(known.values, values):
                return name
            number += 1
            name = f"{base}_{number}"
        if own is None:
            self.dims[name] = len(values)
        self.variables[name] = Variable(own or (name,), values, attrs)
        return name

    def _free(self, wanted: str) -> str:
        base = _plain(wanted)
        name, number = base, 1
        while name in self.variables or name in self.dims:
            number += 1
            name = f"{base}_{number}"
        return name

    def _add_mapping(self) -> None:
        attrs = {
            name: value
            for name, value in self.frame.crs.to_cf().items()
            if isinstance(value, str | float | int) and not isinstance(value, bool)
        }
        self.variables.setdefault(MAPPING, Variable((), np.zeros((), np.int32), attrs))


def _attributes(variable: Described) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    if variable.title:
        found["long_name"] = variable.title
    if variable.units:
        found["units"] = variable.units
    standard = variable.attrs.get("standard_name")
    if isinstance(standard, str) and standard:
        found["standard_name"] = standard
    return found


def _plain(name: str) -> str:
    text = _UNNAMABLE.sub("_", name)
    return text if text[:1].isalpha() else f"v_{text}"
