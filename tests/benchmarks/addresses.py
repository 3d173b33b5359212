"""How each server is asked for a tile: its path and query, None for what it cannot draw."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.benchmarks.place import Place
from tests.benchmarks.tiles import Layer, Tile


def tileserver(_: Place, layer: Layer, tile: Tile) -> str:
    query = {"resampling": layer.resampling}
    if layer.size != 256:
        query["tilesize"] = f"{layer.size}"
    if layer.algorithm:
        query["algorithm"] = layer.algorithm
    elif not layer.plain:
        query |= {"colormap_name": "viridis", "rescale": f"{layer.low:g},{layer.high:g}"}
    if layer.cube.steps:
        query["time"] = layer.cube.time(tile.step)
    address = f"/tiles/{layer.cube.name}/{layer.variable}/{tile.z}/{tile.x}/{tile.y}"
    return f"{address}.{layer.format}?{urlencode(query, safe=':,')}"


def titiler_xarray(place: Place, layer: Layer, tile: Tile) -> str | None:
    if not layer.cube.path.endswith(".zarr"):
        return None
    query = {
        "url": str(place.path(layer)), "variable": layer.variable, "tilesize": f"{layer.size}",
        "rescale": f"{layer.low:g},{layer.high:g}", "colormap_name": "viridis",
        "reproject": layer.resampling,
    }  # fmt: skip
    if layer.cube.steps:
        query["sel"] = f"time={layer.cube.time(tile.step)}"
    address = f"/tiles/WebMercatorQuad/{tile.z}/{tile.x}/{tile.y}"
    return f"{address}.{layer.format}?{urlencode(query, safe=':,/')}"


def titiler_core(place: Place, layer: Layer, tile: Tile) -> str | None:
    if not layer.cube.path.endswith(".tif"):
        return None
    query = {"url": str(place.path(layer)), "tilesize": f"{layer.size}"}
    if layer.algorithm:
        query |= {"algorithm": layer.algorithm, "buffer": "3"}  # pixels that the algorithm cuts off
    elif not layer.plain:
        query["rescale"] = f"{layer.low:g},{layer.high:g}"
    address = f"/tiles/WebMercatorQuad/{tile.z}/{tile.x}/{tile.y}"
    return f"{address}.{layer.format}?{urlencode(query, safe=':,/')}"


def xpublish(_: Place, layer: Layer, tile: Tile) -> str | None:
    if not layer.cube.path.endswith(".zarr"):
        return None
    query = {
        "variables": layer.variable, "style": "raster/viridis", "f": "image/png",
        "width": f"{layer.size}", "height": f"{layer.size}",
        "colorscalerange": f"{layer.low:g},{layer.high:g}",
    }  # fmt: skip
    if layer.cube.steps:
        query["time"] = layer.cube.time(tile.step)
    address = f"/datasets/{layer.cube.name}/tiles/WebMercatorQuad/{tile.z}/{tile.y}/{tile.x}"
    return f"{address}?{urlencode(query, safe=':,/')}"


def xcube(_: Place, layer: Layer, tile: Tile) -> str | None:
    if layer.cube.name != "global3":
        return None
    query = {
        "crs": "EPSG:3857", "cmap": "viridis", "vmin": f"{layer.low:g}",
        "vmax": f"{layer.high:g}", "time": layer.cube.time(tile.step),
    }  # fmt: skip
    if layer.size == 512:
        query["retina"] = "1"
    address = f"/tiles/{layer.cube.name}/{layer.variable}/{tile.z}/{tile.y}/{tile.x}"
    return f"{address}?{urlencode(query, safe=':,')}"
