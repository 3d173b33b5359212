"""The catalogue as STAC files."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tileserver import catalogfile
from tileserver.cache import ByteCache
from tileserver.cli.console import Catalogs, complain, fail, in_loop, out, settings, told
from tileserver.cube import Raw
from tileserver.services.stac import export as exports
from tileserver.services.stac.site import ExportedSite

stac = typer.Typer(help="The catalogue as STAC files.", no_args_is_help=True)


class Status(StrEnum):
    """Of a product of an Open Science Catalog."""

    planned = "planned"
    ongoing = "ongoing"
    completed = "completed"


@stac.callback()
def main() -> None:
    """The catalogue as STAC files."""


@stac.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files are written.")],
    catalogs: Catalogs = None,
    base_url: Annotated[
        str | None, typer.Option(help="Of a server of the datasets, whose maps are linked.")
    ] = None,
    items: Annotated[int, typer.Option(min=0, help="The most items of a dataset.")] = 1000,
    project: Annotated[
        str | None, typer.Option(help="Of an Open Science Catalog: products of this project.")
    ] = None,
    status: Annotated[Status, typer.Option(help="Of these products.")] = Status.completed,
) -> None:
    """Write collections and items of all datasets, ready for a bucket or a pull request."""
    files = catalogs or list(settings({}).catalog)
    if not files:
        fail("catalog is missing: name one with --catalog")
    site = ExportedSite(base_url and base_url.rstrip("/"), passes=base_url is not None)
    product = exports.Product(project, status.value) if project else None

    async def write(chunks: ByteCache[Raw], pool: ThreadPoolExecutor) -> tuple[int, int]:
        found = catalogfile.load(files, os.environ, cache=chunks, pool=pool)
        await found.open_all()
        count = 0
        for path, document in exports.documents(found, site, items, product):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
            count += 1
        wrong = [entry for entry in found.entries.values() if entry.dataset is None]
        for entry in wrong:
            complain(f"{entry.config.id}: {entry.error}")
        return count, len(wrong)

    count, wrong = told(lambda: in_loop(write))
    out.print(f"{count} files in {folder}", highlight=False)
    if wrong:
        raise typer.Exit(1)
