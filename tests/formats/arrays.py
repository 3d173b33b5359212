"""Cases of the table: Zarr arrays in their shapes."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.formats.case import Case, Given
from tests.formats.stores import LAT, LON, by_zarr, consolidate, lonlat, numbers, write
from tests.formats.truth import Truth

SECTION = "Zarr arrays"


def _plain(zarr_format: int, **options: Any) -> Any:
    """A store of one array, with whatever options its creation takes."""

    def make(folder: Path) -> Given:
        path = write(folder / "a.zarr", numbers("f4"), zarr_format=zarr_format, **options)
        return Given({"url": "a.zarr"}, "a", (Truth(lonlat(LON, LAT), by_zarr(path)),),
                     variables=("a",), dims={})  # fmt: skip

    return make


def _consolidated(zarr_format: int) -> Any:
    def make(folder: Path) -> Given:
        given = _plain(zarr_format, chunks=(20, 30))(folder)
        consolidate(folder / "a.zarr")
        return given

    return make


def _dtype(dtype: str) -> Any:
    def make(folder: Path) -> Given:
        path = write(folder / "a.zarr", numbers(dtype), zarr_format=2)
        return Given({"url": "a.zarr"}, "a", (Truth(lonlat(LON, LAT), by_zarr(path)),))

    return make


def _missing_chunks(folder: Path) -> Given:
    path = write(folder / "a.zarr", numbers("f4"), chunks=(10, 10), fill_value=np.nan)
    (path / "a/c/1/2").unlink()
    return Given({"url": "a.zarr"}, "a", (Truth(lonlat(LON, LAT), by_zarr(path)),))


CASES = [
    Case(SECTION, "Zarr 2", _plain(2, chunks=(16, 25))),
    Case(SECTION, "Zarr 3", _plain(3, chunks=(16, 25))),
    Case(SECTION, "Zarr 3, sharded", _plain(3, chunks=(10, 10), shards=(20, 30))),
    Case(SECTION, "Zarr 2, consolidated", _consolidated(2)),
    Case(SECTION, "Zarr 3, consolidated", _consolidated(3)),
    Case(SECTION, "chunks that are missing", _missing_chunks),
    *(
        Case(SECTION, f"numbers of type {t}", _dtype(t))
        for t in ("<i2", ">i2", ">f4", "|u1", "<f8")
    ),
]
