import json
import math

from tileserver.services.ogc.feature_info import flatten, write_info
from tileserver.services.ogc.wmts import INFO_FORMATS

PROPERTIES = {"variable": "sst<b>", "value": 12.3456789, "units": "°C", "time": None}


def test_text() -> None:
    """Text has a line for each property; what is missing is said."""
    assert write_info("text/plain", 1.5, -2, PROPERTIES).decode().splitlines() == [
        "variable: sst<b>",
        "value: 12.3456789",
        "units: °C",
        "time: no data",
        "lon: 1.500000",
        "lat: -2.000000",
    ]


def test_json() -> None:
    """JSON is a GeoJSON feature, NaN is null."""
    answer = json.loads(write_info("application/json", 1.5, -2, {"value": math.nan}))
    [feature] = answer["features"]
    assert answer["type"] == "FeatureCollection"
    assert feature["geometry"] == {"type": "Point", "coordinates": [1.5, -2]}
    assert feature["properties"] == {"value": None}


def test_html() -> None:
    """HTML is a table whose texts are escaped."""
    page = write_info("text/html", 1.5, -2, PROPERTIES).decode()
    assert "<td>sst&lt;b&gt;</td>" in page
    assert "<td>°C</td>" in page


def test_every_format_can_be_written() -> None:
    """Each format that capabilities offer is written."""
    for media_type in INFO_FORMATS:
        assert write_info(media_type, 0, 0, {"value": 1})


def test_flatten() -> None:
    """Dimensions stand beside the other properties, the place apart; only a value may be null."""
    place = {"lon": 1, "lat": 2, "time": None}
    answer = {"variable": "sst", **place, "dimensions": {"depth": "10"}, "value": None}
    assert flatten(answer) == {"variable": "sst", "value": None, "depth": "10"}


def test_whole_numbers() -> None:
    """A flag is written in all its digits."""
    assert b"value: 2147483663\n" in write_info("text/plain", 0, 0, {"value": 2147483663.0})
