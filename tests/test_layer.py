"""Variables by their last names: what a short name means, and what is told of one without."""

import numpy as np
import pytest

from tests.services.memory_catalog import ZONE_31
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Level, Variable
from tileserver.dataset import Dataset, make_dataset
from tileserver.errors import CatalogError, InvalidParameter, VariableNotFound
from tileserver.layer import find_layer
from tileserver.sources.memory import MemorySource

RED, MASK, SCL = "measurements.reflectance.b04", "quality.mask.b04", "conditions.mask.scl"
INFRARED, AOT = "measurements.reflectance.b08", "quality.atmosphere.aot"


def product(**config: object) -> Dataset:
    """An EOPF product, as its names are concerned."""
    names = (RED, MASK, SCL, INFRARED, AOT, "quality.a.same", "quality.b.same")
    level = Level(ZONE_31, ZONE_31.shape, ZONE_31.shape, 4800)
    cube = Cube({n: Variable(n, (), np.dtype("u1"), (level,)) for n in names}, {})
    source = MemorySource(cube, {n: (np.ones(ZONE_31.shape, "u1"),) for n in names})
    return make_dataset(DatasetConfig.model_validate({"id": "s2", "url": "x", **config}), source)


def test_the_last_name_is_enough_where_it_is_the_only_one():
    """`scl` is conditions.mask.scl; `mask.b04` tells a mask from the band of its name."""
    assert find_layer(product(), "scl").id == SCL
    assert find_layer(product(), "mask.b04").id == MASK
    assert find_layer(product(), SCL).key == find_layer(product(), "scl").key


def test_measurements_go_before_masks_of_the_same_name():
    """`b04` is the band, not one of the masks that have its name."""
    assert find_layer(product(), "b04").id == RED


def test_expressions_take_short_names():
    """Short and full names of one variable are the same."""
    layer = find_layer(product(), "_", f"where(scl == 4, b08 - {RED}, b04)")
    assert [v.id for v in layer.variables] == [SCL, RED, INFRARED]
    assert layer.expression is not None
    arrays = {v.id: np.full((2, 2), n + 4.0) for n, v in enumerate(layer.variables)}
    np.testing.assert_array_equal(layer.expression.evaluate(arrays), np.ones((1, 2, 2)))
    assert layer.expression.classes == {SCL}


def test_the_catalogue_takes_short_names():
    """Bands, expressions, styles and the choice of variables."""
    made = product(
        variables=["b04", "scl"],
        styles={"scl": {"rescale": [0, 11]}},
        composites={"red": {"bands": ["b04", "aot", "scl"]}, "ndvi": {"expression": "b08 - b04"}},
    )
    assert [v.id for v in made.variables] == [RED, SCL]
    assert find_layer(made, SCL).style.rescale == (0, 11)
    assert [v.id for v in find_layer(made, "red").variables] == [RED, AOT, SCL]
    assert [v.id for v in find_layer(made, "ndvi").variables] == [RED, INFRARED]
    with pytest.raises(VariableNotFound):
        find_layer(made, "aot")  # not one of those shown


def test_a_name_of_several_is_asked_for_in_full():
    """Rather than take one of them."""
    with pytest.raises(
        CatalogError, match=r"'same', but quality\.a\.same, quality\.b\.same: name one"
    ):
        product(variables=["same"])
    with pytest.raises(InvalidParameter, match=r"but quality\.a\.same, quality\.b\.same: name one"):
        find_layer(product(), "_", "same + 1")


@pytest.mark.parametrize(("asked", "near"), [("b4", RED), ("scll", SCL), ("b08x", INFRARED)])
def test_a_name_of_none_is_told_what_is_near(asked: str, near: str):
    """A typo gets the id that is meant."""
    with pytest.raises(CatalogError, match=f"composites.c: no variable {asked!r}; .*{near}"):
        product(composites={"c": {"expression": f"{asked} * 2"}})
