"""Cases of the table: packing, missing values, ranges, classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from tests.formats.case import Ask, Case, Given
from tests.formats.stores import LAT, LON, add, lonlat, numbers, write
from tests.formats.time import PLACE, SETS, URL, by_label
from tests.formats.truth import Truth

SECTION = "Values and classes"


def _values(
    dtype: str, *, masked: Any = None, zarr_format: int = 3, fill: Any = None, **attrs: Any
) -> Any:
    """Packed numbers as xarray decodes them.

    Args:
        masked: of stored numbers and the decoded, those that are valid by a range, of which
            xarray knows nothing.
    """

    def make(folder: Path) -> Given:
        stored = numbers(dtype)
        stored[::7, ::5] = 0
        path = write(folder / "a.zarr", stored, attrs=attrs, zarr_format=zarr_format,
                     fill_value=fill)  # fmt: skip
        decoded = by_label(path, {})

        def read(ask: Ask) -> np.ndarray:
            found = decoded(ask)
            return found if masked is None else np.where(masked(stored), found, np.nan)

        told = attrs.get("actual_range")
        return Given(URL, "a", (Truth(PLACE, read),), sets=SETS,
                     legend_range=tuple(told) if told else None)  # fmt: skip

    return make


def _classes(
    categories: Sequence[tuple[float, str]], colors: Sequence[str] | None = None, **attrs: Any
) -> Any:
    def make(folder: Path) -> Given:
        path = write(folder / "a.zarr", numbers("u1") % 8, attrs=attrs)
        return Given(URL, "a", (Truth(PLACE, by_label(path, {})),), sets=SETS,
                     categories=tuple(categories), colors=colors and tuple(colors))  # fmt: skip

    return make


def _quality(expression: str, keep: Callable[[np.ndarray], np.ndarray], **attrs: Any) -> Any:
    """A band masked by classes on cells twice as large."""

    def make(folder: Path) -> Given:
        lat, lon = LAT[:40], LON[:60]
        data, quality = numbers("f4", (40, 60)), (numbers("u1", (20, 30)) % 8)
        path = write(folder / "a.zarr", data, coordinates={"lat": lat, "lon": lon})
        group = zarr.open_group(path)
        for name, centers in (("y20", lat), ("x20", lon)):
            kind = {"units": "degrees_north" if name == "y20" else "degrees_east"}
            add(group, name, (centers[::2] + centers[1::2]) / 2, (name,), kind)
        add(group, "scl", quality, ("y20", "x20"), attrs)
        whole = np.kron(quality, np.ones((2, 2), int))

        def read(_: Ask) -> np.ndarray:
            return np.where(keep(whole), data.astype(np.float64), np.nan)

        return Given(URL, "_", (Truth(lonlat(lon, lat), read),), sets=SETS,
                     asks=({"expression": expression},), variables=("a", "scl"))  # fmt: skip

    return make


PACKINGS = {
    "int16, scale, offset, fill": _values("i2", scale_factor=0.01, add_offset=273.15, _FillValue=0),
    "several missing values": _values("u2", missing_value=[3, 9, 14]),
    "_Unsigned": _values("i1", _Unsigned="true", scale_factor=0.5, _FillValue=7),
    "fill value of Zarr 2": _values("u1", zarr_format=2, fill=0),
    "true zeros in Zarr 3": _values("u1", fill=0),
    "valid_range, packed": _values(
        "i2", masked=lambda n: (n >= 10) & (n <= 90), scale_factor=0.5, valid_range=[10, 90]
    ),
    "valid_range, unpacked": _values(
        "i2", masked=lambda n: (n >= 20) & (n <= 80), scale_factor=0.5, valid_range=[10.0, 40.0]
    ),
    "valid_min": _values("f4", masked=lambda n: n >= 30, valid_min=30.0),
    "actual_range": _values("f4", actual_range=[5.0, 80.0]),
}
RGB = ["#ff0000", "#00ff00", "#0000ff"]
CLASSES = {
    "flag_values": _classes(
        [(1, "cloud free"), (2, "haze"), (5, "cloud")], flag_values=[1, 2, 5],
        flag_meanings="cloud_free haze cloud",
    ),
    "flag_values in a text, with colours": _classes(
        [(1, "a"), (2, "b"), (5, "c")], RGB, flag_values="1b, 2b, 5b",
        flag_meanings=["a", "b", "c"], flag_colors="#ff0000 lime #0000ff",
    ),
    "flag_masks": _classes(
        [(1, "cloud"), (2, "shadow"), (4, "snow")], flag_masks=[1, 2, 4],
        flag_meanings="cloud shadow snow",
    ),
    "flag_masks and flag_values": _classes(
        [(1, "odd"), (2, "haze"), (4, "cloud"), (0, "clear")],
        flag_masks=[1, 6, 6, 6], flag_values=[1, 0, 2, 4], flag_meanings="odd clear haze cloud",
    ),
    "classes of coarser cells in an expression": _quality(
        "where(scl in (4, 5), a, nan)", lambda q: np.isin(q, (4, 5)),
        flag_values=list(range(8)), flag_meanings="a b c d e f g h",
    ),
    "bits of coarser cells in an expression": _quality(
        "a if not (scl & 1 or bit(scl, 2)) else nan", lambda q: (q & 5) == 0
    ),
}  # fmt: skip


CASES = [Case(SECTION, name, make) for group in (PACKINGS, CLASSES) for name, make in group.items()]
