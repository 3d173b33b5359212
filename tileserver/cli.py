"""The command line: serve, inspect, datasets, check, demo."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import pydantic
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tileserver import __version__, catalogfile
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.cube import Cube, Raw, Variable
from tileserver.errors import CatalogError, TileserverError
from tileserver.noticeboard import Noticeboard
from tileserver.services import describe, inspection
from tileserver.services.inspection import Cost
from tileserver.serving import bind, run
from tileserver.settings import Settings
from tileserver.sharedtiles import SharedTiles
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.source import Source

log = logging.getLogger(__name__)

T = TypeVar("T")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out, err = Console(), Console(stderr=True)

Catalogs = Annotated[
    list[str] | None,
    typer.Option("--catalog", help="A catalogue file, folder or URL; may be given several times."),
]
CHUNK_CACHE_BYTES = 256 << 20


def _tell_version(wanted: bool) -> None:
    if wanted:
        out.print(f"tileserver {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="And exit.")
    ] = False,
) -> None:
    """Tiles, WMTS, legends, time series and statistics of data cubes."""


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def serve(
    context: typer.Context,
    catalogs: Catalogs = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that share the port.")] = None,
) -> None:
    """Serve the datasets of a catalogue.

    Every other setting of docs/configuration.md is a flag of the same name, e.g.
    --memory 4GiB.
    """
    given = {"host": host, "port": port, "workers": workers, **_extra(context.args)}
    if catalogs:
        given["catalog"] = ",".join(catalogs)
    settings = _settings({k: str(v) for k, v in given.items() if v is not None})
    if not settings.catalog:
        _fail("catalog is missing: name one with --catalog, or try `tileserver demo --serve`")
    _told(lambda: _run(settings))


def _run(settings: Settings) -> None:
    catalogfile.read_files(settings.catalog)  # in one line what is wrong
    try:
        if settings.shared_tiles:
            SharedTiles(Path(settings.shared_tiles), 0)
    except OSError as error:
        _fail(
            f"shared_tiles={settings.shared_tiles}: {error.strerror or error}: "
            "name a folder that this user may write to"
        )
    try:
        Noticeboard(settings.noticeboard, ())
    except (OSError, ValueError) as error:
        _fail(f"noticeboard={settings.noticeboard}: {error}")
    try:
        bound = bind(settings.host, settings.port, shared=settings.workers > 1)
    except OSError as error:
        _fail(
            f"host={settings.host} port={settings.port}: {error.strerror or error}: "
            "choose another; --port 0 takes a free one"
        )
    run(settings, bound)


def _extra(args: list[str]) -> dict[str, str]:
    """Settings given as flags: --name value or --name=value."""
    found: dict[str, str] = {}
    rest = iter(args)
    for arg in rest:
        name, equals, value = arg.removeprefix("--").partition("=")
        key = name.replace("-", "_")
        if not arg.startswith("--") or key not in Settings.model_fields:
            _fail(f"{arg}: no such flag; docs/configuration.md lists the settings")
        found[key] = value if equals else next(rest, "")
    return found


def _settings(given: dict[str, str]) -> Settings:
    # Workers are processes of their own: what flags say reaches them through the environment.
    os.environ.update({f"TILESERVER_{k.upper()}": v for k, v in given.items()})
    try:
        return Settings()
    except pydantic.ValidationError as error:
        problems = [f"TILESERVER_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        _fail("\n".join(problems))


@app.command()
def inspect(
    url: Annotated[str, typer.Argument(help="s3://…, https://…, a path; or a dataset's id.")],
    group: Annotated[str, typer.Option(help="The group in a hierarchical store.")] = "",
    crs: Annotated[str | None, typer.Option(help="The CRS, where the store lacks it.")] = None,
    time_pattern: Annotated[
        str | None, typer.Option(help="Of a stack: finds the times in the files' names.")
    ] = None,
    catalogs: Catalogs = None,
    storage: Annotated[str | None, typer.Option(help="A storage of the catalogue.")] = None,
) -> None:
    """Show what the server sees in a store, what it will cost, and advice.

    With --catalog the url may be the id of a dataset, or lie in a --storage of the catalogue.
    """
    files = catalogs or []

    async def opened(chunks: ByteCache[Raw], pool: ThreadPoolExecutor) -> Source:
        found = catalogfile.load(files, os.environ, cache=chunks, pool=pool)
        origin = Origin((url,), Path(), group=group, crs=crs, time_pattern=time_pattern)
        if url in found.entries:
            origin = found.entries[url].usable_origin
        elif storage is not None:
            named = catalogfile.find_storage(files, storage, os.environ)
            origin = replace(origin, storage=named)
        return await open_source(origin, cache=chunks, pool=pool)

    _print_cube(_told(lambda: _in_loop(opened)).cube)


def _print_cube(cube: Cube) -> None:
    west, south, east, north = cube.bounds()
    systems = {describe.crs_name(v.grid): None for v in cube.variables.values()}
    out.print(f"bounds  {west:.4f}, {south:.4f}, {east:.4f}, {north:.4f}", highlight=False)
    out.print(f"crs     {', '.join(systems)}", highlight=False)
    if cube.dimensions:
        out.print("", _dimension_table(cube))
    out.print("", _variable_table(cube), "", _cost_table(cube), "")
    for line in inspection.advice(cube):
        out.print(f"advice: {line}", markup=False, highlight=False)


def _table(*headers: str) -> Table:
    """Without frames, and with long words folded, so that nothing is cut at 80 columns."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _dimension_table(cube: Cube) -> Table:
    table = _table("dimension", "type", "size", "first", "last")
    for name, dimension in cube.dimensions.items():
        labels = dimension.labels()
        ends = (str(labels[0]), str(labels[-1])) if labels else ("", "")
        title = f"{name} ({dimension.units})" if dimension.units else name
        table.add_row(title, dimension.kind, str(dimension.size), *ends)
    return table


def _variable_table(cube: Cube) -> Table:
    table = _table("variable", "type", "dimensions", "shape", "chunk", "levels")
    for name, variable in cube.variables.items():
        level = variable.levels[0]
        table.add_row(
            name,
            str(variable.dtype),
            ", ".join((*variable.dims, "y", "x")),
            " × ".join(map(str, level.shape)),
            " × ".join(map(str, level.chunks)),
            _levels(variable),
        )
    return table


def _levels(variable: Variable) -> str:
    """How many, and how wide their cells are."""
    count = len(variable.levels)
    widths = ", ".join(f"{level.grid.cell_size[0]:.4g}" for level in variable.levels)
    return f"{count}: {widths}" if count > 1 else "1"


def _cost_table(cube: Cube) -> Table:
    table = _table("variable", "a whole map reads", "a native tile", "a point's series")
    for name, variable in cube.variables.items():
        costs = (
            inspection.overview_cost(variable),
            inspection.native_cost(variable),
            inspection.series_cost(variable),
        )
        table.add_row(name, *(_cost(cost) if cost else "" for cost in costs))
    return table


def _cost(cost: Cost) -> str:
    chunks = "1 chunk" if cost.chunks == 1 else f"{cost.chunks} chunks"
    return f"{chunks}, {_size(cost.nbytes)}"


def _size(nbytes: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= scale:
            return f"{nbytes / scale:.1f} {unit}"
    return f"{nbytes} B"


@app.command()
def datasets(catalogs: Catalogs = None) -> None:
    """List the datasets of a catalogue, opened or with what is wrong."""
    found = _told(lambda: _opened(catalogs))
    table = _table("id", "title", "status", "variables", "time")
    for entry in found.entries.values():
        summary = describe.summary(entry, "")
        time = summary["time"]
        table.add_row(
            entry.config.id,
            summary["title"],
            entry.status,
            ", ".join(summary["variables"]) or entry.error or "",
            f"{time['start'][:10]} – {time['end'][:10]}, {time['count']} steps" if time else "",
        )
    out.print(table)


@app.command()
def check(catalogs: Catalogs = None) -> None:
    """Check a catalogue and open all that it names; exit with 1 if anything is wrong."""
    found = _told(lambda: _opened(catalogs))
    wrong = [e for e in found.entries.values() if e.error]
    for entry in wrong:
        _complain(f"{entry.config.id}: {entry.error}")
    right = len(found.entries) - len(wrong)
    out.print(f"{right} of {len(found.entries)} datasets can be served", highlight=False)
    if wrong:
        raise typer.Exit(1)


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where the cubes are made.")] = Path(
        "demo-data"
    ),
    small: Annotated[bool, typer.Option(help="Coarse cubes, made in seconds.")] = False,
    serve: Annotated[bool, typer.Option(help="Serve them when they are there.")] = False,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
) -> None:
    """Make three realistic cubes and their catalogue."""
    from tileserver.demo import build  # rasterio and xarray cost seconds that `serve` need not pay

    with _progress() as progress:
        tasks: dict[str, int] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done)  # type: ignore[arg-type]

        path = build(directory, small=small, progress=report)
    err.print(f"{path} is ready", markup=False)
    if serve:
        _told(lambda: _run(_settings({"catalog": str(path), "port": str(port)})))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def _opened(names: list[str] | None) -> Catalog:
    files = names or _settings({}).catalog
    if not files:
        raise CatalogError("catalog is missing: name one with --catalog")

    async def opened(chunks: ByteCache[Raw], pool: ThreadPoolExecutor) -> Catalog:
        found = catalogfile.load(files, os.environ, cache=chunks, pool=pool)
        with _progress() as progress:
            task = progress.add_task("opening", total=len(found.entries))
            await found.open_all(lambda: progress.advance(task))
        return found

    return _in_loop(opened)


def _in_loop(job: Callable[[ByteCache[Raw], ThreadPoolExecutor], Awaitable[T]]) -> T:
    async def runs() -> T:
        with ThreadPoolExecutor() as pool:
            return await job(ByteCache(CHUNK_CACHE_BYTES, lambda chunk: chunk.nbytes), pool)

    return asyncio.run(runs())


def _told(job: Callable[[], T]) -> T:
    """Run a job; what goes wrong is told in one line."""
    logging.basicConfig(level=logging.CRITICAL)  # the server configures its own
    try:
        return job()
    except TileserverError as error:
        _fail(str(error))
    except Exception as error:  # stores hold anything; a traceback helps nobody here
        log.error("unforeseen", exc_info=error)
        _fail(f"it failed unforeseen ({type(error).__name__}): {error}")


def _fail(message: str) -> NoReturn:
    _complain(message)
    sys.exit(1)


def _complain(message: str) -> None:
    err.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
