"""Cases of the table: cells of HEALPix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from tests.formats.case import Case, Given
from tests.formats.healpix_faces import Faces
from tests.formats.stores import Read, add
from tests.formats.truth import Truth

SECTION = "HEALPix"
NSIDE = 16
TIMES = ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
DAYS = (np.arange(2), {"units": "days since 2020-01-01"})
# Inside one face each.
BOX = (40.0, -10.0, 55.0, 12.0)
ASKS = ({}, {"time": TIMES[0]})


def _values(size: int, dtype: str = "f4") -> np.ndarray:
    """Two steps of numbers of which no two near ones are alike."""
    first = (np.arange(size) * 37 % 251 + 1).astype(dtype)
    return np.stack([first, first + 3])


def _read(values: np.ndarray, numbers: np.ndarray) -> Read:
    """Steps (rows, cols) of faces whose cells have these numbers, -1 for none."""

    def read(ask: Mapping[str, str]) -> np.ndarray:
        step = values[0 if ask.get("time") == TIMES[0] else 1]
        return np.where(numbers < 0, np.nan, step[numbers].astype(np.float64))

    return read


def _whole(order: str, chunks: int, mapping: Mapping[str, Any], *, swapped: bool = False) -> Any:
    """All cells of the sphere, told by a grid mapping."""

    def make(folder: Path) -> Given:
        faces, values = Faces(NSIDE), _values(12 * NSIDE**2)
        group = zarr.create_group(folder / "a.zarr")
        add(group, "time", DAYS[0], ("time",), DAYS[1])
        add(group, "crs", np.array(0), (), mapping)
        dims, shape = ("time", "cell"), (1, chunks)
        data = values.T if swapped else values
        if swapped:
            dims, shape = dims[::-1], shape[::-1]
        add(group, "a", data, dims, {"grid_mapping": "crs", "units": "K"}, chunks=shape)
        truth = Truth(faces, _read(values, faces.numbers(order)))
        return _given(truth, (-180.0, -90.0, 180.0, 90.0))

    return make


def _given(truth: Truth, bbox: tuple[float, float, float, float], **more: Any) -> Given:
    return Given(
        {"url": "a.zarr"}, "a", (truth,), asks=ASKS, times=TIMES, box=BOX, bbox=bbox, units="K",
        dims={"time": 2}, **more,
    )  # fmt: skip


def _some(folder: Path) -> Given:
    """Cells of a part of the sphere in any order, their numbers in a coordinate, no fill value."""
    faces = Faces(NSIDE)
    numbers = faces.numbers("nested")
    middle = faces.spots(*(np.mgrid[: 12 * NSIDE, :NSIDE] + 0.5))
    inside = (np.abs(middle[0] - 45) < 33) & (np.abs(middle[1]) < 25)
    chosen = np.random.default_rng(5).permutation(numbers[inside])
    values = _values(len(chosen), "i2")
    group = zarr.create_group(folder / "a.zarr")
    add(group, "time", DAYS[0], ("time",), DAYS[1])
    about = {"grid_name": "healpix", "level": 4, "indexing_scheme": "nested"}
    add(group, "cell_ids", chosen, ("cells",), about, chunks=(100,))
    add(group, "a", values, ("time", "cells"), {"units": "K"}, chunks=(1, 100))
    places = np.full(12 * NSIDE**2, -1)
    places[chosen] = np.arange(len(chosen))
    rows, cols = np.nonzero(inside)
    lon, lat = faces.spots(rows[:, None] + [0.0, 0, 1, 1], cols[:, None] + [0.0, 1, 0, 1])
    box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    return _given(Truth(faces, _read(values, places[numbers])), box)


def _pyramid(folder: Path) -> Given:
    """Two refinements in groups, by the conventions `multiscales` and `dggs`."""
    fine, coarse = Faces(NSIDE * 4), Faces(NSIDE)
    root = zarr.create_group(folder / "a.zarr")
    layout = [{"asset": "6"}, {"asset": "4", "derived_from": "6"}]
    root.attrs.update({"multiscales": {"layout": layout}})
    truths = []
    for level, faces in ((6, fine), (4, coarse)):
        group = root.create_group(str(level))
        about = {"name": "healpix", "refinement_level": level, "indexing_scheme": "nested"}
        group.attrs.update({"dggs": {**about, "spatial_dimension": "cells"}})
        values = _values(12 * faces.nside**2)
        add(group, "time", DAYS[0], ("time",), DAYS[1])
        add(group, "a", values, ("time", "cells"), {"units": "K"}, chunks=(1, 1024))
        truths.append(Truth(faces, _read(values, faces.numbers("nested"))))
    return Given(
        {"url": "a.zarr"}, "a", tuple(truths), asks=ASKS, times=TIMES, box=BOX,
        bbox=(-180.0, -90.0, 180.0, 90.0), units="K",
    )  # fmt: skip


EASY_GEMS = {"grid_mapping_name": "healpix", "healpix_nside": NSIDE, "healpix_order": "nest"}
CF = {"grid_mapping_name": "healpix", "refinement_level": 4, "indexing_scheme": "ring"}

CASES = [
    Case(SECTION, "nested, grid mapping of easy.gems", _whole("nested", 256, EASY_GEMS)),
    Case(SECTION, "ring, grid mapping of CF 1.13", _whole("ring", 1000, CF)),
    Case(
        SECTION, "cells first, chunks of any size", _whole("nested", 700, EASY_GEMS, swapped=True)
    ),
    Case(SECTION, "some cells by number (xdggs)", _some),
    Case(SECTION, "refinements as pyramid (DGGS of Zarr)", _pyramid),
]
