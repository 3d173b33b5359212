"""The continents without time: heights and land cover; real coasts, made-up mountains and forests.

Mountains stand where the great ranges are, in shape made up: ridged noise under their envelopes.
"""

import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec
from zarr.errors import ZarrUserWarning

from .coast import land_fraction
from .noise import Field, blur, make_noise, smoothstep

FILL = -32768
SNOW_LINE_M = 5000  # at the equator; it sinks by the square of the sine of the latitude

# Ranges and highlands: height in m, half width in degrees, then points (lon, lat) along them.
RANGES: tuple[tuple[float, float, tuple[tuple[float, float], ...]], ...] = (
    (5600, 2.2, ((72, 36), (78, 32), (84, 28.5), (90, 28), (96, 29))),  # Himalaya
    (4600, 4.5, ((80, 34), (86, 33), (92, 33), (98, 33))),  # Tibet
    (3600, 2.4, ((68, 38), (75, 41), (82, 43), (88, 48))),  # Pamir, Tian Shan, Altai
    (4100, 1.8, ((-79, -2), (-77, -9), (-71, -15), (-68, -20), (-70, -30), (-72, -42))),  # Andes
    (2600, 3.0, ((-106, 36), (-108, 41), (-114, 46), (-120, 53), (-128, 60))),  # Rocky Mountains
    (2200, 1.6, ((-105, 24), (-101, 20), (-98, 18), (-91, 15))),  # Sierra Madre
    (2800, 1.0, ((6.5, 45), (9, 46.5), (12.5, 47))),  # Alps
    (1700, 1.0, ((-1, 42.7), (1.5, 42.6))),  # Pyrenees
    (1800, 1.8, ((-7, 31.5), (-1, 34), (6, 36))),  # Atlas
    (1500, 2.0, ((7, 61), (14, 66), (19, 69))),  # Scandinavia
    (3000, 1.4, ((41, 43.3), (46, 42))),  # Caucasus
    (2000, 2.6, ((32, 38), (40, 39), (47, 34), (53, 31))),  # Anatolia, Zagros
    (900, 1.4, ((59, 52), (59, 60), (63, 67))),  # Ural
    (2500, 3.0, ((38, 9), (37, 1), (35, -5), (34, -12))),  # Ethiopia and the rift
    (1700, 2.6, ((29, -29), (27, -23), (17, -20))),  # southern Africa
    (900, 3.0, ((-44, -20), (-48, -14))),  # Brazil
    (1100, 1.6, ((148, -36), (151, -30), (146, -18))),  # Great Dividing Range
    (3000, 1.2, ((137, -4), (142, -5.5), (146, -7))),  # New Guinea
    (1900, 1.0, ((168, -45), (171, -43))),  # New Zealand
    (1600, 1.2, ((137, 36), (140, 39))),  # Japan
    (900, 1.8, ((-83, 35), (-78, 40), (-71, 44))),  # Appalachians
    (2700, 7.0, ((-40, 72), (-40, 77))),  # Greenland
    (3000, 9.0, ((0, -80), (60, -78), (110, -77), (90, -83), (-90, -80))),  # Antarctica
)

# Value, name and colour of the classes of land cover.
CLASSES = (
    (10, "tree_cover", "#1b7837"),
    (20, "shrubland", "#a6a04a"),
    (30, "grassland", "#c9dc87"),
    (40, "cropland", "#e8b84a"),
    (60, "bare_ground", "#d9cdb8"),
    (70, "snow_and_ice", "#eef6fb"),
    (90, "wetland", "#5aa7a0"),
    (100, "tundra", "#b8a9c9"),
)


def build_land(path: Path, *, small: bool, progress: Callable[[int, int], None]) -> None:
    """Write the cube as a Zarr v3 store at `path`: 0.1° cells, of the small one 0.5°."""
    shape = (360, 720) if small else (1800, 3600)
    size = 180 / shape[0]
    lat = 90 - size * (np.arange(shape[0]) + 0.5)
    lon = -180 + size * (np.arange(shape[1]) + 0.5)
    fraction = land_fraction(shape)
    progress(1, 3)
    height = heights(lat, lon, fraction)
    cover = land_cover(lat, height, size)
    progress(2, 3)
    land = fraction >= 0.5
    group = create_store(path, lat, lon)
    write(group, "elevation", np.where(land, np.rint(height), FILL).astype(np.int16), FILL)
    write(group, "land_cover", np.where(land, cover, 0).astype(np.uint8), 0)
    with warnings.catch_warnings():
        # Consolidated metadata is an extension of Zarr v3 that all readers know.
        warnings.simplefilter("ignore", ZarrUserWarning)
        zarr.consolidate_metadata(group.store)
    progress(3, 3)


def heights(lat: Field, lon: Field, fraction: NDArray[np.float32]) -> Field:
    """Heights above the sea in m, (height, width); they sink towards the coast."""
    size = 180 / lat.size
    inland = smoothstep(blur(fraction, 0.8 / size), 0.35, 0.95)
    rough = make_noise(fraction.shape, 21, wavelength=3 / size, slope=1.9).at()
    ridges = 1 - np.minimum(np.abs(rough) / 1.4, 1)
    hills = make_noise(fraction.shape, 22, wavelength=16 / size, slope=2.2).at()
    plains = 230 * inland * (1 + 0.7 * hills)
    mountains = envelope(lat, lon) * (0.45 + 0.55 * ridges) * (0.35 + 0.65 * inland)
    found: Field = np.maximum(plains + mountains, 1)
    return found


def envelope(lat: Field, lon: Field) -> Field:
    """The height that the ranges have without their valleys, (height, width) in m."""
    total = np.zeros((lat.size, lon.size), np.float32)
    for height, width, points in RANGES:
        shape = np.zeros_like(total)
        for lon0, lat0 in between(points, width / 2):
            stretch = max(np.cos(np.radians(lat0)), 0.2)
            east = ((lon - lon0 + 180) % 360 - 180) * stretch
            x = np.exp(-((east / width) ** 2) / 2)
            y = np.exp(-(((lat - lat0) / width) ** 2) / 2)
            np.maximum(shape, (y[:, None] * x).astype(np.float32), out=shape)
        total = np.maximum(total, np.float32(height) * shape)
    return total


def between(points: tuple[tuple[float, float], ...], step: float) -> list[tuple[float, float]]:
    """Points along a line through `points`, no further apart than `step` degrees."""
    found: list[tuple[float, float]] = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        count = max(1, int(np.ceil(np.hypot(x1 - x0, y1 - y0) / step)))
        parts = np.arange(1, count + 1) / count
        found += [(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part) for part in parts]
    return found


def land_cover(lat: Field, height: Field, size: float) -> NDArray[np.uint8]:
    """Classes by latitude, height and a moisture that is made up, (height, width)."""
    across = np.abs(lat)[:, None] + 2.5 * make_noise(height.shape, 24, wavelength=9 / size).at()
    noise = make_noise(height.shape, 23, wavelength=22 / size, slope=2.2).at()
    dry = 1.5 * np.exp(-(((across - 24) / 9) ** 2)) + 0.5 * np.exp(-(((across - 42) / 8) ** 2))
    moist = 0.85 + 0.55 * noise - dry
    snow = height > SNOW_LINE_M * np.cos(np.radians(lat))[:, None] ** 2 + 250
    cold = across + height / 150
    rules = (
        (snow | (lat[:, None] < -61), 70),
        (cold > 68, 100),
        ((cold > 50) & (moist > 0), 10),
        (moist < -0.55, 60),
        (moist < -0.1, 20),
        ((moist > 1.75) & (height < 250), 90),
        (moist > 0.95, 10),
        ((moist > 0.3) & (height < 900), 40),
    )
    conditions, values = zip(*rules, strict=True)
    found: NDArray[np.uint8] = np.select(conditions, values, 30).astype(np.uint8)
    return found


def create_store(path: Path, lat: Field, lon: Field) -> zarr.Group:
    """A store with its coordinates."""
    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.attrs.update({"Conventions": "CF-1.11", "title": "Synthetic land", "license": "CC0-1.0"})
    for name, values, units, standard in (
        ("lat", lat, "degrees_north", "latitude"),
        ("lon", lon, "degrees_east", "longitude"),
    ):
        array = group.create_array(
            name, data=values, chunks=values.shape, dimension_names=(name,), fill_value=None
        )
        array.attrs.update({"standard_name": standard, "units": units})
    return group


def write(group: zarr.Group, name: str, values: NDArray[np.generic], fill: int) -> None:
    array = group.create_array(
        name,
        data=values,
        chunks=(values.shape[0] // 3, values.shape[1] // 4),
        fill_value=fill,
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        dimension_names=("lat", "lon"),
    )
    array.attrs.update(ATTRIBUTES[name] | {"_FillValue": fill})


ATTRIBUTES: dict[str, dict[str, Any]] = {
    "elevation": {
        "long_name": "Elevation",
        "standard_name": "height_above_mean_sea_level",
        "units": "m",
    },
    "land_cover": {
        "long_name": "Land cover",
        "flag_values": [value for value, _, _ in CLASSES],
        "flag_meanings": " ".join(name for _, name, _ in CLASSES),
        "flag_colors": " ".join(color for _, _, color in CLASSES),
    },
}
