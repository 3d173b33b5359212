"""What notebooks show is what xarray has."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cftime
import httpx2
import numpy as np
import pytest
import xarray as xr
from pyproj import CRS, Transformer

from tileserver.errors import CatalogError, InvalidParameter, VariableNotFound
from tileserver.jupyter import Server, Shown, serve, show

LAT, LON = np.arange(88.0, -90.0, -4.0), np.arange(2.0, 360.0, 4.0)
STEPS = np.datetime64("2024-01-01", "ns") + np.arange(3).astype("timedelta64[D]")


def cube() -> xr.Dataset:
    values = np.add.outer(1000.0 * np.arange(3), np.add.outer(10 * LAT, LON))
    return xr.Dataset(
        {"a": (("time", "lat", "lon"), values, {"units": "K"})},
        {"time": STEPS, "lat": LAT, "lon": LON},
        {"title": "Made up"},
    )


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[Server]:
    server = serve()
    yield server
    server.close()


def value(shown: Shown, lon: float, lat: float, **query: str) -> float | None:
    url = f"{shown.asked}/point/{shown.dataset}/{shown.variable}"
    answer = httpx2.get(url, params={"lon": lon, "lat": lat, **query})
    assert answer.status_code == 200, answer.text
    found: float | None = answer.json()["value"]
    return found


def tile(shown: Shown, z: int = 0, x: int = 0, y: int = 0, **query: str) -> Any:
    url = f"{shown.asked}/tiles/{shown.dataset}/{shown.variable}/{z}/{x}/{y}.npy"
    answer = httpx2.get(url, params=query)
    assert answer.status_code == 200, answer.text
    return np.load(io.BytesIO(answer.content))


def test_values_are_those_in_memory() -> None:
    """At each step, on both sides of Greenwich of a grid from 0 to 360."""
    data, shown = cube(), show(cube())
    assert shown.variable == "a"
    for lon, lat in ((2.0, 48.0), (-10.0, -4.0), (178.0, 80.0), (-178.0, 80.0)):
        for step in range(3):
            expected = float(data.a[step].sel(lon=lon % 360, lat=lat))
            assert value(shown, lon, lat, time=str(STEPS[step])[:10] + "T00:00:00Z") == expected
    pixels = tile(shown, time="2024-01-02", resampling="nearest")[0]
    assert np.isin(np.unique(pixels[np.isfinite(pixels)]), data.a[1].to_numpy()).all()


def test_gaps_classes_and_order() -> None:
    """NaN is no data; dimensions come in any order, rows from the south, in chunks of Dask."""
    data = cube().isel(lat=slice(None, None, -1)).transpose("lon", "time", "lat")
    data["a"] = data.a.where(data.a > 500).chunk({"lon": 37, "lat": 11, "time": 2})
    shown = show(data)
    expected = float(data.a.sel(lon=10, lat=72).isel(time=2))
    assert value(shown, 10, 72, time="2024-01-03") == expected
    assert value(shown, 10, -72, time="2024-01-01") is None


def test_dask_is_read_by_the_chunk() -> None:
    """A tile works out the blocks that it shows, not the others."""
    import dask.array

    asked: list[int] = []

    def block(block_info: Any = None) -> Any:
        place = block_info[None]["chunk-location"]
        asked.append(place[0])
        return np.full((1, 45, 90), float(place[0]))

    values = dask.array.map_blocks(block, chunks=((1,) * 50, (45,), (90,)), dtype="f8")
    times = np.datetime64("2024-01-01", "ns") + np.arange(50).astype("timedelta64[D]")
    data = xr.Dataset({"a": (("time", "lat", "lon"), values)},
                      {"time": times, "lat": LAT, "lon": LON})  # fmt: skip
    shown = show(data)
    asked.clear()
    assert np.nanmax(tile(shown, time="2024-01-08")) == 7.0
    assert set(asked) <= {7, 8, 6}
    assert 7 in asked


def test_crs_of_rioxarray() -> None:
    """Easting and northing by a `spatial_ref`."""
    x, y = 500_000.0 + 100 * np.arange(200), 5_500_000.0 - 100 * np.arange(150)
    values = np.add.outer(np.arange(150.0) * 1000, np.arange(200.0))
    data = xr.DataArray(values, {"y": y, "x": x}, name="b")
    wkt = CRS("EPSG:32632").to_wkt()
    data = data.assign_coords(spatial_ref=((), 0, {"crs_wkt": wkt}))
    data.encoding["grid_mapping"] = "spatial_ref"
    shown = show(data)
    lon, lat = Transformer.from_crs(32632, 4326, always_xy=True).transform(x[30], y[20])
    assert value(shown, lon, lat) == 20030.0


def test_calendars_and_levels() -> None:
    """Times of cftime, another dimension, texts as coordinates."""
    times = [cftime.DatetimeNoLeap(2000, 2, day) for day in (27, 28)]
    values = np.arange(2 * 3 * 45 * 90, dtype="f4").reshape(2, 3, 45, 90)
    dims = ("time", "depth", "lat", "lon")
    data = xr.Dataset({"t": (dims, values)}, {"time": times, "depth": [0.0, 10.0, 50.0],
                      "lat": LAT, "lon": LON})  # fmt: skip
    shown = show(data, depth=10)
    assert "dim.depth=10" in shown.url
    expected = float(data.t[1, 1].sel(lon=2, lat=0))
    assert value(shown, 2.0, 0.0, depth="10", time="2000-02-28") == expected


def test_store_at_a_path(tmp_path: Path) -> None:
    """And of a storage and options as the catalogue has them."""
    cube().to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
    shown = show(tmp_path / "a.zarr", options={"title": "Mine"})
    found = httpx2.get(f"{shown.asked}/datasets/{shown.dataset}").json()
    assert found["title"] == "Mine"
    assert value(shown, 2.0, 48.0, time="2024-01-01") == 482.0


def test_another_server(server: Server) -> None:
    """By its address, a dataset by its id."""
    known = show(cube())
    shown = show(known.dataset, server=server.url, colormap_name="magma", rescale=(0, 300))
    assert shown.variable == "a"
    assert "colormap_name=magma" in shown.tile_url()
    assert "rescale=0,300" in shown.tile_url()
    shown.close()  # is not ours to forget
    assert value(known, 2.0, 48.0, time="2024-01-01") == 482.0


def test_what_it_gives(server: Server) -> None:
    """A frame of the viewer, a template of tiles, TileJSON, a legend."""
    shown = show(cube(), time="2024-01-02", colormap_name="viridis", rescale=(0, 1000), height=300)
    assert f'src="{server.url}/?embed=1#dataset={shown.dataset}' in shown._repr_html_()
    assert "height: 300px" in shown._repr_html_()
    for url in (shown.tile_url().format(z=1, x=1, y=0), shown.legend_url(), shown.url):
        assert httpx2.get(url).status_code == 200
    other = shown.tile_url(colormap_name="magma")
    assert ("magma" in other, "viridis" in other) == (True, False)
    document = shown.tilejson()
    assert document["tiles"] == [shown.tile_url()]
    assert document["bounds"] == [-180.0, -90.0, 180.0, 90.0]


@pytest.mark.parametrize(
    ("proxy", "environment", "base"),
    [
        (None, {}, "http://127.0.0.1:{port}"),
        (True, {}, "/proxy/{port}"),
        ("/lab/", {}, "/lab/proxy/{port}"),
        (None, {"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}, "/user/ann/proxy/{port}"),
        (False, {"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}, "http://127.0.0.1:{port}"),
        (None, {"TILESERVER_JUPYTER_PROXY": "https://x.org/lab"}, "https://x.org/lab/proxy/{port}"),
    ],
)
def test_address_for_the_page(
    server: Server, monkeypatch: pytest.MonkeyPatch, proxy: bool | str | None,
    environment: dict[str, str], base: str,
) -> None:  # fmt: skip
    """Direct, or by jupyter-server-proxy; on a hub by that of the user's server."""
    for name, told in environment.items():
        monkeypatch.setenv(name, told)
    shown = show(cube(), proxy=proxy)
    assert shown.base == base.format(port=server.port)
    assert shown.tilejson()["tiles"][0].startswith(shown.base)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (42, InvalidParameter, "data"),
        ("/nowhere/a.zarr", CatalogError, "no such file"),
        (xr.Dataset({"x": ("i", [1, 2])}), CatalogError, "no map"),
        (xr.Dataset(), CatalogError, "no arrays|not a map|nothing here"),
    ],
)
def test_what_cannot_be_shown(data: Any, error: type[Exception], words: str) -> None:
    """Is told at once, and nothing of it stays."""
    before = httpx2.get(f"{serve().url}/datasets").json()["total"]
    with pytest.raises(error, match=words):
        show(data)
    assert httpx2.get(f"{serve().url}/datasets").json()["total"] == before


def test_unknown_variable_is_told() -> None:
    """With those that there are."""
    with pytest.raises(VariableNotFound, match="there are a"):
        show(cube(), "b")


def test_closing_forgets() -> None:
    """The data, not the server."""
    shown, other = show(cube()), show(cube())
    shown.close()
    assert httpx2.get(f"{shown.asked}/datasets/{shown.dataset}").status_code == 404
    assert value(other, 2.0, 48.0, time="2024-01-01") == 482.0


SCRIPT = """
import os, sys
import numpy as np, xarray as xr
from tileserver import serve, show
data = xr.Dataset({"a": (("lat", "lon"), np.ones((4, 8)))},
                  {"lat": [60., 20., -20., -60.], "lon": np.arange(-157.5, 180, 45)})
shown = show(data)
child = os.fork()
if child == 0:
    fresh = show(data)
    os._exit(0 if fresh.base != shown.base else 1)
assert os.waitpid(child, 0)[1] == 0
first = serve()
first.close()
second = serve()
assert first is not second and second.is_running
print(second.port)
"""


def test_process_ends_and_forks(tmp_path: Path) -> None:
    """A child has a server of its own; the end of the interpreter waits for nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, timeout=60,
        check=False, cwd=tmp_path, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdecimal()


def test_package_alone_brings_no_server() -> None:
    """`import tileserver` stays as light as it was."""
    script = "import sys, tileserver; print([m for m in ('uvicorn', 'xarray') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
