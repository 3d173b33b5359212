"""Dimensions of WMTS: every declared value honoured, words, periods, snapping, nonsense."""

import io
import time
import xml.etree.ElementTree as ET
from urllib.parse import quote, urlencode

import numpy as np
import pytest
import xarray as xr
from starlette.testclient import TestClient

from tests.http.ogc.wmts_client import (
    INFO,
    LATEST,
    NAMES,
    REST,
    TILE,
    kvp,
    layer_of,
    problem,
    reported,
)
from tests.http.ogc.wmts_cubes import MANY, ODD, Stores

# The tile of Web Mercator, and the pixel in it, that are asked for.
PLACE = {"TileMatrix": "4", "TileRow": "5", "TileCol": "8", "I": "100", "J": "100"}
LAYERS = {
    "levels.sst": ("time", "depth"),
    "levels.mix": ("time",),
    "levels.kind": (),
    "long.a": ("time",),
    "short_year.a": ("time",),
    "typical.a": ("time",),
    "fractions.a": ("time",),
    "two.a": ("time", "reference"),
    "odd.a": (ODD,),
}


def declared(client: TestClient, layer: str) -> dict[str, ET.Element]:
    """The dimensions of a layer as capabilities tell them."""
    found = layer_of(client, layer).findall("Dimension", NAMES)
    return {each.findtext("ows:Identifier", "", NAMES): each for each in found}


def values(dimension: ET.Element) -> list[str]:
    return [each.text or "" for each in dimension.findall("Value", NAMES)]


def info(client: TestClient, layer: str, **dims: str) -> dict[str, object]:
    """The properties of the pixel at PLACE."""
    answer = kvp(client, INFO | PLACE | {"Layer": layer, "Style": ""} | dims)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()["features"][0]["properties"]
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_declared(stores: Stores, layer: str) -> None:
    """Dimensions are declared by their names, time first, each with a default that is a value."""
    found = declared(stores.client, layer)
    assert tuple(found) == LAYERS[layer]
    for name, dimension in found.items():
        default = dimension.findtext("Default", "", NAMES)
        told = values(dimension)
        last = told[-1].split("/")[1] if "/" in told[-1] else told[-1]
        assert default in (*told, last), name
        is_time = name in ("time", "reference")
        assert dimension.findtext("ows:UOM", None, NAMES) == (
            "ISO8601" if is_time else {"depth": "m", ODD: "m/s <&>"}[name]
        )
        assert dimension.findtext("Current", None, NAMES) == ("true" if is_time else None)


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "long.a"])
def test_declared_values(stores: Stores, layer: str) -> None:
    """At every declared value the picture is that of /tiles there, and nothing stands in for it."""
    dataset, _, variable = layer.partition(".")
    for name, dimension in declared(stores.client, layer).items():
        for value in values(dimension):
            place = {k: v for k, v in PLACE.items() if k.startswith("Tile")}
            asked = TILE | place | {"Layer": layer, "Style": "", name: value}
            tile = kvp(stores.client, asked)
            own = stores.client.get(f"/tiles/{dataset}/{variable}/4/8/5.png", params={name: value})
            assert tile.status_code == 200, tile.text
            assert tile.content == own.content
            assert tile.headers["etag"] == own.headers["etag"]
            assert "warning" not in tile.headers
            path = f"/wmts/1.0.0/{quote(layer)}/default/WebMercatorQuad/4/5/8.png"
            rest = stores.client.get(f"{path}?{urlencode({name: value})}")
            assert rest.headers["etag"] == own.headers["etag"]


@pytest.mark.parametrize("layer", ["typical.a", "short_year.a", "fractions.a", "odd.a"])
def test_values_are_those_of_the_source(stores: Stores, layer: str) -> None:
    """The n-th declared value has the n-th number of the store."""
    [(name, dimension)] = declared(stores.client, layer).items()
    stored = stores.datasets[layer.partition(".")[0]]["a"]
    numbers = [info(stores.client, layer, **{name: v})["value"] for v in values(dimension)]
    assert numbers == stored[:, 0, 0].values.tolist()


def test_two_times(stores: Stores) -> None:
    """Of two dimensions of times each is chosen by its own name."""
    stored = xr.decode_cf(stores.datasets["two"])
    for n, reference in enumerate(stored["reference"].values):
        for m, at in enumerate(stored["time"].values):
            found = info(
                stores.client, "two.a", time=f"{at}Z"[:19] + "Z", REFERENCE=f"{reference}Z"[:10]
            )
            assert found["value"] == float(stored["a"][n, m, 0, 0])


def test_independent_reading(stores: Stores) -> None:
    """Each time and depth of the document has the number that xarray reads at that coordinate."""
    stored = xr.decode_cf(stores.datasets["levels"])["sst"]
    found = declared(stores.client, "levels.sst")
    for at in values(found["time"]):
        for depth in values(found["depth"]):
            asked = INFO | PLACE | {"Layer": "levels.sst", "Style": "", "time": at, "depth": depth}
            [feature] = kvp(stores.client, asked).json()["features"]
            lon, lat = feature["geometry"]["coordinates"]
            cell = stored.sel(lon=lon, lat=lat, method="nearest")
            expected = cell.sel(time=np.datetime64(at[:-1]), depth=float(depth))
            assert feature["properties"]["value"] == float(expected)


@pytest.mark.parametrize("spelling", ["default", "Default", "{%s}", "{%S}", ""])
@pytest.mark.parametrize("layer", [name for name, dims in LAYERS.items() if dims])
def test_default(stores: Stores, layer: str, spelling: str) -> None:
    """`default`, an unfilled template and nothing are the declared default, of any dimension."""
    expected = info(stores.client, layer)
    for name, dimension in declared(stores.client, layer).items():
        word = spelling.replace("%s", name).replace("%S", name.upper())
        assert info(stores.client, layer, **{name: word}) == expected
        assert expected[name] == dimension.findtext("Default", "", NAMES)


@pytest.mark.parametrize("word", ["current", "Current", "latest"])
@pytest.mark.parametrize("layer", ["levels.sst", "long.a", "typical.a"])
def test_current(stores: Stores, layer: str, word: str) -> None:
    """What is current is the default of time."""
    assert info(stores.client, layer, time=word) == info(stores.client, layer)


@pytest.mark.parametrize("word", ["", "default", "current", "{time}", "{Time}", "{TIME}", LATEST])
def test_words_of_a_tile(memory: TestClient, word: str) -> None:
    """By REST as well; the header tells the time that was taken, and no other stands in."""
    answer = memory.get(f"{REST}.png", params={"time": word})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-time"] == LATEST
    assert "warning" not in answer.headers


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("2001-01-01T00:00:00Z/2001-01-03T00:00:00Z", "2001-01-03"),
        ("2001-01-01/2001-01-03/P1D", "2001-01-03"),
        ("2001-01-01/P2D", "2001-01-02"),
        ("P1M/2001-01-02", "2001-01-02"),
        ("2001-01-02/PT12H", "2001-01-02"),
        ("../2001-01-02", "2001-01-02"),
        ("1990-01-01/2100-01-01", "2001-01-05"),
    ],
)
def test_periods(stores: Stores, text: str, used: str) -> None:
    """A period means its latest step, either end may be a duration."""
    asked = TILE | {
        "Layer": "levels.sst",
        "Style": "",
        "time": text,
        "TileRow": "1",
        "TileCol": "2",
    }
    answer = kvp(stores.client, asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-time"] == f"{used}T00:00:00Z"


def test_declared_periods(stores: Stores) -> None:
    """Of a hundred thousand hours the document has one instant and a period; both are honoured."""
    [dimension] = declared(stores.client, "long.a").values()
    first, period = values(dimension)
    start, end, step = period.split("/")
    assert (first, step) == (start, "PT1H")
    assert info(stores.client, "long.a", time=first)["value"] == 0
    assert info(stores.client, "long.a", time=period)["value"] == MANY - 1
    assert info(stores.client, "long.a", time=end)["value"] == MANY - 1
    for number in (1, 777, 54_321):
        at = np.datetime64(start[:-1]) + np.timedelta64(number, "h")
        assert info(stores.client, "long.a", time=f"{at}Z")["value"] == number


@pytest.mark.parametrize(
    ("layer", "dims", "warning"),
    [
        ("levels.sst", {"time": "2001-01-01T07:00:00Z"}, "time=2001-01-01T00:00:00Z"),
        ("levels.sst", {"time": "2001-01-04T18:00:00.000Z"}, "time=2001-01-05T00:00:00Z"),
        ("levels.sst", {"time": "2000-12-31T12:00:00+00:00"}, "time=2001-01-01T00:00:00Z"),
        ("levels.sst", {"depth": "12"}, "depth=10"),
        ("levels.sst", {"DEPTH": "9", "TIME": "2001-01-01T01:00Z"},
         "time=2001-01-01T00:00:00Z, depth=10"),
        ("short_year.a", {"time": "2001-03-31T00:00:00Z"}, None),
        ("short_year.a", {"time": "2001-02-30"}, ""),
        ("odd.a", {ODD: "2.6"}, f"{quote(ODD)}=2.5"),
        ("fractions.a", {"time": "2001-01-01T00:00:00.110Z"}, "time=2001-01-01T00:00:00.100Z"),
        ("long.a", {"time": "2004-05-06T07:29:00+02:00"}, "time=2004-05-06T05:00:00Z"),
    ],
)  # fmt: skip
def test_snapping(stores: Stores, layer: str, dims: dict[str, str], warning: str | None) -> None:
    """The nearest coordinate is used and said; None here is one beyond the axis."""
    place = {"TileMatrix": "4", "TileRow": "5", "TileCol": "8"}
    answer = kvp(stores.client, TILE | place | {"Layer": layer, "Style": ""} | dims)
    if warning is None:
        assert reported(answer) == (400, "InvalidParameterValue", "time")
        return
    assert answer.status_code == 200, answer.text
    expected = f"99 Nearest value used: {warning}" if warning else None
    assert answer.headers.get("warning") == expected


@pytest.mark.parametrize(
    ("day", "number"),
    [("2001-02-29", 0), ("2001-02-30", 0), ("2001-03-01", 1), ("2001-02-31", None)],
)
def test_days_of_a_short_year(stores: Stores, day: str, number: int | None) -> None:
    """A year of 360 days has a day of February that people lack; no calendar has them all."""
    answer = kvp(stores.client, INFO | PLACE | {"Layer": "short_year.a", "Style": "", "time": day})
    if number is None:
        assert reported(answer) == (400, "InvalidParameterValue", "time")
    else:
        assert answer.json()["features"][0]["properties"]["value"] == number


NONSENSE = [
    *("Bogus", "2024-13-45", "1999-01-01", "2100-01-01", "9" * 3000, "nan", "1e309"),
    *("a/b", "2100/2101", "/", "2001-01-03/2001-01-01", "2001-01-01,2001-01-02", "{other}"),
    *("\0", "\u0662\u0660\u0660\u0661", "../../etc/passwd", "P1D"),
]


@pytest.mark.parametrize("text", NONSENSE)
@pytest.mark.parametrize(
    ("layer", "name"),
    [("levels.sst", "time"), ("levels.sst", "depth"), ("odd.a", ODD), ("two.a", "reference")],
)
def test_nonsense(stores: Stores, layer: str, name: str, text: str) -> None:
    """What is no coordinate names its dimension, by KVP and by REST, of tiles and of values."""
    for operation in (TILE, INFO):
        asked = operation | PLACE | {"Layer": layer, "Style": "", name: text}
        assert reported(kvp(stores.client, asked)) == (400, "InvalidParameterValue", name)
    path = f"/wmts/1.0.0/{layer}/default/WebMercatorQuad/4/5/8.png"
    assert problem(stores.client.get(path, params={name: text})) == 400


def test_other_layers_dimensions(stores: Stores) -> None:
    """A dimension that a layer lacks says nothing, so that one query serves several layers."""
    expected = info(stores.client, "levels.kind")
    assert info(stores.client, "levels.kind", time="Bogus", depth="x") == expected


def test_a_template_filled(stores: Stores) -> None:
    """A template of capabilities, filled as clients do, leads to the tile, odd names included."""
    for layer in ("levels.sst", "odd.a", "two.a"):
        [tile] = [
            each.get("template", "")
            for each in layer_of(stores.client, layer).findall("ResourceURL", NAMES)
            if each.get("resourceType") == "tile"
        ]
        filled = {
            "Style": "default", "style": "default", "TileMatrixSet": "WebMercatorQuad",
            "TileMatrix": "4", "TileRow": "5", "TileCol": "8",
        }  # fmt: skip
        for name, dimension in declared(stores.client, layer).items():
            filled[name] = quote(values(dimension)[0])
        for name, value in filled.items():
            tile = tile.replace(f"{{{name}}}", value)
        assert "{" not in tile
        answer = stores.client.get(tile)
        assert answer.status_code == 200, answer.text
        dataset, _, variable = layer.partition(".")
        params = {name: values(each)[0] for name, each in declared(stores.client, layer).items()}
        own = stores.client.get(f"/tiles/{dataset}/{variable}/4/8/5.png", params=params)
        assert answer.headers["etag"] == own.headers["etag"]


def test_many_steps_take_no_longer(stores: Stores) -> None:
    """A value of one of a hundred thousand steps is there in milliseconds."""
    info(stores.client, "long.a")
    begun = time.perf_counter()
    for hour in range(50):
        assert info(stores.client, "long.a", time=f"2003-04-05T{hour % 24:02}:10:00Z")
    assert time.perf_counter() - begun < 2


def test_pictures_of_times_differ(stores: Stores) -> None:
    """Two times are two pictures."""
    asked = TILE | {"Layer": "levels.sst", "Style": "viridis:0:7000"}
    asked |= {"TileMatrix": "4", "TileRow": "5", "TileCol": "8"}
    first, last = (kvp(stores.client, asked, time=t) for t in ("2001-01-01", "2001-01-03"))
    assert first.headers["etag"] != last.headers["etag"]
    assert io.BytesIO(first.content).getvalue() != last.content
