"""What is drawn: a variable, a composite of the catalogue, or an expression; and at which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

import numpy as np

from tileserver.config import CompositeConfig, StyleConfig
from tileserver.cube import TIME, Cube, Flag, Variable
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter, MissingParameter, VariableNotFound
from tileserver.expression import Expression
from tileserver.timeaxis import Method, TimeAxis, format_instants

EXPRESSION = "_"  # the variable id in a path that stands for `expression`
PLAIN = StyleConfig()

LayerKind = Literal["variable", "composite"]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Something that can be drawn or asked for values.

    Args:
        variables: those that it is made of; a picture of bands has three.
        expression: how they are combined, if they are.
        style: how the catalogue wants it drawn.
        key: tells it from the other layers of its dataset.
    """

    id: str
    title: str
    units: str | None
    variables: tuple[Variable, ...]
    style: StyleConfig
    key: str
    expression: Expression | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def bands(self) -> int:
        """How many values a pixel has: 1, or 3 of a colour picture."""
        return len(self.variables) if self.expression is None else self.expression.bands

    @property
    def kind(self) -> LayerKind:
        """As clients are told."""
        return "composite" if self.bands == 3 else "variable"

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions beside the map's, of all variables, each once."""
        return tuple(dict.fromkeys(dim for v in self.variables for dim in v.dims))

    def reaching(self, step: int | None) -> Layer:
        """With those of its variables' levels that have a step along time."""
        reached = tuple(variable.reaching(step) for variable in self.variables)
        return self if reached == self.variables else replace(self, variables=reached)


def layers(dataset: Dataset) -> list[Layer]:
    """All that a dataset offers: its composites, which are made to be looked at, then variables."""
    composites = [_composite_layer(dataset, k, c) for k, c in dataset.config.composites.items()]
    return composites + [_variable_layer(dataset, v) for v in dataset.variables]


def find_layer(dataset: Dataset, name: str, expression: str | None = None) -> Layer:
    """The layer of an id, or of an expression where the id is `_`.

    Raises VariableNotFound, MissingParameter, InvalidParameter.
    """
    if name == EXPRESSION:
        if expression is None:
            raise MissingParameter(
                "expression", "variable _ needs one, such as (b08-b04)/(b08+b04)"
            )
        return _expression_layer(dataset, EXPRESSION, expression, PLAIN)
    if expression is not None:
        raise InvalidParameter("expression", expression, "expected only with _ as the variable")
    composite = dataset.config.composites.get(name)
    if composite is not None:
        return _composite_layer(dataset, name, composite)
    shown, variable = dataset.variables, dataset.source.cube.find(name)
    if variable is None or variable not in shown:
        near = get_close_matches(name, [*dataset.config.composites, *(v.id for v in shown)], n=5)
        known = ", ".join(near or [*dataset.config.composites, *(v.id for v in shown)][:20])
        raise VariableNotFound(name, f"dataset {dataset.id} has {known}")
    return _variable_layer(dataset, variable)


def _variable_layer(dataset: Dataset, variable: Variable) -> Layer:
    return Layer(
        id=variable.id,
        title=variable.title or variable.id,
        units=variable.units,
        variables=(variable,),
        style=dataset.config.styles.get(variable.id, PLAIN),
        key=f"v:{variable.id}",
        flags=variable.flags,
    )


def _composite_layer(dataset: Dataset, name: str, composite: CompositeConfig) -> Layer:
    if composite.expression is not None:
        return _expression_layer(dataset, name, composite.expression, composite)
    known = dataset.source.cube.variables
    return Layer(
        id=name,
        title=composite.title or name,
        units=composite.units,
        variables=tuple(known[band] for band in composite.bands or ()),
        style=composite,
        key=f"c:{name}",
    )


def _expression_layer(dataset: Dataset, name: str, text: str, style: StyleConfig) -> Layer:
    cube = dataset.source.cube

    def identify(name: str) -> str:
        variable = cube.find(name)
        if variable is None:
            raise InvalidParameter("expression", name, cube.no_such(name))
        return variable.id

    expression = Expression.parse(text, identify)
    if not expression.names or expression.bands not in (1, 3):
        raise InvalidParameter("expression", text, "expected variables, in one band or three")
    return Layer(
        id=name,
        title=(style.title if isinstance(style, CompositeConfig) else None) or text,
        units=style.units if isinstance(style, CompositeConfig) else None,
        variables=tuple(cube.variables[v] for v in sorted(expression.names)),
        style=style,
        key=f"e:{expression.key}",
        expression=expression,
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """An index into each dimension beside the map's.

    Args:
        time: the layer's dimension of times: the cube's, or where it lacks that one of its own.
    """

    indices: tuple[tuple[str, int], ...]
    time: str = TIME

    def of(self, variable: Variable) -> tuple[int, ...]:
        """The indices along a variable's own dimensions, in its order."""
        known = dict(self.indices)
        return tuple(known[dim] for dim in variable.dims)

    def index(self, dim: str) -> int | None:
        """The index along a dimension, if the layer has it."""
        return dict(self.indices).get(dim)

    def replace(self, dim: str, index: int) -> Selection:
        """The same at another step of a dimension."""
        indices = tuple((d, index if d == dim else i) for d, i in self.indices)
        return Selection(indices, self.time)

    @property
    def step(self) -> int | None:
        """The index along time, if the layer has times."""
        return self.index(self.time)

    def axis(self, cube: Cube) -> TimeAxis | None:
        """The times of the layer, if it has any."""
        known = cube.dimensions.get(self.time) if self.step is not None else None
        return known.values if known and isinstance(known.values, TimeAxis) else None

    def time_label(self, cube: Cube) -> str | None:
        """The time used, ISO 8601; that of all the data, where they have no time dimension."""
        step, axis = self.step, self.axis(cube)
        return cube.instant if step is None or axis is None else axis.label(step)

    def valid_time(self, cube: Cube) -> str | None:
        """The time that a forecast is for, where `time` is the one at which it was made."""
        step, axis = self.step, self.axis(cube)
        if step is None or axis is None:
            return None
        for dim, index in self.indices:
            dimension = cube.dimensions[dim]
            if dimension.unit_s is not None and isinstance(dimension.values, np.ndarray):
                ahead = dimension.values[index] * dimension.unit_s
                known = axis.seconds[[step]] + ahead
                return format_instants(known, axis.calendar)[0] if np.isfinite(known) else None
        return None

    def labels(self, cube: Cube) -> dict[str, str]:
        """The coordinates used, as text."""
        return {dim: cube.dimensions[dim].label(i) for dim, i in self.indices}


def select(
    cube: Cube, layer: Layer, asked: Mapping[str, str], method: Method = "nearest"
) -> Selection:
    """The step that is asked for, by dimension name, the default where nothing is asked.

    Dimensions that the layer lacks are passed over: a map of several layers has one time.
    Raises InvalidParameter.
    """
    indices, time = [], _time_of(cube, layer)
    for dim in layer.dims:
        dimension = cube.dimensions[dim]
        text = asked.get(dim, asked.get(TIME) if dim == time else None)
        found = dimension.default() if text is None else dimension.find(text, method)
        indices.append((dim, found))
    return Selection(tuple(indices), time)


def _time_of(cube: Cube, layer: Layer) -> str:
    """The dimension that `time` means: of layers with times of other names it is their first."""
    times = [dim for dim in layer.dims if cube.dimensions[dim].kind == "time"]
    return TIME if TIME in layer.dims or not times else times[0]
