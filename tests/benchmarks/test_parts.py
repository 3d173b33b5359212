"""The benchmark's own parts: which tiles, the least kernel, the client, what the page may say."""

import socket
import threading
from collections.abc import Iterator

import morecantile
import numpy as np
import pytest

from tests.benchmarks import bare, load, report, tiles
from tests.benchmarks.cubes import BY_NAME
from tests.benchmarks.tiles import Tile

SQUARES = morecantile.tms.get("WebMercatorQuad")
PICTURE = b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\nContent-Type: image/png\r\n\r\n" + 300 * b"p"


def test_a_seed_fixes_the_tiles() -> None:
    """The same seed gives the same tiles in the same order, none twice; another gives others."""
    cube = BY_NAME["utm"]
    first = tiles.choose(cube, (12, 13), 200, 1)
    assert first == tiles.choose(cube, (12, 13), 200, 1)
    assert len(set(first)) == 200
    assert first != tiles.choose(cube, (12, 13), 200, 2)


def test_tiles_lie_in_the_data() -> None:
    """Every tile's bounds, as morecantile has them, are within the box of its cube."""
    for name in ("sharded", "rgb"):
        west, south, east, north = BY_NAME[name].bounds
        for tile in tiles.choose(BY_NAME[name], (12, 13), 100, 1):
            box = SQUARES.bounds(morecantile.Tile(tile.x, tile.y, tile.z))
            assert west <= box.left
            assert south <= box.bottom
            assert box.right <= east
            assert box.top <= north


def test_cells_are_those_below_the_pixel_centres() -> None:
    """The bare kernel takes the cell that the inverse projection of each pixel's centre is in."""
    box = SQUARES.xy_bounds(morecantile.Tile(9, 5, 4))
    rows, cols = bare.cells(Tile(4, 9, 5), bare.WORLD)
    step = (box.right - box.left) / 256
    for n in (0, 100, 255):
        lon, lat = SQUARES.lnglat(box.left + (n + 0.5) * step, box.top - (n + 0.5) * step)
        assert cols[n] == int((lon + 180) / 0.25)
        assert rows[n] == int((90 - lat) / 0.25)


def test_the_color_table_is_linear_between_its_ends() -> None:
    """Missing is 0, what lies below the range 1, above it 255, the middle 128."""
    table = bare.color_table(0.01, 10, 0, 20)
    stored = np.array([-32768, -1000, 0, 1000, 3000], np.int16)
    assert table[stored.view(np.uint16)].tolist() == [0, 1, 128, 255, 255]


@pytest.fixture
def piecemeal() -> Iterator[int]:
    """The port of a server that sends two answers in pieces of seven bytes, then closes."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            for _ in range(2):
                connection.recv(1 << 16)
                for start in range(0, len(PICTURE), 7):
                    connection.sendall(PICTURE[start : start + 7])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_the_client_puts_answers_together(piecemeal: int) -> None:
    """However an answer arrives, it is whole when it is handed over."""
    asked = [load.request(piecemeal, "/")] * 2
    (result,) = load.in_turn([asked], [piecemeal], keep=2)
    assert result.failed == ""
    assert result.bodies == {0: 300 * b"p", 1: 300 * b"p"}


def test_a_server_that_fails_says_why(piecemeal: int) -> None:
    """What was answered before counts for nothing, but the reason is kept."""
    asked = [load.request(piecemeal, "/")] * 3
    (result,) = load.in_turn([asked], [piecemeal])
    assert "closed" in result.failed


def test_only_pictures_count() -> None:
    """An error, an empty body or a text is no answer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
    for answer in (
        load.Answer(500, head % b"image/png", 300 * b"p"),
        load.Answer(200, head % b"image/png", b""),
        load.Answer(200, head % b"text/html", 300 * b"p"),
    ):
        with pytest.raises(load.BadAnswer):
            load.check(answer)
    load.check(load.Answer(200, head % b"image/png", 300 * b"p"))


def test_the_page_names_no_path_and_no_address() -> None:
    """What a peer says of itself is cut where it speaks of this machine or of where it asked."""
    told = report.cell("no file /home/me/x.zarr, see https://example.org/a | application/json")
    assert told == "no file …, see … / application/json"
