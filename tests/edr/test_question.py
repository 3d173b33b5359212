"""What of a dataset's axes a query asks for."""

from __future__ import annotations

import numpy as np
import pytest

from tileserver.cube import Dimension
from tileserver.services.edr.question import find_levels, parse_levels

# As stored in 32 bits: 0.1 and 0.7 are not what they are in 64.
DEPTHS = Dimension("depth", np.array([0.1, 0.7, 2.5], "f4").astype("f8"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1/0.7", [0, 1]),
        ("0/0.1", [0]),
        ("0.1", [0]),
        ("0.2/0.6", []),
        ("0.7,0.1", [0, 1]),
        ("R2/0.7/1.8", [1, 2]),
        ("2.6", []),
    ],
)
def test_find_levels(text: str, expected: list[int]) -> None:
    """Ends of a range are within it, though a store has fewer digits than a request."""
    assert find_levels(DEPTHS, parse_levels(text)).tolist() == expected
