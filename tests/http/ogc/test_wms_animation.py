"""GetMap of several times, as GIF and as animated PNG."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.http.ogc.wms_client import MAP, ask, client, pixels, reported
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

__all__ = ["client"]

RANGE = "1970-01-01/1970-01-03"
DAYS = ("1970-01-01", "1970-01-02", "1970-01-03")


def frames(body: bytes) -> list[np.ndarray]:
    image = Image.open(io.BytesIO(body))
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append(np.asarray(image.convert("RGBA")))
    return found


@pytest.mark.parametrize("format", ["image/gif", "image/apng"])
@pytest.mark.parametrize("ground", ["TRUE", "FALSE"])
@pytest.mark.parametrize("text", [RANGE, ",".join(DAYS), "1970-01-03,1970-01-01/P2D,1970-01-02"])
def test_frames_are_the_maps_of_their_times(
    client: TestClient, format: str, ground: str, text: str
) -> None:
    """In their order, each once, to the pixel; of a range all steps."""
    asked = MAP | {"LAYERS": "sea.sst", "BBOX": "-3e7,-3e7,1e7,3e7", "TRANSPARENT": ground}
    answer = ask(client, asked, FORMAT=format, TIME=text)
    assert answer.headers["content-type"] == format
    found = frames(answer.content)
    assert len(found) == len(DAYS)
    for frame, day in zip(found, DAYS, strict=True):
        expected = pixels(ask(client, asked, TIME=day))
        seen = expected[..., 3] > 0
        assert (frame[..., 3] == expected[..., 3]).all()
        assert (frame[seen] == expected[seen]).all()


def test_animated_pngs_keep_faint_colours_and_bands(client: TestClient) -> None:
    """Which GIF cannot; there the nearest of 256 colours are taken."""
    for changes in ({"OPACITY": "40"}, {"LAYERS": "sea.flow"}, {"LAYERS": "sea.sst,sea.flow"}):
        body = ask(client, MAP, FORMAT="image/apng", TIME=RANGE, **changes).content
        for frame, day in zip(frames(body), DAYS, strict=True):
            assert (frame == pixels(ask(client, MAP, TIME=day, **changes))).all()
        assert len(frames(ask(client, MAP, FORMAT="image/gif", TIME=RANGE, **changes).content)) == 3


def test_one_time(client: TestClient) -> None:
    """Of one time, of none, of a layer without any: one frame."""
    for changes in ({"TIME": "current"}, {}, {"LAYERS": "utm.height", "TIME": RANGE}):
        answer = ask(client, MAP, FORMAT="image/gif", **changes)
        assert len(frames(answer.content)) == 1
        assert Image.open(io.BytesIO(answer.content)).format == "GIF"


def test_frames_in_a_second(client: TestClient) -> None:
    """Two, or as ncWMS' parameter says."""
    for rate, ms in ((None, 500), ("10", 100)):
        answer = ask(client, MAP, FORMAT="image/gif", TIME=RANGE, FRAMERATE=rate)
        assert Image.open(io.BytesIO(answer.content)).info["duration"] == ms
    assert reported(ask(client, MAP, FORMAT="image/gif", TIME=RANGE, FRAMERATE="0"))[0] == 400


def test_one_range_of_colours(client: TestClient) -> None:
    """`auto` is that of the map, so that the colours of frames can be compared."""
    auto = ask(client, MAP, FORMAT="image/apng", TIME=RANGE, COLORSCALERANGE="auto")
    last = pixels(ask(client, MAP, TIME=DAYS[-1], COLORSCALERANGE="auto"))
    assert (frames(auto.content)[-1] == last).all()


def test_limits() -> None:
    """All frames together have no more pixels than a map; a list is an error as of one map."""
    with TestClient(
        create_app(Settings(map_pixels=1 << 16), catalog), "http://localhost"
    ) as client:
        asked = MAP | {"FORMAT": "image/gif", "WIDTH": "200", "HEIGHT": "100"}
        assert len(frames(ask(client, asked, TIME=RANGE).content)) == 3
        refused = ask(client, asked, TIME="1970-01-01/1970-01-04")
        assert reported(refused) == (400, "InvalidDimensionValue")
        assert "at most 3" in refused.text
        assert reported(ask(client, asked, TIME="1970-01-01,Bogus"))[1] == "InvalidDimensionValue"
        assert ask(client, asked, LAYERS="x", EXCEPTIONS="BLANK").headers["content-type"] == (
            "image/png"
        )


def test_an_animation_is_kept(client: TestClient) -> None:
    """With an ETag of its own."""
    answer = ask(client, MAP, FORMAT="image/gif", TIME=RANGE)
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get(str(answer.url), headers=known).status_code == 304
    assert client.get(f"{answer.url}&x=1", headers=known).status_code == 304
    assert ask(client, MAP, FORMAT="image/gif", TIME=DAYS[0]).headers["etag"] != known
