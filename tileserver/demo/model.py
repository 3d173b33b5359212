"""A week of a weather model on a Gaussian grid from 0 to 360 degrees, with pressure levels.

Temperature and wind are those of the mean atmosphere, set in motion by one field of moving waves:
the stream function, of which the wind is the gradient and the temperature a lagging copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .coast import land_fraction
from .noise import Field, Noise, blur, make_noise, smoothstep

START = "2024-01-14T00"
STEP_HOURS = 6
LEVELS_HPA = (1000, 925, 850, 700, 500, 300, 200, 100)
SURFACE_HPA = 1013.0
SCALE_HEIGHT_KM = 7.6
LAPSE_K_PER_KM = 6.3
TROPOPAUSE_K = 208.0


@dataclass(frozen=True, slots=True)
class Atmosphere:
    """What all steps share; grids are (lat, lon), rows from south, columns from 0 east."""

    lat: Field
    lon: Field
    land: Field
    waves: Noise
    storms: Noise


def build_model(path: Path, *, small: bool, progress: Callable[[int, int], None]) -> None:
    """Write the cube as a consolidated Zarr v2 store at `path`.

    The small one has 48 Gaussian latitudes, 4 steps and 3 levels, the full one 160, 28 and 8.
    """
    rows, steps, levels = (48, 4, LEVELS_HPA[::3]) if small else (160, 28, LEVELS_HPA)
    air = make_atmosphere(rows)
    parts = []
    for step in range(steps):
        parts.append(fields(air, levels, step * STEP_HOURS / 24))
        progress(step + 1, steps)
    cube = describe(air, parts, levels)
    chunk = (1, 1, *air.land.shape)
    encoding: dict[Any, dict[str, Any]] = {
        name: {"chunks": chunk[-cube[name].ndim :]} for name in cube.data_vars
    }
    encoding["time"] = {"units": f"hours since {START}:00:00", "dtype": "int32"}
    cube.to_zarr(path, mode="w", zarr_format=2, consolidated=True, encoding=encoding)


def make_atmosphere(rows: int) -> Atmosphere:
    sines, _ = np.polynomial.legendre.leggauss(rows)
    lat = np.degrees(np.arcsin(sines)).astype(np.float64)
    lon = np.arange(2 * rows) * (180 / rows)
    shape = (rows, 2 * rows)
    degree = rows / 180
    return Atmosphere(
        lat=lat[:, None].astype(np.float32),
        lon=lon[None, :].astype(np.float32),
        land=land_at(lat, lon),
        waves=make_noise(shape, 11, wavelength=55 * degree, drift=(0, 7 * degree), churn=0.12),
        storms=make_noise(shape, 12, wavelength=24 * degree, drift=(0, 10 * degree), churn=0.35),
    )


def land_at(lat: Field, lon: Field) -> Field:
    """The part of land around each point, from a map of 1 degree cells."""
    fraction = land_fraction((180, 360))
    row = np.clip((90 - lat).astype(np.intp), 0, 179)
    col = ((lon + 180) % 360).astype(np.intp)
    return fraction[row][:, col]


def stream(air: Atmosphere, days: float) -> Field:
    """The waves, strong at middle latitudes and nothing at the poles."""
    middle = np.exp(-(((np.abs(air.lat) - 48) / 20) ** 2)) + 0.12
    fade = np.cos(np.radians(air.lat)) ** 0.7
    planetary = np.cos(np.radians(2 * air.lon + 40)) * np.exp(-(((air.lat - 52) / 16) ** 2))
    wave: Field = middle * fade * (air.waves.at(days) + 0.55 * air.storms.at(days))
    return wave + 0.5 * planetary.astype(np.float32)


def fields(air: Atmosphere, levels: tuple[int, ...], days: float) -> dict[str, Field]:
    """t, u, v as (level, lat, lon) and msl (lat, lon) of a time."""
    psi = stream(air, days)
    per_degree = len(air.lat) / 180
    parts = [level_fields(air, psi, p, per_degree) for p in levels]
    t, u, v = (np.stack([part[i] for part in parts]) for i in range(3))
    return {"t": t, "u": u, "v": v, "msl": pressure(air, psi)}


def level_fields(
    air: Atmosphere, psi: Field, hpa: int, per_degree: float
) -> tuple[Field, Field, Field]:
    """Temperature in K and wind in m/s at a pressure."""
    height = SCALE_HEIGHT_KM * np.log(SURFACE_HPA / hpa)
    growth = np.float32(0.6 + 0.9 * np.exp(-(((hpa - 280) / 260) ** 2)))
    surface = 300.5 - 52 * np.sin(np.radians(air.lat - 6)) ** 2 + 9 * np.cos(np.radians(air.lat))
    near = np.float32(np.exp(-height / 1.6))
    continental = (
        air.land * (6 - 26 * smoothstep(air.lat, 20, 62) + 5 * smoothstep(air.lat, 5, -20)) * near
    )
    low = surface - LAPSE_K_PER_KM * height + continental
    t = np.logaddexp(low / 6, TROPOPAUSE_K / 6) * 6 + 4.5 * growth * np.roll(psi, 3, axis=1)
    jets = 34 * np.exp(-(((air.lat - 36) / 13) ** 2)) + 28 * np.exp(-(((air.lat + 46) / 12) ** 2))
    shear = np.exp(-(((hpa - 230) / 330) ** 2))
    trades = -7 * np.exp(-((air.lat / 17) ** 2)) * np.exp(-height / 3)
    down, right = np.gradient(psi, axis=0), np.gradient(psi, axis=1)
    factor = 7.5 * growth * per_degree * 2.5
    u = jets * shear + trades + factor * down
    v = factor * right * np.ones_like(u)
    return _rounded(t), _rounded(u), _rounded(v)


def _rounded(field: Field) -> Field:
    """To two digits, which compress well."""
    return np.round(field, 2).astype(np.float32)


def pressure(air: Atmosphere, psi: Field) -> Field:
    """Mean sea level pressure in hPa: belts of highs and lows, and the waves."""
    highs = 9 * np.exp(-(((np.abs(air.lat) - 31) / 11) ** 2))
    lows = -11 * np.exp(-(((np.abs(air.lat) - 61) / 10) ** 2)) * (1 + 0.8 * (air.lat < 0))
    winter = 9 * blur(air.land, 12 * len(air.lat) / 180) * smoothstep(air.lat, 30, 50)
    belts = 1012 + highs + lows + winter
    total: Field = np.round(belts + 9.5 * psi, 1)
    return total.astype(np.float32)


def describe(air: Atmosphere, parts: list[dict[str, Field]], levels: tuple[int, ...]) -> xr.Dataset:
    """The steps as one dataset with CF attributes."""
    dims = ("time", "level", "lat", "lon")
    step = np.timedelta64(STEP_HOURS, "h")
    variables = {
        name: (
            dims if name != "msl" else ("time", "lat", "lon"),
            np.stack([p[name] for p in parts]),
        )
        for name in ("t", "u", "v", "msl")
    }
    cube = xr.Dataset(
        variables,
        {
            "time": (np.datetime64(START) + np.arange(len(parts)) * step).astype("datetime64[ns]"),
            "level": np.array(levels, np.int32),
            "lat": air.lat[:, 0].astype(np.float64),
            "lon": air.lon[0].astype(np.float64),
        },
        {"Conventions": "CF-1.11", "title": "Synthetic weather model"},
    )
    for name, attributes in ATTRIBUTES.items():
        cube[name].attrs.update(attributes)
    return cube


ATTRIBUTES = {
    "t": {"long_name": "Air temperature", "standard_name": "air_temperature", "units": "K"},
    "u": {"long_name": "Eastward wind", "standard_name": "eastward_wind", "units": "m s-1"},
    "v": {"long_name": "Northward wind", "standard_name": "northward_wind", "units": "m s-1"},
    "msl": {
        "long_name": "Mean sea level pressure",
        "standard_name": "air_pressure_at_mean_sea_level",
        "units": "hPa",
    },
    "level": {"long_name": "Pressure level", "units": "hPa", "positive": "down"},
    "lat": {"standard_name": "latitude", "units": "degrees_north"},
    "lon": {"standard_name": "longitude", "units": "degrees_east"},
    "time": {"standard_name": "time"},
}
