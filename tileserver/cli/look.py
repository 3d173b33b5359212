"""Looking at stores and catalogues: inspect, datasets, check."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from tileserver import catalogfile
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.cli.console import Catalogs, complain, in_loop, out, progress, settings, told
from tileserver.cost import Cost, Limits
from tileserver.cube import Cube, Raw, Variable
from tileserver.errors import CatalogError
from tileserver.services import describe, inspection
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.source import Source


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

    known = settings({})
    limits = Limits(tile_bytes=known.tile_read_bytes, tile_chunks=known.tile_read_chunks)
    _print_cube(told(lambda: in_loop(opened)).cube, limits)


def _print_cube(cube: Cube, limits: Limits) -> None:
    west, south, east, north = cube.bounds()
    systems = {describe.crs_name(v.grid): None for v in cube.variables.values()}
    out.print(f"bounds  {west:.4f}, {south:.4f}, {east:.4f}, {north:.4f}", highlight=False)
    out.print(f"crs     {', '.join(systems)}", highlight=False)
    if cube.dimensions:
        out.print("", _dimension_table(cube))
    out.print("", _variable_table(cube), "", _cost_table(cube, limits), "")
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


def _cost_table(cube: Cube, limits: Limits) -> Table:
    """What is read, and from which zoom on tiles are drawn: those before it would read too much."""
    head = ("a whole map reads", "a native tile", "a point's series", "tiles from")
    table = _table("variable", *head)
    zooms = inspection.first_zooms(cube, limits)
    for name, variable in cube.variables.items():
        costs = (
            inspection.overview_cost(variable),
            inspection.native_cost(variable),
            inspection.series_cost(variable),
        )
        told_costs = (_cost(cost) if cost else "" for cost in costs)
        table.add_row(name, *told_costs, f"zoom {zooms[name]}")
    return table


def _cost(cost: Cost) -> str:
    chunks = "1 chunk" if cost.chunks == 1 else f"{cost.chunks} chunks"
    return f"{chunks}, {size(cost.nbytes)}"


def size(nbytes: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= scale:
            return f"{nbytes / scale:.1f} {unit}"
    return f"{nbytes} B"


def datasets(catalogs: Catalogs = None) -> None:
    """List the datasets of a catalogue, opened or with what is wrong."""
    found = told(lambda: opened(catalogs))
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


def check(catalogs: Catalogs = None) -> None:
    """Check a catalogue and open all that it names; exit with 1 if anything is wrong."""
    found = told(lambda: opened(catalogs))
    wrong = [e for e in found.entries.values() if e.error]
    for entry in wrong:
        complain(f"{entry.config.id}: {entry.error}")
    right = len(found.entries) - len(wrong)
    out.print(f"{right} of {len(found.entries)} datasets can be served", highlight=False)
    if wrong:
        raise typer.Exit(1)


def opened(names: list[str] | None) -> Catalog:
    files = names or settings({}).catalog
    if not files:
        raise CatalogError("catalog is missing: name one with --catalog")

    async def opened(chunks: ByteCache[Raw], pool: ThreadPoolExecutor) -> Catalog:
        found = catalogfile.load(files, os.environ, cache=chunks, pool=pool)
        with progress() as bar:
            task = bar.add_task("opening", total=len(found.entries))
            await found.open_all(lambda: bar.advance(task))
        return found

    return in_loop(opened)
