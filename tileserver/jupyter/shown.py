"""What `show` gives back: a map in the notebook, and the ways to use it elsewhere."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from urllib.request import urlopen

from tileserver.errors import InvalidParameter, VariableNotFound
from tileserver.jupyter.address import browser_url
from tileserver.jupyter.server import Server, serve

if TYPE_CHECKING:
    import xarray as xr

HEIGHT = 500
# What the viewer's links call parameters of tiles; other dimensions have a prefix there.
IN_LINK = {
    "time": "time",
    "colormap_name": "colormap",
    "rescale": "rescale",
    "scale": "scale",
    "opacity": "opacity",
}
ANSWER_S = 120.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A layer on a map.

    Args:
        base: the server's address for pages of the notebook.
        asked: the same for this process.
        style: parameters of tiles, such as time, colormap_name, rescale.
        height: of the map in pixels.
        server: that of this kernel, None for another.
    """

    base: str
    asked: str
    dataset: str
    variable: str
    style: Mapping[str, str] = field(default_factory=dict)
    height: int = HEIGHT
    server: Server | None = None

    @property
    def url(self) -> str:
        """The viewer, with this layer."""
        return f"{self.base}/#{self._hash}"

    @property
    def _hash(self) -> str:
        told = {"dataset": self.dataset, "variable": self.variable}
        named = {IN_LINK.get(name, f"dim.{name}"): value for name, value in self.style.items()}
        return urlencode(told | named, safe=":,/")

    def tile_url(self, **style: Any) -> str:
        """A template for XYZ tiles; parameters of tiles go before those of the map."""
        query = urlencode({**self.style, **_texts(style)}, safe=":,{}")
        path = f"tiles/{quote(self.dataset)}/{quote(self.variable, safe='')}"
        return f"{self.base}/{path}/{{z}}/{{x}}/{{y}}.png{'?' if query else ''}{query}"

    def tilejson(self, **style: Any) -> dict[str, Any]:
        """TileJSON 3.0: bounds, zooms, tiles."""
        query = urlencode({**self.style, **_texts(style)}, safe=":,")
        path = f"tiles/{quote(self.dataset)}/{quote(self.variable, safe='')}/tilejson.json"
        with urlopen(f"{self.asked}/{path}?{query}", timeout=ANSWER_S) as answer:
            found: dict[str, Any] = json.load(answer)
        found["tiles"] = [self.tile_url(**style)]
        return found

    def legend_url(self) -> str:
        """A picture of the legend."""
        told = {k: v for k, v in self.style.items() if k in ("colormap_name", "rescale", "scale")}
        path = f"legend/{quote(self.dataset)}/{quote(self.variable, safe='')}.png"
        return f"{self.base}/{path}{'?' if told else ''}{urlencode(told, safe=',')}"

    def ipyleaflet(self, **options: Any) -> Any:
        """A layer for `ipyleaflet.Map`."""
        from ipyleaflet import TileLayer

        found = self.tilejson()
        told = {"attribution": found.get("attribution") or "", "max_native_zoom": found["maxzoom"]}
        return TileLayer(url=self.tile_url(), **{**told, "max_zoom": 24, **options})

    def folium(self, **options: Any) -> Any:
        """A layer for `folium.Map`."""
        import folium

        found = self.tilejson()
        told = {"attr": found.get("attribution") or " ", "name": self.variable, "overlay": True}
        return folium.TileLayer(
            tiles=self.tile_url(), **{**told, "max_native_zoom": found["maxzoom"], **options}
        )

    def lonboard(self, **options: Any) -> Any:
        """A layer for `lonboard.Map`."""
        from lonboard import BitmapTileLayer

        found = self.tilejson()
        told = {"extent": found["bounds"], "min_zoom": 0, "max_zoom": found["maxzoom"]}
        return BitmapTileLayer(
            data=self.tile_url(tilesize=512), tile_size=512, **{**told, **options}
        )

    def close(self) -> None:
        """Forget the data; the map draws nothing more."""
        if self.server is not None:
            self.server.remove(self.dataset)

    def _repr_html_(self) -> str:
        source = html.escape(f"{self.base}/?embed=1#{self._hash}", quote=True)
        return (
            f'<iframe src="{source}" title="{html.escape(self.variable, quote=True)}" '
            f'style="width: 100%; height: {self.height}px; border: 0" allowfullscreen></iframe>'
        )


def show(
    data: xr.Dataset | xr.DataArray | str | Any,
    variable: str | None = None,
    *,
    time: str | None = None,
    colormap_name: str | None = None,
    rescale: tuple[float, float] | None = None,
    scale: str | None = None,
    height: int = HEIGHT,
    server: str | Server | None = None,
    storage: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    proxy: bool | str | None = None,
    **dims: Any,
) -> Shown:
    """A map of an xarray object in memory, of a store or file at a URL, or of a server's dataset.

    Args:
        data: a Dataset or DataArray; a URL or path of a Zarr, GeoTIFF, NetCDF …; with `server` as
            an address the id of a dataset there.
        variable: what is drawn; the first where it is left out.
        time: ISO 8601; the latest where it is left out.
        colormap_name, rescale, scale: as of tiles.
        height: of the map in pixels.
        server: another than the kernel's own.
        storage: of a URL: how it is reached, as in the catalogue.
        options: of the dataset, as in the catalogue: crs, group, styles …
        proxy: how the notebook's page reaches the kernel's machine; see docs/jupyter.md.
        dims: other dimensions, such as depth=10.

    Raises CatalogError where it cannot be opened, InvalidParameter, VariableNotFound.
    """
    style = _texts({"time": time, "colormap_name": colormap_name, "scale": scale, **dims})
    if rescale is not None:
        low, high = rescale
        style["rescale"] = f"{low},{high}"
    if isinstance(server, str):
        address = server.rstrip("/")
        name = variable or _variables(address, str(data))[0]
        return Shown(address, address, str(data), name, style, height)
    own = server or serve()
    dataset = _served(own, data, storage, dict(options or {}))
    known = _variables(own.url, dataset)
    if variable is not None and variable not in known:
        own.remove(dataset)
        raise VariableNotFound(variable, f"there are {', '.join(known)}")
    base = browser_url(own.port, own.url, proxy)
    return Shown(base, own.url, dataset, variable or known[0], style, height, own)


def _served(
    server: Server, data: Any, storage: Mapping[str, Any] | None, options: dict[str, Any]
) -> str:
    """The id of what is shown."""
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        return server.open(str(data), storage=storage, **options)
    import xarray as xr

    if isinstance(data, xr.DataArray):
        name = str(data.name or "data")
        options = {"title": str(data.attrs.get("long_name", name)), **options}
        data = data.to_dataset(name=name)
    if not isinstance(data, xr.Dataset):
        raise InvalidParameter(
            "data", type(data).__name__, "expected an xarray Dataset or DataArray, a URL or a path"
        )
    return server.add(data, **options)


def _variables(address: str, dataset: str) -> list[str]:
    with urlopen(f"{address}/datasets/{quote(dataset)}", timeout=ANSWER_S) as answer:
        found = json.load(answer)
    return [each["id"] for each in found["variables"]]


def _texts(style: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in style.items() if value is not None}
