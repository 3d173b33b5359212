"""Requests of all kinds over a server's layers, drawn at random: what a busy day asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

from tests.benchmarks.soak import FORMATS, RESAMPLINGS, STYLES, Layer, tile_at

DEEPEST = 6
SIDE = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what kind it is of, and its path with the query."""

    kind: str
    path: str


@dataclass(slots=True)
class Mixture:
    """Draws requests; the same ones for the same seed."""

    layers: Sequence[Layer]
    seed: int = 0
    _draws: Random = field(init=False)

    def __post_init__(self) -> None:
        self._draws = Random(self.seed)

    def draw(self) -> Asked:
        """The next one."""
        [kind] = self._draws.choices(list(KINDS), [weight for weight, _ in KINDS.values()])
        layer = self._draws.choice(self.layers)
        return Asked(kind, KINDS[kind][1](self._draws, layer))


def names(layer: Layer) -> tuple[str, str]:
    """Dataset and variable."""
    _, _, dataset, variable = layer.path.split("/")
    return dataset, variable


def place(draws: Random, layer: Layer) -> tuple[float, float]:
    """A longitude and latitude within the layer's extent."""
    west, south, east, north = layer.bounds
    x, y = (draws.uniform(0.01, 0.99) for _ in range(2))
    return round(west + x * (east - west), 5), round(south + y * (north - south), 5)


def box(draws: Random, layer: Layer) -> str:
    """A small part of the extent: west, south, east, north."""
    west, south, east, north = layer.bounds
    across, up = (east - west) / 12, (north - south) / 12
    lon, lat = draws.uniform(west, east - across), draws.uniform(south, north - up)
    corners = (lon, lat, lon + across, lat + up)
    return ",".join(f"{each:.3f}" for each in corners)


def address(draws: Random, layer: Layer) -> tuple[int, int, int]:
    """Zoom, column and row of a tile of Web Mercator that touches the extent."""
    west, _, east, _ = layer.bounds
    z = draws.randint(0, DEEPEST) if east - west > 30 else draws.randint(9, 14)
    return (z, *tile_at(*place(draws, layer), z))


def others(draws: Random, layer: Layer) -> list[str]:
    """A time and a value of each further dimension."""
    time = [f"time={draws.choice(layer.times)}"] if layer.times else []
    return [*time, *(f"{name}={draws.choice(values)}" for name, values in layer.others)]


def style(draws: Random) -> list[str]:
    """Now and then colours of one's own; else those of the catalogue."""
    if draws.random() < 0.5:
        return []
    low = draws.choice((0.01, 0.1, 5))  # above zero, as some have a logarithmic scale
    return [
        f"colormap_name={draws.choice(STYLES)}",
        f"rescale={low},{low + draws.choice((0.3, 1, 40))}",
        f"resampling={draws.choice(RESAMPLINGS)}",
    ]


def tile(draws: Random, layer: Layer) -> str:
    z, x, y = address(draws, layer)
    query = "&".join([*style(draws), *others(draws, layer)])
    large = "@2x" * (draws.random() < 0.2)
    return f"{layer.path}/{z}/{x}/{y}{large}.{draws.choice((*FORMATS, 'bin'))}?{query}"


def degree_tile(draws: Random, layer: Layer) -> str:
    lon, lat = place(draws, layer)
    z = draws.randint(0, DEEPEST)
    size = 180 / 2**z
    x = min(2 ** (z + 1) - 1, int((lon + 180) / size))
    y = min(2**z - 1, int((90 - lat) / size))
    query = "&".join([*style(draws), *others(draws, layer)])
    return f"{layer.path}/WorldCRS84Quad/{z}/{x}/{y}.png?{query}"


def expression(draws: Random, layer: Layer) -> str:
    dataset, variable = names(layer)
    if variable in ("ndvi", "true_color", "false_color"):  # consist of others
        return tile(draws, layer)
    z, x, y = address(draws, layer)
    text = quote(f"{variable}*{draws.randint(1, 9)}/({variable}+{draws.randint(1, 99)})", safe="")
    query = "&".join([f"expression={text}", "rescale=-1,1", *others(draws, layer)])
    return f"/tiles/{dataset}/_/{z}/{x}/{y}.png?{query}"


def wmts(draws: Random, layer: Layer, more: str = "") -> str:
    z, x, y = address(draws, layer)
    request = "GetFeatureInfo" if more else "GetTile"
    head = f"service=WMTS&version=1.0.0&request={request}&layer={'.'.join(names(layer))}"
    where = f"tilematrixset=WebMercatorQuad&tilematrix={z}&tilerow={y}&tilecol={x}"
    query = "&".join([head, "style=default&format=image/png", where, *others(draws, layer)])
    return f"/wmts?{query}{more}"


def wmts_rest(draws: Random, layer: Layer) -> str:
    z, x, y = address(draws, layer)
    query = "&".join(others(draws, layer))
    return f"/wmts/1.0.0/{'.'.join(names(layer))}/default/WebMercatorQuad/{z}/{y}/{x}.png?{query}"


def wmts_info(draws: Random, layer: Layer) -> str:
    pixel = f"&i={draws.randrange(SIDE)}&j={draws.randrange(SIDE)}"
    return wmts(draws, layer, f"&infoformat=application/json{pixel}")


def wms(draws: Random, layer: Layer, more: str = "") -> str:
    name = ".".join(names(layer))
    request = "GetFeatureInfo" if more else "GetMap"
    head = f"service=WMS&version=1.3.0&request={request}&layers={name}&styles=&crs=CRS:84"
    size = f"width={draws.choice((300, 640))}&height=200&format=image/png&transparent=true"
    dimensions = [
        part if part.startswith("time=") else f"DIM_{part}" for part in others(draws, layer)
    ]
    return f"/wms?{'&'.join([head, f'bbox={box(draws, layer)}', size, *dimensions])}{more}"


def wms_info(draws: Random, layer: Layer) -> str:
    asked = f"&query_layers={'.'.join(names(layer))}&info_format=application/json"
    return wms(draws, layer, f"{asked}&i={draws.randrange(200)}&j={draws.randrange(200)}")


def legend(draws: Random, layer: Layer) -> str:
    kind = draws.choice(("png", "svg", "json"))
    size = f"width={draws.choice((200, 300))}&height=60&orientation=horizontal"
    return f"/legend{layer.path.removeprefix('/tiles')}.{kind}?{size}"


def point(draws: Random, layer: Layer) -> str:
    lon, lat = place(draws, layer)
    query = "&".join([f"lon={lon}&lat={lat}", *others(draws, layer)])
    return f"/point{layer.path.removeprefix('/tiles')}?{query}"


def series(draws: Random, layer: Layer) -> str:
    if not layer.times:
        return statistics(draws, layer)
    lon, lat = place(draws, layer)
    where = f"lon={lon}&lat={lat}"
    if draws.random() < 0.4:
        where = f"bbox={box(draws, layer)}&aggregate=mean,std,count"
    beside = (part for part in others(draws, layer) if not part.startswith("time="))
    query = "&".join([where, f"f={draws.choice(('json', 'csv', 'ndjson'))}", *beside])
    return f"/timeseries{layer.path.removeprefix('/tiles')}?{query}"


def statistics(draws: Random, layer: Layer) -> str:
    query = "&".join([f"bbox={box(draws, layer)}", *others(draws, layer)])
    return f"/statistics{layer.path.removeprefix('/tiles')}?{query}"


def tilejson(draws: Random, layer: Layer) -> str:
    return f"{layer.path}/tilejson.json?{'&'.join(style(draws))}"


def dataset(draws: Random, layer: Layer) -> str:
    return f"/datasets/{names(layer)[0]}"


def document(draws: Random, layer: Layer) -> str:
    """One of those that tell of everything."""
    return draws.choice(
        (
            "/datasets",
            "/wmts/1.0.0/WMTSCapabilities.xml",
            f"/wmts/{names(layer)[0]}/1.0.0/WMTSCapabilities.xml",
            "/wms?service=WMS&version=1.3.0&request=GetCapabilities",
            "/wms?service=WMS&version=1.1.1&request=GetCapabilities",
            "/ogc/collections",
        )
    )


# How many of a hundred or so, and how they are made.
KINDS: dict[str, tuple[int, Callable[[Random, Layer], str]]] = {
    "tile": (46, tile),
    "tile in degrees": (5, degree_tile),
    "tile of an expression": (4, expression),
    "WMTS tile": (5, wmts),
    "WMTS tile by path": (5, wmts_rest),
    "WMTS GetFeatureInfo": (3, wmts_info),
    "WMS map": (6, wms),
    "WMS GetFeatureInfo": (3, wms_info),
    "legend": (4, legend),
    "point": (5, point),
    "series": (5, series),
    "statistics": (4, statistics),
    "TileJSON": (2, tilejson),
    "dataset": (2, dataset),
    "capabilities and listings": (2, document),
}
