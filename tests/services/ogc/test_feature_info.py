import asyncio
import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.services import memory_catalog
from tests.services.ogc.test_named_view import grouped, times
from tileserver.config import DatasetConfig
from tileserver.cube import Dimension, Flag
from tileserver.dataset import Dataset, make_dataset
from tileserver.layer import Layer, find_layer
from tileserver.services.ogc.feature_info import MEDIA_TYPES, Info, describe, write_info
from tileserver.services.ogc.named_view import NamedView

HOSTILE = '<script>alert(1)</script> & "it\'s"\n\ud800\0 lon: 0'


class Page(HTMLParser):
    """The names of a page's elements."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


def told(dataset: Dataset, layer: str | Layer, lon: float, lat: float, **dims: str) -> Info:
    """What a layer of a dataset in memory tells of a point."""
    found = find_layer(dataset, layer) if isinstance(layer, str) else layer
    named = NamedView.of(dataset, found, "", dims)
    return asyncio.run(describe(dataset.source.read, named, lon, lat))


def changed(dataset: Dataset, **config: object) -> Dataset:
    """A dataset with other words about it in the catalogue."""
    return make_dataset(
        DatasetConfig.model_validate({"id": dataset.id, "url": "memory", **config}), dataset.source
    )


def cell(dataset: Dataset, name: str, *index: int) -> float:
    """A number of the source, by its indices alone."""
    return float(dataset.source.arrays[name][0][index])


def properties(info: Info) -> dict[str, object]:
    [feature] = json.loads(write_info("application/json", [info]))["features"]
    found: dict[str, object] = feature["properties"]
    return found


def text_of(info: Info) -> list[str]:
    return write_info("text/plain", [info]).decode().splitlines()


def test_a_value() -> None:
    """The value is the number of the cell, at the coordinates that were asked for."""
    sea = memory_catalog.sea()
    info = told(sea, "sst", 10.1, -7.3, time="1970-01-03", depth="10")
    row, col = math.floor((90 + 7.3) / 4), math.floor((10.1 + 180) / 4)
    assert info.bands[0].value == cell(sea, "sst", 1, 2, row, col)
    assert properties(info) == {
        "layer": "sea.sst",
        "dataset": "sea",
        "variable": "sst",
        "title": "Sea <test>: Temperature",
        "value": info.bands[0].value,
        "units": "°C",
        "time": "1970-01-03T00:00:00Z",
        "depth": "10",
    }


def test_text() -> None:
    """Text has a title, the value with its units first, then all else, a line each."""
    info = told(memory_catalog.sea(), "sst", 10.1, -7.3, depth="50")
    value = info.bands[0].value
    assert value is not None
    assert text_of(info) == [
        "Sea <test>: Temperature",
        f"value: {value:g} °C",
        "time: 1970-01-05T00:00:00Z",
        "depth: 50 m",
        "longitude, latitude: 10.100000, -7.300000",
        "layer: sea.sst",
    ]


def test_a_class() -> None:
    """A number that stands for a class is told with its name, by every format."""
    info = told(memory_catalog.sea(), "kind", -178.1, 88.9, time="1970-01-01")
    assert properties(info)["label"] == "calm"
    assert "value: 0 (calm)" in text_of(info)
    assert b"<td>0 (calm)</td>" in write_info("text/html", [info])


def test_all_bands() -> None:
    """A colour picture tells each band: its title, value and units."""
    sea = memory_catalog.sea()
    info = told(sea, "flow", 0.5, 0.5, time="1970-01-02")
    row, col = math.floor((90 - 0.5) / 4), math.floor(180.5 / 4)
    expected = [
        {"id": f"{axis}.o", "title": f"{axis}.o", "units": None,
         "value": cell(sea, f"{axis}.o", 1, row, col)}
        for axis in "uvw"
    ]  # fmt: skip
    assert properties(info)["bands"] == expected
    lines = [f"{axis}.o: {each['value']:g}" for axis, each in zip("uvw", expected, strict=True)]
    assert text_of(info)[1:4] == lines


def test_an_expression() -> None:
    """A composite that is worked out tells its result and what it is made of."""
    composites = {
        "speed": {"expression": "sqrt(u.o**2 + v.o**2)", "title": "Speed", "units": "m/s"}
    }
    sea = changed(memory_catalog.sea(), composites=composites | {
        "mixed": {"expression": "u.o; v.o / 2; u.o * 0"}
    })  # fmt: skip
    info = told(sea, "speed", 0.5, 0.5)
    u, v = (cell(sea, f"{axis}.o", 4, 22, 45) for axis in "uv")
    assert [each.value for each in info.inputs] == [u, v]
    assert properties(info)["value"] == pytest.approx(math.hypot(u, v))
    assert text_of(info)[1] == f"value: {math.hypot(u, v):.7g} m/s"
    mixed = told(sea, "mixed", 0.5, 0.5)
    assert [each.value for each in mixed.bands] == [u, v / 2, 0]
    assert [each.title for each in mixed.bands] == ["u.o", "v.o / 2", "u.o * 0"]


def test_a_forecast() -> None:
    """Of a forecast the time that it is for is told beside the one at which it was made."""
    ahead = Dimension("step", np.array([0.0, 18.0]), units="hours", unit_s=3600)
    info = told(grouped(times("time"), ahead), "a", 3, 3, time="1970-01-02", step="18")
    assert properties(info)["valid_time"] == "1970-01-02T18:00:00Z"
    assert text_of(info)[2:5] == [
        "time: 1970-01-02T00:00:00Z",
        "valid time: 1970-01-02T18:00:00Z",
        "step: 18 hours",
    ]


def test_bits() -> None:
    """Of a number of bits all the classes are told that are set in it."""
    sea = memory_catalog.sea()
    flags = (Flag(1, "cloud", mask=1), Flag(2, "snow", mask=2), Flag(4, "haze", mask=4))
    layer = replace(find_layer(sea, "kind"), flags=flags)
    [band] = told(sea, layer, -180 + 4 * 5.5, 88.9, time="1970-01-01").bands
    assert (band.value, band.label) == (5, "cloud, haze")


def test_in_the_own_crs() -> None:
    """Of a projected dataset the place is told in its CRS as well."""
    utm = memory_catalog.utm()
    info = told(utm, "height", 2.5, 45.0)
    assert info.projected is not None
    x, y, crs = info.projected
    assert crs == "WGS 84 / UTM zone 31N"
    row, col = math.floor((5e6 - y) / 1000), math.floor((x - 4e5) / 1000)
    assert properties(info)["value"] == cell(utm, "height", row, col)


@pytest.mark.parametrize(
    ("lon", "lat", "missing"),
    [
        (2.5, 45.0, "no data"),
        (40.0, 45.0, "outside the data"),
        (math.inf, math.inf, "outside the data"),
        (math.nan, 3.0, "outside the data"),
    ],
)
def test_where_there_is_none(lon: float, lat: float, missing: str) -> None:
    """No data and outside are told apart, in words; a place off the Earth has no coordinates."""
    utm = memory_catalog.utm()
    utm.source.arrays["height"][0][...] = np.nan
    info = told(utm, "height", lon, lat)
    assert text_of(info)[1] == f"value: {missing}"
    assert properties(info)["value"] is None
    assert properties(info)["missing"] == missing
    assert (info.place is None) == (not math.isfinite(lon))
    assert missing.encode() in write_info("text/html", [info])


@pytest.mark.parametrize("lon", [182.0, -178.0, 542.0])
def test_longitudes_turn(lon: float) -> None:
    """A pixel beyond 180° is the place that it shows."""
    info = told(memory_catalog.sea_ice(), "extent", lon, -15.5)
    assert info.place == (-178.0, -15.5)
    assert info.bands[0].value == cell(memory_catalog.sea_ice(), "extent", 5, 12)


def test_hostile_texts() -> None:
    """Markup, controls, lone surrogates and line ends of metadata do no harm in any format."""
    sea = memory_catalog.sea()
    flags = (Flag(0, HOSTILE), Flag(1, HOSTILE))
    layer = replace(find_layer(sea, "kind"), title=HOSTILE, units=HOSTILE, flags=flags)
    info = told(sea, layer, -178.1, 88.9, time="1970-01-01")
    assert [line.split(":")[0] for line in text_of(info)[1:3]] == ["value", "time"]
    page = Page()
    page.feed(write_info("text/html", [info]).decode())
    assert page.tags == {
        *("html", "head", "meta", "link", "title", "style", "body"),
        *("table", "caption", "tr", "th", "td"),
    }
    assert "<script>" in str(properties(info)["title"])


def test_pure_numbers() -> None:
    """The units of a pure number are told to programs alone."""
    info = told(memory_catalog.sea(), "sst", 3, 3)
    info = replace(info, bands=(replace(info.bands[0], value=0.25, units="1"),))
    assert text_of(info)[1] == "value: 0.25"
    assert properties(info)["units"] == "1"


def test_several_layers() -> None:
    """Several layers are told one after the other; each format holds all."""
    sea = memory_catalog.sea()
    infos = [told(sea, name, 3, 3) for name in ("sst", "kind")]
    assert write_info("text/plain", infos).count(b"layer: sea.") == 2
    assert write_info("text/html", infos).count(b"<table>") == 2
    assert len(json.loads(write_info("application/json", infos))["features"]) == 2


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_numbers_in_full(media_type: str) -> None:
    """A large flag is written in all its digits."""
    info = told(memory_catalog.sea(), "kind", 3, 3)
    info = replace(info, bands=(replace(info.bands[0], value=2147483663.0),))
    assert b"2147483663" in write_info(media_type, [info])
