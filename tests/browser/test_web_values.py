"""The snippets of docs/web-clients.md that show a globe, or read the data themselves."""

from __future__ import annotations

import numpy as np
import xarray as xr

from tests.browser.pages import Pages
from tests.browser.snippets import FIRST, KEY, SECOND, code_of

# What readers of Zarr look for before they know which version a store has.
PROBES = (".zmetadata", ".zattrs", ".zgroup", ".zarray")


def test_globe(pages: Pages, map_server: str, private_server: str) -> None:
    """CesiumJS shows our tiles of two times, and asks nobody else."""
    code = code_of("cesium-xyz", map_server, private_server)
    pause = "await new Promise((done) => setTimeout(done, 500));"
    settle = f"{pause} while (!viewer.scene.globe.tilesLoaded) {pause}"
    program = f'{code}\n{settle}\nawait showTime("{SECOND}");\n{settle}'
    seen = pages.run("cesium", library="cesium", program=program, size=(300, 300), idle=True)
    own = [address.replace("%3A", ":") for address in seen.asked]
    assert [each for each in own if not each.startswith((map_server, "data:", "blob:"))] == []
    for time in (FIRST, SECOND):
        assert any(each.endswith(f".png?time={time}") for each in own)
    middle = seen.picture[100:200, 100:200].reshape(-1, 3)
    assert len(np.unique(middle, axis=0)) > 100


def test_zarrita(pages: Pages, map_server: str, private_server: str) -> None:
    """Reads from another origin what xarray reads."""
    code = code_of("zarrita-values", map_server, private_server)
    told = "return { shape, values: Array.from(data.slice(0, 5000)), scale, offset };"
    facts = pages.run("zarrita", library="zarrita", program=f"{code}\n{told}", probes=PROBES).facts
    stored = xr.open_zarr(f"{map_server}/zarr/ocean", mask_and_scale=False).sst
    assert facts["shape"] == list(stored.shape[1:])
    assert facts["values"] == stored[0].to_numpy().ravel()[:5000].tolist()
    assert facts["scale"] == stored.attrs["scale_factor"]


def test_key_in_a_header(pages: Pages, map_server: str, private_server: str) -> None:
    """A part of a private dataset's store, for which the browser asks leave first."""
    program = f"""
      const headers = {{ Authorization: "Bearer {KEY}", Range: "bytes=0-3" }};
      const answer = await fetch("{private_server}/zarr/ocean/zarr.json", {{ headers }});
      return [answer.status, await answer.text(), answer.headers.get("Content-Range")];
    """
    status, text, told = pages.run("zarr-key", library="zarrita", program=program).facts
    assert (status, len(text)) == (206, 4)
    assert told.startswith("bytes 0-3/")


def test_zarr_layer(pages: Pages, map_server: str, private_server: str) -> None:
    """Colours the sea on the map of MapLibre."""
    code = code_of("zarrlayer-map", map_server, private_server)
    wait = "await new Promise((done) => setTimeout(done, 4000));"
    program = f"{code}\n{wait}"
    seen = pages.run("zarrlayer", library="zarrlayer", program=program, probes=PROBES)
    assert any("/zarr/ocean/sst/" in address for address in seen.asked)
    pixels = seen.picture.reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) > 50
