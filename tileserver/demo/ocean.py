"""A global 8-daily ocean: temperature, its anomaly, chlorophyll; real coasts, made-up sea.

The temperature of a place is that of a smooth climate at a displaced latitude: the displacement
is moving noise, so fronts meander and shed eddies where currents are strong.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec
from zarr.errors import ZarrUserWarning

from .coast import land_fraction
from .noise import Field, Noise, blur, make_noise, smoothstep
from .steps import run_steps

EPOCH = "2021-01-01"
STEP_DAYS = 8
YEAR_DAYS = 365.25
FREEZING_C = -1.8
MERCATOR_LIMIT = 85.0
SST_FILL, SST_SCALE = -32768, 0.02
CHL_FILL, CHL_SCALE = 65535, 0.0005

# Where the sea differs from its latitude: (°C, lon, lat, width in lon, width in lat).
CURRENTS = (
    (3.0, -55, 39, 22, 4),  # Gulf Stream
    (5.0, -15, 57, 26, 9),  # North Atlantic Drift
    (5.5, 5, 67, 18, 7),  # Norwegian Current
    (-5.0, -56, 52, 10, 8),  # Labrador Current
    (3.0, 150, 36, 22, 4),  # Kuroshio
    (-4.0, 152, 47, 14, 6),  # Oyashio
    (2.5, 30, -34, 12, 4),  # Agulhas Current
    (2.0, -47, -30, 8, 6),  # Brazil Current
    (-3.0, -58, -44, 6, 6),  # Falkland Current
    (2.0, 155, -33, 6, 6),  # East Australian Current
    (2.0, 130, 4, 40, 14),  # Pacific warm pool
    (1.2, 80, 3, 25, 12),  # Indian warm pool
    (-3.2, -105, -1, 32, 3.2),  # equatorial cold tongue
    (-1.8, -8, -1, 12, 3),  # Atlantic cold tongue
    (-5.0, -79, -16, 9, 14),  # Humboldt Current
    (-4.0, -121, 33, 8, 10),  # California Current
    (-5.0, 10, -21, 8, 11),  # Benguela Current
    (-3.5, -19, 21, 7, 9),  # Canary Current
    (2.0, 18, 37, 20, 6),  # Mediterranean
    (-1.5, 35, 44, 8, 4),  # Black Sea
    (2.0, 48, 22, 16, 9),  # Red Sea and Persian Gulf
)
# Where fronts meander most: (strength, lon, lat, width in lon, width in lat).
FRONTS = (
    (1.6, -55, 40, 24, 7),
    (1.5, 155, 37, 26, 7),
    (1.4, 25, -39, 26, 5),
    (1.3, -50, -41, 12, 8),
    (0.8, 156, -34, 8, 7),
    (0.9, -120, 1, 45, 4),
)


@dataclass(frozen=True, slots=True)
class Ocean:
    """What all time steps share; grids are (height, width), rows from north, from 180 west."""

    lat: Field
    lon: Field
    sea: NDArray[np.bool_]
    coastal: Field
    shelf: Field
    local: Field
    strength: Field
    amplitude: Field
    meander: Noise
    stretch: Noise
    basin: Noise
    bloom: Noise
    mercator_row: Field


def build_ocean(path: Path, *, small: bool, progress: Callable[[int, int], None]) -> None:
    """Write the cube as a Zarr v3 store at `path`.

    The small one has 1° cells and 12 steps of one month each, the full one 0.25° and 200 of 8 days.
    """
    shape, count, step_days = ((180, 360), 12, 32) if small else ((720, 1440), 200, STEP_DAYS)
    ocean = make_ocean(shape)
    days = np.arange(count, dtype=np.int32) * step_days
    group = create_store(path, ocean, days)
    run_steps(partial(write_step, group, ocean, days), count, progress)
    with warnings.catch_warnings():
        # Consolidated metadata is an extension of Zarr v3 that all readers know.
        warnings.simplefilter("ignore", ZarrUserWarning)
        zarr.consolidate_metadata(group.store)


def make_ocean(shape: tuple[int, int]) -> Ocean:
    size = 180 / shape[0]
    lat = (90 - size * (np.arange(shape[0]) + 0.5)).astype(np.float32)
    lon = (-180 + size * (np.arange(shape[1]) + 0.5)).astype(np.float32)
    fraction = land_fraction(shape)
    coastal = np.clip(2 * blur(fraction, 2.5 / size), 0, 1)
    field = partial(make_noise, (shape[1] * 3 // 4, shape[1]))
    days = 1 / size  # drifts are given in degrees a day
    return Ocean(
        lat=lat[:, None],
        lon=lon[None, :],
        sea=(fraction < 0.5) & (lat[:, None] > -78.5),
        coastal=coastal,
        shelf=np.clip(2.2 * blur(fraction, 0.9 / size), 0, 1),
        local=add_patches(CURRENTS, lat, lon),
        strength=0.35 + add_patches(FRONTS, lat, lon) + circumpolar(lat[:, None]),
        amplitude=seasonal_amplitude(lat[:, None], coastal),
        meander=field(1, wavelength=11 / size, slope=2.6, drift=(0, -0.04 * days), churn=0.035),
        stretch=field(2, wavelength=14 / size, drift=(0, -0.03 * days), churn=0.025),
        basin=field(3, wavelength=70 / size, slope=4, drift=(0, 0.02 * days), churn=0.008),
        bloom=field(4, wavelength=12 / size, slope=2.2, drift=(0, -0.05 * days), churn=0.05),
        mercator_row=mercator_rows(lat, shape[1] * 3 // 4),
    )


def mercator_rows(lat: Field, height: int) -> Field:
    """The row of the noise for each latitude, so that eddies are round on a Mercator map."""
    capped = np.radians(np.clip(lat, -MERCATOR_LIMIT, MERCATOR_LIMIT))
    limit = np.arctanh(np.sin(np.radians(MERCATOR_LIMIT)))
    y = (1 - np.arctanh(np.sin(capped)) / limit) / 2
    row: Field = y * (height - 1)
    return row.astype(np.float32)


def add_patches(patches: tuple[tuple[float, ...], ...], lat: Field, lon: Field) -> Field:
    """The sum of Gaussian patches, each (value, lon, lat, width, height) in degrees."""
    total = np.zeros((lat.size, lon.size), np.float32)
    for value, lon0, lat0, width, height in patches:
        east = (lon - lon0 + 180) % 360 - 180
        x = np.exp(-((east / width) ** 2))
        y = np.exp(-(((lat - lat0) / height) ** 2))
        total += np.float32(value) * y[:, None] * x
    return total


def circumpolar(lat: Field) -> Field:
    """The eddies of the Antarctic Circumpolar Current, strongest at 48 south."""
    return np.exp(-(((lat + 48) / 9) ** 2))


def seasonal_amplitude(lat: Field, coastal: Field) -> Field:
    """Half the yearly range in °C, signed by hemisphere; coasts of the north vary most."""
    north = 5.2 * np.exp(-(((lat - 42) / 20) ** 2)) * (1 + 0.7 * coastal)
    south = 3.2 * np.exp(-(((lat + 36) / 18) ** 2)) * (1 + 0.3 * coastal)
    return (north - south).astype(np.float32)


def climate(lat: Field) -> Field:
    """The mean temperature of a latitude in °C, the southern ocean colder than the northern."""
    tropics = 28.2 - 31.0 * np.sin(np.radians(np.abs(lat - 2))) ** 2
    mean: Field = tropics - 3.5 * smoothstep(lat, -38, -62) + 1.0 * smoothstep(lat, 30, 45)
    return mean


def sample_rows(field: Field, rows: Field) -> Field:
    """Rows of a field at fractional positions, linear between them."""
    low = rows.astype(np.intp)
    part = (rows - low)[:, None]
    return field[low] * (1 - part) + field[np.minimum(low + 1, len(field) - 1)] * part


def season(days: float, latest: float) -> np.float32:
    """1 at the day of the year `latest`, -1 half a year from it."""
    return np.float32(np.cos(2 * np.pi * (days - latest) / YEAR_DAYS))


def usual_temperature(ocean: Ocean, lat: Field, days: float) -> Field:
    """Temperature in °C of the season, at latitudes that may be displaced; warmest on 28 August."""
    warmth = ocean.amplitude * season(days, 240)
    return climate(lat) + ocean.local + warmth


def el_nino(days: float) -> np.float32:
    """An index of the equatorial Pacific: two cold winters, then a warm one, as 2021 to 2024."""
    return np.float32(0.9 * np.cos(2 * np.pi * (days - 1060) / 1300) - 0.25)


def temperature(ocean: Ocean, days: float) -> tuple[Field, Field]:
    """Sea surface temperature and its anomaly from the season's, (height, width) in °C."""
    rows = ocean.mercator_row
    shift = 1.5 * ocean.strength * sample_rows(ocean.meander.at(days), rows)
    mixing = 0.30 * ocean.strength * sample_rows(ocean.stretch.at(days), rows)
    basin = 0.55 * sample_rows(ocean.basin.at(days), rows)
    tongue = np.exp(-((ocean.lat / 4.5) ** 2)) * smoothstep(ocean.lon, -75, -100)
    tongue = tongue * smoothstep(ocean.lon, -175, -150)
    usual = usual_temperature(ocean, ocean.lat, days)
    warm = usual_temperature(ocean, ocean.lat + shift, days) + mixing + basin
    warm += 2.2 * el_nino(days) * tongue
    warm, usual = np.maximum(warm, FREEZING_C), np.maximum(usual, FREEZING_C)
    return warm, warm - usual


def chlorophyll(ocean: Ocean, sst: Field, anomaly: Field, days: float) -> Field:
    """Chlorophyll in mg m-3; NaN where the noon sun is too low to see it, as from a satellite.

    Blue gyres, green coasts and upwelling, a bloom that follows the spring polewards.
    """
    declination = -23.44 * season(days, -10)
    sun = 90 - np.abs(ocean.lat - declination)
    spring = np.exp(-(((sun - 52) / 16) ** 2)) * smoothstep(np.abs(ocean.lat), 30, 48)
    gyre = np.exp(-(((np.abs(ocean.lat) - 22) / 11) ** 2)) * (1 - ocean.coastal)
    equator = np.exp(-((ocean.lat / 5) ** 2))
    noise = sample_rows(ocean.bloom.at(days), ocean.mercator_row)
    log = -0.85 + 0.55 * spring - 0.65 * gyre + 0.25 * equator + 0.35 * smoothstep(sst, 19, 12)
    log = log + 0.75 * ocean.coastal + 1.1 * ocean.shelf - 0.10 * anomaly - 0.10 * ocean.local
    log += (0.12 + 0.12 * spring) * noise
    chl: Field = np.power(np.float32(10), np.clip(log, -2, 1.45), dtype=np.float32)
    return np.where(sun > 15, chl, np.float32(np.nan))


def write_step(group: zarr.Group, ocean: Ocean, days: NDArray[np.int32], step: int) -> None:
    sst, anomaly = temperature(ocean, float(days[step]))
    chl = chlorophyll(ocean, sst, anomaly, float(days[step]))
    for name, field in (("sst", sst), ("sst_anomaly", anomaly)):
        packed = np.rint(field / SST_SCALE).astype(np.int16)
        write(group, name, step, np.where(ocean.sea, packed, np.int16(SST_FILL)))
    seen = ocean.sea & ~np.isnan(chl)
    packed_chl = np.rint(np.where(seen, chl, 0) / CHL_SCALE).astype(np.uint16)
    write(group, "chl", step, np.where(seen, packed_chl, np.uint16(CHL_FILL)))


def write(group: zarr.Group, name: str, step: int, packed: NDArray[np.generic]) -> None:
    array = group[name]
    assert isinstance(array, zarr.Array)
    array[step] = packed


def create_store(path: Path, ocean: Ocean, days: NDArray[np.int32]) -> zarr.Group:
    """An empty cube with its coordinates and CF attributes."""
    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.attrs.update({"Conventions": "CF-1.11", "title": "Synthetic ocean surface"})
    axes: tuple[tuple[str, NDArray[np.generic], dict[str, str]], ...] = (
        ("time", days, {"units": f"days since {EPOCH}", "calendar": "standard"}),
        ("lat", ocean.lat[:, 0].astype(np.float64), {"units": "degrees_north"}),
        ("lon", ocean.lon[0].astype(np.float64), {"units": "degrees_east"}),
    )
    names = {"time": "time", "lat": "latitude", "lon": "longitude"}
    for name, values, attributes in axes:
        array = group.create_array(
            name, data=values, chunks=values.shape, dimension_names=(name,), fill_value=None
        )
        array.attrs.update({"standard_name": names[name], **attributes})
    for name in VARIABLES:
        create_variable(group, name, (len(days), *ocean.sea.shape))
    return group


@dataclass(frozen=True, slots=True)
class Packing:
    dtype: str
    fill: int
    scale: float
    attributes: dict[str, str]


VARIABLES = {
    "sst": Packing(
        "int16",
        SST_FILL,
        SST_SCALE,
        {
            "long_name": "Sea surface temperature",
            "standard_name": "sea_surface_temperature",
            "units": "degree_Celsius",
        },
    ),
    "sst_anomaly": Packing(
        "int16",
        SST_FILL,
        SST_SCALE,
        {"long_name": "Sea surface temperature anomaly", "units": "degree_Celsius"},
    ),
    "chl": Packing(
        "uint16",
        CHL_FILL,
        CHL_SCALE,
        {
            "long_name": "Chlorophyll-a concentration",
            "standard_name": "mass_concentration_of_chlorophyll_a_in_sea_water",
            "units": "mg m-3",
        },
    ),
}


def create_variable(group: zarr.Group, name: str, shape: tuple[int, int, int]) -> None:
    packing = VARIABLES[name]
    array = group.create_array(
        name,
        shape=shape,
        chunks=(1, *shape[1:]),
        dtype=packing.dtype,
        fill_value=packing.fill,
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        dimension_names=("time", "lat", "lon"),
    )
    array.attrs.update(
        packing.attributes
        | {"scale_factor": packing.scale, "add_offset": 0.0, "_FillValue": packing.fill}
    )
