"""Whatever is asked of OGC API, there is an answer that its standards know, and never a 500."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.http.ogc.wire import ask, running
from tests.services.ogc.cubes import hard_catalog
from tileserver.app import create_app
from tileserver.settings import Settings

EXAMPLES = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ANSWERED = {200, 204, 304, 400, 404, 406}

ODD = st.sampled_from(
    ["", "..", "../..", "%00", "\0", "é", "赤", "nan", "-1", "1e309", "9" * 400, "{tileRow}", "%",
     "<script>", '"', "'; --", "٣", "\u202e", "+", "&", "=", "#", "?", "/", "\r\nX: y", "(((" * 60]
) | st.text(max_size=12)  # fmt: skip
COLLECTION = st.sampled_from(
    ["region.sst", "seam.v2.ice.extent", "pole.ice", "run.wind", "nocode.dust"]
)
PARTS = (
    st.sampled_from(["collections", "tileMatrixSets", "conformance", "api", "styles"]) | ODD,
    COLLECTION | ODD,
    st.sampled_from(["map", "styles"]) | ODD,
    st.sampled_from(["tiles", "viridis:0:7"]) | ODD,
    st.sampled_from(["WebMercatorQuad", "WorldCRS84Quad", "map"]) | ODD,
    st.sampled_from(["0", "1", "tiles"]) | ODD,
    st.sampled_from(["0", "WebMercatorQuad"]) | ODD,
    st.sampled_from(["0", "1"]) | ODD,
)
TIMES = ["1970-01-01", "latest", "../1970-01-02", "1970-01-01/..", "Bogus", "1970-02-30", "//"]
SUBSETS = [
    "depth(10)",
    "depth(0:*)",
    'time("1970-01-01")',
    "band(赤)",
    'band("赤")',
    "Lat(1)",
    "depth(",
]
QUERY = st.lists(
    st.tuples(
        st.sampled_from(["f", "datetime", "subset", "bbox", "limit", "offset", "q", "time"]) | ODD,
        st.sampled_from(["json", "html", "png", *TIMES, *SUBSETS, "1,2,3,4", "10"]) | ODD,
    ),
    max_size=3,
)
ACCEPT = st.sampled_from(["*/*", "text/html", "image/webp", "application/json;q=0", ";q=,", "x/y"])


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(create_app(Settings(), hard_catalog)) as port:
        yield port


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), hard_catalog), follow_redirects=False) as client:
        yield client


def answered(client: TestClient, path: str, query: list[tuple[str, str]], accept: str) -> None:
    """There is an answer of a status that is declared; an error says what is wrong."""
    encoded = "&".join(f"{quote(name)}={quote(value)}" for name, value in query)
    answer = client.get(f"{path}?{encoded}", headers={"Accept": accept})
    assert answer.status_code in ANSWERED | {307}, (path, query)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert 0 < len(answer.json()["detail"]) < 3000


@EXAMPLES
@given(st.integers(0, len(PARTS)).flatmap(lambda n: st.tuples(*PARTS[:n])), QUERY, ACCEPT)
def test_any_path(
    client: TestClient, parts: tuple[str, ...], query: list[tuple[str, str]], accept: str
) -> None:
    """Made of parts that are right or wrong."""
    answered(client, "/".join(["/ogc", *(quote(part, safe="") for part in parts)]), query, accept)


@EXAMPLES
@given(COLLECTION, st.sampled_from(["", "/styles", "/map/tiles", "/map/tiles/WorldCRS84Quad",
                                    "/map/tiles/WorldCRS84Quad/0/0/0"]), QUERY, ACCEPT)  # fmt: skip
def test_any_query(
    client: TestClient, collection: str, below: str, query: list[tuple[str, str]], accept: str
) -> None:
    """Of what there is."""
    answered(client, f"/ogc/collections/{collection}{below}", query, accept)


@pytest.mark.parametrize(
    "query",
    [b"q=\xff\xfe", b"datetime=\xed\xa0\x80", b"subset=depth(\xff)", b"f=\xff", b"\xff=1",
     b"%ff%fe", b"datetime=1970-01-01&datetime=%00", b"&&&", b"=", b"subset=\"\"\"",
     b"q=" + b"%ff" * 3000],
)  # fmt: skip
def test_bytes_that_are_no_text(port: int, query: bytes) -> None:
    """An answer of the routes themselves, with nothing of the query in the headers."""
    for path in (b"/ogc/collections", b"/ogc/collections/region.sst/map/tiles/WorldCRS84Quad"):
        answer = ask(port, path + b"?" + query)
        assert answer.status in ANSWERED
        template = answer.headers.get(b"link-template", b"")
        assert template.count(b'"') in (0, 6)
        assert template.isascii()
