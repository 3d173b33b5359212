"""A year of Sentinel-2-like scenes of an alpine valley in UTM 32N, one GeoTIFF a date.

Fractal mountains along a valley, covered by altitude and season, lit by the sun of the date, with
clouds, their shadows, and on some dates the edge of the swath.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from .noise import Field, blur, make_noise, smoothstep
from .steps import run_steps

CRS = "EPSG:32632"
WEST_M, NORTH_M = 664_000, 5_252_000  # around Innsbruck
RESOLUTION_M = 20.0
BANDS = ("b02", "b03", "b04", "b08")
TITLES = ("Blue", "Green", "Red", "Near infrared")
SCALE, NODATA = 0.0001, 0

# date, snow line in m, cloud cover 0 to 1, whether the swath ends within the scene
DATES = (
    ("20230616", 2550, 0.00, False),
    ("20230716", 2900, 0.15, False),
    ("20230815", 3050, 0.00, False),
    ("20230914", 2900, 0.25, True),
    ("20231014", 2350, 0.00, False),
    ("20231113", 1700, 0.20, False),
    ("20231218", 1100, 0.00, False),
    ("20240115", 900, 0.00, False),
    ("20240214", 1050, 0.25, False),
    ("20240318", 1400, 0.05, True),
    ("20240417", 1750, 0.35, False),
    ("20240517", 2150, 0.00, False),
)

# Reflectance of blue, green, red and near infrared.
FOREST = (0.018, 0.032, 0.022, 0.19)
MEADOW = (0.030, 0.068, 0.040, 0.34)
DRY_GRASS = (0.055, 0.080, 0.090, 0.20)
SOIL = (0.060, 0.080, 0.105, 0.17)
ROCK = (0.115, 0.125, 0.135, 0.17)
SNOW = (0.78, 0.79, 0.77, 0.70)
WATER = (0.045, 0.055, 0.030, 0.012)
TOWN = (0.115, 0.125, 0.140, 0.20)
CLOUD = (0.80, 0.81, 0.81, 0.83)


@dataclass(frozen=True, slots=True)
class Land:
    """What all dates share; grids are (height, width), rows from north."""

    altitude: Field
    across: Field
    rough: Field
    patch: Field
    water: NDArray[np.bool_]
    town: Field


def build_scenes(folder: Path, *, small: bool, progress: Callable[[int, int], None]) -> None:
    """Write the scenes as `s2_YYYYMMDD.tif` into `folder`.

    The small ones are 512 x 512 pixels of 60 m on four dates, the full ones 1536 x 1536 of 20 m.
    """
    folder.mkdir(parents=True)
    size, resolution, dates = (512, 3 * RESOLUTION_M, DATES[::3]) if small else (
        1536, RESOLUTION_M, DATES
    )  # fmt: skip
    land = make_land(size)
    run_steps(partial(write_scene, folder, land, resolution, dates), len(dates), progress)


def make_land(size: int) -> Land:
    shape = (size, size)
    part = size / 1536  # lengths below are in pixels of the full scene
    noise = partial(make_noise, shape)
    rows, cols = np.mgrid[0:size, 0:size].astype(np.float32) / np.float32(part)
    bend = 90 * noise(21, wavelength=700 * part, slope=4).at()
    across = rows - (880 + 0.22 * (cols - 768) + bend)
    ridges = 1 - np.abs(noise(22, wavelength=420 * part, slope=2.1, shortest=5 * part).at())
    massif = noise(23, wavelength=800 * part, slope=3).at()
    rough = noise(24, wavelength=60 * part, slope=1.6).at()
    side = smoothstep(np.abs(across), 25, 420)
    altitude = 565 + side * (1250 + 620 * ridges + 330 * massif) + 35 * side * rough
    lake = ((cols - 1120) / 85) ** 2 + ((rows - 330) / 40) ** 2 < 1
    town = blur(np.exp(-(((cols - 700) / 130) ** 2 + (across / 34) ** 2)), 3 * part)
    return Land(
        altitude=np.where(lake, 930, np.maximum(altitude, 560)).astype(np.float32),
        across=across,
        rough=rough,
        patch=fields_pattern(rows, cols),
        water=(np.abs(across + 6 * rough) < 5) | lake,
        town=town * (0.75 + 0.25 * np.sign(rough)),
    )


def fields_pattern(rows: Field, cols: Field) -> Field:
    """A number 0 to 1 for each of the fields on the valley floor, which lie in strips."""
    along = np.floor((cols + 0.35 * rows) / 26) + 57 * np.floor((rows - 0.35 * cols) / 11)
    number: Field = np.mod(np.sin(along * 12.9898) * 43758.547, 1)
    return number.astype(np.float32)


def write_scene(
    folder: Path, land: Land, resolution: float, dates: tuple[tuple[str, int, float, bool], ...],
    number: int,
) -> None:  # fmt: skip
    date, snow_line, cover, cut = dates[number]
    scene = reflectance(land, resolution, int(date[4:6]), snow_line)
    scene = clouded(scene, cover, seed=40 + DATES.index(dates[number]))
    packed = np.clip(np.rint(scene / SCALE), 1, 12_000).astype(np.uint16)
    if cut:
        height, width = packed.shape[1:]
        rows, cols = np.mgrid[0:height, 0:width]
        packed[:, cols > 0.86 * width - 0.21 * rows] = NODATA
    write_cog(folder / f"s2_{date}.tif", packed, resolution)


def reflectance(land: Land, resolution: float, month: int, snow_line: int) -> Field:
    """(band, height, width) of a month, as the sun of about 10:30 lights it."""
    green = float(np.interp(month, (3.3, 5.6, 9, 11), (0, 1, 1, 0)))
    cover = ground(land, green)
    edge = land.altitude + 130 * land.rough + 60 * np.sin(land.across / 37)
    snow = smoothstep(edge, snow_line - 90, snow_line + 130) * ~land.water
    steep, light = lit(land.altitude, resolution, month)
    snow = snow * (1 - 0.75 * smoothstep(steep, 0.85, 1.25))
    below = smoothstep(edge, 1950, 1700) * smoothstep(edge, 650, 800)
    snow = snow * (1 - 0.55 * below)  # needles keep dark in winter
    scene = cover + snow * (column(SNOW) - cover)
    scene = scene * (1 + 0.05 * land.rough)
    seen: Field = np.clip(scene * light, 0.003, 1.2)
    return seen.astype(np.float32)


def ground(land: Land, green: float) -> Field:
    """Reflectance of the ground without snow, by altitude."""
    edge = land.altitude + 110 * land.rough
    grass = column(DRY_GRASS) + green * (column(MEADOW) - column(DRY_GRASS))
    ripe = np.where(land.patch < 0.3, 0.15, np.where(land.patch < 0.75, 1.0, 0.6)) * green
    farm = column(SOIL) + ripe * (column(MEADOW) - column(SOIL))
    cover = np.where(edge > 2350, column(ROCK), grass)
    wooded = smoothstep(edge, 1980, 1780)
    cover = cover + wooded * (column(FOREST) * (0.8 + 0.2 * green) - cover)
    clearing = smoothstep(land.rough, 1.5, 1.9)
    cover = cover + wooded * clearing * (grass - cover)
    floor = smoothstep(land.altitude, 760, 640)
    cover = cover + floor * (farm - cover)
    cover = cover + np.clip(land.town, 0, 1) * (column(TOWN) - cover)
    return np.where(land.water, column(WATER), cover)


def column(values: tuple[float, ...]) -> Field:
    return np.array(values, np.float32)[:, None, None]


def lit(altitude: Field, resolution: float, month: int) -> tuple[Field, Field]:
    """The slope (rise over run) and the light on it, 1 on flat ground."""
    down, right = np.gradient(altitude, resolution)
    elevation = np.radians(43 - 21 * np.cos(2 * np.pi * (month - 0.3) / 12))
    azimuth = np.radians(158)
    east, north = np.sin(azimuth), np.cos(azimuth)
    steep = np.hypot(down, right)
    facing = np.sin(elevation) - np.cos(elevation) * (right * east - down * north)
    light = np.clip(facing / np.sqrt(1 + steep**2) / np.sin(elevation), 0, 1.7)
    return steep, (0.32 + 0.68 * light).astype(np.float32)


def clouded(scene: Field, cover: float, seed: int) -> Field:
    """The scene below clouds of this cover, which throw shadows to the north-west."""
    if cover == 0:
        return scene
    size = scene.shape[1]
    noise = make_noise((size, size), seed, wavelength=size / 4, slope=2.0, shortest=3).at()
    limit = float(np.quantile(noise, 1 - cover))
    cloud = 0.94 * smoothstep(noise, limit, limit + 1.0)
    shadow = np.roll(cloud, (-size // 38, -size // 60), axis=(0, 1))
    shaded = scene * (1 - 0.58 * shadow)
    seen: Field = shaded + cloud * (column(CLOUD) * (0.85 + 0.1 * noise) - shaded)
    return seen


def write_cog(path: Path, packed: NDArray[np.uint16], resolution: float) -> None:
    """A tiled, compressed file with overviews; bands carry names, scale and nodata."""
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": len(BANDS), "crs": CRS, "nodata": NODATA,
        "height": packed.shape[1], "width": packed.shape[2],
        "transform": from_origin(WEST_M, NORTH_M, resolution, resolution),
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as image:
            image.write(packed)
            image.descriptions = BANDS
            image.colorinterp = [ColorInterp.gray] + [ColorInterp.undefined] * (len(BANDS) - 1)
            image.scales, image.offsets = [SCALE] * len(BANDS), [0.0] * len(BANDS)
            for band, title in enumerate(TITLES, start=1):
                image.update_tags(band, long_name=title)
        with memory.open() as image:
            rasterio.shutil.copy(
                image, path, driver="COG", compress="DEFLATE", level=6, predictor=2,
                blocksize=512, overview_resampling="average", num_threads=1,
            )  # fmt: skip
