"""What a job is asked for, as it is kept in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import orjson
import shapely

from tileserver import layer
from tileserver.dataset import Dataset
from tileserver.geometry import Feature, Geometry
from tileserver.services.seriesrequest import Request, prepare
from tileserver.timeaxis import Method

Output = Literal["json", "csv", "ndjson", "parquet"]


@dataclass(frozen=True, slots=True)
class Order:
    """A series, in the words of the request.

    Args:
        dims: the step of dimensions, by their names.
        output: the format of the result.
    """

    dataset: str
    variable: str
    dims: tuple[tuple[str, str], ...] = ()
    method: Method = "nearest"
    expression: str | None = None
    start: str | None = None
    end: str | None = None
    aggregates: tuple[str, ...] = ("mean", "std")
    output: Output = "json"

    def resolve(self, dataset: Dataset, features: Sequence[Feature]) -> Request:
        """What will be read of a dataset. Raises InvalidParameter, NotFound, PayloadTooLarge."""
        cube = dataset.source.cube
        found = layer.find_layer(dataset, self.variable, self.expression)
        return prepare(
            cube,
            found,
            layer.select(cube, found, dict(self.dims), self.method),
            features,
            start=self.start,
            end=self.end,
            aggregates=self.aggregates,
        )

    def document(self) -> dict[str, Any]:
        """What was asked, as answers tell it."""
        told = {key: value for key, value in asdict(self).items() if value is not None}
        return told | {"dims": dict(self.dims)}

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """From the JSON of `document`."""
        told = orjson.loads(text)
        dims, aggregates = tuple(told.pop("dims").items()), tuple(told.pop("aggregates"))
        return cls(**told, dims=dims, aggregates=aggregates)


def names_of(order: Order, features: Sequence[Feature]) -> tuple[str, ...]:
    """The names of all numbers that are told of any feature."""
    kinds = (isinstance(feature.geometry, shapely.Point) for feature in features)
    return tuple(dict.fromkeys(n for p in kinds for n in (("value",) if p else order.aggregates)))


def pack(features: Sequence[Feature]) -> bytes:
    """Features as they are kept: geometries to the last bit."""
    return orjson.dumps([[shape_of(f).hex(), f.id, dict(f.properties)] for f in features])


def unpack(data: bytes) -> list[Feature]:
    """The features of `pack`."""
    return [
        Feature(feature_of(bytes.fromhex(shape)).geometry, properties, name)
        for shape, name, properties in orjson.loads(data)
    ]


def shape_of(feature: Feature) -> bytes:
    """A feature's geometry alone."""
    shape: bytes = shapely.to_wkb(feature.geometry)
    return shape


def feature_of(shape: bytes) -> Feature:
    """A feature of nothing but a geometry."""
    geometry = shapely.from_wkb(shape)
    assert isinstance(geometry, Geometry)
    return Feature(geometry)
