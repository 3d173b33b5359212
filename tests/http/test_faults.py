"""Bad input gets an answer that names the parameter, the value and the remedy; never a 500."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

TILE = "/tiles/sea/sst/1/0/0"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog), raise_server_exceptions=False) as client:
        yield client


def refused(client: TestClient, url: str, status: int, *words: str) -> None:
    """The answer is a problem document that is not kept, open to any origin, and says the words."""
    answer = client.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), f"{url}: {answer.text[:200]}"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    detail = answer.json()["detail"]
    assert len(detail) < 2000
    for word in words:
        assert word in detail


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/point/sea/sst?lat=1", "lon"),
        ("/point/sea/sst?lon=1", "lat"),
        ("/timeseries/sea/sst", "lon"),
        ("/tiles/sea/_/1/0/0", "expression"),
    ],
)
def test_missing_parameter_is_named(client: TestClient, url: str, name: str) -> None:
    """Row 1: a missing mandatory parameter is a 400 that names it."""
    refused(client, url, 400, name)


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("/tiles/nowhere/sst/1/0/0", "nowhere"),
        ("/tiles/sea/nothing/1/0/0", "nothing"),
        ("/tiles/sea/sst/NoQuad/1/0/0", "NoQuad"),
        ("/datasets/nowhere", "nowhere"),
        ("/datasets/sea/dimensions/height", "height"),
        ("/legend/sea/nothing.png", "nothing"),
        ("/colormaps/nocolors", "nocolors"),
        ("/tms/NoQuad", "NoQuad"),
        ("/point/sea/nothing?lon=1&lat=1", "nothing"),
    ],
)
def test_unknown_name_is_404(client: TestClient, url: str, value: str) -> None:
    """Row 2: an unknown dataset, variable, matrix set or colormap is a 404 that names it."""
    refused(client, url, 404, value)


def test_tile_outside_the_matrix_set_is_404(client: TestClient) -> None:
    """Row 3: a row or column that the matrix set lacks."""
    refused(client, "/tiles/sea/sst/1/2/0", 404, "1/2/0", "x is 0 to 1")
    refused(client, "/tiles/sea/sst/1/0/7", 404, "y is 0 to 1")


def test_tile_outside_the_data_is_transparent(client: TestClient) -> None:
    """Row 3: a tile of the set that shows no data."""
    answer = client.get("/tiles/utm/height/4/0/0.npy")
    assert answer.status_code == 200
    picture = client.get("/tiles/utm/height/4/0/0.png")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")


@pytest.mark.parametrize(
    "path",
    ["999/0/0", "1/-1/0", "1/1e309/0", "1/٣/0", f"1/{'9' * 4096}/0", "1/0/0.5", "-1/0/0", "a/b/c",
     "1/0/0@99x", "1/0/0.gif", "1/0/0@2x@2x.png", "²/0/0"],
)  # fmt: skip
def test_odd_tile_numbers_are_refused(client: TestClient, path: str) -> None:
    """Row 4: 400 or 404, never 500."""
    answer = client.get(f"/tiles/sea/sst/{quote(path, safe='/@')}")
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("time", ["Bogus", "2024-13-45", "0000", "x" * 10_000, "-1", "nan", "٢٠٢٤"])
def test_bad_time_is_refused_with_the_range(client: TestClient, time: str) -> None:
    """Row 5: 400 that names `time` and the axis' range."""
    refused(client, f"{TILE}?time={quote(time)}", 400, "time", "1970-01-01T00:00:00Z to 1970-01-05")


def test_time_between_steps_takes_the_nearest_and_says_so(client: TestClient) -> None:
    """Row 6: 200 with X-Time and Warning; the step's own time has no Warning."""
    answer = client.get(f"{TILE}?time=1970-01-02T09:00")
    assert (answer.status_code, answer.headers["x-time"]) == (200, "1970-01-02T00:00:00Z")
    assert answer.headers["warning"] == "99 Nearest value used: time=1970-01-02T00:00:00Z"
    assert "warning" not in client.get(f"{TILE}?time=1970-01-02").headers


def test_time_beyond_the_axis_is_refused(client: TestClient) -> None:
    """Row 6: more than a step outside."""
    refused(client, f"{TILE}?time=1999-01-01", 400, "time", "1970-01-05")
    refused(client, f"{TILE}?time=1970-01-02T09:00&method=exact", 400, "the nearest is")


@pytest.mark.parametrize(
    "text", ["%2e%2e%2f", "%2e%2e%2f%2e%2e%2fetc", "..%5c", "%00", "a%2f%2fb", "/etc/passwd"]
)
def test_paths_in_names_are_refused(client: TestClient, text: str) -> None:
    """Row 7: no path is ever built from a request."""
    for url in (
        f"/tiles/{text}/sst/1/0/0",
        f"/tiles/sea/{text}/1/0/0",
        f"/legend/sea/{text}.png",
        f"/colormaps/{text}",
        f"/static/{text}",
        f"{TILE}?time={text}",
        f"{TILE}?colormap_name={text}",
    ):
        assert client.get(url).status_code in (400, 404), url


@pytest.mark.parametrize("name", ["url", "path", "src"])
def test_no_parameter_takes_a_url(client: TestClient, name: str) -> None:
    """Row 8: datasets come from the catalogue alone."""
    refused(client, f"{TILE}?{name}=file:///etc/passwd", 400, name, "no such parameter")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("rescale=nan,inf", "rescale"),
        ("rescale=5,5", "rescale"),
        ("rescale=9,1", "rescale"),
        ("rescale=1", "rescale"),
        ("rescale=1,2,3", "rescale"),
        ("rescale=-1,5&scale=log", "rescale"),
        ("scale=cubic", "scale"),
        ("colormap_name=nocolors", "colormap_name"),
        ("colormap=notjson", "colormap"),
        ("resampling=cubic", "resampling"),
        ("opacity=2", "opacity"),
        ("nodata=x", "nodata"),
        ("depth=deep", "depth"),
        ("depth=9999", "depth"),
        ("tilesize=100000", "tilesize"),
        ("time=1970-01-01&time=1970-01-02", "time"),
        ("colourmap=viridis", "colourmap"),
    ],
)
def test_bad_style_is_refused(client: TestClient, query: str, name: str) -> None:
    """Rows 9 and 12: 400 that names the parameter."""
    refused(client, f"{TILE}?{query}", 400, name)


def test_methods(client: TestClient) -> None:
    """Row 14: POST on tiles 405 with Allow; HEAD as GET without body; OPTIONS for CORS."""
    posted = client.post(TILE)
    assert (posted.status_code, "GET" in posted.headers["allow"]) == (405, True)
    got, head = client.get(TILE), client.head(TILE)
    assert (head.status_code, head.content) == (200, b"")
    assert {k: head.headers[k] for k in ("etag", "content-type", "cache-control")} == {
        k: got.headers[k] for k in ("etag", "content-type", "cache-control")
    }
    preflight = client.options(TILE, headers={"Origin": "http://a.example"})
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    allowed = preflight.headers["access-control-allow-headers"].split(", ")
    assert "Authorization" in allowed  # for which `*` does not stand


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "().__class__", "(" * 5000 + "sst" + ")" * 5000, "9**9**9", "nothing+1",
     "lambda: 1", "sst.real.__class__", "[x for x in sst]", "1", ""],
)  # fmt: skip
def test_bad_expression_is_refused(client: TestClient, text: str) -> None:
    """Row 16: parsed to an allow-listed tree with size limits."""
    answer = client.get(f"/tiles/sea/_/1/0/0?expression={quote(text)}")
    assert answer.status_code == 400
    assert "expression" in answer.json()["detail"]


def test_division_by_zero_is_nodata(client: TestClient) -> None:
    """Row 16: a pixel without a result is transparent, not an error."""
    answer = client.get("/tiles/sea/_/1/0/0.npy?expression=sst/(sst-sst)")
    assert answer.status_code == 200


def test_unavailable_dataset_tells_why_and_harms_no_other(client: TestClient) -> None:
    """Row 20: 502 for that dataset; the others answer and the server is ready."""
    refused(client, "/tiles/broken/x/0/0/0", 502, "cannot be opened")
    listed = {d["id"]: d["status"] for d in client.get("/datasets").json()["datasets"]}
    assert (listed["broken"], listed["sea"]) == ("error", "ready")
    assert client.get("/readyz").status_code == 200
