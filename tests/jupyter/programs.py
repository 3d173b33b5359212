"""What runs in the environment of notebooks: `python programs.py execute IN OUT`, `… layers`."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def execute(source: str, target: str) -> None:
    """Run all cells of a notebook, and keep what they show."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(source, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # the times of day
    nbformat.write(notebook, target)


def layers() -> None:
    """What ipyleaflet, folium, lonboard and leafmap make of a layer."""
    import folium
    import ipyleaflet
    import leafmap.foliumap
    import lonboard
    import numpy as np
    import xarray as xr

    from tileserver import show

    lat, lon = np.arange(60.0, 40, -1), np.arange(0.0, 30)
    data = xr.Dataset({"a": (("lat", "lon"), np.add.outer(lat, lon))}, {"lat": lat, "lon": lon})
    shown = show(data, colormap_name="magma", rescale=(40, 90))
    leaflet = shown.ipyleaflet(opacity=0.5)
    ipyleaflet.Map(center=(50, 15), zoom=4).add(leaflet)
    world = folium.Map((50, 15))
    shown.folium().add_to(world)
    bitmap = shown.lonboard()
    lonboard.Map(bitmap)
    other = leafmap.foliumap.Map(center=(50, 15), zoom=4)
    other.add_tile_layer(shown.tile_url(), name="a", attribution="made up")
    found = {
        "url": shown.tile_url(),
        "ipyleaflet": [leaflet.url, leaflet.opacity],
        "folium": world.get_root().render(),
        "lonboard": [bitmap.data, bitmap.tile_size],
        "leafmap": other.get_root().render(),
    }
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "execute":
        execute(sys.argv[2], sys.argv[3])
    else:
        layers()
