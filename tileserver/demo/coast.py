"""Where the land is: 30 arc seconds from the package global-land-mask, averaged into cells."""

import importlib.util
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tileserver.errors import TileserverError

MASK_SHAPE = (21600, 43200)  # rows from 90 north, columns from 180 west, True is sea
NPY_HEADER_BYTES = 128


def land_fraction(shape: tuple[int, int]) -> NDArray[np.float32]:
    """The part of each cell that is land, (height, width) float32, rows from north, from 180 west.

    Args:
        shape: divides 21600 x 43200.

    Raises:
        TileserverError: global-land-mask is not installed.
    """
    rows, cols = MASK_SHAPE[0] // shape[0], MASK_SHAPE[1] // shape[1]
    bands = (sea_rows.reshape(rows, shape[1], cols) for sea_rows in read_rows(rows))
    return np.stack([1 - band.mean(axis=(0, 2), dtype=np.float32) for band in bands])


def read_rows(count: int) -> Iterator[NDArray[np.bool_]]:
    """Yield the mask, `count` rows at a time, (count, 43200) bool.

    The package itself unpacks its 0.9 GB at import; the file is read as a stream instead.
    """
    with zipfile.ZipFile(find_mask()) as archive, archive.open("mask.npy") as member:
        member.read(NPY_HEADER_BYTES)
        while block := member.read(count * MASK_SHAPE[1]):
            yield np.frombuffer(block, np.bool_).reshape(count, MASK_SHAPE[1])


def find_mask() -> Path:
    package = importlib.util.find_spec("global_land_mask")
    if package is None or package.origin is None:
        raise TileserverError("the demo needs the package global-land-mask: pip install it")
    return Path(package.origin).parent / "globe_combined_mask_compressed.npz"
