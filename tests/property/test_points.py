"""A point's value is that of the cell that contains it."""

import asyncio

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.truth import DEGREES, transform
from tests.property.grids import SAMPLES, Sample, has_one_place, wrong_values
from tileserver.layer import find_layer, select
from tileserver.services.point import value_at

EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PARTS = st.floats(-0.1, 1.1)
SPECIAL = [(-180.0, 0.1), (180.0, 0.1), (360.0, 0.1), (0.0, 90.0), (10.0, -90.0), (0.0, 0.0)]


@EXAMPLES
@given(SAMPLES, st.lists(st.tuples(PARTS, PARTS), min_size=1, max_size=6))
def test_points_are_of_their_cells(sample: Sample, parts: list[tuple[float, float]]) -> None:
    """By pyproj, in the grid, around it, on the date line and at the poles; null outside."""
    lon, lat = _points(sample, np.array(parts))
    dataset = sample.dataset
    layer = find_layer(dataset, "v")
    chosen = select(dataset.source.cube, layer, {"time": "1970-01-02"})

    async def ask() -> list[float | None]:
        read = dataset.source.read
        return [await value_at(read, layer, chosen, *at) for at in zip(lon, lat, strict=True)]

    got = np.array([np.nan if v is None else v for v in asyncio.run(ask())])
    there = transform(DEGREES, sample.crs, lon, lat)
    wrong = wrong_values(sample, 1, got, *there, np.zeros(got.shape))
    wrong &= has_one_place(sample, DEGREES, lon, lat, 1e-4)
    assert not wrong.any(), f"{got[wrong]} at {lon[wrong]}, {lat[wrong]}"


def _points(sample: Sample, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those at parts of the grid that have a longitude and latitude, and special ones."""
    height, width = sample.place.shape
    lon, lat = sample.place.spots(parts[:, 0] * height, parts[:, 1] * width)
    lon, lat = (np.concatenate(pair) for pair in zip((lon, lat), np.array(SPECIAL).T, strict=True))
    lon = np.where(np.abs(lon) > 360, np.mod(lon, 360), lon)
    known = np.isfinite(lon + lat) & (lon >= -180) & (np.abs(lat) <= 90)
    return lon[known], lat[known]
