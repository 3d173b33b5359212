"""Maps of several times one after another, as GIF or as animated PNG."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from PIL import Image

from tileserver.errors import DeadlineExceeded
from tileserver.gate import Gate, in_thread
from tileserver.pipeline import Engine
from tileserver.services.ogc.wms_map import PARTS_AT_ONCE, Map, draw, together
from tileserver.trail import Stages

CLEAR = 2  # a GIF's frame is taken away before the next


@dataclass(frozen=True, eq=False)
class Animation:
    """Maps of one size and background, as PNG, each shown for so long.

    Args:
        kind: the file's format, by Pillow's name.
    """

    maps: tuple[Map, ...]
    kind: Literal["GIF", "PNG"]
    frame_ms: int

    @cached_property
    def etag(self) -> str:
        """A strong validator, known before any work."""
        text = f"{self.kind}|{self.frame_ms}|{'|'.join(each.etag for each in self.maps)}"
        return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


async def draw_animation(engine: Engine, gate: Gate, wanted: Animation) -> bytes:
    """The encoded animation. Raises as `draw` does."""
    return await engine.tiles.get(wanted.etag, lambda: _drawn(engine, gate, wanted))


async def _drawn(engine: Engine, gate: Gate, wanted: Animation) -> bytes:
    limit_s, slots = engine.limits.tile_s, asyncio.Semaphore(PARTS_AT_ONCE)

    async def frame(shown: Map) -> bytes:
        async with slots:
            return await draw(engine, gate, shown, Stages())

    try:
        async with asyncio.timeout(limit_s):
            bodies = await together(map(frame, wanted.maps))
    except TimeoutError:
        raise DeadlineExceeded(
            f"this took longer than {limit_s:g} s: ask for a smaller map, or of fewer times"
        ) from None
    async with gate:
        return await in_thread(engine.pool, join, bodies, wanted.kind, wanted.frame_ms)


def join(bodies: Sequence[bytes], kind: Literal["GIF", "PNG"], frame_ms: int) -> bytes:
    """PNG files of one size as one file, played for ever."""
    out = io.BytesIO()
    first, *rest = (_frame(body, kind) for body in bodies)
    options = {"save_all": True, "append_images": rest, "duration": frame_ms, "loop": 0}
    if kind == "GIF":
        first.save(out, "GIF", disposal=CLEAR, optimize=False, **options)
    else:
        first.save(out, "PNG", compress_level=1, disposal=0, blend=0, **options)
    return out.getvalue()


def _frame(body: bytes, kind: Literal["GIF", "PNG"]) -> Image.Image:
    """A frame; of a GIF in its own palette, whose first colour is the clear one if any is: it knows
    no others that are not opaque."""
    image = Image.open(io.BytesIO(body))
    if kind == "PNG":
        return image.convert("RGBA")
    if image.mode != "P":
        return image.convert("RGBA").quantize(method=Image.Quantize.FASTOCTREE)
    image.load()
    if image.info.pop("transparency", None) is not None:
        image.info["transparency"] = 0
    return image
