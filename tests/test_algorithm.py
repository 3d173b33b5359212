"""Algorithms take titiler.core's parameters, refuse others, and do as terrain's kernels do."""

from typing import Any

import numpy as np
import pytest

from tests.test_terrain import metre_grid, rugged
from tileserver.algorithm import ALGORITHMS, Hillshade, Slope, make_algorithm
from tileserver.errors import InvalidParameter
from tileserver.style import Colormap, Style
from tileserver.terrain import hillshade, slope


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm_needs_no_parameters(name: str) -> None:
    """Each has defaults and a look that can be drawn."""
    made = make_algorithm(name, {})
    assert made.name == name
    assert made == ALGORITHMS[name]()
    Style(Colormap.named(made.colormap_name), made.rescale)


def test_parameters_are_titilers() -> None:
    """By its names; what its clients send for the neighbours' sake changes nothing."""
    params = {"azimuth": 45, "angle_altitude": 30.5, "z_exaggeration": 2, "buffer": 3}
    assert make_algorithm("hillshade", params) == Hillshade(45.0, 30.5, 2.0)
    assert make_algorithm("slope", {"buffer": 3, "z_exaggeration": 2}) == Slope(2.0)
    assert make_algorithm("slope", {"units": "percent"}) == Slope(units="percent")


@pytest.mark.parametrize(
    ("name", "params", "told"),
    [
        ("hillshade", {"azimuth": 361}, "azimuth: 361.*a number from 0 to 360"),
        ("hillshade", {"azimuth": "north"}, "azimuth: north.*a number from 0 to 360"),
        ("hillshade", {"azimuth": True}, "azimuth: True.*a number"),
        ("hillshade", {"azimuth": float("nan")}, "azimuth: nan.*a number"),
        ("hillshade", {"azimuth": 10**400}, "azimuth: 1000.*a number"),
        ("hillshade", {"azimuth": [1]}, "a number"),
        ("hillshade", {"angle_altitude": -91}, "a number from -90 to 90"),
        ("hillshade", {"z_exaggeration": 0}, "a number from 1e-06 to 1e.06"),
        ("hillshade", {"units": "degree"}, "no such parameter of hillshade; there are azimuth"),
        ("slope", {"azimuth": 1}, "no such parameter of slope; there are z_exaggeration, units"),
        ("slope", {"units": "radian"}, "units: radian.*degree or percent"),
        ("slope", {"units": None}, "degree or percent"),
        ("slope", {"units": ["degree"]}, "degree or percent"),
    ],
)
def test_wrong_parameters_are_told(name: str, params: dict[str, Any], told: str) -> None:
    """With the value and what is expected."""
    with pytest.raises(InvalidParameter, match=f"algorithm_params=.*{told}") as caught:
        make_algorithm(name, params)
    assert caught.value.name == "algorithm_params"


def test_key_tells_algorithms_apart() -> None:
    """Equal ones have one key, others have others."""
    assert Hillshade(azimuth=315).key == Hillshade(azimuth=315.0).key == Hillshade().key
    shades = [Hillshade(), Hillshade(314.9), Hillshade(angle_altitude=44), Hillshade(45, 45, 2)]
    slopes = [Slope(), Slope(2.0), Slope(units="percent")]
    keys = [each.key for each in shades] + [each.key for each in slopes]
    assert len(set(keys)) == len(keys)


def test_hillshade_is_applied() -> None:
    """With its own parameters, to the target without the margin."""
    heights, valid = rugged()
    grid = metre_grid((6, 7))
    found, there = Hillshade(100, 30, 2.5).apply(heights, valid, grid)
    expected = hillshade(heights, valid, grid, azimuth=100, altitude=30, factor=2.5)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(there, valid[1:-1, 1:-1])


@pytest.mark.parametrize("percent", [False, True])
def test_slope_is_applied(percent: bool) -> None:
    """In the units that are asked for."""
    heights, valid = rugged()
    grid = metre_grid((6, 7))
    made = Slope(3.0, "percent") if percent else Slope(3.0)
    found, there = made.apply(heights, valid, grid)
    np.testing.assert_array_equal(found, slope(heights, valid, grid, percent=percent, factor=3))
    np.testing.assert_array_equal(there, valid[1:-1, 1:-1])
