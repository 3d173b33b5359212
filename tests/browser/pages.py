"""Programs run in the pages of a headless Chromium, which has a library of web maps loaded."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page showed: what its program returned, and (height, width, 3) uint8 of its window."""

    facts: Any
    picture: NDArray[np.uint8]
    asked: list[str]


class Pages:
    """A browser that runs one program after another, each in a page of its own."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def run(
        self,
        name: str,
        *,
        size: tuple[int, int] = (512, 512),
        probes: tuple[str, ...] = (),
        own: tuple[str, ...] = (),
        **job: object,
    ) -> Seen:
        """Open a page, and see what a program does there; it may log and fail nothing.

        Args:
            name: of the picture.
            probes: ends of addresses that it may look for where nothing is.
            own: parts of what a library says and misses of itself, whatever it shows.
            job: `library` of the page, or its `address`; the `program`, a function's body, and its
                `args`; `idle`: to wait until nothing is loaded any more.
        """
        height, width = size
        picture = self._folder / f"{name}.png"
        told = job | {"picture": str(picture), "width": width, "height": height}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        seen = json.loads(self._process.stdout.readline())
        assert "broken" not in seen, seen
        missed = [each for each in seen["failures"] if probes and each.endswith(probes)]
        failures = [each for each in seen["failures"] if each not in missed]
        errors = [each for each in seen["errors"] if not (missed and "404 (Not Found)" in each)]
        errors, failures = (
            [each for each in said if not any(part in each for part in own)]
            for said in (errors, failures)
        )
        assert (errors, failures) == ([], []), (errors, failures)
        with Image.open(picture) as image:
            return Seen(seen["facts"], np.asarray(image.convert("RGB")), seen["asked"])


@contextmanager
def opened(chromium: str, folder: Path) -> Iterator[Pages]:
    """The browser."""
    command = ["node", str(HERE / "pages.mjs"), chromium]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Pages(process, folder)
        assert process.stdin is not None
        process.stdin.close()


def program(name: str, call: str) -> str:
    """A program that answers what one of the functions of a file of programs/ does."""
    return f"{(HERE / 'programs' / name).read_text()}\nreturn {call}(args);"


def tile_pixels(address: str) -> NDArray[np.uint8]:
    """A tile on white, (height, width, 3)."""
    answer = httpx.get(address)
    assert answer.status_code == 200, answer.text
    with Image.open(BytesIO(answer.content)) as image:
        drawn = image.convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn))[..., :3]


def mosaic(template: str, zoom: int, column: int, row: int) -> NDArray[np.uint8]:
    """The four tiles round the upper left corner of one, by a template with {z}, {x}, {y}."""
    rows = [
        [tile_pixels(template.format(z=zoom, x=x, y=y)) for x in (column - 1, column)]
        for y in (row - 1, row)
    ]
    return np.concatenate([np.concatenate(each, axis=1) for each in rows])
