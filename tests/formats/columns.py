"""The five columns: what the server answers, against the truth of a case.

Each returns nothing, or fails with what is wrong.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import morecantile
import numpy as np
import pyproj
from PIL import Image

from tests.formats.box import middle, weights
from tests.formats.case import Ask, Column, Given
from tests.formats.client import Client
from tests.formats.truth import DEGREES, Place, Separable, Truth, transform

BORDER = 0.01  # of a cell: so near to a border a pixel may show the neighbour
BORDER_PX = 0.005  # of a pixel, where that is more
TILE_PX = 256
EVERY = 3  # pixel, along rows and columns, is looked at
FEWEST_PIXELS = 200  # with a value, over all tiles of a case
CORNERS = ((0.5, 0.5), (0.02, 0.03), (0.97, 0.96))


@dataclass(frozen=True)
class Server:
    """The application with the case's store as its dataset `a`."""

    client: Client
    given: Given

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The answer of a route, which must be good."""
        answer = self.client.get(path, query)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def json(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        return self.get(path, query).json()

    @property
    def finest(self) -> Truth:
        return self.given.levels[0]


def opens(server: Server) -> None:
    """Ready, with the right variables, dimensions and box, in TileJSON and WMTS too."""
    given = server.given
    found = server.json("/datasets/a")
    listed = {variable["id"]: variable for variable in found["variables"]}
    if given.variables is not None:
        assert sorted(listed) == sorted(given.variables)
    if given.dims is not None:
        sizes = {name: about["size"] for name, about in found["dimensions"].items()}
        assert sizes == dict(given.dims)
    place = server.finest.place
    _assert_box(place, found["bbox"], given.bbox or _bbox(place))
    query = given.asks[0]
    tilejson = server.json(f"/tiles/a/{given.variable}/tilejson.json", query)
    west, south, east, north = found["bbox"]  # TileJSON knows no box across 180 degrees
    whole = [-180.0, south, 180.0, north]
    assert tilejson["bounds"] == (found["bbox"] if west < east else whole)
    if given.variable != "_":
        assert given.variable in listed
        assert f"a.{given.variable}<" in server.get("/wmts/1.0.0/WMTSCapabilities.xml").text


def _assert_box(place: Place, found: list[float], expected: Sequence[float]) -> None:
    """The very box of degrees; of other CRS one that holds the cells, and hardly more."""
    span = np.ptp(np.array(expected)[[1, 3]])
    near = max(0.2 * span / place.shape[0], 1e-9)
    is_exact = isinstance(place, Separable) and len(place.turns) > 1
    more = near if is_exact else max(near, 0.04 * span)
    beyond = (np.array(found) - expected) * (-1, -1, 1, 1)  # above 0 where it is larger
    assert ((beyond >= -near) & (beyond <= more)).all(), f"{found}, not {expected}"


def _bbox(place: Place) -> list[float]:
    """By all outer edges and the inside, in degrees."""
    height, width = place.shape
    rows, cols = np.meshgrid(np.linspace(0, height, 65), np.linspace(0, width, 65))
    lon, lat = place.spots(rows, cols)
    turned = np.sort(np.mod(lon[np.isfinite(lon)] + 180, 360))
    gaps = np.append(np.diff(turned), turned[0] + 360 - turned[-1])
    widest = int(gaps.argmax())
    east = float(turned[widest] - 180)
    west = float(turned[(widest + 1) % turned.size] - 180)
    if place.wraps or gaps[widest] < 1.01 * 360 / 64:  # as far apart as points looked at
        west, east = -180.0, 180.0
    elif east == -180:
        east = 180.0
    low, high = float(np.nanmin(lat)), float(np.nanmax(lat))
    return [west, max(low, -90.0), east, min(high, 90.0)]


def tile(server: Server) -> None:
    """Every pixel is the value of the cell that its centre lies in, of a level fit for the zoom."""
    seen = 0
    tiles = [(name, *each) for name in server.given.sets for each in _tiles(server, name)]
    for ask in server.given.asks:
        for number, (name, zoom, col, row) in enumerate(tiles):
            seen += _one_tile(server, ask, (name, zoom, col, row), number % EVERY)
    assert seen >= FEWEST_PIXELS, f"only {seen} pixels show something"


@lru_cache
def _set(name: str) -> Any:
    return morecantile.tms.get(name)


def tile_set(server: Server, name: str) -> Any:
    """A tile matrix set: the registered one, else by the server's document."""
    if name in morecantile.tms.list():
        return _set(name)
    return morecantile.TileMatrixSet.model_validate(server.json(f"/tms/{name}"))


def _tiles(server: Server, name: str) -> list[tuple[int, int, int]]:
    """Tiles (zoom, col, row) with the middle and two corners, as wide as the whole, as fine as
    each level, and finer."""
    tiles, place = tile_set(server, name), server.finest.place
    height, width = place.shape
    spots = [(r * height, c * width) for r, c in CORNERS]
    lon, lat = (part.tolist() for part in place.spots(*np.array(spots).T))
    points = [*zip(lon, lat, strict=True), *server.given.spots]
    points = [p for p in points if math.isfinite(sum(p))]
    zooms = _zooms(server, tiles, points)
    found = {}
    for zoom in zooms:
        for point in points:
            where = _tile_of(tiles, zoom, point)
            if where is not None:
                found[where] = None
    return list(found)


def _zooms(server: Server, tiles: Any, points: list[tuple[float, float]]) -> list[int]:
    """Of the whole, of each level, and one that is finer than all."""
    natives = [_native(level.place, tiles, points) for level in server.given.levels]
    whole = natives[0] - max(0, round(math.log2(max(server.finest.place.shape) / TILE_PX)))
    wanted = {whole, *natives, natives[0] + 2}
    return sorted(min(max(z, tiles.minzoom), tiles.maxzoom) for z in wanted)


def _native(place: Place, tiles: Any, points: list[tuple[float, float]]) -> int:
    """The first zoom whose pixels are as fine as the cells at the first point that is in both."""
    crs = tiles.crs.srs
    for lon, lat in points:
        row, col = (float(p) for p in place.find(np.array(lon), np.array(lat), DEGREES))
        rows = np.array([row, row, min(row + 1, place.shape[0] - 1e-6)])
        cols = np.array([col, min(col + 1, place.shape[1] - 1e-6), col])
        x, y = transform(DEGREES, crs, *place.spots(rows, cols))
        if np.isfinite(x + y).all():
            sides = np.hypot(x[1:] - x[0], y[1:] - y[0])
            size = float(np.min(sides[sides > 0], initial=1e7))
            break
    else:
        raise AssertionError("no point of the store lies in the tile matrix set")
    matrices = sorted(tiles.tileMatrices, key=lambda m: -m.cellSize)
    fine = [int(m.id) for m in matrices if m.cellSize * m.tileWidth / TILE_PX <= size * 1.0001]
    return fine[0] if fine else int(matrices[-1].id)


def _tile_of(tiles: Any, zoom: int, point: tuple[float, float]) -> tuple[int, int, int] | None:
    matrix = tiles.matrix(zoom)
    crs = tiles.crs.srs
    x, y = (float(p) for p in transform(DEGREES, crs, *np.array(point)))
    if not math.isfinite(x + y):
        return None
    left, top, span = _corner(tiles, zoom)
    col, row = math.floor((x - left) / span), math.floor((top - y) / span)
    inside = 0 <= col < matrix.matrixWidth and 0 <= row < matrix.matrixHeight
    return (zoom, col, row) if inside else None


def _corner(tiles: Any, zoom: int) -> tuple[float, float, float]:
    """Left and top of a matrix, and the side of its tiles, in units of the CRS."""
    matrix = tiles.matrix(zoom)
    first, second = matrix.pointOfOrigin
    axis = pyproj.CRS(tiles.crs.srs).axis_info[0]
    is_swapped = axis.direction.lower() == "north" and axis.abbrev.lower() in ("lat", "n", "y", "x")
    if tiles.orderedAxes:
        is_swapped = tiles.orderedAxes[0].lower() in ("lat", "n", "y", "northing")
    left, top = (second, first) if is_swapped else (first, second)
    return left, top, matrix.cellSize * matrix.tileWidth


def _one_tile(server: Server, ask: Ask, where: tuple[str, int, int, int], first: int) -> int:
    """How many pixels of a tile show something, all of which are right."""
    name, zoom, col, row = where
    path = f"/tiles/a/{server.given.variable}/{name}/{zoom}/{col}/{row}.npy"
    query = {**ask, "resampling": "nearest", "tilesize": TILE_PX}
    pixels = np.load(io.BytesIO(server.get(path, query).content))
    pixels = pixels[:, first::EVERY, first::EVERY]
    tiles = tile_set(server, name)
    left, top, span = _corner(tiles, zoom)
    centers = (np.arange(first, TILE_PX, EVERY) + 0.5) * span / TILE_PX
    x, y = np.meshgrid(left + col * span + centers, top - row * span - centers)
    crs = tiles.crs.srs
    fits, shares, per_pixel = [], [], []
    for number, level in enumerate(server.given.levels):
        rows, cols = level.place.find(x, y, crs)
        reduction = cells_per_pixel(level.place, rows, cols, EVERY)
        border = np.fmax(BORDER, BORDER_PX * reduction)
        good = level.agrees(pixels, rows, cols, ask, border=border, rtol=server.given.rtol)
        shares.append(float(good.mean()))
        per_pixel.append(_mean_reduction(rows, cols))
        if good.all():
            fits.append(number)
    assert fits, f"{path} {dict(ask)}: of its pixels {max(shares):.2%} are right"
    shown = int(np.isfinite(pixels).sum())
    if shown:
        _assert_level(fits, per_pixel, path)
    return shown


def cells_per_pixel(place: Place, rows: np.ndarray, cols: np.ndarray, every: int) -> np.ndarray:
    """Cells per pixel at every so many pixels, of the axis where they are more; 1 where it is not
    known."""
    if min(rows.shape) < 2:
        return np.ones(rows.shape)
    width = place.shape[1]
    down, right = np.gradient(rows), np.gradient(cols)
    if place.wraps:
        right = [(step + width / 2) % width - width / 2 for step in right]
    sides = np.abs([*down, *right]) / every
    return np.nan_to_num(np.max(sides, axis=0), nan=1.0)


def _mean_reduction(rows: np.ndarray, cols: np.ndarray) -> float:
    """Cells per pixel, by the area of a pixel in the middle of those that show cells."""
    (down_row, right_row), (down_col, right_col) = np.gradient(rows), np.gradient(cols)
    area = np.abs(down_row * right_col - right_row * down_col)
    return float(np.sqrt(np.nanmedian(area))) / EVERY if np.isfinite(area).any() else 1.0


def _assert_level(fits: list[int], per_pixel: list[float], path: str) -> None:
    """One of the levels that a tile may show is the coarsest whose cells are not larger than a
    pixel, give or take what two axes and a bent Earth differ by."""
    for number in fits:
        finer_is_needed = number > 0 and per_pixel[number] < 0.7
        coarser_would_do = number + 1 < len(per_pixel) and per_pixel[number + 1] > 1.45
        if not finer_is_needed and not coarser_would_do:
            return
    raise AssertionError(f"{path}: shows level {fits}; cells per pixel are {per_pixel}")


def value(server: Server) -> None:
    """Points in cells, at the corners, just outside, at 180 degrees and the poles."""
    place, given = server.finest.place, server.given
    lon, lat = _points(place)
    rows, cols = place.find(lon, lat, DEGREES)
    for ask in given.asks:
        answers = [
            server.json(f"/point/a/{given.variable}", {**ask, "lon": x, "lat": y})
            for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
        ]
        got = np.array([math.nan if a["value"] is None else a["value"] for a in answers])
        good = server.finest.agrees(got[None], rows, cols, ask, border=1e-4, rtol=given.rtol)[0]
        wrong = [(x, y, v) for x, y, v, ok in zip(lon, lat, got, good, strict=True) if not ok]
        assert not wrong, f"/point at {wrong[0][:2]} of {dict(ask)}: {wrong[0][2]}"
        assert {a["units"] for a in answers} == {given.units}


def _points(place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes from -180 to 360 and latitudes, all within what a request may say."""
    height, width = place.shape
    random = np.random.default_rng(11)
    rows = random.integers(0, height, 16) + random.uniform(0.05, 0.95, 16)
    cols = random.integers(0, width, 16) + random.uniform(0.05, 0.95, 16)
    corners = np.array([(0.02, 0.02), (0.02, -0.02), (-0.02, 0.02), (-0.02, -0.02)])
    inner = [(r % height, c % width) for r, c in corners]
    outer = [(-0.02, width / 2), (height + 0.02, width / 2), (height / 2, -0.02)]
    spots = np.array([*zip(rows, cols, strict=True), *inner, *outer])
    lon, lat = place.spots(*spots.T)
    lon = np.concatenate([lon, [-180.0, 180.0, 179.999, 0.0, 0.0]])
    lat = np.concatenate([lat, [0.1, 0.1, 0.1, 90.0, -90.0]])
    lon = np.where(lon > 360, lon - 360, np.where(lon < -180, lon + 360, lon))
    known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    return lon[known], lat[known]


def series(server: Server) -> None:
    """All steps at two points, and the mean over a box, cells weighted by their area."""
    given, place = server.given, server.finest.place
    ask = {k: v for k, v in given.asks[0].items() if k != "time"}
    steps = [np.asarray(server.finest.read({**ask, "time": time})) for time in given.times]
    path = f"/timeseries/a/{given.variable}"
    height, width = place.shape
    for row, col in ((height // 2 + 0.5, width // 2 + 0.5), (height - 0.6, 0.6)):
        lon, lat = (float(p) for p in place.spots(np.array(row), np.array(col)))
        if not math.isfinite(lon + lat):
            continue
        found = server.json(path, {**ask, "lon": lon, "lat": lat})
        assert found["times"] == list(given.times)
        expected = [step[int(row), int(col)] for step in steps]
        _assert_close(found["values"]["value"], expected, given.rtol)
    box = given.box or middle(place)
    found = server.json(path, {**ask, "bbox": ",".join(map(repr, box)), "aggregate": "mean"})
    areas, rows, cols = weights(place, box)
    expected, spread = [], 0.0
    for step in steps:
        cells = step[rows, cols]
        known = np.isfinite(cells)
        total = float(areas[known].sum())
        mean = float((cells[known] * areas[known]).sum() / total) if total else math.nan
        expected.append(mean)
        spread = max(spread, float(np.ptp(cells[known])) if known.any() else 0.0)
    got = np.array([math.nan if v is None else v for v in found["values"]["mean"]])
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=2e-3 * spread)
    assert found["units"] == given.units


def _assert_close(got: list[float | None], expected: list[float], rtol: float) -> None:
    numbers = np.array([math.nan if v is None else v for v in got])
    np.testing.assert_allclose(numbers, expected, rtol=rtol)


def legend(server: Server) -> None:
    """Categories or range and units of the metadata; pictures of exactly the size asked for."""
    given = server.given
    query = {k: v for k, v in given.asks[0].items() if k == "expression"}
    found = server.json(f"/legend/a/{given.variable}.json", query)
    assert found["units"] == given.units
    if given.categories is not None:
        assert [(c["value"], c["label"]) for c in found["categories"]] == list(given.categories)
        if given.colors is not None:
            assert [c["color"][:7] for c in found["categories"]] == list(given.colors)
    else:
        assert found["type"] == "continuous"
        _assert_range(server, (found["min"], found["max"]))
    for width, height in ((90, 300), (333, 70)):
        shape = "vertical" if height > width else "horizontal"
        size = {"width": width, "height": height, "orientation": shape}
        body = server.get(f"/legend/a/{given.variable}.png", {**query, **size}).content
        assert Image.open(io.BytesIO(body)).size == (width, height)


def _assert_range(server: Server, found: tuple[float, float]) -> None:
    """That of the metadata, or within the values' own and half as wide at least."""
    given = server.given
    if given.legend_range is not None:
        np.testing.assert_allclose(found, given.legend_range, rtol=1e-6)
        return
    values = np.concatenate(
        [np.asarray(level.read(ask)).ravel() for level in given.levels for ask in given.asks]
    )
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    assert found[0] < found[1]
    is_whole = not (given.times or given.dims or given.asks[0])
    if low < high and is_whole:
        slack = 0.1 * (high - low)  # ranges are rounded to what people like to read
        assert low - slack <= found[0] < found[1] <= high + slack, f"{found}, not {(low, high)}"
        assert found[0] <= np.median(values) <= found[1], f"{found} leaves out {np.median(values)}"


CHECKS: Mapping[Column, Callable[[Server], None]] = {
    "opens": opens, "tile": tile, "value": value, "series": series, "legend": legend,
}  # fmt: skip
