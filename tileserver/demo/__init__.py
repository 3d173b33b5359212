"""The demo: an ocean, scenes of a valley, a weather model and the land, made up but plausible.

`build` writes them with their catalogue for local disk, `catalog_s3` one for an S3 server.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .land import build_land
from .model import build_model
from .ocean import build_ocean
from .scenes import build_scenes

__all__ = ["build", "catalog_s3"]

Progress = Callable[[str, int, int], None]

VERSION = "6"  # of what is written; a folder of another one is made anew
STAMP = ".tileserver-demo"

CATALOG = """\
service:
  title: Demo cubes
  abstract: Made-up data on real coasts
  keywords: [ocean, land cover, weather]
  provider: The tileserver's demo
  contact:
    position: Whoever runs this server
    instructions: Nobody answers for made-up data.
  fees: none
  access_constraints: none
{storage}viewer:
  terrain: {{dataset: land, variable: elevation}}
style_sets:
  temperatures:
    thermal: {{colormap_name: thermal}}
    tropics: {{colormap_name: turbo, rescale: [18, 32]}}
  winds:
    breeze: {{rescale: [-10, 10]}}
datasets:
  - id: ocean
    title: Global ocean
    description: Sea surface temperature and chlorophyll, every eight days on a 0.25° grid.
    attribution: Made-up data
    theme: Ocean/Surface
    keywords: [sea surface temperature, chlorophyll]
    url: {base}ocean.zarr{named}
    variables: [sst, sst_anomaly, chl]
    styles:
      sst: {{colormap_name: sst, rescale: [-2, 32], offers: [temperatures]}}
      sst_anomaly: {{colormap_name: anomaly, rescale: [-4, 4], offers: [rdbu_r]}}
      chl: {{colormap_name: chlorophyll, rescale: [0.02, 20], scale: log, offers: [viridis]}}
  - id: s2
    title: Alpine valley
    description: Twelve Sentinel-2-like scenes of a year around Innsbruck, in UTM 32N.
    attribution: Made-up data
    theme: Land
    url: {base}s2/*.tif{named}
    time_pattern: 's2_(?P<time>\\d{{8}})\\.tif'
    styles:
      b02: {{rescale: [0, 0.3], colormap_name: gray}}
      b03: {{rescale: [0, 0.3], colormap_name: gray}}
      b04: {{rescale: [0, 0.3], colormap_name: gray}}
      b08: {{rescale: [0, 0.5], colormap_name: gray}}
    composites:
      true_color:
        title: True colour
        bands: [b04, b03, b02]
        rescale: [0, 0.2]
        resampling: bilinear
      false_color:
        title: False colour (near infrared)
        bands: [b08, b04, b03]
        rescale: [0, 0.4]
        resampling: bilinear
      ndvi:
        title: Vegetation index (NDVI)
        expression: (b08-b04)/(b08+b04)
        colormap_name: ndvi
        rescale: [-0.2, 0.9]
        offers: [viridis]
  - id: model
    title: Weather model
    description: A week of temperature and wind on pressure levels, on a Gaussian grid of 0–360°.
    attribution: Made-up data
    theme: Atmosphere
    url: {base}model.zarr{named}
    variables: [t, u, v, msl]
    styles:
      t: {{colormap_name: airtemp, resampling: bilinear}}
      u:
        colormap_name: rdbu_r
        rescale: [-50, 50]
        resampling: bilinear
        offers: [winds]
      v:
        colormap_name: rdbu_r
        rescale: [-20, 20]
        resampling: bilinear
        offers: [winds]
      msl: {{colormap_name: viridis, rescale: [980, 1035], resampling: bilinear}}
  - id: land
    title: Land
    description: Heights and land cover of the continents, on a 0.1° grid.
    attribution: Made-up data
    licence: CC0-1.0
    theme: Land
    keywords: [elevation, land cover]
    url: {base}land.zarr{named}
    styles:
      elevation: {{colormap_name: elevation, rescale: [0, 5000]}}
"""

STORAGE = """\
storage:
  demo:
    endpoint: {endpoint}
    region: us-east-1
    credentials: env:DEMO_
    allow_http: true
    path_style: true
"""


def build(directory: Path, *, small: bool = False, progress: Progress | None = None) -> Path:
    """The catalogue of the demo cubes in a folder, made there if they are not yet.

    Args:
        small: coarser cubes of the same structure, for tests.
        progress: called with a cube's name, the steps done and their number.
    """
    stamp = directory / STAMP
    made = f"{VERSION} {'small' if small else 'full'}\n"
    if stamp.is_file() and stamp.read_text() == made:
        return directory / "catalog.yaml"
    directory.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    report = progress or (lambda *_: None)
    for name, write in (
        ("ocean.zarr", build_ocean),
        ("s2", build_scenes),
        ("model.zarr", build_model),
        ("land.zarr", build_land),
    ):
        part = directory / f".{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        write(part, small=small, progress=partial(report, name))
        shutil.rmtree(directory / name, ignore_errors=True)
        part.rename(directory / name)
    catalog = directory / "catalog.yaml"
    catalog.write_text(CATALOG.format(storage="", base="", named=""), encoding="utf-8")
    stamp.write_text(made)  # last: what a killed build leaves behind is made anew
    return catalog


def catalog_s3(directory: Path, *, endpoint: str, bucket: str) -> Path:
    """A catalogue, `catalog-s3.yaml`, of the same cubes in a bucket of an S3 server.

    Credentials come from DEMO_ACCESS_KEY_ID and DEMO_SECRET_ACCESS_KEY in the environment.
    """
    path = directory / "catalog-s3.yaml"
    text = CATALOG.format(
        storage=STORAGE.format(endpoint=endpoint),
        base=f"s3://{bucket}/",
        named="\n    storage: demo",
    )
    path.write_text(text, encoding="utf-8")
    return path
