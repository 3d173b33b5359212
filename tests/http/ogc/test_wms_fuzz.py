"""WMS asked with anything: a picture, an answer or an exception, always soon."""

import time
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.http.ogc.wms_client import client

__all__ = ["client"]

NUMBERS = st.one_of(
    st.sampled_from(
        ["", "0", "-0", "nan", "inf", "1e309", "1e-320", "1e15", "-1e12", "180", "-180.0000001"]
    ),
    st.floats(-4e7, 4e7).map(str),
    st.floats(-400, 400).map(str),
    st.integers(-10, 5000).map(str),
)
KNOWN = st.sampled_from(["sea.sst", "sea.kind", "sea.flow", "sea.ice.extent", "utm.height"])
LAYERS = st.one_of(
    KNOWN, KNOWN, st.lists(KNOWN, min_size=2, max_size=3).map(",".join), st.just("broken.x")
)
TIMES = st.sampled_from(
    ["current", "1970-01-02", "1970-01-01/1970-01-04", "/", "//", ",", "P1D/1970-01-03", "0"]
)
PLACES = st.sampled_from(
    ["CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3413", "EPSG:3031", "EPSG:2193", "EPSG:32631"]
)
SIZES = st.one_of(*(st.integers(1, 700).map(str) for _ in range(9)), NUMBERS)
LISTS = st.lists(NUMBERS, min_size=4, max_size=4).map(",".join)


def boxes(most: float) -> st.SearchStrategy[str]:
    """Sound ones, of so many units at most."""

    def ordered(ends: list[float]) -> str:
        (west, east), (south, north) = sorted(ends[:2]), sorted(ends[2:])
        return f"{west!r},{south!r},{east!r},{north!r}"

    return st.lists(st.floats(-most, most), min_size=4, max_size=4).map(ordered)


VALUES = {
    "SERVICE": st.just("WMS"),
    "REQUEST": st.sampled_from(["GetMap", "GetMap", "GetFeatureInfo", "GetLegendGraphic"]),
    "VERSION": st.sampled_from(["1.3.0", "1.3.0", "1.1.1", "1.1.1", "9"]),
    "LAYERS": LAYERS,
    "QUERY_LAYERS": LAYERS,
    "LAYER": LAYERS,
    "STYLES": st.sampled_from(["", "", "", "", "viridis:0:1", ","]),
    "STYLE": st.sampled_from(["", "viridis", "viridis:1:0"]),
    "CRS": PLACES,
    "SRS": PLACES,
    "BBOX": st.one_of(*map(boxes, (1e-3, 90, 360, 2e7, 1e12)), LISTS),
    "WIDTH": SIZES,
    "HEIGHT": SIZES,
    "FORMAT": st.sampled_from(
        ["image/png", "image/jpeg", "image/webp", "image/gif", "image/apng", "application/json"]
    ),
    "INFO_FORMAT": st.sampled_from(["text/plain", "text/html", "application/json"]),
    "I": NUMBERS,
    "J": NUMBERS,
    "X": st.integers(0, 50).map(str),
    "Y": st.integers(0, 50).map(str),
    "TRANSPARENT": st.sampled_from(["TRUE", "FALSE"]),
    "EXCEPTIONS": st.sampled_from(["XML", "INIMAGE", "BLANK", "x"]),
}
EXTRA = {
    "TIME": TIMES,
    "ELEVATION": NUMBERS,
    "COLORSCALERANGE": st.sampled_from(["auto", "0,1", "1,0", "nan,1", "default", "1e-40,1"]),
    "LOGSCALE": st.sampled_from(["true", "false"]),
    "OPACITY": NUMBERS,
    "FRAMERATE": NUMBERS,
    "BGCOLOR": st.sampled_from(["0xFF0000", "#000000", "x"]),
    "COLORBARONLY": st.sampled_from(["true", "false"]),
}
TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(["\0", "../..", "%2e", "٣", ",", "/"]))
JUNK = st.dictionaries(st.sampled_from([*VALUES, *EXTRA]), TEXTS, max_size=2)
REQUESTS = st.builds(
    lambda known, extra, junk: {**known, **extra, **junk},
    st.fixed_dictionaries(VALUES),
    st.fixed_dictionaries({}, optional=EXTRA),
    st.one_of(*[st.just({})] * 3, JUNK),
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(asked=REQUESTS)
def test_any_request_is_answered(client: TestClient, asked: dict[str, str]) -> None:
    """Its own fault is a 400, a dataset that is not there a 502; nothing takes seconds."""
    begun = time.perf_counter()
    answer = client.get(f"/wms?{urlencode(asked)}")
    assert answer.status_code in (200, 400, 502), answer.text
    assert answer.content
    if answer.status_code != 200:
        assert answer.headers["cache-control"] == "no-store"
    assert time.perf_counter() - begun < 10
