"""Pictures and animations that are saved: what programs of others read in them."""

from collections.abc import Iterator

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from tileserver.colormaps import lut

from tests.browser.conftest import Visit, visited
from tests.browser.timecubes import STEPS, write_cubes
from tests.conftest import running

Picture = NDArray[np.uint8]
FPS = 8


@pytest.fixture(scope="session")
def export_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of cubes whose colours tell their step."""
    with running("--catalog", str(write_cubes(tmp_path_factory.mktemp("steps")))) as url:
        yield url


@pytest.fixture(scope="session")
def saved(
    chromium: str, export_server: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Visit:
    """One visit, in which pictures and animations are saved."""
    return visited(tmp_path_factory, "export", chromium, export_server, demo_server)


def colour_of(step: int) -> NDArray[np.int64]:
    """What viridis gives a step, as the server's tiles do."""
    table = np.asarray(lut("viridis"), dtype=int)
    return table[min(255, step * 256 // (STEPS - 1))][:3]


def middle(frame: Picture) -> NDArray[np.int64]:
    """The colour of most of what is in the middle: data, between coasts."""
    height, width = frame.shape[:2]
    part = frame[height // 3 : height // 2, width // 4 : 3 * width // 4, :3]
    return np.median(part.reshape(-1, 3), axis=0).astype(int)


def title_card(frame: Picture) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where ink is on the card, in the lines above the time, and in the line of the time."""
    ink = frame[14:66, 26:130, :3].astype(int).sum(axis=2) < 300
    rows = np.flatnonzero(ink.any(axis=1))
    last = rows[np.flatnonzero(np.diff(rows) > 1)[-1] + 1]
    return ink[:last], ink[last : rows[-1] + 1]


def has_colour(picture: Picture, colour: NDArray[np.int64], within: int) -> bool:
    """Whether some pixel is of this colour."""
    return bool((np.abs(picture[..., :3].astype(int) - colour).max(axis=-1) <= within).any())


def assert_tells_time(frames: list[Picture]) -> None:
    """Each frame has the colour of its step; its title stays, its time does not."""
    assert len(frames) == STEPS
    for step, frame in enumerate(frames):
        error = np.abs(middle(frame) - colour_of(step)).max()
        assert error <= 14, f"frame {step} is {middle(frame)}, not {colour_of(step)}"
    cards = [title_card(frame) for frame in frames]
    times = {card[1].tobytes() for card in cards}
    assert all(card[1].sum() > 30 for card in cards)
    assert len(times) == STEPS


def test_nothing_goes_wrong(saved: Visit) -> None:
    """No error in the console, no failed request, no serious violation in the window."""
    assert saved.facts["errors"] == []
    assert saved.facts["axe"] == {"picture": [], "film": []}
    assert saved.facts["overflow"] <= 0


def test_picture_is_the_map(saved: Visit) -> None:
    """As large as the map, in the very colour of its data, from tiles that are there already."""
    with Image.open(saved.folder / "map.png") as image:
        picture = np.asarray(image.convert("RGB"))
    assert picture.shape == (640, 1000, 3)
    assert np.abs(middle(picture) - colour_of(4)).max() <= 1
    assert saved.facts["previewTiles"] == 0
    assert saved.facts["files"]["map.png"] == "flat_step_2024-03-05.png"
    assert "flat_step_2024-03-05.png" in saved.facts["note"]


def test_picture_explains_itself(saved: Visit) -> None:
    """Title and time are on a card, the legend has the map's colours, a credit is at the foot."""
    with Image.open(saved.folder / "map.png") as image:
        picture = np.asarray(image.convert("RGB"))
    above, time = title_card(picture)
    assert above.sum() > 100
    assert time.sum() > 50
    legend = picture[540:640, :260]
    table = np.asarray(lut("viridis"), dtype=int)[:, :3]
    assert all(has_colour(legend, table[index], 2) for index in (0, 64, 128, 192, 255))
    foot = picture[625:640, 830:1000].astype(int).sum(axis=2)
    assert (foot < 500).sum() > 100


def test_picture_of_data_alone(saved: Visit) -> None:
    """Without all else there is but the one colour of the data, and nothing around it."""
    with Image.open(saved.folder / "bare.png") as image:
        picture = np.asarray(image.convert("RGBA")).astype(int)
    assert (picture[0, :, 3] == 0).all()
    data = picture[picture[..., 3] == 255]
    assert len(data) > 0.6 * picture.shape[0] * picture.shape[1]
    assert np.abs(data[:, :3] - colour_of(4)).max() <= 1


def test_picture_of_any_size(saved: Visit) -> None:
    """Chosen pixels hold all that the map shows, in the same middle."""
    with Image.open(saved.folder / "large.png") as image:
        picture = np.asarray(image.convert("RGBA")).astype(int)
    assert picture.shape[:2] == (1600, 1600)
    assert np.abs(picture[800, 800, :3] - colour_of(4)).max() <= 1


def test_gif(saved: Visit) -> None:
    """Pillow reads a frame for each step, at the chosen pace, of its colour and with its time."""
    with Image.open(saved.folder / "film.gif") as image:
        assert image.size == (641, 401)
        assert image.info["loop"] == 0
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            frames.append(np.asarray(frame.convert("RGB")))
            durations.append(frame.info["duration"])
    assert_tells_time(frames)
    assert sum(durations) == pytest.approx(1000 * STEPS / FPS, abs=10)
    assert saved.facts["count"] == "12 frames, 1.5 s"
    assert saved.facts["files"]["film.gif"] == "flat_step_2024-03-01_2024-03-12.gif"


@pytest.mark.parametrize(("container", "codecs"), [("mp4", {"h264"}), ("webm", {"vp9", "vp8"})])
def test_video(saved: Visit, container: str, codecs: set[str]) -> None:
    """FFmpeg reads a frame for each step, at the chosen pace, of its colour and with its time."""
    with av.open(str(saved.folder / f"film.{container}")) as film:
        stream = film.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
        times = [
            float((packet.pts or 0) * packet.time_base) for packet in frames_of(saved, container)
        ]
        assert (stream.width, stream.height) == (640, 400)
        assert stream.codec_context.name in codecs | {"libdav1d", "av1", "vp9"}
    assert_tells_time(frames)
    assert np.diff(sorted(times)) == pytest.approx(1 / FPS, abs=0.002)


def frames_of(saved: Visit, container: str) -> list[av.Packet]:
    """The packets of a film that hold something."""
    with av.open(str(saved.folder / f"film.{container}")) as film:
        return [packet for packet in film.demux(video=0) if packet.size]


def test_every_fourth_step(saved: Visit) -> None:
    """A long axis can be thinned out."""
    with Image.open(saved.folder / "sparse.gif") as image:
        frames = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(image)]
    assert len(frames) == 3
    for frame, step in zip(frames, (0, 4, 8), strict=True):
        assert np.abs(middle(frame) - colour_of(step)).max() <= 14


def test_page_stays(saved: Visit) -> None:
    """Filming other moments leaves the one that is shown."""
    assert saved.facts["hashAfter"] == "2024-03-05"


def test_cancel(saved: Visit) -> None:
    """How far it is is told; given up, nothing is saved, and another try can be made."""
    assert saved.facts["progress"].startswith("Frame ")
    assert saved.facts["cancelled"] == {"downloads": 0, "isReady": True}


def test_what_cannot_be_made_is_told(saved: Visit) -> None:
    """Without a secure context there are no videos: they are listed, with the reason."""
    insecure = saved.facts["insecure"]
    assert insecure["formats"] == [["gif", False], ["mp4", True], ["webm", True]]
    assert "https" in insecure["reason"]
    assert saved.facts["formats"] == [["gif", False], ["mp4", False], ["webm", False]]


def test_without_time_there_is_no_film(saved: Visit) -> None:
    """A layer without time is offered as a picture alone."""
    assert saved.facts["still"] is False
