"""Every pixel of every tile of every grid is of the cell that contains its centre."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.grids import STEPS, Sample, Tile, cases, drawn, wrong_pixels

EXAMPLES = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@EXAMPLES
@given(cases(), st.integers(0, STEPS - 1))
def test_pixels_are_of_their_cells(case: tuple[Sample, Tile], step: int) -> None:
    """By pyproj, pixel by pixel; transparent outside; and there is no exception, ever."""
    sample, tile = case
    pixels = drawn(sample, tile, step)
    wrong = wrong_pixels(sample, tile, step, pixels)
    assert not wrong.any(), f"{wrong.sum()} of {wrong.size} pixels, the first at {_first(wrong)}"


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(np.argwhere(wrong)[0].tolist())
