"""Look-alikes of DeepESDL's public cubes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from tests.catalogs.stores import Array, axis, fill, levels, lonlat_cube, put, write_step

BUCKET = "deep-esdl-public"
UNSTYLED = {
    "nbar_red": (0, 0.3),
    "nbar_green": (0, 0.3),
    "nbar_blue": (0, 0.3),
    "nbar_nir": (0, 0.5),
}
INDICES = ("oci_nao", "oci_soi", "oci_pdo")
CLASSES = {0: ("no_data", "#000000"), 10: ("cropland_rainfed", "#ffff64"),
           50: ("tree_broadleaved_evergreen", "#006400"), 130: ("grassland", "#ffb432"),
           190: ("urban", "#c31400"), 210: ("water", "#0046c8")}  # fmt: skip
LAND = {
    "flag_values": [*CLASSES],
    "flag_meanings": " ".join(name for name, _ in CLASSES.values()),
    "flag_colors": " ".join(color for _, color in CLASSES.values()),
    "long_name": "Land cover class defined in LCCS",
    "standard_name": "land_cover_lccs",
    "valid_max": 220,
    "valid_min": 1,
}
POLAR = {
    "grid_mapping_name": "polar_stereographic",
    "latitude_of_projection_origin": 90.0,
    "straight_vertical_longitude_from_pole": 0.0,
    "standard_parallel": 71.0,
    "false_easting": 0.0,
    "false_northing": 0.0,
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
}


def build(folder: Path, datasets: Mapping[str, Mapping[str, Any]]) -> None:
    """The bucket.

    Args:
        datasets: entries of the catalogue by id, whose styles tell the spans of the values.
    """
    bucket = folder / BUCKET
    spans = {id: spans_of(entry) for id, entry in datasets.items()}
    seasfire = [Array(name, span) for name, span in spans["seasfire"].items()]
    path = bucket / "SeasFireCube_v3.zarr"
    lonlat_cube(path, seasfire, (966, 720, 1440), (1, 720, 1440), ("latitude", "longitude"),
                "2001-01-01", crs="EPSG:4326", title="SeasFire Cube")  # fmt: skip
    group = zarr.open_group(path, mode="r+")
    for name in INDICES:
        put(group, name, ("time",), (966,), (966,), "f4")[...] = np.zeros(966)
    mask = put(group, "gwis_ba_valid_mask", ("time",), (966,), (966,), "u1")
    mask[...] = np.ones(966)
    zarr.consolidate_metadata(path, zarr_format=2)

    esdc = [Array(name, span) for name, span in {**spans["esdc"], **UNSTYLED}.items()]
    path = bucket / "esdc-8d-0.25deg-1x720x1440-3.0.1.zarr"
    lonlat_cube(
        path, esdc, (1978, 720, 1440), (1, 720, 1440), title="Earth System Data Cube v3.0.1"
    )

    levels(bucket / "LC-1x2025x2025-2.0.0.levels", 6, (2025, 2025), _land_cover)
    ocean = [Array(name, span) for name, span in spans["ocean-carbon"].items()]
    levels(
        bucket / "ocean-1M-9km-1x1080x1080-1.4.0.levels",
        2,
        (1080, 1080),
        lambda path, number, is_written: lonlat_cube(
            path, ocean, (280, 2160 >> number, 4320 >> number), (1, 1080, 1080),
            first="1997-09-01", days=30, is_written=is_written,
        ),
    )  # fmt: skip
    ground = [Array(name, span) for name, span in spans["permafrost"].items()]
    levels(
        bucket / "esa-cci-permafrost-1x1151x1641-0.0.2.levels",
        3,
        (1641, 1151),
        lambda path, number, is_written: _permafrost(path, ground, number, is_written),
    )


def spans_of(entry: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """The range of the colours of each variable of an entry."""
    styles = entry.get("styles", {})
    return {name: tuple(style["rescale"]) for name, style in styles.items() if "rescale" in style}


def _land_cover(path: Path, number: int, is_written: bool) -> None:
    shape = (31, 64800 >> number, 129600 >> number)
    lonlat_cube(path, [Array("lccs_class", dtype="u1", attrs=LAND)], shape, (1, 2025, 2025),
                first="1992-01-01", days=365, is_written=False)  # fmt: skip
    if is_written:
        array = zarr.open_group(path, mode="r+")["lccs_class"]
        kinds = np.array([*CLASSES], "u1")
        index = fill(Array("", (0, len(kinds) - 0.51), "i8"), shape[1:])
        write_step(array, kinds[index])


def _permafrost(path: Path, arrays: list[Array], number: int, is_written: bool) -> None:
    rows, cols, cell = 4604 >> number, 6564 >> number, 2000 << number
    group = zarr.create_group(path, zarr_format=2)
    axis(group, "time", np.arange(21) * 365, units="days since 2000-01-01")
    axis(group, "y", 4_604_000 - cell * (np.arange(rows) + 0.5), units="m")
    axis(group, "x", -6_564_000 + cell * (np.arange(cols) + 0.5), units="m")
    put(group, "polar_stereographic", (), (), (), "i4", **POLAR)
    for each in arrays:
        about = {
            "grid_mapping": "polar_stereographic",
            "units": "degrees celsius",
            "color_bar_name": "coolwarm",
            "color_value_min": -30,
            "color_value_max": 30,
        }
        shape, chunks = (21, rows, cols), (1, 1151, 1641)
        array = put(group, each.name, ("time", "y", "x"), shape, chunks, each.dtype, **about)
        if is_written:
            write_step(array, fill(each, (rows, cols)))
    zarr.consolidate_metadata(path, zarr_format=2)
