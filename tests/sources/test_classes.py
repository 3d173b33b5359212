"""Classes of products whose files name none."""

import numpy as np
import pytest

from tests.sources.zarr.zarrs import numbers, opened, write
from tileserver.sources.classes import known_classes


@pytest.mark.parametrize("name", ["scl", "SCL", "conditions.mask.l2a_classification.scl"])
def test_scene_classification(name):
    """Sentinel-2's, wherever it lies in a product."""
    flags = known_classes(name, np.dtype("u1"))
    assert (len(flags), flags[3].value, flags[3].label) == (11, 4, "Vegetation")


@pytest.mark.parametrize(("name", "dtype"), [("scl", "f4"), ("b04", "u1"), ("muscl", "u1")])
def test_nothing_else(name, dtype):
    """Neither numbers of another type nor other names."""
    assert known_classes(name, np.dtype(dtype)) == ()


@pytest.mark.parametrize(("attrs", "count"), [({}, 11), ({"flag_values": [1, 2]}, 2)])
def test_what_the_store_tells_goes_first(tmp_path, attrs, count):
    """Its own classes are not replaced."""
    path = write(tmp_path / "a", numbers("u1", (20, 30)), attrs=attrs)
    (path / "a").rename(path / "scl")
    assert len(opened(path).cube.variables["scl"].flags) == count
