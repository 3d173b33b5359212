"""Classes that a product is known by, where its files do not tell them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tileserver.colormap import Colormap
from tileserver.cube import Flag

# Sentinel-2's scene classification, whose EOPF products and STAC assets name no classes; 0 is no
# data.
SCENES = "scl"


def known_classes(variable: str, dtype: np.dtype[Any]) -> tuple[Flag, ...]:
    """The classes of a variable by the last part of its id, none of most."""
    if variable.rpartition(".")[2].lower() != SCENES or dtype != np.uint8:
        return ()
    found = Colormap.named(SCENES).categories
    return tuple(Flag(each.value, each.label, each.color) for each in found)
