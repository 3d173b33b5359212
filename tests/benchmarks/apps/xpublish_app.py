"""xpublish-tiles: data sets opened as its own command line opens Zarr, served by its plug-in."""

import os
from pathlib import Path

import xarray as xr
import xpublish
from xpublish_tiles.xpublish.tiles.plugin import TilesPlugin


def opened(path: Path) -> xr.Dataset:
    dataset = xr.open_zarr(path, chunks=None, decode_coords="all")
    dataset.attrs["_xpublish_id"] = path.stem  # its caches of grids are keyed by this
    return dataset


stores = [Path(path) for path in os.environ["BENCH_STORES"].split(os.pathsep)]
rest = xpublish.Rest({path.stem: opened(path) for path in stores}, plugins={"tiles": TilesPlugin()})
app = rest.app
