"""The pictures of GetMap: formats, layers, times, styles, and errors drawn into them."""

from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.http.ogc.wms_client import LAST, MAP, OLD, ask, client, image, pixels, reported
from tests.services.memory_catalog import GLOBE, _source, _variable, catalog
from tileserver.app import create_app
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Dimension
from tileserver.dataset import make_dataset
from tileserver.settings import Settings

__all__ = ["client"]


@pytest.mark.parametrize(
    ("format", "kind", "mode"),
    [
        ("image/png", "PNG", "P"),
        ("image/png; mode=8bit", "PNG", "P"),
        ("image/png;mode=8bit", "PNG", "P"),
        ("IMAGE/PNG", "PNG", "P"),
        ("image/jpeg", "JPEG", "RGB"),
        ("image/webp", "WEBP", "RGB"),
    ],
)
@pytest.mark.parametrize("size", [("60", "40"), ("700", "600")])
def test_formats(
    client: TestClient, format: str, kind: str, mode: str, size: tuple[str, str]
) -> None:
    """Of small maps and of those drawn in parts."""
    answer = ask(client, MAP, FORMAT=format, WIDTH=size[0], HEIGHT=size[1])
    found = image(answer)
    assert (found.format, found.mode) == (kind, mode)
    assert found.size == tuple(map(int, size))
    assert answer.headers["content-type"].split(";")[0] == format.split(";")[0].lower()


NOWHERE = {"LAYERS": "utm.height", "BBOX": "1e7,1e7,1.1e7,1.1e7"}


@pytest.mark.parametrize("size", [{}, {"WIDTH": "600", "HEIGHT": "600"}], ids=["one", "parts"])
def test_background(client: TestClient, size: dict[str, str]) -> None:
    """Clear if that is asked for, else white, or the colour that is named; JPEG is never clear."""

    def color(**changes: str | None) -> list[int]:
        found = pixels(ask(client, MAP, **NOWHERE, **size, **changes))
        assert (found == found[0, 0]).all()
        return found[0, 0].tolist()

    assert color()[3] == 0
    assert color(TRANSPARENT=None) == [255, 255, 255, 255]
    assert color(TRANSPARENT="FALSE", BGCOLOR="0x102030") == [16, 32, 48, 255]
    assert color(TRANSPARENT="false", BGCOLOR="#102030") == [16, 32, 48, 255]
    assert color(FORMAT="image/jpeg") == [255, 255, 255, 255]
    red = color(FORMAT="image/jpeg", BGCOLOR="0xFF0000")
    assert red[0] > 250
    assert max(red[1:3]) < 5


@pytest.mark.parametrize("format", ["image/png", "image/webp"])
def test_parts_without_data_are_clear(client: TestClient, format: str) -> None:
    """In a large map as in a small one; what is faint is as faint."""
    asked = MAP | {"LAYERS": "sea.ice.extent", "CRS": "CRS:84", "BBOX": "160,-30,200,0"}
    asked |= {"OPACITY": "40", "FORMAT": format}
    small = pixels(ask(client, asked, WIDTH="40", HEIGHT="30"))
    large = pixels(ask(client, asked, WIDTH="1000", HEIGHT="750"))
    assert set(small[..., 3].ravel().tolist()) == {0, 102}
    assert (large[12::25, 12::25] == small).all()


def test_layers_lie_over_one_another(client: TestClient) -> None:
    """As Pillow lays the single pictures over one another, and over the background."""
    one, two = (
        Image.fromarray(pixels(ask(client, MAP, LAYERS=layer, STYLES=style)))
        for layer, style in (("sea.sst", "viridis:0:9"), ("sea.ice.extent", ""))
    )
    faint = Image.fromarray(pixels(ask(client, MAP, OPACITY="40")))
    both = ask(client, MAP, LAYERS="sea.sst,sea.ice.extent", STYLES="viridis:0:9,")
    assert (pixels(both) == np.asarray(Image.alpha_composite(one, two))).all()
    ground = Image.new("RGBA", one.size, (1, 2, 3, 255))
    opaque = ask(client, MAP, OPACITY="40", TRANSPARENT="FALSE", BGCOLOR="0x010203")
    expected = np.asarray(Image.alpha_composite(ground, faint)).astype(int)
    assert np.abs(pixels(opaque).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("1970-01-02T00:00:00Z", "1970-01-02T00:00:00Z"),
        ("1970-01-02", "1970-01-02T00:00:00Z"),
        ("1970-01-01,1970-01-03", "1970-01-03T00:00:00Z"),
        ("1970-01-03,1970-01-01", "1970-01-03T00:00:00Z"),
        ("1970-01-01/1970-01-04", "1970-01-04T00:00:00Z"),
        ("1970-01-01/1970-01-04/P1D", "1970-01-04T00:00:00Z"),
        ("1970-01-01/1970-01-02,1970-01-03/1970-01-04", "1970-01-04T00:00:00Z"),
        ("current", LAST),
        ("default", LAST),
        ("", LAST),
        (None, LAST),
    ],
)
def test_time(client: TestClient, text: str | None, used: str) -> None:
    """An instant, a list, a range, `current`: of several the latest is drawn, and said."""
    answer = ask(client, MAP, TIME=text)
    assert answer.headers["x-time"] == used
    assert "nearest" not in answer.headers.get("warning", "").lower()
    assert answer.content == ask(client, MAP, TIME=used).content
    if used != LAST:
        assert answer.content != ask(client, MAP).content


def test_nearest_time(client: TestClient) -> None:
    """One between two steps is answered by the nearest, with the header of OGC 06-042, C.4.3."""
    answer = ask(client, MAP, TIME="1970-01-02T04:00:00Z", ELEVATION="0")
    assert answer.headers["warning"] == "99 Nearest value used: time=1970-01-02T00:00:00Z"
    assert answer.content == ask(client, MAP, TIME="1970-01-02").content


def test_default_values(client: TestClient) -> None:
    """What was taken for a dimension that is not told, by the header of OGC 06-042, C.4.2."""
    neither = ask(client, MAP).headers["warning"]
    assert neither == f"99 Default value used: time={LAST}, depth=0"
    one = ask(client, MAP, TIME="1970-01-02T04:00:00Z").headers["warning"]
    nearest = "99 Nearest value used: time=1970-01-02T00:00:00Z"
    assert one == f"{nearest}, 99 Default value used: depth=0"
    assert "warning" not in ask(client, MAP, TIME="current", ELEVATION="0").headers
    assert "warning" not in ask(client, MAP, LAYERS="utm.height").headers


def test_coordinates_that_no_header_may_hold() -> None:
    """They are any texts of a store."""

    def strange(*args: object) -> Catalog:
        made, band = catalog(), Dimension("b\u00e5nd", ("r\u00f8d\r\nX-Evil: 1", "\u65e5"))
        source = _source([band], _variable("v", GLOBE, band, valid_range=(0.0, 250.0)))
        entry = made.entries["utm"]
        entry.dataset = make_dataset(DatasetConfig(id="utm", url="memory"), source)
        return made

    with TestClient(create_app(Settings(), strange), "http://localhost") as client:
        answer = ask(client, MAP, LAYERS="utm.v")
        assert image(answer).size == (60, 40)
        default = "b%C3%A5nd=r%C3%B8d%0D%0AX-Evil%3A%201"
        assert answer.headers["warning"] == f"99 Default value used: {default}"
        other = ask(client, MAP | {"LAYERS": "utm.v", "DIM_B\u00c5ND": "\u65e5"})
        assert other.status_code == 200, other.text
        assert "warning" not in other.headers


@pytest.mark.parametrize("name", ["ELEVATION", "DIM_DEPTH", "dim_depth", "depth"])
def test_other_dimensions(client: TestClient, name: str) -> None:
    """The vertical one by either of its names."""
    at_first = ask(client, MAP).content
    assert ask(client, MAP, **{name: "0"}).content == at_first
    assert ask(client, MAP, **{name: "50"}).content != at_first
    near = ask(client, MAP, **{name: "48"})
    assert near.content == ask(client, MAP, ELEVATION="50").content
    assert "Nearest value used: depth=50" in near.headers["warning"]


def test_dimensions_that_a_layer_lacks_are_passed_over(client: TestClient) -> None:
    """A map of several layers has one time."""
    assert ask(client, MAP, LAYERS="utm.height", TIME="1970-01-02").status_code == 200


@pytest.mark.parametrize(
    ("style", "same"),
    [
        ("default", ""),
        ("plasma", ""),
        ("default-scalar/plasma", ""),
        ("raster/default", ""),
        ("boxfill/viridis", "viridis"),
        ("default-scalar/psu-viridis", "viridis"),
        ("raster/seq-Blues-inv", "Blues_r"),
        ("raster/viridis:0:7", "viridis:0:7"),
    ],
)
def test_styles_as_ncwms_writes_them(client: TestClient, style: str, same: str) -> None:
    """A way of drawing and a palette; ours are the palette alone."""
    answer = ask(client, MAP, STYLES=style)
    assert answer.status_code == 200, answer.text
    assert answer.content == ask(client, MAP, STYLES=same).content


def test_color_scale_range(client: TestClient) -> None:
    """A range is that of a style id, `default` the layer's, `auto` that of what the map shows."""
    assert (
        ask(client, MAP, COLORSCALERANGE="0,7").content
        == ask(client, MAP, STYLES="plasma:0:7").content
    )
    assert ask(client, MAP, COLORSCALERANGE="default").content == ask(client, MAP).content
    # Cells of rows 20 to 22, columns 40 and 41: their least and greatest number.
    place = {"CRS": "CRS:84", "BBOX": "-20,-2,-12,10", "WIDTH": "40", "HEIGHT": "60"}
    sst = (np.arange(3 * 5 * 45 * 90) % 251).reshape(3, 5, 45, 90)[0, 4][20:23, 40:42]
    known = f"plasma:{sst.min()}:{sst.max()}"
    auto = ask(client, MAP, COLORSCALERANGE="auto", **place)
    assert auto.content == ask(client, MAP, STYLES=known, **place).content
    # Nothing is shown: there is no range, and no error.
    assert ask(client, MAP, COLORSCALERANGE="auto", **NOWHERE).status_code == 200


def test_log_scale_and_opacity(client: TestClient) -> None:
    """As the parameters of our own tiles have them."""
    tile = "BBOX=-20037508.342789244,-20037508.342789244,20037508.342789244,20037508.342789244"
    place = {"WIDTH": "256", "HEIGHT": "256", "BBOX": tile.partition("=")[2]}
    ours = client.get("/tiles/sea/sst/0/0/0.png?scale=log&rescale=1,250&opacity=0.5").content
    asked = {"LOGSCALE": "true", "COLORSCALERANGE": "1,250", "OPACITY": "50"}
    assert ask(client, MAP, **place, **asked).content == ours
    auto = ask(client, MAP, **place, LOGSCALE="true", COLORSCALERANGE="auto")
    assert auto.content == ask(client, MAP, **place, LOGSCALE="true", STYLES="plasma:1:250").content
    refused = ask(client, MAP, LOGSCALE="true", COLORSCALERANGE="0,5")
    assert reported(refused) == (400, None)


@pytest.mark.parametrize("asked", [MAP, OLD], ids=["1.3.0", "1.1.1"])
def test_errors_in_the_picture(client: TestClient, asked: dict[str, str]) -> None:
    """INIMAGE writes into a picture of the size that was asked for, BLANK gives an empty one."""
    names = {"1.3.0": "", "1.1.1": "application/vnd.ogc.se_"}
    prefix = names[asked["VERSION"]]
    wrong = {"LAYERS": "nothing", "WIDTH": "200", "HEIGHT": "100"}
    told = ask(client, asked, EXCEPTIONS=f"{prefix}INIMAGE", **wrong)
    assert image(told).size == (200, 100)
    assert told.headers["cache-control"] == "no-store"
    dark = pixels(told)[..., :3].sum(axis=-1) < 300
    assert (dark & (pixels(told)[..., 3] > 200)).sum() > 50
    blank = pixels(ask(client, asked, EXCEPTIONS=f"{prefix}BLANK", **wrong))
    assert blank.shape == (100, 200, 4)
    assert not blank[..., 3].any()
    filled = ask(client, asked, EXCEPTIONS=f"{prefix}blank", TRANSPARENT="FALSE", **wrong)
    assert (pixels(filled) == 255).all()


@pytest.mark.parametrize("wrong", [{"WIDTH": "x"}, {"HEIGHT": "99999"}, {"FORMAT": "nothing"}])
def test_errors_of_what_a_picture_needs_are_xml(client: TestClient, wrong: dict[str, str]) -> None:
    """Without a size there is nothing to draw into."""
    assert reported(ask(client, MAP, EXCEPTIONS="INIMAGE", **wrong))[0] == 400


def test_large_error_picture(client: TestClient) -> None:
    """A picture as large as any map has few lines to write."""
    answer = ask(client, MAP, EXCEPTIONS="INIMAGE", LAYERS="x", WIDTH="4096", HEIGHT="4096")
    assert image(answer).size == (4096, 4096)
    assert len(answer.content) < 200_000


def test_a_map_is_kept(client: TestClient) -> None:
    """It has an ETag that is another for another map, a time to live, and 304 without a body; the
    same when it was answered before the router ran."""
    for asked in (MAP, MAP | {"TRANSPARENT": "FALSE"}, MAP | {"LAYERS": "sea.sst,sea.kind"}):
        first, second = ask(client, asked), ask(client, asked)
        assert second.headers["server-timing"] == "cache;desc=hit"
        for answer in (first, second):
            assert "max-age" in answer.headers["cache-control"]
            assert answer.headers["access-control-allow-origin"] == "*"
        assert second.content == first.content
        own = ("server-timing", "x-request-id")
        timeless = {k: v for k, v in second.headers.items() if k not in own}
        assert timeless == {k: v for k, v in first.headers.items() if k not in own}
        etag = first.headers["etag"]
        for query in (asked, asked | {"x": "1"}):  # before the router, and by it
            address = f"/wms?{urlencode(query)}"
            known = client.get(address, headers={"If-None-Match": etag})
            assert (known.status_code, known.content) == (304, b"")
            assert known.headers["etag"] == etag
            assert "content-type" not in known.headers
            assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
        assert ask(client, asked, TIME="1970-01-01").headers["etag"] != etag


def test_head(client: TestClient) -> None:
    """As GET, without the body's being read."""
    address = f"/wms?{urlencode(MAP)}"
    assert client.head(address).headers["etag"] == client.get(address).headers["etag"]


def test_of_equal_names_the_first_counts(client: TestClient) -> None:
    """Also for what is remembered of an address."""
    query = urlencode({k: v for k, v in MAP.items() if k != "LAYERS"})
    one = client.get(f"/wms?{query}&LAYERS=sea.sst&LAYERS=sea.flow")
    other = client.get(f"/wms?{query}&LAYERS=sea.flow&LAYERS=sea.sst")
    assert one.content == ask(client, MAP).content
    assert other.content == ask(client, MAP, LAYERS="sea.flow").content
