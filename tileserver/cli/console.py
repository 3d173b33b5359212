"""What all commands share: the terminal, the settings, and how it is told what goes wrong."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, NoReturn, TypeVar

import pydantic
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.errors import TileserverError
from tileserver.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

out, err = Console(), Console(stderr=True)

Catalogs = Annotated[
    list[str] | None,
    typer.Option("--catalog", help="A catalogue file, folder or URL; may be given several times."),
]
CHUNK_CACHE_BYTES = 256 << 20


def settings(given: dict[str, str]) -> Settings:
    # Workers are processes of their own: what flags say reaches them through the environment.
    os.environ.update({f"TILESERVER_{k.upper()}": v for k, v in given.items()})
    try:
        return Settings()
    except pydantic.ValidationError as error:
        problems = [f"TILESERVER_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        fail("\n".join(problems))


def progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def in_loop(job: Callable[[ByteCache[Raw], ThreadPoolExecutor], Awaitable[T]]) -> T:
    async def runs() -> T:
        with ThreadPoolExecutor() as pool:
            return await job(ByteCache(CHUNK_CACHE_BYTES, lambda chunk: chunk.nbytes), pool)

    return asyncio.run(runs())


def told(job: Callable[[], T]) -> T:
    """Run a job; what goes wrong is told in one line."""
    logging.basicConfig(level=logging.CRITICAL)  # the server configures its own
    try:
        return job()
    except TileserverError as error:
        fail(str(error))
    except Exception as error:  # stores hold anything; a traceback helps nobody here
        log.error("unforeseen", exc_info=error)
        fail(f"it failed unforeseen ({type(error).__name__}): {error}")


def fail(message: str) -> NoReturn:
    complain(message)
    sys.exit(1)


def complain(message: str) -> None:
    err.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
