"""Stores of Zarr over HTTP: xarray reads through the server what it reads from the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import numpy as np
import pytest
import xarray as xr
import zarr
from obstore.store import HTTPStore
from zarr.storage import ObjectStore

from tests.conftest import running
from tests.zarr.conftest import Served
from tests.zarr.stores import STORED, cube
from tileserver.http.zarr import PIECE

FOLDERS = sorted(set(STORED) - {"icechunk"})


@pytest.mark.parametrize("kind", sorted(STORED))
def test_xarray_opens_it(served: Served, kind: str) -> None:
    """By an address alone, of any form, consolidated or not."""
    with xr.open_zarr(f"{served.url}/zarr/{kind}") as found:
        xr.testing.assert_allclose(found.compute(), cube(), rtol=0, atol=1e-9)
        assert found.attrs["title"] == "Hills"
        assert found.t.attrs["units"] == "degC"


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_group_is_the_root(served: Served, zarr_format: int) -> None:
    """Of a hierarchy that is consolidated at its root, the group that is served."""
    with xr.open_zarr(f"{served.url}/zarr/tree{zarr_format}") as found:
        xr.testing.assert_allclose(found.compute(), cube(), rtol=0, atol=1e-9)
    above = httpx2.get(f"{served.url}/zarr/tree{zarr_format}/deep/cube/zarr.json")
    assert above.status_code == 404


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_object_is_the_store_s(served: Served, kind: str) -> None:
    """Byte for byte, whole and in parts; metadata as it is where it is whole."""
    folder = served.folder / f"{kind}.zarr"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        key = path.relative_to(folder).as_posix()
        if key == "zarr.json":  # it tells of its members, too
            continue
        url, body = f"{served.url}/zarr/{kind}/{key}", path.read_bytes()
        whole = httpx2.get(url)
        assert (whole.status_code, whole.content) == (200, body), key
        middle = httpx2.get(url, headers={"Range": f"bytes=3-{len(body) - 2}"})
        assert (middle.status_code, middle.content) == (206, body[3:-1]), key


@pytest.mark.parametrize("kind", ["v3", "sharded"])
def test_ranges_are_read_by_clients(served: Served, kind: str) -> None:
    """Of zarr-python with obstore, which asks for the ends of shards and for parts of them."""
    store = ObjectStore(HTTPStore.from_url(f"{served.url}/zarr/{kind}",
                                           client_options={"allow_http": True}))  # fmt: skip
    group = zarr.open_group(store, mode="r", zarr_format=3)
    local = zarr.open_group(served.folder / f"{kind}.zarr", mode="r")
    array, expected = group["t"], local["t"]
    assert isinstance(array, zarr.Array)
    assert isinstance(expected, zarr.Array)
    for day in range(3):
        for row in range(0, 24, 5):
            part = array[day, row : row + 5, 10:20]
            np.testing.assert_array_equal(part, expected[day, row : row + 5, 10:20])


def test_one_request_of_the_store_each(served: Served) -> None:
    """A chunk that is not stored is 404 at once, which stands for fill values."""
    url = f"{served.url}/zarr/v3/t/c/9/9/9"
    answer = httpx2.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "fill values" in answer.json()["detail"]


def test_appended_step_is_seen(tmp_path: Path) -> None:
    """What is appended to a store is read through the server after a refresh, ETags with it."""
    path = tmp_path / "sea.zarr"
    cube(2).to_zarr(path, zarr_format=3, consolidated=False)
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(f"datasets: [{{id: sea, url: {path}, refresh_s: 0.3}}]")
    with running("--catalog", str(catalog)) as url:
        before = httpx2.get(f"{url}/zarr/sea/zarr.json")
        assert xr.open_zarr(f"{url}/zarr/sea").sizes["time"] == 2
        cube(3).isel(time=[2]).to_zarr(path, append_dim="time", consolidated=False)

        async def grown() -> xr.Dataset:
            async with asyncio.timeout(20):
                while (found := xr.open_zarr(f"{url}/zarr/sea")).sizes["time"] < 3:
                    await asyncio.sleep(0.2)
            return found

        found = asyncio.run(grown()).compute()
        xr.testing.assert_allclose(found, cube(3), rtol=0, atol=1e-9)
        asked = {"If-None-Match": before.headers["etag"]}
        assert httpx2.get(f"{url}/zarr/sea/zarr.json", headers=asked).status_code == 200


def test_large_object_comes_in_pieces(tmp_path: Path) -> None:
    """One of several pieces is what it is in the store, whole and in a part that crosses them."""
    values = np.random.default_rng(3).random((1, 1200, 1200))
    lat, lon = np.linspace(60, 40, 1200), np.linspace(0, 20, 1200)
    coordinates = {"time": [np.datetime64("2024-01-01", "ns")], "lat": lat, "lon": lon}
    data = xr.Dataset({"a": (("time", "lat", "lon"), values)}, coordinates)
    path = tmp_path / "large.zarr"
    data.to_zarr(path, zarr_format=2, consolidated=True,
                 encoding={"a": {"chunks": (1, 1200, 1200), "compressors": None}})  # fmt: skip
    body = (path / "a" / "0.0.0").read_bytes()
    assert len(body) > 2 * PIECE
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(f"datasets: [{{id: large, url: {path}}}]")
    with running("--catalog", str(catalog)) as url:
        address = f"{url}/zarr/large/a/0.0.0"
        whole = httpx2.get(address)
        assert (int(whole.headers["content-length"]), whole.content) == (len(body), body)
        for start, stop in ((PIECE - 5, PIECE + 5), (7, len(body) - 7), (PIECE, 2 * PIECE)):
            part = httpx2.get(address, headers={"Range": f"bytes={start}-{stop - 1}"})
            assert (part.status_code, part.content) == (206, body[start:stop])
        end = httpx2.get(address, headers={"Range": f"bytes=-{PIECE + 9}"})
        assert end.content == body[-PIECE - 9 :]
